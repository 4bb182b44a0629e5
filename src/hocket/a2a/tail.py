"""Tail: where a task's log ends once the store has confirmed all that it is asked to append.

The store is asked for one append at a time: if two were on their way and another replica came first, the second could
find the log as long as it expects, with something else in it.
"""

from __future__ import annotations

from collections.abc import Sequence

from attrs import define, field

from hocket.a2a.fold import weigh
from hocket.a2a.model import Message, StreamItem, Task, TaskArtifactUpdateEvent, TaskState, TaskStatusUpdateEvent
from hocket.a2a.states import is_terminal
from hocket.errors import LocalProtocolError

__all__ = ["Tail"]


@define(eq=False)
class Tail:
    """The end of one task's log: what may still be appended is judged by it.

    Attributes:
        task_id: The task.
        task_size: Bytes of artifacts and messages that it may have.
        offset: Where the log ends.
        state: The state that the task is in there.
        weight: Bytes of artifacts and messages up to there.
    """

    task_id: str
    task_size: int
    offset: int = 0
    state: TaskState = TaskState.UNKNOWN
    weight: int = 0
    _sealed: dict[str, None] = field(factory=dict, init=False)
    _asked: tuple[StreamItem, ...] = field(default=(), init=False)
    _waiting: list[StreamItem] = field(factory=list, init=False)
    _weights: list[int] = field(factory=list, init=False)
    """Of what is waiting."""

    @property
    def is_confirmed(self) -> bool:
        """Whether the store has all of it."""
        return not self._asked and not self._waiting

    def check(self, items: Sequence[StreamItem]) -> list[int]:
        """Refuse what would break the task's life; changes nothing. What each of the events weighs.

        Raises:
            LocalProtocolError: An event of another task, after a terminal status, of a sealed artifact, or too much.
        """
        state, is_over = self.state, is_terminal(self.state)
        growing: str | None = None
        owner: str | None
        sealed: dict[str, bool] = {}  # what these items change
        for item in items:
            if is_over:
                raise LocalProtocolError(f"task {self.task_id} is {state.value}: nothing can follow that")
            if isinstance(item, TaskArtifactUpdateEvent):  # nearly all are, and go on with the artifact before them
                owner, artifact_id = item.task_id, item.artifact.artifact_id
                if not item.append or artifact_id != growing or item.last_chunk:
                    if item.append and sealed.get(artifact_id, artifact_id in self._sealed):
                        raise LocalProtocolError(f"artifact {artifact_id!r} was sealed by lastChunk; start a new one")
                    sealed[artifact_id] = item.last_chunk
                    growing = None if item.last_chunk else artifact_id
            elif isinstance(item, Message):
                owner = item.task_id
            else:
                owner = item.id if isinstance(item, Task) else item.task_id
                state = item.status.state
                is_over = is_terminal(state)
            if owner != self.task_id:
                raise LocalProtocolError(f"an event of task {owner!r} was given to task {self.task_id!r}")
        weights = [weigh(item) for item in items]
        has_end = bool(items) and is_over and isinstance(items[-1], TaskStatusUpdateEvent)  # which always fits
        added = sum(weights) - (weights[-1] if has_end else 0)
        if added and self.weight + added > self.task_size:
            raise LocalProtocolError(
                f"task {self.task_id} would grow past task_size = {self.task_size} bytes; "
                "raise the limit task_size if this is wanted"
            )
        return weights

    def has_room_for(self, items: Sequence[StreamItem]) -> bool:
        """Whether these fit into `task_size`."""
        return self.weight + sum(map(weigh, items)) <= self.task_size

    def append(self, items: Sequence[StreamItem], weights: Sequence[int] | None = None) -> None:
        """These come next, once the store has them.

        Args:
            items: What comes.
            weights: As `check` has weighed them.
        """
        weights = [weigh(item) for item in items] if weights is None else weights
        self.note(items, weights)
        self._waiting += items
        self._weights += weights

    def next_append(self) -> tuple[tuple[StreamItem, ...], tuple[int, ...]]:
        """What the store is to be asked for now, and what each weighs; nothing while it has not answered."""
        if self._asked:
            return (), ()
        self._asked, weights = tuple(self._waiting), tuple(self._weights)
        self._waiting.clear()
        self._weights.clear()
        return self._asked, weights

    def confirm(self, items: Sequence[StreamItem]) -> bool:
        """The store has these; whether they are what it was asked for, and not what another replica has."""
        asked, self._asked = self._asked[: len(items)], self._asked[len(items) :]
        return asked == tuple(items)

    def note(self, items: Sequence[StreamItem], weights: Sequence[int]) -> None:
        """These come next, and the store has them."""
        for item in items:
            if isinstance(item, TaskArtifactUpdateEvent):
                if item.last_chunk:
                    self._sealed[item.artifact.artifact_id] = None
                elif self._sealed:
                    self._sealed.pop(item.artifact.artifact_id, None)
            elif not isinstance(item, Message):
                self.state = item.status.state
        self.weight += sum(weights)
        self.offset += len(items)
