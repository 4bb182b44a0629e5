"""Agenda: what is to happen, in the order of a time that only this network has."""

from __future__ import annotations

from collections import deque
from typing import Final, Protocol

from attrs import define, field

from hocket.testing.violation import Violation
from hocket.timers import Timers

__all__ = ["Agenda", "Alarm"]

_BUSY: Final = 100_000
"""Things in a row that happen at the same instant, before we say that it will never end."""


class Alarm(Protocol):
    """Something that wants to be woken at a time. Being woken for nothing is harmless."""

    def ring(self) -> None:
        """The time has come."""

    def __hash__(self) -> int:
        """As every object's."""


@define(eq=False)
class Agenda:
    """A time that jumps from one thing to the next. Each alarm is set once at the most; the last time given counts.

    Attributes:
        now: Seconds since the network began.
    """

    now: float = 0.0
    _timers: Timers[Alarm] = field(factory=Timers, init=False)
    _due: deque[Alarm] = field(factory=deque, init=False)
    _busy: int = field(default=0, init=False)

    def set(self, alarm: Alarm, at: float) -> None:
        """Wake `alarm` at a time; one that has passed means at once."""
        self._timers.set(alarm, at)

    def clear(self, alarm: Alarm) -> None:
        """Wake it no more."""
        self._timers.clear(alarm)

    def next_time(self) -> float | None:
        """When the next thing happens; None if nothing is to come."""
        if self._due:
            return self.now
        at = self._timers.next_timeout()
        return at if at is None or at > self.now else self.now

    def step(self, until: float | None = None) -> bool:
        """Let the next thing happen, no later than `until`. Returns False if there was none, and time stands still."""
        if not self._due:
            at = self._timers.next_timeout()
            if at is None or (until is not None and at > until):
                return False
            self._due.extend(self._timers.due(at))
            if at > self.now:
                self.now, self._busy = at, 0
        self._busy += 1
        if self._busy > _BUSY:
            raise Violation("does-not-rest", f"more than {_BUSY} things happen at {self.now:.3f} s, time stands still")
        self._due.popleft().ring()
        return True
