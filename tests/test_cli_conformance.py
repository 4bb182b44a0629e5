"""`hocket conformance`: what it prints, and what it ends with."""

import json
import sys
from contextlib import contextmanager
from xml.etree import ElementTree as ET

import pytest

from hocket.testing.conformance import RULES
from support.agents import greeter
from support.commands import invoke
from support.core_probe import CoreProbe, HubProbe
from support.lies_of_agents import A2A_LIES
from support.lying_probe import Liar

AGENT = """
from hocket import Agent

agent = Agent("quick")


@agent.stream
def quick(task):
    yield "here"
"""


@pytest.fixture(autouse=True)
def workplace(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "quick.py").write_text(AGENT)
    yield tmp_path
    sys.modules.pop("quick", None)


@pytest.fixture
def reached(monkeypatch):
    """What the command is told to reach; whatever it is, it finds the probe that the test puts there."""
    asked = {}

    @contextmanager
    def reach(target, **options):
        asked.update(target=target, **options)
        yield asked["probe"]

    monkeypatch.setattr("hocket_io.testing.reach", reach)
    return asked


def liar(name):
    (lie,) = [each for each in A2A_LIES if each.name == name]
    return Liar(CoreProbe(greeter()), lie)


def run(*words):
    return invoke("conformance", *words)


# An agent in a file


def test_an_agent_in_a_file_is_checked_rule_by_rule():
    result = run("quick.py", "--rules", "1.0/get*,0.3/get-unknown")
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "A2A 1.0: tasks",
        "  ok    1.0/get          A task can be looked at, and is given without anything around it",
        "  ok    1.0/get-unknown  A task that is not there is answered with -32001",
        "  ok    1.0/get-again    A task that is over stays as it is",
        "",
        "A2A 0.3: tasks",
        "  ok    0.3/get-unknown  A task that is not there is answered with -32001",
        "",
        "quick.py: 4 ok, 0 broken (0 MUST, 0 SHOULD), 0 not checked",
    ]


def test_a_rule_that_cannot_be_checked_says_why():
    result = run("quick.py", "--rules", "1.0/follow-up")
    assert result.exit_code == 0
    assert result.stdout.splitlines()[1:3] == [
        "  skip  1.0/follow-up  The answer to a question goes on with the same task",
        "        not checked: the agent asks nothing: its task ended in one turn",
    ]


def test_the_version_is_chosen():
    shown = run("quick.py", "--a2a", "0.3", "--rules", "*/id-text").stdout
    assert "0.3/id-text" in shown
    assert "1.0/id-text" not in shown


# What is broken


def test_what_is_broken_is_shown_with_what_was_said(reached):
    reached["probe"] = liar("every error has another code")
    result = run("http://agent.test", "--rules", "1.0/get-unknown")
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert len(lines) == 10
    assert lines == [
        "A2A 1.0: tasks",
        "  FAIL  1.0/get-unknown  A task that is not there is answered with -32001",
        "        MUST, A2A 1.0 §3.1.3",
        *[line for line in lines if line.startswith('        -32001 was to come, and this came: {"code": -32000')],
        '        sent: {"jsonrpc":"2.0","id":"fresh-1","method":"GetTask","params":{"id":"no-such-task"}}',
        "        came with the status 200, and then the end:",
        *[line for line in lines if '"code": -32000' in line and line.startswith(" " * 14)],
        "        curl http://agent.test/",
        "",
        "core: 0 ok, 1 broken (1 MUST, 0 SHOULD), 0 not checked",
    ]


@pytest.mark.parametrize(("options", "code", "word"), [([], 0, "warn"), (["--strict"], 1, "FAIL")])
def test_a_should_is_a_warning_unless_all_is_meant_strictly(reached, options, code, word):
    reached["probe"] = liar("a mode of text")
    result = run("http://agent.test", "--rules", "1.0/card-modes", *options)
    assert result.exit_code == code
    assert f"  {word}  1.0/card-modes" in result.stdout


def test_what_an_agent_says_cannot_write_lines_of_ours(reached):
    probe = liar("every error has another code")
    probe.lie = type(probe.lie)(
        name="paints",
        fails=(),
        alter=lambda asked, answer: {**answer, "error": {"code": 7, "message": "\x1b[31m\n  ok  all"}},
    )
    reached["probe"] = probe
    shown = run("http://agent.test", "--rules", "1.0/get-unknown").stdout
    assert "\x1b" not in shown
    assert "\n  ok  all" not in shown


def test_json_has_everything(reached):
    reached["probe"] = liar("every error has another code")
    result = run("http://agent.test", "--rules", "1.0/get*", "--json")
    assert result.exit_code == 1
    value = json.loads(result.stdout)
    assert value["target"] == "core"
    assert value["totals"] == {"ok": 2, "fail": 1, "skip": 0}
    assert value["broken"] == {"MUST": 1, "SHOULD": 0, "MAY": 0}
    (failed,) = [each for each in value["rules"] if each["verdict"] == "fail"]
    assert (failed["rule"], failed["level"], failed["section"]) == ("1.0/get-unknown", "MUST", "A2A 1.0 §3.1.3")
    assert json.loads(failed["exchanges"][0]["came"][0])["error"]["code"] == -32000


def test_junit_has_a_case_for_each_rule(reached, workplace):
    reached["probe"] = liar("every error has another code")
    run("http://agent.test", "--rules", "1.0/get*,1.0/follow-up", "--junit", "out.xml")
    cases = ET.parse(workplace / "out.xml").findall(".//testcase")
    found = {case.get("name"): [child.tag for child in case if child.tag != "system-out"] for case in cases}
    assert found == {
        "1.0/follow-up": ["skipped"],
        "1.0/get": [],
        "1.0/get-unknown": ["failure"],
        "1.0/get-again": [],
    }


@pytest.mark.parametrize(("options", "tags"), [([], ["system-out"]), (["--strict"], ["failure", "system-out"])])
def test_what_does_not_fail_the_command_does_not_fail_the_build(reached, workplace, options, tags):
    reached["probe"] = liar("a mode of text")
    run("http://agent.test", "--rules", "1.0/card-modes", "--junit", "out.xml", *options)
    (case,) = ET.parse(workplace / "out.xml").findall(".//testcase")
    assert [child.tag for child in case] == tags
    assert "which is no media type" in "".join(case.itertext())


# Hubs


def test_a_hub_is_checked_by_the_rules_of_hubs(reached):
    reached["probe"] = HubProbe()
    result = run("tcp://hub.test:1", "--rules", "*/message-*")
    assert result.exit_code == 0
    assert "  ok    acp/message-paused   stream.message is refused with -40010 in a PAUSED stream" in result.stdout


@pytest.mark.parametrize(
    ("target", "reaches"),
    [
        ("http://hub.test", "acp+http://hub.test"),
        ("acp+ws://hub.test", "acp+ws://hub.test"),
        ("tcp://h:1", "tcp://h:1"),
    ],
)
def test_acp_says_that_it_is_a_hub(reached, target, reaches):
    reached["probe"] = HubProbe()
    run(target, "--acp", "--rules", "acp/ids")
    assert reached["target"] == reaches


def test_a_file_is_no_hub():
    result = run("quick.py", "--acp")
    assert (result.exit_code, "is for an address" in result.stderr) == (2, True)


def test_a_hub_on_a_pipe_is_not_enough():
    result = run("acp+stdio:hub")
    assert result.exit_code == 2
    assert "has one client" in result.stderr


# Words and exits


def test_text_and_timeout_are_handed_on(reached):
    heard = []

    class Listening(CoreProbe):
        def open(self, ask):
            heard.append(ask.body)
            return super().open(ask)

    reached["probe"] = Listening(greeter())
    run("http://agent.test", "--rules", "1.0/send", "--text", "What is the time?")
    assert b"What is the time?" in heard[-1]


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_what_is_known_at_ctrl_c_is_told(reached, workplace, options):
    class Interrupted(CoreProbe):
        def open(self, ask):
            if ask.method == "CancelTask":
                raise KeyboardInterrupt
            return super().open(ask)

    reached["probe"] = Interrupted(greeter())
    result = run("http://agent.test", "--rules", "1.0/get,1.0/cancel-unknown", "--junit", "out.xml", *options)
    assert result.exit_code == 130
    assert len(ET.parse(workplace / "out.xml").findall(".//testcase")) == 1
    if options:
        assert json.loads(result.stdout)["totals"] == {"ok": 1, "fail": 0, "skip": 0}
    else:
        assert result.stdout.endswith("core: 1 ok, 0 broken (0 MUST, 0 SHOULD), 0 not checked; interrupted\n")


def test_there_must_be_a_rule():
    result = run("quick.py", "--rules", "2.0/*")
    assert result.exit_code == 2
    assert "--list" in result.stderr


def test_a_target_that_is_not_there():
    assert run("http://127.0.0.1:9", "--rules", "1.0/get").exit_code == 3


def test_the_list_has_every_rule():
    result = run("--list")
    assert result.exit_code == 0
    for rule in RULES:
        assert rule.name in result.stdout
    assert "  MUST    acp/message-paused" in result.stdout
