"""Entropy from the operating system: what the core is given where it is not being tested."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from hocket.entropy import Entropy

__all__ = ["entropy_given", "system_entropy"]

_GIVEN: ContextVar[Entropy | None] = ContextVar("hocket entropy", default=None)


def system_entropy() -> Entropy:
    """Ids that nobody can guess, and jitter; in the body of `entropy_given`, what was given there."""
    return _GIVEN.get() or Entropy(new_id=_random_uuid, random=random.random)


def _random_uuid() -> str:
    """A UUID of version 4 (RFC 9562 section 5.4); 1.0 us where str(uuid.uuid4()) is 2.4, and a task has several."""
    digits = os.urandom(16).hex()
    variant = "89ab"[int(digits[16], 16) & 3]
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"


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
