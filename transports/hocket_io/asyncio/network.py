"""The ways to a connection under asyncio: TCP, Unix sockets, TLS."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, cast

from attrs import define

from hocket_io.addresses import shown_address
from hocket_io.asyncio.driver import Driver
from hocket_io.drivers.connecting import PATIENCE, attended, reaching

__all__ = ["connect", "connect_unix", "serve", "serve_unix"]

_log = logging.getLogger(__name__)


async def connect(
    driver: Driver[Any], host: str, port: int, *, tls: ssl.SSLContext | None = None, timeout: float = PATIENCE
) -> None:
    """Connect a driver by TCP; it begins at once.

    Args:
        driver: A new one.
        host: A name or an address.
        port: From 1 to 65535.
        tls: `ssl.create_default_context()`, or None for plain TCP.
        timeout: Seconds this may take.

    Raises:
        ConnectionFailed: There is no connection to be had.
        LocalProtocolError: The driver was connected before.
    """
    driver.expect_new()
    making = asyncio.get_running_loop().create_connection(lambda: driver, host, port, ssl=tls)
    await _in_time(making, shown_address(host, port), timeout)


async def connect_unix(driver: Driver[Any], path: str, *, timeout: float = PATIENCE) -> None:
    """Connect a driver to a Unix socket; as `connect`."""
    driver.expect_new()
    await _in_time(asyncio.get_running_loop().create_unix_connection(lambda: driver, path), path, timeout)


async def serve(
    new_driver: Callable[[], Driver[Any]], host: str, port: int, *, tls: ssl.SSLContext | None = None
) -> asyncio.Server:
    """Listen on TCP. A connection that breaks, or whose `on_event` raises, is logged.

    Args:
        new_driver: Called for each connection.
        host: The address to listen on.
        port: 0 for any that is free.
        tls: A context with a certificate, or None for plain TCP.

    Returns:
        What listens until it is closed; the connections go on until they end, or the loop does.
    """
    return await asyncio.get_running_loop().create_server(_accepting(new_driver), host, port, ssl=tls)


async def serve_unix(new_driver: Callable[[], Driver[Any]], path: str) -> asyncio.Server:
    """Listen on a Unix socket; as `serve`."""
    return await asyncio.get_running_loop().create_unix_server(_accepting(new_driver), path)


@define(eq=False)
class _Accepted(asyncio.Protocol):
    """A connection on its way: TLS may still fail. Once it is there, a new driver takes it over."""

    new_driver: Callable[[], Driver[Any]]
    attending: set[asyncio.Task[None]]

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        with attended(_log), _aborted_if_it_fails(cast(asyncio.Transport, transport)):
            driver = self.new_driver()
            transport.set_protocol(driver)
            driver.connection_made(transport)
            task = asyncio.get_running_loop().create_task(_attend(driver))
            self.attending.add(task)
            task.add_done_callback(self.attending.discard)


@contextmanager
def _aborted_if_it_fails(transport: asyncio.Transport) -> Iterator[None]:
    try:
        yield
    except BaseException:
        transport.abort()
        raise


def _accepting(new_driver: Callable[[], Driver[Any]]) -> Callable[[], _Accepted]:
    attending: set[asyncio.Task[None]] = set()  # a loop keeps no tasks alive
    return lambda: _Accepted(new_driver, attending)


async def _attend(driver: Driver[Any]) -> None:
    with attended(_log):
        try:
            await driver.run()
        finally:
            driver.abort()


async def _in_time(making: Awaitable[object], peer: str, timeout: float) -> None:
    with reaching(peer, timeout):
        async with asyncio.timeout(timeout):
            await making
