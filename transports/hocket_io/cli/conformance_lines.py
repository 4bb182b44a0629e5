"""The lines that say what became of the rules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from hocket.testing.conformance import Exchange, Level, Outcome, Report, Rule
from hocket.testing.junit import JunitCase
from hocket.testing.probe import End
from hocket_io.escaping import escaped, one_line

__all__ = ["case_of", "list_lines", "outcome_lines", "total_line"]

_ENDS: Mapping[End, str] = {
    "open": "nothing more was waited for",
    "complete": "the end",
    "cut": "a cut",
    "silent": "silence, for as long as was waited",
}

_MESSAGES = 4
"""Messages of an answer that are shown; the JSON has more."""

_WIDTH = 300
"""Characters of a message that are shown."""

_LINES = 20
"""Lines of what is wrong that are shown: a child process that died has said its last words there."""


def outcome_lines(outcome: Outcome, *, strict: bool = False, width: int = 0) -> Iterator[str]:
    """What became of a rule; where it is broken, everything that helps to see why.

    Args:
        outcome: It.
        strict: Whether a SHOULD that is broken is a failure.
        width: Of the longest name of a rule, so that titles are below each other.
    """
    rule = outcome.rule
    yield f"  {_word(outcome, strict=strict):<4}  {rule.name:<{width}}  {rule.title}"
    if outcome.verdict == "skip":
        yield f"        not checked: {one_line(outcome.detail)}"
    elif outcome.verdict == "fail":
        yield f"        {rule.level}, {rule.section}"
        yield from (f"        {line}" for line in escaped(outcome.detail).split("\n")[:_LINES])
        for exchange in outcome.exchanges[-2:]:
            yield from (f"        {line}" for line in _exchange_lines(exchange))


def _word(outcome: Outcome, *, strict: bool) -> str:
    if outcome.verdict != "fail":
        return outcome.verdict
    return "FAIL" if strict or outcome.rule.level is Level.MUST else "warn"


def _exchange_lines(exchange: Exchange) -> Iterator[str]:
    for message in exchange.sent[-_MESSAGES:]:
        yield f"sent: {_short(message)}"
    status = "" if exchange.status is None else f" with the status {exchange.status}"
    if exchange.came:
        yield f"came{status}, and then {_ENDS[exchange.end]}:"
    else:
        yield f"came{status}: nothing; {_ENDS[exchange.end]}"
    for message in exchange.came[-_MESSAGES:]:
        yield f"      {_short(message)}"
    if exchange.curl is not None:
        yield one_line(exchange.curl)


def _short(message: str) -> str:
    text = one_line(message)
    return text if len(text) <= _WIDTH else f"{text[:_WIDTH]}…"


def total_line(report: Report) -> str:
    """How many rules hold, are broken and were not checked."""
    broken = ", ".join([f"{report.count('fail', level)} {level}" for level in (Level.MUST, Level.SHOULD)])
    return f"{report.count('ok')} ok, {report.count('fail')} broken ({broken}), {report.count('skip')} not checked"


def list_lines(rules: Sequence[Rule]) -> Iterator[str]:
    """The rules, under their headings."""
    group = None
    width = max([len(rule.name) for rule in rules], default=0)
    for rule in rules:
        if rule.group != group:
            yield rule.group if group is None else f"\n{rule.group}"
            group = rule.group
        yield f"  {rule.level:<6}  {rule.name:<{width}}  {rule.title}. ({rule.section})"


def case_of(outcome: Outcome, *, strict: bool = False) -> JunitCase:
    """What became of a rule, for CI: a failure is what makes the command fail, and a warning is among the output.

    Args:
        outcome: It.
        strict: Whether a SHOULD that is broken is a failure.
    """
    rule = outcome.rule
    word = _word(outcome, strict=strict)
    lines = "\n".join(outcome_lines(outcome, strict=strict))
    return JunitCase(
        name=rule.name,
        group=rule.group,
        failure=lines if word == "FAIL" else None,
        message=one_line(outcome.detail) if word == "FAIL" else "",
        skipped=outcome.detail if outcome.verdict == "skip" else None,
        output=lines if word == "warn" else f"{rule.level}, {rule.section}: {rule.title}",
    )
