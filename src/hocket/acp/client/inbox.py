"""The inbox: from a notification of the hub to what it tells. The reverse of `hocket.acp.notices`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, TypeAlias, TypeVar

from attrs import field, frozen

from hocket.acp.events import (
    Invited,
    LoggedEvent,
    MessageLost,
    MessageSent,
    ParticipantJoined,
    ParticipantLeft,
    ParticipantLost,
    ReplayGap,
    StreamEnded,
    StreamPaused,
    StreamResumed,
    StreamStarted,
    chunk_received,
)
from hocket.acp.model import StreamObject
from hocket.acp.notices import INVITATION, MESSAGE_LOST, PARTICIPANT_LOST, REPLAY_GAP
from hocket.acp.states import Lifecycle
from hocket.acp.wire import ACP, ChunkParams, EndParams, EventParams, MessageParams
from hocket.codec import JsonValue
from hocket.codec.making import maker
from hocket.errors import CodecError

__all__ = ["NOTIFICATIONS", "PARAMS", "Heard", "event_number", "read_notification"]

_LARGEST: Final = 18
"""Digits of an event id that is a place in a log. No log is longer, and int() of a long text is slow."""


@frozen(kw_only=True, weakref_slot=False)
class Heard:
    """What a notification tells.

    Attributes:
        event_id: Its place in the stream's log; None where the hub gives none, or one of another kind.
        event: What happened.
    """

    event_id: int | None
    event: LoggedEvent | Invited | ReplayGap


_heard = maker(Heard, "event_id", "event")


def event_number(text: str | None) -> int | None:
    """The place in a log that an `eventId` names; None if it names none.

    >>> event_number("12"), event_number("b7e6"), event_number(None)
    (12, None, None)
    """
    if text is None or not (text.isascii() and text.isdigit() and len(text) <= _LARGEST):
        return None
    return int(text)


def read_notification(method: str, params: JsonValue) -> Heard:
    """Read one of `NOTIFICATIONS`.

    Args:
        method: Which.
        params: Its params, as `loads` gave them, or read already (`wire.usual_calls`).

    Raises:
        CodecError: They are not what the method takes; with the path of the first bad member.
    """
    return NOTIFICATIONS[method](params)


# What a stream.event says in its data -----------------------------------------------------------------------------


@frozen(kw_only=True, weakref_slot=False)
class _Started:
    stream: StreamObject
    reason: str | None = None


@frozen(kw_only=True, weakref_slot=False)
class _Left:
    reason: str | None = None
    removed_by: str | None = None


@frozen(kw_only=True, weakref_slot=False)
class _Paused:
    reason: str | None = None
    lanes: Mapping[str, int] = field(factory=dict)


@frozen(kw_only=True, weakref_slot=False)
class _Lost:
    reason: str = "unknown"
    expected: int | None = None
    first_event_id: str | None = None


@frozen(kw_only=True, weakref_slot=False)
class _Invitation:
    invited_by: str = ""
    reason: str | None = None
    current_participants: tuple[str, ...] = ()


@frozen(kw_only=True, weakref_slot=False)
class _Gap:
    first: str
    last: str


_Stamp: TypeAlias = dict[str, Any]
P = TypeVar("P")


def _number(text: str, path: str) -> int:
    number = event_number(text)
    if number is None:
        raise CodecError(f"must be the eventId of a log, got {text[:32]!r}", path)
    return number


def _started(stamp: _Stamp, data: _Started) -> LoggedEvent:
    return StreamStarted(**stamp, stream=data.stream, reason=data.reason)


def _joined(stamp: _Stamp, data: None) -> LoggedEvent:
    return ParticipantJoined(**stamp)


def _left(stamp: _Stamp, data: _Left) -> LoggedEvent:
    return ParticipantLeft(**stamp, reason=data.reason, removed_by=data.removed_by)


def _paused(stamp: _Stamp, data: _Paused) -> LoggedEvent:
    return StreamPaused(**stamp, reason=data.reason, lanes=data.lanes)


def _resumed(stamp: _Stamp, data: _Left) -> LoggedEvent:
    return StreamResumed(**stamp, reason=data.reason)


def _lost(stamp: _Stamp, data: _Lost) -> LoggedEvent:
    first = event_number(data.first_event_id) or 0
    return MessageLost(**stamp, reason=data.reason, expected=data.expected, first_event_id=first)


def _participant_lost(stamp: _Stamp, data: None) -> LoggedEvent:
    return ParticipantLost(**stamp)


def _invited(stamp: _Stamp, data: _Invitation) -> Invited:
    return Invited(
        stream_id=stamp["stream_id"],
        agent_id=stamp["agent_id"],
        timestamp=stamp["timestamp"],
        invited_by=data.invited_by,
        reason=data.reason,
        current_participants=data.current_participants,
    )


def _gap(stamp: _Stamp, data: _Gap) -> ReplayGap:
    return ReplayGap(
        stream_id=stamp["stream_id"],
        agent_id=stamp["agent_id"],
        first=_number(data.first, "params.data.first"),
        last=_number(data.last, "params.data.last"),
    )


_EVENTS: Final[Mapping[str, tuple[type[Any] | None, Callable[[_Stamp, Any], LoggedEvent | Invited | ReplayGap]]]] = (
    MappingProxyType(
        {
            Lifecycle.STREAM_STARTED.value: (_Started, _started),
            Lifecycle.PARTICIPANT_JOINED.value: (None, _joined),
            Lifecycle.PARTICIPANT_LEFT.value: (_Left, _left),
            Lifecycle.STREAM_PAUSED.value: (_Paused, _paused),
            Lifecycle.STREAM_RESUMED.value: (_Left, _resumed),
            MESSAGE_LOST: (_Lost, _lost),
            PARTICIPANT_LOST: (None, _participant_lost),
            INVITATION: (_Invitation, _invited),
            REPLAY_GAP: (_Gap, _gap),
        }
    )
)
"""By the `event` of a stream.event: what its data must be, and what it tells."""


# The methods ------------------------------------------------------------------------------------------------------


def _params(cls: type[P], value: JsonValue) -> P:
    return value if type(value) is cls else ACP.reader(cls).from_value(value, "params")


def _message(value: JsonValue) -> Heard:
    params = _params(MessageParams, value)
    event_id = event_number(params.event_id)
    event = MessageSent(
        stream_id=params.stream_id,
        agent_id=params.message.agent_id or params.agent_id or "",
        event_id=event_id or 0,
        timestamp=params.message.timestamp,
        message=params.message,
    )
    return Heard(event_id=event_id, event=event)


def _chunk(value: JsonValue) -> Heard:
    params = _params(ChunkParams, value)
    event_id = event_number(params.event_id)
    chunk = params.chunk
    event = chunk_received(
        params.stream_id,
        chunk.agent_id or params.agent_id or "",
        event_id or 0,
        chunk.timestamp,
        chunk,
        params.sequence,
        params.is_last,
        event_number(params.first_event_id) or 0,
    )
    return _heard(event_id, event)


def _end(value: JsonValue) -> Heard:
    params = _params(EndParams, value)
    event_id = event_number(params.event_id)
    event = StreamEnded(
        stream_id=params.stream_id,
        agent_id=params.agent_id,
        event_id=event_id or 0,
        timestamp=params.timestamp,
        reason=params.reason,
    )
    return Heard(event_id=event_id, event=event)


def _event(value: JsonValue) -> Heard:
    params = _params(EventParams, value)
    if params.event not in _EVENTS:
        raise CodecError(f"there is no event {params.event[:64]!r}", "params.event")
    shape, make = _EVENTS[params.event]
    data = None if shape is None else ACP.reader(shape).from_value(dict(params.data or {}), "params.data")
    event_id = event_number(params.event_id)
    stamp = {
        "stream_id": params.stream_id,
        "agent_id": params.agent_id or "",
        "event_id": event_id or 0,
        "timestamp": params.timestamp or None,
    }
    return Heard(event_id=event_id, event=make(stamp, data))


NOTIFICATIONS: Final[Mapping[str, Callable[[JsonValue], Heard]]] = MappingProxyType(
    {"stream.message": _message, "stream.chunk": _chunk, "stream.end": _end, "stream.event": _event}
)
"""What a hub tells, by method."""

PARAMS: Final[Mapping[str, type[Any]]] = MappingProxyType(
    {
        "stream.message": MessageParams,
        "stream.chunk": ChunkParams,
        "stream.end": EndParams,
        "stream.event": EventParams,
    }
)
"""The params of what a hub tells, by method."""
