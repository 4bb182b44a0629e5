"""Every example in a docstring of the two packages runs, and says what it says there."""

import doctest
import importlib
from pathlib import Path

import pytest

ROOTS = [Path(__file__).parents[1] / "src", Path(__file__).parents[1] / "transports"]


def module_of(path: Path, root: Path) -> str:
    """The name under which a file is imported."""
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


WITH_EXAMPLES = [
    module_of(path, root)
    for root in ROOTS
    for path in sorted(root.rglob("*.py"))
    if ">>> " in path.read_text(encoding="utf-8")
]


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_the_examples_of_a_module_run(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    results = doctest.testmod(importlib.import_module(name), optionflags=doctest.ELLIPSIS)
    assert results.failed == 0, capsys.readouterr().out
    assert results.attempted > 0, f"{name} has `>>>` where doctest does not look"


def test_some_modules_have_examples() -> None:
    assert "hocket.timers" in WITH_EXAMPLES
