"""Telling: a violation and a tally as lines for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from textwrap import wrap

from attrs import evolve

from hocket.errors import LocalProtocolError
from hocket.testing.simulation.actions import FAULTS
from hocket.testing.simulation.session import Played, Session, replay
from hocket.testing.simulation.tally import Tally
from hocket.testing.simulation.world import WorldFactory
from hocket.testing.source import as_source, as_test, imports_for

__all__ = ["fault_line", "source_of_test", "step_lines", "table_lines", "trace_lines"]

_COLUMNS = ("world", "sessions", "steps", "messages", "events", "bytes", "simulated", "sessions/s", "violations")
_HOUR, _MINUTE = 3_600, 60
_COMMENT = 80
"""Characters of a line of a comment."""


def step_lines(session: Session) -> list[str]:
    """What happens in a session, a numbered line for each step.

    >>> from hocket.testing.simulation.world import Step
    >>> step_lines(Session(options={"agents": 2}, steps=(Step("speak", (0, 3)), Step("cut", (1,)))))
    ['agents=2', '1  speak 0 3', '2  cut 1']
    """
    chosen = " ".join(f"{name}={value}" for name, value in session.options.items())
    width = len(str(len(session.steps)))
    steps = [f"{at:>{width}}  {step}" for at, step in enumerate(session.steps, start=1)]
    return [*([chosen] if chosen else []), *steps]


def trace_lines(played: Played, last: int | None = None) -> list[str]:
    """What happened, with its time.

    Args:
        played: The session.
        last: How many lines of the end; None for all.
    """
    lines = played.trace
    if last is None or len(lines) <= last:
        return lines
    return [f"… {len(lines) - last} lines before", *lines[len(lines) - last :]]


def source_of_test(make: WorldFactory, played: Played) -> str:
    """A test that plays the session again, ready to be pasted.

    Args:
        make: What makes the world; a class or a function that can be imported.
        played: The session, with what was wrong in it.

    Raises:
        LocalProtocolError: The world cannot be imported from anywhere.
    """
    if played.finding is None:
        raise LocalProtocolError("nothing was wrong in this session: there is nothing to test")
    session = evolve(played.session, world="")
    said = f"{played.finding.invariant}: {played.finding.detail}".splitlines()
    comment = [f"# {part}" for line in said for part in wrap(repr(line)[1:-1], _COMMENT)]
    return as_test(
        played.finding.invariant,
        [*comment, f"session = {as_source(session)}", f"{as_source(replay)}({as_source(make)}, session)"],
        imports_for(session, replay, make),
    )


def table_lines(tallies: Mapping[str, Tally], seconds: Mapping[str, float]) -> list[str]:
    """The summary: a row for each world.

    Args:
        tallies: What was counted, by the names of the worlds.
        seconds: How long it took, of real time.
    """
    rows = [_COLUMNS, *(_row(name, tally, seconds.get(name, 0.0)) for name, tally in tallies.items())]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_COLUMNS))]
    return [_aligned(row, widths) for row in rows]


def fault_line(tallies: Mapping[str, Tally]) -> str:
    """How many faults there were, by kind, in the order in which the kinds are listed.

    >>> tally = Tally()
    >>> tally.faults.update(cut=3, crash=1_000)
    >>> fault_line({"acp": tally})
    'faults: cut 3 · crash 1,000'
    """
    total = Tally()
    for tally in tallies.values():
        total.merge(tally)
    return "faults: " + (
        " · ".join(f"{kind} {total.faults[kind]:,}" for kind in FAULTS if total.faults[kind]) or "none"
    )


def _row(name: str, tally: Tally, seconds: float) -> tuple[str, ...]:
    counted = (f"{tally.counts[each]:,}" for each in ("messages", "events", "bytes"))
    rate = f"{tally.sessions / seconds:,.0f}" if seconds > 0 else "–"
    return (
        name,
        f"{tally.sessions:,}",
        f"{tally.steps:,}",
        *counted,
        _duration(tally.seconds),
        rate,
        f"{tally.violations.total():,}",
    )


def _aligned(row: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = (
        f"{cell:<{width}}" if at == 0 else f"{cell:>{width}}"
        for at, (cell, width) in enumerate(zip(row, widths, strict=True))
    )
    return "  ".join([first, *others])


def _duration(seconds: float) -> str:
    """Seconds, in the unit that reads best.

    >>> [_duration(each) for each in (0, 59.94, 90, 7_200, 4e7)]
    ['0.0 s', '59.9 s', '1.5 min', '2.0 h', '11,111.1 h']
    """
    if seconds < _MINUTE:
        return f"{seconds:.1f} s"
    return f"{seconds / _MINUTE:.1f} min" if seconds < _HOUR else f"{seconds / _HOUR:,.1f} h"
