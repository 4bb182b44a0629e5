"""TCP: a connection as a pair of byte streams, under asyncio and trio.

There is no TLS and no place for credentials: for what leaves the machine there are https and wss.
"""

from __future__ import annotations

import logging
import socket

import anyio
import anyio.abc
from attrs import define

from hocket.errors import ConnectionFailed
from hocket_io.addresses import shown_address
from hocket_io.reasons import reason_of

__all__ = ["TcpPipe", "keep_alive", "open_tcp"]

_log = logging.getLogger(__name__)

_CHUNK = 65_536
_PATIENCE = 10.0
"""Seconds to get a connection."""


@define(eq=False, repr=False)
class TcpPipe:
    """A TCP connection as a `BytePipe`, of either side."""

    stream: anyio.abc.ByteStream
    peer: str

    async def receive(self) -> bytes:
        """Bytes that arrived; b"" once the other side has closed the connection, or it broke."""
        try:
            return await self.stream.receive(_CHUNK)
        except (anyio.EndOfStream, anyio.BrokenResourceError, anyio.ClosedResourceError):
            return b""

    async def send(self, data: bytes) -> None:
        """Write bytes.

        Raises:
            ConnectionFailed: The connection is gone.
        """
        try:
            await self.stream.send(data)
        except (anyio.BrokenResourceError, anyio.ClosedResourceError):
            raise await self.farewell() from None

    async def farewell(self) -> ConnectionFailed:
        """Why there is nothing more to be had from a connection that has ended."""
        return ConnectionFailed(f"{self.peer} closed the connection")

    async def aclose(self) -> None:
        """Close the connection."""
        await self.stream.aclose()


async def open_tcp(host: str, port: int, *, timeout: float = _PATIENCE) -> TcpPipe:
    """Connect.

    Args:
        host: A name or an address.
        port: From 1 to 65535.
        timeout: Seconds this may take.

    Raises:
        ConnectionFailed: There is no connection to be had.
    """
    peer = f"tcp://{shown_address(host, port)}"
    try:
        with anyio.fail_after(timeout):
            stream = await anyio.connect_tcp(host, port)
    except TimeoutError:
        raise ConnectionFailed(f"cannot reach {peer} in {timeout:g} seconds") from None
    except OSError as error:
        raise ConnectionFailed(f"cannot reach {peer}: {reason_of(error)}") from None
    keep_alive(stream)
    return TcpPipe(stream, peer)


def keep_alive(stream: anyio.abc.SocketStream) -> None:
    """Let the system find out that the machine at the other end is gone."""
    try:
        stream.extra_attributes[anyio.abc.SocketAttribute.raw_socket]().setsockopt(
            socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1
        )
    except OSError as error:  # gone already, which reading will tell
        _log.debug("a connection cannot be kept alive: %s", error)
