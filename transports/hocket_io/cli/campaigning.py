"""Campaigning: all sessions that `hocket simulate` was asked for, and what they came to."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from attrs import define, evolve, field, frozen

from hocket.testing.simulation import Campaign, Played, Tally, shrink, write_session
from hocket.testing.simulation.telling import fault_line, table_lines
from hocket_io.cli.exits import Exit, Failure
from hocket_io.cli.sessions import parts
from hocket_io.cli.violations import Violated
from hocket_io.cli.worlds import WORLDS

__all__ = ["Results", "Wanted", "run"]


@frozen(kw_only=True)
class Wanted:
    """What was asked for.

    Args:
        campaigns: The campaigns.
        numbers: Which sessions of each.
        jobs: How many processes play.
        goes_on: Whether there is more after a violation.
        save: The file for the session of the first violation.
        flags: The options that must be given again for the same campaigns, but for the seed and the world.
    """

    campaigns: Sequence[Campaign]
    numbers: Sequence[int]
    jobs: int = 1
    goes_on: bool = False
    save: Path | None = None
    flags: tuple[str, ...] = ()

    def again(self, campaign: Campaign, number: int) -> tuple[str, ...]:
        """The command that plays one session once more, as it was drawn."""
        which = ("--protocol" if campaign.name in WORLDS else "--world", campaign.name)
        return ("hocket", "simulate", *which, "--seed", str(campaign.seed), "--session", str(number), *self.flags)


@define(eq=False)
class Results:
    """What was played so far.

    Attributes:
        tallies: What was counted, by world.
        seconds: How long it took, by world.
        violations: What was wrong: one of each kind.
        is_interrupted: Whether it was ended by Ctrl-C.
    """

    tallies: dict[str, Tally] = field(factory=dict)
    seconds: dict[str, float] = field(factory=dict)
    violations: list[Violated] = field(factory=list)
    is_interrupted: bool = False

    @property
    def exit(self) -> Exit:
        """What the process ends with."""
        if self.is_interrupted:
            return Exit.INTERRUPTED
        return Exit.FAILURE if self.violations else Exit.OK

    def lines(self) -> list[str]:
        """The summary."""
        count = sum(tally.violations.total() for tally in self.tallies.values())
        ends = "no violation" if not count else f"{count:,} violation{'s' if count > 1 else ''}"
        interrupted = ", interrupted" if self.is_interrupted else ""
        return [*table_lines(self.tallies, self.seconds), fault_line(self.tallies), f"{ends}{interrupted}"]

    def json(self) -> dict[str, Any]:
        """The same for programs."""
        return {
            "worlds": {
                name: {
                    "sessions": tally.sessions,
                    "steps": tally.steps,
                    "simulatedSeconds": round(tally.seconds, 3),
                    "counts": dict(tally.counts),
                    "faults": dict(tally.faults),
                    "violations": dict(tally.violations),
                }
                for name, tally in self.tallies.items()
            },
            "violations": [violated.json() for violated in self.violations],
            "isInterrupted": self.is_interrupted,
        }


def run(wanted: Wanted, results: Results, progress: Callable[[int], object]) -> None:
    """Play what was asked for.

    Args:
        wanted: What that is.
        results: Is filled while it goes on, so that it is of use after an interrupt.
        progress: Is told how many more sessions were played.

    Raises:
        Failure: The file for a violation cannot be written, or a world is not the same when it is played again.
    """
    for campaign in wanted.campaigns:
        found = _sessions(wanted, campaign, results, progress)
        for number in found.values():
            violated = _violated(wanted, campaign, number)
            if wanted.save is not None and not results.violations:
                _save(wanted.save, violated.played)
                violated = evolve(violated, again=("hocket", "simulate", "--replay", str(wanted.save)))
            results.violations.append(violated)
        if found and not wanted.goes_on:
            return


def _sessions(
    wanted: Wanted, campaign: Campaign, results: Results, progress: Callable[[int], object]
) -> dict[str, int]:
    """Play one campaign; the first session of each kind of violation."""
    tally = results.tallies.setdefault(campaign.name, Tally())
    found: dict[str, int] = {}
    began = time.perf_counter()
    for part in parts(campaign, wanted.numbers, jobs=wanted.jobs, goes_on=wanted.goes_on):
        tally.merge(part.tally)
        results.seconds[campaign.name] = time.perf_counter() - began
        progress(part.tally.sessions)
        for kind, number in part.found.items():
            found.setdefault(kind, number)
    return found


def _violated(wanted: Wanted, campaign: Campaign, number: int) -> Violated:
    played = campaign.play(number)
    if played.finding is None:
        raise Failure(
            f"session {number} of {campaign.name} with seed {campaign.seed} broke an invariant, and none when it was "
            "played again: the world does not do the same for the same seed and steps",
            hint="it must take no clock, no ids and no chances but its own, and go through no set",
        )
    return Violated(
        make=campaign.make,
        drawn=len(played.session.steps),
        shrunk=shrink(campaign.make, played),
        where=f"{campaign.name}, seed {campaign.seed}, session {number}",
        again=wanted.again(campaign, number),
    )


def _save(path: Path, played: Played) -> None:
    try:
        path.write_bytes(write_session(played))
    except OSError as error:
        raise Failure(f"{str(path)!r} cannot be written: {error.strerror}") from None
