"""Each rule is seen to fail: a rule that cannot fail says nothing."""

from fnmatch import fnmatchcase

import pytest

from hocket import Agent
from hocket.a2a import AgentExtension
from hocket.testing.conformance import RULES, conform
from support.core_probe import CoreProbe, HubProbe
from support.lies_of_agents import A2A_LIES
from support.lies_of_hubs import ACP_LIES
from support.lying_probe import Liar


def agent_with(**options):
    agent = Agent("hello", **options)

    @agent.stream
    def hello(task):
        yield "never: the probe plays the agent"

    return agent


OPTIONS = {
    "push": {"push_notifications": True},
    "extended": {"extended_card": agent_with().card},
    "extensions": {"extensions": [AgentExtension(uri="https://example.com/x", required=True)]},
}


def target(name):
    if name == "hub":
        return HubProbe()
    if name == "web hub":
        return HubProbe(binding="http")
    return CoreProbe(agent_with(**OPTIONS.get(name, {})), asks=name == "asks")


def rules(names):
    return [rule for rule in RULES if any(fnmatchcase(rule.name, name) for name in names)]


@pytest.mark.parametrize("lie", [*A2A_LIES, *ACP_LIES], ids=lambda lie: lie.name)
def test_a_lie_is_noticed(lie):
    chosen = rules(lie.fails)
    assert all(rules([name]) for name in lie.fails)
    report = conform(Liar(target(lie.target), lie), chosen, timeout=5.0)
    missed = [(each.rule.name, each.verdict, each.detail) for each in report.outcomes if each.verdict != "fail"]
    assert missed == []


def test_a_target_that_does_not_lie_breaks_no_rule():
    for name in ("plain", "asks", "push", "extended", "extensions", "hub", "web hub"):
        chosen = {rule.name: rule for lie in (*A2A_LIES, *ACP_LIES) if lie.target == name for rule in rules(lie.fails)}
        report = conform(target(name), chosen.values(), timeout=5.0)
        assert report.count("ok") > 0
        assert [(each.rule.name, each.detail) for each in report.outcomes if each.verdict == "fail"] == []


def test_there_is_a_lie_for_every_rule():
    noticed = {rule.name for lie in (*A2A_LIES, *ACP_LIES) for rule in rules(lie.fails)}
    assert [rule.name for rule in RULES if rule.name not in noticed] == []
