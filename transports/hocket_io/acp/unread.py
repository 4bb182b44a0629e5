"""Unread: the events of one stream that wait for their reader."""

from __future__ import annotations

from collections import deque
from typing import Protocol, TypeAlias

from attrs import define, field

from hocket.acp.assembly import weight
from hocket.acp.client.events import BatchFailed, Reconnected, ReconnectExhausted, Reconnecting
from hocket.acp.events import (
    ChunkReceived,
    MessageCompleted,
    MessageSent,
    ParticipantLeft,
    ReplayGap,
    StreamEnded,
    StreamEvent,
)
from hocket_io.acp.bell import Bell

__all__ = ["AcpEvent", "Tap", "Unread"]

AcpEvent: TypeAlias = StreamEvent | BatchFailed | Reconnecting | Reconnected | ReconnectExhausted
"""What a member of a stream is told: what happens in it, and what becomes of the connection."""


class Tap(Protocol):
    """Somebody who takes some events out of a stream before its reader gets them: whoever receives a file."""

    def takes(self, event: AcpEvent) -> bool:
        """Whether the event is for the tap, which then has it."""

    @property
    def is_full(self) -> bool:
        """Whether nothing more should be read from the hub for now."""


@define(eq=False, repr=False)
class Unread:
    """A bounded queue of events, which says so when it had to forget some.

    As long as somebody reads a stream, its queue is never cut by these limits alone: `is_full` then asks for nothing
    more to be read from the hub. The queue of a stream that nobody reads keeps its newest events, and begins with a
    ReplayGap. A reader that does not come back for long counts as nobody (`give_up`); and as requests have to go on
    while a reader is behind, twice the limits are the most that is kept for anybody.

    Args:
        stream_id: The stream.
        agent_id: Whose queue it is.
        events: How many events may wait.
        size: How many bytes of content may wait.

    Attributes:
        bell: Rung when there is something to take, and when there will be nothing more.
        is_read: Whether somebody reads the stream.
        is_over: Whether the last event was taken: the stream has ended, or its member is no longer in it.
    """

    stream_id: str
    agent_id: str
    events: int
    size: int
    bell: Bell = field(factory=Bell, init=False)
    is_read: bool = field(default=False, init=False)
    is_over: bool = field(default=False, init=False)
    _waiting: deque[tuple[AcpEvent, int]] = field(factory=deque, init=False)
    _held: int = field(default=0, init=False)
    _gap: ReplayGap | None = field(default=None, init=False)
    _taps: list[Tap] = field(factory=list, init=False)

    @property
    def is_full(self) -> bool:
        """Whether a reader, or a tap, should catch up before more is read from the hub."""
        return (self.is_read and self._is_over(1)) or (bool(self._taps) and any(tap.is_full for tap in self._taps))

    def put(self, event: AcpEvent) -> None:
        """Add an event; a tap that wants it gets it instead."""
        if not (self._taps and any(tap.takes(event) for tap in self._taps)):
            size = _size(event)
            self._waiting.append((event, size))
            self._held += size
            self._cut()
        self.bell.ring()

    def take(self) -> AcpEvent | None:
        """The next event, None if there is none for now."""
        self.is_read = True
        if self._gap is not None:
            gap, self._gap = self._gap, None
            return gap
        if not self._waiting:
            return None
        event, size = self._waiting.popleft()
        self._held -= size
        self.is_over = self.is_over or self.is_last(event)
        return event

    def is_last(self, event: AcpEvent) -> bool:
        """Whether nothing can come after an event."""
        return isinstance(event, StreamEnded) or (
            isinstance(event, ParticipantLeft) and event.agent_id == self.agent_id
        )

    def give_up(self) -> None:
        """The reader is gone, or was not seen for long: keep the newest events only."""
        self.is_read = False
        self._cut()

    def tap(self, tap: Tap) -> None:
        """Let a tap have what it wants, beginning with what waits."""
        self._taps.append(tap)
        waiting, self._waiting, self._held = self._waiting, deque(), 0
        for event, size in waiting:
            if not tap.takes(event):
                self._waiting.append((event, size))
                self._held += size

    def untap(self, tap: Tap) -> None:
        """A tap wants nothing more."""
        self._taps.remove(tap)

    def _is_over(self, times: int) -> bool:
        return len(self._waiting) >= times * self.events or self._held >= times * self.size

    def _cut(self) -> None:
        times = 2 if self.is_read else 1
        while len(self._waiting) > 1 and (len(self._waiting) > times * self.events or self._held > times * self.size):
            event, size = self._waiting.popleft()
            self._held -= size
            self._forget(event)

    def _forget(self, event: AcpEvent) -> None:
        first, last = (event.first, event.last) if isinstance(event, ReplayGap) else (_event_id(event),) * 2
        if self._gap is not None:
            first, last = self._gap.first or first, max(self._gap.last, last)
        self._gap = ReplayGap(stream_id=self.stream_id, agent_id=self.agent_id, first=first, last=last)


def _event_id(event: AcpEvent) -> int:
    """Its place in the log; 0 for an event that is not in it."""
    place: int = getattr(event, "event_id", 0)
    return place


def _size(event: AcpEvent) -> int:
    if type(event) is ChunkReceived:
        return weight(event.chunk)
    if type(event) is MessageSent:
        return weight(event.message)
    if type(event) is MessageCompleted:
        return sum([weight(chunk) for chunk in event.chunks])
    return 0
