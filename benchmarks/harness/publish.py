"""Results as files for people, and in the pages that show them."""

from collections.abc import Iterator
from pathlib import Path

from attrs import evolve

from harness import charts, table
from harness.charts import Chart, is_ours
from harness.figures import Outcome, number, ratio
from harness.results import Report, Results, read, write

ROOT = Path(__file__).parents[2]


def write_out(results: Results, directory: Path) -> None:
    """Write results.json, table.md, and the charts.

    What is in results.json already stays, but for the benchmarks that were run again: one can be, by itself. Results of
    another machine or scale do not mix: they are written over.
    """
    directory.mkdir(parents=True, exist_ok=True)
    if (directory / "results.json").exists():
        results = _joined(read(directory / "results.json"), results)
    write(results, directory / "results.json")
    (directory / "table.md").write_text(table.in_markdown(results), encoding="utf-8")
    _draw(results, directory)


def publish(directory: Path, root: Path = ROOT) -> list[Path]:
    """Put what `write_out` has written where people read it; the files that were written.

    The results go to `benchmarks/results`, the charts to `docs/charts`, all tables to `docs/measured.md`, and what is
    most worth knowing between the marks in `README.md` and `docs/measuring.md`.
    """
    results = read(directory / "results.json")
    stored = root / "benchmarks" / "results" / f"{results.made['date']}.json"
    stored.parent.mkdir(exist_ok=True)
    write(results, stored)
    drawings = root / "docs" / "charts"
    drawings.mkdir(exist_ok=True)
    for old in drawings.glob("*.svg"):
        old.unlink()
    _draw(results, drawings)
    page = root / "docs" / "measured.md"
    page.write_text(f"# Measured\n\n{_MADE_BY}\n\n{table.in_markdown(results)}", encoding="utf-8")
    headlines = "\n".join(headlines_in_markdown(results))
    verdicts = "\n".join([table.made_line(results), "", *table.verdicts_in_markdown(results.reports)])
    _between(root / "README.md", "speed", headlines)
    _between(root / "docs" / "measuring.md", "speed", headlines)
    _between(root / "docs" / "measuring.md", "targets", verdicts)
    return [stored, page, root / "README.md", root / "docs" / "measuring.md"]


_MADE_BY = """\
Every contest of a whole run of `./dev bench`, as [measuring](measuring.md) explains it. A figure is the median of the
rounds, ± half of the way from the least to the greatest; beside it stands how many times better ours is."""


def headlines_in_markdown(results: Results) -> list[str]:
    """One row for each chart: ours, and how it stands to each of the others."""
    rows = ["| | hocket | which is |", "|---|---:|---|"]
    for _, chart, outcome in _drawn(results):
        ours = outcome.row(outcome.ours)
        if ours is not None and chart.metric in ours.values:
            figure = f"{number(ours.median(chart.metric))} {chart.metric}"
            beside = [
                f"{number(times)} × {row.name}"
                for row in chart.drawn(outcome)
                if not is_ours(row, outcome)
                and (times := ratio(ours.values[chart.metric], row.values[chart.metric])) is not None
            ]
            rows.append(f"| {chart.title} | {figure} | {', '.join(beside)} |")
    return rows


def _drawn(results: Results) -> Iterator[tuple[Report, Chart, Outcome]]:
    """The charts for which there are figures."""
    for report in results.reports:
        for chart in report.charts:
            for outcome in report.outcomes:
                if outcome.title == chart.contest and chart.metric in outcome.metrics:
                    yield report, chart, outcome


def _joined(before: Results, after: Results) -> Results:
    if any(before.made.get(name) != after.made.get(name) for name in ("python", "system", "processor", "scale")):
        return after
    again = {report.name: report for report in after.reports}
    kept = [again.pop(report.name, report) for report in before.reports]
    return evolve(after, reports=[*kept, *again.values()])


def _draw(results: Results, directory: Path) -> None:
    for _, chart, outcome in _drawn(results):
        (directory / f"{chart.file}.svg").write_text(charts.draw(chart, outcome), encoding="utf-8")


def _between(page: Path, name: str, text: str) -> None:
    """Put a text between the marks of that name."""
    begin, end = f"<!-- bench {name}: begin -->", f"<!-- bench {name}: end -->"
    before, _, rest = page.read_text(encoding="utf-8").partition(begin)
    _, _, after = rest.partition(end)
    if not rest or end not in rest:
        raise LookupError(f"{page.name} has no marks for {name!r}")
    page.write_text(f"{before}{begin}\n{text}\n{end}{after}", encoding="utf-8")
