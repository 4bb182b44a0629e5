"""Deadlines: `soonest` of several, and a table of named timers.

Times are seconds on the caller's monotonic clock; nothing here reads a clock.
"""

from __future__ import annotations

from collections.abc import Hashable
from heapq import heapify, heappop, heappush
from typing import Final, Generic, TypeVar

from attrs import define, field

__all__ = ["Timers", "soonest"]

Name = TypeVar("Name", bound=Hashable)

_STALE: Final = 64  # timers that were moved or cleared, and may stay in the heap beside as many as there are


def soonest(*deadlines: float | None) -> float | None:
    """The earliest of the deadlines that are set, or None if none is.

    >>> soonest(3.0, None, 2.5)
    2.5
    """
    first: float | None = None
    for at in deadlines:
        if at is not None and (first is None or at < first):
            first = at
    return first


@define
class Timers(Generic[Name]):
    """Named deadlines. Setting a name again moves it; equal deadlines fire in the order they were set.

    >>> timers: Timers[str] = Timers()
    >>> timers.set("gap", 30.0)
    >>> timers.due(31.0)
    ['gap']
    """

    _places: dict[Name, int] = field(factory=dict, init=False)
    _heap: list[tuple[float, int, Name]] = field(factory=list, init=False)  # also what was moved or cleared
    _last: int = field(default=0, init=False)
    _latest: tuple[Name, float] | None = field(default=None, init=False)

    def set(self, name: Name, at: float) -> None:
        """Let `name` fire at `at`, instead of whenever it was to fire before."""
        if self._latest == (name, at):
            return  # as it was set a moment ago: by each of many chunks that came at once (1.2 µs -> 0.2)
        self._latest = (name, at)
        self._last += 1
        self._places[name] = self._last
        heappush(self._heap, (at, self._last, name))
        if len(self._heap) > 2 * len(self._places) + _STALE:
            self._heap = [timer for timer in self._heap if self._is_set(timer)]
            heapify(self._heap)

    def clear(self, name: Name) -> None:
        """Forget `name`; no error if it is not set."""
        self._latest = None
        self._places.pop(name, None)

    def __contains__(self, name: object) -> bool:
        return name in self._places

    def __len__(self) -> int:
        return len(self._places)

    def next_timeout(self) -> float | None:
        """When the earliest timer fires, or None."""
        heap = self._heap
        while heap:
            at, place, name = heap[0]
            if self._places.get(name) == place:
                return at
            heappop(heap)
        return None

    def due(self, now: float) -> list[Name]:
        """Remove and return the timers whose time has come, earliest first."""
        fired: list[Name] = []
        self._latest = None
        while (at := self.next_timeout()) is not None and at <= now:
            _, _, name = heappop(self._heap)
            del self._places[name]
            fired.append(name)
        return fired

    def _is_set(self, timer: tuple[float, int, Name]) -> bool:
        _, place, name = timer
        return self._places.get(name) == place
