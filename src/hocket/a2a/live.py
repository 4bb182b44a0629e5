"""LiveTask: one task in the server's memory. Its log, its fold, who runs it and who waits for it."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import define, field

from hocket.a2a.dialects import CallDialect
from hocket.a2a.fold import Fold, trim_history, weigh
from hocket.a2a.limits import ServerLimits
from hocket.a2a.model import (
    StreamItem,
    Task,
    TaskArtifactUpdateEvent,
)
from hocket.a2a.ports import Checkpoint, Link, Owner, Stored
from hocket.a2a.runs import LiveRun, Turn
from hocket.a2a.states import is_terminal
from hocket.a2a.subscription import Call, Subscription
from hocket.a2a.tail import Tail
from hocket.a2a.writing import Write, Writing
from hocket.log import Cursor, Entry, Log

__all__ = ["LiveTask"]

ENTRY_SIZE = 700
"""Bytes that an entry takes in memory beside its weight: the objects that it is made of, and one encoding of it."""

CHECKPOINT_EVERY = 1_024
"""Entries between two checkpoints, at the least; a checkpoint costs the size of the task, so they grow apart."""


@define(eq=False)
class LiveTask:
    """One task. The log and the fold hold what the store confirmed; the tail also what it was asked to append.

    Attributes:
        heard: The last offset that the store has told of, since it was asked for the task.
        arriving: Messages that the store was asked to append and has not confirmed.
        parked: Calls that are judged when more is known: the task is being loaded, or its agent is about to ask.
        waiters: Calls that are answered when the task settles.
    """

    id: str
    limits: ServerLimits
    owner: Owner = field(factory=Owner, init=False)
    log: Log[StreamItem] = field(init=False)
    fold: Fold = field(factory=Fold, init=False)
    tail: Tail = field(init=False)
    run: LiveRun | None = field(default=None, init=False)
    arriving: list[Turn] = field(factory=list, init=False)  # an empty deque would be 760 bytes
    heard: int = field(default=0, init=False)
    is_loading: bool = field(default=False, init=False)
    parked: list[tuple[Link, Call]] = field(factory=list, init=False)
    waiters: list[tuple[Link, Call]] = field(factory=list, init=False)
    subscriptions: dict[Subscription, None] = field(factory=dict, init=False)
    _writing: Writing | None = field(default=None, init=False)
    _checkpointed: int = field(default=0, init=False)

    def __attrs_post_init__(self) -> None:
        self.log = Log(self.limits.log)
        self.tail = Tail(self.id, self.limits.task_size)

    @property
    def is_idle(self) -> bool:
        """True if the store alone may keep it: nothing runs, nobody reads, waits, or has an append under way."""
        return not (
            self.run
            or self.subscriptions
            or self.waiters
            or self.parked
            or self.is_loading
            or not self.tail.is_confirmed
        )

    @property
    def weight(self) -> int:
        """Roughly the bytes that it takes in memory."""
        return self.tail.weight + ENTRY_SIZE * len(self.log)

    def is_arriving(self, message_id: str) -> bool:
        """Whether the message is on its way into the log."""
        return any(turn.message.message_id == message_id for turn in self.arriving)

    def restore(self, stored: Stored) -> None:
        """Become what the store has."""
        self.owner = stored.owner
        self.log = Log(self.limits.log, start=stored.offset)
        for subscription in self.subscriptions:
            subscription.cursor = Cursor(self.log, subscription.cursor.after)
        self.fold = Fold.of(stored.task)
        self._checkpointed = stored.offset
        self.tail = Tail(self.id, self.limits.task_size, stored.offset, stored.task.state, weigh(stored.task))
        items = self.take_entries(stored.entries)
        self.tail.note(items, [weigh(item) for item in items])

    def take_entries(self, entries: Sequence[Entry[StreamItem]]) -> list[StreamItem]:
        """Confirm entries of the store; ones already taken are passed over.

        Raises:
            LocalProtocolError: An entry before these is missing.
        """
        fresh = entries
        if entries and entries[0].offset <= self.log.last:
            fresh = [entry for entry in entries if entry.offset > self.log.last]
        self.log.extend(fresh)
        items = [entry.event for entry in fresh]
        self.fold.extend(items)
        if is_terminal(self.fold.state):
            self.log.end()
        if self.subscriptions and items and isinstance(items[0], TaskArtifactUpdateEvent):
            self._write_ahead(fresh, items)
        return items

    def writer(self, dialect: CallDialect) -> Write:
        """What writes the items of the log for all who read it in a dialect."""
        if self._writing is None:
            self._writing = Writing(lambda: self.fold.snapshot())
        return self._writing.writer(dialect)

    def _write_ahead(self, entries: Sequence[Entry[StreamItem]], items: Sequence[StreamItem]) -> None:
        """Write new entries for those who read along. It begins with the first text: who is silent costs nothing."""
        if self._writing is None:
            for subscription in self.subscriptions:
                if subscription.call.dialect.is_shared:
                    self.writer(subscription.call.dialect)
        if self._writing is not None:
            self._writing.write_ahead(entries, items)

    def snapshot(self, history_length: int | None = None) -> Task:
        """The task as the log has it, with so much of its history."""
        return trim_history(self.fold.snapshot(), history_length)

    def checkpoint(self) -> Checkpoint | None:
        """A snapshot for the store, when the task is over or enough was appended since the last one."""
        grown = self.log.last - self._checkpointed
        if not grown or (grown < max(CHECKPOINT_EVERY, self._checkpointed) and not self.log.is_ended):
            return None
        self._checkpointed = self.log.last
        task = self.fold.snapshot()
        return Checkpoint(task_id=self.id, offset=self.log.last, task=task, is_final=self.log.is_ended)
