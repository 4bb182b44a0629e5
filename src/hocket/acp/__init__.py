"""ACP streams: several agents in one stream, their messages in order, whole, and never lost silently.

`Stream` is one stream without any connections, `Hub` many streams behind many connections, `Client` an agent's line
to a hub. None of them does I/O; `hocket_io.acp` does.
"""

from hocket.acp.client import (
    BatchFailed,
    Client,
    ClientEvent,
    Reconnected,
    ReconnectExhausted,
    Reconnecting,
)
from hocket.acp.events import (
    ChunkReceived,
    FrameRejected,
    Invited,
    LoggedEvent,
    MessageCompleted,
    MessageLost,
    MessageSent,
    ParticipantInactive,
    ParticipantJoined,
    ParticipantLeft,
    ParticipantLost,
    ReplayGap,
    StreamArchivable,
    StreamEnded,
    StreamEvent,
    StreamPaused,
    StreamResumed,
    StreamStarted,
)
from hocket.acp.hub import Hub, HubEvent, Link, Ready, Send
from hocket.acp.limits import ClientLimits, HubLimits, LaneLimits, StreamLimits
from hocket.acp.model import (
    Content,
    Encoding,
    Message,
    Part,
    PartType,
    Role,
    StreamObject,
    StreamStatus,
    data_part,
    file_part,
    message_of,
    text_part,
)
from hocket.acp.said import Said
from hocket.acp.states import Lifecycle
from hocket.acp.stream import Stream

__all__ = [
    "BatchFailed",
    "ChunkReceived",
    "Client",
    "ClientEvent",
    "ClientLimits",
    "Content",
    "Encoding",
    "FrameRejected",
    "Hub",
    "HubEvent",
    "HubLimits",
    "Invited",
    "LaneLimits",
    "Lifecycle",
    "Link",
    "LoggedEvent",
    "Message",
    "MessageCompleted",
    "MessageLost",
    "MessageSent",
    "Part",
    "PartType",
    "ParticipantInactive",
    "ParticipantJoined",
    "ParticipantLeft",
    "ParticipantLost",
    "Ready",
    "ReconnectExhausted",
    "Reconnected",
    "Reconnecting",
    "ReplayGap",
    "Role",
    "Said",
    "Send",
    "Stream",
    "StreamArchivable",
    "StreamEnded",
    "StreamEvent",
    "StreamLimits",
    "StreamObject",
    "StreamPaused",
    "StreamResumed",
    "StreamStarted",
    "StreamStatus",
    "data_part",
    "file_part",
    "message_of",
    "text_part",
]
