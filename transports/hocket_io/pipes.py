"""The client's way over a pipe: `PipeTransport` under asyncio and trio. The machine is `hocket.a2a.PipeClient`."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Sequence
from types import TracebackType
from typing import Protocol, Self

import anyio
import anyio.abc
import anyio.lowlevel
from attrs import define, field

from hocket.a2a import (
    V1_0,
    AgentCard,
    ClientCall,
    ClientLimits,
    Operation,
    Params,
    PipeClient,
    Result,
    StreamEvent,
)
from hocket.errors import ConnectionFailed
from hocket.framing import Ndjson
from hocket_io.groups import leave
from hocket_io.targets import MakeFraming

__all__ = ["BytePipe", "PipeTransport"]

_BACKLOG = 1_024
"""Events that may wait for their readers before reading stops, as long as nobody is waiting for one."""


class BytePipe(Protocol):
    """Two byte streams, one each way."""

    async def receive(self) -> bytes:
        """Bytes that arrived; b"" at the end."""

    async def send(self, data: bytes) -> None:
        """Write bytes."""

    async def farewell(self) -> ConnectionFailed:
        """Why there is nothing more to be had from a pipe that has ended."""

    async def aclose(self) -> None:
        """Let go of whatever is at the other end."""


@define(eq=False)
class PipeTransport:
    """One agent at the end of a pipe, for `AsyncClient`. Any number of calls at a time.

    Args:
        pipe: The pipe; it is closed at the end.
        limits: Of what comes back.
        extensions: URIs of the extensions to ask for.
        framing: How messages are cut out of the bytes, as the other side was told as well.
    """

    pipe: BytePipe
    limits: ClientLimits = ClientLimits()
    extensions: Sequence[str] = ()
    framing: MakeFraming = Ndjson
    _machine: PipeClient = field(init=False)
    _bells: dict[ClientCall, anyio.Event] = field(factory=dict, init=False)
    _hungry: anyio.Event = field(factory=anyio.Event, init=False)
    _waiting: int = field(default=0, init=False)
    _unsent: anyio.Event = field(factory=anyio.Event, init=False)
    _is_writing: bool = field(default=False, init=False)
    _lost: ConnectionFailed | None = field(default=None, init=False)
    _group: anyio.abc.TaskGroup = field(init=False)
    _shelter: anyio.CancelScope = field(factory=lambda: anyio.CancelScope(shield=True), init=False)

    def __attrs_post_init__(self) -> None:
        self._machine = PipeClient(self.framing(self.limits.framing), V1_0, self.limits)

    async def __aenter__(self) -> Self:
        self._group = await anyio.create_task_group().__aenter__()
        self._group.start_soon(self._run)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._shelter.cancel()
        try:
            await leave(self._group, kind, error, trace)
        finally:
            await self.pipe.aclose()

    async def card(self) -> AgentCard | None:
        """There is no card on a pipe."""
        return None

    async def start(self, operation: Operation, params: Params, last_event_id: int | None = None) -> ClientCall:
        """Ask; the answer is given by `events` or `answer`.

        Raises:
            ConnectionFailed: The pipe has ended before.
        """
        if self._machine.is_closed:
            lost = self._lost or ConnectionFailed("the agent's output could not be read any further")
            raise lost.with_traceback(None)
        headers = {} if last_event_id is None else {"Last-Event-ID": str(last_event_id)}
        if self.extensions:
            headers["A2A-Extensions"] = ", ".join(self.extensions)
        call = self._machine.call(operation, params, time.monotonic(), headers)
        self._bells[call] = anyio.Event()
        self._unsent.set()
        return call

    async def events(self, call: ClientCall) -> AsyncIterator[StreamEvent]:
        """The events of a stream as they come."""
        try:
            while True:
                while (event := call.next_event()) is not None:
                    yield event
                if call.is_closed:
                    return
                await self._wait(call)
        finally:
            self._forget(call)

    async def answer(self, call: ClientCall) -> Result:
        """Wait for the one answer.

        Raises:
            RpcError, ConnectionFailed, CodecError: There is none.
        """
        try:
            while not call.is_closed:
                await self._wait(call)
        finally:
            self._forget(call)
        return call.result()

    def _forget(self, call: ClientCall) -> None:
        self._bells.pop(call, None)
        self._machine.drop(call, time.monotonic())
        self._unsent.set()

    async def _wait(self, call: ClientCall) -> None:
        await anyio.lowlevel.checkpoint_if_cancelled()  # where there is always something new, nothing else would tell
        self._waiting += 1
        self._hungry.set()
        try:
            await self._bells[call].wait()
        finally:
            self._waiting -= 1
        self._bells[call] = anyio.Event()

    async def _run(self) -> None:
        """Read and write until the client is left; where it is cancelled, it may cancel its task before it goes."""
        with self._shelter:
            async with anyio.create_task_group() as group:
                group.start_soon(self._read)
                group.start_soon(self._write)

    async def _write(self) -> None:
        """Write whatever there is. In a task of its own, since a caller that is cancelled would cut a frame in two."""
        while True:
            await self._unsent.wait()
            self._unsent = anyio.Event()
            if not (pieces := self._machine.data_to_send()):
                continue
            self._is_writing = True
            self._hungry.set()  # a peer that writes before it reads again must not wait for us in turn
            try:
                await self.pipe.send(b"".join(pieces))
            except ConnectionFailed as error:
                self._machine.fail(error)
                self._ring()
            finally:
                self._is_writing = False

    async def _read(self) -> None:
        """Read as long as somebody waits for something, or little is waiting to be read."""
        while True:
            while not self._waiting and not self._is_writing and self._machine.unread > _BACKLOG:
                self._hungry = anyio.Event()
                await self._hungry.wait()
            data = await self.pipe.receive()
            if not data:
                self._lost = await self.pipe.farewell()
                self._machine.fail(self._lost)
                self._machine.receive_eof(time.monotonic())
                self._ring()
                return
            self._machine.receive_data(data, time.monotonic())
            self._ring()
            self._unsent.set()

    def _ring(self) -> None:
        while (call := self._machine.next_event()) is not None:
            bell = self._bells.get(call)
            if bell is not None:
                bell.set()
