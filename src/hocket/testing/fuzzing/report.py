"""Reports: what was tried, what was found, and how to see it again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from shlex import quote
from typing import Any

from attrs import frozen

from hocket.testing.curl import curl_line
from hocket.testing.fuzzing.check import Check
from hocket.testing.fuzzing.raised import traceback_of
from hocket.testing.fuzzing.talk import Talk
from hocket.testing.fuzzing.telling import clipped, tell_answer
from hocket.testing.probe import PATIENCE, Ask, Probe
from hocket.testing.source import as_source, as_test, imports_for
from hocket.testing.violation import Violation

__all__ = ["DEFAULT_EFFORT", "EXAMPLES", "Effort", "Exchange", "Finding", "Report", "Result"]

EXAMPLES = 100
"""Inputs that are tried for each check, unless somebody wants more or fewer."""

_LABEL = 8
_SERVED = "http://127.0.0.1:8000/"


@frozen(kw_only=True)
class Effort:
    """How hard it is tried.

    Attributes:
        max_examples: Inputs for each check; shrinking takes more.
        seed: The same seed tries the same inputs.
        words: Texts that may mean something to the target.
        patience: Seconds that are waited for each message, of the time that passes at the target.
        loop: The event loop of an agent in this process, as `reach` takes it; None for its default.
    """

    max_examples: int = EXAMPLES
    seed: int = 0
    words: tuple[str, ...] = ()
    patience: float = PATIENCE
    loop: str | None = None

    def arguments(self) -> list[str]:
        """The options of `hocket fuzz` that say so."""
        found = [f"--seed {self.seed}", f"--max-examples {self.max_examples}"]
        if self.patience != PATIENCE:
            found.append(f"--timeout {self.patience:g}")
        if self.loop is not None:
            found.append(f"--loop {self.loop}")
        return found


DEFAULT_EFFORT = Effort()
"""As hard as `hocket fuzz` tries where nothing else is said."""


@frozen(kw_only=True)
class Exchange:
    """One request, and what came: both as a report shows them.

    Attributes:
        sent: The request.
        came: What was answered, and how the answer ended.
    """

    sent: str
    came: tuple[str, ...]


@frozen(kw_only=True)
class Finding:
    """A check that does not hold, and the least that shows it.

    Attributes:
        check: The check.
        detail: What is wrong.
        value: The input.
        target: What was asked.
        effort: How hard it was tried.
        exchanges: What was said.
        curl: A line for a shell that asks the same first; None where no shell reaches the target.
        raised: What the agent has raised, as a traceback of its own lines; "" if nothing, or if it is not known.
        repeats: Whether the same input broke it each time.
    """

    check: Check
    detail: str
    value: Any
    target: str
    effort: Effort
    exchanges: tuple[Exchange, ...]
    curl: str | None = None
    raised: str = ""
    repeats: bool = True

    @classmethod
    def of(
        cls, value: Any, violation: Violation, talk: Talk, check: Check, *, effort: Effort, repeats: bool
    ) -> Finding:
        """What has come of an example.

        Args:
            value: The input.
            violation: What the check has raised.
            talk: What was said.
            check: The check.
            effort: How hard it was tried.
            repeats: Whether the same input broke it each time.
        """
        asked = [each.ask for each in talk.answers]
        return cls(
            check=check,
            detail=violation.detail,
            value=value,
            target=talk.probe.target,
            effort=effort,
            exchanges=tuple(
                [Exchange(sent=_sent(each.ask.body), came=tuple(tell_answer(each))) for each in talk.answers]
            ),
            curl=_curl(talk.probe, asked[0]) if asked else None,
            raised=traceback_of(talk.raised[0]) if talk.raised else "",
            repeats=repeats,
        )

    @property
    def command(self) -> str:
        """What finds it again."""
        return " ".join(["hocket fuzz", quote(self.target), f"--checks {self.check.name}", *self.effort.arguments()])

    def test(self) -> str:
        """A test that shows it, as a file that can be pasted; it fails for as long as the check does not hold."""
        patience = f", patience={self.effort.patience:g}" if self.effort.patience != PATIENCE else ""
        play = f"    check_named({as_source(self.check.name)}).play(probe, value{patience})"
        loop = f", loop={as_source(self.effort.loop)}" if self.effort.loop is not None else ""
        reached = f"with reach({as_source(self.target)}{loop}) as probe:"
        lines = [f"value = {as_source(self.value)}", reached, play]
        imports = [
            *imports_for(self.value),
            "from hocket.testing.fuzzing import check_named",
            "from hocket_io.testing import reach",
        ]
        return as_test(self.check.name, lines, imports)

    def lines(self) -> list[str]:
        """All of it, as text."""
        return [*self._what(), *self._how_to_see_it()]

    def _what(self) -> Iterator[str]:
        yield from _labelled("holds", f"{self.check.holds} ({self.check.section})")
        yield from _labelled("found", self.detail)
        if not self.repeats:
            yield from _labelled("", "not each time: the same input did not do it again")
        yield from _labelled("input", as_source(self.value))
        for exchange in self.exchanges:
            yield from _labelled("sent", exchange.sent)
            yield from _labelled("came", "\n".join(exchange.came))
        if self.raised:
            yield from _labelled("raised", self.raised)

    def _how_to_see_it(self) -> Iterator[str]:
        yield from _labelled("again", self.command)
        if self.curl is not None:
            yield from _labelled("curl", self.curl)
        yield "  test"
        yield ""
        yield from self.test().splitlines()

    def to_json(self) -> Mapping[str, Any]:
        """All of it, as JSON."""
        return {
            "detail": self.detail,
            "input": as_source(self.value),
            "exchanges": [{"sent": each.sent, "came": list(each.came)} for each in self.exchanges],
            "raised": self.raised,
            "repeats": self.repeats,
            "again": self.command,
            "curl": self.curl,
            "test": self.test(),
        }


@frozen(kw_only=True)
class Result:
    """What has come of one check.

    Attributes:
        check: The check.
        examples: How many inputs were tried until it was found, or in all.
        finding: What was found; None if nothing was.
        skipped: Why it was not tried; None if it was.
    """

    check: Check
    examples: int = 0
    finding: Finding | None = None
    skipped: str | None = None

    def to_json(self) -> Mapping[str, Any]:
        """The result as JSON."""
        return {
            "check": self.check.name,
            "holds": self.check.holds,
            "section": self.check.section,
            "examples": self.examples,
            "skipped": self.skipped,
            "finding": None if self.finding is None else self.finding.to_json(),
        }


@frozen(kw_only=True)
class Report:
    """What has come of all checks."""

    target: str
    effort: Effort
    results: tuple[Result, ...]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was found, in the order of the checks."""
        return tuple([result.finding for result in self.results if result.finding is not None])


def _curl(probe: Probe, ask: Ask) -> str | None:
    """A line for a shell; an agent of this process is reached once it is served."""
    if probe.binding != "memory":
        return probe.curl(ask)
    return f"hocket serve {quote(probe.target)} &\n{curl_line(_SERVED, ask)}"


def _sent(body: bytes | None) -> str:
    return clipped((body or b"").decode("utf-8", "backslashreplace")) or "nothing at all"


def _labelled(label: str, text: str) -> Iterator[str]:
    """Text beside its label, the further lines below."""
    for number, line in enumerate(text.splitlines() or [""]):
        yield f"  {label if number == 0 else '':<{_LABEL}}{line}".rstrip()
