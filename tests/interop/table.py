"""Runs the interop tests and writes what they gave into docs/a2a.md: `.venv/bin/python tests/interop/table.py`.

A test whose name begins with `test_their_client_` or `test_our_client_` is a row of the table; one of any other name
is a finding, a place where that peer goes its own way. Nothing is written unless every test has passed, and none was
skipped.
"""

import re
import sys
from pathlib import Path

import pytest
from attrs import define, field

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "docs" / "a2a.md"
BEGIN, END = "<!-- made by tests/interop/table.py: begin -->", "<!-- made by tests/interop/table.py: end -->"

MODULES = ("test_a2a_sdk", "test_a2a_sdk_methods", "test_a2a_sdk_0", "test_fasta2a")
COLUMNS = {  # how a piece of the test's id says which column it is
    "1.0": "a2a-sdk 1.3.0, JSON-RPC 1.0",
    "REST": "a2a-sdk 1.3.0, HTTP+JSON 1.0",
    "0.3": "a2a-sdk 1.3.0, JSON-RPC 0.3",
    "0.3.26": "a2a-sdk 0.3.26",
    "0.2.16": "a2a-sdk 0.2.16",
    "": "fasta2a 2.1.1",
}


def sentence(name):
    """A test's name as words."""
    return name.removeprefix("test_").replace("_", " ")


def is_row(name):
    return name.startswith(("test_their_client_", "test_our_client_"))


def column(test_id):
    """Which peer a test met, and in which way."""
    if "test_fasta2a" in test_id:
        return COLUMNS[""]
    _, _, pieces = test_id.rstrip("]").partition("[")
    (piece,) = {piece for piece in pieces.split("-") if piece in COLUMNS and piece} or {"1.0"}
    return COLUMNS[piece]


@define(eq=False)
class Results:
    """A plugin of pytest that keeps what each test gave, by its name and column."""

    given: dict = field(factory=dict)

    def pytest_runtest_logreport(self, report):
        if report.when == "call" or report.outcome != "passed":
            name = report.nodeid.partition("::")[2].partition("[")[0]
            self.given.setdefault(name, {}).setdefault(column(report.nodeid), set()).add(report.outcome)

    @property
    def is_green(self):
        return all(outcomes == {"passed"} for cells in self.given.values() for outcomes in cells.values())


def markdown(given):
    """The table and the findings."""
    columns = list(COLUMNS.values())
    lines = ["| | " + " | ".join(columns) + " |", "|---" * (len(columns) + 1) + "|"]
    for name in sorted(filter(is_row, given), key=lambda name: (name.startswith("test_our"), -len(given[name]), name)):
        cells = ["yes" if column in given[name] else "" for column in columns]
        lines.append(f"| {sentence(name)} | " + " | ".join(cells) + " |")
    lines.append("")
    for name, cells in given.items():
        if not is_row(name):
            lines.append(f"- {', '.join(column for column in columns if column in cells)}: {sentence(name)}")
    return "\n".join(lines)


def main():
    results = Results()
    pytest.main(["-q", *(str(HERE / f"{module}.py") for module in MODULES)], plugins=[results])
    if not results.given or not results.is_green:
        print("not every test has passed: the table stays as it was", file=sys.stderr)
        return 1
    page = PAGE.read_text()
    made = f"{BEGIN}\n{markdown(results.given)}\n{END}"
    PAGE.write_text(re.sub(f"{re.escape(BEGIN)}.*{re.escape(END)}", lambda found: made, page, flags=re.DOTALL))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
