"""Heads: connections of uvicorn on which the head of a request takes neither for ever nor all the memory.

By itself uvicorn waits. What is too large it resets, or, parsing with httptools, keeps; and to the handshake of a
WebSocket that is too large for `websockets` it never says a word.
"""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar

from uvicorn.protocols.http.auto import AutoHTTPProtocol

from hocket.http import HEAD_TIMEOUT, HeadLimits
from hocket_io.http.bodies import LINGER
from hocket_io.http.corked import CorkedTransport

__all__ = ["PromptConnection", "incomplete_head"]


def _refusal(status: bytes, text: bytes = b"") -> bytes:
    head = b"HTTP/1.1 %s\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n"
    return head % (status, len(text)) + text


_TOO_SLOW = _refusal(b"408 Request Timeout")
_TOO_LARGE = _refusal(
    b"431 Request Header Fields Too Large", b"the head is too large; send less, or raise head_limits on the server\n"
)
_UNREADABLE = _refusal(
    b"431 Request Header Fields Too Large",
    b"the handshake of a WebSocket has at most 128 header fields, and no line of more than 8192 bytes\n",
)
"""These are limits of `websockets`, which only its environment variables change."""


def incomplete_head(limits: HeadLimits) -> int:
    """Bytes of a head that may be here without its end: twice what is let through.

    The application, which says by which of the limits it refuses one, is to see what is not much larger.
    """
    return 2 * (limits.target + limits.size)


class PromptConnection(asyncio.Protocol):
    """uvicorn's own protocol, behind a clock.

    The clock runs from when the connection is open, or from the first byte of a later head, until the head is complete.
    After an answer uvicorn itself waits a few seconds for that first byte, and closes the connection.

    Attributes:
        head_timeout: Seconds that a head may take; None for no end.
        head_size: Bytes of a head that may be here without its end.
    """

    __slots__ = ("_answered", "_clock", "_inner", "_is_begun", "_is_refused", "_size", "_transport")

    head_timeout: ClassVar[float | None] = HEAD_TIMEOUT
    head_size: ClassVar[int] = incomplete_head(HeadLimits())

    def __init__(self, **options: Any) -> None:
        """Take what uvicorn gives its protocols."""
        self._inner: Any = AutoHTTPProtocol(**options)
        self._clock: asyncio.TimerHandle | None = None
        self._is_begun = False
        self._is_refused = False
        self._size = 0  # of the head that is not complete
        self._answered: Any = None  # the last request of which the answer has begun

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection is open."""
        self._transport: Any = transport  # a Transport, though those of uvloop do not say so
        self._inner.connection_made(CorkedTransport(transport, self._is_head))
        self._start()

    def data_received(self, data: bytes) -> None:
        """Bytes came: of a head, or of a body."""
        if self._is_refused:
            return
        self._is_begun = True
        self._inner.data_received(data)
        if not self._awaits_head():
            self._stop()
            self._size = 0
            if self._is_unreadable():
                self._refuse(_UNREADABLE)
            return
        self._size += len(data)
        if self._size > self.head_size:
            self._refuse(_TOO_LARGE)
        else:
            self._start()

    def eof_received(self) -> bool | None:
        """The other side sends nothing more."""
        keeps_open: bool | None = self._inner.eof_received()
        return keeps_open

    def connection_lost(self, error: Exception | None) -> None:
        """The connection is closed."""
        self._stop()
        self._inner.connection_lost(error)

    def pause_writing(self) -> None:
        """The other side does not read."""
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        """It does again."""
        self._inner.resume_writing()

    def _awaits_head(self) -> bool:
        if self._transport.get_protocol() is not self:
            return False  # it is a WebSocket now
        cycle = self._inner.cycle  # the last request of which the head is here
        return cycle is None or bool(cycle.response_complete)

    def _is_head(self) -> bool:
        """Whether uvicorn has just begun to answer a request; what it refuses by itself has no part in this.

        Where uvicorn does not say so, no head is held back, and nothing else is different.
        """
        cycle = self._inner.cycle
        if cycle is None or cycle is self._answered or not getattr(cycle, "response_started", False):
            return False
        self._answered = cycle
        return True

    def _is_unreadable(self) -> bool:
        """Whether this is a WebSocket now, or would be, had `websockets` not given up reading its handshake."""
        handshake = getattr(self._transport.get_protocol(), "conn", None)
        return getattr(handshake, "handshake_exc", None) is not None

    def _start(self) -> None:
        if self._clock is None and self.head_timeout is not None:
            self._clock = asyncio.get_running_loop().call_later(self.head_timeout, self._give_up)

    def _stop(self) -> None:
        if self._clock is not None:
            self._clock.cancel()
            self._clock = None

    def _give_up(self) -> None:
        """It took too long. A browser that opened a connection in advance and asked nothing is told nothing."""
        self._clock = None
        if self._is_begun and not self._is_refused:
            self._refuse(_TOO_SLOW)
        else:
            self._transport.close()

    def _refuse(self, answer: bytes) -> None:
        """Say it, and for a while take what is still on its way: a reset would overtake the answer."""
        if self._transport.is_closing():
            return
        self._is_refused = True
        self._stop()
        self._transport.write(answer)
        if self._transport.can_write_eof():
            self._transport.write_eof()
        self._clock = asyncio.get_running_loop().call_later(LINGER, self._give_up)
