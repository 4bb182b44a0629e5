"""The mutants of the core: each still fits the code. That the tests notice them is shown by `./dev mutants`."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from mutants import trial
from mutants.copies import Copy, Ran
from mutants.mutant import Mutant
from mutants.table import MUTANTS

TESTS = Path(__file__).parent
CORE = TESTS.parent / "src" / "hocket"


def test_there_are_some_dozens_in_every_part_of_the_core():
    assert len(MUTANTS) >= 40
    assert {mutant.file.partition("/")[0] for mutant in MUTANTS} >= {
        "framing",
        "jsonrpc",
        "codec",
        "log.py",
        "acp",
        "a2a",
        "http",
        "agent",
    }
    assert {mutant.simulate for mutant in MUTANTS} == {None, "a2a", "acp"}


def test_each_has_a_name_of_its_own():
    names = [mutant.name for mutant in MUTANTS]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_it_still_fits_the_code_and_compiles(mutant):
    whole = (CORE / mutant.file).read_text(encoding="utf-8")
    broken = mutant.applied_to(whole)
    assert ast.dump(ast.parse(broken)) != ast.dump(ast.parse(whole)), "it changes what the code does"
    assert mutant.tests
    assert [name for name in mutant.tests if not (TESTS / name).is_file()] == []


def test_one_that_does_not_fit_says_so():
    mutant = Mutant("x", "a.py", "old", "new", ("test_a.py",))
    for text, times in (("", 0), ("old old", 2)):
        with pytest.raises(ValueError, match=f"mutant x: its old text is {times} times in a.py"):
            mutant.applied_to(text)


# --- a trial


@pytest.fixture
def copy(tmp_path):
    file = tmp_path / "src" / "hocket" / "a.py"
    file.parent.mkdir(parents=True)
    file.write_text("old\n")
    return Copy(tmp_path)


MUTANT = Mutant("x", "a.py", "old", "new", ("test_a.py",))


def test_a_copy_is_broken_and_whole_again(copy):
    file = copy.path / "src" / "hocket" / "a.py"
    compiled = file.parent / "__pycache__" / "a.cpython-311.pyc"
    compiled.parent.mkdir()
    with copy.broken_by(MUTANT):
        assert file.read_text() == "new\n"
        compiled.touch()
    assert file.read_text() == "old\n"
    assert not compiled.exists()


@pytest.mark.parametrize(
    ("ran", "by"),
    [
        (
            Ran(1, "tests/test_a.py::a PASSED [ 5%]\ntests/test_a.py::test_b[1 - 2] FAILED [100%]\nFAILED tests/…"),
            "tests/test_a.py::test_b[1 - 2]",
        ),
        (Ran(1, "tests/test_a.py::test_b ERROR\n"), "tests/test_a.py::test_b"),
        (Ran(0, "3 passed\n"), None),
        (Ran(None, ""), "(no end in 300 s)"),
    ],
)
def test_what_the_tests_say_of_a_mutant(copy, monkeypatch, ran, by):
    asked = []
    monkeypatch.setattr(Copy, "run", lambda copy, arguments, timeout: asked.append(arguments) or ran)
    assert trial.test(copy, MUTANT).by == by
    assert asked[0][-2:] == ["-x", "tests/test_a.py"]


@pytest.mark.parametrize("ran", [Ran(2, "ERROR tests/test_a.py"), Ran(5, "no tests ran"), Ran(1, "INTERNALERROR")])
def test_a_trial_that_went_wrong_proves_nothing(copy, monkeypatch, ran):
    monkeypatch.setattr(Copy, "run", lambda *_: ran)
    with pytest.raises(trial.BadTrial, match=r"^x: pytest"):
        trial.test(copy, MUTANT)


def test_a_test_that_fails_without_a_mutant_proves_nothing(copy, monkeypatch):
    asked = []
    ran = Ran(1, "tests/test_a.py::test_b FAILED [100%]\n")
    monkeypatch.setattr(Copy, "run", lambda copy, arguments, timeout: asked.append(arguments) or ran)
    verdicts = [trial.Verdict(MUTANT, by, 1.0) for by in ("tests/test_a.py::test_b", None, "(no end in 300 s)")]
    assert trial.fails_when_whole(copy, verdicts) == ["tests/test_a.py::test_b"]
    assert asked[0][-1] == "tests/test_a.py::test_b"
    assert trial.fails_when_whole(copy, verdicts[1:]) == []


@pytest.mark.process
def test_a_program_that_does_not_end_is_stopped_with_its_children(copy):
    waiting = "import signal; print('begun', flush=True); signal.pause()"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {waiting!r}])"
    ran = copy.run(["-c", parent], 1.0)  # the pipe ends when the last of them has gone
    assert ran.code is None


@pytest.mark.process
def test_the_command_lists_them_and_refuses_what_is_none():
    command = [sys.executable, str(TESTS / "mutants")]
    listed = subprocess.run([*command, "log.py", "--list"], capture_output=True, text=True, check=True, timeout=60)
    names = [line.split()[0] for line in listed.stdout.splitlines()]
    assert names == [mutant.name for mutant in MUTANTS if mutant.file == "log.py"]
    refused = subprocess.run([*command, "no-such"], capture_output=True, text=True, check=False, timeout=60)
    assert refused.returncode == 2
    assert "no mutant and no file of one is named no-such" in refused.stderr
