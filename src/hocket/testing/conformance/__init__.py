"""Conformance: what A2A and ACP say, as rules that can be checked at a target; `hocket conformance` is made of this.

    report = conform(probe)
    print(report.count("fail"), "of", len(report.outcomes))

Each rule is a conversation with fixed words over a `Probe`; nothing is random but ids.
"""

from hocket.testing.conformance.report import Outcome, Report, Verdict
from hocket.testing.conformance.rule import Level, Play, Rule
from hocket.testing.conformance.run import RULES, check, conform, rules_for
from hocket.testing.conformance.trial import Exchange, Session, Trial

__all__ = [
    "RULES",
    "Exchange",
    "Level",
    "Outcome",
    "Play",
    "Report",
    "Rule",
    "Session",
    "Trial",
    "Verdict",
    "check",
    "conform",
    "rules_for",
]
