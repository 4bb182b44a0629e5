"""What a client makes of what came back: the answer as text or as an object, or what went wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from attrs import define, field

from hocket.a2a import (
    Artifact,
    ClientCall,
    Message,
    Operation,
    Outcome,
    Result,
    StreamEvent,
    StreamReader,
    Task,
    TaskState,
)
from hocket.a2a.states import is_terminal
from hocket.errors import AgentError, Code, CodecError, HocketError, LocalProtocolError, RpcError

__all__ = ["StreamView", "answer_as", "nothing"]

T = TypeVar("T")

_WITHOUT_ANSWER = (TaskState.FAILED, TaskState.REJECTED, TaskState.CANCELED)
_ASKS = (TaskState.INPUT_REQUIRED, TaskState.AUTH_REQUIRED)


def nothing() -> None:
    """What there is to take from a stream of which nothing has come, or nothing is wanted."""


@define(eq=False)
class StreamView:
    """What a stream tells about itself besides its events."""

    _take: Callable[[], StreamEvent | None] = field(default=nothing, init=False)
    _call: ClientCall | None = field(default=None, init=False)
    _failure: HocketError | None = field(default=None, init=False)
    _is_told: bool = field(default=False, init=False)

    @property
    def task_id(self) -> str | None:
        """The task, once the server has told it."""
        return self._call.reader.task_id if self._call else None

    @property
    def task(self) -> Task | None:
        """The task as far as it was received."""
        return self._call.reader.task if self._call else None

    @property
    def artifacts(self) -> tuple[Artifact, ...]:
        """The artifacts of the task as far as they were received."""
        return self.task.artifacts if self.task is not None else ()

    @property
    def outcome(self) -> Outcome | None:
        """Settled, cut or failed; None while the stream is open."""
        return self._call.outcome if self._call else None

    def _known_task_id(self, purpose: str) -> str:
        """The task.

        Raises:
            LocalProtocolError: The server has not told it yet.
        """
        if self.task_id is None:
            raise LocalProtocolError(f"the stream has no task yet: read its first event before you {purpose}")
        return self.task_id

    def _end(self, event: StreamEvent) -> StreamEvent:
        """Remember how it ends."""
        self._is_told, self._failure = True, event.error
        return event

    def _may_be_over(self, event: StreamEvent) -> bool:
        """Whether this is how 1.0 refuses a subscription to a task that is over: then the task itself is the answer."""
        call, error = self._call, event.error
        is_refused = isinstance(error, RpcError) and error.code == Code.UNSUPPORTED_OPERATION
        return call is not None and call.operation is Operation.SUBSCRIBE and call.reader.task is None and is_refused

    def _over_with(self, task: Task, refusal: StreamEvent) -> StreamEvent:
        """The one event of a stream whose task was over before it began; the refusal if that was not the reason."""
        call = self._call
        if call is None or not is_terminal(task.state):
            return refusal
        call.reader = StreamReader(is_subscription=True, limits=call.limits)
        call.reader.receive(task)
        return call.reader.next_event() or refusal

    def _whole_call(self) -> ClientCall:
        """The call of a stream that was read to its end.

        Raises:
            HocketError: What went wrong on the way.
            AgentError: The task failed, was rejected or canceled.
            LocalProtocolError: It was left before its end.
        """
        if self._failure is not None:
            raise self._failure
        if self._call is None or not self._is_told:
            raise LocalProtocolError("the stream was closed before its end: there is no whole answer")
        task = self._call.reader.task
        if task is not None and task.state in _WITHOUT_ANSWER:
            raise _failure(task)
        return self._call

    def _whole_result(self) -> Task | Message:
        reader = self._whole_call().reader
        return reader.task or reader.messages[-1]

    def _whole_text(self) -> str:
        """The text: what the agent produced, and what it asks, if it asks."""
        call = self._whole_call()
        reader, task = call.reader, call.reader.task
        if task is None or not task.artifacts or (call.is_follow_up and not reader.is_patchy):
            return reader.text
        question = task.status.message.text if task.state in _ASKS and task.status.message else ""
        return reader.artifact_text + question


def answer_as(kind: type[T], answer: Result) -> T:
    """The answer, which can only be of that kind.

    Raises:
        CodecError: It is of another.
    """
    if isinstance(answer, kind):
        return answer
    raise CodecError(f"must be a {kind.__name__}", "result")


def _failure(task: Task) -> AgentError:
    said = task.status.message.text if task.status.message else ""
    return AgentError(f"the task is {task.state.value}" + (f": {said}" if said else ""))
