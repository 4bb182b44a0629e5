"""Residents: the tasks that a server holds in memory. The store has them all; these are the ones in use, and some."""

from __future__ import annotations

from collections.abc import Iterator

from attrs import define, field

from hocket.a2a.limits import ServerLimits
from hocket.a2a.live import LiveTask

__all__ = ["Residents"]


@define(eq=False)
class Residents:
    """Tasks by id. The ones that nobody uses are idle, and make room when there are too many.

    Args:
        limits: `tasks` is how many there may be, `idle_size` how large the idle ones.
    """

    limits: ServerLimits
    _tasks: dict[str, LiveTask] = field(factory=dict, init=False)
    _idle: dict[str, int] = field(factory=dict, init=False)
    _idle_size: int = field(default=0, init=False)

    def __len__(self) -> int:
        return len(self._tasks)

    def __iter__(self) -> Iterator[LiveTask]:
        return iter(self._tasks.values())

    def get(self, task_id: str) -> LiveTask | None:
        """The task, if it is here."""
        return self._tasks.get(task_id)

    def has_room(self) -> bool:
        """Whether one more fits; the task that was idle longest leaves for it."""
        return len(self._tasks) < self.limits.tasks or self._evict()

    def admit(self, task_id: str) -> LiveTask:
        """A task that was not here."""
        live = self._tasks[task_id] = LiveTask(task_id, self.limits)
        return live

    def forget(self, live: LiveTask) -> None:
        """There is no such task."""
        del self._tasks[live.id]
        self._idle_size -= self._idle.pop(live.id, 0)

    def rest(self, live: LiveTask) -> None:
        """Something was done with the task. If it is idle now, note it; if there are too many, the idle ones leave."""
        if live.is_idle and live.id in self._tasks:
            weight = live.weight
            self._idle_size += weight - self._idle.pop(live.id, 0)
            self._idle[live.id] = weight  # at the end: it has just been in use
            while self._idle_size > self.limits.idle_size and len(self._idle) > 1:
                self._evict()
        while len(self._tasks) > self.limits.tasks and self._evict():
            pass  # also if it is in use itself: it may have been read from the store

    def _evict(self) -> bool:
        while self._idle:
            oldest = next(iter(self._idle))
            self._idle_size -= self._idle.pop(oldest)
            if self._tasks[oldest].is_idle:  # it may have been put to use since
                del self._tasks[oldest]
                return True
        return False
