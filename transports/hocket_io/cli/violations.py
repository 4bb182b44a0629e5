"""Violations: what `hocket simulate` tells of one, as text and as JSON."""

from __future__ import annotations

import shlex
import traceback
from typing import Any

from attrs import frozen

from hocket.errors import LocalProtocolError
from hocket.testing.simulation import Finding, Played, Shrunk, WorldFactory
from hocket.testing.simulation.session import CRASH
from hocket.testing.simulation.telling import source_of_test, step_lines, trace_lines
from hocket_io.cli.output import escaped

__all__ = ["Violated"]

_LAST = 20
"""Lines of a trace that are shown, unless all are asked for."""


@frozen(kw_only=True)
class Violated:
    """Something that must always hold, and did not.

    Args:
        make: What makes the world.
        drawn: How many steps the session had as it was drawn.
        shrunk: What is left of it.
        where: The campaign and the number of the session, or the file.
        again: The command that plays it once more, as arguments.
    """

    make: WorldFactory
    drawn: int
    shrunk: Shrunk
    where: str
    again: tuple[str, ...]

    @property
    def played(self) -> Played:
        """The session that is left, and what became of it."""
        return self.shrunk.played

    @property
    def finding(self) -> Finding:
        """What was wrong."""
        assert self.played.finding is not None, "it is a violation"
        return self.played.finding

    def lines(self, *, whole_trace: bool) -> list[str]:
        """The report, for people; the test in it is to be pasted.

        Args:
            whole_trace: Whether all of the trace is shown, or the end of it.
        """
        trace = trace_lines(self.played, None if whole_trace else _LAST)
        shown = "" if whole_trace or len(self.played.trace) <= _LAST else "; --trace shows all of it"
        test = self.test
        return [
            f"violation: {self.finding.invariant} ({self.where})",
            *_indented(escaped(self.finding.detail).splitlines()),
            *_indented(self._raised()),
            "",
            self._how_small(),
            *_indented(step_lines(self.played.session)),
            "",
            f"what happened{shown}",
            *_indented([escaped(line) for line in trace]),
            "",
            "once more",
            f"  {shlex.join(self.again)}",
            *([] if test is None else ["", "as a test", "", *test.splitlines()]),
        ]

    def json(self) -> dict[str, Any]:
        """The report, for programs."""
        session = self.played.session
        return {
            "world": session.world,
            "invariant": self.finding.invariant,
            "detail": self.finding.detail,
            "session": {
                "seed": session.seed,
                "options": dict(session.options),
                "steps": [[step.action, *step.numbers] for step in session.steps],
            },
            "drawnSteps": self.drawn,
            "isMinimal": self.shrunk.is_minimal,
            "trace": self.played.trace,
            "again": shlex.join(self.again),
            "test": self.test,
        }

    @property
    def test(self) -> str | None:
        """A test that shows it; None where nobody could import the world."""
        try:
            return source_of_test(self.make, self.played)
        except LocalProtocolError:
            return None

    def _how_small(self) -> str:
        left, tries = len(self.played.session.steps), self.shrunk.tries
        if not tries:
            return "what was done"
        least = "none can be left out" if self.shrunk.is_minimal else "there may be fewer: it was enough of trying"
        return f"{left} of {self.drawn} steps are left after {tries:,} tries; {least}"

    def _raised(self) -> list[str]:
        if self.finding.invariant != CRASH:
            return []
        error = self.finding.error
        below = None if error.__traceback__ is None else error.__traceback__.tb_next  # the first frame is ours
        return escaped("".join(traceback.format_exception(type(error), error, below))).splitlines()


def _indented(lines: list[str]) -> list[str]:
    return [f"  {line}".rstrip() for line in lines]
