"""History: the log of a stream, as much of it as is kept, and what was said in it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Any

from attrs import define, field

from hocket.acp.events import (
    ChunkReceived,
    LoggedEvent,
    MessageLost,
    MessageSent,
    ParticipantLeft,
    StreamEnded,
    StreamPaused,
    StreamResumed,
)
from hocket.acp.limits import StreamLimits
from hocket.acp.model import Message
from hocket.acp.notices import Notices
from hocket.acp.said import Said
from hocket.log import Log, LogLimits
from hocket.timestamps import timestamp

__all__ = ["History", "said_in"]

_ENTRY = 200
"""What an event counts for beside its content, in bytes."""


@define(eq=False)
class History:
    """The events of a stream that are kept: the latest messages with all their chunks, and what happened between them.

    Args:
        stream_id: The stream's name.
        limits: How many messages, and how many bytes.
        epoch: Unix time, in seconds, at which `now` was 0.
        now: The time in seconds; whoever owns this keeps it right.

    Attributes:
        log: The events.
        notices: How members are told of them.
    """

    stream_id: str
    limits: StreamLimits
    epoch: float
    now: float
    log: Log[LoggedEvent] = field(init=False)
    notices: Notices = field(factory=Notices, init=False)
    _moment: tuple[float, str] | None = field(default=None, init=False)
    _begun: deque[int] = field(factory=deque, init=False)

    def __attrs_post_init__(self) -> None:
        self.log = Log(LogLimits(size=self.limits.history_size))

    @property
    def timestamp(self) -> str:
        """The time it is, as it goes on the wire."""
        if self._moment is None or self._moment[0] != self.now:  # the same for all that comes in one piece: 3 µs each
            self._moment = (self.now, timestamp(self.epoch + self.now))
        return self._moment[1]

    def stamp(self, agent_id: str | None) -> dict[str, Any]:
        """What the next event begins with."""
        return {
            "stream_id": self.stream_id,
            "agent_id": agent_id,
            "event_id": self.log.last + 1,
            "timestamp": self.timestamp,
        }

    def append(self, event: LoggedEvent, weight: int | None = None) -> None:
        """Keep a stamped event; forget the oldest message if that is one too many.

        Args:
            event: What happened.
            weight: Bytes of what was said; None where it is not that something was said.
        """
        self.log.append([event], weights=[_ENTRY + (_aside(event) if weight is None else weight)])
        if isinstance(event, MessageSent) or (
            isinstance(event, ChunkReceived) and event.first_event_id == event.event_id
        ):
            self._begun.append(event.event_id)
            if len(self._begun) > self.limits.history:
                self._begun.popleft()
                self.log.drop(self._begun[0] - 1)

    @property
    def said(self) -> tuple[Said, ...]:
        """The messages that are kept whole, in the order in which they were complete."""
        return tuple(said_in(entry.event for entry in self.log.read(0, len(self.log))))


def _aside(event: LoggedEvent) -> int:
    """Bytes of an event in which nothing is said. A StreamObject is none of them: the stream holds it anyhow."""
    match event:
        case StreamPaused():
            return _utf8(event.reason) + sum(len(name) for name in event.lanes)
        case ParticipantLeft() | StreamResumed() | StreamEnded():
            return _utf8(event.reason)
        case _:
            return 0


def _utf8(text: str | None) -> int:
    return 0 if text is None else len(text.encode("utf-8", "surrogatepass"))


def said_in(events: Iterable[LoggedEvent]) -> Iterable[Said]:
    """The messages that are complete in a run of events."""
    open_messages: dict[int, list[Message]] = {}
    for event in events:
        match event:
            case MessageSent():
                yield Said(agent=event.agent_id, chunks=(event.message,), event_id=event.event_id)
            case ChunkReceived():
                if event.first_event_id == event.event_id:
                    open_messages[event.event_id] = []
                chunks = open_messages.get(event.first_event_id)
                if chunks is None:
                    continue  # its beginning is no longer kept
                chunks.append(event.chunk)
                if event.is_last:
                    del open_messages[event.first_event_id]
                    yield Said(agent=event.agent_id, chunks=tuple(chunks), event_id=event.event_id)
            case MessageLost():
                open_messages.pop(event.first_event_id, None)
            case _:
                pass
