"""Tapped: what a tap is told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias

from attrs import frozen

__all__ = ["Direction", "End", "Tap", "Tapped", "other_way"]

Direction: TypeAlias = Literal["in", "out"]
"""Seen from this process: "out" is what it sends."""

End: TypeAlias = Literal["orderly", "broken"]
"""How one direction of a connection has ended. It is broken where something else should have come."""


@frozen(kw_only=True)
class Tapped:
    """Something that passed, or happened, on a connection.

    Attributes:
        direction: "in" or "out", seen from this process.
        time: When it passed, in seconds since 1970.
        frame: One message as it was on the wire: a line without its end, a WebSocket message, the body of an HTTP
            request or answer, the data of a server-sent event. b"" where there is none, and `note` says all.
        transport: "http", "websocket", "stdio", "tcp", "memory", or what a wrapper was given.
        peer: Who is at the other end: a URL without user and query, an address, the name of a command.
        channel: The number of the connection, or of the one HTTP request with its answer. Different for each of them
            in this process.
        note: What there is to say beside the frame: "POST /", "200", "closed with 1001". No header fields, no query.
        end: Whether nothing more passes in this direction of the channel: "orderly" or "broken"; None if more may.
    """

    direction: Direction
    time: float
    frame: bytes = b""
    transport: str
    peer: str
    channel: int = 0
    note: str = ""
    end: End | None = None


Tap: TypeAlias = Callable[[Tapped], None]
"""Told everything that passes, as it passes and in the thread that it passes in: it should be quick."""


def other_way(direction: Direction) -> Direction:
    """The other direction."""
    return "in" if direction == "out" else "out"
