"""The engine: what it finds is small, the same each time, and told so that it can be seen again."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from attrs import define, evolve, field

from hocket import Agent, AgentTask
from hocket.a2a import Part
from hocket.errors import LocalProtocolError
from hocket.testing.fuzzing import (
    CHECKS,
    Effort,
    Joining,
    Prompt,
    answer,
    check_named,
    chosen,
    engine,
    examine,
    fuzz,
    words_in,
)
from hocket.testing.junit import JunitCase, junit_xml
from hocket.testing.probe import Ask
from hocket.testing.violation import Violation
from hocket_io.testing import reach
from support.liar import Liar, LiarAnswer

GREETER = '''
from hocket import Agent

agent = Agent("greeter")


@agent.stream
def greet(task):
    """Greets by name."""
    name = name_in(task.text)
    yield f"Hello {name}"


def name_in(text):
    words = text.split()
    if "name" in words:
        return words[words.index("name") + 1]
    return "you"
'''
FEW = Effort(max_examples=30, seed=1)


@define(eq=False)
class Listener(Liar):
    """An honest agent that remembers what it was asked."""

    heard: list[bytes] = field(factory=list)

    def open(self, ask: Ask) -> LiarAnswer:
        self.heard.append(ask.body or b"")
        return super().open(ask)


def test_what_is_found_is_the_least_that_shows_it() -> None:
    result = examine(Liar("raises"), check_named("no-crash"), Effort(seed=3))
    assert result.finding is not None
    assert result.finding.value == Prompt(parts=(Part(text="0"),))
    assert result.finding.repeats
    assert 0 < result.examples <= 100
    joining = examine(Liar("loses the chunk in flight"), check_named("subscribe-agrees"), FEW).finding
    assert joining is not None
    assert joining.value == Joining(prompt=Prompt(parts=(Part(text=""),)), after=2)


@pytest.mark.parametrize("name", ["no-crash", "at-once"])
def test_the_same_seed_asks_the_same_whatever_else_is_checked(name: str) -> None:
    def heard(seed: int, *before: str) -> list[bytes]:
        agent = Listener()
        for each in before:
            examine(agent, check_named(each), Effort(max_examples=2, seed=seed))
        agent.heard.clear()
        agent.restart()
        agent._numbers = 0
        examine(agent, check_named(name), Effort(max_examples=5, seed=seed))
        return agent.heard

    assert heard(5) == heard(5) == heard(5, "send", "cancel")
    assert heard(5) != heard(6)


def test_checks_of_one_seed_that_try_messages_try_different_ones() -> None:
    agents = [Listener(), Listener()]
    for agent, check in zip(agents, ("no-crash", "silence"), strict=True):
        examine(agent, check_named(check), Effort(max_examples=5, seed=5))
    assert agents[0].heard != agents[1].heard


def test_what_does_not_happen_each_time_is_told_so() -> None:
    class Moody(Liar):
        """Breaks once."""

        def restart(self) -> None:
            super().restart()
            self.lie = "HTTP 500" if self.starts == 4 else None

    result = examine(Moody(), check_named("no-crash"), FEW)
    assert result.finding is not None
    assert not result.finding.repeats
    assert any("not each time" in line for line in result.finding.lines())
    assert result.finding.detail == "the answer has the HTTP status 500"


def test_a_check_is_not_tried_where_it_makes_no_sense() -> None:
    quiet = Liar(card={"name": "quiet", "capabilities": {}})
    report = fuzz(quiet, max_examples=1)
    skipped = {result.check.name for result in report.results if result.skipped == "its card declares no streaming"}
    assert skipped == {check.name for check in CHECKS if check.needs_stream}
    assert report.findings == ()
    (first, *_) = fuzz(Liar(protocol="acp"), max_examples=1).results
    assert first.skipped == "the target speaks ACP, and this is about A2A"


def test_only_the_versions_that_the_target_speaks_are_used() -> None:
    old = Listener(versions=("0.3", "7.0"))
    examine(old, check_named("send"), Effort(max_examples=5))
    assert {json.loads(body)["method"] for body in old.heard} == {"message/send"}


def test_checks_are_chosen_by_name_in_the_order_of_the_table() -> None:
    assert [check.name for check in chosen(["unicode", "no-crash"])] == ["no-crash", "unicode"]
    assert [check.name for check in chosen([], ["no-crash"])] == [check.name for check in CHECKS][1:]
    with pytest.raises(LocalProtocolError, match="there is no check 'nothing'; there are no-crash, "):
        chosen(["nothing"])
    with pytest.raises(LocalProtocolError, match="no check is left"):
        chosen(["cancel"], ["cancel"])


@pytest.fixture(scope="module")
def greeter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("agents") / "greeter.py"
    file.write_text(GREETER, encoding="utf-8")
    return file


def test_the_pasted_test_fails_until_the_bug_is_mended(greeter: Path) -> None:
    target = f"{greeter}:agent"
    with reach(target) as probe:
        effort = Effort(max_examples=60, seed=2, words=words_in(GREETER))
        finding = examine(probe, check_named("no-crash"), effort).finding
    assert finding is not None
    assert finding.value == Prompt(parts=(Part(text="name"),))
    assert finding.detail == (
        'the agent raised IndexError: list index out of range in line 17: return words[words.index("name") + 1]'
    )
    assert [line.strip() for line in finding.raised.splitlines() if "File" in line] == [
        f'File "{greeter}", line 10, in greet',
        f'File "{greeter}", line 17, in name_in',
    ]
    names: dict[str, object] = {}
    exec(finding.test(), names)
    pasted = names["test_no_crash"]
    assert callable(pasted)
    with pytest.raises(Violation, match="no-crash: the agent raised IndexError"):
        pasted()
    greeter.write_text(GREETER.replace('if "name" in words:', 'if "name" in words[:-1]:'), encoding="utf-8")
    pasted()


def test_a_finding_is_told_with_all_that_is_needed_to_see_it_again() -> None:
    finding = examine(Liar("two ends"), check_named("one-end"), Effort(max_examples=5, seed=9, patience=5.0)).finding
    assert finding is not None
    lines = finding.lines()
    assert lines[:2] == [
        "  holds   a stream ends once: when its task has ended or asks, and nothing follows (A2A 1.0 §3.1.2)",
        "  found   after the task has ended as COMPLETED there came: status COMPLETED",
    ]
    assert '  input   Prompt(parts=(Part(text=""),))' in lines
    assert lines[lines.index("          status COMPLETED") :][:3] == [
        "          status COMPLETED",
        "          status COMPLETED",
        "          the end",
    ]
    again = "hocket fuzz liar.py:agent --checks one-end --seed 9 --max-examples 5 --timeout 5"
    assert f"  again   {again}" in lines
    assert "  curl    hocket serve liar.py:agent &" in lines
    assert any(line.startswith("          curl -sN http://127.0.0.1:8000/ ") for line in lines)
    assert '    with reach("liar.py:agent") as probe:' in lines
    assert '        check_named("one-end").play(probe, value, patience=5)' in lines
    over_http = examine(Liar("two ends", binding="http"), check_named("one-end"), FEW).finding
    assert over_http is not None
    assert "  curl    curl SendStreamingMessage" in over_http.lines()
    assert isinstance(json.dumps(finding.to_json()), str)
    (case,) = ET.fromstring(junit_xml("s", [JunitCase(name="n", failure="\n".join(lines))])).iter("testcase")
    assert case.findtext("failure") == "\n".join(lines)


def test_hours_that_an_agent_sleeps_take_no_time() -> None:
    slow = Agent("slow")

    @slow.stream
    async def slowly(task: AgentTask) -> AsyncIterator[str]:
        for word in ("one ", "two ", "three"):
            await asyncio.sleep(3600)
            yield word

    with reach(slow) as probe:
        patient = examine(probe, check_named("one-end"), Effort(max_examples=10, patience=4000.0))
        assert (patient.finding, patient.examples) == (None, 10)
        silence = examine(probe, check_named("silence"), Effort(max_examples=10)).finding
    assert silence is not None
    assert silence.detail == "nothing came for 60 seconds after status WORKING, and the stream is open"


def test_of_an_agent_that_talks_without_end_fewer_inputs_are_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answer, "MOST_EVENTS", 10)
    monkeypatch.setattr(engine, "MOST_MESSAGES", 45)
    talker = Agent("talker")

    @talker.stream
    async def talk(task: AgentTask) -> AsyncIterator[str]:
        while True:
            yield "and "
            await asyncio.sleep(1)

    with reach(talker) as probe:
        result = examine(probe, check_named("one-end"), Effort(max_examples=1_000))
    assert (result.finding, result.examples) == (None, 5)


@pytest.mark.parametrize("name", ["no-crash", "follow-up"])
def test_examples_of_the_card_are_among_the_words(name: str) -> None:
    card: Mapping[str, object] = {
        "capabilities": {"streaming": True},
        "skills": [{"examples": ["What does it cost?", 7]}, "no skill", {"examples": "none"}],
    }
    agent = Listener(card=card)
    examine(agent, check_named(name), Effort(max_examples=30, seed=4))
    assert any(b"What does it cost?" in body for body in agent.heard)


def test_no_input_can_be_without_content() -> None:
    with pytest.raises(ValueError, match="parts"):
        evolve(Prompt(parts=(Part(text=""),)), parts=())
