"""What `hocket fuzz` does once it knows the target: it runs the checks, and tells what comes of them.

It needs Hypothesis, which the commands do not: so it is imported when the command runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from time import perf_counter
from typing import Any

from attrs import define, field

from hocket.testing.fuzzing import CHECKS, Check, Effort, Result, examine
from hocket.testing.junit import JunitCase
from hocket.testing.probe import Probe
from hocket_io.cli.exits import Exit
from hocket_io.cli.output import escaped, write_text

__all__ = ["Run", "listed"]

_WIDTH = max(len(check.name) for check in CHECKS)
_WHERE = {
    "memory": "in this process, on virtual time",
    "http": "over HTTP",
    "pipe": "on a pipe",
    "websocket": "over a WebSocket",
}


def listed(checks: Iterable[Check]) -> list[str]:
    """The checks, a line each."""
    return [f"{check.name:<{_WIDTH}}  {check.holds} ({check.section})" for check in checks]


@define(eq=False)
class Run:
    """The checks, one after the other, and what is told of them.

    Args:
        probe: The way to what is tested.
        effort: How hard it is tried.
        is_shown: Whether it is told on stdout.

    Attributes:
        results: What came of each check, and how many seconds it took.
        is_interrupted: Whether somebody did not want to wait.
    """

    probe: Probe
    effort: Effort
    is_shown: bool
    results: list[tuple[Result, float]] = field(factory=list, init=False)
    is_interrupted: bool = field(default=False, init=False)

    @property
    def exit(self) -> Exit:
        """What the process ends with."""
        if self.is_interrupted:
            return Exit.INTERRUPTED
        return Exit.FAILURE if any(result.finding for result, _ in self.results) else Exit.OK

    def play(self, checks: Sequence[Check]) -> None:
        """Run them, and show what comes of each."""
        versions = " and ".join(self.probe.versions)
        self.show(f"{self.probe.target}: A2A {versions}, {_WHERE[self.probe.binding]}, seed {self.effort.seed}\n\n")
        try:
            for check in checks:
                self.show(f"  {check.name:<{_WIDTH}}  ")  # a person sees what takes so long
                begun = perf_counter()
                result = examine(self.probe, check, self.effort)
                self.results.append((result, perf_counter() - begun))
                self.show(f"{_outcome(result)}\n")
        except KeyboardInterrupt:
            self.is_interrupted = True
            self.show("interrupted\n")
        for finding in [result.finding for result, _ in self.results if result.finding is not None]:
            lines = [f"{finding.check.name}", *finding.lines()]
            self.show("\n" + "".join([f"{escaped(line)}\n" for line in lines]))
        self.show(f"\n{self._summary()}\n")

    def show(self, text: str) -> None:
        """Tell it, if anything is told."""
        if self.is_shown:
            write_text(text)

    def _summary(self) -> str:
        found = [result.check.name for result, _ in self.results if result.finding is not None]
        tried = sum(result.examples for result, _ in self.results)
        ran = sum(result.skipped is None for result, _ in self.results)
        nothing = "nothing was found so far" if self.is_interrupted else "nothing was found"
        outcome = f"{len(found)} found something: {', '.join(found)}" if found else nothing
        return f"{_count(ran, 'check')}, {_count(tried, 'example')}: {outcome}"

    def json(self) -> dict[str, Any]:
        """All of it for programs."""
        return {
            "target": self.probe.target,
            "versions": list(self.probe.versions),
            "seed": self.effort.seed,
            "maxExamples": self.effort.max_examples,
            "interrupted": self.is_interrupted,
            "checks": [dict(result.to_json()) for result, _ in self.results],
        }

    def cases(self) -> list[JunitCase]:
        """All of it for CI."""
        return [
            JunitCase(
                name=result.check.name,
                group=self.probe.target,
                failure=None if result.finding is None else "\n".join(result.finding.lines()),
                message="" if result.finding is None else result.finding.detail,
                skipped=result.skipped,
                output=f"{result.check.holds}\n{result.examples} examples, seed {self.effort.seed}",
                seconds=seconds,
            )
            for result, seconds in self.results
        ]


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def _outcome(result: Result) -> str:
    if result.skipped is not None:
        return f"skipped: {result.skipped}"
    many = "example " if result.examples == 1 else "examples"
    return f"{result.examples:>4} {many}  {'ok' if result.finding is None else 'FOUND'}"
