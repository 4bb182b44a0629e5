"""In memory: an agent and its client in one process, joined by the same bytes that a pipe would carry."""

from __future__ import annotations

from types import TracebackType
from typing import Self

import anyio
from attrs import define, field

from hocket.a2a import PipeServer
from hocket.agent import Agent
from hocket.errors import ConnectionFailed
from hocket.framing import Ndjson
from hocket_io.host import Host, HostLink

__all__ = ["MemoryPipe"]


@define(eq=False)
class MemoryPipe:
    """A hosted agent as a pair of byte streams: what a child process would be, without the process.

    An async context manager; leaving it ends the agent.
    """

    agent: Agent
    _host: Host = field(init=False)
    _link: HostLink = field(init=False)
    _server: PipeServer = field(init=False)
    _is_closed: bool = field(default=False, init=False)

    async def __aenter__(self) -> Self:
        self._host = await Host(self.agent).__aenter__()
        self._link = self._host.open_link()
        self._server = PipeServer(self._host.server, self._link.name, Ndjson())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()
        await self._host.__aexit__(kind, error, trace)

    async def receive(self) -> bytes:
        """Bytes from the agent; b"" once the pipe is closed."""
        while not self._is_closed:
            deliveries = self._link.take()
            self._server.deliver(deliveries, self._host.now())
            if pieces := self._server.data_to_send():
                return b"".join(pieces)
            if not deliveries:
                await self._link.wait()
        return b""

    async def send(self, data: bytes) -> None:
        """Bytes for the agent."""
        self._server.receive_data(data, self._host.now())
        self._host.pump()
        self._link.ring()
        await anyio.lowlevel.checkpoint()

    async def farewell(self) -> ConnectionFailed:
        """Why there is nothing more to be had from a pipe that has ended."""
        return ConnectionFailed("the agent's pipe was closed")

    async def aclose(self) -> None:
        """Close the pipe; whoever waits for bytes gets b""."""
        self._is_closed = True
        self._server.receive_eof(self._host.now())
        self._host.pump()
        self._link.ring()
