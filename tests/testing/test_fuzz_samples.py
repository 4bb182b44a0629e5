"""Sample agents: the mistakes in two foreign ones are found and shrunk, and nothing is found in those of examples/.

The third one with a mistake, examples/fuzzing/split.py, is that of docs/fuzzing.md, and found in the test of the page.
"""

import re
from pathlib import Path

import pytest

from hocket.a2a import Part
from hocket.testing.fuzzing import CHECKS, Effort, Finding, Prompt, check_named, chosen, examine, fuzz
from hocket.testing.strategies import HostileJson
from hocket_io.testing import reach
from hocket_io.testing.source_words import source_words
from support import forks
from support.foreign import web_app
from support.serving import serving

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
FOREIGN = Path(__file__).parents[1] / "support" / "foreign.py"
SIMPLEST = Prompt(parts=(Part(text=""),))


def found(target: str, check: str, effort: Effort) -> Finding:
    with reach(target) as probe:
        finding = examine(probe, check_named(check), effort).finding
    assert finding is not None
    return finding


@pytest.mark.process
@pytest.mark.parametrize(
    ("lie", "check", "value", "detail"),
    [
        (
            "the last chunk twice",
            "events",
            SIMPLEST,
            "event 6 (artifact 'a' 'three' (append, last chunk)) appends to an artifact after its last chunk",
        ),
        (
            "no terminal status",
            "one-end",
            SIMPLEST,
            "the stream ended while the task was WORKING: its readers wait for ever",
        ),
        ("a traceback", "no-leaks", SIMPLEST, "what went wrong is told with a traceback of Python: "),
        ("breaks lines", "unicode", Prompt(parts=(Part(text="\u2028"),)), "message 1 cannot be read: not JSON: "),
    ],
)
def test_a_web_server_of_somebody_else(lie: str, check: str, value: object, detail: str) -> None:
    with serving(lambda url: web_app(lie, url)) as url:
        finding = found(url, check, Effort(max_examples=20, seed=1))
        assert finding.detail.startswith(detail)
        assert finding.value == value
        assert finding.curl is not None
        assert finding.curl.startswith(f"curl -sN {url} ")


@pytest.mark.process
def test_a_program_of_somebody_else_that_dies_of_a_batch() -> None:
    target = f"stdio:{forks.python()} {FOREIGN} 'dies of a batch'"
    finding = found(target, "hostile-json", Effort(max_examples=60, seed=8))
    assert isinstance(finding.value, HostileJson)
    assert finding.value.text.startswith(b"[")
    assert "afterwards a good request has no answer" in finding.detail
    assert "list indices must be integers or slices" in finding.detail


@pytest.mark.process
def test_a_program_of_somebody_else_that_prints() -> None:
    target = f"stdio:{forks.python()} {FOREIGN} prints"
    finding = found(target, "events", Effort(max_examples=1, patience=5.0))
    assert finding.value == SIMPLEST
    assert "cannot be read: not JSON" in finding.detail
    assert any("thinking …" in line for line in finding.lines())


GOOD = sorted(file.stem for file in EXAMPLES.glob("*.py") if "\nagent = Agent(" in file.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", [name for name in GOOD if name != "relay"])  # that one starts a process for each task
def test_nothing_is_found_in_the_agents_of_the_examples(name: str) -> None:
    target = str(EXAMPLES / f"{name}.py")
    checks = chosen(["no-crash", "get-agrees", "follow-up"])
    with reach(target) as probe:
        report = fuzz(probe, checks, max_examples=2, seed=1, words=source_words(target))
    assert [finding.lines() for finding in report.findings] == []
    assert [result.skipped for result in report.results] == [None] * len(checks)


PAGE = ROOT / "docs" / "fuzzing.md"


def test_the_page_has_the_agent_as_it_is_and_all_checks() -> None:
    page = PAGE.read_text(encoding="utf-8")
    first = re.search(r"```python\n(.*?)```", page, re.DOTALL)
    assert first is not None
    assert (EXAMPLES / "fuzzing" / "split.py").read_text(encoding="utf-8").endswith(f"\n\n{first[1]}")
    table = re.search(r"<!-- checks -->\n(.*?)\n<!-- /checks -->", page, re.DOTALL)
    assert table is not None
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table[1].splitlines()]
    assert rows[2:] == [[f"`{check.name}`", check.holds, check.section] for check in CHECKS]
