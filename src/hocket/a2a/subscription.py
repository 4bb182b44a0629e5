"""Subscription: one streaming call as a cursor on a task's log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import define, field, frozen

from hocket.a2a.dialects import CallDialect, Operation, Params
from hocket.a2a.fold import trim_history
from hocket.a2a.model import StreamItem, Task, TaskArtifactUpdateEvent, TaskState, TaskStatusUpdateEvent
from hocket.a2a.parameters import ServiceParameters
from hocket.a2a.ports import Delivery, Ended, Items, Link, Opened, Owner
from hocket.a2a.requests import (
    CancelTaskRequest,
    GetExtendedAgentCardRequest,
    GetTaskRequest,
    ListTasksRequest,
    SendMessageRequest,
    SubscribeToTaskRequest,
)
from hocket.a2a.states import is_terminal
from hocket.jsonrpc import Id
from hocket.log import Cursor, Entry

if TYPE_CHECKING:
    from hocket.a2a.live import LiveTask

__all__ = ["Call", "Subscription"]


@frozen(kw_only=True)
class Call:
    """A request that was understood: who is to be answered, how, and what was asked.

    Attributes:
        request_id: What the caller calls it.
        dialect: How its answer looks.
        operation: What is asked.
        params: With which parameters.
        service: What came beside them.
        silence: Seconds that the agent may be silent for at the most; None for as long as it likes.
    """

    request_id: Id
    dialect: CallDialect
    operation: Operation
    params: Params
    service: ServiceParameters
    silence: float | None = None

    @property
    def sent(self) -> SendMessageRequest:
        """The parameters of a call that sends a message."""
        assert isinstance(self.params, SendMessageRequest), f"{self.operation} sends no message"
        return self.params

    @property
    def owner(self) -> Owner:
        """Who asks: the owner of the tasks that it may see, and of the one that it may start."""
        return Owner(self.service.principal, self.params.tenant or "")

    @property
    def task_id(self) -> str | None:
        """The task that it names, or None."""
        match self.params:
            case SendMessageRequest(message=message):
                return message.task_id
            case GetTaskRequest() | CancelTaskRequest() | SubscribeToTaskRequest():
                return self.params.id
            case ListTasksRequest() | GetExtendedAgentCardRequest():
                return None
            case _:
                return self.params.task_id


@define(eq=False)
class Subscription:
    """A reader of a task's log on behalf of one streaming call.

    It ends after a terminal status, and a call that started a turn also after INPUT_REQUIRED; a subscriber to an
    interrupted task stays into the next turn (our decision, spec section 3).

    Attributes:
        snapshot: The Task that comes first, as it was at the cursor's place; the events go on after it.
        is_queued: Whether its link was told that there may be something to read.
    """

    link: Link
    call: Call
    live: LiveTask
    cursor: Cursor[StreamItem]
    snapshot: Task | None = None
    history_length: int | None = None
    is_opened: bool = field(default=False, init=False)
    is_over: bool = field(default=False, init=False)
    is_queued: bool = field(default=False, init=False)

    @property
    def has_more(self) -> bool:
        """True if there is something to read."""
        return not self.is_over and bool(
            not self.is_opened or self.snapshot or self.cursor.has_more or self.live.log.is_ended
        )

    def read(self, limit: int) -> list[Delivery]:
        """The next deliveries of this call, about `limit` at the most; the last one ever is `Ended`."""
        out: list[Delivery] = []
        if not self.is_opened:
            self.is_opened = True
            out.append(Opened(request_id=self.call.request_id, task_id=self.live.id))
        if self.cursor.is_behind:
            self.cursor.jump(self.live.log.last)
            self.snapshot = self.live.fold.snapshot()
        if self.snapshot is not None:
            self._read_snapshot(self.snapshot, out)
        limit -= len(out)
        while not self.is_over and self.cursor.has_more and limit > 0:
            limit -= self._read_entries(out, limit)
        if not self.is_over and self.cursor.is_done:
            self._end(out, self.live.fold.state)
        return out

    def _read_entries(self, out: list[Delivery], limit: int) -> int:
        """Read on, until an entry ends the call: how many items that gave. Some entries have no event in a dialect.

        The loop that every event passes once for each of its readers, 0.3 µs each; it is written for the first.
        """
        dialect, task = self.call.dialect, self.live.fold.snapshot
        name, write = dialect.name, self.live.writer(dialect) if dialect.is_shared else None
        offsets: list[int] = []
        results: list[bytes] = []
        end: TaskState | None = None
        for entry in self.cursor.read(limit):
            if write is not None and (entry.is_short or entry.event.__class__ is TaskArtifactUpdateEvent):
                result = entry.encoded(name, write)  # nearly all are, and were written for somebody else already
            else:
                event = entry.event
                if isinstance(event, TaskStatusUpdateEvent) and self._ends_with(event.status.state):
                    end = event.status.state
                result = dialect.write_entry(self._trimmed(entry), task, end is not None)
            if result is not None:
                offsets.append(entry.offset)
                results.append(result)
            if end is not None:
                self.cursor.after = entry.offset
                break
        if results:
            out.append(Items(request_id=self.call.request_id, offsets=offsets, results=results))
        if end is not None:
            self._end(out, end)
        return len(results)

    def _read_snapshot(self, task: Task, out: list[Delivery]) -> None:
        self.snapshot = None
        is_last = self._ends_with(task.state)
        entry: Entry[StreamItem] = Entry(self.cursor.after, task)
        result = self.call.dialect.write_entry(self._trimmed(entry), lambda: task, is_last)
        if result is not None:
            out.append(Items(request_id=self.call.request_id, offsets=(self.cursor.after,), results=(result,)))
        if is_last:
            self._end(out, task.state)

    def _trimmed(self, entry: Entry[StreamItem]) -> Entry[StreamItem]:
        """The entry with so much of a Task's history as was asked for."""
        if self.history_length is None or not isinstance(entry.event, Task):
            return entry
        return Entry(entry.offset, trim_history(entry.event, self.history_length))

    def _ends_with(self, state: TaskState) -> bool:
        starts_turn = self.call.operation is Operation.STREAM
        return is_terminal(state) or (starts_turn and state is TaskState.INPUT_REQUIRED)

    def _end(self, out: list[Delivery], state: TaskState) -> None:
        self.is_over = True
        out.append(Ended(request_id=self.call.request_id, offset=self.cursor.after, state=state))
