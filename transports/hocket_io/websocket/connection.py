"""WebSocket, the client's side, under asyncio and trio: whole messages over one TCP or TLS connection (RFC 6455).

The protocol is the sans-I/O layer of `websockets`; here is only what reads and writes for it. No compression is
offered, so that no few bytes stand for gigabytes. `websocket_network` makes connections, `websocket_ends` has the words
for how they end.
"""

from __future__ import annotations

import ssl
from collections import deque
from collections.abc import Iterable
from types import TracebackType
from typing import Self

import anyio
import anyio.abc
from attrs import define, field
from websockets.client import ClientProtocol
from websockets.exceptions import InvalidURI
from websockets.frames import CloseCode, Frame, Opcode
from websockets.protocol import State
from websockets.uri import WebSocketURI, parse_uri

from hocket.errors import ConnectionFailed, HocketError, LocalProtocolError
from hocket.heartbeat import Heartbeat
from hocket.http.words import shown_url
from hocket_io.concurrency.groups import leave
from hocket_io.concurrency.outgoing import Outgoing
from hocket_io.concurrency.shield import shielded
from hocket_io.reasons import reason_of
from hocket_io.websocket.ends import breach, farewell, refusal
from hocket_io.websocket.network import connect

__all__ = ["WebSocket", "open_websocket", "speak_websocket"]

_CHUNK = 65_536
_PATIENCE = 10.0
"""Seconds to get a connection, and again to be let in."""
_FAREWELL = 2.0
"""Seconds that the other side gets to answer our farewell."""
_OWED = 65_536
"""Bytes of pongs that may wait to be written before nothing more is read: who pings has to read as well."""
_LARGEST = 16 * 1024 * 1024
_HEARTBEAT = Heartbeat(interval=20.0, timeout=20.0)


@define(eq=False, repr=False)
class WebSocket:
    """A connection, to be entered as an async context manager, which hangs up at the end. `open_websocket` makes it.

    Any number of tasks may send, one at a time receives.

    Args:
        stream: What it runs over.
        protocol: The machine.
        url: How it is called in errors.
        heartbeat: How much silence there may be while somebody waits in `receive`; None for any.
        limit_name: What the limit of a message is called, in the error for one that is over it.
    """

    stream: anyio.abc.ByteStream
    protocol: ClientProtocol
    url: str
    heartbeat: Heartbeat | None = _HEARTBEAT
    limit_name: str = "message"
    outgoing: Outgoing = field(init=False)
    _group: anyio.abc.TaskGroup | None = field(default=None, init=False)
    _arrived: deque[bytes] = field(factory=deque, init=False)
    _message: bytearray = field(factory=bytearray, init=False)
    _reading: anyio.Lock = field(factory=lambda: anyio.Lock(fast_acquire=True), init=False)
    _owed: int = field(default=0, init=False)
    _mark: int = field(default=0, init=False)
    _death: str | None = field(default=None, init=False)
    _is_closed: bool = field(default=False, init=False)

    # _owed counts the bytes that reading has given to write since all that was given before _mark was written.

    def __attrs_post_init__(self) -> None:
        self.outgoing = Outgoing(self._write)

    async def __aenter__(self) -> Self:
        self._group = await anyio.create_task_group().__aenter__()
        self._group.start_soon(self.outgoing.run)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        assert self._group is not None, "entered first"
        try:
            await self.aclose()
        finally:
            ends_here = await leave(self._group, kind, error, trace)
        return ends_here

    async def shake_hands(self, headers: Iterable[tuple[str, str]]) -> None:
        """Ask for the connection, before anything else (RFC 6455 section 4.1).

        Raises:
            ConnectionFailed, AuthenticationError: It is refused.
            LocalProtocolError: A header cannot be sent.
        """
        request = self.protocol.connect()
        for name, value in headers:
            if not (value.isascii() and value.isprintable()):
                raise LocalProtocolError(f"the header {name} can have printable ASCII characters only")
            if name in request.headers:
                del request.headers[name]
            request.headers[name] = value
        self.protocol.send_request(request)
        await self._write(b"".join(self.protocol.data_to_send()))
        while self.protocol.state is State.CONNECTING and self.protocol.handshake_exc is None:
            await self._read()
        if self._death is not None:
            raise ConnectionFailed(self._death)
        if self.protocol.handshake_exc is not None:
            raise refusal(self.protocol.handshake_exc, self.url)

    async def send(self, *messages: bytes) -> None:
        """Send text messages in one write, and wait for it. A task that is cancelled meanwhile sends all of them.

        Args:
            messages: In UTF-8.

        Raises:
            ConnectionFailed, AuthenticationError: The connection has ended.
            LocalProtocolError: A message is empty; nothing was sent.
        """
        if not all(messages):
            raise LocalProtocolError("an empty message says nothing")
        if self._group is None:
            raise LocalProtocolError("a WebSocket works only as an async context manager: `async with socket:`")
        if self.protocol.state is not State.OPEN or self._is_closed:
            raise self._ending() or ConnectionFailed(f"the connection to {self.url} is closed")
        for message in messages:
            self.protocol.send_text(message)
        self._give()
        try:
            await self.outgoing.flush()
        except ConnectionFailed as error:
            raise self._ending() or error from None

    async def receive(self) -> bytes:
        """The next message; b"" where the other side ended the connection in good order (1000), or this one did.

        Raises:
            ConnectionFailed: It ended otherwise, or broke.
            AuthenticationError: It ended since the other side does not know who we are (4001).
        """
        while not self._is_closed:
            if self._arrived:
                return self._arrived.popleft()
            if self._is_over():
                if (ending := self._ending()) is not None:
                    raise ending
                return b""
            async with self._reading:
                await self._read()
        return b""

    async def aclose(self) -> None:
        """Say farewell and wait a little for the answer: what was sent is read until there. Then hang up."""
        if self._is_closed:
            return
        self._is_closed = True
        await shielded(self._part)

    async def _part(self) -> None:
        if self._group is not None:
            with anyio.move_on_after(_FAREWELL):
                await self._say_farewell()
        await self._hang_up()

    async def _say_farewell(self) -> None:
        if self.protocol.state is State.OPEN:
            self.protocol.send_close(CloseCode.NORMAL_CLOSURE)
            self._give()
        try:
            await self.outgoing.flush()
        except ConnectionFailed:
            return  # it is gone already
        async with self._reading:
            while self.protocol.state is State.CLOSING:
                await self._read()

    async def _hang_up(self) -> None:
        try:
            await self.stream.aclose()
        except (anyio.BrokenResourceError, OSError):
            pass  # it is gone already

    async def _read(self) -> None:
        """Read once, and take what there is."""
        data = await self._next_bytes()
        if data:
            self.protocol.receive_data(data)
        else:
            self.protocol.receive_eof()
        for event in self.protocol.events_received():
            if isinstance(event, Frame) and event.opcode in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
                self._take(event)
        if self.outgoing.written >= self._mark:
            self._owed, self._mark = 0, self.outgoing.given
        self._owed += self._give()
        if self._owed > _OWED:
            await self.outgoing.flush()

    def _take(self, frame: Frame) -> None:
        """A piece of a message. An empty message says nothing; some servers send one to keep a connection alive."""
        self._message += frame.data
        if frame.fin:
            if self._message and not self._is_closed:  # what comes during our farewell is for nobody
                self._arrived.append(bytes(self._message))
            self._message.clear()

    async def _next_bytes(self) -> bytes:
        if self.heartbeat is None or self.protocol.state is not State.OPEN:
            return await self._receive()
        with anyio.move_on_after(self.heartbeat.interval):
            return await self._receive()
        self.protocol.send_ping(b"")
        self._give()
        with anyio.move_on_after(self.heartbeat.timeout):
            return await self._receive()
        seconds = self.heartbeat.interval + self.heartbeat.timeout
        self._death = f"{self.url} was silent for {seconds:g} seconds and does not answer a ping"
        return b""

    async def _receive(self) -> bytes:
        try:
            return await self.stream.receive(_CHUNK)
        except ssl.SSLError as error:  # a server may look at our certificate after the handshake, and say no
            self._death = f"the connection to {self.url} broke: {reason_of(error)}"
            return b""
        except (anyio.EndOfStream, anyio.BrokenResourceError, anyio.ClosedResourceError, OSError):
            return b""

    async def _write(self, data: bytes) -> None:
        try:
            await self.stream.send(data)
        except (anyio.BrokenResourceError, anyio.ClosedResourceError, OSError):
            raise ConnectionFailed(f"the connection to {self.url} broke") from None

    def _give(self) -> int:
        """Pass on what the machine has to write."""
        data = b"".join(self.protocol.data_to_send())
        self.outgoing.give(data)
        return len(data)

    def _is_over(self) -> bool:
        return self.protocol.close_rcvd is not None or self.protocol.state in (State.CLOSING, State.CLOSED)

    def _ending(self) -> HocketError | None:
        """Why the connection has ended; None if in good order."""
        if self._death is not None:
            return ConnectionFailed(self._death)
        if (error := self.protocol.parser_exc) is not None:
            return breach(error, self.url, self.limit_name, self.protocol.max_message_size)
        if self.protocol.close_rcvd is not None:
            return farewell(self.protocol.close_rcvd, self.url)
        return None


def _read_url(url: str) -> WebSocketURI:
    try:
        return parse_uri(url)
    except (InvalidURI, ValueError) as error:
        reason = error.msg if isinstance(error, InvalidURI) else str(error)  # without the address: it may have secrets
        raise LocalProtocolError(f"{shown_url(url)!r} is no WebSocket address: {reason}") from None


async def open_websocket(
    url: str,
    *,
    headers: Iterable[tuple[str, str]] = (),
    max_size: int = _LARGEST,
    heartbeat: Heartbeat | None = _HEARTBEAT,
    timeout: float | None = _PATIENCE,
    tls: ssl.SSLContext | None = None,
    proxy: str | None = None,
    limit_name: str = "message",
) -> WebSocket:
    """Connect to a WebSocket server; `async with` the result.

    Args:
        url: `ws://…` or `wss://…`.
        headers: Header fields to send with the handshake.
        max_size: Bytes of one message that is received.
        heartbeat: How much silence there may be while somebody waits in `receive`; None for any.
        timeout: Seconds to connect, and again to shake hands; None for no end.
        tls: For `wss://`, which certificates are trusted; None for those that the system trusts.
        proxy: `http(s)://[NAME:PASSWORD@]HOST:PORT` of a proxy to go through; None for that of the environment, if it
            names one. What is on this machine never has one of the environment.
        limit_name: What the limit `max_size` is called, in the error for a message that is over it.

    Raises:
        ConnectionFailed: There is no such server, or it does not speak WebSocket here.
        AuthenticationError: It wants other credentials (HTTP 401 or 403), or the proxy does (407).
        LocalProtocolError: The URL or a header cannot be used.
    """
    stream = await connect(_read_url(url), shown_url(url), timeout, tls, proxy)
    return await speak_websocket(
        stream,
        url,
        headers=headers,
        max_size=max_size,
        heartbeat=heartbeat,
        timeout=timeout,
        limit_name=limit_name,
    )


async def speak_websocket(
    stream: anyio.abc.ByteStream,
    url: str,
    *,
    headers: Iterable[tuple[str, str]] = (),
    max_size: int = _LARGEST,
    heartbeat: Heartbeat | None = _HEARTBEAT,
    timeout: float | None = _PATIENCE,
    limit_name: str = "message",
) -> WebSocket:
    """`open_websocket` over a stream of the caller's, which belongs to the WebSocket from then on."""
    shown = shown_url(url)
    try:
        socket = WebSocket(stream, ClientProtocol(_read_url(url), max_size=max_size), shown, heartbeat, limit_name)
        with anyio.fail_after(timeout):
            await socket.shake_hands(headers)
    except TimeoutError:
        await anyio.aclose_forcefully(stream)
        raise ConnectionFailed(
            f"{shown} does not answer in {timeout:g} seconds (timeout=, its connect phase)"
        ) from None
    except BaseException:
        await anyio.aclose_forcefully(stream)
        raise
    return socket
