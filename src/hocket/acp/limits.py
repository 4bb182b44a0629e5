"""Limits of ACP streams, all finite by default; the names are those that refusals carry in `data.limit`."""

from __future__ import annotations

from attrs import frozen

__all__ = ["ClientLimits", "HubLimits", "LaneLimits", "StreamLimits"]

_MIB = 1024 * 1024


@frozen(kw_only=True)
class LaneLimits:
    """What one sender's chunks may cost (spec section 4).

    Attributes:
        buffered: How far ahead of the next expected chunk a chunk may be that is kept until the gap closes.
        held: Bytes of the chunks that are kept until a gap closes, in one lane.
        message: Bytes of one chunked message.
        gap: Seconds until a gap that does not close fails the message.
        stall: Seconds without a chunk until an open message fails.
        lanes: Lanes with an open message, in one stream.
    """

    buffered: int = 64
    held: int = 16 * _MIB
    message: int = 32 * _MIB
    gap: float = 30.0
    stall: float = 300.0
    lanes: int = 64


@frozen(kw_only=True)
class StreamLimits:
    """What one stream may cost, and how long it may last.

    Attributes:
        participants: Members at one time; a stream's own `maxParticipants` may say less.
        history: Messages that are kept for members that come back (a chunked one counts once).
        history_size: Bytes that are kept for them.
        text: Bytes of one TextPart.
        image: Bytes of one ImagePart, decoded.
        audio: Bytes of one AudioPart, decoded.
        file: Bytes of one FilePart, decoded.
        relayed: Bytes of one message, chunk or start once the others are sent it: what a peer writes shorter than we
            do (U+2028 as it is, say) still has to fit. A hub takes its own `message` where that is less.
        reason: Bytes of a reason.
        id: Bytes of a stream or agent id.
        pause: Seconds a stream may be PAUSED; then it is CLOSED (`pause_timeout`).
        duration: Seconds a stream may last; then it is CLOSED (`max_duration`).
        idle: Seconds without input until an ACTIVE stream is CLOSED (`idle_timeout`); None for never.
        inactivity: Seconds without input of one member until that is told (`ParticipantInactive`, an advice).
        lane: Of the chunks of its members.
    """

    participants: int = 256
    history: int = 1_000
    history_size: int = 16 * _MIB
    text: int = 1_000_000
    image: int = 5_000_000
    audio: int = 10_000_000
    file: int = 25_000_000
    relayed: int = 16 * _MIB
    reason: int = 65_536
    id: int = 256
    pause: float = 900.0
    duration: float = 7_200.0
    idle: float | None = None
    inactivity: float = 300.0
    lane: LaneLimits = LaneLimits()


@frozen(kw_only=True)
class HubLimits:
    """What one hub holds at the most.

    Attributes:
        streams: Streams at one time, also closed ones that are not yet forgotten.
        streams_each: Streams at one time that one principal has started.
        links: Connections at one time.
        held: Bytes of chunks that wait for a gap to close, in all streams.
        replies: Replies kept for requests that are sent again, for each connection.
        replies_size: Bytes of those replies.
        forget: Seconds for which a closed stream is remembered, unless its place is needed for a new one.
        unread: Bytes of replies that may wait for a connection before nothing more should be read from it.
        message: Bytes of one message on the wire, both ways.
        stream: Of each stream.
    """

    streams: int = 10_000
    streams_each: int = 100
    links: int = 10_000
    held: int = 256 * _MIB
    replies: int = 1_024
    replies_size: int = _MIB
    forget: float = 600.0
    unread: int = _MIB
    message: int = 16 * _MIB
    stream: StreamLimits = StreamLimits()


@frozen(kw_only=True)
class ClientLimits:
    """What a client of a hub holds at the most, and how patient it is.

    Attributes:
        request: Seconds to wait for the answer to a request before it is sent again.
        retries: How often a request without an answer is sent again.
        unread: Events that may wait to be read in one stream; beyond it nothing more is taken from the hub.
        unread_size: Bytes of the content of those events.
        message: Bytes of one message on the wire, both ways.
        in_flight: Requests of ours without an answer.
        streams: Streams that are remembered, also closed ones; of these, the oldest is forgotten first.
        unsent: Posted messages that may wait to be sent, in one stream.
        unsent_size: Bytes of them.
        held: Bytes of the chunks of messages that are not yet complete, in all streams.
        lane: Of the chunks of the others.
    """

    request: float = 10.0
    retries: int = 5
    unread: int = 10_000
    unread_size: int = 64 * _MIB
    message: int = 16 * _MIB
    in_flight: int = 1_024
    streams: int = 1_000
    unsent: int = 1_000
    unsent_size: int = 32 * _MIB
    held: int = 256 * _MIB
    lane: LaneLimits = LaneLimits()
