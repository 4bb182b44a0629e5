"""The table of peers in docs/a2a.md names every interop test that there is, and no other."""

import ast
from pathlib import Path

from interop.table import BEGIN, END, MODULES, PAGE, sentence

HERE = Path(__file__).parent


def names_in(module):
    body = ast.parse((HERE / f"{module}.py").read_text()).body
    return [each.name for each in body if isinstance(each, ast.FunctionDef) and each.name.startswith("test_")]


def told():
    made = PAGE.read_text().partition(BEGIN)[2].partition(END)[0]
    for line in made.splitlines():
        if line.startswith("| ") and not line.startswith("| | "):
            yield line.split("|")[1].strip()
        elif line.startswith("- "):
            yield line.partition(": ")[2]


def test_the_page_tells_of_every_test_and_of_no_other():
    assert set(told()) == {sentence(name) for module in MODULES for name in names_in(module)}, (
        "run `python tests/interop/table.py`"
    )
