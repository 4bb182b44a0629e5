"""Tables: for a terminal, and in Markdown."""

from collections.abc import Sequence

from harness.figures import Outcome, Row, advantage, number
from harness.results import Report, Results
from harness.targets import Verdict


def of_outcome(outcome: Outcome) -> list[str]:
    """A contest for a terminal: for each metric the median, its spread, and how ours stands to it."""
    table = [_header(outcome), *(_cells(outcome, row) for row in outcome.rows)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    lines = [_aligned(cells, widths) for cells in table]
    return [outcome.title, *lines, *(f"left out: {name} ({why})" for name, why in outcome.left_out.items())]


def of_verdicts(verdicts: Sequence[Verdict]) -> list[str]:
    """The targets for a terminal."""
    return [
        f"{verdict.word:>12}: {verdict.contest}: {verdict.ours} {verdict.wanted}"
        + ("" if verdict.figure is None else f"; it is {number(verdict.figure)}")
        for verdict in verdicts
    ]


def in_markdown(results: Results) -> str:
    """All contests and all targets."""
    lines = [made_line(results), ""]
    for report in results.reports:
        for outcome in report.outcomes:
            lines += [f"**{report.name}**: {outcome.title}", "", *outcome_in_markdown(outcome), ""]
    return "\n".join([*lines, *verdicts_in_markdown(results.reports), ""])


def outcome_in_markdown(outcome: Outcome) -> list[str]:
    """One contest."""
    header = _header(outcome)
    rows = [_cells(outcome, row) for row in outcome.rows]
    lines = _markdown([header, *rows])
    for name, why in outcome.left_out.items():
        lines += ["", f"Left out: {name} ({why})."]
    return lines


def verdicts_in_markdown(reports: Sequence[Report]) -> list[str]:
    """All targets: what is wanted, what it is, and for those that are missed what is to be known."""
    rows = [["benchmark", "contest", "target", "it is", ""]]
    notes: dict[tuple[str, str], dict[str, None]] = {}
    """For each note of a benchmark the targets that it is about, each once."""
    for report in reports:
        for verdict in report.verdicts:
            figure = "" if verdict.figure is None else number(verdict.figure)
            word = "**missed**" if verdict.is_reached is False else verdict.word
            rows.append([report.name, verdict.contest, f"{verdict.ours}: {verdict.wanted}", figure, word])
            if verdict.is_reached is False and verdict.note:
                notes.setdefault((report.name, verdict.note), {})[f"{verdict.contest}, {verdict.wanted}"] = None
    if len(rows) == 1:
        return []
    told = [f"- **{name}**: {note} (About: {'; '.join(missed)}.)" for (name, note), missed in notes.items()]
    return [*_markdown(rows), "", *told]


def made_line(results: Results) -> str:
    """When, where and with what it was measured."""
    made = results.made
    versions = ", ".join(f"{name} {version}" for name, version in made.get("versions", {}).items())
    size = " with `--quick`, which says little" if made.get("scale") == "quick" else ""
    return (
        f"Measured on {made.get('date')}{size}: {made.get('python')}, {made.get('system')}, "
        f"{made.get('cores')} cores ({made.get('processor')}); {versions}."
    )


def _header(outcome: Outcome) -> list[str]:
    return ["", *(cell for metric in outcome.metrics for cell in (metric, "±", f"{outcome.ours} is"))]


def _cells(outcome: Outcome, row: Row) -> list[str]:
    ours = outcome.row(outcome.ours)
    cells = [row.name]
    for metric in outcome.metrics:
        if metric not in row.values:
            cells += ["", "", ""]
            continue
        better = None
        if ours is not None and ours is not row and metric in ours.values:
            better = advantage(metric, ours.values[metric], row.values[metric])
        cells += [number(row.median(metric)), f"{row.spread(metric):.0%}", in_words(better)]
    return cells


def in_words(better: float | None) -> str:
    """How many times better or worse, in words that cannot be turned around."""
    if better is None:
        return ""
    return f"{number(better)} × better" if better >= 1 else f"{number(1 / better)} × worse"


def _aligned(cells: Sequence[str], widths: Sequence[int]) -> str:
    first, *rest = (cell.rjust(width) for cell, width in zip(cells, widths, strict=True))
    return "  ".join([cells[0].ljust(len(first)), *rest]).rstrip()


def _markdown(rows: Sequence[Sequence[str]]) -> list[str]:
    header, *body = ([cell.replace("|", "\\|") for cell in row] for row in rows)
    rule = ["---", *("---:" for _ in header[1:])]
    return [f"| {' | '.join(row)} |" for row in (header, rule, *body)]
