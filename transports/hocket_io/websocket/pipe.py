"""WebSocketPipe: a WebSocket to an A2A agent, as a pipe. Each line of the pipe is a message of the WebSocket."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import TYPE_CHECKING, Self

import anyio
import anyio.abc
from attrs import define, field

from hocket.errors import AuthenticationError, ConnectionFailed, HocketError, LimitExceeded
from hocket.framing import FramingLimits
from hocket.heartbeat import Heartbeat
from hocket.http.words import shown_url
from hocket_io.concurrency.groups import leave
from hocket_io.concurrency.shield import shielded
from hocket_io.fitting import fit_opening
from hocket_io.timeouts import Phases
from hocket_io.websocket.connection import WebSocket, open_websocket

if TYPE_CHECKING:
    from hocket_io.pipes.transport import BytePipe
    from hocket_io.tap import Tap

__all__ = ["WebSocketPipe", "websocket_opening"]

_AHEAD = 1024 * 1024
"""Bytes that are read before somebody wants them: a client that waits for nothing should still answer pings."""

_SILENCE = 20.0
"""Seconds of silence after which there is a ping, and again for its answer; fewer where the timeout says so."""

_LINE_FEED_AS_SPACE = bytes.maketrans(b"\n", b" ")
"""Line feeds in JSON stand between its tokens only, where a space says the same."""


def _heartbeat(silence: float | None) -> Heartbeat | None:
    """How long a peer may be silent, where it may be for so many seconds at the most."""
    if silence is None:
        return None
    half = min(_SILENCE, silence / 2)
    return Heartbeat(interval=half, timeout=half)


@define(eq=False, repr=False)
class WebSocketPipe:
    """A `BytePipe` of NDJSON to the agent at a URL. An async context manager: it connects, and hangs up at the end.

    Until it is left, what is done through it is done, also by a task that was cancelled and has a last word to say.

    Args:
        url: `ws://…` or `wss://…`.
        headers: Header fields to send with the handshake.
        limit: Bytes of one message that is received.
        timeout: Seconds to connect, and again to shake hands; and of silence, at the half of which there is a ping.
        tls: For `wss://`, which certificates are trusted; None for those that the system trusts.
        proxy: The proxy to go through; None for that of the environment, if it names one.
    """

    url: str
    headers: Mapping[str, str]
    limit: int
    timeout: Phases = field(default=Phases(), kw_only=True)
    tls: ssl.SSLContext | None = field(default=None, kw_only=True)
    proxy: str | None = field(default=None, kw_only=True)
    _socket: WebSocket = field(init=False)
    _group: anyio.abc.TaskGroup = field(init=False)
    _shelter: anyio.CancelScope = field(init=False)
    _arrived: list[bytes] = field(factory=list, init=False)
    _held: int = field(default=0, init=False)
    _writers: int = field(default=0, init=False)
    _news: anyio.Event = field(init=False)
    _end: HocketError | None = field(default=None, init=False)
    _failure: HocketError | None = field(default=None, init=False)

    # Whoever writes may learn of the end, and has its _failure, while the reader is still hanging up: _end comes then.

    async def __aenter__(self) -> Self:
        self._news = anyio.Event()
        self._shelter = anyio.CancelScope(shield=True)
        self._socket = await open_websocket(
            self.url,
            headers=self.headers.items(),
            max_size=self.limit,
            heartbeat=_heartbeat(self.timeout.read),
            timeout=self.timeout.connect,
            tls=self.tls,
            proxy=self.proxy,
            limit_name="frame",
        )
        is_up = anyio.Event()
        self._group = await anyio.create_task_group().__aenter__()
        self._group.start_soon(self._run, is_up)
        await shielded(is_up.wait)  # it takes one turn; whoever left now would leave the group behind
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        self._shelter.cancel()
        return await leave(self._group, kind, error, trace)

    async def receive(self) -> bytes:
        """The messages that have arrived, each as a line; b"" at the end."""
        while not self._arrived:
            if self._end is not None:
                return b""
            await self._news.wait()
        lines, self._arrived, self._held = b"".join(self._arrived), [], 0
        self._tell()
        return lines

    async def send(self, data: bytes) -> None:
        """Send each line as a message.

        Args:
            data: Whole lines.

        Raises:
            ConnectionFailed: The connection has ended.
        """
        self._writers += 1
        self._tell()
        try:
            await self._socket.send(*data.removesuffix(b"\n").split(b"\n"))
        except (ConnectionFailed, AuthenticationError) as error:
            self._failure = _lasting(error)
            raise ConnectionFailed(str(error)) from error
        finally:
            self._writers -= 1

    async def farewell(self) -> HocketError:
        """Why there is nothing more to be had; what is no ConnectionFailed would be the same over the next one."""
        return self._end or self._failure or ConnectionFailed(f"{shown_url(self.url)} is still connected")

    async def aclose(self) -> None:
        """Hang up; whoever waits for a message gets b""."""
        self._shelter.cancel()

    async def _run(self, is_up: anyio.Event) -> None:
        end: HocketError = ConnectionFailed(f"the connection to {shown_url(self.url)} was closed")
        try:
            with self._shelter:
                async with self._socket:
                    is_up.set()
                    await self._read()
                    end = ConnectionFailed(f"{shown_url(self.url)} closed the connection")
        except (ConnectionFailed, AuthenticationError) as error:
            end = _lasting(error)
        finally:
            self._end = end
            self._tell()

    async def _read(self) -> None:
        """Read ahead; and further while something is written, since the agent may have to write before it reads."""
        while message := await self._socket.receive():
            line = message.translate(_LINE_FEED_AS_SPACE) + b"\n"
            self._arrived.append(line)
            self._held += len(line)
            self._tell()
            while self._held > _AHEAD and not self._writers:
                await self._news.wait()

    def _tell(self) -> None:
        self._news.set()
        self._news = anyio.Event()


def _lasting(error: HocketError) -> HocketError:
    """An end, as what it would be over the next connection, too, where it would."""
    return error.__cause__ if isinstance(error.__cause__, LimitExceeded) else error


def websocket_opening(
    url: str,
    *,
    headers: Mapping[str, str],
    limits: FramingLimits,
    timeout: Phases,
    tls: ssl.SSLContext | None,
    proxy: str | None,
    tap: Tap | None,
) -> Callable[[], AbstractAsyncContextManager[BytePipe]]:
    """What makes the connections of a client, each a `WebSocketPipe`.

    Args:
        url: `ws://…` or `wss://…`.
        headers: Header fields to send with the handshake.
        limits: Of one message that is received.
        timeout: As of a `WebSocketPipe`.
        tls: For `wss://`, which certificates are trusted; None for those that the system trusts.
        proxy: The proxy to go through; None for that of the environment, if it names one.
        tap: Told what passes; None for nobody.
    """

    def open_pipe() -> AbstractAsyncContextManager[BytePipe]:
        pipe = WebSocketPipe(url, headers, limits.frame, timeout=timeout, tls=tls, proxy=proxy)
        return fit_opening(tap, pipe, "websocket", shown_url(url), limits)

    return open_pipe
