"""Speech: what an agent says during one run, value by value, as A2A events."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from attrs import define, evolve, field

from hocket.a2a.chunks import text_chunk
from hocket.a2a.model import (
    Artifact,
    Message,
    Part,
    Role,
    StreamItem,
    TaskArtifactUpdateEvent,
    TaskState,
    TaskStatus,
    TaskStatusUpdateEvent,
)
from hocket.a2a.states import is_terminal, settles
from hocket.agent.artifacts import Addition, OpenArtifacts, part_of
from hocket.agent.copies import detached
from hocket.agent.question import HOW_TO_ASK, Question
from hocket.agent.values import Progress
from hocket.entropy import Entropy
from hocket.errors import LocalProtocolError

__all__ = ["Speech"]


@define(eq=False)
class Speech:
    """What an agent says during one run, as A2A events: the bookkeeping of first, append, lastChunk and the end.

    Text goes to one artifact, chunk by chunk, and to another one after each question; data and files are artifacts of
    their own. Inside a block of `task.artifact` all of that goes to the block's artifact.

    Args:
        task_id: The task that is answered.
        context_id: Its context.
        run: Number of the run; it keeps the artifacts of two runs apart.
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
    artifacts: OpenArtifacts = field(init=False)
    is_over: bool = field(default=False, init=False)
    _text_id: str = field(init=False)
    _has_text: bool = field(default=False, init=False)
    _is_sealed: bool = field(default=False, init=False)
    _whole_artifacts: int = field(default=0, init=False)
    _state: TaskState = field(default=TaskState.WORKING, init=False)
    _questions: int = field(default=0, init=False)
    _question: Question | None = field(default=None, init=False)
    _is_waiting: bool = field(default=False, init=False)
    _is_unanswered: bool = field(default=False, init=False)

    def __attrs_post_init__(self) -> None:
        self.artifacts = OpenArtifacts(self.task_id, self.context_id)
        self._text_id = f"text-{self.run}"

    def begin(self) -> list[StreamItem]:
        """The event that comes before all that is said: the task is WORKING."""
        return [self._status(TaskState.WORKING)]

    def say(self, value: Any) -> list[StreamItem]:
        """The events that a yielded value means. None and "" mean none.

        Raises:
            LocalProtocolError: The value has no meaning here, cannot be written as JSON, a question is not answered
                yet, or the turn is over.
        """
        if self.is_over:
            raise LocalProtocolError(f"the task is {self._state.value}: nothing can follow that")
        if self._is_waiting:
            raise LocalProtocolError(f"the task waits for the answer to {self._question}: nothing is said meanwhile")
        if self.artifacts.has_ends or self._is_unanswered:
            items = self._meaning(value)
            return [*self._overdue(), *items]
        goes_on = self._has_text and not self._is_sealed and self.artifacts.innermost is None
        if goes_on and value and value.__class__ is str:  # nearly always
            return [text_chunk(self.task_id, self.context_id, self._text_id, value, append=True)]
        return self._meaning(value)

    def finish(self, value: Any = None) -> list[StreamItem]:
        """The end of the function, which returned `value`: the text is sealed, and the task COMPLETED if unsettled.

        Raises:
            LocalProtocolError: The value has no meaning here, or a question was made and not asked.
        """
        if self.is_over:
            return []
        if self._question is not None and self._question is not value:
            raise LocalProtocolError(f"the function ended, and {self._question} {self._why_unanswered()}")
        if isinstance(value, str) and value and not self._has_text and self.artifacts.innermost is None:
            items = [*self._overdue(), self._text(str(value), last_chunk=True)]
        else:
            items = self.say(value)
        self.artifacts.close_all()
        items += [*self.artifacts.take_ends(), *self._seal()]
        if not settles(self._state):
            items.append(self._note(self._status(TaskState.COMPLETED)))
        return items

    def fail(self, correlation_id: str, detail: str = "") -> list[StreamItem]:
        """The function raised: FAILED, with the id under which the log tells why, and `detail` only when debugging."""
        text = f"The agent failed; its log has the reason under {correlation_id}."
        return [self._note(self._status(TaskState.FAILED, self._message(f"{text} {detail}".strip())))]

    # Questions --------------------------------------------------------------------------------------------------

    def question(
        self, words: str | Message, *, auth: bool, pose: Callable[[Question], Awaitable[Message]] | None = None
    ) -> Question:
        """Make a question, which `ask` is to be given next.

        Raises:
            LocalProtocolError: There is one that was not asked yet, or not answered, or this one has no words.
        """
        if self._question is not None:
            raise LocalProtocolError(f"one thing at a time: {self._question} {self._why_unanswered()}")
        self._question = Question.of(words, auth=auth, message_id=self.entropy.new_id(), pose=pose)
        return self._question

    def ask(self, question: Question) -> list[StreamItem]:
        """The events by which a question is asked: the text so far is sealed, and the task INPUT_REQUIRED.

        Nothing can be said until `answered` or `unanswered`.

        Raises:
            LocalProtocolError: It was asked before, is another task's, cannot be written as JSON, or the turn is over.
        """
        if self.is_over:
            raise LocalProtocolError(f"the task is {self._state.value}: nothing can be asked after that")
        if question is not self._question or self._is_waiting:
            raise LocalProtocolError(f"{question} was asked before, or is of another run: each is asked once")
        event = detached(self._status(question.state, self._addressed(question.words)))
        items = [*self._overdue(), *self._seal(), self._note(event)]
        self._questions += 1
        self._is_waiting = True
        self._text_id, self._has_text, self._is_sealed = f"text-{self.run}-{self._questions + 1}", False, False
        return items

    def answered(self) -> None:
        """The answer is there, and the task WORKING again."""
        self._question, self._is_waiting, self._state = None, False, TaskState.WORKING

    def unanswered(self) -> None:
        """The function waits no longer for the answer. If it says anything more, the task is WORKING again."""
        self.answered()
        self._is_unanswered = True

    def _why_unanswered(self) -> str:
        if self._is_waiting:
            return "is not answered yet"
        return f"was made but not asked: {HOW_TO_ASK}"

    # Values -----------------------------------------------------------------------------------------------------

    def _meaning(self, value: Any) -> list[StreamItem]:
        if isinstance(value, str):
            if not value:
                return []
            block = self.artifacts.innermost
            text = value if value.__class__ is str else str(value)
            return [self._text(text) if block is None else self.artifacts.add(block, text)]
        match value:
            case None:
                return []
            case dict() | bytes() | bytearray() | memoryview() | Part():
                block = self.artifacts.innermost
                return [self._whole(value) if block is None else self.artifacts.add(block, value)]
            case Addition(block=block, value=added):
                block.note_yielded(value)
                return [self.artifacts.add(block, added)] if added is not None and added != "" else []
            case Progress():
                return [self._note(detached(self._progress(value)))]
            case Artifact():
                return [detached(self._update(value, last_chunk=True))]
            case Message():
                return [self._note(detached(self._status(TaskState.WORKING, self._addressed(value))))]
            case Question():
                return self.ask(value)
            case TaskStatus():
                return self._become(detached(self._status(value.state, value.message, value.timestamp)))
            case TaskStatusUpdateEvent():
                return self._become(detached(value))
            case TaskArtifactUpdateEvent():
                return [detached(value)]
        raise LocalProtocolError(
            f"{type(value).__name__} is nothing an agent can say: "
            "yield str, dict, bytes, task.progress(…), task.ask(…) or an A2A object"
        )

    def _overdue(self) -> list[StreamItem]:
        """What comes before all else that is said: ends of artifacts, and that the task waits no longer."""
        items: list[StreamItem] = [*self.artifacts.take_ends()]
        if self._is_unanswered:
            self._is_unanswered = False
            items.append(self._status(TaskState.WORKING))
        return items

    def _text(self, text: str, *, last_chunk: bool = False) -> TaskArtifactUpdateEvent:
        append, self._has_text = self._has_text, True
        self._is_sealed = last_chunk
        return text_chunk(self.task_id, self.context_id, self._text_id, text, append=append, last_chunk=last_chunk)

    def _seal(self) -> list[StreamItem]:
        """The last chunk of the text, if there was text."""
        return [self._text("", last_chunk=True)] if self._has_text and not self._is_sealed else []

    def _whole(self, value: Any) -> TaskArtifactUpdateEvent:
        part = part_of(value)
        assert part is not None, "what is data, a file or a Part is content"
        kind = "part" if isinstance(value, Part) else "data" if isinstance(value, dict) else "file"
        artifact = Artifact(artifact_id=f"{kind}-{self.run}-{self._whole_artifacts + 1}", parts=(part,))
        update = detached(self._update(artifact, last_chunk=True))
        self._whole_artifacts += 1
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
        """A state that the agent names; before a final one the text and the open artifacts are sealed."""
        if not is_terminal(event.status.state):
            return [self._note(event)]
        self.artifacts.close_all()
        return [*self.artifacts.take_ends(), *self._seal(), self._note(event)]

    def _note(self, event: TaskStatusUpdateEvent) -> TaskStatusUpdateEvent:
        self._state = event.status.state
        self.is_over = is_terminal(self._state)
        return event
