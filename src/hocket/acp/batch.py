"""Batcher: what is said in passing is collected, and sent ten at a time (spec section 5, "batching")."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from typing import Final

from attrs import define, field, frozen
from attrs.validators import gt, lt

from hocket.acp.model import Message
from hocket.errors import LimitExceeded, LocalProtocolError

__all__ = ["Batcher", "Posted"]

_MIB: Final = 1024 * 1024
_MOST: Final = 2**53  # of anything: what is more is no number of things


@frozen
class Posted:
    """A message that waits to be sent.

    Attributes:
        number: Its place among all messages of the batcher.
        message: What is said.
        at: When it was added.
        size: Bytes it takes on the wire.
    """

    number: int
    message: Message
    at: float
    size: int


@define(eq=False)
class Batcher:
    """The messages of one stream that wait to be sent together, always in the order in which they were added.

    A batch is due when `count` messages are there, or `room` is full, or the oldest has waited `interval` seconds.
    One that could not be sent is given back (`failed`) and comes again before everything that was added later:
    nothing is lost.

    Args:
        count: Messages in one batch.
        interval: Seconds a message waits for others.
        room: Bytes of one batch; a message that is larger goes alone.
        unsent: Messages that may wait.
        unsent_size: Bytes that may wait.

    >>> from hocket.acp.model import message_of
    >>> batcher = Batcher(count=2)
    >>> batcher.add(message_of("one"), now=0.0)
    >>> batcher.due(now=0.5), batcher.next_timeout()
    ((), 1.0)
    >>> batcher.add(message_of("two"), now=0.6)
    >>> [posted.message.text for posted in batcher.due(now=0.6)]
    ['one', 'two']
    """

    count: int = field(default=10, validator=[gt(0), lt(_MOST)])
    interval: float = field(default=1.0, validator=[gt(0), lt(inf)])
    room: int = field(default=_MIB, validator=[gt(0), lt(_MOST)])
    unsent: int = field(default=1_000, validator=[gt(0), lt(_MOST)])
    unsent_size: int = field(default=32 * _MIB, validator=[gt(0), lt(_MOST)])
    _waiting: list[Posted] = field(factory=list, init=False)
    _size: int = field(default=0, init=False)
    _not_before: float = field(default=-inf, init=False)
    _added: int = field(default=0, init=False)

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, message: Message, *, now: float, size: int = 0) -> None:
        """A message is to be sent with the next batch.

        Args:
            message: What is said.
            now: The time in seconds.
            size: Bytes it takes on the wire.

        Raises:
            LocalProtocolError: More would wait than `unsent` or `unsent_size` allow. Nothing was added.
        """
        if len(self._waiting) >= self.unsent:
            raise LocalProtocolError(str(LimitExceeded("unsent", self.unsent, len(self._waiting) + 1)))
        if self._size + size > self.unsent_size:
            raise LocalProtocolError(str(LimitExceeded("unsent_size", self.unsent_size, self._size + size)))
        self._added += 1
        self._waiting.append(Posted(self._added, message, now, size))
        self._size += size

    def next_timeout(self, *, is_urgent: bool = False) -> float | None:
        """When the next batch is due; None if nothing waits. Where it is urgent, no message waits for others."""
        if not self._waiting:
            return None
        if is_urgent:
            at = self._waiting[0].at
        elif len(self._waiting) >= self.count:
            at = self._waiting[self.count - 1].at
        elif self._size >= self.room:
            at = self._waiting[-1].at
        else:
            at = self._waiting[0].at + self.interval
        return max(at, self._not_before)

    def due(self, now: float, *, is_urgent: bool = False) -> tuple[Posted, ...]:
        """The next batch, if it is time for it; else nothing. Call it until it gives nothing."""
        at = self.next_timeout(is_urgent=is_urgent)
        return () if at is None or now < at else self.flush()

    def flush(self) -> tuple[Posted, ...]:
        """The next batch, whether it is time for it or not; call it until it gives nothing."""
        taken: list[Posted] = []
        size = 0
        for posted in self._waiting[: self.count]:
            if taken and size + posted.size > self.room:
                break
            size += posted.size
            taken.append(posted)
        del self._waiting[: len(taken)]
        self._size -= size
        self._not_before = -inf
        return tuple(taken)

    def failed(self, batch: Sequence[Posted], *, now: float, delay: float = 0.0) -> None:
        """A batch could not be sent, or a part of it: it is kept, and will be due again.

        Args:
            batch: What was not sent, in any order; each came from `due` or `flush`.
            now: The time in seconds.
            delay: Seconds to wait at least; it is never less than `interval`.
        """
        if batch:
            self._waiting = sorted([*batch, *self._waiting], key=lambda posted: posted.number)
            self._size += sum(posted.size for posted in batch)
            self._not_before = now + max(delay, self.interval)

    def drain(self) -> tuple[Posted, ...]:
        """Take everything that waits: it will never be sent."""
        taken = tuple(self._waiting)
        self._waiting, self._size, self._not_before = [], 0, -inf
        return taken
