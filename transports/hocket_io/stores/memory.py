"""MemoryStore: the logs of tasks in this process's memory. They are gone when it is."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import define, field

from hocket.a2a import Checkpoint, Stored, StreamItem, Task, fold, weigh
from hocket.log import Entry, LogConflict

__all__ = ["MemoryStore"]


@define(eq=False)
class _Kept:
    """One task: the last checkpoint, if there was one, and the entries after it."""

    offset: int = 0
    task: Task | None = None
    entries: list[Entry[StreamItem]] = field(factory=list)

    @property
    def last(self) -> int:
        return self.offset + len(self.entries)


@define(eq=False)
class MemoryStore:
    """Keeps the latest tasks that were over, and every task that is not.

    Args:
        finished: How many finished tasks are kept; the oldest are forgotten.
    """

    finished: int = 10_000
    _tasks: dict[str, _Kept] = field(factory=dict, init=False)
    _over: dict[str, None] = field(factory=dict, init=False)

    def append(self, task_id: str, expect: int, items: Sequence[StreamItem]) -> list[Entry[StreamItem]]:
        """Append to a task's log.

        Raises:
            LogConflict: The log does not end at offset `expect`. Nothing was appended.
        """
        kept = self._tasks.get(task_id) or _Kept()
        if kept.last != expect:
            raise LogConflict(expect, kept.last)
        entries = [Entry(offset, item, weigh(item)) for offset, item in enumerate(items, expect + 1)]
        kept.entries += entries
        self._tasks[task_id] = kept
        return entries

    def load(self, task_id: str) -> Stored | None:
        """What is known of a task, or None."""
        kept = self._tasks.get(task_id)
        if kept is None or not kept.last:
            return None
        if kept.task is not None:
            return Stored(offset=kept.offset, task=kept.task, entries=tuple(kept.entries))
        first, rest = kept.entries[0], kept.entries[1:]
        return Stored(offset=first.offset, task=fold([first.event]), entries=tuple(rest))

    def checkpoint(self, checkpoint: Checkpoint) -> None:
        """Entries up to the checkpoint's offset are replaced by its task."""
        kept = self._tasks.get(checkpoint.task_id)
        if kept is None or checkpoint.offset <= kept.offset:
            return
        del kept.entries[: checkpoint.offset - kept.offset]
        kept.offset, kept.task = checkpoint.offset, checkpoint.task
        if checkpoint.is_final:
            self._over[checkpoint.task_id] = None
            if len(self._over) > self.finished:
                oldest = next(iter(self._over))
                del self._over[oldest], self._tasks[oldest]
