"""Hypothesis strategies for what agents say to each other, well and badly, and for what happens to it on its way."""

from __future__ import annotations

from hocket.errors import MissingExtra

try:
    import hypothesis  # noqa: F401  -- asked for once, here, and not in the middle of what is imported below
except ModuleNotFoundError:
    raise MissingExtra("hocket.testing.strategies", "test") from None

from hocket.testing.strategies.a2a import artifacts, messages, parts, stream_items, tasks
from hocket.testing.strategies.acp import AcpRequest, acp_messages, acp_parts, acp_requests
from hocket.testing.strategies.broken_requests import BrokenRequest, broken_requests
from hocket.testing.strategies.calls import params, results
from hocket.testing.strategies.cards import cards
from hocket.testing.strategies.chunks import ChunkDelivery, SentChunk, chunk_deliveries
from hocket.testing.strategies.cuts import cut_at, cuts
from hocket.testing.strategies.faults import fault_plans
from hocket.testing.strategies.framed import Framed, frames
from hocket.testing.strategies.hostile_json import HostileJson, hostile_json
from hocket.testing.strategies.lives import event_sequences
from hocket.testing.strategies.requests import WireRequest, requests
from hocket.testing.strategies.sse_streams import SseStream, sse_streams
from hocket.testing.strategies.values import json_objects, json_values, names, request_ids, texts, timestamps

__all__ = [
    "AcpRequest",
    "BrokenRequest",
    "ChunkDelivery",
    "Framed",
    "HostileJson",
    "SentChunk",
    "SseStream",
    "WireRequest",
    "acp_messages",
    "acp_parts",
    "acp_requests",
    "artifacts",
    "broken_requests",
    "cards",
    "chunk_deliveries",
    "cut_at",
    "cuts",
    "event_sequences",
    "fault_plans",
    "frames",
    "hostile_json",
    "json_objects",
    "json_values",
    "messages",
    "names",
    "params",
    "parts",
    "request_ids",
    "requests",
    "results",
    "sse_streams",
    "stream_items",
    "tasks",
    "texts",
    "timestamps",
]
