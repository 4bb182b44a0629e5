"""Bytes ↔ frames: four ways to send one message after another over a stream of bytes.

`Ndjson` and `ContentLength` cut a byte pipe into frames, `Whole` takes them from a transport that keeps
message boundaries, and `SseParser` reads the answer of an HTTP server that streams events (`encode_event`
writes it).
A frame that cannot be taken comes out as a `FrameRejected` in its place; nothing a peer sends raises here.
"""

from hocket.framing.content_length import ContentLength
from hocket.framing.frames import FrameRejected, Framing, FramingLimits, MakeFraming
from hocket.framing.ndjson import Ndjson
from hocket.framing.sse import ServerSentEvent, SseParser
from hocket.framing.sse_encoder import encode_comment, encode_event, encode_events
from hocket.framing.whole import Whole

__all__ = [
    "ContentLength",
    "FrameRejected",
    "Framing",
    "FramingLimits",
    "MakeFraming",
    "Ndjson",
    "ServerSentEvent",
    "SseParser",
    "Whole",
    "encode_comment",
    "encode_event",
    "encode_events",
]
