"""How ACP streams look on the wire: the members of every method's params, and the codec dialect (spec section 2).

Params are read by method, never by the union of all params. `null` counts as absent and is never written.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from attrs import frozen

from hocket.acp.model import MESSAGE_ID, Message, Part, StreamObject
from hocket.codec import Dialect, Shape
from hocket.jsonrpc import UsualCalls

__all__ = [
    "ACP",
    "DECLARE",
    "PARAMS",
    "ChunkParams",
    "EndParams",
    "EventParams",
    "GetParams",
    "JoinParams",
    "MemberParams",
    "MessageParams",
    "Params",
    "StartParams",
    "StreamParams",
    "usual_calls",
]

ACP = Dialect(
    name="ACP",
    shapes={
        Part: Shape(unknown="extra", often=MESSAGE_ID),
        Message: Shape(unknown="extra"),
        StreamObject: Shape(),
    },
)
"""ACP streams, the one version there is."""


@frozen(kw_only=True, weakref_slot=False)
class StartParams:
    """`stream.start`: a new stream; or a paused one resumed, named by `stream_id` or `metadata.resumeStreamId`."""

    participants: tuple[str, ...] = ()
    metadata: Mapping[str, Any] | None = None
    stream_id: str | None = None
    agent_id: str | None = None


@frozen(kw_only=True, weakref_slot=False)
class MessageParams:
    """`stream.message`. The hub adds `event_id` where it passes one on."""

    stream_id: str
    message: Message
    agent_id: str | None = None
    event_id: str | None = None


@frozen(kw_only=True, weakref_slot=False)
class ChunkParams:
    """`stream.chunk`. The hub adds `event_id`, and `first_event_id`, the one of the message's first chunk."""

    stream_id: str
    chunk: Message
    sequence: int
    is_last: bool = False
    agent_id: str | None = None
    event_id: str | None = None
    first_event_id: str | None = None


@frozen(kw_only=True, weakref_slot=False)
class EndParams:
    """`stream.end`. The hub adds `agent_id` (nobody: a deadline), `event_id` and `timestamp`."""

    stream_id: str
    reason: str | None = None
    agent_id: str | None = None
    event_id: str | None = None
    timestamp: str | None = None


@frozen(kw_only=True, weakref_slot=False)
class StreamParams:
    """`stream.pause`, `stream.resume`, `stream.leave`."""

    stream_id: str
    reason: str | None = None
    agent_id: str | None = None


@frozen(kw_only=True, weakref_slot=False)
class GetParams:
    """`stream.get`: the StreamObject; with `last_event_id` also what happened since (at most `limit` events)."""

    stream_id: str
    last_event_id: str | None = None
    limit: int | None = None
    agent_id: str | None = None


@frozen(kw_only=True, weakref_slot=False)
class JoinParams:
    """`stream.join`: become a member, or, as a member, get on this connection what happened since `last_event_id`."""

    stream_id: str
    capabilities: tuple[str, ...] = ()
    last_event_id: str | None = None
    agent_id: str | None = None


@frozen(kw_only=True, weakref_slot=False)
class MemberParams:
    """`stream.invite`, `stream.remove`: `agent_id` is whom it is about; the caller is the connection's principal."""

    stream_id: str
    agent_id: str
    reason: str | None = None


@frozen(kw_only=True, weakref_slot=False)
class EventParams:
    """`stream.event`, hub to participants: what has no method of its own."""

    stream_id: str
    event: str
    event_id: str
    timestamp: str
    agent_id: str | None = None
    data: Mapping[str, Any] | None = None


Params = StartParams | MessageParams | ChunkParams | EndParams | StreamParams | GetParams | JoinParams | MemberParams

DECLARE = "$/agent"
"""A notification {agentId}, first on a pipe or a TCP connection: who speaks there. It is what the header field
`X-Agent-Id` is over HTTP. Peers that do not know it pass over it, as over every notification that begins so."""

PARAMS: Mapping[str, type[Params]] = MappingProxyType(
    {
        "stream.start": StartParams,
        "stream.message": MessageParams,
        "stream.chunk": ChunkParams,
        "stream.end": EndParams,
        "stream.pause": StreamParams,
        "stream.resume": StreamParams,
        "stream.leave": StreamParams,
        "stream.get": GetParams,
        "stream.join": JoinParams,
        "stream.invite": MemberParams,
        "stream.remove": MemberParams,
    }
)
"""What each method takes."""


def usual_calls(params: Mapping[str, type]) -> UsualCalls | None:
    """What reads these params straight from their text; None without msgspec, where that is no short cut.

    The params of a call are then an object of their class, or, where they take a longer look, values.

    Args:
        params: What each method takes.
    """
    reads = {method: decode for method, cls in params.items() if (decode := ACP.reader(cls).decode) is not None}
    return UsualCalls(reads) if reads else None
