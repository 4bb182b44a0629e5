"""Notices: events as the notifications that members of a stream are sent. What is in the log is written once."""

from __future__ import annotations

from typing import Any

from attrs import define, field

from hocket.acp.chunk_writer import ChunkWriters
from hocket.acp.events import (
    ChunkReceived,
    Invited,
    LoggedEvent,
    MessageLost,
    MessageSent,
    ParticipantLeft,
    ReplayGap,
    StreamEnded,
    StreamPaused,
    StreamResumed,
    StreamStarted,
)
from hocket.acp.model import StreamObject
from hocket.acp.states import Lifecycle
from hocket.acp.wire import ACP, EndParams, EventParams, MessageParams
from hocket.log import Entry

__all__ = [
    "INVITATION",
    "MESSAGE_LOST",
    "NAMES",
    "PARTICIPANT_LOST",
    "REPLAY_GAP",
    "Notices",
    "gap_notice",
    "invitation",
]

MESSAGE_LOST = "MESSAGE_LOST"
PARTICIPANT_LOST = "PARTICIPANT_LOST"
REPLAY_GAP = "REPLAY_GAP"
INVITATION = "stream_invitation"

NAMES: dict[str, str] = {
    "StreamStarted": Lifecycle.STREAM_STARTED.value,
    "ParticipantJoined": Lifecycle.PARTICIPANT_JOINED.value,
    "ParticipantLeft": Lifecycle.PARTICIPANT_LEFT.value,
    "StreamPaused": Lifecycle.STREAM_PAUSED.value,
    "StreamResumed": Lifecycle.STREAM_RESUMED.value,
    "MessageLost": MESSAGE_LOST,
    "ParticipantLost": PARTICIPANT_LOST,
}
"""The `event` of a `stream.event`, by class. Messages, chunks and the end have methods of their own."""


@define(eq=False)
class Notices:
    """Writes the notifications for the entries of one stream's log, each once: for the first who is sent it."""

    _writers: ChunkWriters = field(factory=ChunkWriters, init=False)

    def write(self, entry: Entry[LoggedEvent]) -> bytes:
        """The notification for an entry."""
        message = entry.encoded("acp", self._notice)
        assert message is not None, "every logged event has a notification"
        return message

    def _notice(self, event: LoggedEvent) -> bytes:
        return self._chunk(event) if isinstance(event, ChunkReceived) else _notice(event)

    def _chunk(self, event: ChunkReceived) -> bytes:
        params = self._writers.of(event.agent_id).write(
            event.stream_id, event.chunk, event.sequence, event.is_last, event.event_id, event.first_event_id
        )
        return b'{"jsonrpc":"2.0","method":"stream.chunk","params":%b}' % params


def _notice(event: LoggedEvent) -> bytes:
    """A logged event other than a chunk as the JSON-RPC notification that is sent for it."""
    event_id = str(event.event_id)
    match event:
        case MessageSent():
            message = MessageParams(stream_id=event.stream_id, message=event.message, event_id=event_id)
            return _notification("stream.message", ACP.writer(MessageParams).to_json(message))
        case StreamEnded():
            end = EndParams(
                stream_id=event.stream_id,
                reason=event.reason,
                agent_id=event.agent_id,
                event_id=event_id,
                timestamp=event.timestamp,
            )
            return _notification("stream.end", ACP.writer(EndParams).to_json(end))
        case _:
            return _event(
                EventParams(
                    stream_id=event.stream_id,
                    event=NAMES[type(event).__name__],
                    event_id=event_id,
                    timestamp=event.timestamp or "",
                    agent_id=event.agent_id,
                    data=_data(event),
                )
            )


def invitation(invited: Invited, last: int) -> bytes:
    """What an agent is sent that is to take part. `last` is the last event of the stream so far."""
    data = {
        "type": INVITATION,
        "streamId": invited.stream_id,
        "reason": invited.reason,
        "currentParticipants": list(invited.current_participants),
        "invitedBy": invited.invited_by,
    }
    return _event(
        EventParams(
            stream_id=invited.stream_id,
            event=INVITATION,
            event_id=str(last),
            timestamp=invited.timestamp or "",
            agent_id=invited.agent_id,
            data=_present(data),
        )
    )


def gap_notice(gap: ReplayGap, timestamp: str) -> bytes:
    """What a connection is sent where events that it should be given are no longer kept."""
    data = {"first": str(gap.first), "last": str(gap.last)}
    return _event(
        EventParams(
            stream_id=gap.stream_id,
            event=REPLAY_GAP,
            event_id=str(gap.last),
            timestamp=timestamp,
            agent_id=gap.agent_id,
            data=data,
        )
    )


def _event(params: EventParams) -> bytes:
    return _notification("stream.event", ACP.writer(EventParams).to_json(params))


def _notification(method: str, params: bytes) -> bytes:
    return b'{"jsonrpc":"2.0","method":"%b","params":%b}' % (method.encode(), params)


def _data(event: LoggedEvent) -> dict[str, Any] | None:
    match event:
        case StreamStarted():
            data: dict[str, Any] = {"stream": _object(event.stream), "reason": event.reason}
        case ParticipantLeft():
            data = {"reason": event.reason, "removedBy": event.removed_by}
        case StreamPaused():
            data = {"reason": event.reason, "lanes": dict(event.lanes)}
        case StreamResumed():
            data = {"reason": event.reason}
        case MessageLost():
            first = str(event.first_event_id) if event.first_event_id else None
            data = {"reason": event.reason, "expected": event.expected, "firstEventId": first}
        case _:
            return None
    return _present(data) or None


def _object(stream: StreamObject) -> Any:
    return ACP.writer(StreamObject).to_value(stream)


def _present(data: dict[str, Any]) -> dict[str, Any]:
    """Null is never written: what is not there is left out."""
    return {name: value for name, value in data.items() if value is not None}
