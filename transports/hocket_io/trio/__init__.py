"""Driver for trio: any Endpoint on a stream of trio's own, over TCP, Unix sockets and TLS; without asyncio."""

from hocket_io.extras import needs

with needs("trio", "hocket_io.trio"):
    from hocket_io.trio.driver import Driver
    from hocket_io.trio.network import connect, connect_unix, serve, serve_unix

__all__ = ["Driver", "connect", "connect_unix", "serve", "serve_unix"]
