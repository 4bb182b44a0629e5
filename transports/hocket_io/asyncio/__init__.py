"""Driver for asyncio: any Endpoint as an `asyncio.Protocol`, over TCP, Unix sockets, TLS and pipes; uvloop too."""

from hocket_io.asyncio.driver import Driver
from hocket_io.asyncio.network import connect, connect_unix, serve, serve_unix
from hocket_io.asyncio.pipes import connect_pipes

__all__ = ["Driver", "connect", "connect_pipes", "connect_unix", "serve", "serve_unix"]
