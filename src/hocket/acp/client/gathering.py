"""Gathering: the chunks that a hub passes on, put together by the hub's own word for where each message begins."""

from __future__ import annotations

from attrs import define, field

from hocket.acp.assembly import weight
from hocket.acp.budget import Budget
from hocket.acp.events import ChunkReceived, MessageCompleted, MessageLost
from hocket.acp.limits import LaneLimits
from hocket.acp.model import Message

__all__ = ["Gathering"]


@define(eq=False, repr=False)
class _Open:
    sender: str
    chunks: list[Message] = field(factory=list)
    size: int = 0


@define(eq=False, repr=False)
class Gathering:
    """The messages that are open in one stream. The hub has put their chunks in order already.

    A chunk whose message began before we could hear it (a late joiner, a replay gap) is no event, nor is the loss of
    such a message.

    Args:
        limits: How large a message may be, and how many may be open.
        budget: What the messages of all streams may hold together.

    >>> from hocket.acp.model import message_of
    >>> gathering = Gathering(LaneLimits(), Budget())
    >>> def chunk(text, number, **more):
    ...     said = message_of(text, agent_id="ada")
    ...     return ChunkReceived(stream_id="s", agent_id="ada", chunk=said, event_id=number, sequence=number, **more)
    >>> _ = gathering.receive(chunk("Hel", 1, first_event_id=1))
    >>> [event.text for event in gathering.receive(chunk("lo", 2, first_event_id=1, is_last=True))]
    ['lo', 'Hello']
    >>> gathering.receive(chunk("?", 4, first_event_id=3))
    []
    """

    limits: LaneLimits
    budget: Budget
    _open: dict[int, _Open] = field(factory=dict, init=False)

    def __len__(self) -> int:
        return len(self._open)

    def receive(self, event: ChunkReceived) -> list[ChunkReceived | MessageCompleted | MessageLost]:
        """Take a chunk. Gives what there is to tell: the chunk, and the message if it is complete, or too large."""
        first = event.first_event_id
        if event.event_id == first:
            self._open[first] = _Open(event.agent_id)
        gathered = self._open.get(first)
        if gathered is None:
            return []
        size = weight(event.chunk)
        fits = (
            len(self._open) <= self.limits.lanes
            and gathered.size + size <= self.limits.message
            and self.budget.take(size)
        )
        if not fits:
            return [event, self._lose(first, event.stream_id, "too_large")]
        gathered.chunks.append(event.chunk)
        gathered.size += size
        return [event, self._complete(first, event.stream_id)] if event.is_last else [event]

    def lost(self, event: MessageLost) -> list[MessageLost]:
        """The hub says that a message will never be complete. Nothing where we have heard nothing of it."""
        if event.first_event_id and event.first_event_id not in self._open:
            return []
        self._close(event.first_event_id)
        return [event]

    def fail(self, stream_id: str, reason: str, sender: str | None = None) -> list[MessageLost]:
        """Give up what is open: of one sender, or all."""
        firsts = [first for first, gathered in self._open.items() if sender in (None, gathered.sender)]
        return [self._lose(first, stream_id, reason) for first in firsts]

    def _complete(self, first: int, stream_id: str) -> MessageCompleted:
        gathered = self._open[first]
        self._close(first)
        return MessageCompleted(
            stream_id=stream_id, agent_id=gathered.sender, chunks=tuple(gathered.chunks), first_event_id=first
        )

    def _lose(self, first: int, stream_id: str, reason: str) -> MessageLost:
        sender = self._open[first].sender
        self._close(first)
        return MessageLost(stream_id=stream_id, agent_id=sender, reason=reason, first_event_id=first)

    def _close(self, first: int) -> None:
        gathered = self._open.pop(first, None)
        if gathered is not None:
            self.budget.give(gathered.size)
