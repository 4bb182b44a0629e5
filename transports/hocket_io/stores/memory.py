"""MemoryStore: the logs of tasks in this process's memory. They are gone when it is."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import define, field

from hocket.a2a import Checkpoint, Stored, StreamItem, Task, TaskStatusUpdateEvent, fold, weigh
from hocket.a2a.states import settles
from hocket.log import Entry, LogConflict

__all__ = ["MemoryStore"]


@define(eq=False)
class _Kept:
    """One task: the last checkpoint, if there was one, and the entries after it.

    Attributes:
        size: Bytes that it counts for, from its first entry on.
        is_settled: Whether nothing happens to it by itself any more.
    """

    offset: int = 0
    task: Task | None = None
    entries: list[Entry[StreamItem]] = field(factory=list)
    size: int = 0
    is_settled: bool = False

    @property
    def last(self) -> int:
        return self.offset + len(self.entries)


@define(eq=False)
class MemoryStore:
    """Keeps every task that is under way, and the latest of those that have settled.

    Settled are the tasks that are over, and those that wait for somebody who may never come.

    Args:
        settled: How many settled tasks are kept; the ones that settled first are forgotten.
        size: Bytes of artifacts and messages that settled tasks may have, all together; the last one is always kept.
    """

    settled: int = 10_000
    size: int = 128 * 1024 * 1024
    _tasks: dict[str, _Kept] = field(factory=dict, init=False)
    _settled: dict[str, int] = field(factory=dict, init=False)
    _settled_size: int = field(default=0, init=False)

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
        kept.size += sum(entry.weight for entry in entries)
        self._tasks[task_id] = kept
        self._note(task_id, kept, items)
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

    def _note(self, task_id: str, kept: _Kept, items: Sequence[StreamItem]) -> None:
        """Whether the task has settled now; if too many have, forget the first of them."""
        for item in reversed(items):
            if isinstance(item, TaskStatusUpdateEvent | Task):
                kept.is_settled = settles(item.status.state)
                break
        self._settled_size -= self._settled.pop(task_id, 0)
        if kept.is_settled:
            self._settled[task_id] = kept.size
            self._settled_size += kept.size
        while len(self._settled) > self.settled or (self._settled_size > self.size and len(self._settled) > 1):
            oldest = next(iter(self._settled))
            self._settled_size -= self._settled.pop(oldest)
            del self._tasks[oldest]
