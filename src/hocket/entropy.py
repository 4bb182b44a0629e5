"""Entropy: the ids and the random numbers of a machine, given to it at construction.

The core has no randomness of its own. A transport passes an Entropy made from the operating system's
generator; a test passes `seeded`, and the same seed then gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable

from attrs import frozen

__all__ = ["Entropy", "seeded"]

_MASK = (1 << 64) - 1


@frozen
class Entropy:
    """Where a machine gets its ids and its jitter from.

    Attributes:
        new_id: Gives an id that was not given before (a UUID in production).
        random: Gives a float, 0 <= x < 1.
    """

    new_id: Callable[[], str]
    random: Callable[[], float]


def seeded(seed: int = 0) -> Entropy:
    """A reproducible Entropy (the splitmix64 generator) for tests, simulations and notebooks.

    Not for production: its ids can be guessed.

    >>> seeded(1).new_id() == seeded(1).new_id()
    True
    """
    state = seed & _MASK

    def next64() -> int:
        nonlocal state
        state = (state + 0x9E3779B97F4A7C15) & _MASK
        mixed = state
        mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _MASK
        return mixed ^ (mixed >> 31)

    return Entropy(new_id=lambda: f"{next64():016x}{next64():016x}", random=lambda: (next64() >> 11) / (1 << 53))
