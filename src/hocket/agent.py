"""Agent: the declaration of an agent, and what each value that its function yields means.

An agent is a function that is given a task and yields its answer. This module declares it and turns what it
yields into A2A events; running it, on whatever event loop, is the business of a transport (`hocket_io`).
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, Literal, TypeVar

from attrs import define, evolve, field, frozen

from hocket.a2a.card import AgentCapabilities, AgentCard, AgentInterface, AgentSkill
from hocket.a2a.dialects import DIALECTS, V1_0
from hocket.a2a.model import (
    Artifact,
    Message,
    Part,
    Role,
    StreamItem,
    Task,
    TaskArtifactUpdateEvent,
    TaskState,
    TaskStatus,
    TaskStatusUpdateEvent,
)
from hocket.a2a.states import is_terminal, settles
from hocket.codec import loads
from hocket.entropy import Entropy
from hocket.errors import CodecError, LocalProtocolError

__all__ = ["Agent", "AgentTask", "Progress", "Speech"]

F = TypeVar("F", bound=Callable[..., Any])
Said = TypeVar("Said", TaskStatusUpdateEvent, TaskArtifactUpdateEvent)


@frozen
class Progress:
    """How far the work is: a WORKING status whose metadata carries `progress`.

    Attributes:
        percent: 0 to 100.
        message: What is being done, for a person; "" to say nothing.
    """

    percent: float
    message: str = ""


@frozen
class AgentTask:
    """What an agent's function is given: the task and the message it has to answer.

    Attributes:
        id: The task's id.
        context_id: The conversation it belongs to.
        message: The message that started this turn.
        history: All messages of the task so far, this one included.
    """

    id: str
    context_id: str
    message: Message
    history: tuple[Message, ...] = ()

    @classmethod
    def of(cls, task: Task, message: Message) -> AgentTask:
        """The turn of `task` that answers `message`."""
        return cls(task.id, task.context_id or "", message, task.history)

    @property
    def text(self) -> str:
        """The text of the message."""
        return self.message.text

    @property
    def parts(self) -> tuple[Part, ...]:
        """The parts of the message."""
        return self.message.parts

    def progress(self, percent: float, message: str = "") -> Progress:
        """Say how far the work is: `yield task.progress(50, "Checking team calendars")`.

        Raises:
            LocalProtocolError: `percent` is not a number from 0 to 100.
        """
        if not 0 <= percent <= 100:
            raise LocalProtocolError(f"progress goes from 0 to 100, got {percent!r}")
        return Progress(percent, message)


@define(eq=False)
class Agent:
    """The declaration of an agent: a function and what the world is told about it.

    Args:
        name: The agent's name, as its card gives it.
        description: One sentence for the card; the function's docstring if left out.
        version: The agent's own version.
        debug: Tell callers the text of an exception that ended a task. Not for production.
        on_disconnect: "cancel" cancels a task when nobody reads it or waits for it any more.
        skills: What the card lists; one skill made from the function if left out.

    Raises:
        LocalProtocolError: `on_disconnect` is neither of the two.

    >>> agent = Agent("hello")
    >>> @agent.stream
    ... def hello(task):
    ...     "Greets."
    ...     yield "Hello " + task.text
    >>> agent.card("http://127.0.0.1:8000/").skills[0].description
    'Greets.'
    """

    name: str
    description: str = field(default="", kw_only=True)
    version: str = field(default="1.0.0", kw_only=True)
    debug: bool = field(default=False, kw_only=True)
    on_disconnect: Literal["continue", "cancel"] = field(default="continue", kw_only=True)
    skills: tuple[AgentSkill, ...] = field(default=(), kw_only=True)
    _function: Callable[[AgentTask], Any] | None = field(default=None, init=False)

    def __attrs_post_init__(self) -> None:
        if self.on_disconnect not in ("continue", "cancel"):
            raise LocalProtocolError(f"on_disconnect is 'continue' or 'cancel', not {self.on_disconnect!r}")

    def stream(self, function: F) -> F:
        """Declare the agent's function: a decorator that gives the function back unchanged.

        The function takes the task. A plain or async function answers with what it returns; a plain or async
        generator streams what it yields: str (text), dict (data), bytes (a file), `task.progress(…)`, or an A2A
        object (`Part`, `Artifact`, `Message`, `TaskStatus` and the two update events).

        Raises:
            LocalProtocolError: The agent has a function already, or this one cannot take exactly one argument.
        """
        if self._function is not None:
            raise LocalProtocolError(f"agent {self.name!r} has a function already: {_name_of(self._function)}")
        try:
            _check_takes_one(function)
        except TypeError as error:
            raise LocalProtocolError(f"{_name_of(function)} must take the task as its one argument: {error}") from None
        self._function = function
        return function

    @property
    def function(self) -> Callable[[AgentTask], Any]:
        """The declared function.

        Raises:
            LocalProtocolError: There is none yet.
        """
        if self._function is None:
            raise LocalProtocolError(f"agent {self.name!r} has no function: put @agent.stream above one")
        return self._function

    def card(self, url: str) -> AgentCard:
        """What the agent says of itself to those who find it at `url`."""
        summary = inspect.getdoc(self.function) or ""
        description = self.description or summary.partition("\n\n")[0].replace("\n", " ") or self.name
        skill = AgentSkill(id=_name_of(self.function), name=self.name, description=description, tags=("streaming",))
        return AgentCard(
            name=self.name,
            description=description,
            version=self.version,
            url=url,
            protocol_version="0.3.0",
            preferred_transport="JSONRPC",
            supported_interfaces=tuple([AgentInterface(url=url, protocol_version=each.version) for each in DIALECTS]),
            capabilities=AgentCapabilities(streaming=True, push_notifications=False),
            skills=self.skills or (skill,),
        )


@define(eq=False)
class Speech:
    """What an agent says during one turn, as A2A events: the bookkeeping of first, append, lastChunk and the end.

    Text goes to one artifact of the turn, chunk by chunk; data and files are artifacts of their own.

    Args:
        task_id: The task that is answered.
        context_id: Its context.
        run: Number of the turn; it keeps the artifacts of two turns apart.
        entropy: Where message ids come from.

    >>> from hocket.entropy import seeded
    >>> speech = Speech("t", "c", 1, seeded())
    >>> [event.append for chunk in ("Hel", "lo") for event in speech.say(chunk)]
    [False, True]
    """

    task_id: str
    context_id: str
    run: int
    entropy: Entropy
    is_over: bool = field(default=False, init=False)
    _has_text: bool = field(default=False, init=False)
    _is_sealed: bool = field(default=False, init=False)
    _artifacts: int = field(default=0, init=False)
    _state: TaskState = field(default=TaskState.WORKING, init=False)

    def say(self, value: Any) -> list[StreamItem]:
        """The events that a yielded value means. None and "" mean none.

        Raises:
            LocalProtocolError: The value has no meaning here, cannot be written as JSON, or the turn is over.
        """
        if self.is_over:
            raise LocalProtocolError(f"the task is {self._state.value}: nothing can follow that")
        if isinstance(value, str):
            return [self._text(value if value.__class__ is str else str(value))] if value else []
        return self._meaning(value)

    def finish(self, value: Any = None) -> list[StreamItem]:
        """The end of the function, which returned `value`: the text is sealed, and the task COMPLETED if unsettled.

        Raises:
            LocalProtocolError: The value has no meaning here.
        """
        if self.is_over:
            return []
        whole_text = isinstance(value, str) and value and not self._has_text
        items: list[StreamItem] = [self._text(str(value), last_chunk=True)] if whole_text else self.say(value)
        if self._has_text and not self._is_sealed:
            items.append(self._text("", last_chunk=True))
        if not settles(self._state):
            items.append(self._note(self._status(TaskState.COMPLETED)))
        return items

    def fail(self, correlation_id: str, detail: str = "") -> list[StreamItem]:
        """The function raised: FAILED, with the id under which the log tells why, and `detail` only when debugging."""
        text = f"The agent failed; its log has the reason under {correlation_id}."
        return [self._note(self._status(TaskState.FAILED, self._message(f"{text} {detail}".strip())))]

    def _meaning(self, value: Any) -> list[StreamItem]:
        match value:
            case None:
                return []
            case dict():
                return [self._whole("data", Part(data=value))]
            case bytes() | bytearray() | memoryview():
                return [self._whole("file", Part(raw=bytes(value), media_type="application/octet-stream"))]
            case Progress():
                return [self._note(_detached(self._progress(value)))]
            case Part():
                return [self._whole("part", value)]
            case Artifact():
                return [_detached(self._update(value, last_chunk=True))]
            case Message():
                return [self._note(_detached(self._status(TaskState.WORKING, self._addressed(value))))]
            case TaskStatus():
                return self._become(_detached(self._status(value.state, value.message, value.timestamp)))
            case TaskStatusUpdateEvent():
                return self._become(_detached(value))
            case TaskArtifactUpdateEvent():
                return [_detached(value)]
        raise LocalProtocolError(
            f"{type(value).__name__} is nothing an agent can say: "
            "yield str, dict, bytes, task.progress(…) or an A2A object"
        )

    def _text(self, text: str, *, last_chunk: bool = False) -> TaskArtifactUpdateEvent:
        append, self._has_text = self._has_text, True
        self._is_sealed = last_chunk
        artifact = Artifact(artifact_id=f"text-{self.run}", parts=(Part(text=text),))
        return self._update(artifact, append=append, last_chunk=last_chunk)

    def _whole(self, kind: str, part: Part) -> TaskArtifactUpdateEvent:
        artifact = Artifact(artifact_id=f"{kind}-{self.run}-{self._artifacts + 1}", parts=(part,))
        update = _detached(self._update(artifact, last_chunk=True))
        self._artifacts += 1
        return update

    def _update(self, artifact: Artifact, *, append: bool = False, last_chunk: bool = False) -> TaskArtifactUpdateEvent:
        return TaskArtifactUpdateEvent(
            task_id=self.task_id,
            context_id=self.context_id,
            artifact=artifact,
            append=append,
            last_chunk=last_chunk,
        )

    def _progress(self, value: Progress) -> TaskStatusUpdateEvent:
        message = self._message(value.message) if value.message else None
        return evolve(self._status(TaskState.WORKING, message), metadata={"progress": value.percent})

    def _status(
        self, state: TaskState, message: Message | None = None, timestamp: str | None = None
    ) -> TaskStatusUpdateEvent:
        status = TaskStatus(state=state, message=message, timestamp=timestamp)
        return TaskStatusUpdateEvent(task_id=self.task_id, context_id=self.context_id, status=status)

    def _message(self, text: str) -> Message:
        message = Message(message_id=self.entropy.new_id(), role=Role.AGENT, parts=(Part(text=text),))
        return self._addressed(message)

    def _addressed(self, message: Message) -> Message:
        return evolve(message, task_id=self.task_id, context_id=self.context_id)

    def _become(self, event: TaskStatusUpdateEvent) -> list[StreamItem]:
        """A state that the agent names; before a final one the text is sealed."""
        is_unsealed = self._has_text and not self._is_sealed and is_terminal(event.status.state)
        sealed: list[StreamItem] = [self._text("", last_chunk=True)] if is_unsealed else []
        return [*sealed, self._note(event)]

    def _note(self, event: TaskStatusUpdateEvent) -> TaskStatusUpdateEvent:
        self._state = event.status.state
        self.is_over = is_terminal(self._state)
        return event


def _detached(item: Said) -> Said:
    """A copy by way of the wire: what the agent changes later does not change what it has said.

    Raises:
        LocalProtocolError: It cannot be written as JSON, or not be read by those who would get it.
    """
    written = V1_0.write_item(item)
    assert written is not None, "an update can be written in every version"
    try:
        copy = V1_0.read_item(loads(written))
    except CodecError as error:
        raise LocalProtocolError(f"nobody could read what the agent says: {error}") from error
    assert isinstance(copy, type(item)), "the same kind of item is read back"
    return copy


def _check_takes_one(function: Callable[..., Any]) -> None:
    """Raise TypeError if the function cannot be called with one argument; what is written in C may not tell."""
    try:
        signature = inspect.signature(function)
    except ValueError:
        return
    signature.bind(None)


def _name_of(function: Callable[..., Any]) -> str:
    return getattr(function, "__name__", type(function).__name__)
