"""What was measured, by contender and round, and what follows from it: medians, spread and ratios."""

import statistics
from collections.abc import Sequence

from attrs import Factory, frozen

Values = Sequence[float | None]
"""What one contender gave of one metric, by round; None for a round in which it had no turn."""


@frozen
class Row:
    """One contender: for each metric its values by round."""

    name: str
    values: dict[str, list[float | None]]

    def median(self, metric: str) -> float:
        """The median of the rounds in which it had a turn."""
        return statistics.median(given(self.values[metric]))

    def spread(self, metric: str) -> float:
        """Half of the way from the least to the greatest, as a share of the median: 0.05 is ±5 %."""
        there = given(self.values[metric])
        middle = statistics.median(there)
        return (max(there) - min(there)) / 2 / middle if middle else 0.0


@frozen
class Outcome:
    """What came of one contest."""

    title: str
    ours: str
    rows: list[Row]
    left_out: dict[str, str] = Factory(dict)
    """Who took no part, and why."""

    def row(self, name: str) -> Row | None:
        """The row of one contender, if it took part."""
        return next((row for row in self.rows if row.name == name), None)

    @property
    def metrics(self) -> list[str]:
        """The metrics of all rows, in the order in which they were met."""
        return list(dict.fromkeys(metric for row in self.rows for metric in row.values))


def given(values: Values) -> list[float]:
    """The values that there are."""
    return [value for value in values if value is not None]


def more_is_better(metric: str) -> bool:
    """Whether a greater value is the better one: rates are named so (`events/s`); all else is a cost."""
    return metric.endswith("/s")


def ratio(ours: Values, theirs: Values) -> float | None:
    """Ours by theirs: the median of what each round gave, since what disturbed a round disturbed both of them.

    None where they shared no round, or theirs is nothing at all.
    """
    pairs = zip(ours, theirs, strict=False)
    shared = [one / other for one, other in pairs if one is not None and other]
    return statistics.median(shared) if shared else None


def difference(ours: Values, theirs: Values) -> float | None:
    """Ours less theirs, by the same rule."""
    pairs = zip(ours, theirs, strict=False)
    shared = [one - other for one, other in pairs if one is not None and other is not None]
    return statistics.median(shared) if shared else None


def advantage(metric: str, ours: Values, theirs: Values) -> float | None:
    """How many times better ours is: 2.0 is twice the rate, or half of the cost."""
    found = ratio(ours, theirs)
    if not found:
        return None
    return found if more_is_better(metric) else 1 / found


def number(value: float) -> str:
    """A value as people read it: three digits that count, and thousands with commas."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
