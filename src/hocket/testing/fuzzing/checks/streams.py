"""Checks of one stream: its events, its end, and the time between them."""

from __future__ import annotations

from attrs import define, field

from hocket import codec
from hocket.a2a import Message, StreamItem, Task, TaskArtifactUpdateEvent, TaskState
from hocket.a2a.states import is_terminal
from hocket.testing.fuzzing.answer import Answer
from hocket.testing.fuzzing.prompts import Prompt
from hocket.testing.fuzzing.talk import Talk
from hocket.testing.fuzzing.telling import tell_item, tell_state

__all__ = ["events", "one_end", "silence"]

_NEW = "1.0"


def one_end(talk: Talk, prompt: Prompt) -> None:
    """A stream ends once: settled, and nothing follows."""
    answer = talk.stream(prompt)
    answer.read_all()
    if answer.flaw or answer.is_refused or answer.is_endless or not answer.has_begun:
        return
    _nothing_follows(talk, answer)
    if answer.error is not None:
        return
    if answer.end == "silent":
        said = f"{talk.patience:g} seconds after its last event, {tell_item(answer.items[-1])}" if answer.items else ""
        talk.require(not answer.has_finished, f"the stream is still open {said}")
        return
    if answer.end == "cut" and talk.probe.binding == "pipe":
        return  # the process has ended, which is a check of its own
    how = "was cut" if answer.end == "cut" else "ended"
    talk.require(bool(answer.items), f"the stream {how} without any event")
    talk.require(
        answer.has_settled, f"the stream {how} while the task was {tell_state(answer.state)}: its readers wait for ever"
    )


def _nothing_follows(talk: Talk, answer: Answer) -> None:
    """After a terminal status there may be the whole Task once more (A2A 1.0 section 11.7), and nothing else."""
    ended: TaskState | None = None
    for item in answer.items:
        if ended is not None and not (isinstance(item, Task) and item.state is ended):
            talk.fail(f"after the task has ended as {tell_state(ended)} there came: {tell_item(item)}")
        state = _state(item)
        if state is not None and is_terminal(state):
            ended = state
    if answer.dialect.version == _NEW:
        is_message = isinstance(answer.items[0], Message) if answer.items else False
        talk.require(not is_message or len(answer.items) == 1, "after a Message that is the answer there came more")
        return
    finals = [_is_final(message) for message in answer.heard]
    talk.require(True not in finals[:-1], 'after the event with "final": true there came more')


def _state(item: StreamItem) -> TaskState | None:
    return None if isinstance(item, Message | TaskArtifactUpdateEvent) else item.status.state


def _is_final(message: bytes) -> bool:
    """Whether an event of 0.3 says that it is the last one."""
    response = codec.loads(message)
    result = response.get("result") if isinstance(response, dict) else None
    return isinstance(result, dict) and result.get("final") is True


def events(talk: Talk, prompt: Prompt) -> None:
    """Each event can be read, and is one that the task's life allows."""
    answer = talk.stream(prompt)
    answer.read_all()
    if answer.is_refused and answer.error is None:
        return  # an HTTP status says so, and what goes with it is for people
    if answer.flaw is not None:
        talk.fail(answer.flaw)
    life = _Life()
    for number, item in enumerate(answer.items, 1):
        wrong = life.wrong(item, is_strict=answer.dialect.version == _NEW)
        if wrong is not None:
            talk.fail(f"event {number} ({tell_item(item)}) {wrong}")


@define(eq=False)
class _Life:
    """What a stream has told of its task so far.

    Attributes:
        task_id: The task; None before an event has named it.
        context_id: Its context.
        sealed: The artifacts that were begun, and whether each is complete.
    """

    task_id: str | None = field(default=None, init=False)
    context_id: str | None = field(default=None, init=False)
    sealed: dict[str, bool] = field(factory=dict, init=False)
    _is_first: bool = field(default=True, init=False)

    def wrong(self, item: StreamItem, *, is_strict: bool) -> str | None:
        """What is wrong with the next event; None where nothing is.

        Args:
            item: The event.
            is_strict: Whether the version says what a stream begins with, and that Messages have one of their own.
        """
        is_first, self._is_first = self._is_first, False
        if is_strict and is_first and not isinstance(item, Task | Message):
            return "comes first, and a stream begins with the Task or is one Message"
        if isinstance(item, Message):
            return "is a Message in the stream of a task" if is_strict and self.task_id is not None else None
        return self._wrong_ids(item) or self._wrong_state(item, is_strict) or self._wrong_artifact(item)

    def _wrong_ids(self, item: StreamItem) -> str | None:
        task_id = item.id if isinstance(item, Task) else item.task_id
        known, self.task_id = self.task_id, task_id
        if known is not None and known != task_id:
            return f"is of task {task_id!r}, and the stream is that of {known!r}"
        known, self.context_id = self.context_id, item.context_id or self.context_id
        if known is not None and known != self.context_id:
            return f"is of context {self.context_id!r}, and the task belongs to {known!r}"
        return None

    def _wrong_state(self, item: StreamItem, is_strict: bool) -> str | None:
        has_none = is_strict and _state(item) is TaskState.UNKNOWN
        return "has no state" if has_none else None

    def _wrong_artifact(self, item: StreamItem) -> str | None:
        match item:
            case Task():
                self.sealed = {artifact.artifact_id: False for artifact in item.artifacts}
            case TaskArtifactUpdateEvent():
                name = item.artifact.artifact_id
                is_sealed = self.sealed.get(name)
                self.sealed[name] = item.last_chunk
                if item.append and is_sealed is None:
                    return "appends to an artifact of which nothing was sent before"
                if item.append and is_sealed:
                    return "appends to an artifact after its last chunk"
        return None


def silence(talk: Talk, prompt: Prompt) -> None:
    """An answer goes on: nobody has to wait longer than patience lasts."""
    answer = talk.stream(prompt)
    answer.read_all()
    if answer.end != "silent" or answer.has_settled:
        return
    said = f"after {tell_item(answer.items[-1])}" if answer.items else "at all"
    talk.fail(f"nothing came for {talk.patience:g} seconds {said}, and the stream is open")
