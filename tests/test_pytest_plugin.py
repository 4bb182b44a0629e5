"""The pytest plugin: checks of an agent as tests, with test files or without, and nothing where it is not asked."""

import json
import subprocess
import sys
import xml.etree.ElementTree as ET

import pytest

import hocket.testing.fuzzing
import hocket_io.testing.reach  # noqa: F401  -- what an inner run imports first, it would import each time

pytest_plugins = ["pytester"]

PARROT = """
from hocket import Agent

parrot = Agent("parrot")


@parrot.stream
def repeat(task):
    print("this spoils nothing")
    yield task.text
"""

BROKEN = """
from hocket import Agent

broken = Agent("broken")


@broken.stream
def divide(task):
    yield f"{1 // len(task.text)}"
"""

CHEAP = ("--hocket-max-examples=3", "--hocket-checks=no-crash,one-end")


@pytest.fixture
def folder(pytester):
    """A folder with agents and no tests."""
    pytester.makepyfile(parrot=PARROT, broken=BROKEN)
    return pytester


def play(folder, *arguments):
    return folder.runpytest_inprocess("-p", "no:cacheprovider", "-p", "no:randomly", *arguments)


def test_each_check_is_a_test_where_there_is_no_test_file(folder):
    result = play(folder, "--hocket-agent=parrot.py:parrot", *CHEAP, "-v")
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(
        [
            "hocket: parrot.py:parrot (seed 0, 3 examples)",
            "*collected 2 items",
            "*parrot.py:parrot::no-crash PASSED*",
            "*parrot.py:parrot::one-end PASSED*",
        ]
    )
    result.stdout.no_fnmatch_line("*this spoils nothing*")


def test_all_checks_are_run_unless_some_are_named(folder):
    result = play(folder, "--hocket-agent=parrot.py", "--collect-only", "-q")
    names = [line.rpartition("::")[2] for line in result.outlines if line.startswith("parrot.py::")]
    assert names == [check.name for check in hocket.testing.fuzzing.CHECKS]


def test_what_is_found_is_told_as_hocket_fuzz_tells_it_and_no_more(folder):
    result = play(folder, "--hocket-agent=broken.py:broken", "--hocket-checks=no-crash", "--junitxml=report.xml")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "*broken.py:broken F*",
            "no-crash: the agent raised ZeroDivisionError*",
            "*found *ZeroDivisionError*",
            "*again *hocket fuzz broken.py:broken --checks no-crash --seed 0*",
            "*curl *",
            "*def test_no_crash():",
            "FAILED broken.py:broken::no-crash*",
        ]
    )
    said = result.stdout.str()
    for ours in ("pytest_hocket", "hypothesis/", "/testing/fuzzing/", "runtest"):
        assert ours not in said.partition("= FAILURES =")[2]
    case = ET.parse(folder.path / "report.xml").find(".//testcase")
    assert (case.get("classname"), case.get("name")) == ("broken.py:broken", "no-crash")
    assert "ZeroDivisionError" in case.find("failure").text


def test_the_test_of_a_report_can_be_pasted_and_fails(folder):
    result = play(folder, "--hocket-agent=broken.py:broken", "--hocket-checks=no-crash")
    test = result.stdout.str().partition("\n  test\n")[2].partition("\n====")[0]
    folder.makepyfile(test_pasted=test)
    pasted = play(folder, "test_pasted.py")
    pasted.assert_outcomes(failed=1)
    pasted.stdout.fnmatch_lines(["*ZeroDivisionError*"])


def test_several_agents_and_the_choice_of_tests(folder):
    agents = ("--hocket-agent=parrot.py:parrot", "--hocket-agent=broken.py:broken")
    play(folder, *agents, *CHEAP, "-k", "parrot and one-end").assert_outcomes(passed=1, deselected=3)
    play(folder, "--hocket-agent=broken.py:broken", *CHEAP, "-x").assert_outcomes(failed=1)


def test_tests_of_files_and_checks_go_together_and_share_the_agent(folder):
    folder.makepyfile(
        test_mine="""
        from hocket.testing.probe import Ask

        def test_it_answers(hocket_agent):
            assert hocket_agent.text("Ada") == "Ada"

        def test_its_card(hocket_probe):
            assert hocket_probe.target == "parrot.py:parrot"
            assert hocket_probe.open(Ask.get(".well-known/agent-card.json")).next() is not None

        def test_the_target(hocket_target):
            assert hocket_target == "parrot.py:parrot"
        """
    )
    play(folder, "--hocket-agent=parrot.py:parrot", *CHEAP).assert_outcomes(passed=5)
    play(folder).assert_outcomes(skipped=3)


def test_the_configuration_may_name_it_all(folder):
    folder.makeini(
        """
        [pytest]
        hocket_agents = parrot.py:parrot
            broken.py:broken
        hocket_checks = one-end
        hocket_max_examples = 2
        hocket_seed = 7
        """
    )
    result = play(folder)
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["hocket: parrot.py:parrot, broken.py:broken (seed 7, 2 examples)"])
    on_the_line = play(folder, "--hocket-agent=parrot.py:parrot", "--hocket-seed=8")
    on_the_line.stdout.fnmatch_lines(["hocket: parrot.py:parrot (seed 8, 2 examples)"])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--hocket-checks=one-end,nonsense"], "*--hocket-checks: there is no check 'nonsense'*"),
        (["--hocket-max-examples=0"], "*--hocket-max-examples: a number, 1 or more, not '0'*"),
        (["--hocket-seed=x"], "*--hocket-seed: a number, 0 or more, not 'x'*"),
    ],
)
def test_what_cannot_be_meant_is_a_mistake_of_usage(folder, arguments, said):
    result = play(folder, "--hocket-agent=parrot.py:parrot", *arguments)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([said])


def test_an_agent_that_is_not_there_is_told_before_anything_runs(folder):
    result = play(folder, "--hocket-agent=nowhere.py", "--hocket-agent=parrot.py:nobody", *CHEAP)
    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.stdout.fnmatch_lines(
        [
            "*ERROR collecting nowhere.py*",
            "nowhere.py does not exist",
            "*ERROR collecting parrot.py:nobody*",
            "parrot.py: there is no nobody*",
        ]
    )


def test_an_agent_that_cannot_be_reached_fails_each_check_in_one_line(folder):
    result = play(folder, "--hocket-agent=http://127.0.0.1:1/", *CHEAP)
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(["cannot reach http://127.0.0.1:1/*nothing listens there"])
    assert "Traceback" not in result.stdout.str()


@pytest.mark.process
def test_where_it_is_not_used_it_imports_nothing_of_hocket(tmp_path):
    (tmp_path / "test_it.py").write_text(
        "import sys\n\n\n"
        "def test_it():\n"
        "    assert 'pytest_hocket' in sys.modules\n"
        "    assert not [name for name in sys.modules if name.partition('.')[0] in ('hocket', 'hocket_io', 'attrs')]\n"
    )
    run = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:hypothesispytest",
        "-p",
        "no:anyio",
    ]
    ended = subprocess.run(run, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert "1 passed" in ended.stdout, ended.stdout + ended.stderr


def test_what_is_told_can_be_sent_from_one_process_to_another(folder):
    """As xdist does: each of its workers collects the same, and its reports are JSON."""
    run = folder.inline_run("-p", "no:cacheprovider", "--hocket-agent=broken.py:broken", *CHEAP)
    reports = run.getreports("pytest_runtest_logreport")
    sent = [json.loads(json.dumps(report._to_json())) for report in reports]
    received = [pytest.TestReport._from_json(each) for each in sent]
    assert [report.outcome for report in received if report.when == "call"] == ["failed", "passed"]
    assert [str(report.longrepr) for report in received] == [str(report.longrepr) for report in reports]
