"""Check: something that holds for every agent, and how to try to break it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from attrs import field, frozen
from hypothesis.strategies import SearchStrategy

from hocket.a2a import dialect_for
from hocket.testing.fuzzing.talk import Talk
from hocket.testing.probe import PATIENCE, Probe

__all__ = ["Check", "Ground", "Play"]

Play: TypeAlias = Callable[[Talk, Any], None]
"""Talks to the target about one input; raises Violation where the check does not hold."""


@frozen(kw_only=True)
class Ground:
    """What inputs grow from.

    Attributes:
        versions: The versions of A2A that the target speaks and we as well, the newest first.
        words: Texts that may mean something to the target.
    """

    versions: tuple[str, ...]
    words: tuple[str, ...] = ()

    @classmethod
    def of(cls, probe: Probe, words: Sequence[str] = ()) -> Ground:
        """That of a target.

        Args:
            probe: The way to it.
            words: More than its card says.
        """
        spoken = [version for version in probe.versions if dialect_for(version) is not None]
        said = [*words, *_words_of(probe)]
        return cls(versions=tuple(spoken) or ("1.0",), words=tuple(dict.fromkeys(said)))


def _words_of(probe: Probe) -> list[str]:
    """What the card gives as examples of what to ask."""
    skills = (probe.card or {}).get("skills")
    examples = (
        [skill.get("examples") for skill in skills if isinstance(skill, dict)] if isinstance(skills, list) else []
    )
    return [text for each in examples if isinstance(each, list) for text in each if isinstance(text, str) and text]


@frozen(kw_only=True)
class Check:
    """Something that holds for every agent.

    Attributes:
        name: What it is called on the command line.
        holds: What is so, in one sentence.
        section: Where it is written.
        inputs: What is tried.
        run: Talks to the target about one of these.
        needs_stream: Whether it has nothing to ask of an agent that does not stream.
    """

    name: str
    holds: str
    section: str
    inputs: Callable[[Ground], SearchStrategy[Any]] = field(repr=False)
    run: Play = field(repr=False)
    needs_stream: bool = True

    def play(self, probe: Probe, value: Any, *, patience: float = PATIENCE) -> None:
        """Try one input: what a pasted test does.

        Args:
            probe: The way to the target.
            value: The input.
            patience: Seconds that are waited for each message, of the time that passes at the target.

        Raises:
            Violation: The check does not hold.
        """
        talk = Talk(self.name, probe, patience)
        try:
            self.run(talk, value)
        finally:
            talk.leave()

    def unfit(self, probe: Probe) -> str | None:
        """Why it has nothing to ask of this target; None if it has."""
        if probe.protocol != "a2a":
            return f"the target speaks {probe.protocol.upper()}, and this is about A2A"
        capabilities = (probe.card or {}).get("capabilities")
        streams = capabilities.get("streaming") if isinstance(capabilities, dict) else None
        if self.needs_stream and probe.card is not None and streams is not True:
            return "its card declares no streaming"
        return None
