"""The client's way over connections that may break: `ReconnectingTransport`, under asyncio and trio.

The machine is `hocket.http.ReconnectingClient`; here is what a connection, a pause and a caller are to an event loop.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from math import inf
from types import TracebackType
from typing import Self, TypeAlias

import anyio
import anyio.abc
from attrs import define, field

from hocket.a2a import AgentCard, ClientCall, Operation, Params, Result
from hocket.backoff import Backoff
from hocket.errors import ConnectionFailed, HocketError
from hocket.http import ReconnectingClient
from hocket_io.concurrency.groups import leave, scratch_group
from hocket_io.entropy import system_entropy
from hocket_io.pipes.options import PipeOptions
from hocket_io.pipes.transport import BytePipe

__all__ = ["OpenPipe", "ReconnectingTransport", "reconnecting_client"]

OpenPipe: TypeAlias = Callable[[], AbstractAsyncContextManager[BytePipe]]
"""Makes one connection, which works while it is entered. Each line that it carries is a message."""

_log = logging.getLogger(__name__)

_BACKLOG = 1_024
"""Events that may wait for their readers before reading stops, as long as nobody is waiting for one."""


def reconnecting_client(options: PipeOptions, resume: Backoff | None) -> ReconnectingClient:
    """The machine, as both transports have it."""
    headers = {"A2A-Extensions": ", ".join(options.extensions)} if options.extensions else {}
    return ReconnectingClient(options.limits, resume, system_entropy(), headers, options.timeout, options.peer)


@define(eq=False)
class ReconnectingTransport:
    """One agent, for `AsyncClient`. Any number of calls at a time, over one connection at a time.

    The first connection is made as it is entered. Another one is made once there is something to ask.

    Args:
        open_pipe: Makes a connection.
        options: How the agent is spoken to. There is no other framing than lines, and the timeout counts for a question
            until something comes in answer.
        resume: When to try a stream again that was cut; None for never.
    """

    open_pipe: OpenPipe
    options: PipeOptions = PipeOptions()
    resume: Backoff | None = field(factory=Backoff)
    _machine: ReconnectingClient = field(init=False)
    _bells: dict[ClientCall, anyio.Event] = field(factory=dict, init=False)
    _news: anyio.Event = field(factory=anyio.Event, init=False)
    _waiting: int = field(default=0, init=False)
    _refusal: HocketError | None = field(default=None, init=False)
    _group: anyio.abc.TaskGroup = field(init=False)
    _shelter: anyio.CancelScope = field(factory=lambda: anyio.CancelScope(shield=True), init=False)

    # _news is set, and replaced, whenever something has changed that one of the tasks here may be waiting for.

    def __attrs_post_init__(self) -> None:
        self._machine = reconnecting_client(self.options, self.resume)

    async def __aenter__(self) -> Self:
        is_settled = anyio.Event()
        self._group = await anyio.create_task_group().__aenter__()
        self._group.start_soon(self._run, is_settled)
        try:
            await is_settled.wait()
            if self._refusal is not None:
                raise self._refusal
        except BaseException as error:
            await self.__aexit__(type(error), error, error.__traceback__)
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._machine.leave(anyio.current_time())
        self._ring()
        self._shelter.cancel()
        await leave(self._group, kind, error, trace)

    async def card(self) -> AgentCard | None:
        """There is no card on a WebSocket."""
        return None

    async def start(self, operation: Operation, params: Params, last_event_id: int | None = None) -> ClientCall:
        """Ask; the answer is given after `arrivals` or by `answer`.

        Raises:
            LocalProtocolError: Too much is in flight, or the request is too long. Nothing was sent.
        """
        call = self._machine.call(operation, params, anyio.current_time(), last_event_id)
        self._bells[call] = anyio.Event()
        self._tell()
        return call

    async def arrivals(self, call: ClientCall) -> AsyncIterator[None]:
        """Say whenever events of a stream may have come.

        Raises:
            ConnectionFailed, AuthenticationError: There is no connection to be had.
        """
        try:
            while True:
                if (refusal := self._machine.refusal(call)) is not None:
                    raise refusal
                yield
                if self._machine.is_over(call):
                    return
                await self._wait(call)
        finally:
            self._forget(call)

    async def answer(self, call: ClientCall) -> Result:
        """Wait for the one answer.

        Raises:
            RpcError, ConnectionFailed, AuthenticationError, CodecError: There is none.
        """
        try:
            while not self._machine.is_over(call):
                await self._wait(call)
        finally:
            self._forget(call)
        return call.result()

    def _forget(self, call: ClientCall) -> None:
        self._bells.pop(call, None)
        self._machine.drop(call, anyio.current_time())
        self._tell()

    async def _wait(self, call: ClientCall) -> None:
        self._machine.listen(call, anyio.current_time())
        self._waiting += 1
        self._tell()
        try:
            await self._bells[call].wait()
        finally:
            self._waiting -= 1
        self._bells[call] = anyio.Event()

    async def _run(self, is_settled: anyio.Event) -> None:
        """Connect whenever it is wanted, until the client is left; one that is cancelled may have a last word."""
        with self._shelter:
            async with anyio.create_task_group() as group:
                group.start_soon(self._keep_time)
                self._refusal = await self._be_connected(is_settled)
                is_settled.set()
                while True:
                    while not self._machine.wants_connection:
                        await self._news.wait()
                    await self._be_connected(is_settled)

    async def _be_connected(self, is_settled: anyio.Event) -> HocketError:
        """Make a connection, and use it until it breaks, or why there is none."""
        try:
            async with self.open_pipe() as pipe:
                self._machine.connect(anyio.current_time())
                is_settled.set()
                self._ring()
                async with scratch_group() as group:
                    group.start_soon(self._write, pipe, group.cancel_scope)
                    await self._read(pipe)
                end: HocketError = await pipe.farewell()
        except HocketError as error:
            end = error
        _log.info("no connection any more: %s", end)
        self._machine.receive_end(end, anyio.current_time())
        self._ring()
        return end

    async def _write(self, pipe: BytePipe, everything: anyio.CancelScope) -> None:
        """Write whatever there is. In a task of its own, since a caller that is cancelled would cut a frame in two."""
        while True:
            if not (pieces := self._machine.data_to_send()):
                await self._news.wait()
                continue
            try:
                await pipe.send(b"".join(pieces))
            except ConnectionFailed:  # why, it says in its farewell
                everything.cancel()
                return

    async def _read(self, pipe: BytePipe) -> None:
        """Read as long as somebody waits for something, or little is waiting to be read; to the end.

        A peer that writes before it reads again does not wait for us, since the pipe reads ahead while it sends.
        """
        while True:
            while not self._waiting and self._machine.unread > _BACKLOG:
                await self._news.wait()
            data = await pipe.receive()
            if not data:
                return
            self._machine.receive_data(data, anyio.current_time())
            self._ring()

    async def _keep_time(self) -> None:
        """Wake the machine when it wants to be."""
        while True:
            at = self._machine.next_timeout()
            with anyio.CancelScope(deadline=inf if at is None else at):
                await self._news.wait()
            now = anyio.current_time()
            if at is not None and now >= at:
                self._machine.handle_timeout(now)
                self._ring()

    def _ring(self) -> None:
        """Something has happened to the machine, and perhaps to a call: whoever waits for it looks."""
        while (call := self._machine.next_event()) is not None:
            bell = self._bells.get(call)
            if bell is not None:
                bell.set()
        self._tell()

    def _tell(self) -> None:
        self._news.set()
        self._news = anyio.Event()
