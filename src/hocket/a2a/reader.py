"""StreamReader: what a client makes of one stream. Folds its items, tells their text, and classifies its end.

Ended is not cut. A stream has *settled* if its last status is terminal, INPUT_REQUIRED or AUTH_REQUIRED, or if it
was made of bare Messages; it *failed* if the server answered with an error; anything else is *cut*: what was
received is a prefix of the answer (A2A 1.0 section 3.1.2 and our decision on where it contradicts itself).

One reader reads on where a stream that was cut is resumed: `interrupt`, then `resume`, then more items.
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
from hocket.codec.making import maker
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
        kind: "task" (a whole Task), "status", "artifact", "message", "cut" (the connection was lost; the stream is
            tried again unless `done`), "resumed" (it goes on) or "error".
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


_update_event = maker(
    StreamEvent, "kind", "text", "task_id", "context_id", "state", "offset", "item", "after_last_chunk"
)


@define(eq=False)
class _Seam:
    """Where a stream that was cut goes on: do the two ends meet?

    Attributes:
        is_cut: The stream was cut, and was not resumed yet.
        is_new: It was resumed, and no item came since.
        is_patchy: There may be a gap, or something twice.
    """

    is_cut: bool = False
    is_new: bool = False
    is_patchy: bool = False

    def join(self, before: int | None, after: int | None) -> None:
        """The first item came: the last offset before it, and its own. The ends meet if the log's numbers say so."""
        self.is_new = False
        self.is_patchy = self.is_patchy or before is None or after is None or after <= before


@define(eq=False)
class StreamReader:
    """Reads one stream: items in, events out.

    Args:
        is_subscription: The call subscribed to a task: INPUT_REQUIRED does not end it, the next turn follows.
        is_follow_up: The call was a further message to a task: what earlier turns said is not told again.
        limits: What is held at the most; a stream that is larger fails.
        task_id: The task, if it is known from the start.
        offset: Place in the task's log of the last item that was seen before.

    Attributes:
        outcome: How the stream ended; None while it is open.
        messages: The bare Messages that came.
        news: How many items told something that was not known before.
        wants_task: The last item came, but nothing says that all before it did (see `resume`): the whole task must
            be asked for, and given to `conclude`.
    """

    is_subscription: bool = False
    is_follow_up: bool = False
    limits: ClientLimits = ClientLimits()
    _task_id: str | None = field(default=None, kw_only=True)
    offset: int | None = field(default=None, kw_only=True)
    outcome: Outcome | None = field(default=None, init=False)
    messages: list[Message] = field(factory=list, init=False)
    news: int = field(default=0, init=False)
    wants_task: bool = field(default=False, init=False)
    _seam: _Seam = field(factory=lambda: _Seam(), init=False)
    _fold: Fold = field(factory=Fold, init=False)
    _view: TextView = field(init=False)
    _events: deque[StreamEvent] = field(factory=deque, init=False)
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

    @property
    def text(self) -> str:
        """The text of all events so far, joined."""
        return self._view.shown

    @property
    def artifact_text(self) -> str:
        """The text of the task's artifacts as far as they were received; of a follow-up, what this turn added."""
        return "" if self.task is None else self._view.of_artifacts(self.task)

    def next_event(self) -> StreamEvent | None:
        """The next event, or None when all has been told."""
        return self._events.popleft() if self._events else None

    def receive(self, item: StreamItem, offset: int | None = None) -> None:
        """Take the next item of the stream."""
        if self.outcome is not None:
            return
        seam = self._seam
        if seam.is_cut or seam.is_new:
            self.resume()
            seam.join(self.offset, offset)
        if not self._fits(weigh(item) + (0 if isinstance(item, Task) else self._size)):
            return
        if len(self._events) >= self.limits.unread:
            self.fail(LimitExceeded("unread", self.limits.unread))
            return
        if offset is not None:
            self.offset = offset
        if isinstance(item, TaskArtifactUpdateEvent) and not self._fold.is_empty:
            self._take_update(item, offset)
            return
        is_last = self._is_last(item)
        self.wants_task = is_last and self._seam.is_patchy
        done = is_last and not self.wants_task
        self.news += not (isinstance(item, Task) and item == self.task)
        kind = self._take(item)
        if done:
            self.outcome = Outcome.SETTLED
        self._tell(kind, text=self._view.take(item), done=done, offset=offset, item=item)

    def _take_update(self, item: TaskArtifactUpdateEvent, offset: int | None) -> None:
        """Nearly all the items of a stream are of this kind, and none is the last (4.1 µs -> 1.5, with `weigh`)."""
        fold = self._fold
        late = fold.apply_update(item)
        self.news += 1
        self.wants_task = False
        self._task_id = item.task_id
        self._context_id = item.context_id or self._context_id
        text = self._view.take(item)
        self._events.append(
            _update_event("artifact", text, item.task_id, self._context_id, fold.state, offset, item, late)
        )

    def receive_error(self, error: ErrorObject) -> None:
        """The server answered with an error instead of (more) items: failed."""
        self.fail(RpcError(error))

    def fail(self, error: HocketError) -> None:
        """What came cannot be read, or the server cannot be reached: failed."""
        if not self.is_closed:
            self.outcome = Outcome.FAILED
            self._tell("error", done=True, error=error)

    @property
    def is_settled(self) -> bool:
        """Whether an end of the stream would be one by now, rather than a cut."""
        return settles(self._fold.state) or (self._fold.is_empty and bool(self.messages))

    @property
    def is_patchy(self) -> bool:
        """Whether there may be a gap where the stream was resumed, or something twice."""
        return self._seam.is_patchy

    @property
    def is_waiting(self) -> bool:
        """Whether the stream was cut, and no item came since."""
        return self._seam.is_cut or self._seam.is_new

    def receive_end(self, reason: HocketError | str | None = None) -> None:
        """No more items will come: settled or cut, as the last status says. `reason`: what broke, if something did."""
        if self.is_closed:
            return
        if self.is_settled and not self._seam.is_patchy:
            self.outcome = Outcome.SETTLED
            self._tell("message" if self._fold.is_empty else "task", done=True)
        else:
            self.outcome = Outcome.CUT
            self._tell("cut", done=True, error=self._cut(reason))

    def interrupt(self, reason: HocketError | None = None) -> None:
        """The connection was lost, and the stream will be tried again: "cut" is told, and is not the end.

        It is told once, however often the attempts fail that follow.
        """
        if not self.is_closed and not self._seam.is_cut:
            self._seam.is_cut = True
            self._tell("cut", error=self._cut(reason))

    def resume(self) -> None:
        """The server answers again: "resumed" is told. The first item tells it as well, if nobody has.

        The next item is trusted to follow the last one if both have an offset, and its own is the larger. If not
        (servers that number nothing), the stream ends with the whole task: see `wants_task`.
        """
        if not self.is_closed and self._seam.is_cut:
            self._seam.is_cut, self._seam.is_new = False, True
            self._view.is_resumed = True
            self._tell("resumed")

    def conclude(self, task: Task) -> None:
        """The whole task, asked for because the stream could not tell it: its last event, and the end."""
        if not self.is_closed and self._fits(weigh(task)):
            self.resume()
            self.wants_task = False
            kind = self._take(task)
            self.outcome = Outcome.SETTLED
            self._tell(kind, text=self._view.take(task), done=True, item=task)

    def _cut(self, reason: HocketError | str | None) -> StreamCut:
        where = "before its first event" if self._fold.is_empty else f"in state {self._fold.state.value}"
        cut = StreamCut(f"the stream was cut {where}{f': {reason}' if reason is not None else ''}")
        cut.__cause__ = reason if isinstance(reason, HocketError) else None
        return cut

    def _fits(self, size: int) -> bool:
        """Whether so much may be held from now on; the stream fails if not."""
        self._size = size
        if size <= self.limits.task_size:
            return True
        self.fail(LimitExceeded("task_size", self.limits.task_size, size))
        return False

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
            )
        )
