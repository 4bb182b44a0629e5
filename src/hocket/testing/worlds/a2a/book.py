"""The book of a world: what was said, and what became of it. It is kept apart from what is tested.

A task is folded here once more, plainly and by hand, so that a fold which is wrong is not held against itself; and what
an agent was made to say is written down before the server has it, so that what it loses on the way is missed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from attrs import define, evolve, field

from hocket.a2a.model import (
    Artifact,
    Message,
    Part,
    StreamItem,
    Task,
    TaskArtifactUpdateEvent,
    TaskState,
    TaskStatusUpdateEvent,
)
from hocket.testing.violation import Violation

__all__ = ["FINAL", "QUESTIONS", "Book", "Page", "folded", "told"]

FINAL = (TaskState.COMPLETED, TaskState.FAILED, TaskState.CANCELED, TaskState.REJECTED)
"""The states that nothing follows."""

QUESTIONS = (TaskState.INPUT_REQUIRED, TaskState.AUTH_REQUIRED)
"""The states in which a task waits for its user."""

_OWN = (TaskState.SUBMITTED, TaskState.WORKING, TaskState.CANCELED, TaskState.FAILED)
"""The states that a server gives to a task by itself."""


def folded(task: Task | None, item: StreamItem) -> Task:
    """The task after one more entry of its log; None for the task before the first.

    Raises:
        Violation: `fold`: the log does not begin with the task.
    """
    match item, task:
        case Task(), _:
            return item
        case _, None:
            raise Violation("fold", f"a log begins with the Task, not with a {type(item).__name__}")
        case Message(), Task(history=history):
            return evolve(task, history=(*history, item))
        case TaskStatusUpdateEvent(status=status, metadata=metadata), Task(history=history):
            said = (task.status.message,) if task.status.message is not None else ()
            merged = {**(task.metadata or {}), **(metadata or {})} or None
            return evolve(task, status=status, history=(*history, *said), metadata=merged)
        case TaskArtifactUpdateEvent(), Task():
            return evolve(task, artifacts=_with_chunk(task.artifacts, item))
    raise AssertionError("there are no other items")


def _with_chunk(artifacts: tuple[Artifact, ...], event: TaskArtifactUpdateEvent) -> tuple[Artifact, ...]:
    chunk = event.artifact
    known = [each.artifact_id for each in artifacts]
    if chunk.artifact_id not in known:
        return (*artifacts, chunk)
    place = known.index(chunk.artifact_id)
    parts: tuple[Part, ...] = (*artifacts[place].parts, *chunk.parts) if event.append else chunk.parts
    changed = evolve(artifacts[place], parts=parts) if event.append else chunk
    return (*artifacts[:place], changed, *artifacts[place + 1 :])


def told(items: Iterable[StreamItem]) -> str:
    """The text that a reader of these entries, one after the other, is to be shown."""
    pieces, known = [], set()
    texts: dict[str, str] = {}
    for item in items:
        match item:
            case TaskArtifactUpdateEvent(artifact=artifact, append=append):
                before, whole = texts.get(artifact.artifact_id, ""), artifact.text
                if append:
                    pieces.append(artifact.text)
                    whole = before + whole
                else:  # it is whole, and what it begins with may have been shown
                    pieces.append(whole.removeprefix(before))
                texts[artifact.artifact_id] = whole
            case TaskStatusUpdateEvent(status=status, metadata=metadata) if status.message is not None:
                if "progress" not in (metadata or {}) and status.message.message_id not in known:
                    pieces.append(status.message.text)
                known.add(status.message.message_id)
            case _:
                pass
    return "".join(pieces)


def _timeless(item: StreamItem) -> StreamItem:
    """The item without the time, which the server puts in."""
    if isinstance(item, TaskStatusUpdateEvent) and item.status.timestamp is not None:
        return evolve(item, status=evolve(item.status, timestamp=None))
    return item


@define(eq=False)
class Page:
    """One task.

    Attributes:
        id: Its id.
        log: What was appended to its log, in order.
        folds: The task after the first entry, the second …
        said: What its agent was made to say, in order; a crash takes back what was not in the log by then.
        heard: The messages that its agent was given, by their ids.
        taken: The messages of users that the server has asked the store to append, by their ids.
        wishes: How many appends the store was asked for and has not made.
        is_orphan: Whether its server has died while it was under way: what it was told then, no agent may have heard.
        is_lost: Whether the server has lost it, with its log.
    """

    id: str
    log: list[StreamItem] = field(factory=list)
    folds: list[Task] = field(factory=list)
    said: list[StreamItem] = field(factory=list)
    heard: dict[str, None] = field(factory=dict)
    taken: dict[str, None] = field(factory=dict)
    wishes: int = 0
    is_orphan: bool = False
    is_lost: bool = False
    _in_log: int = field(default=0, init=False)

    @property
    def task(self) -> Task:
        """The task as its log has it."""
        return self.folds[-1]

    @property
    def state(self) -> TaskState:
        """Its state."""
        return self.task.state

    @property
    def is_over(self) -> bool:
        """Whether nothing can follow."""
        return self.state in FINAL

    @property
    def unconfirmed(self) -> int:
        """How much of what was said is not in the log."""
        return len(self.said) - self._in_log

    @property
    def is_ahead(self) -> bool:
        """Whether the server may know more of it than its log has."""
        return self.wishes > 0 or self.unconfirmed > 0

    def append(self, items: Sequence[StreamItem]) -> None:
        """These were appended to the log.

        Raises:
            Violation: `one-terminal`: something comes after the end. `said`: this, nobody has said.
                `exactly-once`: a message of the user is there already.
        """
        for item in items:
            if self.folds and self.is_over:
                raise Violation("one-terminal", f"task {self.id} is {self.state.value}, and its log goes on: {item}")
            self._judge(item)
            self.log.append(item)
            self.folds.append(folded(self.folds[-1] if self.folds else None, item))

    def take_back(self) -> None:
        """What was said and is not in the log yet is lost: the server has died, or was told that it is too late."""
        del self.said[self._in_log :]
        self.wishes = 0
        self.taken = {item.message_id: None for item in self.log if isinstance(item, Message)}

    def _judge(self, item: StreamItem) -> None:
        """Whether the entry is what its agent has said next, or what a server writes by itself."""
        if self._in_log < len(self.said) and _timeless(item) == _timeless(self.said[self._in_log]):
            self._in_log += 1
            return
        match item:
            case Task() if not self.folds and item.state is TaskState.SUBMITTED:
                pass
            case TaskStatusUpdateEvent() if item.status.state in _OWN:
                pass
            case Message() if not any(item.message_id == each.message_id for each in self.task.history):
                pass
            case Message():
                raise Violation("exactly-once", f"message {item.message_id} came into the log of {self.id} twice")
            case _:
                due = f"next is {self.said[self._in_log]}" if self.unconfirmed else "it has said nothing more"
                raise Violation("said", f"the log of {self.id} has what its agent has not said now: {item}; {due}")


@define(eq=False)
class Book:
    """All tasks that ever came into being, in the order in which they did."""

    pages: dict[str, Page] = field(factory=dict)

    def page(self, task_id: str) -> Page:
        """The page of a task; a new one if there is none yet."""
        return self.pages.setdefault(task_id, Page(task_id))

    @property
    def begun(self) -> list[Page]:
        """The tasks that have a log."""
        return [page for page in self.pages.values() if page.log]
