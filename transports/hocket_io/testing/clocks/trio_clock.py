"""A trio clock that jumps to where something is to happen, as soon as nothing is ready.

`trio.testing.MockClock` does that too; it does not know of threads at work, or of sockets that are waited for.
"""

from __future__ import annotations

import time
from functools import partial

import trio
from attrs import define, field

from hocket_io.testing.clocks.clock import GRACE, VirtualClock

__all__ = ["JumpingClock"]

_real_time = time.perf_counter


@define(eq=False)
class JumpingClock(trio.abc.Clock, trio.abc.Instrument):
    """A clock for `trio.run`, and the instrument that tells it that something happens: give it as both.

    Trio asks it how long to wait when no task is ready. It then has trio look once more for what threads and files
    have brought, and if that was nothing, it jumps.

    Args:
        clock: What is moved.
    """

    clock: VirtualClock
    _has_looked: bool = field(default=False, init=False)
    _waits_since: float | None = field(default=None, init=False)

    def start_clock(self) -> None:
        """Trio begins."""
        run_soon = trio.lowlevel.current_trio_token().run_sync_soon
        self.clock.wakes(partial(run_soon, _nothing, idempotent=True))

    def current_time(self) -> float:
        """Seconds on the virtual clock."""
        return self.clock.now

    def before_io_wait(self, timeout: float) -> None:
        """Trio looks for what is ready: its loop goes round."""
        self.clock.turned()

    def before_task_step(self, task: trio.lowlevel.Task) -> None:
        """A task goes on."""
        self._has_looked, self._waits_since = False, None

    def deadline_to_sleep_time(self, deadline: float) -> float:
        """How long to really wait, now that no task is ready; 0.0 after a jump, and to look once more."""
        if deadline <= self.clock.now:
            return 0.0
        if _waits_outside() or not self.clock.is_quiet:
            return self._really(deadline)
        self._waits_since = None
        if not self._has_looked:
            self._has_looked = True
            return 0.0
        self._has_looked = False
        return 0.0 if self.clock.jump(deadline) else GRACE

    def _really(self, deadline: float) -> float:
        """Wait as the world outside does. What threads need counts once it is long."""
        now = _real_time()
        if self._waits_since is None:
            self._waits_since = now
        elif (elapsed := now - self._waits_since) >= (0.0 if _waits_outside() else GRACE):
            self.clock.passed(elapsed)
            self._waits_since = now
        if self.clock.next_wake <= self.clock.now:
            self.clock.jump(self.clock.now)
        left = min(deadline, self.clock.next_wake) - self.clock.now
        return max(0.0, min(left, GRACE) if _waits_outside() else GRACE)


def _waits_outside() -> bool:
    """Whether a task waits for a file or a socket other than the one that wakes trio."""
    told = trio.lowlevel.current_statistics().io_statistics
    reads, writes = getattr(told, "tasks_waiting_read", 0), getattr(told, "tasks_waiting_write", 0)
    return bool(reads + writes > 1)


def _nothing() -> None:
    """What wakes a loop: there is something to do."""
