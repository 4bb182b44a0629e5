"""What is at the other end of a pipe that a probe writes to: a child process, or the server of a WebSocket."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from subprocess import PIPE

import anyio
import anyio.abc
from attrs import define, field, frozen

from hocket.errors import ConnectionFailed, HocketError
from hocket.framing import ContentLength, Framing, FramingLimits, Ndjson
from hocket.testing.curl import pipe_line
from hocket.testing.probe import Binding
from hocket_io.client.targets import CommandTarget
from hocket_io.concurrency.groups import scratch_group
from hocket_io.pipes.transport import BytePipe
from hocket_io.stdio import ChildProcess, open_child

__all__ = ["OpenPipe", "PipeEnd", "child_end", "websocket_end"]

OpenPipe = Callable[[], AbstractAsyncContextManager[BytePipe]]
"""What connects, and hangs up at the end."""

_TAIL = 2_000
"""Bytes that are told of what a child has said on stderr."""

_LAST_WORDS = 0.5
"""Seconds for what a child has said before it died to arrive."""


@frozen(kw_only=True)
class PipeEnd:
    """How what is at the other end is reached.

    Attributes:
        connect: Connects.
        framing: Cuts messages out of what comes.
        frame: Makes what is written of one message, whatever is in it.
        binding: What carries the messages.
        reconnects: Whether a connection that has ended may be made again without losing what the target knows.
        line: A line for a shell that sends a frame; None where there is none.
    """

    connect: OpenPipe
    framing: Callable[[], Framing]
    frame: Callable[[bytes], bytes]
    binding: Binding
    reconnects: bool
    line: Callable[[bytes], str | None]


@define(eq=False)
class _WatchedChild:
    """A child process whose stderr is read, so that its death can be told with its last words. A `BytePipe`."""

    child: ChildProcess
    _said: bytearray = field(factory=bytearray, init=False)
    _is_mute: anyio.Event = field(factory=anyio.Event, init=False)

    async def receive(self) -> bytes:
        """Bytes that it wrote; b"" at the end."""
        return await self.child.receive()

    async def send(self, data: bytes) -> None:
        """Write to it.

        Raises:
            ConnectionFailed: It has ended, or no longer reads.
        """
        await self.child.send(data)

    async def farewell(self) -> HocketError:
        """Why there is nothing more to be had, with what it has said last."""
        end = await self.child.farewell()
        with anyio.move_on_after(_LAST_WORDS):
            await self._is_mute.wait()
        said = self._said.decode("utf-8", "replace").strip()
        return ConnectionFailed(f"{end}; it said: {said}" if said else str(end))

    async def aclose(self) -> None:
        """Let it go."""
        await self.child.aclose()

    async def listen(self) -> None:
        """Read its stderr."""
        assert self.child.process.stderr is not None, "it was started with one of ours"
        try:
            async for said in self.child.process.stderr:
                self._said += said
                del self._said[:-_TAIL]
        except (anyio.BrokenResourceError, anyio.ClosedResourceError):
            pass  # it is gone
        self._is_mute.set()


def child_end(target: CommandTarget) -> PipeEnd:
    """A child process, started anew for each connection.

    Args:
        target: Its command and its framing.
    """

    @asynccontextmanager
    async def connect() -> AsyncIterator[BytePipe]:
        child = _WatchedChild(await open_child(target.command, stderr=PIPE))
        async with scratch_group() as group:
            group.start_soon(child.listen)
            try:
                yield child
            finally:
                await child.aclose()

    frame = _content_length if target.framing is ContentLength else _line
    return PipeEnd(
        connect=connect,
        framing=lambda: target.framing(FramingLimits()),
        frame=frame,
        binding="pipe",
        reconnects=False,
        line=lambda data: pipe_line(target.command, data),
    )


def websocket_end(connect: OpenPipe) -> PipeEnd:
    """The server of a WebSocket, to which one connection is as good as another.

    Args:
        connect: Connects; line by line is then message by message.
    """
    return PipeEnd(
        connect=connect,
        framing=Ndjson,
        frame=_websocket_line,
        binding="websocket",
        reconnects=True,
        line=lambda data: None,
    )


def _line(data: bytes) -> bytes:
    return data + b"\n"


def _websocket_line(data: bytes) -> bytes:
    """One message, which cannot be empty: a space says nothing as well."""
    return _line(data.replace(b"\n", b" ") or b" ")


def _content_length(data: bytes) -> bytes:
    return b"Content-Length: %d\r\n\r\n" % len(data) + data
