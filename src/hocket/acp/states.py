"""The life of a stream as tables: state × input → what happens. The hub's table, and the client's.

What a row says is done by `hocket.acp.stream` and `hocket.acp.client`; who may do it is in `hocket.acp.access`, and
what a chunk does in a stream that takes it, in `hocket.acp.lane`.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType

from attrs import frozen

from hocket.acp.model import StreamStatus
from hocket.errors import Code

__all__ = ["CLIENT", "HUB", "ClientInput", "ClientState", "Input", "Lifecycle", "Row"]


class Lifecycle(Enum):
    """The names of what happens in a stream's life."""

    STREAM_STARTED = "STREAM_STARTED"
    PARTICIPANT_JOINED = "PARTICIPANT_JOINED"
    PARTICIPANT_LEFT = "PARTICIPANT_LEFT"
    MESSAGE_SENT = "MESSAGE_SENT"
    CHUNK_RECEIVED = "CHUNK_RECEIVED"
    STREAM_PAUSED = "STREAM_PAUSED"
    STREAM_RESUMED = "STREAM_RESUMED"
    STREAM_ENDED = "STREAM_ENDED"


class Input(Enum):
    """What can meet a stream: what its members ask for, its deadlines, and the loss of a connection."""

    RESUME = "resume"
    MESSAGE = "message"
    CHUNK = "chunk"
    END = "end"
    PAUSE = "pause"
    JOIN = "join"
    INVITE = "invite"
    LEAVE = "leave"
    REMOVE = "remove"
    GET = "get"
    IDLE_TIMEOUT = "idle_timeout"
    MAX_DURATION = "max_duration"
    PAUSE_TIMEOUT = "pause_timeout"
    EMPTY = "empty"
    TRANSPORT_LOST = "transport_lost"


@frozen
class Row:
    """What an input does to a stream in one state.

    Attributes:
        to: The state afterwards.
        event: What it is called; None where nothing happens that others are told.
        error: What it is refused with; then nothing happens.
    """

    to: StreamStatus
    event: Lifecycle | None = None
    error: Code | None = None


_ACTIVE, _PAUSED, _CLOSED = StreamStatus.ACTIVE, StreamStatus.PAUSED, StreamStatus.CLOSED
_GONE = Row(_CLOSED, error=Code.STREAM_CLOSED)
_ENDS = Row(_CLOSED, Lifecycle.STREAM_ENDED)
_NOTHING = {_ACTIVE: Row(_ACTIVE), _PAUSED: Row(_PAUSED), _CLOSED: Row(_CLOSED)}


def _alike(event: Lifecycle) -> dict[StreamStatus, Row]:
    return {_ACTIVE: Row(_ACTIVE, event), _PAUSED: Row(_PAUSED, event), _CLOSED: _GONE}


HUB: Mapping[Input, Mapping[StreamStatus, Row]] = MappingProxyType(
    {
        Input.RESUME: {_ACTIVE: Row(_ACTIVE), _PAUSED: Row(_ACTIVE, Lifecycle.STREAM_RESUMED), _CLOSED: _GONE},
        Input.MESSAGE: {
            _ACTIVE: Row(_ACTIVE, Lifecycle.MESSAGE_SENT),
            _PAUSED: Row(_PAUSED, error=Code.STREAM_PAUSED),
            _CLOSED: _GONE,
        },
        Input.CHUNK: {
            _ACTIVE: Row(_ACTIVE, Lifecycle.CHUNK_RECEIVED),
            _PAUSED: Row(_PAUSED, error=Code.STREAM_PAUSED),
            _CLOSED: _GONE,
        },
        Input.END: {_ACTIVE: _ENDS, _PAUSED: _ENDS, _CLOSED: _GONE},
        Input.PAUSE: {_ACTIVE: Row(_PAUSED, Lifecycle.STREAM_PAUSED), _PAUSED: Row(_PAUSED), _CLOSED: _GONE},
        Input.JOIN: _alike(Lifecycle.PARTICIPANT_JOINED),
        Input.INVITE: {_ACTIVE: Row(_ACTIVE), _PAUSED: Row(_PAUSED), _CLOSED: _GONE},
        Input.LEAVE: _alike(Lifecycle.PARTICIPANT_LEFT),
        Input.REMOVE: _alike(Lifecycle.PARTICIPANT_LEFT),
        Input.GET: _NOTHING,
        Input.IDLE_TIMEOUT: {_ACTIVE: _ENDS, _PAUSED: Row(_PAUSED), _CLOSED: Row(_CLOSED)},
        Input.MAX_DURATION: {_ACTIVE: _ENDS, _PAUSED: _ENDS, _CLOSED: Row(_CLOSED)},
        Input.PAUSE_TIMEOUT: {_ACTIVE: Row(_ACTIVE), _PAUSED: _ENDS, _CLOSED: Row(_CLOSED)},
        Input.EMPTY: {_ACTIVE: _ENDS, _PAUSED: _ENDS, _CLOSED: Row(_CLOSED)},
        Input.TRANSPORT_LOST: _NOTHING,
    }
)
"""A stream in the hub. (`stream.start` without a stream to resume meets no stream: it makes a new one. A stream that
is not there answers everything with -40003.)"""


class ClientState(Enum):
    """Where a stream stands, as a client knows it."""

    IDLE = "idle"
    STARTING = "starting"
    ACTIVE = "active"
    PAUSED = "paused"
    LOST = "lost"
    CLOSED = "closed"


class ClientInput(Enum):
    """What a client's caller wants, and what it learns from the hub and the transport."""

    START = "start, or join"
    ADMITTED = "the hub answers with an ACTIVE stream"
    ADMITTED_PAUSED = "the hub answers with a PAUSED stream"
    REFUSED = "the hub refuses the start or the join"
    SEND = "message, or chunk"
    CONTROL = "pause, resume, invite, remove, leave, get"
    END = "end"
    PAUSED = "the stream was paused"
    RESUMED = "the stream was resumed"
    ENDED = "the stream is over, or we are no longer in it"
    TRANSPORT_LOST = "the transport was lost"


_I, _S, _A, _P, _L, _C = ClientState

CLIENT: Mapping[ClientInput, Mapping[ClientState, ClientState | None]] = MappingProxyType(
    {
        ClientInput.START: {_I: _S, _S: None, _A: None, _P: None, _L: None, _C: None},
        ClientInput.ADMITTED: {_I: _I, _S: _A, _A: _A, _P: _A, _L: _A, _C: _C},
        ClientInput.ADMITTED_PAUSED: {_I: _I, _S: _P, _A: _P, _P: _P, _L: _P, _C: _C},
        ClientInput.REFUSED: {_I: _I, _S: _C, _A: _A, _P: _P, _L: _C, _C: _C},
        ClientInput.SEND: {_I: None, _S: None, _A: _A, _P: None, _L: None, _C: None},
        ClientInput.CONTROL: {_I: None, _S: None, _A: _A, _P: _P, _L: None, _C: None},
        ClientInput.END: {_I: None, _S: None, _A: _A, _P: _P, _L: None, _C: None},
        ClientInput.PAUSED: {_I: _I, _S: _S, _A: _P, _P: _P, _L: _P, _C: _C},
        ClientInput.RESUMED: {_I: _I, _S: _S, _A: _A, _P: _A, _L: _A, _C: _C},
        ClientInput.ENDED: {_I: _I, _S: _C, _A: _C, _P: _C, _L: _C, _C: _C},
        ClientInput.TRANSPORT_LOST: {_I: _I, _S: _L, _A: _L, _P: _L, _L: _L, _C: _C},
    }
)
"""A stream in a client. None: our caller may not do that now; it raises, and nothing is sent."""
