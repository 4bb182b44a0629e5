"""Plays the programs of examples/loops and writes what they did into docs/loops.md: `python tests/loops/table.py`.

Nothing is written unless every one of them has been played, and did as it should.
"""

import re
import sys
from pathlib import Path

import pytest
from attrs import define, field

TESTS = Path(__file__).parents[1]
PAGE = TESTS.parent / "docs" / "loops.md"


@define(eq=False)
class Results:
    """A plugin of pytest that keeps how each program was played."""

    outcomes: dict = field(factory=dict)

    def pytest_runtest_logreport(self, report):
        name, _, loop = report.nodeid.rpartition("::")[2].rstrip("]").partition("[")
        if name == "test_an_answer_comes_word_by_word" and (report.when == "call" or report.outcome != "passed"):
            self.outcomes[loop] = report.outcome


def main():
    results = Results()
    pytest.main(["-q", str(TESTS / "test_loops.py"), "-k", "word_by_word"], plugins=[results])
    sys.path.insert(0, str(TESTS))  # not earlier: pytest wants to be the first who imports these
    from support.loops import EXAMPLES
    from support.loops_table import BEGIN, END, markdown

    if results.outcomes != {example.loop: "passed" for example in EXAMPLES}:
        print(f"not every program has been played: {results.outcomes}; the table stays as it was", file=sys.stderr)
        return 1
    made = f"{BEGIN}\n{markdown()}\n{END}"
    page = re.sub(f"{re.escape(BEGIN)}.*{re.escape(END)}", lambda found: made, PAGE.read_text("utf-8"), flags=re.DOTALL)
    PAGE.write_text(page, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
