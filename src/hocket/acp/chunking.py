"""Chunking: what the lanes of a stream make of its chunks, as events of the stream."""

from __future__ import annotations

from collections.abc import Iterator

from attrs import define, field

from hocket.acp.events import ChunkReceived, MessageCompleted, MessageLost, chunk_received
from hocket.acp.history import History
from hocket.acp.lanes import LaneKey, Lanes, LanesVerdict
from hocket.acp.verdicts import Completed, Delivered, Failed

__all__ = ["Chunking"]


@define(eq=False)
class Chunking:
    """The messages in chunks that are open in one stream.

    Args:
        lanes: Where the chunks are put in order.
        history: Where what was delivered is kept; it gives the events their numbers.
    """

    lanes: Lanes
    history: History
    _firsts: dict[LaneKey, int] = field(factory=dict, init=False)

    def tell(self, verdict: LanesVerdict) -> Iterator[ChunkReceived | MessageCompleted | MessageLost]:
        """Put what the lanes made of something into the history, event by event."""
        for key, happened in verdict.events:
            match happened:
                case Delivered():
                    yield self._delivered(key, happened)
                case Completed(chunks=chunks):
                    yield MessageCompleted(
                        stream_id=self.history.stream_id,
                        agent_id=key.sender,
                        chunks=chunks,
                        first_event_id=self._firsts.pop(key),
                    )
                case Failed():
                    yield self._failed(key, happened)

    def _delivered(self, key: LaneKey, delivered: Delivered) -> ChunkReceived:
        history = self.history
        event_id = history.log.last + 1
        if delivered.is_first:
            self._firsts[key] = event_id
        event = chunk_received(
            history.stream_id,
            key.sender,
            event_id,
            history.timestamp,
            delivered.chunk,
            delivered.sequence,
            delivered.is_last,
            self._firsts[key],
        )
        history.append(event, delivered.weight)
        return event

    def _failed(self, key: LaneKey, failed: Failed) -> MessageLost:
        event = MessageLost(
            **self.history.stamp(key.sender),
            reason=failed.reason,
            expected=failed.expected,
            first_event_id=self._firsts.pop(key, 0),
        )
        self.history.append(event)
        return event
