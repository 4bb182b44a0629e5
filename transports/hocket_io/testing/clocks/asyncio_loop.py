"""An asyncio event loop whose clock jumps to where something is to happen, as soon as nothing is ready."""

from __future__ import annotations

import asyncio
import selectors
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from math import inf
from typing import Any

from hocket_io.testing.clocks.clock import GRACE, VirtualClock

__all__ = ["VirtualLoop", "VirtualSelector"]

_real_time = time.perf_counter


class VirtualSelector(selectors.DefaultSelector):
    """Looks for what is ready; where there is nothing, it moves the clock instead of waiting.

    It really waits while a thread is at work, and for files other than `own`: who waits for a socket waits for the
    world outside, in which time passes as it does.

    Args:
        clock: What is moved.
        own: How many files are the event loop's own.
        alone: Whether nobody is outside: what files bring comes from this thread, before it looks for it.
    """

    def __init__(self, clock: VirtualClock, own: int = 0, *, alone: bool = False) -> None:
        super().__init__()
        self._clock = clock
        self._own = own
        self._alone = alone

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """What is ready. `timeout` is of the clock's seconds."""
        self._clock.turned()
        is_quiet = self._clock.is_quiet  # first: what a thread has told before it left is then seen
        ready = super().select(0)
        if ready or (timeout is not None and timeout <= 0):
            return ready
        if not self._alone and len(self.get_map()) > self._own:
            return self._wait_outside(timeout)
        if not is_quiet:
            return self._wait_for_threads(timeout)
        until = inf if timeout is None else self._clock.now + timeout
        return [] if self._clock.jump(until) else super().select(timeout)

    def _wait_outside(self, timeout: float | None) -> list[tuple[selectors.SelectorKey, int]]:
        began = _real_time()
        at = self._clock.next_wake - self._clock.now
        wait = at if timeout is None else min(timeout, at)
        ready = super().select(None if wait == inf else max(0.0, wait))
        self._clock.passed(_real_time() - began)
        if not ready and self._clock.next_wake <= self._clock.now:
            self._clock.jump(self._clock.now)
        return ready

    def _wait_for_threads(self, timeout: float | None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(GRACE)
        if not ready:
            self._clock.passed(GRACE if timeout is None else min(timeout, GRACE))
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop on a virtual clock. Jobs of its executors count as threads at work.

    Args:
        clock: What is moved; by default one of its own.
        alone: Whether nobody is outside; see `VirtualSelector`.

    >>> loop = VirtualLoop()
    >>> loop.run_until_complete(asyncio.sleep(3600, "an hour later"))
    'an hour later'
    >>> loop.close()
    """

    def __init__(self, clock: VirtualClock | None = None, *, alone: bool = False) -> None:
        self.clock = VirtualClock() if clock is None else clock
        super().__init__(VirtualSelector(self.clock, own=1, alone=alone))
        self.clock.wakes(partial(self.call_soon_threadsafe, _nothing))

    def time(self) -> float:
        """Seconds on the virtual clock."""
        return self.clock.now

    def run_in_executor(  # type: ignore[override]  # typeshed's has type variables that a wrapper cannot repeat
        self, executor: Executor | None, func: Callable[..., Any], *args: Any
    ) -> asyncio.Future[Any]:
        """Run a function in a thread, which counts as at work until its result is there."""
        if executor is None or isinstance(executor, ThreadPoolExecutor):
            func, args = copy_context().run, (func, *args)  # so that it lives in this world, and sleeps in its time
        self.clock.entered()
        try:
            future: asyncio.Future[Any] = super().run_in_executor(executor, func, *args)
        except BaseException:
            self.clock.left()
            raise
        future.add_done_callback(self._left)
        return future

    def close(self) -> None:
        """Close the loop; threads that sleep on its clock end."""
        self.clock.end()
        super().close()

    def _left(self, future: Future[Any] | asyncio.Future[Any]) -> None:
        self.clock.left()


def _nothing() -> None:
    """What wakes a loop: there is something to do."""
