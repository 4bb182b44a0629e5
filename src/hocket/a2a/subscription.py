"""Subscription: one streaming call as a cursor on a task's log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import define, field, frozen

from hocket.a2a.dialects import Dialect, Operation, Params
from hocket.a2a.fold import trim_history
from hocket.a2a.model import StreamItem, Task, TaskState, TaskStatusUpdateEvent
from hocket.a2a.parameters import ServiceParameters
from hocket.a2a.ports import Delivery, Ended, Item, Link, Opened, Owner
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
from hocket.log import Cursor

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
    dialect: Dialect
    operation: Operation
    params: Params
    service: ServiceParameters
    silence: float | None = None

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
        while not self.is_over and self.cursor.has_more and len(out) < limit:
            self._read_entries(out, limit - len(out))
        if not self.is_over and self.cursor.is_done:
            self._end(out, self.live.fold.state)
        return out

    def _read_entries(self, out: list[Delivery], limit: int) -> None:
        """Read on, until an entry ends the call. Entries that no version sends give nothing."""
        dialect = self.call.dialect
        for entry in self.cursor.read(limit):
            item = self._trimmed(entry.event)
            result = (
                entry.encoded(dialect.name, dialect.write_item) if item is entry.event else dialect.write_item(item)
            )
            if result is not None:
                out.append(Item(request_id=self.call.request_id, offset=entry.offset, result=result))
            if isinstance(item, TaskStatusUpdateEvent) and self._ends_with(item.status.state):
                self.cursor.after = entry.offset
                self._end(out, item.status.state)
                return

    def _read_snapshot(self, task: Task, out: list[Delivery]) -> None:
        self.snapshot = None
        result = self.call.dialect.write_item(trim_history(task, self.history_length))
        assert result is not None, "every dialect can write a Task"
        out.append(Item(request_id=self.call.request_id, offset=self.cursor.after, result=result))
        if self._ends_with(task.state):
            self._end(out, task.state)

    def _trimmed(self, item: StreamItem) -> StreamItem:
        if self.history_length is None or not isinstance(item, Task):
            return item
        return trim_history(item, self.history_length)

    def _ends_with(self, state: TaskState) -> bool:
        starts_turn = self.call.operation is Operation.STREAM
        return is_terminal(state) or (starts_turn and state is TaskState.INPUT_REQUIRED)

    def _end(self, out: list[Delivery], state: TaskState) -> None:
        self.is_over = True
        out.append(Ended(request_id=self.call.request_id, offset=self.cursor.after, state=state))
