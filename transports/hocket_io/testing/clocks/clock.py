"""VirtualClock: seconds that pass as soon as nobody has anything to do, on an event loop and in its threads."""

from __future__ import annotations

import heapq
import itertools
import threading
from collections.abc import Callable
from math import inf

from attrs import define, field

__all__ = ["EPOCH", "GRACE", "VirtualClock", "WorldEnded"]

EPOCH = 1_767_225_600.0 - 1_000.0
"""What the time of day is ahead of the clock: worlds begin at 2026-01-01T00:00:00Z, so that they are all the same."""

GRACE = 1.0
"""Seconds for which a thread may be at work, or a socket silent, until the time that this takes counts."""


POLLS = 10_000
"""How often one may look whether it is time yet, in the same instant, until looking takes time."""

LOOK = 0.001
"""Seconds that it then takes."""


class WorldEnded(BaseException):
    """Raised in a thread that sleeps on a clock that nobody moves any more: it has nothing left to do."""


@define(eq=False)
class VirtualClock:
    """A clock that is moved by whoever runs the event loop, once nothing is ready and no thread is at work.

    Threads count as at work from `entered` to `left`, but for while they `sleep` here. One that sleeps is woken by
    `jump`, alone, so that the order in which threads go on is the same each time.

    Who waits by looking again and again whether it is time yet would stop time for ever; so after `POLLS` looks at the
    same instant, each takes a moment.

    Attributes:
        now: Seconds; only `jump`, `passed`, and looking on and on move it.
        turns: How many times the event loop has gone round.
    """

    now: float = 1_000.0
    turns: int = field(default=0, init=False)
    _instant: float = field(default=0.0, init=False)
    _looks: int = field(default=0, init=False)
    _poke: Callable[[], object] = field(default=lambda: None, init=False)
    _at_work: int = field(default=0, init=False)
    _sleepers: list[tuple[float, int, threading.Event]] = field(factory=list, init=False)
    _order: itertools.count[int] = field(factory=itertools.count, init=False)
    _lock: threading.Lock = field(factory=threading.Lock, init=False)
    _has_ended: bool = field(default=False, init=False)
    _threads: set[int] = field(factory=set, init=False)

    @property
    def is_quiet(self) -> bool:
        """Whether no thread is at work. What threads told the loop before, is there to be seen."""
        return self._at_work <= 0  # a thread of which nobody knows may sleep here, too

    @property
    def next_wake(self) -> float:
        """When the next thread wants to go on; infinity for never."""
        with self._lock:
            return self._sleepers[0][0] if self._sleepers else inf

    def wakes(self, poke: Callable[[], object]) -> None:
        """Name what wakes the event loop, from any thread: it is called when the loop should look again."""
        self._poke = poke

    def entered(self) -> None:
        """A thread is about to begin to work."""
        with self._lock:
            self._at_work += 1

    def left(self) -> None:
        """A thread has told the loop all that it has to tell."""
        with self._lock:
            self._at_work -= 1
        self._wake_loop()

    def sleep(self, seconds: float) -> None:
        """Sleep: what `time.sleep` is in this world. A thread is woken by the loop; on the loop itself time passes.

        Args:
            seconds: How long.

        Raises:
            ValueError: It is less than nothing.
            WorldEnded: The loop is gone, and with it the time.
        """
        if seconds < 0:
            raise ValueError("sleep length must be non-negative")
        if threading.get_ident() in self._threads:
            self.passed(seconds)  # all of the loop waits for it
            return
        woken = threading.Event()
        with self._lock:
            if self._has_ended:
                raise WorldEnded
            heapq.heappush(self._sleepers, (self.now + seconds, next(self._order), woken))
            self._at_work -= 1
        self._wake_loop()
        woken.wait()
        if self._has_ended:
            raise WorldEnded

    def runs_in(self, thread: int) -> None:
        """This thread is (now) that of the event loop."""
        self._threads = {thread}

    def jump(self, until: float) -> bool:
        """Nothing is ready before `until`: go there, or to where the next thread wakes, and wake it.

        Returns:
            False if there is nothing to go to: no time is waited for, and nobody sleeps.
        """
        with self._lock:
            at = min(until, self._sleepers[0][0] if self._sleepers else inf)
            if at == inf:
                return False
            self.now = max(self.now, at)
            if self._sleepers and self._sleepers[0][0] <= self.now:
                self._wake()
            return True

    def passed(self, seconds: float) -> None:
        """So much time has really passed, while something outside was waited for."""
        with self._lock:
            self.now += max(0.0, seconds)

    def turned(self) -> None:
        """The event loop goes round. Without a thread at work, that is a look at the time."""
        self.turns += 1
        if self.is_quiet:
            self.look()

    def look(self) -> float:
        """What it shows."""
        if self.now != self._instant:
            self._instant, self._looks = self.now, 0
        self._looks += 1
        if self._looks > POLLS:
            self.passed(LOOK)
            self._instant = self.now
        return self.now

    def end(self) -> None:
        """Nobody moves it any more: whoever sleeps, or will, is told with a WorldEnded."""
        with self._lock:
            self._has_ended = True
            while self._sleepers:
                self._wake()

    def _wake(self) -> None:
        _, _, woken = heapq.heappop(self._sleepers)
        self._at_work += 1
        woken.set()

    def _wake_loop(self) -> None:
        try:
            self._poke()
        except RuntimeError:
            pass  # the loop is gone
