"""Endpoint: the one interface between a protocol and a transport.

A transport does three things and no more: it hands in what arrived together with the time, it writes what
`data_to_send` gives, and it calls `handle_timeout` when `next_timeout` has come. After any call it drains
`next_event`, writes `data_to_send` and re-arms its timer.
"""

from __future__ import annotations

from typing import Protocol, TypeVar

__all__ = ["Endpoint"]

EventT = TypeVar("EventT", covariant=True)


class Endpoint(Protocol[EventT]):
    """A protocol machine seen from a transport. All times are seconds on the caller's monotonic clock."""

    @property
    def is_closed(self) -> bool:
        """True once nothing more will come out: the transport may close."""

    def receive_data(self, data: bytes, now: float) -> None:
        """Take bytes that arrived. However they were cut, the events are the same."""

    def receive_eof(self, now: float) -> None:
        """The peer will send nothing more."""

    def handle_timeout(self, now: float) -> None:
        """The time that `next_timeout` named has come (being early or late is harmless)."""

    def next_event(self) -> EventT | None:
        """The next thing that happened, or None when all has been told."""

    def data_to_send(self) -> list[bytes]:
        """Bytes to write now, in order; they are handed out once."""

    def next_timeout(self) -> float | None:
        """When `handle_timeout` wants to be called, or None for never."""
