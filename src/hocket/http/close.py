"""Close: how a WebSocket ends (RFC 6455 section 7.4)."""

from __future__ import annotations

from attrs import field, frozen

__all__ = ["Close"]

_REASON = 123
"""Bytes that fit beside the code into a close frame (RFC 6455 section 5.5)."""


def _short(reason: str) -> str:
    return reason.encode()[:_REASON].decode("utf-8", "ignore")


@frozen
class Close:
    """How a WebSocket ends.

    Attributes:
        code: 1000 the stream has ended · 1003 binary frames · 1009 too big · 1012 the server restarts · 1013 try again
            later · 4001 authentication · 4003 forbidden · 4004 no such stream.
        reason: Why, in words that fit into the frame.
    """

    code: int
    reason: str = field(converter=_short)
