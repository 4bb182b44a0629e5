"""Fold: Task × event → Task. A task is the fold of its log; folding one event never copies the task.

The rules (A2A 1.0 section 3.1.2 and 4.2, and our decisions where the specification is silent): a Task replaces
everything; a status replaces the status, and the message of the status before it goes to the history; an
artifact is created or replaced, or with `append` its list of parts grows (an unknown one is created); metadata
is merged; a Message is added to the history.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from attrs import define, evolve, field

from hocket.a2a.model import (
    Artifact,
    Message,
    Part,
    StreamItem,
    Task,
    TaskArtifactUpdateEvent,
    TaskState,
    TaskStatus,
    TaskStatusUpdateEvent,
)
from hocket.codec import UNSET
from hocket.codec.making import changer

__all__ = ["HISTORY_LIMIT", "Fold", "fold", "trim_history", "weigh"]

_with_parts = changer(Artifact, "parts")
_as_of_now = changer(Task, "status", "artifacts", "history", "metadata")

HISTORY_LIMIT = 1_000
"""Messages kept in a task's history; the oldest are dropped."""


def fold(items: Iterable[StreamItem], task: Task | None = None) -> Task:
    """The task that a sequence of events amounts to, starting from `task` if given.

    Raises:
        ValueError: There is no task, and the first item is not one.
    """
    machine = Fold() if task is None else Fold.of(task)
    machine.extend(items)
    return machine.snapshot()


@define(eq=False)
class _GrowingArtifact:
    """An artifact whose parts are still a list."""

    head: Artifact
    parts: list[Part]
    sealed: bool = False

    def append(self, chunk: Artifact) -> None:
        self.parts.extend(chunk.parts)
        if chunk.name is None and chunk.description is None and not chunk.metadata and not chunk.extensions:
            return
        self.head = evolve(
            self.head,
            name=chunk.name if chunk.name is not None else self.head.name,
            description=chunk.description if chunk.description is not None else self.head.description,
            metadata=merged(self.head.metadata, chunk.metadata),
            extensions=tuple(dict.fromkeys((*self.head.extensions, *chunk.extensions))),
        )

    def frozen(self) -> Artifact:
        if len(self.head.parts) != len(self.parts):
            self.head = _with_parts(self.head, tuple(self.parts))
        return self.head


@define(eq=False)
class Fold:
    """The running fold of one task's log.

    `apply` costs the size of the event; `snapshot` builds the frozen Task only when somebody asks for it.
    """

    _base: Task | None = field(default=None, init=False)
    _status: TaskStatus = field(default=TaskStatus(state=TaskState.UNKNOWN), init=False)
    _metadata: Mapping[str, Any] | None = field(default=None, init=False)
    _history: list[Message] = field(factory=list, init=False)  # a deque would be 760 bytes, also when it is empty
    _artifacts: dict[str, _GrowingArtifact] = field(factory=dict, init=False)
    _snapshot: Task | None = field(default=None, init=False)

    @classmethod
    def of(cls, task: Task) -> Fold:
        """A fold that goes on from `task`."""
        machine = cls()
        machine.apply(task)
        return machine

    @property
    def is_empty(self) -> bool:
        """True until the first Task came."""
        return self._base is None

    @property
    def status(self) -> TaskStatus:
        """The status now."""
        return self._status

    @property
    def context_id(self) -> str | None:
        """The context of the task."""
        return self._base.context_id if self._base is not None else None

    def has_message(self, message_id: str) -> bool:
        """Whether a message with this id is in the history."""
        return any(message.message_id == message_id for message in self._history)

    @property
    def state(self) -> TaskState:
        """The state now; `UNKNOWN` while there is no task."""
        return self._status.state

    def is_sealed(self, artifact_id: str) -> bool:
        """Whether an update of this artifact came with `last_chunk`."""
        growing = self._artifacts.get(artifact_id)
        return growing is not None and growing.sealed

    def apply(self, item: StreamItem) -> None:
        """Fold one event in.

        Raises:
            ValueError: The first item is not a Task.
        """
        if isinstance(item, Task):
            self._replace(item)
        elif self._base is None:
            raise ValueError(f"a task's log begins with the Task, not with a {type(item).__name__}")
        elif isinstance(item, TaskArtifactUpdateEvent):
            self.apply_update(item)
        elif isinstance(item, TaskStatusUpdateEvent):
            self._apply_status(item)
        else:
            self._remember(item)
        self._snapshot = None

    def extend(self, items: Iterable[StreamItem]) -> None:
        """Fold events in, each as `apply` does; chunks for artifacts that are there take half the time so.

        Raises:
            ValueError: The first item ever is not a Task.
        """
        for item in items:
            if item.__class__ is TaskArtifactUpdateEvent and item.append:
                growing = self._artifacts.get(item.artifact.artifact_id)
                if growing is not None:
                    growing.append(item.artifact)
                    growing.sealed = item.last_chunk
                    continue
            self.apply(item)
        self._snapshot = None

    def apply_update(self, event: TaskArtifactUpdateEvent) -> bool:
        """Fold an update of an artifact in; whether the artifact was sealed before (see `is_sealed`).

        Nothing may be folded before the Task.
        """
        chunk = event.artifact
        growing = self._artifacts.get(chunk.artifact_id)
        was_sealed = growing is not None and growing.sealed
        if growing is None or not event.append:
            self._artifacts[chunk.artifact_id] = growing = _GrowingArtifact(chunk, list(chunk.parts))
        else:
            growing.append(chunk)
        growing.sealed = event.last_chunk
        self._snapshot = None
        return was_sealed

    def snapshot(self) -> Task:
        """The task as it stands.

        Raises:
            ValueError: Nothing was folded yet.
        """
        if self._base is None:
            raise ValueError("nothing was folded yet: there is no task")
        if self._snapshot is None:
            artifacts = tuple([growing.frozen() for growing in self._artifacts.values()])
            self._snapshot = _as_of_now(self._base, self._status, artifacts, tuple(self._history), self._metadata)
        return self._snapshot

    def _replace(self, task: Task) -> None:
        self._base = task
        self._status = task.status
        self._metadata = task.metadata
        self._history = [*task.history[-HISTORY_LIMIT:]]
        self._artifacts = {
            artifact.artifact_id: _GrowingArtifact(artifact, list(artifact.parts)) for artifact in task.artifacts
        }

    def _remember(self, message: Message) -> None:
        self._history.append(message)
        if len(self._history) > HISTORY_LIMIT:
            del self._history[0]

    def _apply_status(self, event: TaskStatusUpdateEvent) -> None:
        if self._status.message is not None:
            self._remember(self._status.message)
        self._status = event.status
        if event.metadata:
            self._metadata = merged(self._metadata, event.metadata)


def trim_history(task: Task, length: int | None) -> Task:
    """The task with at most the `length` latest messages of its history; None keeps all (A2A 1.0 section 3.2.4)."""
    if length is None or len(task.history) <= length:
        return task
    return evolve(task, history=task.history[len(task.history) - length :])


def merged(old: Mapping[str, Any] | None, new: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """Both metadata objects as one; on the same key the new one wins."""
    return {**(old or {}), **(new or {})} or None


def weigh(item: StreamItem) -> int:
    """Roughly the bytes an event occupies: what counts against the limits of a log and of a task."""
    if isinstance(item, TaskArtifactUpdateEvent):  # nearly all items: first, and without `match` (1.0 µs -> 0.5)
        artifact = item.artifact
        total = 200 + _weigh_parts(artifact.parts)
        if artifact.metadata:
            total += _weigh_json(artifact.metadata)
    elif isinstance(item, TaskStatusUpdateEvent):
        message = item.status.message
        total = 200 + (_weigh_parts(message.parts) if message else 0)
    elif isinstance(item, Task):
        said = (item.status.message, *item.history)
        contents = [message.parts for message in said if message is not None]
        contents += [artifact.parts for artifact in item.artifacts]
        total = 500 + sum(_weigh_parts(parts) for parts in contents)
    else:
        total = 200 + _weigh_parts(item.parts)
    return total + _weigh_json(item.metadata) if item.metadata else total


_SCALARS = frozenset([int, float, bool, type(None)])
_CONTAINER = 64
"""Bytes of a list or an object that is empty."""

_PART = 100
"""Bytes of a part that is empty, beside others."""


def _weigh_parts(parts: Sequence[Part]) -> int:
    total = _PART * (len(parts) - 1) if parts else 0
    for part in parts:
        if part.text is not None:
            total += len(part.text)
        elif part.raw is not None:
            total += len(part.raw)
        elif part.data is not UNSET:
            total += _weigh_json(part.data)
        else:
            total += len(part.url or "")
        if part.filename is not None:
            total += len(part.filename)
        if part.metadata:
            total += _weigh_json(part.metadata)
    return total


def _weigh_json(value: object) -> int:
    """Without recursion, and hardly a step for each value: there may be a million of them."""
    total = 0
    rest: list[Any] = [value]
    while rest:
        each = rest.pop()
        kind = each.__class__
        if kind is str:
            total += len(each)
        elif kind in _SCALARS:
            total += 8
        elif kind is list or kind is tuple:
            total += _CONTAINER
            rest.extend(each)
        elif isinstance(each, Mapping):
            total += _CONTAINER + sum(map(len, each))
            rest.extend(each.values())
        else:
            total += 8
    return total
