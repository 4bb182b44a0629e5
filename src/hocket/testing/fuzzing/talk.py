"""Talk: one example of one check. All that is asked goes through it, so that a finding can show what was said."""

from __future__ import annotations

from typing import NoReturn

from attrs import define, field

from hocket.a2a import (
    CancelTaskRequest,
    Dialect,
    GetTaskRequest,
    Message,
    Operation,
    Params,
    SendMessageConfiguration,
    SendMessageRequest,
    SubscribeToTaskRequest,
    dialect_for,
)
from hocket.errors import LocalProtocolError
from hocket.testing.fuzzing.answer import Answer
from hocket.testing.fuzzing.prompts import Prompt
from hocket.testing.probe import Ask, Probe
from hocket.testing.violation import Violation

__all__ = ["Talk"]


@define(eq=False)
class Talk:
    """What is said to a target, and what it answers, in one example.

    Args:
        check: The name of the check, for what it finds.
        probe: The way to the target.
        patience: Seconds that are waited for each message, of the time that passes at the target.

    Attributes:
        answers: What was asked, in order, with the answers.
    """

    check: str
    probe: Probe
    patience: float
    answers: list[Answer] = field(factory=list, init=False)
    _raised_before: int = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._raised_before = len(self.probe.raised)

    @property
    def raised(self) -> list[BaseException]:
        """What the target's own code has raised meanwhile; known in this process only."""
        return self.probe.raised[self._raised_before :]

    # Asking.

    def stream(self, prompt: Prompt, *, task_id: str | None = None, context_id: str | None = None) -> Answer:
        """Say something, and have the answer streamed; with `task_id` it is said to that task."""
        message = prompt.message(self.probe.fresh_id(), task_id=task_id, context_id=context_id)
        return self._call(Operation.STREAM, SendMessageRequest(message=message), prompt.version)

    def send(self, prompt: Prompt) -> Answer:
        """Say something, and have one answer when there is nothing more to come."""
        message = prompt.message(self.probe.fresh_id())
        params = SendMessageRequest(message=message, configuration=SendMessageConfiguration())
        return self._call(Operation.SEND, params, prompt.version)

    def get(self, task_id: str, version: str) -> Answer:
        """Ask for a task, as it stands; the answer has been read."""
        answer = self._call(Operation.GET, GetTaskRequest(id=task_id), version)
        answer.read_all()
        return answer

    def cancel(self, task_id: str, version: str) -> Answer:
        """Ask for a task to be canceled; the answer has been read."""
        answer = self._call(Operation.CANCEL, CancelTaskRequest(id=task_id), version)
        answer.read_all()
        return answer

    def subscribe(self, task_id: str, version: str) -> Answer:
        """Become another reader of a task's stream."""
        return self._call(Operation.SUBSCRIBE, SubscribeToTaskRequest(id=task_id), version)

    def ask(self, ask: Ask, version: str, *, request_id: object = None) -> Answer:
        """Ask something that is no call of ours.

        Args:
            ask: What.
            version: The version of A2A in which it is asked.
            request_id: The id that the answer must have; None where that cannot be said.
        """
        return self._open(ask, None, request_id, dialect_of(version))

    def leave(self) -> None:
        """Close every conversation that is still open."""
        for answer in self.answers:
            answer.leave()

    # Judging.

    def forbid(self, wrong: str | None) -> None:
        """Go on only if nothing is wrong.

        Args:
            wrong: What is, as a sentence; None where nothing is.

        Raises:
            Violation: Something is.
        """
        if wrong is not None:
            self.fail(wrong)

    def fail(self, detail: str) -> NoReturn:
        """The check has found something.

        Raises:
            Violation: Always.
        """
        raise Violation(self.check, detail)

    def _call(self, operation: Operation, params: Params, version: str) -> Answer:
        dialect = dialect_of(version)
        request_id = self.probe.fresh_id()
        method = dialect.methods[operation]
        ask = Ask.call(method, dialect.write_params(operation, params), id=request_id, version=dialect.version)
        said = params.message if isinstance(params, SendMessageRequest) else None
        return self._open(ask, operation, request_id, dialect, said)

    def _open(
        self, ask: Ask, operation: Operation | None, request_id: object, dialect: Dialect, said: Message | None = None
    ) -> Answer:
        answer = Answer(ask, operation, request_id, dialect, self.probe.open(ask), self.patience, said)
        self.answers.append(answer)
        return answer


def dialect_of(version: str) -> Dialect:
    """The dialect of a version that a prompt names.

    Raises:
        LocalProtocolError: Nobody here speaks it.
    """
    dialect = dialect_for(version)
    if dialect is None:
        raise LocalProtocolError(f"A2A {version} is not spoken here")
    return dialect
