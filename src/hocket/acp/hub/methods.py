"""Methods: what each call does to a stream, and what it is answered (spec sections 2 and 3)."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from types import MappingProxyType
from typing import Any, Generic, TypeVar

from attrs import frozen

from hocket.acp.model import StreamObject
from hocket.acp.params import event_id_of
from hocket.acp.refusals import invalid
from hocket.acp.roster import Member
from hocket.acp.stream import Stream
from hocket.acp.wire import (
    ACP,
    ChunkParams,
    EndParams,
    GetParams,
    JoinParams,
    MemberParams,
    MessageParams,
    Params,
    StartParams,
    StreamParams,
)
from hocket.codec import dumps
from hocket.errors import ErrorObject, StreamRefused

__all__ = ["METHODS", "Call", "event_id", "stream_result", "stream_to_resume"]

P = TypeVar("P", bound=Params, covariant=True)

_PAGE, _LARGEST_PAGE = 100, 1_000
"""Events that `stream.get` gives where it is not said how many, and at the most."""
_PAGE_SIZE = 8 * 1024 * 1024
"""Bytes of events after which `stream.get` leaves the rest to the next call."""


@frozen(kw_only=True, weakref_slot=False)
class Call(Generic[P]):
    """What somebody wants of a stream.

    Attributes:
        agent: Who.
        params: What exactly.
        now: The time in seconds.
        line: By which connection it came.
        ordered: Whether calls arrive on it in the order in which they were made.
        is_request: Whether the caller will be told how it ended.
    """

    agent: str
    params: P
    now: float
    line: Hashable
    ordered: bool
    is_request: bool


def stream_result(stream: StreamObject, **more: Any) -> bytes:
    """The result that holds a StreamObject."""
    text = b'{"type":"stream","stream":%b' % ACP.writer(StreamObject).to_json(stream)
    for name, value in more.items():
        text += b',"%b":%b' % (name.encode(), dumps(value))
    return text + b"}"


def stream_to_resume(params: StartParams) -> str | None:
    """The stream that a `stream.start` names, to be resumed; None if it wants a new one.

    Raises:
        StreamRefused: It names two.
    """
    named = (params.metadata or {}).get("resumeStreamId")
    if named is not None and not isinstance(named, str):
        raise StreamRefused(invalid("params.metadata.resumeStreamId: must be a text"))
    if named is not None and params.stream_id is not None and named != params.stream_id:
        raise StreamRefused(invalid("params.streamId and params.metadata.resumeStreamId name different streams"))
    return params.stream_id or named


def _message(call: Call[MessageParams], stream: Stream) -> bytes:
    params = call.params
    stream.message(call.agent, params.message, now=call.now)
    return _success("the message was sent to the other participants")


def _chunk(call: Call[ChunkParams], stream: Stream) -> bytes:
    params = call.params
    stream.chunk(
        call.agent,
        params.chunk,
        sequence=params.sequence,
        last=params.is_last,
        now=call.now,
        ordered=call.ordered,
        line=call.line,
        is_request=call.is_request,
    )
    return b'{"type":"notification","message":"chunk %d was taken"}' % params.sequence


def _end(call: Call[EndParams], stream: Stream) -> bytes:
    params = call.params
    stream.end(params.reason, agent=call.agent, now=call.now)
    return _success("the stream is closed")


def _pause(call: Call[StreamParams], stream: Stream) -> bytes:
    params = call.params
    stream.pause(call.agent, params.reason, now=call.now)
    return _success("the stream is paused")


def _resume(call: Call[StartParams | StreamParams], stream: Stream) -> bytes:
    reason = call.params.reason if isinstance(call.params, StreamParams) else None
    stream.resume(call.agent, reason, now=call.now)
    return stream_result(stream.object())


def _leave(call: Call[StreamParams], stream: Stream) -> bytes:
    params = call.params
    stream.leave(call.agent, params.reason, now=call.now)
    return _success("you have left the stream")


def _join(call: Call[JoinParams], stream: Stream) -> bytes:
    params = call.params
    stream.join(call.agent, params.capabilities, now=call.now)
    member = stream.roster.get(call.agent)
    assert member is not None, "who has joined is a member"
    after = event_id(params.last_event_id)
    begins = member.seen if after is None else min(max(after, member.since), stream.events.last)
    return stream_result(stream.object(), lastEventId=str(begins))


def _invite(call: Call[MemberParams], stream: Stream) -> bytes:
    params = call.params
    invited = stream.invite(call.agent, params.agent_id, params.reason, now=call.now)
    return _success(f"{params.agent_id} " + ("is a participant already" if invited is None else "was invited"))


def _remove(call: Call[MemberParams], stream: Stream) -> bytes:
    params = call.params
    stream.remove(call.agent, params.agent_id, params.reason, now=call.now)
    return _success(f"{params.agent_id} is no longer a participant")


def _get(call: Call[GetParams], stream: Stream) -> bytes:
    params = call.params
    found = stream.get(call.agent, now=call.now)
    after = event_id(params.last_event_id)
    if after is None:
        return stream_result(found)
    member = stream.roster.get(call.agent)
    assert member is not None, "only members get this far"
    return _page(found, stream, member, max(after, member.since), params.limit)


def _page(found: StreamObject, stream: Stream, member: Member, after: int, limit: int | None) -> bytes:
    """The stream, and what happened in it after an event: how one reads on without a connection that listens."""
    log = stream.events
    gap = {"first": str(after + 1), "last": str(log.first - 1)} if after + 1 < log.first else None
    count = min(max(1, _PAGE if limit is None else limit), _LARGEST_PAGE)
    events: list[bytes] = []
    size, last = 0, min(max(after, log.first - 1), log.last)
    for entry in log.read(last, count):
        message = stream.history.notices.write(entry) if member.hears(entry.event) else b""
        if events and size + len(message) > _PAGE_SIZE:
            break
        last, size = entry.offset, size + len(message)
        if message:
            events.append(message)
    more = {"lastEventId": str(last)} if gap is None else {"lastEventId": str(last), "replayGap": gap}
    return stream_result(found, **more)[:-1] + b',"events":[%b]}' % b",".join(events)


def event_id(text: str | None) -> int | None:
    """The place in a log that a caller names.

    Raises:
        StreamRefused: It is not one that a hub gives.
    """
    read = event_id_of(text)
    if isinstance(read, ErrorObject):
        raise StreamRefused(read)
    return read


def _success(message: str) -> bytes:
    return dumps({"type": "success", "message": message})


METHODS: Mapping[str, Callable[[Call[Any], Stream], bytes]] = MappingProxyType(
    {
        "stream.start": _resume,
        "stream.message": _message,
        "stream.chunk": _chunk,
        "stream.end": _end,
        "stream.pause": _pause,
        "stream.resume": _resume,
        "stream.leave": _leave,
        "stream.get": _get,
        "stream.join": _join,
        "stream.invite": _invite,
        "stream.remove": _remove,
    }
)
"""What each method does to the stream that it names. (A `stream.start` that names none is no business of a stream.)"""
