"""MemoryStore: the logs of tasks in this process's memory. They are gone when it is."""

from __future__ import annotations

from collections.abc import Sequence
from heapq import nlargest

from attrs import define, field

from hocket.a2a import (
    Checkpoint,
    Message,
    Owner,
    Stored,
    StreamItem,
    Task,
    TaskArtifactUpdateEvent,
    TaskPage,
    TaskQuery,
    TaskState,
    fold,
    weigh,
)
from hocket.a2a.states import settles
from hocket.log import Entry, LogConflict, numbered
from hocket.timestamps import moment
from hocket_io.stores.paging import PageTokens, Place

__all__ = ["MemoryStore"]

_NOBODY = Owner()


@define(eq=False)
class _Kept:
    """One task: the last checkpoint, if there was one, and the entries after it.

    Attributes:
        owner: Whose it is.
        size: Bytes that it counts for, from its first entry on.
        context_id: Its conversation.
        state: The state it is in.
        moment: When that began: nanoseconds of Unix time, 0 if its agent gave a time that nobody can read.
        rank: The latest of all its moments, so that a task never falls back in a list.
    """

    owner: Owner
    offset: int = 0
    task: Task | None = None
    entries: list[Entry[StreamItem]] = field(factory=list)
    size: int = 0
    context_id: str | None = None
    state: TaskState = TaskState.UNKNOWN
    moment: int = 0
    rank: int = 0

    @property
    def last(self) -> int:
        return self.offset + len(self.entries)

    def note(self, item: StreamItem) -> None:
        """An entry was appended: what is asked for in lists may have changed."""
        if isinstance(item, Message | TaskArtifactUpdateEvent):
            return
        self.state = item.status.state
        self.moment = moment(item.status.timestamp or "") or 0
        self.rank = max(self.rank, self.moment)
        self.context_id = item.context_id or self.context_id

    def matches(self, query: TaskQuery, since: int) -> bool:
        """Whether it is one of the tasks that are asked for."""
        return (
            self.owner == query.owner
            and self.moment >= since
            and query.context_id in (None, self.context_id)
            and query.status in (None, self.state)
        )


@define(eq=False)
class MemoryStore:
    """Keeps every task that is under way, and the latest of those that have settled.

    Settled are the tasks that are over, and those that wait for somebody who may never come.

    Args:
        settled: How many settled tasks are kept; the ones that settled first are forgotten.
        size: Bytes of artifacts and messages that settled tasks may have, all together; the last one is always kept.
        page_size: Bytes of artifacts and messages of the tasks on one page of a list, which has one task at the least.
    """

    settled: int = 10_000
    size: int = 128 * 1024 * 1024
    page_size: int = 16 * 1024 * 1024
    _tasks: dict[str, _Kept] = field(factory=dict, init=False)
    _settled: dict[str, int] = field(factory=dict, init=False)
    _settled_size: int = field(default=0, init=False)
    _tokens: PageTokens = field(factory=PageTokens, init=False)

    def append(
        self,
        task_id: str,
        expect: int,
        items: Sequence[StreamItem],
        owner: Owner = _NOBODY,
        weights: Sequence[int] | None = None,
    ) -> list[Entry[StreamItem]]:
        """Append to a task's log; the first append says whose task it is. `weights` if the items were weighed.

        Raises:
            LogConflict: The log does not end at offset `expect`. Nothing was appended.
        """
        kept = self._tasks.get(task_id) or _Kept(owner)
        if kept.last != expect:
            raise LogConflict(expect, kept.last)
        weights = weights or [weigh(item) for item in items]
        entries = numbered(items, weights, expect)
        kept.entries += entries
        kept.size += sum(weights)
        self._tasks[task_id] = kept
        self._note(task_id, kept, items)
        return entries

    def load(self, task_id: str) -> Stored | None:
        """What is known of a task, or None."""
        kept = self._tasks.get(task_id)
        if kept is None or not kept.last:
            return None
        if kept.task is not None:
            return Stored(offset=kept.offset, task=kept.task, entries=tuple(kept.entries), owner=kept.owner)
        first, rest = kept.entries[0], kept.entries[1:]
        return Stored(offset=first.offset, task=fold([first.event]), entries=tuple(rest), owner=kept.owner)

    def checkpoint(self, checkpoint: Checkpoint) -> None:
        """Entries up to the checkpoint's offset are replaced by its task."""
        kept = self._tasks.get(checkpoint.task_id)
        if kept is None or checkpoint.offset <= kept.offset:
            return
        del kept.entries[: checkpoint.offset - kept.offset]
        kept.offset, kept.task = checkpoint.offset, checkpoint.task

    def find(self, query: TaskQuery) -> TaskPage | None:
        """A page of tasks, the one whose status is newest first; None if the page token is not one of ours.

        Only the tasks of the page are folded. A page goes on after the last task of the one before, wherever that
        stands now: no task is shown twice, and none that stays as it is, is left out. One whose status changes in the
        meantime is at the head of the list again, for who begins anew.
        """
        after = self._tokens.read(query, query.page_token) if query.page_token else None
        if query.page_token and after is None:
            return None
        since = (moment(query.status_timestamp_after or "") or 0) if query.status_timestamp_after else 0
        places: list[Place] = [
            (kept.rank, task_id) for task_id, kept in self._tasks.items() if kept.last and kept.matches(query, since)
        ]
        rest = places if after is None else [place for place in places if place < after]
        page = self._page(nlargest(query.page_size, rest))
        token = self._tokens.write(query, page[-1]) if len(rest) > len(page) else ""
        tasks = tuple([self._whole(task_id) for _, task_id in page])
        return TaskPage(tasks=tasks, next_page_token=token, total_size=len(places))

    def _page(self, places: list[Place]) -> list[Place]:
        """As many of these as are not too much for one answer."""
        size = 0
        for number, (_, task_id) in enumerate(places):
            size += self._tasks[task_id].size
            if number and size > self.page_size:
                return places[:number]
        return places

    def _whole(self, task_id: str) -> Task:
        kept = self._tasks[task_id]
        return fold([entry.event for entry in kept.entries], kept.task)

    def _note(self, task_id: str, kept: _Kept, items: Sequence[StreamItem]) -> None:
        """Whether the task has settled now; if too many have, forget the first of them."""
        for item in items:
            if not isinstance(item, TaskArtifactUpdateEvent):  # nearly all are, and change nothing of this
                kept.note(item)
        self._settled_size -= self._settled.pop(task_id, 0)
        if settles(kept.state):
            self._settled[task_id] = kept.size
            self._settled_size += kept.size
        while len(self._settled) > self.settled or (self._settled_size > self.size and len(self._settled) > 1):
            oldest = next(iter(self._settled))
            self._settled_size -= self._settled.pop(oldest)
            del self._tasks[oldest]
