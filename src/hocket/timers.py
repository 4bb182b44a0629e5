"""Deadlines: `soonest` of several, and a table of named timers.

Times are seconds on the caller's monotonic clock; nothing here reads a clock.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Generic, TypeVar

from attrs import define, field

__all__ = ["Timers", "soonest"]

Name = TypeVar("Name", bound=Hashable)


def soonest(*deadlines: float | None) -> float | None:
    """The earliest of the deadlines that are set, or None if none is.

    >>> soonest(3.0, None, 2.5)
    2.5
    """
    return min((at for at in deadlines if at is not None), default=None)


@define
class Timers(Generic[Name]):
    """Named deadlines. Setting a name again moves it; equal deadlines fire in the order they were set.

    >>> timers: Timers[str] = Timers()
    >>> timers.set("gap", 30.0)
    >>> timers.due(31.0)
    ['gap']
    """

    _deadlines: dict[Name, float] = field(factory=dict, init=False)
    _next: float | None = field(default=None, init=False)

    def set(self, name: Name, at: float) -> None:
        """Let `name` fire at `at`, instead of whenever it was to fire before."""
        self.clear(name)
        self._deadlines[name] = at
        if len(self._deadlines) == 1 or (self._next is not None and at < self._next):
            self._next = at

    def clear(self, name: Name) -> None:
        """Forget `name`; no error if it is not set."""
        at = self._deadlines.pop(name, None)
        if at is not None and at == self._next:
            self._next = None  # look for the earliest again, but only when somebody asks

    def __contains__(self, name: object) -> bool:
        return name in self._deadlines

    def __len__(self) -> int:
        return len(self._deadlines)

    def next_timeout(self) -> float | None:
        """When the earliest timer fires, or None."""
        if self._next is None and self._deadlines:
            self._next = min(self._deadlines.values())
        return self._next

    def due(self, now: float) -> list[Name]:
        """Remove and return the timers whose time has come, earliest first."""
        earliest = self.next_timeout()
        if earliest is None or now < earliest:
            return []
        fired = sorted((at, place, name) for place, (name, at) in enumerate(self._deadlines.items()) if at <= now)
        for _, _, name in fired:
            del self._deadlines[name]
        self._next = None
        return [name for _, _, name in fired]
