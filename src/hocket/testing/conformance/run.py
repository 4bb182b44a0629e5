"""Running: rules, one after the other, at one target."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatchcase

from hocket.testing.conformance.a2a import A2A_RULES
from hocket.testing.conformance.acp import ACP_RULES
from hocket.testing.conformance.report import Outcome, Report
from hocket.testing.conformance.rule import Rule
from hocket.testing.conformance.trial import Session, Trial
from hocket.testing.probe import PATIENCE, Probe
from hocket.testing.violation import NotApplicable, Violation

__all__ = ["RULES", "check", "conform", "rules_for"]

RULES: tuple[Rule, ...] = (*A2A_RULES, *ACP_RULES)
"""All of them, those of A2A 1.0 first."""

_SILENT = 3
"""Rules in a row that may meet nothing but silence: nobody waits for the hundred that come after them."""


def rules_for(probe: Probe, *, versions: Sequence[str] | None = None, names: Sequence[str] = ("*",)) -> list[Rule]:
    """The rules that can be asked of a target, in order.

    Args:
        probe: The way to it.
        versions: Of A2A; None for those that its card declares.
        names: Patterns as in a shell, such as `1.0/stream-*`; a rule is taken if one of them fits.
    """
    asked = probe.versions if versions is None else versions
    minors = {".".join(each.split(".")[:2]) for each in asked}
    return [
        rule
        for rule in RULES
        if rule.protocol == probe.protocol
        and (rule.version is None or rule.version in minors)
        and probe.binding in rule.bindings
        and any(fnmatchcase(rule.name, pattern) for pattern in names)
    ]


def check(session: Session, rules: Iterable[Rule]) -> Iterator[Outcome]:
    """Check rules, one at a time: the next one when the next outcome is asked for.

    Plays take what they are given as it should be. Where it is of no such form, with a text for a list, say, they fall
    over it: that is the target's failure as well.

    A target that a rule has broken, such as a child process that died of it, is started anew for those that come. One
    that says nothing any more is not asked any more; one whose agent takes too long is.
    """
    silent = 0
    for rule in rules:
        if silent == _SILENT and session.is_there():
            silent = 0
        if silent == _SILENT:
            yield Outcome(rule=rule, verdict="skip", detail=f"to {_SILENT} rules in a row the target said nothing")
            continue
        trial = Trial(rule.name, session)
        try:
            rule.play(trial)
        except Violation as violation:
            outcome = Outcome(rule=rule, verdict="fail", detail=violation.detail, exchanges=trial.exchanges())
        except (LookupError, TypeError, AttributeError) as error:
            detail = f"what came is not in any form that can be looked at ({type(error).__name__}: {error})"
            outcome = Outcome(rule=rule, verdict="fail", detail=detail, exchanges=trial.exchanges())
        except NotApplicable as reason:
            outcome = Outcome(rule=rule, verdict="skip", detail=reason.reason)
        else:
            outcome = Outcome(rule=rule, verdict="ok")
        finally:
            was_cut, was_silent = trial.is_cut, trial.is_silent
            trial.close()
        has_failed = outcome.verdict == "fail"
        silent = silent + 1 if has_failed and was_silent else 0
        if has_failed and was_cut:
            session.renew()
        yield outcome


def conform(
    probe: Probe, rules: Iterable[Rule] | None = None, *, text: str = "hello", timeout: float = PATIENCE
) -> Report:
    """Check rules, and report.

    Args:
        probe: The way to the target.
        rules: Which; None for all that can be asked of it.
        text: What agents are asked.
        timeout: Seconds for which an answer is waited for, of the time that passes at the target.
    """
    chosen = rules_for(probe) if rules is None else rules
    session = Session(probe=probe, text=text, timeout=timeout)
    return Report(target=probe.target, outcomes=tuple(check(session, chosen)))
