"""LoopDriver: what the drivers of event loops have in common, asyncio's and trio's: commands, and waits."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Callable
from typing import Generic, Protocol, TypeVar

from attrs import define, field

from hocket.endpoint import Endpoint
from hocket.errors import ConnectionFailed
from hocket_io.drivers.running import LINGER, UNREAD, UNSENT, Bounds, Running

__all__ = ["LoopDriver"]

EventT = TypeVar("EventT")


class Signal(Protocol):
    """An Event of asyncio's or trio's."""

    def set(self) -> object:
        """Wake all who wait."""

    async def wait(self) -> object:
        """Wait until it is set."""


@define(eq=False)
class LoopDriver(ABC, Generic[EventT]):
    """Runs an Endpoint on an event loop. Call `pump` after each command.

    Args:
        endpoint: What is to be run; it belongs to this driver.
        on_event: Told each event, in order. If it raises, the connection is dropped, and `run` raises the same.
            Without it, `events` gives them.
        unsent: Bytes that may wait to be written. Beyond it nothing is read, so that a peer that reads none of
            its answers can ask for no more, and `drain` waits.
        unread: Events of `events` that nobody has taken; beyond it nothing is read.
        linger: Seconds that closing may take where the peer does not read what is left; then it is dropped.
    """

    endpoint: Endpoint[EventT]
    on_event: Callable[[EventT], None] | None = None
    unsent: int = field(default=UNSENT, kw_only=True)
    unread: int = field(default=UNREAD, kw_only=True)
    linger: float = field(default=LINGER, kw_only=True)
    _running: Running[EventT] = field(init=False)
    _waiting: list[tuple[Callable[[], bool], Signal]] = field(factory=list, init=False)

    def __attrs_post_init__(self) -> None:
        self._running = Running(self.endpoint, self.on_event, Bounds(self.unsent, self.unread, self.linger))

    @property
    def is_closed(self) -> bool:
        """True once the connection is gone."""
        return self._running.is_closed

    @abstractmethod
    def now(self) -> float:
        """The time in seconds, for the commands of the endpoint."""

    def pump(self) -> None:
        """Tell what happened, write what is to be sent, set the timer. Within `on_event` there is no need of it."""
        if self._running.tell(self.now()):
            self._go_on()

    def close(self) -> None:
        """Write what is still to be written, then close the connection; that may take `linger` seconds."""
        self._running.close()
        if self._running.tell(self.now()):
            self._settle()

    def abort(self) -> None:
        """Drop the connection at once, whatever was still to be written."""
        self._running.is_dropped = True
        self._settle()

    async def drain(self) -> None:
        """Wait until no more than `unsent` bytes wait to be written.

        Raises:
            ConnectionFailed: They will not be: the connection is gone.
        """
        running = self._running
        if running.is_full:
            await self._until(lambda: running.is_closed or not running.is_full)
        if running.is_closed:
            raise ConnectionFailed("the connection is closed") from running.failure

    def expect_new(self) -> None:
        """Make sure that this driver can be connected.

        Raises:
            LocalProtocolError: It was connected before.
        """
        self._running.expect_begun(is_so=False)

    # --- for the driver of a loop

    def _go_on(self) -> None:
        """Write what is to be written; the rest of `_settle` may wait for the end of the loop's turn."""
        self._settle()

    @abstractmethod
    def _settle(self) -> None:
        """Write, set the timer, read or do not: whatever has become of `_running`. Ends with `_notify`."""

    @abstractmethod
    def _new_signal(self) -> Signal: ...

    def _notify(self) -> None:
        """Wake those whose time has come. To ask them costs a tenth of what it costs to wake one who waits on."""
        if self._waiting:
            waiting, self._waiting = self._waiting, []
            for each in waiting:
                is_so, signal = each
                if is_so():
                    signal.set()
                else:
                    self._waiting.append(each)

    async def _until(self, is_so: Callable[[], bool]) -> None:
        while not is_so():
            waits = (is_so, self._new_signal())
            self._waiting.append(waits)
            try:
                await waits[1].wait()
            finally:
                if waits in self._waiting:  # who is cancelled waits no more
                    self._waiting.remove(waits)

    async def _take_events(self) -> AsyncGenerator[EventT, None]:
        while self._running.has_unread or not self.is_closed:
            for event in self._running.unread_events():
                yield event
            self.pump()  # there may be room for more
            await self._until(lambda: self.is_closed or self._running.has_unread)
        self._running.raise_failure()
