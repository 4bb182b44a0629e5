"""Reconnecting: when to try again after a connection was lost, and when to fall back on polling."""

from __future__ import annotations

from enum import Enum, auto
from math import inf
from typing import Final, TypeAlias

from attrs import define, field, frozen
from attrs.validators import gt, lt

from hocket.backoff import Backoff

__all__ = ["RECONNECT", "GaveUp", "Plan", "Retry", "Schedule", "Turn"]

RECONNECT: Final = Backoff(base=2.0, maximum=32.0, attempts=5)
"""Five attempts, after (at the most) 2, 4, 8, 16 and 32 seconds: spec section 5, "reconnect"."""


@frozen
class Retry:
    """The connection is to be tried again.

    Attributes:
        attempt: Which attempt it will be, 1 for the first since the connection was last stable.
        delay: Seconds from now.
    """

    attempt: int
    delay: float


@frozen
class GaveUp:
    """All attempts were in vain: poll from now on."""


Plan: TypeAlias = Retry | GaveUp


class Turn(Enum):
    """What it is time for."""

    TRY = auto()
    POLL = auto()


class _State(Enum):
    TRYING = auto()
    OPEN = auto()
    WAITING = auto()
    POLLING = auto()


@define(eq=False)
class Schedule:
    """What becomes of one connection: the transport tries, and says how it went.

    An attempt counts when it is planned, whether it then succeeds or not; only a connection that has lasted `stable`
    seconds makes the count begin anew. So a hub that takes every connection and drops it at once is given up too.

    Args:
        backoff: How long to wait before each attempt, and how many are made.
        stable: Seconds a connection has to last.
        poll: Seconds between two polls, once it was given up.

    >>> schedule = Schedule()
    >>> schedule.opened(now=0.0)
    >>> schedule.lost(now=100.0, random=0.5)
    Retry(attempt=1, delay=1.0)
    >>> schedule.due(now=101.0)
    <Turn.TRY: 1>
    >>> schedule.lost(now=101.5, random=0.5)
    Retry(attempt=2, delay=2.0)
    """

    backoff: Backoff = RECONNECT
    stable: float = field(default=30.0, validator=[gt(0), lt(inf)])
    poll: float = field(default=5.0, validator=[gt(0), lt(inf)])
    _state: _State = field(default=_State.TRYING, init=False)
    _attempts: int = field(default=0, init=False)
    _since: float = field(default=0.0, init=False)
    _next: float | None = field(default=None, init=False)

    @property
    def is_open(self) -> bool:
        """Whether the connection is there."""
        return self._state is _State.OPEN

    @property
    def is_fresh(self) -> bool:
        """Whether the first attempt is still under way."""
        return self._state is _State.TRYING and not self._attempts

    @property
    def is_exhausted(self) -> bool:
        """Whether it was given up: there is only polling."""
        return self._state is _State.POLLING

    def opened(self, now: float) -> None:
        """The connection is there, by an attempt of this schedule or otherwise. Said twice, the first counts."""
        if self._state is not _State.OPEN:
            self._state, self._since, self._next = _State.OPEN, now, None

    def lost(self, now: float, random: float) -> Plan | None:
        """The connection broke, or an attempt failed.

        Args:
            now: The time in seconds.
            random: A number from `Entropy.random`.

        Returns:
            What follows. None if nothing does: the next attempt is planned already, or it was given up before.
        """
        if self._state in (_State.WAITING, _State.POLLING):
            return None
        if self._state is _State.OPEN and now - self._since >= self.stable:
            self._attempts = 0
        if not self.backoff.allows(self._attempts):
            self._state, self._since, self._next = _State.POLLING, now, now
            return GaveUp()
        delay = self.backoff.delay(self._attempts, random)
        self._attempts += 1
        self._state, self._next = _State.WAITING, now + delay
        return Retry(self._attempts, delay)

    def polled(self, now: float) -> bool:
        """A poll was answered, so the other side is there. Whether to try the connection once more, beside the polls.

        That is so once in `stable` seconds.
        """
        if self._state is not _State.POLLING or now - self._since < self.stable:
            return False
        self._since = now
        return True

    def next_timeout(self) -> float | None:
        """When `due` wants to be called, None for never. The first poll is due at once."""
        return self._next

    def due(self, now: float) -> Turn | None:
        """What it is time for now, each told once: to try again, to poll, or nothing (None)."""
        if self._next is None or now < self._next:
            return None
        if self._state is _State.WAITING:
            self._state, self._next = _State.TRYING, None
            return Turn.TRY
        self._next = now + self.poll
        return Turn.POLL
