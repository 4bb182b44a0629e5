"""Driver: an Endpoint on a socket or a pair of pipes, in the thread that runs it."""

from __future__ import annotations

import selectors
import socket
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from typing import Generic, TypeVar

from attrs import define, field

from hocket.endpoint import Endpoint
from hocket_io.blocking.bell import Bell
from hocket_io.blocking.commands import Commands
from hocket_io.blocking.exchange import Exchange
from hocket_io.blocking.wires import Pipes, Wires
from hocket_io.drivers.running import LINGER, UNREAD, UNSENT, Bounds, Running

__all__ = ["Driver"]

EventT = TypeVar("EventT")


@define(eq=False)
class Driver(Generic[EventT]):
    """Runs an Endpoint on a connection, for as long as `run` runs, in the thread that has called it.

    Args:
        endpoint, on_event, unsent, unread, linger: As for a `LoopDriver`.
        clock: What `now` says.
        new_selector: Makes what waits; it and the clock go together where time is not that of the world.
    """

    endpoint: Endpoint[EventT]
    on_event: Callable[[EventT], None] | None = None
    unsent: int = field(default=UNSENT, kw_only=True)
    unread: int = field(default=UNREAD, kw_only=True)
    linger: float = field(default=LINGER, kw_only=True)
    clock: Callable[[], float] = field(default=time.monotonic, kw_only=True)
    new_selector: Callable[[], selectors.BaseSelector] = field(default=selectors.DefaultSelector, kw_only=True)
    _running: Running[EventT] = field(init=False)
    _exchange: Exchange[EventT] | None = field(default=None, init=False)
    _commands: Commands = field(factory=Commands, init=False)

    def __attrs_post_init__(self) -> None:
        self._running = Running(self.endpoint, self.on_event, Bounds(self.unsent, self.unread, self.linger))

    @property
    def is_closed(self) -> bool:
        """True once the connection is gone."""
        return self._running.is_closed

    def now(self) -> float:
        """The time in seconds, for the commands of the endpoint."""
        return self.clock()

    def call_soon(self, command: Callable[[], object]) -> None:
        """Have the thread that runs the endpoint call something, such as a command of it. Any thread may ask.

        Args:
            command: If it raises, the connection is dropped, and `run` raises the same. It is not called where the
                connection goes before.

        Raises:
            ConnectionFailed: The connection is gone.
        """
        self._commands.ask(command)

    def pump(self) -> None:
        """Tell what happened, write what is to be sent. Within `on_event` and `call_soon` there is no need of it."""
        if self._exchange is not None:
            self._exchange.pump()

    def close(self) -> None:
        """Write what is left, then close the connection, in `linger` seconds. Within `on_event` or by `call_soon`."""
        self._running.close()

    def abort(self) -> None:
        """Drop the connection at once, whatever was still to be written. Within `on_event` or by `call_soon`."""
        self._running.is_dropped = True

    def run(self, connection: socket.socket | Pipes, *, deadline: float | None = None) -> None:
        """Run the endpoint until the connection is gone; then what was given is closed.

        Args:
            connection: What `connect` or `accept` has given, any other socket that is connected, or `Pipes`.
            deadline: When, by `now`, the connection is dropped if it is not over; None for never.

        Raises:
            ConnectionFailed: It broke, or the deadline has come.
            LocalProtocolError: There is no `on_event`.
        """
        self._running.expect(on_event=True)
        with self._open(connection, deadline) as exchange:
            while not exchange.is_over:
                exchange.turn()
        self._running.raise_failure()

    @contextmanager
    def events(self, connection: socket.socket | Pipes, *, deadline: float | None = None) -> Iterator[Iterator[EventT]]:
        """The events, in place of `run` and `on_event`. They end with the connection, and it ends with this block.

        While whoever takes them does something else, nothing is read, written or answered.

        Args:
            connection: As for `run`.
            deadline: As for `run`.

        Raises:
            ConnectionFailed: It broke, or the deadline has come; raised after the last event.
            LocalProtocolError: There is an `on_event`.
        """
        self._running.expect(on_event=False)
        with self._open(connection, deadline) as exchange, closing(self._take_events(exchange)) as events:
            yield events

    # --- within

    @contextmanager
    def _open(self, connection: socket.socket | Pipes, deadline: float | None) -> Iterator[Exchange[EventT]]:
        self._running.begin(deadline)
        with closing(connection), self.new_selector() as selector, closing(Bell(selector)) as bell:
            wires = Wires(connection, selector)
            exchange = self._exchange = Exchange(self._running, wires, self._commands, self.clock)
            self._commands.begin(bell)
            try:
                exchange.obey()
                yield exchange
            finally:
                exchange.finish()

    def _take_events(self, exchange: Exchange[EventT]) -> Generator[EventT, None, None]:
        while not self.is_closed:
            yield from self._running.unread_events()
            exchange.pump()  # what was asked while they were taken
            if self._running.has_unread:
                continue
            if exchange.is_over:
                exchange.finish()
            else:
                exchange.turn()
        yield from self._running.unread_events()
        self._running.raise_failure()
