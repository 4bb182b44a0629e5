"""Whether a stream is sound in itself: its events fit together, and it ends as it may.

Two checks ask exactly this. The others start from a sound stream, so that one mistake is found by one check.
"""

from __future__ import annotations

from attrs import define, field

from hocket import codec
from hocket.a2a import Message, StreamItem, Task, TaskArtifactUpdateEvent, TaskState
from hocket.a2a.states import is_terminal
from hocket.testing.fuzzing.answer import Answer
from hocket.testing.fuzzing.telling import tell_item, tell_state

__all__ = ["flawed_event", "is_sound", "more_after_the_end"]

_NEW = "1.0"


def is_sound(answer: Answer) -> bool:
    """Whether a stream is over, can be read as a whole, and is what a stream should be."""
    if not answer.is_whole or not answer.has_settled:
        return False
    return flawed_event(answer) is None and more_after_the_end(answer) is None


def flawed_event(answer: Answer) -> str | None:
    """What is wrong with the first event that cannot be where it is; None where there is no such event."""
    if answer.flaw is not None:
        return answer.flaw
    life = _Life(is_strict=answer.dialect.version == _NEW)
    for number, item in enumerate(answer.items, 1):
        wrong = life.wrong(item)
        if wrong is not None:
            return f"event {number} ({tell_item(item)}) {wrong}"
    return None


def more_after_the_end(answer: Answer) -> str | None:
    """What came although nothing may follow any more; None where nothing did.

    After a terminal status there may be the whole Task once more (A2A 1.0 section 11.7), and nothing else.
    """
    ended: TaskState | None = None
    for item in answer.items:
        if ended is not None and not (isinstance(item, Task) and item.state is ended):
            return f"after the task has ended as {tell_state(ended)} there came: {tell_item(item)}"
        state = _state(item)
        if state is not None and is_terminal(state):
            ended = state
    if answer.dialect.version == _NEW:
        is_one_message = bool(answer.items) and isinstance(answer.items[0], Message)
        return "after a Message that is the answer there came more" if is_one_message and answer.items[1:] else None
    finals = [_is_final(message) for message in answer.heard]
    return 'after the event with "final": true there came more' if True in finals[:-1] else None


def _state(item: StreamItem) -> TaskState | None:
    return None if isinstance(item, Message | TaskArtifactUpdateEvent) else item.status.state


def _is_final(message: bytes) -> bool:
    """Whether an event of 0.3 says that it is the last one."""
    response = codec.loads(message)
    result = response.get("result") if isinstance(response, dict) else None
    return isinstance(result, dict) and result.get("final") is True


@define(eq=False)
class _Life:
    """What a stream has told of its task so far.

    Attributes:
        is_strict: Whether the version says what a stream begins with, and that Messages have one of their own.
        task_id: The task; None before an event has named it.
        context_id: Its context.
        sealed: The artifacts that were begun, and whether each is complete.
    """

    is_strict: bool
    task_id: str | None = field(default=None, init=False)
    context_id: str | None = field(default=None, init=False)
    sealed: dict[str, bool] = field(factory=dict, init=False)
    _is_first: bool = field(default=True, init=False)

    def wrong(self, item: StreamItem) -> str | None:
        """What is wrong with the next event; None where nothing is."""
        is_first, self._is_first = self._is_first, False
        if self.is_strict and is_first and not isinstance(item, Task | Message):
            return "comes first, and a stream begins with the Task or is one Message"
        if isinstance(item, Message):
            return "is a Message in the stream of a task" if self.is_strict and self.task_id is not None else None
        return self._wrong_ids(item) or self._wrong_state(item) or self._wrong_artifact(item)

    def _wrong_ids(self, item: StreamItem) -> str | None:
        assert not isinstance(item, Message), "a Message need not say of what it is"
        known, self.task_id = self.task_id, item.id if isinstance(item, Task) else item.task_id
        if known is not None and known != self.task_id:
            return f"is of task {self.task_id!r}, and the stream is that of {known!r}"
        known, self.context_id = self.context_id, item.context_id or self.context_id
        if known is not None and known != self.context_id:
            return f"is of context {self.context_id!r}, and the task belongs to {known!r}"
        return None

    def _wrong_state(self, item: StreamItem) -> str | None:
        return "has no state" if self.is_strict and _state(item) is TaskState.UNKNOWN else None

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
