"""Driver for asyncio: any Endpoint as an `asyncio.Protocol`, over TCP, Unix sockets and TLS; uvloop runs it too."""

from hocket_io.asyncio.driver import Driver
from hocket_io.asyncio.network import connect, connect_unix, serve, serve_unix

__all__ = ["Driver", "connect", "connect_unix", "serve", "serve_unix"]
