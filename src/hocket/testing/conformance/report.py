"""Reports: what became of each rule."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

from attrs import asdict, frozen

from hocket.testing.conformance.rule import Level, Rule
from hocket.testing.conformance.trial import Exchange

__all__ = ["Outcome", "Report", "Verdict"]

Verdict: TypeAlias = Literal["ok", "fail", "skip"]


@frozen(kw_only=True)
class Outcome:
    """What became of one rule.

    Attributes:
        rule: The rule.
        verdict: `ok`, `fail` or `skip`.
        detail: What is wrong, or why it could not be checked; "" where all is well.
        exchanges: What was said, where something is wrong.
    """

    rule: Rule
    verdict: Verdict
    detail: str = ""
    exchanges: tuple[Exchange, ...] = ()

    def to_value(self) -> dict[str, Any]:
        """As JSON has it."""
        rule = self.rule
        return {
            "rule": rule.name,
            "section": rule.section,
            "title": rule.title,
            "level": rule.level.value,
            "group": rule.group,
            "verdict": self.verdict,
            "detail": self.detail,
            "exchanges": [asdict(each) for each in self.exchanges],
        }


@frozen(kw_only=True)
class Report:
    """What became of all rules at one target.

    Attributes:
        target: Which.
        outcomes: In the order in which they were checked.
    """

    target: str
    outcomes: tuple[Outcome, ...]

    def count(self, verdict: Verdict, level: Level | None = None) -> int:
        """How many rules had this verdict, of one level or of all."""
        return len([each for each in self.outcomes if each.verdict == verdict and level in (None, each.rule.level)])

    def is_conformant(self, *, strict: bool = False) -> bool:
        """Whether no MUST is broken; with `strict`, no SHOULD either."""
        counted = (Level.MUST, Level.SHOULD) if strict else (Level.MUST,)
        return not any(self.count("fail", level) for level in counted)

    def to_value(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "target": self.target,
            "totals": {verdict: self.count(verdict) for verdict in ("ok", "fail", "skip")},
            "broken": {level.value: self.count("fail", level) for level in Level},
            "rules": [each.to_value() for each in self.outcomes],
        }
