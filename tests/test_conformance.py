"""Conformance: our own servers keep every rule, over everything that carries them; and what a report says."""

import json
from collections import Counter
from contextlib import contextmanager

import anyio
import pytest
from anyio.from_thread import start_blocking_portal
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from hocket.a2a import DIALECTS
from hocket.acp.wire import PARAMS
from hocket.testing.answers import HttpAnswer
from hocket.testing.conformance import RULES, Level, Report, Session, Trial, check, conform, rules_for
from hocket.testing.conformance.a2a.wire import V0_3, V1_0
from hocket.testing.probe import Ask
from hocket.testing.violation import NotApplicable, Violation
from hocket_io.acp.host import HubHost
from hocket_io.acp.serving import serve_tcp
from hocket_io.http.asgi import App
from hocket_io.testing import reach
from support import forks
from support.agents import agent_of, greeter
from support.altering import objects
from support.core_probe import CoreProbe, HubProbe
from support.hub_worlds import web_hub
from support.lying_probe import GONE, Liar, Lie
from support.serving import serving


def broken(report):
    """What fails. Something must have been checked."""
    assert report.count("ok") > 5
    return [(each.rule.name, each.detail) for each in report.outcomes if each.verdict == "fail"]


def only(probe, *names):
    return rules_for(probe, names=names)


# Our own servers


def test_an_agent_in_this_process_keeps_every_rule():
    with reach(greeter(push_notifications=True)) as probe:
        report = conform(probe)
    assert broken(report) == []
    checked = Counter(each.rule.version for each in report.outcomes if each.verdict == "ok")
    assert checked["1.0"] >= 98
    assert checked["0.3"] >= 57


def test_an_agent_that_asks_keeps_every_rule_under_trio():
    async def host(task):
        answer = await task.ask("Where to?")
        yield f"Off to {answer.text}"

    with reach(agent_of(host), loop="trio") as probe:
        report = conform(probe, only(probe, "*/follow-up*", "*/question-said", "*/s*", "*/cancel*", "*/rest-*"))
    assert broken(report) == []
    followed = [each.verdict for each in report.outcomes if "follow-up" in each.rule.name]
    assert followed == ["ok"] * 3


@pytest.mark.process
def test_an_agent_behind_http_and_websockets_keeps_the_rules():
    seen_there = ("1.0/card-*", "1.0/*type", "1.0/rest-*", "1.0/stream-*", "1.0/subscribe*", "0.3/stream-*", "*/cancel")
    with serving(lambda url: App(greeter(), websockets=True)) as url:
        with reach(url) as probe:
            assert broken(conform(probe, only(probe, *seen_there))) == []
        with reach(url.replace("http", "ws", 1)) as probe:
            assert broken(conform(probe, only(probe, "1.0/stream-*", "1.0/cancel*", "1.0/id-*"))) == []


@pytest.mark.process
def test_an_agent_on_a_pipe_keeps_the_rules(tmp_path):
    (tmp_path / "quick.py").write_text(
        "from hocket import Agent\nagent = Agent('quick')\n@agent.stream\ndef quick(task):\n    yield 'here'\n"
    )
    with reach(f"stdio:{forks.python()} -m hocket pipe {tmp_path / 'quick.py'}") as probe:
        chosen = only(probe, "*/id-*", "*/parse-error", "*/stream-[a-k]*", "*/get*", "1.0/cancel*", "1.0/subscribe-*")
        assert broken(conform(probe, chosen)) == []


def test_a_hub_in_this_process_keeps_every_rule():
    with reach(HubHost) as probe:
        report = conform(probe)
    assert broken(report) == []
    assert report.count("skip") == 0


@contextmanager
def tcp_hub():
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(HubHost()) as host:
        serving_it, (where, port) = portal.start_task(serve_tcp, host, "127.0.0.1", 0)
        yield f"tcp://{where}:{port}"
        serving_it.cancel()


@pytest.mark.process
def test_a_hub_on_a_port_keeps_the_rules():
    seen_there = (
        "acp/ids",
        "acp/parse-error",
        "acp/batch",
        "acp/told-*",
        "acp/lost",
        "acp/chunk-[l-s]*",
        "acp/come-back",
    )
    with tcp_hub() as address, reach(address) as probe:
        assert probe.binding == "pipe"
        assert broken(conform(probe, only(probe, *seen_there))) == []


@pytest.mark.process
def test_a_hub_on_the_web_keeps_the_rules():
    with web_hub() as url:
        with reach(f"acp+{url}") as probe:
            chosen = only(
                probe,
                "acp/chunk-o*",
                "acp/chunk-af*",
                "acp/poll",
                "acp/*-closed",
                "acp/http-*",
                "acp/feed*",
                "acp/corr*",
            )
            assert broken(conform(probe, chosen)) == []
        with reach(f"acp+{url.replace('http', 'ws', 1)}") as probe:
            assert broken(conform(probe, only(probe, "acp/chunk-l*", "acp/told-*", "acp/come-back"))) == []


# The rules


def test_rules_have_names_of_their_own_and_say_where_they_are_written():
    assert len({rule.name for rule in RULES}) == len(RULES) > 250
    for rule in RULES:
        version, _, words = rule.name.partition("/")
        assert (version, rule.protocol) in (("1.0", "a2a"), ("0.3", "a2a"), ("acp", "acp"))
        assert words == words.lower()
        assert not rule.title.endswith(".")
        assert ("§" in rule.section) is (rule.protocol == "a2a")


@pytest.mark.parametrize("wire", [V1_0, V0_3], ids=lambda wire: wire.version)
def test_the_wire_of_the_rules_was_written_twice_and_is_the_same(wire):
    (dialect,) = [each for each in DIALECTS if each.version == wire.version]
    assert set(dialect.methods.values()) == set(wire.methods.values())


def test_every_method_of_a_hub_is_in_the_table_of_states():
    names = [rule.name for rule in RULES if rule.protocol == "acp" and rule.name.endswith("-unknown")]
    methods = {f"stream.{name.removeprefix('acp/').removesuffix('-unknown')}" for name in names}
    assert methods == set(PARAMS) - {"stream.start"}


def test_rules_are_chosen_by_version_by_binding_and_by_name():
    agent, hub, web = CoreProbe(greeter()), HubProbe(), HubProbe(binding="http")
    assert {rule.version for rule in rules_for(agent, versions=("0.3.0",))} == {"0.3"}
    assert rules_for(agent, versions=("2.0",)) == []
    assert [rule.name for rule in rules_for(agent, names=("1.0/get-*", "*/id-t*"))] == [
        *("1.0/id-text", "1.0/get-unknown", "1.0/get-again", "0.3/id-text")
    ]
    assert {rule.protocol for rule in rules_for(hub)} == {"acp"}
    assert "acp/chunk-overtaking" in {rule.name for rule in rules_for(web)} - {rule.name for rule in rules_for(hub)}
    assert "acp/chunk-gap" in {rule.name for rule in rules_for(hub)} - {rule.name for rule in rules_for(web)}


# Reports


def played(*plays, level=Level.MUST):
    """The outcomes of plays, each as a rule of its own."""
    rules = [evolve(RULES[0], name=f"1.0/{number}", play=play, level=level) for number, play in enumerate(plays)]
    return list(check(Session(probe=CoreProbe(greeter())), rules))


def holds(trial):
    trial.require(True, "never")


def fails(trial):
    trial.open(Ask.get("/health"))
    trial.fail("because")


def skips(trial):
    trial.skip("nothing to ask")


def test_a_rule_holds_fails_or_has_nothing_to_ask():
    told = [(each.verdict, each.detail) for each in played(holds, fails, skips)]
    assert told == [("ok", ""), ("fail", "because"), ("skip", "nothing to ask")]


def test_what_a_play_falls_over_is_the_failure_of_the_target():
    (outcome,) = played(lambda trial: {}["contextId"])
    assert (outcome.verdict, "KeyError: 'contextId'" in outcome.detail) == ("fail", True)


def test_a_failure_shows_what_was_said():
    (outcome,) = played(fails)
    (exchange,) = outcome.exchanges
    assert exchange.sent == ("GET /health",)
    assert (exchange.status, exchange.curl) == (200, "curl /health")


@pytest.mark.parametrize(
    ("level", "verdicts", "is_conformant", "strictly"),
    [
        ("MUST", [holds, skips], True, True),
        ("MUST", [holds, fails], False, False),
        ("SHOULD", [holds, fails], True, False),
        ("MAY", [fails], True, True),
    ],
)
def test_what_counts_is_a_must_and_strictly_a_should(level, verdicts, is_conformant, strictly):
    report = Report(target="t", outcomes=tuple(played(*verdicts, level=Level(level))))
    assert (report.is_conformant(), report.is_conformant(strict=True)) == (is_conformant, strictly)


def test_a_report_is_json():
    report = Report(target="t", outcomes=tuple(played(holds, fails)))
    value = json.loads(json.dumps(report.to_value()))
    assert value["totals"] == {"ok": 1, "fail": 1, "skip": 0}
    assert value["broken"] == {"MUST": 1 if report.outcomes[1].rule.level == "MUST" else 0, "SHOULD": 0, "MAY": 0}
    assert [each["verdict"] for each in value["rules"]] == ["ok", "fail"]
    assert value["rules"][1]["exchanges"][0]["sent"] == ["GET /health"]


# Trials


def trial(probe=None):
    return Trial("1.0/mine", Session(probe=probe or CoreProbe(greeter())))


def test_what_does_not_hold_is_a_violation_of_the_rule():
    with pytest.raises(Violation, match=r"1\.0/mine: it is so"):
        trial().require(False, "it is so")
    with pytest.raises(NotApplicable):
        trial().skip("no")


def test_a_sample_is_taken_once_and_shown_to_every_rule_that_looks_at_it():
    session = Session(probe=CoreProbe(greeter()))
    first, second = Trial("1.0/a", session), Trial("1.0/b", session)
    for each in (first, second):
        assert each.sample("health", lambda each=each: each.open(Ask.get("/health")).next(1.0)) == b'{"status":"ok"}'
    assert first.heard == second.heard
    assert session.probe.links == 1


class Endless:
    """A probe to somebody who never ends, and what it is told."""

    def __init__(self):
        self.closed = 0

    def open(self, ask):
        return self

    def next(self, timeout):
        return b"again"

    def close(self):
        self.closed += 1


def test_an_answer_without_end_has_one():
    endless = Endless()
    tried = trial(endless)
    with pytest.raises(Violation, match="not over after 10000 messages"):
        tried.rest(tried.open(Ask.get("/")))
    tried.close()
    tried.close()
    assert endless.closed == 1


def test_long_messages_are_cut_in_a_report():
    class Talk(HttpAnswer):
        def next(self, timeout):
            return b"x" * 5_000

    class Long(Endless):
        def open(self, ask):
            return Talk()

        def curl(self, ask):
            return None

    tried = trial(Long())
    heard = tried.open(Ask(body=b"y" * 2_001))
    for _ in range(20):
        tried.next(heard)
    (exchange,) = tried.exchanges()
    assert exchange.sent == (f"{'y' * 2_000}… (2001 characters)",)
    assert exchange.came[:12] == (f"{'x' * 2_000}… (5000 characters)",) * 12
    assert exchange.came[12:] == ("… and 8 more",)


class Mortal(CoreProbe):
    """A target that is broken by what it is asked, until it is started anew."""

    restarted = 0

    def restart(self):
        self.restarted += 1


def dies(trial):
    trial.sample("what it said", lambda: trial.open(Ask.get("/health")))
    trial.heard[0].conversation.answer.end = "cut"
    trial.fail("it died")


def looks(trial):
    trial.require(trial.session.sample("what it said") is None, "what it said was before its death")


def test_a_target_that_a_rule_has_broken_is_started_anew_for_the_next():
    session = Session(probe=Mortal(greeter()))
    rules = [evolve(RULES[0], name=f"1.0/{number}", play=play) for number, play in enumerate([fails, dies, looks])]
    verdicts, restarts = zip(*[(each.verdict, session.probe.restarted) for each in check(session, rules)], strict=True)
    assert verdicts == ("fail", "fail", "ok")
    assert restarts == (0, 1, 1)


@pytest.mark.parametrize("make", [lambda: CoreProbe(greeter()), HubProbe], ids=["agent", "hub"])
def test_a_target_that_says_nothing_is_not_asked_for_ever(make):
    mute = Lie(name="mute", fails=(), alter=lambda asked, answer: None if answer is None else GONE, end="silent")
    outcomes = conform(Liar(make(), mute)).outcomes
    assert [each.verdict for each in outcomes].count("fail") == 3
    assert {each.detail for each in outcomes[-50:]} == {"to 3 rules in a row the target said nothing"}


def test_an_agent_that_takes_too_long_is_asked_what_it_can_answer():
    with reach(agent_of(sleeps)) as probe:
        outcomes = conform(probe, only(probe, "1.0/get-unknown", "1.0/send*")).outcomes
    assert (outcomes[-1].rule.name, outcomes[-1].verdict) == ("1.0/get-unknown", "ok")


async def sleeps(task):
    yield "here I am"
    await anyio.sleep_forever()


def test_an_agent_that_takes_too_long_is_not_blamed_for_its_readers():
    with reach(agent_of(sleeps)) as probe:
        outcomes = conform(probe, only(probe, "1.0/stream-others", "1.0/subscribe-same")).outcomes
    assert [each.verdict for each in outcomes] == ["skip", "skip"]


def test_a_stream_that_does_not_end_is_said_to_stay_open_by_every_rule_that_looks_at_it():
    with reach(agent_of(sleeps)) as probe:
        details = [each.detail for each in conform(probe, only(probe, "1.0/stream-type", "*/stream-ends")).outcomes]
    assert details == ["", *["the stream stayed open for 60 s after its last event (working)"] * 2]


def test_in_1_0_a_stream_may_stay_open_while_its_task_waits():
    lie = Lie(name="streams stay open", fails=(), end="silent")
    report = conform(Liar(CoreProbe(greeter(), asks=True), lie), only(CoreProbe(greeter()), "*/stream-ends"))
    assert [(each.rule.name, each.verdict) for each in report.outcomes] == [
        ("1.0/stream-ends", "ok"),
        ("0.3/stream-ends", "fail"),
    ]


def test_every_conversation_is_left_and_every_stream_ended():
    hub = HubProbe()
    conform(hub)
    assert {seat.end for seat in hub.seats.values()} == {"cut"}
    left = [stream for stream in hub.hub.registry._streams.values() if stream.status.value != "CLOSED"]
    assert left == []


JUNK = st.sampled_from([None, True, 0, -1, 2**70, "", "x", 1.5, [], {}, [None], {"a": 1}])


@st.composite
def spoilers(draw):
    """Something that spoils answers: here and there a member is junk, or gone."""
    rolls = draw(st.lists(st.integers(0, 9), min_size=5, max_size=40))
    junk = draw(st.lists(JUNK, min_size=1, max_size=5))
    turns = iter(range(10**9))

    def alter(asked, answer):
        for each in list(objects(answer)):
            for name in list(each):
                turn = next(turns)
                if name not in ("jsonrpc", "id") and rolls[turn % len(rolls)] == 0:
                    each[name] = junk[turn % len(junk)]
        return answer

    return Lie(name="spoiled", fails=(), alter=alter)


@pytest.mark.parametrize("make", [lambda: CoreProbe(greeter()), HubProbe], ids=["agent", "hub"])
@settings(max_examples=8)
@given(data=st.data())
def test_whatever_a_target_says_there_is_a_report(make, data):
    lie = data.draw(spoilers())
    probe = Liar(make(), lie)
    names = data.draw(st.sampled_from(["*/s*", "*/c*", "*/[d-l]*", "*/[m-r]*", "*/t*"]))
    for outcome in conform(probe, rules_for(probe, names=[names]), timeout=1.0).outcomes:
        assert outcome.verdict in ("ok", "fail", "skip")
        json.dumps(outcome.to_value())
