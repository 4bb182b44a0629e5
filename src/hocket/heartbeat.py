"""Heartbeat: a connection on which nothing arrives is asked for a sign of life, and given up without one."""

from __future__ import annotations

from enum import Enum, auto
from math import inf

from attrs import define, field, frozen
from attrs.validators import gt, lt

__all__ = ["Beat", "Heartbeat", "Pulse"]


@frozen
class Heartbeat:
    """How patient to be with a silent peer.

    Attributes:
        interval: Seconds of silence after which to ask for a sign of life.
        timeout: Further seconds of silence after which the connection counts as dead.
    """

    interval: float = field(default=15.0, validator=[gt(0), lt(inf)])
    timeout: float = field(default=15.0, validator=[gt(0), lt(inf)])


class Beat(Enum):
    """What a Pulse asks for."""

    PING = auto()
    DEAD = auto()


@define(eq=False)
class Pulse:
    """The heartbeat of one connection. Whatever arrives is a sign of life, not only an answer to the ping.

    Args:
        options: How patient to be.

    >>> pulse = Pulse(Heartbeat(interval=15.0, timeout=5.0))
    >>> pulse.heard(now=0.0)
    >>> pulse.next_timeout(), pulse.check(now=15.0)
    (15.0, <Beat.PING: 1>)
    >>> pulse.next_timeout(), pulse.check(now=20.0)
    (20.0, <Beat.DEAD: 2>)
    """

    options: Heartbeat
    _next: float = field(default=-inf, init=False)
    _asked: bool = field(default=False, init=False)
    _dead: bool = field(default=False, init=False)

    def heard(self, now: float) -> None:
        """Something arrived: the silence begins anew."""
        if not self._dead:
            self._next = now + self.options.interval
            self._asked = False

    def check(self, now: float) -> Beat | None:
        """What to do now: send a ping, give the connection up, or nothing (None). Each is said once.

        The first call starts the clock where nothing was heard yet.
        """
        if self._dead or now < self._next:
            return None
        if self._next == -inf:
            self.heard(now)
            return None
        if self._asked:
            self._dead = True
            return Beat.DEAD
        self._asked = True
        # From now, not from when it was due: a driver that was held up must not take its own delay for silence.
        self._next = now + self.options.timeout
        return Beat.PING

    def next_timeout(self) -> float | None:
        """When `check` wants to be called: at once if it never was, never again once the peer is dead."""
        return None if self._dead else self._next
