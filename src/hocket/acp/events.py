"""What happens in a stream. The hub, a stream by itself and a client tell it in the same words.

Events with an `event_id` are in the stream's log: they go to the other members in this order, and a member that comes
back goes on after the last one it has seen. The others are told on the spot only.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TypeAlias

from attrs import field, frozen

from hocket.acp.assembly import assemble
from hocket.acp.model import Message, StreamObject
from hocket.acp.said import Said
from hocket.codec.making import maker
from hocket.errors import ErrorObject

__all__ = [
    "ChunkReceived",
    "FrameRejected",
    "Invited",
    "LoggedEvent",
    "MessageCompleted",
    "MessageLost",
    "MessageSent",
    "ParticipantInactive",
    "ParticipantJoined",
    "ParticipantLeft",
    "ParticipantLost",
    "ReplayGap",
    "StreamArchivable",
    "StreamEnded",
    "StreamEvent",
    "StreamPaused",
    "StreamResumed",
    "StreamStarted",
    "chunk_received",
]


@frozen(kw_only=True)
class StreamStarted:
    """A stream was created: STREAM_STARTED.

    Attributes:
        stream_id: Where it happened; so in all events.
        agent_id: Who did it; so in all events.
        event_id: Its place in the stream's log, 1 for the first; so in all logged events.
        timestamp: When, RFC 3339; so in all logged events.
        stream: The stream as it began.
        reason: What it is for, where its starter said so (`metadata.purpose`).
    """

    stream_id: str
    agent_id: str
    event_id: int = 0
    timestamp: str | None = None
    stream: StreamObject
    reason: str | None = None


@frozen(kw_only=True)
class ParticipantJoined:
    """An agent became a member: PARTICIPANT_JOINED."""

    stream_id: str
    agent_id: str
    event_id: int = 0
    timestamp: str | None = None


@frozen(kw_only=True)
class ParticipantLeft:
    """An agent is no longer a member: PARTICIPANT_LEFT. `removed_by` is who sent it away, None if it left itself."""

    stream_id: str
    agent_id: str
    event_id: int = 0
    timestamp: str | None = None
    reason: str | None = None
    removed_by: str | None = None


@frozen(kw_only=True)
class MessageSent:
    """Somebody said something in one piece: MESSAGE_SENT."""

    stream_id: str
    agent_id: str
    event_id: int = 0
    timestamp: str | None = None
    message: Message

    @property
    def text(self) -> str:
        """The text of the message."""
        return self.message.text


@frozen(kw_only=True, weakref_slot=False)
class ChunkReceived:
    """A piece of a message, in its order: CHUNK_RECEIVED.

    Attributes:
        chunk: The piece.
        sequence: Its number, as its sender counts.
        is_last: Whether the message ends with it.
        first_event_id: The `event_id` of the first chunk of the same message: what belongs together has the same one.
    """

    stream_id: str
    agent_id: str
    event_id: int = 0
    timestamp: str | None = None
    chunk: Message
    sequence: int
    is_last: bool = False
    first_event_id: int = 0

    @property
    def text(self) -> str:
        """The text of this piece."""
        return self.chunk.text


chunk_received = maker(
    ChunkReceived,
    "stream_id",
    "agent_id",
    "event_id",
    "timestamp",
    "chunk",
    "sequence",
    "is_last",
    "first_event_id",
)
"""Makes what there is most of, from all its attributes in their order."""


@frozen(kw_only=True)
class MessageLost:
    """A message of chunks will never be complete. What was given of it is a prefix, and not to be relied on.

    Attributes:
        reason: `gap`, `stalled`, `restarted`, `inconsistent_last`, `too_large`, `resync`, `stream_closed`,
            `replay_gap` or `left`.
        expected: The number of the chunk that was missing, where that is known.
        first_event_id: As in its chunks.
    """

    stream_id: str
    agent_id: str
    event_id: int = 0
    timestamp: str | None = None
    reason: str
    expected: int | None = None
    first_event_id: int = 0


@frozen(kw_only=True)
class StreamPaused:
    """The stream was suspended: STREAM_PAUSED.

    Attributes:
        reason: Why, in the words of whoever did it.
        lanes: For each sender with an open message (`agent` or `agent/message id`) the number of the next chunk.
    """

    stream_id: str
    agent_id: str
    event_id: int = 0
    timestamp: str | None = None
    reason: str | None = None
    lanes: Mapping[str, int] = field(factory=dict)


@frozen(kw_only=True)
class StreamResumed:
    """The stream goes on: STREAM_RESUMED."""

    stream_id: str
    agent_id: str
    event_id: int = 0
    timestamp: str | None = None
    reason: str | None = None


@frozen(kw_only=True)
class StreamEnded:
    """The stream is closed for good: STREAM_ENDED. `agent_id` is None where nobody did it: a deadline, an empty stream.

    Attributes:
        reason: What whoever ended it said; or `idle_timeout`, `max_duration`, `pause_timeout`, `empty`.
    """

    stream_id: str
    agent_id: str | None = None
    event_id: int = 0
    timestamp: str | None = None
    reason: str | None = None


@frozen(kw_only=True)
class ParticipantLost:
    """The connection of a member broke. It stays a member."""

    stream_id: str
    agent_id: str
    event_id: int = 0
    timestamp: str | None = None


LoggedEvent: TypeAlias = (
    StreamStarted
    | ParticipantJoined
    | ParticipantLeft
    | MessageSent
    | ChunkReceived
    | MessageLost
    | StreamPaused
    | StreamResumed
    | StreamEnded
    | ParticipantLost
)
"""What a stream's log is made of."""


@frozen(kw_only=True, slots=False)
class MessageCompleted:
    """All chunks of a message are there.

    Attributes:
        chunks: The pieces, in order.
        first_event_id: As in its chunks.
    """

    stream_id: str
    agent_id: str
    chunks: tuple[Message, ...]
    first_event_id: int = 0

    @cached_property
    def message(self) -> Message:
        """The whole message, put together when it is first asked for (spec section 4)."""
        return assemble(self.chunks)

    @property
    def text(self) -> str:
        """The text of the whole message."""
        return "".join([chunk.text for chunk in self.chunks])


@frozen(kw_only=True)
class Invited:
    """Somebody wants an agent to take part. To the agent itself this is the invitation; it answers with a join."""

    stream_id: str
    agent_id: str
    invited_by: str
    timestamp: str | None = None
    reason: str | None = None
    current_participants: tuple[str, ...] = ()


@frozen(kw_only=True)
class ReplayGap:
    """Events that a member has missed are no longer kept: those from `first` to `last`, both included."""

    stream_id: str
    agent_id: str
    first: int
    last: int


@frozen(kw_only=True)
class ParticipantInactive:
    """A member has said nothing for `StreamLimits.inactivity` seconds. Nothing follows from it by itself."""

    stream_id: str
    agent_id: str


@frozen(kw_only=True)
class StreamArchivable:
    """A stream was closed: this is what was said in it, as far as it is kept. The last chance to store it.

    Attributes:
        stream: The closed stream.
        history: The messages, and the chunked ones put together, in the order in which they were complete.
    """

    stream_id: str
    agent_id: str | None = None
    stream: StreamObject
    history: tuple[Said, ...]


@frozen(kw_only=True)
class FrameRejected:
    """Something that came was refused. Where it was a notification, nobody was told.

    Attributes:
        stream_id: The stream it named, "" if it named none.
        agent_id: Who it came from, "" where that is not known.
        method: What was wanted, "" where that is not known.
        error: Why it was refused.
        answered: Whether the peer was told.
    """

    stream_id: str = ""
    agent_id: str = ""
    method: str = ""
    error: ErrorObject
    answered: bool


StreamEvent: TypeAlias = (
    LoggedEvent | MessageCompleted | Invited | ReplayGap | ParticipantInactive | StreamArchivable | FrameRejected
)
"""Everything that can happen in a stream."""
