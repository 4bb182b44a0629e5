"""A run beside a stored one: what has changed, and by more than the runs differ in themselves."""

import statistics
from collections.abc import Iterator

from harness.charts import is_ours
from harness.figures import Outcome, Row, given, more_is_better, number
from harness.results import Report, Results


def compare(before: Results, after: Results) -> list[str]:
    """A line for each metric of each row that both have: the medians, after by before, and what that says."""
    lines = []
    for report in after.reports:
        earlier = {outcome.title: other for outcome, other in _pairs(before, report)}
        for outcome in report.outcomes:
            lines += [f"{report.name}: {outcome.title}", *_rows(earlier.get(outcome.title), outcome)]
    if (times := drift(before, after)) is not None:
        lines.append(f"What is not ours takes {times:.2f} × what it took then: so much is the machine's doing.")
    return lines


_LITTLE = 0.03
"""A change that is not worth a word."""


def is_change(before: Row, after: Row, metric: str) -> bool:
    """Whether no value of the one lies among those of the other, and the medians differ by more than a little."""
    old, new = given(before.values[metric]), given(after.values[metric])
    differs = abs(after.median(metric) - before.median(metric)) > _LITTLE * abs(before.median(metric))
    return differs and (min(new) > max(old) or max(new) < min(old))


def _rows(before: Outcome | None, after: Outcome) -> list[str]:
    if before is None:
        return ["    was not measured then"]
    lines = []
    for row in after.rows:
        old = before.row(row.name)
        for metric in row.values:
            if old is None or metric not in old.values:
                lines.append(f"    {row.name}, {metric}: was not measured then")
            else:
                lines.append(_line(old, row, metric))
    return lines


def _line(old: Row, new: Row, metric: str) -> str:
    was, is_ = old.median(metric), new.median(metric)
    times = f"{is_ / was:.2f} ×" if was else "     "
    word = ""
    if is_change(old, new, metric):
        word = "better" if (is_ > was) == more_is_better(metric) else "WORSE"
    return f"    {new.name + ', ' + metric:<58}{number(was):>12} -> {number(is_):>10}   {times}  {word}".rstrip()


def drift(before: Results, after: Results) -> float | None:
    """How many times what it was everything costs that is not ours: if it is not about 1, the machine has changed.

    None where nothing of the kind was measured in both.
    """
    changes = []
    for report in after.reports:
        for outcome, earlier in _pairs(before, report):
            for row in outcome.rows:
                old = earlier.row(row.name)
                if old is not None and not is_ours(row, outcome):
                    changes += [
                        _cost(row, metric) / _cost(old, metric) for metric in row.values if _both(old, row, metric)
                    ]
    return statistics.median(changes) if changes else None


def _pairs(before: Results, report: Report) -> Iterator[tuple[Outcome, Outcome]]:
    """The outcomes of a report, each with the one of the same title from before."""
    if (earlier := before.report(report.name)) is not None:
        for outcome in report.outcomes:
            for other in earlier.outcomes:
                if other.title == outcome.title:
                    yield outcome, other


def _both(old: Row, new: Row, metric: str) -> bool:
    """Whether both have a figure, and one that can differ from run to run: a number of packages says nothing here."""
    return metric in old.values and bool(old.median(metric) and new.median(metric) and new.spread(metric))


def _cost(row: Row, metric: str) -> float:
    return 1 / row.median(metric) if more_is_better(metric) else row.median(metric)
