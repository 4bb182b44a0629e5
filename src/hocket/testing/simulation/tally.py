"""Tallies: how much was simulated."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from attrs import Factory, define

from hocket.testing.simulation.session import Played

__all__ = ["Tally"]


@define
class Tally:
    """How much was simulated, in all sessions together.

    Attributes:
        sessions: How many were played.
        steps: How many steps were taken.
        seconds: How much time passed in the worlds.
        counts: What the worlds counted: messages, events, bytes.
        faults: How many faults there were, by kind.
        violations: In how many sessions what was wrong, by kind.
    """

    sessions: int = 0
    steps: int = 0
    seconds: float = 0.0
    counts: Counter[str] = Factory(Counter)
    faults: Counter[str] = Factory(Counter)
    violations: Counter[str] = Factory(Counter)

    def add(self, played: Played, fault_of: Mapping[str, str]) -> None:
        """Count a session.

        Args:
            played: The session.
            fault_of: The actions of its world that are faults, each with its kind.
        """
        self.sessions += 1
        self.steps += len(played.session.steps)
        self.faults.update(fault_of[step.action] for step in played.session.steps if step.action in fault_of)
        if played.finding is not None:
            self.violations[played.finding.kind] += 1
        if played.world is not None:
            self.seconds += played.world.now
            self.counts.update(played.world.counts)

    def merge(self, other: Tally) -> None:
        """Count what another one has counted, too."""
        self.sessions += other.sessions
        self.steps += other.steps
        self.seconds += other.seconds
        self.counts.update(other.counts)
        self.faults.update(other.faults)
        self.violations.update(other.violations)
