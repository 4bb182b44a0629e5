"""Lives of tasks: the events of one task, in an order in which they may come."""

from __future__ import annotations

from functools import cache
from typing import Any, Literal, TypeAlias

from attrs import define, evolve, field, frozen
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from hocket.a2a import (
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
from hocket.a2a.states import PHASES, Phase
from hocket.testing.strategies.values import awkward_texts, names

__all__ = ["Ending", "event_sequences"]

Ending: TypeAlias = Literal["terminal", "interrupted", "cut"]
"""Where a sequence stops: with the task, with a question of the agent, or in the middle of the work."""

_PARTS = st.one_of(
    st.builds(Part, text=st.text(max_size=4)),
    st.builds(Part, text=awkward_texts()),
    st.integers(0, 9).map(lambda number: Part(data={"rows": [number, None]})),
)
_MESSAGES = st.builds(Message, message_id=names(), role=st.just(Role.USER), parts=st.tuples(_PARTS))
_ARTIFACTS = st.builds(
    Artifact,
    artifact_id=st.sampled_from(["0", "1", "2"]),
    parts=st.lists(_PARTS, min_size=1, max_size=2).map(tuple),
    name=st.none() | st.just("report"),
)
_STATUSES = {
    phase: st.builds(
        TaskStatus,
        state=st.sampled_from([state for state, its in PHASES.items() if its is phase]),
        message=st.none() | _MESSAGES,
    )
    for phase in Phase
}
_WORKING = st.builds(TaskStatus, state=st.just(TaskState.WORKING), message=st.none() | _MESSAGES)


@frozen
class _Says:
    """The agent is at work, and may say how it goes."""

    status: TaskStatus


@frozen
class _Asks:
    """The agent asks, and is answered."""

    question: TaskStatus
    answer: Message


@frozen
class _Makes:
    """A new artifact, or a new beginning of one."""

    artifact: Artifact
    is_last: bool


@frozen
class _Adds:
    """More of an artifact that grows; nothing where none does."""

    target: int
    parts: tuple[Part, ...]
    is_last: bool


_Step: TypeAlias = _Says | _Asks | _Makes | _Adds

# Whatever a step needs is drawn with it, so that shrinking can leave out any of them.
_STEPS = st.one_of(
    st.builds(_Says, _WORKING),
    st.builds(_Makes, _ARTIFACTS, st.booleans()),
    st.builds(_Adds, st.integers(0, 2), st.tuples(_PARTS), st.booleans()),
    st.builds(_Adds, st.just(0), st.tuples(_PARTS), is_last=st.just(True)),  # noqa: FBT003  -- a strategy has no name for it
    st.builds(_Asks, _STATUSES[Phase.INTERRUPTED], _MESSAGES),
)


@define
class _Life:
    """What happened so far, and what may follow.

    Attributes:
        task_id: The task.
        context_id: Its conversation.
        items: What happened.
        growing: The ids of the artifacts to which something may be appended.
    """

    task_id: str
    context_id: str
    items: list[StreamItem] = field(factory=list)
    growing: list[str] = field(factory=list)

    def take(self, step: _Step, *, answers: bool) -> None:
        """What a step does to the task."""
        match step:
            case _Says(status):
                self.status(status)
            case _Makes(artifact, is_last):
                self.artifact(TaskArtifactUpdateEvent(task_id="", artifact=artifact, last_chunk=is_last))
            case _Adds(target, parts, is_last) if self.growing:
                more = Artifact(artifact_id=self.growing[target % len(self.growing)], parts=parts)
                self.artifact(TaskArtifactUpdateEvent(task_id="", artifact=more, append=True, last_chunk=is_last))
            case _Asks(question, answer):
                self.status(question)
                if answers:
                    self.answer(answer)
                self.status(TaskStatus(state=TaskState.WORKING))

    def status(self, status: TaskStatus, metadata: Any = None) -> None:
        said = self._own(status.message)
        self.items.append(
            TaskStatusUpdateEvent(
                task_id=self.task_id,
                context_id=self.context_id,
                status=evolve(status, message=said),
                metadata=metadata,
            )
        )

    def answer(self, message: Message) -> None:
        self.items.append(evolve(message, role=Role.USER, task_id=self.task_id, context_id=self.context_id))

    def artifact(self, event: TaskArtifactUpdateEvent) -> None:
        """A new artifact, a new beginning of one, or (`append`) more of one that grows."""
        name = event.artifact.artifact_id
        if name in self.growing and event.last_chunk:
            self.growing.remove(name)
        elif name not in self.growing and not event.last_chunk:
            self.growing.append(name)
        self.items.append(evolve(event, task_id=self.task_id, context_id=self.context_id))

    def _own(self, message: Message | None) -> Message | None:
        if message is None:
            return None
        return evolve(message, role=Role.AGENT, task_id=self.task_id, context_id=self.context_id)


@st.composite
def event_sequences(
    draw: DrawFn,
    *,
    endings: tuple[Ending, ...] = ("terminal", "interrupted", "cut"),
    answers: bool = True,
    numbered: bool = False,
    max_events: int = 8,
) -> list[StreamItem]:
    """What a task's log may hold, from its first event on: `fold` makes the Task of it.

    The Task comes first. Statuses, artifacts and chunks follow; a chunk is appended only to an artifact that is there
    and not sealed. A question is a status that interrupts; nothing but the user's answer follows it. After a terminal
    status nothing follows. What is said is short, and every version can say it: it is the order that counts here.

    Args:
        draw: Given by Hypothesis.
        endings: How it may stop.
        answers: Whether the user's answers are in it, as in a log. A stream does not carry them.
        numbered: Whether each event has its number as `generation`, as peers with A2A 1.1 have it.
        max_events: The most steps of work before the end.

    >>> from hypothesis import find
    >>> from hocket.a2a import fold
    >>> items = find(event_sequences(max_events=0), lambda items: fold(items).state is TaskState.FAILED)
    >>> [type(item).__name__ for item in items]
    ['Task', 'TaskStatusUpdateEvent']
    """
    began, steps, ending = draw(_lives(tuple(endings), max_events))
    life = _Life(task_id=began.id, context_id=began.context_id or "", items=[began])
    for step in steps:
        life.take(step, answers=answers)
    if ending is not None:
        life.status(ending.status, ending.metadata)
    if not numbered:
        return life.items
    return [
        item if isinstance(item, Message) else evolve(item, generation=number)
        for number, item in enumerate(life.items, 1)
    ]


def _begun(task_id: str, context_id: str, state: TaskState, asked: Message) -> Task:
    message = evolve(asked, role=Role.USER, task_id=task_id, context_id=context_id)
    return Task(id=task_id, context_id=context_id, status=TaskStatus(state=state), history=(message,))


_BEGINNINGS = st.builds(_begun, names(), names(), st.sampled_from([TaskState.SUBMITTED, TaskState.WORKING]), _MESSAGES)
_ENDED = st.builds(
    TaskStatusUpdateEvent,
    task_id=st.just(""),
    status=_STATUSES[Phase.TERMINAL],
    metadata=st.none() | st.builds(dict, tokens=st.just(7)),
)
_ASKED = st.builds(TaskStatusUpdateEvent, task_id=st.just(""), status=_STATUSES[Phase.INTERRUPTED])
_ENDINGS: dict[Ending, SearchStrategy[TaskStatusUpdateEvent | None]] = {
    "terminal": _ENDED,
    "interrupted": _ASKED,
    "cut": st.none(),
}


@cache
def _lives(
    endings: tuple[Ending, ...], max_events: int
) -> SearchStrategy[tuple[Task, list[_Step], TaskStatusUpdateEvent | None]]:
    """How a task begins, what happens, and how it ends."""
    return st.tuples(
        _BEGINNINGS, st.lists(_STEPS, max_size=max_events), st.one_of([_ENDINGS[ending] for ending in endings])
    )
