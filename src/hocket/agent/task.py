"""AgentTask: what an agent's function is given, and by which it says more than text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from attrs import field, frozen

from hocket.a2a.model import Artifact, Message, Part
from hocket.a2a.ports import Run, Terms
from hocket.agent.artifacts import ArtifactBlock
from hocket.agent.question import Question
from hocket.agent.speech import Speech
from hocket.agent.values import Progress
from hocket.errors import LocalProtocolError

__all__ = ["AgentTask", "RunningTurn"]


class RunningTurn(Protocol):
    """What runs a function and carries what it says to the core; what an `AgentTask` needs of it."""

    @property
    def speech(self) -> Speech:
        """What the function has said."""

    @property
    def terms(self) -> Terms:
        """What came beside the message that it was given last."""

    async def ask(self, question: Question) -> Message:
        """Ask, and wait for the answer."""

    def artifact_ended(self) -> None:
        """A `with` block was left: `speech.take_ends` has its last chunk, before anything else is said."""


@frozen
class AgentTask:
    """What an agent's function is given: the task and the message it has to answer.

    Attributes:
        id: The task's id.
        context_id: The conversation it belongs to.
        message: The message that the function was called for. What is answered to `ask` comes from there.
        history: All messages of the task so far, this one included.
    """

    id: str
    context_id: str
    message: Message
    history: tuple[Message, ...] = ()
    _terms: Terms = field(default=Terms(), kw_only=True)
    _turn: RunningTurn | None = field(default=None, kw_only=True, eq=False, repr=False)

    @classmethod
    def of(cls, run: Run, turn: RunningTurn | None = None) -> AgentTask:
        """What the function of this run is given.

        Args:
            run: What the server core asked for.
            turn: Who runs it; None to look at it only.
        """
        task = run.task
        return cls(task.id, task.context_id or "", run.message, task.history, terms=run.terms, turn=turn)

    @property
    def text(self) -> str:
        """The text of the message."""
        return self.message.text

    @property
    def parts(self) -> tuple[Part, ...]:
        """The parts of the message."""
        return self.message.parts

    @property
    def extensions(self) -> tuple[str, ...]:
        """URIs of the extensions that are active: declared by the agent and asked for by the caller.

        Like the two that follow, it is about the message that the function was given last: the answer, once it has
        asked.
        """
        return self._terms_now.extensions

    @property
    def accepted_output_modes(self) -> tuple[str, ...]:
        """Media types that the caller can do with; () if it does not say."""
        return self._terms_now.accepted_output_modes

    @property
    def metadata(self) -> Mapping[str, Any]:
        """What the caller adds to its request."""
        return self._terms_now.metadata or {}

    @property
    def _terms_now(self) -> Terms:
        return self._terms if self._turn is None else self._turn.terms

    def progress(self, percent: float, message: str = "") -> Progress:
        """Say how far the work is: `yield task.progress(50, "Checking team calendars")`.

        Raises:
            LocalProtocolError: `percent` is not a number from 0 to 100.
        """
        if not _is_percentage(percent):
            raise LocalProtocolError(f"progress goes from 0 to 100, got {percent!r}")
        return Progress(percent, message)

    def ask(self, question: str | Message, *, auth: bool = False) -> Question:
        """Ask whoever sent the message, and go on with the answer: `answer = yield task.ask("Which quarter?")`.

        In an async function it is `answer = await task.ask(…)`, in an async generator either. The task is
        INPUT_REQUIRED meanwhile, the caller's stream ends, and its next message on this task is the answer: a
        `Message`, with `text` and `parts`. A question that the function returns ends it: the next message then calls
        the function again.

        Args:
            question: Text, or a Message that may have data too.
            auth: Ask for an authorisation: the task is AUTH_REQUIRED, and its stream stays open (A2A 1.0 section
                7.6.1).

        Raises:
            LocalProtocolError: Another question was not asked yet, or not answered; or this one has no words.
        """
        if self._turn is None:
            return Question.of(question, auth=auth)
        return self._turn.speech.question(question, auth=auth, pose=self._turn.ask)

    def artifact(
        self,
        artifact_id: str,
        *,
        name: str | None = None,
        description: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        extensions: tuple[str, ...] = (),
    ) -> ArtifactBlock:
        """Stream an artifact with an id of its own: `with task.artifact("report") as report: yield "…"`.

        What is yielded inside the block goes to it, part by part: text, data, files. A second block of the same id
        replaces what the first one made.

        Args:
            artifact_id: Its id, the same for every reader and every run.
            name: Its name, for a person.
            description: What it is, in a sentence.
            metadata: Whatever else is to be said of it: JSON values.
            extensions: URIs of the extensions that its content follows.

        Raises:
            LocalProtocolError: The id is empty.
        """
        if not artifact_id:
            raise LocalProtocolError("an artifact's id is not empty")
        artifact = Artifact(
            artifact_id=artifact_id,
            parts=(),
            name=name,
            description=description,
            metadata=metadata,
            extensions=extensions,
        )
        if self._turn is None:
            return ArtifactBlock(artifact)
        return ArtifactBlock(artifact, self._turn.speech.artifacts, self._turn.artifact_ended)


def _is_percentage(value: object) -> bool:
    return isinstance(value, int | float) and 0 <= value <= 100
