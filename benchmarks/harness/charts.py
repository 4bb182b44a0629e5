"""Charts: bars as SVG, in a few lines of our own, that can be read on light and on dark ground."""

from xml.sax.saxutils import escape, quoteattr

from attrs import frozen

from harness.figures import Outcome, Row, number


@frozen
class Chart:
    """One metric of one contest as bars."""

    file: str
    """The name of the file, without `.svg`."""
    contest: str
    metric: str
    title: str
    rows: tuple[str, ...] = ()
    """Who is in it, where it is not everybody; a bar that is ten times as long as all others hides them."""

    def drawn(self, outcome: Outcome) -> list[Row]:
        """The rows that are in it."""
        there = [row for row in outcome.rows if self.metric in row.values]
        return [row for row in there if not self.rows or row.name in self.rows]


def is_ours(row: Row, outcome: Outcome) -> bool:
    """Whether a row is one of ours: its name begins with the same word."""
    return row.name.replace(",", " ").split()[0] == outcome.ours.replace(",", " ").split()[0]


_WIDTH, _LINE, _LABELS, _NUMBERS = 720, 30, 210, 90
_STYLE = """\
text { font: 14px system-ui, sans-serif; fill: #24292f }
.title { font-weight: 600 }
.unit { fill: #57606a }
.ours { fill: #0969da }
.theirs { fill: #afb8c1 }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 }
  .unit { fill: #8d96a0 }
  .ours { fill: #4493f8 }
  .theirs { fill: #57606a }
}"""


def draw(chart: Chart, outcome: Outcome) -> str:
    """The chart of an outcome: a bar for each row that has the metric, as long as its median."""
    bars = [(row, row.median(chart.metric)) for row in chart.drawn(outcome)]
    longest = max((value for _, value in bars), default=0.0) or 1.0
    height = _LINE * (len(bars) + 1) + 20
    size = f'viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}"'
    label = quoteattr(f"{chart.title}, {chart.metric}")
    unit = f'<tspan class="unit">{escape(chart.metric)}</tspan>'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label={label}>',
        f"<style>{_STYLE}</style>",
        f'<text class="title" x="0" y="20">{escape(chart.title)} {unit}</text>',
    ]
    for at, (row, value) in enumerate(bars):
        top = _LINE * (at + 1) + 6
        width = max(1.0, (_WIDTH - _LABELS - _NUMBERS) * value / longest)
        kind = "ours" if is_ours(row, outcome) else "theirs"
        lines += [
            f'<text x="{_LABELS - 10}" y="{top + 16}" text-anchor="end">{escape(row.name)}</text>',
            f'<rect class="{kind}" x="{_LABELS}" y="{top}" width="{width:.1f}" height="22" rx="3"/>',
            f'<text x="{_LABELS + width + 8:.1f}" y="{top + 16}">{number(value)}</text>',
        ]
    return "\n".join([*lines, "</svg>", ""])
