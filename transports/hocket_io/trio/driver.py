"""Driver: an Endpoint on a stream of trio."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from typing import TypeVar, TypeVarTuple, Unpack

import trio
import trio.abc
from attrs import define, field

from hocket_io.concurrency.groups import scratch_group
from hocket_io.drivers.loop_driver import LoopDriver
from hocket_io.drivers.running import broken
from hocket_io.trio.outflow import Outflow
from hocket_io.trio.streams import received

__all__ = ["Driver"]

EventT = TypeVar("EventT")
ArgsT = TypeVarTuple("ArgsT")


@define(eq=False)
class Driver(LoopDriver[EventT]):
    """Runs an Endpoint on a stream, for as long as `run` runs. Call `pump` after each command.

    Its arguments are those of a `LoopDriver`: `endpoint`, `on_event`, `unsent`, `unread` and `linger`.
    """

    _outflow: Outflow = field(factory=Outflow, init=False)
    _scope: trio.CancelScope = field(factory=trio.CancelScope, init=False)
    _alarm: trio.CancelScope = field(factory=trio.CancelScope, init=False)

    def now(self) -> float:
        """The time in seconds, for the commands of the endpoint."""
        return trio.current_time()

    async def run(self, stream: trio.abc.Stream) -> None:
        """Run the endpoint until the connection is gone; then `stream` is closed. Cancelling this drops it at once.

        Args:
            stream: What `connect` or `connect_unix` has given, or any other, such as the two pipes of a process
                in a `trio.StapledStream`.

        Raises:
            ConnectionFailed: It broke.
            LocalProtocolError: There is no `on_event`.
        """
        self._running.expect(on_event=True)
        self._running.begin()
        await self._run(stream)
        self._running.raise_failure()

    @asynccontextmanager
    async def events(self, stream: trio.abc.Stream) -> AsyncIterator[AsyncIterator[EventT]]:
        """The events, in place of `run` and `on_event`. They end with the connection, and it ends with this block.

        Args:
            stream: As for `run`.

        Raises:
            ConnectionFailed: It broke; raised after the last event.
            LocalProtocolError: There is an `on_event`.
        """
        self._running.expect(on_event=False)
        self._running.begin()
        async with scratch_group() as group, aclosing(self._take_events()) as events:
            group.start_soon(self._run, stream)
            yield events

    async def drain(self) -> None:
        """As of a `LoopDriver`. It can be cancelled; and once a millisecond others run, those who write among them."""
        await self._outflow.let_write()
        await super().drain()

    # --- within

    async def _run(self, stream: trio.abc.Stream) -> None:
        try:
            with self._scope:
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(self._attempt, self._watch_the_clock)
                    await self._attempt(self._talk, stream)
                    nursery.cancel_scope.cancel()
        finally:
            self._running.finish(self.now())
            self._settle()

    async def _talk(self, stream: trio.abc.Stream) -> None:
        async with stream, trio.open_nursery() as nursery:  # to close TLS takes a write, which the clock has to end
            nursery.start_soon(self._attempt, self._read, stream)
            await self._attempt(self._write, stream)
            nursery.cancel_scope.cancel()

    async def _attempt(self, work: Callable[[Unpack[ArgsT]], Awaitable[None]], *args: *ArgsT) -> None:
        try:
            await work(*args)
        except Exception as error:  # noqa: BLE001  -- run raises it: by itself, not in the group of a nursery
            self._running.fail(broken(error) if isinstance(error, trio.BrokenResourceError) else error)
        self._settle()

    async def _read(self, stream: trio.abc.Stream) -> None:
        self.pump()
        is_over = False
        while not is_over:
            await self._until(lambda: self._running.wants_more)
            data = await received(stream)
            is_over = not data
            self._running.receive(data, self.now())
            self.pump()
        if not isinstance(stream, trio.abc.HalfCloseableStream):  # TLS is closed in both directions at once
            self.abort()

    async def _write(self, stream: trio.abc.Stream) -> None:
        while True:
            await self._until(lambda: self._outflow.is_waiting or self._running.is_leaving)
            if not self._outflow.is_waiting:
                return
            await self._outflow.write(stream)
            self._settle()

    async def _watch_the_clock(self) -> None:
        while True:
            with self._alarm:
                await trio.sleep_forever()
            self._alarm = trio.CancelScope()
            self._running.handle_timeout(self.now())
            self.pump()

    def _settle(self) -> None:
        if self._running.is_dropped:
            self._scope.cancel()
        while pieces := self._running.take(self._outflow.held):
            self._outflow.give(pieces)
        at = self._running.next_timeout()
        at = math.inf if at is None else at
        if at != self._alarm.deadline:  # trio's heap of deadlines takes 2 µs
            self._alarm.deadline = at
        self._notify()

    def _new_signal(self) -> trio.Event:
        return trio.Event()
