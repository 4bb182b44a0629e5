"""A run beside a stored one: what has changed, and by more than the runs differ in themselves."""

import statistics

from harness.figures import Outcome, Row, given, more_is_better, number
from harness.results import Results


def compare(before: Results, after: Results) -> list[str]:
    """A line for each metric of each row that both have: the medians, after by before, and what that says."""
    lines = []
    for report in after.reports:
        earlier = before.report(report.name)
        for outcome in report.outcomes:
            found = next((each for each in earlier.outcomes if each.title == outcome.title), None) if earlier else None
            lines += [f"{report.name}: {outcome.title}", *_rows(found, outcome)]
    return lines


def is_beyond_spread(before: Row, after: Row, metric: str) -> bool:
    """Whether no value of the one lies among those of the other."""
    old, new = given(before.values[metric]), given(after.values[metric])
    return min(new) > max(old) or max(new) < min(old)


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
    if is_beyond_spread(old, new, metric):
        word = "better" if (is_ > was) == more_is_better(metric) else "WORSE"
    return f"    {new.name + ', ' + metric:<50}{number(was):>12} -> {number(is_):>10}   {times}  {word}".rstrip()


def floor_change(before: Results, after: Results, floor: str) -> float | None:
    """How much the floor has changed, over all its metrics: it is the machine, then, and not the code."""
    changes = []
    for report in after.reports:
        earlier = before.report(report.name)
        for outcome in report.outcomes:
            old = next((each for each in earlier.outcomes if each.title == outcome.title), None) if earlier else None
            rows = (old.row(floor) if old else None, outcome.row(floor))
            if rows[0] is not None and rows[1] is not None:
                changes += [rows[1].median(m) / rows[0].median(m) for m in rows[1].values if m in rows[0].values]
    return statistics.median(changes) if changes else None
