"""Told: what an agent has said so far, task by task, and what it may therefore not say any more."""

from __future__ import annotations

from attrs import define, field

from hocket.a2a import (
    V1_0,
    Dialect,
    Message,
    Operation,
    Params,
    Part,
    Role,
    SendMessageRequest,
    StreamItem,
    Task,
    TaskState,
    TaskStatus,
)
from hocket.codec import loads
from hocket.errors import Code, CodecError, ErrorObject
from hocket.testing.probe import Conversation
from hocket.testing.violation import Violation
from hocket.testing.worlds.a2a.book import FINAL, QUESTIONS, folded

__all__ = ["Told", "user_says"]


def user_says(words: str, message_id: str, task_id: str | None = None) -> SendMessageRequest:
    """The parameters of a message of the user."""
    message = Message(message_id=message_id, role=Role.USER, parts=(Part(text=words),), task_id=task_id)
    return SendMessageRequest(message=message)


@define(eq=False)
class _Stream:
    """One stream: how its task stands by what it has told."""

    operation: Operation
    about: str | None
    task: Task | None = None
    is_whole: bool = False
    is_refused: bool = False
    has_message: bool = False

    @property
    def state(self) -> TaskState | None:
        return None if self.task is None else self.task.state

    @property
    def waits_for_user(self) -> bool:
        asks_along = self.operation is Operation.SUBSCRIBE and self.state in QUESTIONS
        return asks_along or self.state is TaskState.AUTH_REQUIRED


@define(eq=False)
class Told:
    """The model of an agent that is somewhere.

    Attributes:
        tasks: The tasks that it has told of; those that are over, as they were when they were told to be.
        dialect: What it speaks.
        has_failed: Whether it has been caught.
    """

    tasks: dict[str, Task | None] = field(factory=dict)
    dialect: Dialect = V1_0
    has_failed: bool = False
    _streams: dict[Conversation, _Stream] = field(factory=dict, init=False)

    def task_id(self, number: int) -> str:
        """One of its tasks."""
        return list(self.tasks)[number % len(self.tasks)]

    # Streams ------------------------------------------------------------------------------------------------------

    def opened(self, conversation: Conversation, operation: Operation, params: Params) -> None:
        """A stream was asked for."""
        about = params.message.task_id if isinstance(params, SendMessageRequest) else getattr(params, "id", None)
        self._streams[conversation] = _Stream(operation, about)

    def waits_for_user(self, conversation: Conversation) -> bool:
        """Whether a stream may be silent for as long as its user is."""
        return self._streams[conversation].waits_for_user

    def left(self, conversation: Conversation) -> None:
        """Nobody reads it any more."""
        del self._streams[conversation]

    def item(self, conversation: Conversation, data: bytes) -> None:
        """A message of a stream came.

        Raises:
            Violation: `readable`, `one-terminal`, `fold`, `over-is-over`.
        """
        stream = self._streams[conversation]
        item = self._response(data)
        if stream.is_refused or stream.state in FINAL:
            raise self._caught("one-terminal", f"something comes after the end: {data[:300]!r}")
        if isinstance(item, ErrorObject):
            stream.is_refused = True
        elif isinstance(item, Message):
            stream.has_message = True
        else:
            self._tell(stream, item)

    def ended(self, conversation: Conversation) -> None:
        """There is no further message in a stream.

        Raises:
            Violation: `ended-not-cut`, `every-call-ends`.
        """
        stream, end = self._streams.pop(conversation), conversation.end
        if stream.is_refused:
            return
        where = f"in state {stream.state.value}" if stream.state is not None else "before its first item"
        has_settled = stream.state in (*FINAL, *QUESTIONS) or stream.has_message
        if end == "cut":
            raise self._caught("ended-not-cut", f"the stream was cut {where}: {conversation.reason}")
        if end == "complete" and not has_settled:
            raise self._caught("ended-not-cut", f"the stream ends {where}, and looks complete")
        if end == "silent" and not stream.waits_for_user:
            raise self._caught("every-call-ends", f"the stream is silent {where}, and has not ended")

    def _tell(self, stream: _Stream, item: StreamItem) -> None:
        if isinstance(item, Task):
            stream.is_whole = True
        elif stream.task is None and not isinstance(item, Message):  # a peer that leaves the task out
            stream.is_whole = stream.operation is Operation.STREAM and stream.about is None
            stream.task = Task(id=item.task_id, status=TaskStatus(state=TaskState.UNKNOWN))
        stream.task = task = folded(stream.task, item)
        if stream.about is not None and task.id != stream.about:
            raise self._caught("fold", f"task {stream.about} was asked for, and {task.id} was told")
        self.tasks.setdefault(task.id, None)
        if stream.is_whole and task.state in FINAL:
            self._stands(task)

    # Answers ------------------------------------------------------------------------------------------------------

    def answered(self, operation: Operation, params: Params, data: bytes | None) -> None:
        """The answer to a call came; None if none did.

        Raises:
            Violation: `every-call-ends`, `readable`, `refusal`, `over-is-over`, `ended-not-cut`.
        """
        if data is None:
            raise self._caught("every-call-ends", f"{operation.value} was not answered: {params}")
        answer = self._result(operation, data)
        asked = getattr(params, "id", None)
        match operation, answer:
            case Operation.GET, ErrorObject() if asked in self.tasks:
                raise self._caught("refusal", f"task {asked} was there, and now: {answer}")
            case Operation.GET, Task() if asked not in self.tasks:
                raise self._caught("refusal", f"nobody has begun task {asked}, and it is there: {answer}")
            case Operation.GET, ErrorObject(code=code) if code != Code.TASK_NOT_FOUND:
                raise self._caught("refusal", f"nobody has begun task {asked}, and the error is {answer}")
            case Operation.CANCEL, ErrorObject(code=Code.TASK_NOT_FOUND):
                raise self._caught("refusal", f"task {asked} was there, and now: {answer}")
            case Operation.CANCEL, Task() if answer.state is not TaskState.CANCELED:
                raise self._caught("ended-not-cut", f"task {asked} was canceled, and is {answer.state.value}")
            case Operation.SEND, Task() if self.dialect is V1_0 and answer.state not in (*FINAL, *QUESTIONS):
                raise self._caught("ended-not-cut", f"the answer to a message is a task that is {answer.state.value}")
        if isinstance(answer, Task):
            self._stands(answer)

    def _stands(self, task: Task) -> None:
        """A task is so now, or was so at its end."""
        known = self.tasks.setdefault(task.id, None)
        if known is not None and (known.state, known.artifacts) != (task.state, task.artifacts):
            raise self._caught("over-is-over", f"the task was over as {known}, and now it is {task}")
        if task.state in FINAL:
            self.tasks[task.id] = task

    # How it is read -----------------------------------------------------------------------------------------------

    def _response(self, data: bytes) -> StreamItem | ErrorObject:
        try:
            return self.dialect.read_response(data)
        except CodecError as error:
            raise self._caught("readable", f"{error}: {data[:300]!r}") from error

    def _result(self, operation: Operation, data: bytes) -> object:
        try:
            match loads(data, envelope=True):
                case {"error": {"code": int(code), "message": str(message), **more}}:
                    return ErrorObject(code, message, more.get("data"))
                case {"result": result}:
                    return self.dialect.read_result(operation, result)
        except CodecError as error:
            raise self._caught("readable", f"{error}: {data[:300]!r}") from error
        raise self._caught("readable", f"neither a result nor an error: {data[:300]!r}")

    def _caught(self, invariant: str, detail: str) -> Violation:
        self.has_failed = True
        return Violation(invariant, detail)
