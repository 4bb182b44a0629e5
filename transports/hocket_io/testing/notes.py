"""Notes: what Hypothesis writes down of the source it has read, so that it need not read it again."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import hypothesis.configuration

__all__ = ["notes_kept_elsewhere"]


@contextmanager
def notes_kept_elsewhere() -> Iterator[None]:
    """While the body runs, they go into the user's cache, and not into the directory where a command was called.

    Where `HYPOTHESIS_STORAGE_DIRECTORY` says so, they go there.
    """
    if "HYPOTHESIS_STORAGE_DIRECTORY" in os.environ:
        yield
        return
    caches = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    hypothesis.configuration.set_hypothesis_home_dir(Path(caches, "hocket", "hypothesis"))
    try:
        yield
    finally:
        hypothesis.configuration.set_hypothesis_home_dir(None)
