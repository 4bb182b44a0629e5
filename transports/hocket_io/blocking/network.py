"""The ways to a connection without an event loop: TCP, Unix sockets, TLS."""

from __future__ import annotations

import os
import socket
import ssl
import stat
from collections.abc import Iterator
from contextlib import contextmanager

from hocket_io.addresses import shown_address
from hocket_io.drivers.connecting import PATIENCE, reaching
from hocket_io.drivers.running import broken

__all__ = ["accept", "closed_if_it_fails", "connect", "connect_unix", "listen", "listen_unix"]


def connect(host: str, port: int, *, tls: ssl.SSLContext | None = None, timeout: float = PATIENCE) -> socket.socket:
    """Connect by TCP.

    Args:
        host: A name or an address.
        port: From 1 to 65535.
        tls: `ssl.create_default_context()`, or None for plain TCP.
        timeout: Seconds that each step of it may take.

    Raises:
        ConnectionFailed: There is no connection to be had.
    """
    with reaching(shown_address(host, port), timeout):
        sock = socket.create_connection((host, port), timeout)
        with closed_if_it_fails(sock):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return sock if tls is None else tls.wrap_socket(sock, server_hostname=host)


def connect_unix(path: str, *, timeout: float = PATIENCE) -> socket.socket:
    """Connect to a Unix socket; as `connect`."""
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    with closed_if_it_fails(sock), reaching(path, timeout):
        sock.settimeout(timeout)
        sock.connect(path)
    return sock


def listen(host: str, port: int) -> socket.socket:
    """Listen on TCP, for `accept`; port 0 is any that is free."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family)


def listen_unix(path: str) -> socket.socket:
    """Listen on a Unix socket, for `accept`. A socket that somebody has left there is removed."""
    if os.path.exists(path) and stat.S_ISSOCK(os.stat(path).st_mode):
        os.remove(path)
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    with closed_if_it_fails(sock):
        sock.bind(path)
        sock.listen()
    return sock


def accept(listener: socket.socket, *, tls: ssl.SSLContext | None = None) -> socket.socket:
    """Wait for the next connection: give it to the `run` of a new Driver, in a thread.

    Args:
        listener: Of `listen` or `listen_unix`.
        tls: A context with a certificate, or None for plain TCP. It is `run` that speaks TLS, so that a slow peer
            keeps nobody else waiting.

    Raises:
        ConnectionFailed: Who came has left at once.
        OSError: There is no room for more connections, for want of file descriptors, say.
    """
    sock, _ = listener.accept()
    with closed_if_it_fails(sock):
        try:
            if listener.family != socket.AF_UNIX:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if tls is None:
                return sock
            sock.getpeername()  # where nobody is any more, wrap_socket would leave a socket open
            return tls.wrap_socket(sock, server_side=True, do_handshake_on_connect=False)
        except OSError as error:
            raise broken(error) from None


@contextmanager
def closed_if_it_fails(sock: socket.socket) -> Iterator[None]:
    """Around what is done with a new socket, before anybody else knows of it."""
    try:
        yield
    except BaseException:
        sock.close()
        raise
