"""Driver for asyncio: any Endpoint as an `asyncio.Protocol`, over TCP, Unix sockets and TLS; uvloop runs it too."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from typing import Any, Generic, TypeVar

from attrs import define, field

from hocket.endpoint import Endpoint
from hocket.errors import ConnectionFailed
from hocket_io.reasons import reason_of

__all__ = ["Driver", "connect", "connect_unix", "serve", "serve_unix"]

EventT = TypeVar("EventT")


@define(eq=False)
class Driver(asyncio.Protocol, Generic[EventT]):
    """Runs an Endpoint on an event loop, from the moment when it is connected. Call `pump` after each command.

    Args:
        endpoint: What is to be run; it belongs to this driver.
        on_event: Told each event, in order. If it raises, the connection is dropped, and `run` raises the same.
        unsent: Bytes that may wait to be written. Beyond it nothing is read, so that a peer that reads none of
            its answers can ask for no more, and `drain` waits.
    """

    endpoint: Endpoint[EventT]
    on_event: Callable[[EventT], None]
    unsent: int = field(default=1024 * 1024, kw_only=True)
    _transport: asyncio.Transport | None = field(default=None, init=False)
    _failure: BaseException | None = field(default=None, init=False)
    _timer: asyncio.TimerHandle | None = field(default=None, init=False)
    _has_ended: bool = field(default=False, init=False)
    _is_closing: bool = field(default=False, init=False)
    _is_pumping: bool = field(default=False, init=False)
    _room: asyncio.Event = field(factory=asyncio.Event, init=False)
    _over: asyncio.Event = field(factory=asyncio.Event, init=False)

    @property
    def is_closed(self) -> bool:
        """True once the connection is gone."""
        return self._over.is_set()

    def now(self) -> float:
        """The time in seconds, for the commands of the endpoint."""
        return asyncio.get_running_loop().time()

    def pump(self) -> None:
        """Tell what happened, write what is to be sent, set the timer. Within `on_event` there is no need of it."""
        if self._is_pumping:
            return
        self._is_pumping = True
        try:
            self._pump()
        except BaseException as error:
            self._failure = error  # and `_is_pumping` stays: on_event is told nothing more
            self.abort()
            raise
        self._is_pumping = False

    async def run(self) -> None:
        """Wait until the connection is gone. If this is cancelled, the connection is dropped.

        Raises:
            ConnectionFailed: It broke.
        """
        try:
            await self._over.wait()
        except asyncio.CancelledError:
            self.abort()
            raise
        if self._failure is not None:
            raise self._failure

    async def drain(self) -> None:
        """Wait until no more than `unsent` bytes wait to be written.

        Raises:
            ConnectionFailed: They will not be: the connection is gone.
        """
        await self._room.wait()
        if self.is_closed:
            raise ConnectionFailed("the connection is closed") from self._failure

    def close(self) -> None:
        """Write what is still to be written, then close the connection."""
        self._is_closing = True
        self.pump()

    def abort(self) -> None:
        """Drop the connection at once, whatever was still to be written."""
        if self._transport is not None:
            self._transport.abort()

    # --- what the event loop calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """There is a connection: begin."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.set_write_buffer_limits(high=self.unsent)
        self._room.set()
        self.pump()

    def data_received(self, data: bytes) -> None:
        """Hand in what arrived."""
        self.endpoint.receive_data(data, self.now())
        self.pump()

    def eof_received(self) -> bool:
        """The peer sends nothing more. Without TLS, what it has asked can still be answered."""
        self._end()
        return self._transport is not None and self._transport.get_extra_info("sslcontext") is None

    def pause_writing(self) -> None:
        """The peer is slow: take nothing more from it."""
        self._room.clear()
        if self._transport is not None:
            self._transport.pause_reading()

    def resume_writing(self) -> None:
        """The peer has caught up."""
        self._room.set()
        if self._transport is not None:
            self._transport.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone: tell the last events."""
        self._transport = None
        try:
            self._end()
        finally:
            if exc is not None and self._failure is None:
                self._failure = ConnectionFailed(f"the connection broke: {reason_of(exc)}")
            self._set_timer(None)
            self._over.set()
            self._room.set()

    # --- within

    def _pump(self) -> None:
        while (event := self.endpoint.next_event()) is not None:
            self.on_event(event)
        if self._transport is None or self._transport.is_closing():
            return
        if pieces := self.endpoint.data_to_send():
            self._transport.writelines(pieces)
        self._set_timer(self.endpoint.next_timeout())
        if self._is_closing or self.endpoint.is_closed:
            self._transport.close()

    def _end(self) -> None:
        if not self._has_ended:
            self._has_ended = True
            self.endpoint.receive_eof(self.now())
        self.pump()

    def _set_timer(self, at: float | None) -> None:
        if self._timer is not None:
            if self._timer.when() == at:
                return
            self._timer.cancel()
        self._timer = None if at is None else asyncio.get_running_loop().call_at(at, self._time_out)

    def _time_out(self) -> None:
        self._timer = None
        self.endpoint.handle_timeout(self.now())
        self.pump()


async def connect(
    driver: Driver[Any], host: str, port: int, *, tls: ssl.SSLContext | None = None, timeout: float = 10.0
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
    """
    making = asyncio.get_running_loop().create_connection(lambda: driver, host, port, ssl=tls)
    await _in_time(making, f"{host}:{port}", timeout)


async def connect_unix(driver: Driver[Any], path: str, *, timeout: float = 10.0) -> None:
    """Connect a driver to a Unix socket; as `connect`."""
    await _in_time(asyncio.get_running_loop().create_unix_connection(lambda: driver, path), path, timeout)


async def serve(
    new_driver: Callable[[], Driver[Any]], host: str, port: int, *, tls: ssl.SSLContext | None = None
) -> asyncio.Server:
    """Listen on TCP.

    Args:
        new_driver: Called for each connection.
        host: The address to listen on.
        port: 0 for any that is free.
        tls: A context with a certificate, or None for plain TCP.
    """
    return await asyncio.get_running_loop().create_server(new_driver, host, port, ssl=tls)


async def serve_unix(new_driver: Callable[[], Driver[Any]], path: str) -> asyncio.Server:
    """Listen on a Unix socket; as `serve`."""
    return await asyncio.get_running_loop().create_unix_server(new_driver, path)


async def _in_time(making: Awaitable[object], peer: str, timeout: float) -> None:
    try:
        async with asyncio.timeout(timeout):
            await making
    except TimeoutError:
        raise ConnectionFailed(f"cannot reach {peer} in {timeout:g} seconds") from None
    except OSError as error:
        raise ConnectionFailed(f"cannot reach {peer}: {reason_of(error)}") from None
