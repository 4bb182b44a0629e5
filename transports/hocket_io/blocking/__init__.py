"""Driver without an event loop: any Endpoint on a socket or a pair of pipes, in a thread; TCP, Unix sockets, TLS."""

from hocket_io.blocking.driver import Driver
from hocket_io.blocking.network import accept, connect, connect_unix, listen, listen_unix
from hocket_io.blocking.server import Server, serve, serve_unix
from hocket_io.blocking.wires import Pipes

__all__ = [
    "Driver",
    "Pipes",
    "Server",
    "accept",
    "connect",
    "connect_unix",
    "listen",
    "listen_unix",
    "serve",
    "serve_unix",
]
