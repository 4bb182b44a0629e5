"""Driver: an Endpoint as an `asyncio.Protocol`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import TypeVar, cast

from attrs import Factory, define, field

from hocket.errors import LocalProtocolError
from hocket_io.asyncio.alarm import Alarm
from hocket_io.asyncio.outflow import Outflow
from hocket_io.drivers.loop_driver import LoopDriver
from hocket_io.drivers.running import broken

__all__ = ["Driver"]

EventT = TypeVar("EventT")


@define(eq=False)
class Driver(LoopDriver[EventT], asyncio.Protocol):
    """Runs an Endpoint on an event loop, from the moment when it is connected. Call `pump` after each command.

    Its arguments are those of a `LoopDriver`: `endpoint`, `on_event`, `unsent`, `unread` and `linger`.
    """

    _outflow: Outflow | None = field(default=None, init=False)
    _alarm: Alarm = field(default=Factory(lambda self: Alarm(self._time_out), takes_self=True), init=False)
    _is_reading: bool = field(default=True, init=False)
    _over: asyncio.Event = field(factory=asyncio.Event, init=False)

    def now(self) -> float:
        """The time in seconds, for the commands of the endpoint."""
        return asyncio.get_running_loop().time()

    async def run(self) -> None:
        """Wait until the connection is gone. If this is cancelled, the connection is dropped.

        Raises:
            ConnectionFailed: It broke.
            LocalProtocolError: There is no `on_event`, or no connection yet.
        """
        self._running.expect(on_event=True)
        self._running.expect_begun(is_so=True)
        try:
            await self._over.wait()
        except asyncio.CancelledError:
            self.abort()
            raise
        self._running.raise_failure()

    @asynccontextmanager
    async def events(self) -> AsyncIterator[AsyncIterator[EventT]]:
        """The events, in place of `on_event`. They end with the connection, and the connection with this block.

        Raises:
            ConnectionFailed: It broke; raised after the last event.
            LocalProtocolError: There is an `on_event`, or no connection yet.
        """
        self._running.expect(on_event=False)
        self._running.expect_begun(is_so=True)
        try:
            async with aclosing(self._take_events()) as events:
                yield events
        finally:
            self.abort()
            await self._over.wait()

    # --- what the event loop calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """There is a connection: begin.

        Raises:
            LocalProtocolError: There was one before, which goes on; the new one is dropped.
        """
        try:
            self._running.begin()
        except LocalProtocolError:
            transport.set_protocol(asyncio.BaseProtocol())  # its end is not that of the other one
            cast(asyncio.Transport, transport).abort()
            raise
        transport = cast(asyncio.Transport, transport)  # which those of uvloop are, but for their class
        self._outflow = Outflow(transport, self.unsent, self._settle)
        self.pump()

    def data_received(self, data: bytes) -> None:
        """Hand in what arrived."""
        self._running.receive(data, self.now())
        self.pump()

    def eof_received(self) -> bool:
        """The peer sends nothing more. Without TLS, what it has asked can still be answered."""
        self.data_received(b"")
        return self._outflow is not None and self._outflow.outlasts_eof()

    def resume_writing(self) -> None:
        """The peer has caught up."""
        self.pump()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone: tell the last events."""
        self._outflow = None
        if exc is not None:
            self._running.fail(broken(exc))
        self._alarm.set(None)
        try:
            self._running.finish(self.now())
        finally:
            self._notify()
            self._over.set()

    # --- within

    def _go_on(self) -> None:
        if self._outflow is not None and self._outflow.has_turn:  # whose end is to come, and settles what else there is
            self._outflow.take(self._running)
            self._notify()
        else:
            self._settle()

    def _settle(self) -> None:
        if (outflow := self._outflow) is None:
            return
        transport, running = outflow.transport, self._running
        if running.is_dropped:
            transport.abort()
        elif not transport.is_closing():
            outflow.take(running)
            if running.is_leaving:
                outflow.flush()
                transport.close()
            elif self._is_reading != running.wants_more:
                self._is_reading = not self._is_reading
                (transport.resume_reading if self._is_reading else transport.pause_reading)()
        self._alarm.set(running.next_timeout())
        self._notify()

    def _new_signal(self) -> asyncio.Event:
        return asyncio.Event()

    def _time_out(self) -> None:
        self._running.handle_timeout(self.now())
        self.pump()
