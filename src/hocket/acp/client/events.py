"""What a client of a hub tells beside what happens in its streams: answers, and what becomes of its connection."""

from __future__ import annotations

from typing import TypeAlias

from attrs import field, frozen

from hocket.acp.events import StreamEvent
from hocket.acp.model import Message, StreamObject
from hocket.codec import JsonValue
from hocket.errors import HocketError

__all__ = [
    "Answered",
    "BatchFailed",
    "ClientEvent",
    "Failed",
    "Listen",
    "Poll",
    "Reconnect",
    "ReconnectExhausted",
    "Reconnected",
    "Reconnecting",
    "Unlisten",
]


@frozen(kw_only=True)
class Answered:
    """A request has succeeded.

    Attributes:
        request_id: What the command returned.
        stream_id: The stream it was about; for `start`, the new one.
        result: The StreamObject for what is answered with one (start, join, resume, get), else what the hub said; None
            where there was nothing to do: the stream that was to be ended had ended already.
    """

    request_id: str
    stream_id: str | None = None
    result: StreamObject | JsonValue = None


@frozen(kw_only=True)
class Failed:
    """A request has failed for good.

    Attributes:
        request_id: What the command returned.
        stream_id: The stream it was about; None for a `start`.
        error: Why: RpcError (the hub refused it), NotSupported (the hub does not have the method), ResumeUnsupported,
            RequestTimeout, ConnectionFailed, or CodecError (the answer cannot be read). Compared by what it says.
    """

    request_id: str
    stream_id: str | None = None
    error: HocketError = field(eq=repr)


@frozen(kw_only=True)
class BatchFailed:
    """Messages that were posted were refused for good, or will never be sent because the stream is over.

    Attributes:
        stream_id: The stream.
        messages: What was not said, in the order in which it was posted.
        error: Why. Compared by what it says.
    """

    stream_id: str
    messages: tuple[Message, ...]
    error: HocketError = field(eq=repr)


@frozen(kw_only=True)
class Listen:
    """Open the feed of a stream (HTTP: GET with Last-Event-ID), then call `feed_opened` or `feed_lost`."""

    stream_id: str
    last_event_id: int | None = None


@frozen(kw_only=True)
class Unlisten:
    """Close the feed of a stream: nothing more of it is wanted."""

    stream_id: str


@frozen(kw_only=True)
class Reconnecting:
    """A connection was lost, and will be tried again.

    Attributes:
        stream_id: The stream whose feed it was; None for the line to the hub. So in all events of this kind.
        attempt: Which attempt it will be, 1 for the first since the connection was last stable.
        delay: Seconds until then.
        error: Why the connection was lost, or the last attempt failed, where that is known. Compared by what it says.
    """

    stream_id: str | None = None
    attempt: int
    delay: float
    error: HocketError | None = field(default=None, eq=repr)


@frozen(kw_only=True)
class Reconnect:
    """Try again now: connect to the hub, or open the feed of one stream after `last_event_id`."""

    stream_id: str | None = None
    last_event_id: int | None = None


@frozen(kw_only=True)
class Reconnected:
    """The connection is there again. What was missed follows, without a hole, or with a ReplayGap that says so."""

    stream_id: str | None = None


@frozen(kw_only=True)
class ReconnectExhausted:
    """All attempts were in vain. From now on the hub is asked again and again (Poll) what has happened."""

    stream_id: str | None = None
    error: HocketError | None = field(default=None, eq=repr)


@frozen(kw_only=True)
class Poll:
    """A request that asks what has happened in a stream is among `messages_to_send`.

    A transport without a connection may make one for it: for this message alone, or for good (`connected`).
    """

    stream_id: str


ClientEvent: TypeAlias = (
    StreamEvent
    | Answered
    | Failed
    | BatchFailed
    | Listen
    | Unlisten
    | Reconnecting
    | Reconnect
    | Reconnected
    | ReconnectExhausted
    | Poll
)
"""Everything that a client tells."""
