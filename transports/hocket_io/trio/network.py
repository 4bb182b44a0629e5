"""The ways to a connection under trio: TCP, Unix sockets, TLS."""

from __future__ import annotations

import logging
import ssl
from collections.abc import Awaitable, Callable
from typing import Any

import trio
import trio.abc

from hocket_io.addresses import shown_address
from hocket_io.blocking.network import listen_unix
from hocket_io.drivers.connecting import PATIENCE, attended, reaching
from hocket_io.trio.driver import Driver

__all__ = ["connect", "connect_unix", "serve", "serve_unix"]

_log = logging.getLogger(__name__)


async def connect(
    host: str, port: int, *, tls: ssl.SSLContext | None = None, timeout: float = PATIENCE
) -> trio.abc.Stream:
    """Connect by TCP.

    Args:
        host: A name or an address.
        port: From 1 to 65535.
        tls: `ssl.create_default_context()`, or None for plain TCP.
        timeout: Seconds this may take.

    Raises:
        ConnectionFailed: There is no connection to be had.
    """
    return await _in_time(_open(host, port, tls), shown_address(host, port), timeout)


async def connect_unix(path: str, *, timeout: float = PATIENCE) -> trio.abc.Stream:
    """Connect to a Unix socket; as `connect`."""
    return await _in_time(trio.open_unix_socket(path), path, timeout)


async def serve(
    new_driver: Callable[[], Driver[Any]],
    host: str,
    port: int,
    *,
    tls: ssl.SSLContext | None = None,
    task_status: trio.TaskStatus[list[trio.SocketListener]] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Serve on TCP until this is cancelled. A connection that breaks, or whose `on_event` raises, is logged.

    Args:
        new_driver: Called for each connection.
        host: The address to listen on.
        port: 0 for any that is free.
        tls: A context with a certificate, or None for plain TCP.
        task_status: Of `nursery.start`, which gives the listeners.
    """
    await _serve(new_driver, await trio.open_tcp_listeners(port, host=host), tls, task_status)


async def serve_unix(
    new_driver: Callable[[], Driver[Any]],
    path: str,
    *,
    task_status: trio.TaskStatus[list[trio.SocketListener]] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Serve on a Unix socket; as `serve`."""
    listener = trio.SocketListener(trio.socket.from_stdlib_socket(listen_unix(path)))
    await _serve(new_driver, [listener], None, task_status)


async def _serve(
    new_driver: Callable[[], Driver[Any]],
    listeners: list[trio.SocketListener],
    tls: ssl.SSLContext | None,
    task_status: trio.TaskStatus[list[trio.SocketListener]],
) -> None:
    async def attend(stream: trio.abc.Stream) -> None:
        if tls is not None:
            stream = trio.SSLStream(stream, tls, server_side=True)
        with attended(_log):
            await new_driver().run(stream)

    await trio.serve_listeners(attend, listeners, task_status=task_status)


async def _open(host: str, port: int, tls: ssl.SSLContext | None) -> trio.abc.Stream:
    plain = await trio.open_tcp_stream(host, port)
    if tls is None:
        return plain
    stream = trio.SSLStream(plain, tls, server_hostname=host)
    try:
        await stream.do_handshake()
    except BaseException:
        await trio.aclose_forcefully(plain)
        raise
    return stream


async def _in_time(making: Awaitable[trio.abc.Stream], peer: str, timeout: float) -> trio.abc.Stream:
    with reaching(peer, timeout, trio.BrokenResourceError):
        with trio.move_on_after(timeout):
            return await making
        raise TimeoutError
