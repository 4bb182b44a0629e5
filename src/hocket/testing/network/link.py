"""Link: two ends and the wires between them, and all that can happen to these."""

from __future__ import annotations

from math import inf

from attrs import define, evolve

from hocket.errors import LocalProtocolError
from hocket.testing.network.end import End
from hocket.testing.network.medium import Medium
from hocket.testing.network.wire import Flight, Mark, Wire

__all__ = ["Link"]


@define(eq=False, repr=False)
class Link:
    """A connection between two places. *There* is the way from the one that opened it, *back* the other one.

    Attributes:
        name: Its name, which no other link of the network has.
    """

    name: str
    medium: Medium
    _near: End
    _far: End

    def __repr__(self) -> str:
        return f"<Link {self.name}>"

    @property
    def places(self) -> tuple[str, str]:
        """The place that opened it, and the one it leads to."""
        return self._near.place.name, self._far.place.name

    @property
    def is_open(self) -> bool:
        """Whether both ends take it for a connection."""
        return self._far.endpoint is not None and not self._near.is_over and not self._far.is_over

    @property
    def is_over(self) -> bool:
        """Whether nothing more happens on it."""
        return self._near.is_over and self._far.is_over

    @property
    def in_flight(self) -> tuple[int, int]:
        """Bytes there and back that are on their way, or have arrived and are not read yet."""
        near, far = self._near, self._far
        return near.out.in_flight + far.reader.unread, far.out.in_flight + near.reader.unread

    @property
    def unsent(self) -> tuple[int, int]:
        """Bytes there and back that were taken from the endpoint, and wait for room on the way."""
        return self._near.out.unsent, self._far.out.unsent

    # --- faults

    def cut(self, kept: tuple[int | None, int | None] = (None, None)) -> None:
        """Break it. Both ends learn it, one after the other, and what was on its way is lost.

        What has arrived may still be read until the break is learnt.

        Args:
            kept: Bytes there and back that are on their way and still arrive, the first ones; None for any number.
        """
        if self._near.out.is_broken and self._far.out.is_broken:
            return
        lost = [end.out.end(Mark.BROKEN, some) for end, some in zip((self._near, self._far), kept, strict=True)]
        self.medium.note(f"{self.name} cut, {lost[0]} and {lost[1]} bytes lost")

    def hang_up(self, place: str, *, both: bool = True) -> None:
        """Close the transport at one end. What was written there arrives, then the other end is told of the end.

        Args:
            place: Where.
            both: Also take nothing more that comes; False for a half-close, as at the end of one's standard input.
        """
        end = self._end(place)
        if end.is_over:
            return
        self.medium.note(f"{place} hangs up {self.name}")
        end.poll()
        if both:
            end.leave()
        else:
            end.out.finish()

    def stall(self, place: str) -> None:
        """Let the end at a place read nothing, until `resume`."""
        self._read_at(place, 0)

    def slow(self, place: str, pace: float) -> None:
        """Let the end at a place read slowly.

        Args:
            place: Where.
            pace: Bytes in a second.
        """
        if not 0 < pace < inf:
            raise LocalProtocolError(
                "a slow reader reads some bytes in a second; one that reads none is `stall`ed, and "
                "one that reads all at once is `resume`d"
            )
        self._read_at(place, pace)

    def resume(self, place: str | None = None) -> None:
        """Let the end at a place, or both, read again as fast as it can."""
        for end in (self._near, self._far) if place is None else (self._end(place),):
            if end.reader.pace is not None:
                self._read_at(end.place.name, None)

    def delay(self, latency: tuple[float, float]) -> None:
        """From now on it takes so long in both directions.

        Args:
            latency: The least and the most seconds.
        """
        for wire in self._wires:
            wire.carrier = evolve(wire.carrier, latency=latency)
        self.medium.note(f"{self.name} takes {latency[0]:g} to {latency[1]:g} s")

    def duplicate(self, number: int) -> bool:
        """Let a unit that is on its way there arrive twice.

        Args:
            number: Which; counted on from the first again where there are not so many.

        Returns:
            Whether there was one. Streams of bytes have no units.
        """
        wire, units = self._near.out, self._units()
        if not units:
            return False
        wire.duplicate(units[number % len(units)])
        self.medium.note(f"{self.name} doubles unit {number % len(units)} of {len(units)}")
        return True

    def swap(self, number: int) -> bool:
        """Let a unit that is on its way there, and the next one, arrive in each other's place; see `duplicate`."""
        wire, units = self._near.out, self._units()
        if len(units) < 2:
            return False
        first = number % (len(units) - 1)
        wire.swap(units[first], units[first + 1])
        self.medium.note(f"{self.name} swaps units {first} and {first + 1} of {len(units)}")
        return True

    def lose(self, number: int) -> bool:
        """Let a unit that is on its way there never arrive; see `duplicate`."""
        wire, units = self._near.out, self._units()
        if not units:
            return False
        wire.lose(units[number % len(units)])
        self.medium.note(f"{self.name} loses unit {number % len(units)} of {len(units)}")
        return True

    def hold(self) -> None:
        """Let nothing pass, until `release`; the network says so while a partition lies between its places."""
        for wire in self._wires:
            wire.hold()

    def release(self) -> None:
        """Let pass again what was held."""
        for wire in self._wires:
            wire.release()

    # --- within

    @property
    def _wires(self) -> tuple[Wire, Wire]:
        return self._near.out, self._far.out

    def _units(self) -> list[Flight]:
        return self._near.out.units() if self._near.out.carrier.units else []

    def _end(self, place: str) -> End:
        for end in (self._near, self._far):
            if end.place.name == place:
                return end
        raise LocalProtocolError(f"{self.name} is between {' and '.join(self.places)}, and has no end at {place!r}")

    def _read_at(self, place: str, pace: float | None) -> None:
        how = "as fast as it can" if pace is None else f"at {pace:g} bytes/s"
        self._end(place).reader.read_at(pace)
        self.medium.note(f"{place} reads {self.name} {how}")
