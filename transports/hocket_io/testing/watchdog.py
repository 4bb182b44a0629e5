"""Watchdog: an agent that never waits holds up its event loop, and whoever tests it; here it is stopped.

Time is virtual, and does not pass while a task is at work: no timeout would ever end such an agent.
"""

from __future__ import annotations

import ctypes
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from attrs import define, field

from hocket_io.testing.clocks import VirtualClock

__all__ = ["LIMIT", "NeverWaits", "Watchdog"]

LIMIT = 10.0
"""Seconds of the processor that an agent may take for itself without waiting once."""

_AGAIN = 0.5
"""Seconds that it has from then on: what has been found is tried again and again, to make it small."""

_LOOKS = 0.25
"""Seconds between two looks, at the most."""

_LOOPS = frozenset([("asyncio.events", "_run"), ("trio._core._run", "unrolled_run")])
"""What runs the steps of tasks: module and function."""

_OURS = frozenset(["hocket", "hocket_io", "asyncio", "trio", "anyio"])

_real_time = time.perf_counter


class NeverWaits(BaseException):
    """Raised in an agent that keeps the event loop to itself. `except Exception` does not keep it from ending."""

    def __init__(self) -> None:
        super().__init__("the agent is at work without waiting once, and nothing else can happen on its event loop")


@define(eq=False)
class Watchdog:
    """Looks, from a thread of its own, whether an event loop goes round while it runs.

    Args:
        clock: The clock of the loop, which knows how often it went round.
        limit: Seconds of the processor's time after which an agent is stopped; fewer, once one was.
    """

    clock: VirtualClock
    limit: float = LIMIT
    _watched: int | None = field(default=None, init=False)
    _runs: int = field(default=0, init=False)
    _is_over: threading.Event = field(factory=threading.Event, init=False)
    _thread: threading.Thread | None = field(default=None, init=False)

    def start(self) -> None:
        """Begin to look."""
        self._thread = threading.Thread(target=self._look, name="hocket watchdog", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._is_over.set()
        if self._thread is not None:
            self._thread.join()

    @contextmanager
    def watching(self) -> Iterator[None]:
        """While the body runs, the event loop does, in this thread."""
        self._runs += 1
        self._watched = threading.get_ident()
        try:
            yield
        finally:
            self._watched = None

    def _look(self) -> None:
        seen, began = (0, 0), 0.0
        while not self._is_over.wait(min(_LOOKS, self.limit / 2)):
            thread = self._watched
            if thread is None:
                continue
            now, spent = (self._runs, self.clock.turns), _time_of(thread)
            if now != seen:
                seen, began = now, spent
            elif spent - began >= self.limit and self._interrupt(thread):
                began, self.limit = spent, min(self.limit, _AGAIN)

    def _interrupt(self, thread: int) -> bool:
        """Raise NeverWaits in it, if it is an agent that is at work there."""
        frame = sys._current_frames().get(thread)
        if self._watched is None or not _is_an_agents(frame):
            return False
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(NeverWaits))
        return True


def _is_an_agents(frame: FrameType | None) -> bool:
    """Whether a step of a task is at work that is neither ours nor of the event loop."""
    is_foreign = False
    while frame is not None:
        module = str(frame.f_globals.get("__name__", ""))
        if (module, frame.f_code.co_name) in _LOOPS:
            return is_foreign
        is_foreign = is_foreign or module.partition(".")[0] not in _OURS
        frame = frame.f_back
    return False


def _clock_of_threads() -> Callable[[int], float]:
    if not hasattr(time, "pthread_getcpuclockid"):
        return lambda thread: _real_time()  # where nobody knows, what passes on the wall counts
    return lambda thread: time.clock_gettime(time.pthread_getcpuclockid(thread))


_time_of = _clock_of_threads()
"""Seconds of the processor that a thread has taken. It must be alive."""
