"""Driver for trio: any Endpoint on a stream of trio's own, over TCP, Unix sockets and TLS; without asyncio."""

from __future__ import annotations

import logging
import math
import ssl
from collections.abc import Awaitable, Callable
from typing import Any, Generic, TypeVar

from attrs import define, field

from hocket.endpoint import Endpoint
from hocket.errors import ConnectionFailed
from hocket_io.extras import needs
from hocket_io.reasons import reason_of
from hocket_io.sockets import listen_unix

with needs("trio", "hocket_io.trio"):
    import trio
    import trio.abc

__all__ = ["Driver", "connect", "connect_unix", "serve", "serve_unix"]

_log = logging.getLogger(__name__)

EventT = TypeVar("EventT")

_CHUNK = 65_536


@define(eq=False)
class Driver(Generic[EventT]):
    """Runs an Endpoint on a stream, for as long as `run` runs. Call `pump` after each command.

    Args:
        endpoint: What is to be run; it belongs to this driver.
        on_event: Told each event, in order. If it raises, the connection is dropped, and `run` raises the same.
        unsent: Bytes that may wait to be written. Beyond it nothing is read, so that a peer that reads none of
            its answers can ask for no more, and `drain` waits.
    """

    endpoint: Endpoint[EventT]
    on_event: Callable[[EventT], None]
    unsent: int = field(default=1024 * 1024, kw_only=True)
    is_closed: bool = field(default=False, init=False)
    """True once the connection is gone."""
    _failure: Exception | None = field(default=None, init=False)
    _is_closing: bool = field(default=False, init=False)
    _is_pumping: bool = field(default=False, init=False)
    _has_ended: bool = field(default=False, init=False)
    _pieces: list[bytes] = field(factory=list, init=False)
    _held: int = field(default=0, init=False)
    _timeout: float | None = field(default=None, init=False)
    _scope: trio.CancelScope = field(factory=trio.CancelScope, init=False)
    _to_write: trio.Event = field(factory=trio.Event, init=False)
    _room: trio.Event = field(factory=trio.Event, init=False)
    _new_timeout: trio.Event = field(factory=trio.Event, init=False)

    def __attrs_post_init__(self) -> None:
        self._room.set()

    def now(self) -> float:
        """The time in seconds, for the commands of the endpoint."""
        return trio.current_time()

    def pump(self) -> None:
        """Tell what happened, write what is to be sent, set the timer. Within `on_event` there is no need of it."""
        if self._is_pumping:
            return
        self._is_pumping = True
        try:
            while (event := self.endpoint.next_event()) is not None:
                self.on_event(event)
        except Exception as error:
            self._fail(error)  # and `_is_pumping` stays: on_event is told nothing more
            raise
        self._is_pumping = False
        self._take(self.endpoint.data_to_send())
        if (at := self.endpoint.next_timeout()) != self._timeout:
            self._timeout = at
            self._new_timeout.set()

    async def run(self, stream: trio.abc.Stream) -> None:
        """Run the endpoint until the connection is gone; then `stream` is closed. Cancelling this drops it at once.

        Args:
            stream: What `connect` or `connect_unix` has given, or any other.

        Raises:
            ConnectionFailed: It broke.
        """
        try:
            with self._scope:
                async with stream:
                    await self._run(stream)
        finally:
            self.is_closed = True
            self._room.set()
            self._end()
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
        self._to_write.set()
        self.pump()

    def abort(self) -> None:
        """Drop the connection at once, whatever was still to be written."""
        self._scope.cancel()

    # --- within

    async def _run(self, stream: trio.abc.Stream) -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._attempt, self._read, stream)
            nursery.start_soon(self._attempt, self._watch_the_clock, stream)
            await self._attempt(self._write, stream)
            nursery.cancel_scope.cancel()

    async def _attempt(self, work: Callable[[trio.abc.Stream], Awaitable[None]], stream: trio.abc.Stream) -> None:
        try:
            await work(stream)
        except trio.BrokenResourceError as error:
            self._fail(ConnectionFailed(f"the connection broke: {reason_of(error)}"))
        except Exception as error:  # noqa: BLE001  -- run raises it: by itself, not in the group of a nursery
            self._fail(error)

    async def _read(self, stream: trio.abc.Stream) -> None:
        self.pump()
        while data := await stream.receive_some(_CHUNK):
            self.endpoint.receive_data(bytes(data), self.now())
            self.pump()
            await self._room.wait()
        self._end()
        if not isinstance(stream, trio.abc.HalfCloseableStream):  # TLS is closed in both directions at once
            self.abort()

    async def _write(self, stream: trio.abc.Stream) -> None:
        while self._pieces or not (self._is_closing or self.endpoint.is_closed):
            await self._to_write.wait()
            self._to_write = trio.Event()
            if self._pieces:
                data, self._pieces = b"".join(self._pieces), []
                await stream.send_all(data)
                self._held -= len(data)
            if self._held <= self.unsent:
                self._room.set()

    async def _watch_the_clock(self, _: trio.abc.Stream) -> None:
        while True:
            self._new_timeout = trio.Event()
            with trio.move_on_at(math.inf if self._timeout is None else self._timeout) as patience:
                await self._new_timeout.wait()
            if patience.cancelled_caught:
                self.endpoint.handle_timeout(self.now())
                self.pump()

    def _take(self, pieces: list[bytes]) -> None:
        self._pieces += pieces
        self._held += sum(map(len, pieces))
        if self._held > self.unsent and self._room.is_set() and not self.is_closed:
            self._room = trio.Event()
        if self._pieces or self.endpoint.is_closed:
            self._to_write.set()

    def _end(self) -> None:
        if not self._has_ended:
            self._has_ended = True
            self.endpoint.receive_eof(self.now())
        self.pump()

    def _fail(self, failure: Exception) -> None:
        if self._failure is None:
            self._failure = failure
        self.abort()


async def connect(host: str, port: int, *, tls: ssl.SSLContext | None = None, timeout: float = 10.0) -> trio.abc.Stream:
    """Connect by TCP.

    Args:
        host: A name or an address.
        port: From 1 to 65535.
        tls: `ssl.create_default_context()`, or None for plain TCP.
        timeout: Seconds this may take.

    Raises:
        ConnectionFailed: There is no connection to be had.
    """
    return await _in_time(_open(host, port, tls), f"{host}:{port}", timeout)


async def connect_unix(path: str, *, timeout: float = 10.0) -> trio.abc.Stream:
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
    """Serve on TCP until this is cancelled.

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
            stream = trio.SSLStream(stream, tls, server_side=True, https_compatible=True)
        try:
            await new_driver().run(stream)
        except ConnectionFailed as error:
            _log.debug("a connection ended: %s", error)
        except Exception:  # noqa: BLE001  -- a mistake of on_event costs its own connection, not the others
            _log.exception("a connection was dropped")

    await trio.serve_listeners(attend, listeners, task_status=task_status)


async def _open(host: str, port: int, tls: ssl.SSLContext | None) -> trio.abc.Stream:
    plain = await trio.open_tcp_stream(host, port)
    if tls is None:
        return plain
    stream = trio.SSLStream(plain, tls, server_hostname=host, https_compatible=True)
    try:
        await stream.do_handshake()
    except BaseException:
        await trio.aclose_forcefully(plain)
        raise
    return stream


async def _in_time(making: Awaitable[trio.abc.Stream], peer: str, timeout: float) -> trio.abc.Stream:
    try:
        with trio.fail_after(timeout):
            return await making
    except trio.TooSlowError:
        raise ConnectionFailed(f"cannot reach {peer} in {timeout:g} seconds") from None
    except (OSError, trio.BrokenResourceError) as error:
        raise ConnectionFailed(f"cannot reach {peer}: {reason_of(error)}") from None
