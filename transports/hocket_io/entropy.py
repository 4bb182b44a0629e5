"""Entropy from the operating system: what the core is given where it is not being tested."""

from __future__ import annotations

import random
import uuid

from hocket.entropy import Entropy

__all__ = ["system_entropy"]


def system_entropy() -> Entropy:
    """Ids that nobody can guess, and jitter."""
    return Entropy(new_id=lambda: str(uuid.uuid4()), random=random.random)
