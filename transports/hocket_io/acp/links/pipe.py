"""PipeLink: a hub at the other end of a byte pipe (a child process, TCP, our own stdin and stdout), as NDJSON."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import ClassVar, Self

import anyio
import anyio.abc
from attrs import define, field

from hocket.acp.wire import DECLARE
from hocket.codec import dumps
from hocket.errors import ConnectionFailed, LimitExceeded, LocalProtocolError
from hocket.framing import FrameRejected, FramingLimits, Ndjson
from hocket_io.acp.links.protocol import no_feed
from hocket_io.acp.links.sendable import check_messages
from hocket_io.concurrency.groups import leave
from hocket_io.concurrency.outgoing import Outgoing
from hocket_io.pipes.transport import BytePipe

__all__ = ["PipeLink"]


@define(eq=False, repr=False)
class PipeLink:
    """A `MessageLink` over a pipe.

    There is no place for credentials on a pipe.

    Args:
        pipe: The pipe; it is closed at the end.
        limit: Bytes of one message, both ways.
        agent: Who speaks here, which the first message says; None to leave it to each of them.
        ends_well: Whether the end of the pipe is an orderly end, since nobody but the hub can bring it about.
    """

    is_ordered: ClassVar[bool] = True
    listens_apart: ClassVar[bool] = False
    pipe: BytePipe
    limit: int
    agent: str | None = None
    ends_well: bool = False
    _outgoing: Outgoing = field(init=False)
    _framing: Ndjson = field(init=False)
    _group: anyio.abc.TaskGroup | None = field(default=None, init=False)
    _reading: anyio.CancelScope = field(factory=anyio.CancelScope, init=False)
    _is_closed: bool = field(default=False, init=False)
    _has_ended: bool = field(default=False, init=False)

    def __attrs_post_init__(self) -> None:
        self._outgoing = Outgoing(self.pipe.send)
        self._framing = Ndjson(FramingLimits(frame=self.limit))

    async def __aenter__(self) -> Self:
        self._group = await anyio.create_task_group().__aenter__()
        if self.agent is not None:
            hello = {"jsonrpc": "2.0", "method": DECLARE, "params": {"agentId": self.agent}}
            self._outgoing.give(self._framing.encode(dumps(hello)))
        self._group.start_soon(self._outgoing.run)
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

    async def send(self, *messages: bytes) -> None:
        """Send messages in one write, and wait until the pipe has taken them.

        Raises:
            ConnectionFailed: The pipe is broken or closed.
            LocalProtocolError: A message is empty, has a line feed in it, or is over the limit `message`; nothing was
                sent.
        """
        check_messages(messages, self.limit)
        lines = [self._framing.encode(message) for message in messages]
        if self._group is None:
            raise LocalProtocolError("a link works only as an async context manager: `async with link:`")
        if self._is_closed:
            raise ConnectionFailed("the link is closed")
        for line in lines:
            self._outgoing.give(line)
        await self._outgoing.flush()

    async def receive(self) -> bytes:
        """The next message; b"" after `aclose`, and at the end of a pipe that `ends_well`.

        Raises:
            ConnectionFailed: The pipe has ended, or gave a line over the limit `message`. Whatever was in that line is
                lost, so what follows could be misunderstood.
        """
        while not self._is_closed:
            frame = self._framing.next_frame()
            if isinstance(frame, bytes):
                return frame
            if isinstance(frame, FrameRejected):
                raise ConnectionFailed(f"the hub sent {LimitExceeded('message', self.limit)}")
            if self._has_ended:
                return await self._end()
            await self._read()
        return b""

    async def _read(self) -> None:
        with anyio.CancelScope() as self._reading:
            if data := await self.pipe.receive():
                self._framing.receive_data(data)
            else:
                self._has_ended = True
                if self.ends_well:  # otherwise a line without an end was cut, and is lost with the connection
                    self._framing.receive_eof()

    def feed(
        self, stream_id: str, last_event_id: int | None = None
    ) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """There are no feeds on a pipe.

        Raises:
            LocalProtocolError: Always.
        """
        raise no_feed(stream_id)

    async def aclose(self) -> None:
        """Close the pipe; whoever waits in `receive` gets b""."""
        if not self._is_closed:
            self._is_closed = True
            self._reading.cancel()
            self._outgoing.fail("the link is closed")
            await self.pipe.aclose()

    async def _end(self) -> bytes:
        if self.ends_well or self._is_closed:
            return b""
        raise await self.pipe.farewell()
