"""Exchange: one connection that runs, turn by turn: wait, write, read, look at the clock."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from attrs import define, field

from hocket_io.blocking.commands import Commands
from hocket_io.blocking.wires import Wires
from hocket_io.drivers.running import Running, broken

__all__ = ["Exchange"]

EventT = TypeVar("EventT")

_LONGEST = 86_400.0
"""Seconds to wait before it is waited again: systems know no more than some weeks."""


@define(eq=False)
class Exchange(Generic[EventT]):
    """What runs, and what it runs on; no thread but one may have it."""

    running: Running[EventT]
    wires: Wires
    commands: Commands
    clock: Callable[[], float]
    _unwritten: bytearray = field(factory=bytearray, init=False)

    @property
    def is_over(self) -> bool:
        """True once nothing is left to be done but to close the connection."""
        return self.running.is_dropped or (self.running.is_leaving and not self._unwritten)

    def pump(self) -> None:
        """Tell what happened, and take what is to be written."""
        if self.running.tell(self.clock()):
            while pieces := self.running.take(len(self._unwritten)):
                self._unwritten += b"".join(pieces)

    def obey(self) -> None:
        """Do what other threads have asked, and what comes of it."""
        self.commands.perform(self.running.perform)
        self.pump()

    def turn(self) -> None:
        """Wait until something can be read or written, the bell rings, or the time has come; and do it."""
        self.wires.watch(reads=self.running.wants_more, writes=bool(self._unwritten))
        self.wires.selector.select(self._patience())
        try:
            if self.running.wants_more:
                self._read()  # first: what a peer says before it leaves counts, though it takes nothing any more
            if self._unwritten:
                del self._unwritten[: self.wires.write(self._unwritten)]
        except OSError as error:
            self.running.fail(broken(error))
        if (at := self.running.next_timeout()) is not None and at <= self.clock():
            self.running.handle_timeout(self.clock())
        self.obey()

    def finish(self) -> None:
        """Close the connection, and tell the last events."""
        self.commands.end()
        if self.is_over and not self.running.is_dropped:
            self.wires.end()
        self.wires.close()
        self.running.finish(self.clock())

    def _read(self) -> None:
        data = self.wires.read()
        if data is not None:
            self.running.receive(data, self.clock())
            if not data and self.wires.ends_at_once:
                self.running.is_dropped = True

    def _patience(self) -> float | None:
        """Seconds to wait for something to happen; None for as long as it takes."""
        at = self.running.next_timeout()
        return None if at is None else min(max(0.0, at - self.clock()), _LONGEST)
