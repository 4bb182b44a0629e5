"""Heads: connections of uvicorn on which the head of a request may not take for ever. By itself it waits."""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar

from uvicorn.protocols.http.auto import AutoHTTPProtocol

from hocket.http import HEAD_TIMEOUT

__all__ = ["PromptConnection"]

_TOO_SLOW = b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


class PromptConnection(asyncio.Protocol):
    """uvicorn's own protocol, behind a clock.

    The clock runs from when the connection is open, or from the first byte of a later head, until the head is complete.
    After an answer uvicorn itself waits a few seconds for that first byte, and closes the connection.

    Attributes:
        head_timeout: Seconds that a head may take; None for no end.
    """

    head_timeout: ClassVar[float | None] = HEAD_TIMEOUT

    def __init__(self, **options: Any) -> None:
        """Take what uvicorn gives its protocols."""
        self._inner: Any = AutoHTTPProtocol(**options)
        self._clock: asyncio.TimerHandle | None = None
        self._is_begun = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection is open."""
        self._transport: Any = transport  # a Transport, though those of uvloop do not say so
        self._inner.connection_made(transport)
        self._start()

    def data_received(self, data: bytes) -> None:
        """Bytes came: of a head, or of a body."""
        self._is_begun = True
        self._inner.data_received(data)
        if self._awaits_head():
            self._start()
        else:
            self._stop()

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

    def _start(self) -> None:
        if self._clock is None and self.head_timeout is not None:
            self._clock = asyncio.get_running_loop().call_later(self.head_timeout, self._give_up)

    def _stop(self) -> None:
        if self._clock is not None:
            self._clock.cancel()
            self._clock = None

    def _give_up(self) -> None:
        """It took too long. A browser that opened a connection in advance and asked nothing is told nothing."""
        if self._is_begun and not self._transport.is_closing():
            self._transport.write(_TOO_SLOW)
        self._transport.close()
