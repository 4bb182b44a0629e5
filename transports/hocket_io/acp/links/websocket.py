"""WebSocketLink: a hub over WebSocket, one JSON-RPC message in each text message (spec section 5)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import ClassVar, Self

from attrs import define

from hocket_io.acp.links.protocol import no_feed
from hocket_io.acp.links.sendable import check_messages
from hocket_io.websocket.connection import WebSocket

__all__ = ["WebSocketLink"]


@define(eq=False, repr=False)
class WebSocketLink:
    """A `MessageLink` over WebSocket. Close code 1000 is the orderly end; 4001 means other credentials.

    Args:
        socket: The connection; it is closed at the end.
        limit: Bytes of one message that is sent; the connection has its own for what is received.
    """

    is_ordered: ClassVar[bool] = True
    listens_apart: ClassVar[bool] = False
    socket: WebSocket
    limit: int

    async def __aenter__(self) -> Self:
        await self.socket.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        return await self.socket.__aexit__(kind, error, trace)

    async def send(self, *messages: bytes) -> None:
        """Send messages, and wait until they are written.

        Raises:
            ConnectionFailed, AuthenticationError: The connection has ended.
            LocalProtocolError: A message is empty or over the limit `message`; nothing was sent.
        """
        check_messages(messages, self.limit)
        await self.socket.send(*messages)

    async def receive(self) -> bytes:
        """The next message; b"" after an orderly end.

        Raises:
            ConnectionFailed, AuthenticationError: It was none.
        """
        return await self.socket.receive()

    def feed(
        self, stream_id: str, last_event_id: int | None = None
    ) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """There are no feeds on a WebSocket.

        Raises:
            LocalProtocolError: Always.
        """
        raise no_feed(stream_id)

    async def aclose(self) -> None:
        """Say farewell; whoever waits in `receive` gets b""."""
        await self.socket.aclose()
