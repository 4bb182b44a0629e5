"""Deadlines of the agent's runs: when each must have stopped, been answered, taken an answer, or said something."""

from __future__ import annotations

from enum import Enum

from attrs import define, field

from hocket.timers import Timers

__all__ = ["Deadline", "Deadlines"]


class Deadline(Enum):
    """What a run has until then."""

    GRACE = "to stop"
    PATIENCE = "to be answered"
    ANSWER = "to take the answer that is there"
    SILENCE = "to say something"


@define(eq=False)
class Deadlines:
    """The deadlines of all runs, by the task; a task has one run at a time."""

    _timers: Timers[tuple[Deadline, str]] = field(factory=Timers, init=False)

    def set(self, deadline: Deadline, task_id: str, at: float) -> None:
        """The run has until `at`."""
        self._timers.set((deadline, task_id), at)

    def clear(self, *deadlines: Deadline, task_id: str) -> None:
        """The run has all the time it wants, for these; for everything if none is named."""
        for deadline in deadlines or Deadline:
            self._timers.clear((deadline, task_id))

    def next_timeout(self) -> float | None:
        """The earliest deadline, or None."""
        return self._timers.next_timeout()

    def due(self, now: float) -> list[tuple[Deadline, str]]:
        """The deadlines that have come, each with its task; they are forgotten."""
        return self._timers.due(now)
