"""Entropy from the operating system: what the core is given where it is not being tested."""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from hocket.entropy import Entropy

__all__ = ["entropy_given", "system_entropy"]

_GIVEN: ContextVar[Entropy | None] = ContextVar("hocket entropy", default=None)


def system_entropy() -> Entropy:
    """Ids that nobody can guess, and jitter; in the body of `entropy_given`, what was given there."""
    return _GIVEN.get() or Entropy(new_id=lambda: str(uuid.uuid4()), random=random.random)


@contextmanager
def entropy_given(entropy: Entropy) -> Iterator[None]:
    """Whatever is made in the body, and in the tasks that it starts, has its ids and its jitter from here.

    For tests: of a seeded one, anybody can guess the ids.
    """
    token = _GIVEN.set(entropy)
    try:
        yield
    finally:
        _GIVEN.reset(token)
