"""StreamReader: what a client makes of one stream. Folds its items, tells their text, and classifies its end.

Ended is not cut. A stream has *settled* if its last status is terminal, INPUT_REQUIRED or AUTH_REQUIRED, or if it
was made of bare Messages; it *failed* if the server answered with an error; anything else is *cut*: what was
received is a prefix of the answer (A2A 1.0 section 3.1.2 and our decision on where it contradicts itself).
"""

from __future__ import annotations

from collections import deque
from enum import Enum
from typing import Any, Literal, TypeAlias

from attrs import define, field, frozen

from hocket.a2a.fold import Fold, weigh
from hocket.a2a.limits import ClientLimits
from hocket.a2a.model import (
    Message,
    StreamItem,
    Task,
    TaskArtifactUpdateEvent,
    TaskState,
    TaskStatus,
    TaskStatusUpdateEvent,
)
from hocket.a2a.states import is_terminal, settles
from hocket.a2a.text import TextView
from hocket.errors import ErrorObject, HocketError, LimitExceeded, RpcError, StreamCut

__all__ = ["Kind", "Outcome", "StreamEvent", "StreamReader"]

Kind: TypeAlias = Literal["task", "status", "artifact", "message", "cut", "resumed", "error"]


class Outcome(Enum):
    """How a stream ended."""

    SETTLED = "settled"
    CUT = "cut"
    FAILED = "failed"


@frozen(kw_only=True, weakref_slot=False)
class StreamEvent:
    """One thing that a stream told its client.

    Attributes:
        kind: "task" (a whole Task), "status", "artifact", "message", "cut", "resumed" or "error".
        text: The text this event adds to the answer; joined over all events it is the answer.
        task_id: The task, once it is known.
        context_id: Its context, once it is known.
        state: The task's state after this event; None while there is no task.
        done: True for the last event of the stream, and for no other.
        offset: The event's place in the task's log, if the server tells it.
        item: The A2A object itself; None for "cut", "resumed" and "error", and for an end that came without one.
        error: Why, for "cut" and "error".
        after_last_chunk: The peer had said that the artifact was complete, and updates it all the same. It is taken.
    """

    kind: Kind
    text: str = ""
    task_id: str | None = None
    context_id: str | None = None
    state: TaskState | None = None
    done: bool = False
    offset: int | None = None
    item: StreamItem | None = None
    error: HocketError | None = None
    after_last_chunk: bool = False

    @property
    def message(self) -> str:
        """What a status says in words, progress messages included."""
        match self.item:
            case (
                Task(status=TaskStatus(message=Message() as said))
                | TaskStatusUpdateEvent(status=TaskStatus(message=Message() as said))
            ):
                return said.text
            case Message():
                return self.item.text
        return ""

    @property
    def progress(self) -> float | None:
        """Percent done, where an agent says so (`task.progress`)."""
        metadata: Any = self.item.metadata if isinstance(self.item, TaskStatusUpdateEvent) else None
        percent = metadata.get("progress") if metadata else None
        return percent if isinstance(percent, int | float) and not isinstance(percent, bool) else None


@define(eq=False)
class StreamReader:
    """Reads one stream: items in, events out.

    Args:
        is_subscription: The call subscribed to a task: INPUT_REQUIRED does not end it, the next turn follows.
        is_follow_up: The call was a further message to a task: what earlier turns said is not told again.
        limits: What is held at the most; a stream that is larger fails.
    """

    is_subscription: bool = False
    is_follow_up: bool = False
    limits: ClientLimits = ClientLimits()
    outcome: Outcome | None = field(default=None, init=False)
    offset: int | None = field(default=None, init=False)
    messages: list[Message] = field(factory=list, init=False)
    _fold: Fold = field(factory=Fold, init=False)
    _view: TextView = field(init=False)
    _events: deque[StreamEvent] = field(factory=deque, init=False)
    _task_id: str | None = field(default=None, init=False)
    _context_id: str | None = field(default=None, init=False)
    _size: int = field(default=0, init=False)

    def __attrs_post_init__(self) -> None:
        self._view = TextView(self.is_follow_up)

    @property
    def is_closed(self) -> bool:
        """True once the end is known; items that still come are ignored."""
        return self.outcome is not None

    @property
    def unread(self) -> int:
        """Events that were not taken yet."""
        return len(self._events)

    @property
    def task_id(self) -> str | None:
        """The task, once the server has told it."""
        return self._task_id

    @property
    def task(self) -> Task | None:
        """The task as far as it was received; None if there was none (yet)."""
        return None if self._fold.is_empty else self._fold.snapshot()

    def next_event(self) -> StreamEvent | None:
        """The next event, or None when all has been told."""
        return self._events.popleft() if self._events else None

    def receive(self, item: StreamItem, offset: int | None = None) -> None:
        """Take the next item of the stream."""
        if self.is_closed:
            return
        self._size = weigh(item) + (0 if isinstance(item, Task) else self._size)
        if self._size > self.limits.task_size:
            self.fail(LimitExceeded("task_size", self.limits.task_size, self._size))
            return
        if len(self._events) >= self.limits.unread:
            self.fail(LimitExceeded("unread", self.limits.unread))
            return
        self.offset = offset if offset is not None else self.offset
        done = self._is_last(item)
        late = isinstance(item, TaskArtifactUpdateEvent) and self._fold.is_sealed(item.artifact.artifact_id)
        kind = self._take(item)
        if done:
            self.outcome = Outcome.SETTLED
        self._tell(kind, text=self._view.take(item), done=done, offset=offset, item=item, after_last_chunk=late)

    def receive_error(self, error: ErrorObject) -> None:
        """The server answered with an error instead of (more) items: failed."""
        self.fail(RpcError(error))

    def fail(self, error: HocketError) -> None:
        """What came cannot be read, or the server cannot be reached: failed."""
        if not self.is_closed:
            self.outcome = Outcome.FAILED
            self._tell("error", done=True, error=error)

    def receive_end(self, reason: HocketError | None = None) -> None:
        """No more items will come: settled or cut, as the last status says. `reason`: what broke, if something did."""
        if self.is_closed:
            return
        if settles(self._fold.state) or (self._fold.is_empty and self.messages):
            self.outcome = Outcome.SETTLED
            self._tell("message" if self._fold.is_empty else "task", done=True)
            return
        self.outcome = Outcome.CUT
        where = f"in state {self._fold.state.value}" if self._task_id else "before its first event"
        why = f": {reason}" if reason is not None else ""
        self._tell("cut", done=True, error=StreamCut(f"the stream was cut {where}{why}"))

    def _take(self, item: StreamItem) -> Kind:
        match item:
            case Task():
                self._task_id, self._context_id = item.id, item.context_id
                self._fold.apply(item)
                return "task"
            case Message():
                self.messages.append(item)
                self._context_id = item.context_id or self._context_id
                return "message"
            case TaskStatusUpdateEvent() | TaskArtifactUpdateEvent():
                if self._fold.is_empty:  # a peer that leaves the Task out: the update names it
                    status = TaskStatus(state=TaskState.UNKNOWN)
                    self._fold.apply(Task(id=item.task_id, context_id=item.context_id, status=status))
                self._task_id, self._context_id = item.task_id, item.context_id or self._context_id
                self._fold.apply(item)
                return "status" if isinstance(item, TaskStatusUpdateEvent) else "artifact"

    def _is_last(self, item: StreamItem) -> bool:
        if not isinstance(item, Task | TaskStatusUpdateEvent):
            return False
        state = item.status.state
        if self.is_follow_up and self._fold.is_empty:
            return is_terminal(state)  # the Task as it was before this turn
        return is_terminal(state) or (state is TaskState.INPUT_REQUIRED and not self.is_subscription)

    def _tell(
        self,
        kind: Kind,
        *,
        text: str = "",
        done: bool = False,
        offset: int | None = None,
        item: StreamItem | None = None,
        error: HocketError | None = None,
        after_last_chunk: bool = False,
    ) -> None:
        self._events.append(
            StreamEvent(
                kind=kind,
                text=text,
                task_id=self._task_id,
                context_id=self._context_id,
                state=None if self._fold.is_empty else self._fold.state,
                done=done,
                offset=offset,
                item=item,
                error=error,
                after_last_chunk=after_last_chunk,
            )
        )
