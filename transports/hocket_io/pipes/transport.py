"""The client's way over a pipe: `PipeTransport` under asyncio and trio. The machine is `hocket.a2a.PipeClient`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from types import TracebackType
from typing import Protocol, Self

import anyio
import anyio.abc
import anyio.lowlevel
from attrs import define, field

from hocket.a2a import AgentCard, ClientCall, Operation, Params, PipeClient, Result
from hocket.errors import ConnectionFailed, HocketError
from hocket_io.concurrency.groups import leave
from hocket_io.concurrency.outgoing import Outgoing
from hocket_io.pipes.options import PipeOptions

__all__ = ["BytePipe", "PipeTransport"]

_BACKLOG = 1_024
"""Events that may wait for their readers before reading stops, as long as nobody is waiting for one."""
_LAST_WORDS = 1.0
"""Seconds that the other side may take at the end to read that nobody wants its answers any more."""


class BytePipe(Protocol):
    """Two byte streams, one each way."""

    async def receive(self) -> bytes:
        """Bytes that arrived; b"" at the end."""

    async def send(self, data: bytes) -> None:
        """Write bytes."""

    async def farewell(self) -> HocketError:
        """Why there is nothing more to be had from a pipe that has ended."""

    async def aclose(self) -> None:
        """Let go of whatever is at the other end."""


@define(eq=False)
class PipeTransport:
    """One agent at the end of a pipe, for `AsyncClient`. Any number of calls at a time.

    Args:
        pipe: The pipe; it is closed at the end.
        options: How the agent is spoken to.
    """

    pipe: BytePipe
    options: PipeOptions = PipeOptions()
    _machine: PipeClient = field(init=False)
    _outgoing: Outgoing = field(init=False)
    _bells: dict[ClientCall, anyio.Event] = field(factory=dict, init=False)
    _waiting: int = field(default=0, init=False)
    _hungry: anyio.Event = field(factory=anyio.Event, init=False)
    _listening: anyio.Event = field(factory=anyio.Event, init=False)
    _group: anyio.abc.TaskGroup = field(init=False)
    _shelter: anyio.CancelScope = field(factory=lambda: anyio.CancelScope(shield=True), init=False)

    def __attrs_post_init__(self) -> None:
        self._machine = self.options.machine()
        self._outgoing = Outgoing(self._send)

    async def __aenter__(self) -> Self:
        self._group = await anyio.create_task_group().__aenter__()
        self._group.start_soon(self._run)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            await self._take_leave()
        finally:
            self._shelter.cancel()
            try:
                await leave(self._group, kind, error, trace)
            finally:
                await self.pipe.aclose()

    async def card(self) -> AgentCard | None:
        """There is no card on a pipe."""
        return None

    async def start(self, operation: Operation, params: Params, last_event_id: int | None = None) -> ClientCall:
        """Ask; the answer is given after `arrivals` or by `answer`.

        Raises:
            ConnectionFailed: The pipe has ended before.
        """
        call = self.options.begin(self._machine, operation, params, last_event_id, anyio.current_time())
        self._bells[call] = anyio.Event()
        self._flush()
        return call

    async def arrivals(self, call: ClientCall) -> AsyncIterator[None]:
        """Say whenever events of a stream may have come."""
        try:
            while True:
                yield
                if call.is_closed:
                    return
                await self._wait(call)
        finally:
            self._forget(call)

    async def answer(self, call: ClientCall) -> Result:
        """Wait for the one answer.

        Raises:
            RpcError, ConnectionFailed, RequestTimeout, CodecError: There is none.
        """
        try:
            while not call.is_closed:
                await self._wait(call)
        finally:
            self._forget(call)
        return call.result()

    def _forget(self, call: ClientCall) -> None:
        self._bells.pop(call, None)
        self._machine.drop(call, anyio.current_time())
        self._flush()

    async def _wait(self, call: ClientCall) -> None:
        """Wait until something has happened to a call."""
        await anyio.lowlevel.checkpoint_if_cancelled()  # where there is always something new, nothing else would tell
        self._machine.listen(call, anyio.current_time())
        self._listening.set()
        self._waiting += 1
        self._hungry.set()
        try:
            await self._bells[call].wait()
        finally:
            self._waiting -= 1
        self._bells[call] = anyio.Event()

    async def _run(self) -> None:
        """Do the work until the client is left; where it is cancelled, it may cancel its task before it goes."""
        with self._shelter:
            async with anyio.create_task_group() as group:
                group.start_soon(self._read)
                group.start_soon(self._outgoing.run)
                group.start_soon(self._end_silence)

    async def _read(self) -> None:
        """Read as long as somebody waits for something, or something is to be written, or little is unread.

        A peer that writes before it reads again would wait for us, and we for it.
        """
        while self._machine.failure is None:
            while not self._waiting and not self._outgoing.held and self._machine.unread > _BACKLOG:
                self._hungry = anyio.Event()
                await self._hungry.wait()
            data = await self.pipe.receive()
            if not data:
                self._machine.fail(await self.pipe.farewell())
                self._machine.receive_eof(anyio.current_time())
                self._ring()
                return
            self._machine.receive_data(data, anyio.current_time())
            self._ring()
            self._flush()

    async def _end_silence(self) -> None:
        """Give up the calls to which nothing comes. No deadline is ever sooner than one that was set before it."""
        while True:
            at = self._machine.next_timeout()
            if at is None:
                self._listening = anyio.Event()
                await self._listening.wait()
                continue
            await anyio.sleep_until(at)
            self._machine.handle_timeout(anyio.current_time())
            self._ring()
            self._flush()

    def _flush(self) -> None:
        """Have whatever there is written, by a task of its own: one that is cancelled would cut a frame in two."""
        if pieces := self._machine.data_to_send():
            self._outgoing.give(b"".join(pieces))
            self._hungry.set()

    async def _send(self, data: bytes) -> None:
        try:
            await self.pipe.send(data)
        except ConnectionFailed as error:
            self._machine.fail(error)
            self._ring()
            raise

    async def _take_leave(self) -> None:
        """Say that nobody wants what is not answered yet: an agent may then end at once."""
        if self._machine.failure is not None:
            return
        self._machine.leave(anyio.current_time())
        self._ring()
        self._flush()
        with anyio.move_on_after(_LAST_WORDS, shield=True):
            try:
                await self._outgoing.flush()
            except ConnectionFailed:
                pass  # there is nobody left to hear it

    def _ring(self) -> None:
        while (call := self._machine.next_event()) is not None:
            bell = self._bells.get(call)
            if bell is not None:
                bell.set()
