"""Balance: a fault comes after something that it may break.

Hypothesis draws every rule as often as any other. There are as many kinds of faults as of things that clients and
agents do, and these have to come one after the other: left to chance, hardly anybody would say a word.
"""

from __future__ import annotations

from typing import Final

from attrs import define, field

__all__ = ["Balance"]

_EACH: Final = 2
"""Deeds for each fault, at the least."""


@define(eq=False)
class Balance:
    """How many faults there were, and what there was for them to break."""

    _deeds: int = field(default=0, init=False)
    _faults: int = field(default=0, init=False)

    @property
    def allows_fault(self) -> bool:
        """Whether enough was done for one more fault."""
        return self._faults * _EACH < self._deeds

    def count(self, fault: str | None) -> None:
        """Something happens; a fault, if it is of a kind of these."""
        if fault is None:
            self._deeds += 1
        else:
            self._faults += 1
