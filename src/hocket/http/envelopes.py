"""Envelope: how what the server says of one call is wrapped for its caller. Each binding has its own."""

from __future__ import annotations

from typing import Protocol

from hocket.a2a import Answered, Items, Opened, Refused
from hocket.http.messages import Response

__all__ = ["Envelope"]


class Envelope(Protocol):
    """The form of an answer: JSON-RPC messages, bare objects, or whatever else a dialect has."""

    def answer(self, delivery: Answered | Refused, now: float) -> Response | None:
        """The response of a call that does not stream, or was refused; None while more is to come."""

    def opened(self, opened: Opened) -> Response:
        """The head of a stream."""

    def items(self, items: Items) -> bytes:
        """Items of a stream, as server-sent events."""

    def broken(self, refused: Refused) -> bytes:
        """The last event of a stream that ends with an error."""

    def stopped(self) -> Response:
        """The response where the server stops before there is one."""
