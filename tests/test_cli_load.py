"""FILE[:NAME]: which Agent a command was pointed at."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hocket_io.cli.exits import Failure
from hocket_io.cli.load import load_agent

ONE = 'from hocket import Agent\nagent = Agent("one")\nalias = agent\n@agent.stream\ndef one(task): yield "1"\n'
TWO = ONE + 'other = Agent("two")\n@other.stream\ndef two(task): yield "2"\nnumber = 3\n'


@pytest.fixture(autouse=True)
def _same_process_afterwards(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.chdir(tmp_path)
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        del sys.modules[name]


def refusal(reference: str) -> tuple[int, str]:
    with pytest.raises(Failure) as caught:
        load_agent(reference)
    assert "\n" not in caught.value.message
    return caught.value.exit_code, caught.value.message


def test_the_only_agent_of_a_file_needs_no_name() -> None:
    Path("file.py").write_text(ONE)
    assert load_agent("file.py").name == "one"


def test_a_name_chooses_the_variable() -> None:
    Path("file.py").write_text(TWO)
    assert load_agent("file.py:other").name == "two"
    assert load_agent("file.py:alias").name == "one"


def test_a_file_imports_its_neighbours_and_is_a_module_itself() -> None:
    Path("app").mkdir()
    Path("app/words.py").write_text('WORD = "neighbour"\n')
    Path("app/file.py").write_text(
        "from __future__ import annotations\nfrom dataclasses import dataclass\nimport words\n"
        'from hocket import Agent\nif __name__ == "__main__": raise RuntimeError\n'
        "@dataclass\nclass Kept:\n    word: str\n"  # looks its module up in sys.modules
        "agent = Agent(words.WORD)\n@agent.stream\ndef one(task): yield Kept('1').word\n"
    )
    assert load_agent(os.path.join("app", "file.py")).name == "neighbour"


def test_a_file_named_like_a_module_does_not_replace_it() -> None:
    Path("json.py").write_text(ONE)
    import json

    assert load_agent("json.py").name == "one"
    assert sys.modules["json"] is json


def test_a_colon_may_be_part_of_the_file_name() -> None:
    Path("a:b").write_text(ONE)
    assert load_agent("a:b").name == "one"


@pytest.mark.parametrize(
    ("content", "reference", "expected"),
    [
        ("", "file.py", 'file.py has no agent: it needs a variable like agent = Agent("…")'),
        (
            TWO,
            "file.py",
            "file.py has several agents: agent, alias, other; say which one, as in file.py:agent",
        ),
        (
            TWO,
            "file.py:number",
            "file.py: number is of type int, which is no Agent; its agents: agent, alias, other",
        ),
        (TWO, "file.py:absent", "file.py: there is no absent; its agents: agent, alias, other"),
        ("", "file.py:absent", "file.py: there is no absent; it has no agent at all"),
        (
            'from hocket import Agent\nagent = Agent("mute")',
            "file.py",
            "file.py: agent 'mute' has no function: put @agent.stream above one",
        ),
        ("", "absent.py", "absent.py does not exist"),
        ("", "absent.py:agent", "absent.py does not exist"),
        ("", ".", ". is not a file"),
    ],
)
def test_no_agent_is_a_mistake_in_usage(content: str, reference: str, expected: str) -> None:
    Path("file.py").write_text(content)
    assert refusal(reference) == (2, expected)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("import math\n\n\nmath.sqrt(-1)\n", "file.py:4: ValueError: math domain error"),
        ("def f():\n    raise KeyError\nf()\n", "file.py:2: KeyError"),
        ("x = (\n", "file.py:1: SyntaxError: '(' was never closed"),
        ("\nimport no_such_thing\n", "file.py:2: ModuleNotFoundError: No module named 'no_such_thing'"),
        ("import sys\nsys.exit('no key')\n", "file.py:2: SystemExit: no key"),
        ("\x00", "file.py:1: "),
    ],
)  # fmt: skip
def test_a_file_that_fails_is_told_in_one_line(content: str, expected: str) -> None:
    Path("file.py").write_text(content)
    code, message = refusal("file.py")
    assert code == 1
    assert message.startswith(expected)


def test_debug_shows_the_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    Path("file.py").write_text("1 / 0\n")
    with pytest.raises(Failure):
        load_agent("file.py", debug=True)
    assert "Traceback" in capsys.readouterr().err


def test_a_message_of_many_lines_is_still_one(capsys: pytest.CaptureFixture[str]) -> None:
    Path("file.py").write_text("raise ValueError('one\\ntwo')\n")
    with pytest.raises(Failure) as caught:
        load_agent("file.py")
    caught.value.show()
    assert capsys.readouterr().err == "error: file.py:1: ValueError: one\\ntwo\n"
