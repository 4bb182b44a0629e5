r"""The gateway dialect: a task as typed events, of which an EventSource can show each as it comes.

`task.created` once at the beginning, `task.completed` or `task.error` once at the end, `task.status` and
`task.progress` between them. What an event has to say beyond the text of its source is said in members of its own:
`messageId` and `append` tell which message of the result a piece belongs to, so that the pieces amount to the result
also where an agent writes two messages by turns, or one anew. Objects look as in A2A 0.3; each part has `type` as well
as `kind`.

An item of a task's log may be several events, which are then separated by `\n`, and the last event of all has the
whole result: nobody needs to have kept the pieces.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from attrs import field, frozen

from hocket.a2a.dialects.boxes import boxed
from hocket.a2a.dialects.dialect import Operation, Result
from hocket.a2a.dialects.gateway_errors import gateway_error
from hocket.a2a.dialects.gateway_parts import TYPED_PARTS, content, joined
from hocket.a2a.dialects.item_writer import ItemWriter
from hocket.a2a.model import (
    Message,
    Metadata,
    Part,
    Role,
    StreamItem,
    Task,
    TaskArtifactUpdateEvent,
    TaskState,
    TaskStatus,
    TaskStatusUpdateEvent,
)
from hocket.a2a.states import is_terminal
from hocket.codec import Raw, dumps, escape_string
from hocket.errors import ErrorObject
from hocket.log import Entry

__all__ = ["GatewayDialect", "progress_of"]


_NOTHING = Part(text="")

_ENDS: dict[TaskState, str] = {
    TaskState.FAILED: "The task failed.",
    TaskState.CANCELED: "The task was canceled.",
    TaskState.REJECTED: "The agent rejected the task.",
}
"""What is said of a task that ended badly where its agent said nothing."""


@frozen(eq=False, kw_only=True)
class GatewayDialect:
    """The typed events of one agent behind a gateway.

    Attributes:
        agent_id: The agent's name in addresses.
        agent_name: Its name for people.
        streams_finished_tasks: A reader of a task that is over is told how it went.
        is_shared: All readers are given the same bytes.
    """

    agent_id: str
    agent_name: str
    streams_finished_tasks: bool = field(default=True, init=False)
    is_shared: bool = field(default=True, init=False)

    @property
    def name(self) -> str:
        """What to call it: the key of encoded events."""
        return f"gateway:{self.agent_id}"

    def write_entry(self, entry: Entry[StreamItem], task: Callable[[], Task], is_last: bool) -> bytes | None:
        """The events that an entry of the log amounts to, once for all readers; None if there is nothing to tell.

        Args:
            entry: What happened. A Task is told from its beginning.
            task: Gives the task as it stands, for its result.
            is_last: Whether the stream ends with it; what is told is the same.
        """
        return entry.encoded(self.name, self.item_writer(task))

    def item_writer(self, task: Callable[[], Task]) -> Callable[[StreamItem], bytes | None]:
        """What `write_entry` writes of an item, for the items of one log."""
        return ItemWriter(lambda item: b"\n".join(self._events(item, task)) or None, is_silent_without_text=True)

    def _events(self, item: StreamItem, task: Callable[[], Task]) -> Iterable[bytes]:
        match item:
            case TaskArtifactUpdateEvent(artifact=artifact):
                return _pieces(item.task_id, artifact.artifact_id, artifact.parts, append=item.append)
            case TaskStatusUpdateEvent():
                return _status(item.task_id, item.status, item.metadata, task)
            case Task():
                return self._whole(item)
            case Message():
                return ()

    def write_result(self, operation: Operation, result: Result) -> bytes:
        """The result of a call that does not stream."""
        return TYPED_PARTS.write_result(operation, result)

    def write_error(self, error: ErrorObject) -> ErrorObject:
        """The error under the number that the gateway has for it."""
        return gateway_error(error)

    def _whole(self, task: Task) -> Iterator[bytes]:
        """A task as if it had been followed from its beginning."""
        created: dict[str, Any] = {
            "id": task.id,
            "status": {"state": "working"},
            "agent": {"id": self.agent_id, "name": self.agent_name},
        }
        if _has_just_begun(task) and task.status.timestamp:
            created["created"] = task.status.timestamp
        yield dumps({"type": "task.created", "task": created})
        for artifact in task.artifacts:
            yield from _pieces(task.id, artifact.artifact_id, artifact.parts, append=False)
        if task.state is not TaskState.SUBMITTED:
            yield from _status(task.id, task.status, task.metadata, lambda: task)


def progress_of(metadata: Metadata | None) -> float | None:
    """How far the work is, 0 to 100, if the metadata of a status (or of a task) says so."""
    progress = metadata.get("progress") if metadata else None
    if isinstance(progress, bool) or not isinstance(progress, int | float):
        return None
    return progress if 0 <= progress <= 100 else None


def _has_just_begun(task: Task) -> bool:
    """Whether the time of its status is the time it was created."""
    return task.state is TaskState.SUBMITTED and len(task.history) == 1 and not task.artifacts


def _pieces(task_id: str, name: str, parts: Sequence[Part], *, append: bool) -> Iterator[bytes]:
    """One `task.progress` for each run of text, and for each other part."""
    head = b'{"type":"task.progress","taskId":%b,"partialResult":' % escape_string(task_id)
    tail = b',"messageId":%b,"append":' % escape_string(_message_id(task_id, name))
    for part in joined(parts) or [_NOTHING]:
        if append and part.text == "":
            continue
        yield b"%b%b%b%b}" % (head, content(part), tail, b"true" if append else b"false")
        append = True


def _status(task_id: str, status: TaskStatus, metadata: Metadata | None, task: Callable[[], Task]) -> Iterator[bytes]:
    """What a status means: the end, how far the work is, or a state."""
    state, said = status.state, status.message
    if state is TaskState.COMPLETED:
        if said is not None and said.parts:
            yield from _pieces(task_id, said.message_id, said.parts, append=False)
        yield _completed(task())
    elif is_terminal(state):
        error = (said.text if said is not None else "") or _ENDS[state]
        yield dumps({"type": "task.error", "taskId": task_id, "error": error, "state": state.value})
    elif state is TaskState.WORKING and (progress := progress_of(metadata)) is not None:
        event = {"type": "task.progress", "taskId": task_id, "partialResult": "", "progress": progress}
        yield dumps({**event, "message": said.text} if said is not None else event)
    else:
        shown: dict[str, Any] = {"state": state.value}
        if status.timestamp:
            shown["timestamp"] = status.timestamp
        if said is not None:
            shown["message"] = Raw(TYPED_PARTS.wire.writer(Message).to_json(boxed(said)))
        yield dumps({"type": "task.status", "taskId": task_id, "status": shown})


def _completed(task: Task) -> bytes:
    messages = [_message(_message_id(task.id, each.artifact_id), each.parts) for each in task.artifacts]
    said = task.status.message
    if said is not None and said.parts:
        messages.append(_message(_message_id(task.id, said.message_id), said.parts))
    shown: dict[str, Any] = {
        "id": task.id,
        "status": {"state": "completed"},
        "result": {"messages": messages},
    }
    if task.status.timestamp:
        shown["completed"] = task.status.timestamp
    return dumps({"type": "task.completed", "task": shown})


def _message(message_id: str, parts: Sequence[Part]) -> Raw:
    message = Message(message_id=message_id, role=Role.AGENT, parts=tuple(joined(parts)))
    return Raw(TYPED_PARTS.wire.writer(Message).to_json(boxed(message)))


def _message_id(task_id: str, name: str) -> str:
    """Of a message of the result: that of an artifact is unique in its task only."""
    return f"{task_id}:{name}"
