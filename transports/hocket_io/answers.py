"""What a client makes of what came back: the answer as text, or what went wrong."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import define, field

from hocket.a2a import ClientCall, Message, Outcome, StreamEvent, Task, TaskState
from hocket.errors import AgentError, CodecError

__all__ = ["StreamView", "task_of", "whole_text"]

_WITHOUT_ANSWER = (TaskState.FAILED, TaskState.REJECTED, TaskState.CANCELED)
_ASKS = (TaskState.INPUT_REQUIRED, TaskState.AUTH_REQUIRED)


@define(eq=False)
class StreamView:
    """What a stream tells about itself besides its events."""

    _call: ClientCall | None = field(default=None, init=False)

    @property
    def task_id(self) -> str | None:
        """The task, once the server has told it."""
        return self._call.reader.task_id if self._call else None

    @property
    def task(self) -> Task | None:
        """The task as far as it was received."""
        return self._call.reader.task if self._call else None

    @property
    def outcome(self) -> Outcome | None:
        """Settled, cut or failed; None while the stream is open."""
        return self._call.outcome if self._call else None


def whole_text(events: Sequence[StreamEvent], call: ClientCall) -> str:
    """The text of a stream that was read to its end: what the agent produced, and what it asks, if it asks.

    Raises:
        HocketError: What went wrong on the way.
        AgentError: The task failed, was rejected or canceled.
    """
    for event in events:
        if event.error is not None:
            raise event.error
    task = call.reader.task
    if task is not None and task.state in _WITHOUT_ANSWER:
        raise _failure(task)
    if task is None or not task.artifacts or call.is_follow_up:
        return "".join(event.text for event in events)
    question = task.status.message.text if task.state in _ASKS and task.status.message else ""
    return "".join(artifact.text for artifact in task.artifacts) + question


def task_of(answer: Task | Message) -> Task:
    """The answer, which can only be a Task.

    Raises:
        CodecError: It is a Message.
    """
    if isinstance(answer, Task):
        return answer
    raise CodecError("must be a Task", "result")


def _failure(task: Task) -> AgentError:
    said = task.status.message.text if task.status.message else ""
    return AgentError(f"the task is {task.state.value}" + (f": {said}" if said else ""))
