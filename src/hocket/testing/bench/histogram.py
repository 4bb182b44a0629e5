"""Histogram: any number of durations in little memory, and their percentiles."""

from __future__ import annotations

from math import ceil, inf, log

from attrs import define, field

__all__ = ["Histogram"]

_LEAST = 1e-6
"""Whatever is shorter, in seconds, is in one bucket."""

_GROWTH = 1.01
"""Each bucket ends so many times later than the one before: some 2,300 are enough from a microsecond to three hours."""

_SCALE = 1 / log(_GROWTH)


@define(eq=False)
class Histogram:
    """Durations, counted by how long they are.

    A percentile is at most 0.5 % beside the value of the nearest rank, or a microsecond where that is more; the least,
    the most and the mean are as exact as the durations.

    Attributes:
        total: All of them together, in seconds.
        least: The shortest; infinity where there is none.
        most: The longest; 0 where there is none.

    >>> histogram = Histogram()
    >>> for milliseconds in range(1, 101):
    ...     histogram.add(milliseconds / 1000)
    >>> round(histogram.percentile(50), 3), histogram.percentile(100), round(histogram.mean, 4)
    (0.05, 0.1, 0.0505)
    """

    total: float = field(default=0.0, init=False)
    least: float = field(default=inf, init=False)
    most: float = field(default=0.0, init=False)
    _buckets: dict[int, int] = field(factory=dict, init=False)

    @property
    def count(self) -> int:
        """How many there are."""
        return sum(self._buckets.values())

    @property
    def mean(self) -> float:
        """The mean; 0 where there is none."""
        count = self.count
        return self.total / count if count else 0.0

    def add(self, seconds: float) -> None:
        """Count a duration; one that is less than nothing is nothing."""
        at = 0
        if seconds > _LEAST:
            at = ceil(log(seconds / _LEAST) * _SCALE)
        elif seconds < 0:
            seconds = 0.0
        buckets = self._buckets
        buckets[at] = buckets.get(at, 0) + 1
        self.total += seconds
        if seconds < self.least:
            self.least = seconds
        if seconds > self.most:
            self.most = seconds

    def percentile(self, percent: int) -> float:
        """The duration that so many percent of all are no longer than (nearest rank); 0 where there is none.

        Args:
            percent: From 1 to 100.
        """
        count = self.count
        rank = -(-count * percent // 100)
        if rank == count:
            return self.most
        seen = 0
        for at in sorted(self._buckets):
            seen += self._buckets[at]
            if seen >= rank:
                return min(max(_middle(at), self.least), self.most)
        raise AssertionError("the ranks end with the count")


def _middle(at: int) -> float:
    """What is nearest to all that can be in a bucket, relatively."""
    return _LEAST * _GROWTH**at * 2 / (1 + _GROWTH) if at else _LEAST
