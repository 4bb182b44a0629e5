"""Progress events: a task as a bar that fills: `{"task_id", "status", "progress", "message"?, "result"?}`, no more.

Only what moves the bar or says something is an event: text and data come with the last one, whole. Each event says all
there is to know, so that one can be missed. `progress` is what the agent said last, also where it is less than before.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attrs import field, frozen

from hocket.a2a.dialects.dialect import Operation, Result
from hocket.a2a.dialects.gateway import progress_of
from hocket.a2a.dialects.gateway_errors import gateway_error
from hocket.a2a.dialects.gateway_parts import content, joined
from hocket.a2a.model import StreamItem, Task, TaskState, TaskStatus, TaskStatusUpdateEvent, text_of
from hocket.codec import Raw, dumps
from hocket.errors import ErrorObject
from hocket.log import Entry

__all__ = ["PROGRESS", "ProgressDialect"]

_STATUSES: dict[TaskState, str] = {
    TaskState.COMPLETED: "completed",
    TaskState.FAILED: "failed",
    TaskState.REJECTED: "failed",
    TaskState.CANCELED: "cancelled",
}
"""The word for each state that is not "running"."""

_MESSAGES: dict[TaskState, str] = {
    TaskState.FAILED: "The task failed",
    TaskState.REJECTED: "The agent rejected the task",
    TaskState.CANCELED: "The task was cancelled",
}
"""What is said of a task that ended badly where its agent said nothing."""

_SILENT = (TaskState.SUBMITTED, TaskState.WORKING, TaskState.UNKNOWN)


@frozen(eq=False)
class ProgressDialect:
    """The progress events of any agent.

    Attributes:
        name: What to call it: the key of encoded events.
        streams_finished_tasks: A reader of a task that is over is told how it went.
        is_shared: All readers are given the same bytes.
    """

    name: str = field(default="progress", init=False)
    streams_finished_tasks: bool = field(default=True, init=False)
    is_shared: bool = field(default=True, init=False)

    def write_entry(self, entry: Entry[StreamItem], task: Callable[[], Task], is_last: bool) -> bytes | None:
        """The event that an entry of the log amounts to, once for all readers; None if it moves nothing.

        Args:
            entry: What happened.
            task: Gives the task as it stands, for its result, and for its progress where the entry names none.
            is_last: Whether the stream ends with it; what is told is the same.
        """
        return entry.encoded(self.name, self.item_writer(task))

    def item_writer(self, task: Callable[[], Task]) -> Callable[[StreamItem], bytes | None]:
        """What `write_entry` writes of an item, for the items of one log."""
        return lambda item: _written(item, task)

    def write_result(self, operation: Operation, result: Result) -> bytes:
        """How the task stands, as an event says it."""
        assert isinstance(result, Task), "only what is answered with a task is asked in this form"
        return dumps(_event(result, None))

    def write_error(self, error: ErrorObject) -> ErrorObject:
        """The error under the number that the gateway has for it."""
        return gateway_error(error)


PROGRESS = ProgressDialect()


def _written(item: StreamItem, task: Callable[[], Task]) -> bytes | None:
    match item:
        case Task():
            return dumps(_event(item, progress_of(item.metadata)))
        case TaskStatusUpdateEvent(status=status):
            progress = progress_of(item.metadata)
            if progress is None and status.message is None and status.state in _SILENT:
                return None
            return dumps(_event(task(), progress, status))
    return None


def _event(task: Task, progress: float | None, status: TaskStatus | None = None) -> dict[str, Any]:
    """A status of a task, by default the one it has now."""
    status = status or task.status
    state = status.state
    if state is TaskState.COMPLETED:
        progress = 100
    elif progress is None:
        progress = progress_of(task.metadata) or 0
    event: dict[str, Any] = {"task_id": task.id, "status": _STATUSES.get(state, "running"), "progress": progress}
    message = (status.message.text if status.message else "") or _MESSAGES.get(state, "")
    if message:
        event["message"] = message
    if state is TaskState.COMPLETED:
        event["result"] = _result(task)
    return event


def _result(task: Task) -> str | Raw:
    """The text of a task; where it has other parts as well, all that it has: texts, values and files."""
    said = task.status.message
    contents = [artifact.parts for artifact in task.artifacts] + ([said.parts] if said else [])
    parts = [part for each in contents for part in each]
    if all(part.text is not None for part in parts):
        return text_of(parts)
    values = [content(part) for part in joined(parts) if part.text != ""]
    return Raw(values[0] if len(values) == 1 else b"[%b]" % b",".join(values))
