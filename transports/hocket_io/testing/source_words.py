"""The words of an agent whose source is at hand: inputs are made of them, too."""

from __future__ import annotations

from pathlib import Path

from hocket.testing.fuzzing import words_in

__all__ = ["source_words"]


def source_words(target: str) -> tuple[str, ...]:
    """The texts and numbers in the file of an agent.

    Args:
        target: As `reach` takes it. Of one that is no `FILE` or `FILE:NAME` nothing is known.
    """
    for path in (Path(target), Path(target.rpartition(":")[0])):
        try:
            if path.is_file():
                return words_in(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):  # an address that can be no path, or no text
            continue
    return ()
