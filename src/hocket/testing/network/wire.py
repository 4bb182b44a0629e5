"""Wire: one direction of a link. What is written waits, flies for a while, and arrives."""

from __future__ import annotations

import random  # noqa: TID251  -- a seed is given
from bisect import insort
from collections import deque
from collections.abc import Sequence
from enum import Enum, auto
from typing import Protocol

from attrs import define, field

from hocket.testing.network.agenda import Agenda
from hocket.testing.network.carrier import Carrier

__all__ = ["Flight", "Mark", "Receiver", "Wire"]


class Mark(Enum):
    """What comes over a wire besides bytes."""

    OPENED = auto()
    """Somebody wants to connect."""
    ENDED = auto()
    """The writer will write nothing more."""
    REFUSED = auto()
    """Nobody is there, or nobody who wants to talk."""
    BROKEN = auto()
    """The connection is gone, and whatever was not there yet."""


@define(order=True)
class Flight:
    """Something on its way."""

    at: float
    """When it arrives."""
    number: int
    what: bytes | Mark = field(order=False)


class Receiver(Protocol):
    """Where a wire ends."""

    def arrive(self, what: bytes | Mark) -> None:
        """It is here."""


@define(eq=False)
class Wire:
    """One direction of a link.

    Attributes:
        carrier: How it carries.
        receiver: Where it ends.
        load: Bytes that are on their way, or arrived and are not read yet.
        is_held: Nothing arrives for the time being: a partition.
        is_broken: What is written from now on is lost, and nobody knows yet.
        is_finished: The writer has said that it will write no more.
    """

    agenda: Agenda
    random: random.Random
    carrier: Carrier
    receiver: Receiver = field(init=False)
    load: int = field(default=0, init=False)
    is_held: bool = field(default=False, init=False)
    is_broken: bool = field(default=False, init=False)
    is_finished: bool = field(default=False, init=False)
    _waiting: deque[memoryview] = field(factory=deque, init=False)  # written, but the window is full
    _flying: deque[Flight] = field(factory=deque, init=False)  # ordered by arrival
    _number: int = field(default=0, init=False)
    _opened_at: float = field(default=0.0, init=False)  # no unit overtakes the connection

    @property
    def has_room(self) -> bool:
        """Whether the writer may write more; never while something of it waits."""
        return self.load < self.carrier.window

    @property
    def unsent(self) -> int:
        """Bytes that were written and wait until there is room on the way."""
        return sum(map(len, self._waiting))

    def write(self, pieces: Sequence[bytes]) -> None:
        """Take what the writer has, and send as much as there is room for."""
        if self.carrier.units:
            self._waiting.extend(memoryview(piece) for piece in pieces)
        else:
            self._waiting.append(memoryview(pieces[0] if len(pieces) == 1 else b"".join(pieces)))
        self._launch()

    def read(self, size: int) -> None:
        """So many bytes were taken by the reader."""
        self.load -= size
        if self._waiting:
            self._launch()

    def open(self) -> None:
        """Ask the other side for a connection."""
        self._fly(Mark.OPENED)

    def finish(self) -> None:
        """The writer writes nothing more; the reader learns it after the last byte."""
        if not self.is_finished:
            self.is_finished = True
            if not self._waiting and not self.is_broken:
                self._fly(Mark.ENDED)

    def end(self, mark: Mark, kept: int | None) -> int:
        """End it with a mark, and lose what has not arrived, but for the first bytes of it.

        Args:
            mark: What the reader is told.
            kept: Bytes on their way that still arrive; None for any number.

        Returns:
            How many bytes were lost on the way.
        """
        if self.is_broken:
            return 0
        before = self.in_flight
        self._drop_after(int(self.random.random() * (before + 1)) if kept is None else kept)
        lost = before - self.in_flight + self.unsent
        self._waiting.clear()
        self._fly(mark)
        self.is_broken = True
        return lost

    @property
    def in_flight(self) -> int:
        """Bytes on their way."""
        return sum(len(flight.what) for flight in self._flying if isinstance(flight.what, bytes))

    def hold(self) -> None:
        """Nothing arrives any more; nothing is lost."""
        self.is_held = True
        self._arm()

    def release(self) -> None:
        """What was held goes on."""
        self.is_held = False
        self._arm()

    def ring(self) -> None:
        """The next thing arrives."""
        if self.is_held or not self._flying or self._flying[0].at > self.agenda.now:
            self._arm()
            return
        what = self._flying.popleft().what
        self._arm()
        self.receiver.arrive(what)

    # --- faults of units

    def units(self) -> list[Flight]:
        """The units on their way."""
        return [flight for flight in self._flying if isinstance(flight.what, bytes)]

    def duplicate(self, flight: Flight) -> None:
        """A unit that is on its way arrives a second time, right after the first."""
        assert isinstance(flight.what, bytes)
        self.load += len(flight.what)
        insort(self._flying, Flight(flight.at, flight.number, flight.what))

    def swap(self, flight: Flight, other: Flight) -> None:
        """Two units that are on their way change places."""
        flight.what, other.what = other.what, flight.what

    def lose(self, flight: Flight) -> None:
        """A unit that is on its way never arrives."""
        assert isinstance(flight.what, bytes)
        self._flying.remove(flight)
        self.read(len(flight.what))

    # --- within

    def _launch(self) -> None:
        waiting, carrier = self._waiting, self.carrier
        while waiting and (room := carrier.window - self.load) > 0:
            data = waiting.popleft()
            if carrier.units:
                self._launch_unit(bytes(data))
                continue
            if len(data) > room:
                waiting.appendleft(data[room:])
                data = data[:room]
            self.load += len(data)
            if not self.is_broken:
                for piece in self._cut(data):
                    self._fly(piece)
        if self.is_finished and not waiting and not self.is_broken:
            self._fly(Mark.ENDED)

    def _launch_unit(self, unit: bytes) -> None:
        self.load += len(unit)
        if self.is_broken:
            return
        if self.carrier.lost and self.random.random() < self.carrier.lost:
            self.load -= len(unit)
            return
        self._fly(unit)
        if self.carrier.duplicated and self.random.random() < self.carrier.duplicated:
            self.load += len(unit)
            self._fly(unit)

    def _cut(self, data: memoryview) -> list[bytes]:
        """The pieces in which the network brings this."""
        size, rolled = len(data), self.random.random
        count = int(rolled() * (self.carrier.cuts + 1)) if size > 1 else 0
        if not count:
            return [bytes(data)]
        places = sorted(1 + int(rolled() * (size - 1)) for _ in range(count))
        pieces = [bytes(data[a:b]) for a, b in zip([0, *places], [*places, size], strict=True)]
        return [piece for piece in pieces if piece]

    def _fly(self, what: bytes | Mark) -> None:
        least, most = self.carrier.latency
        at = self.agenda.now + least + (most - least) * self.random.random()
        flying = self._flying
        self._number += 1
        if flying and flying[-1].at > at:
            if self.carrier.units and isinstance(what, bytes):
                at = max(at, self._opened_at)
            else:
                at = flying[-1].at
        if what is Mark.OPENED:
            self._opened_at = at
        flight = Flight(at, self._number, what)
        if not flying or flying[-1].at <= at:
            flying.append(flight)  # as all that a stream carries
        else:
            insort(flying, flight)
        if flying[0] is flight:
            self._arm()

    def _drop_after(self, kept: int) -> None:
        """Keep the first bytes on the way, and of units only whole ones; nothing that came after what is lost."""
        flying, self._flying = self._flying, deque()
        for flight in flying:
            if isinstance(flight.what, bytes):
                if len(flight.what) > kept:
                    if kept and not self.carrier.units:
                        self._flying.append(Flight(flight.at, flight.number, flight.what[:kept]))
                    break
                kept -= len(flight.what)
            self._flying.append(flight)
        self._arm()

    def _arm(self) -> None:
        if self._flying and not self.is_held:
            self.agenda.set(self, self._flying[0].at)
        else:
            self.agenda.clear(self)
