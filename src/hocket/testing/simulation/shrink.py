"""Shrinking: of a session in which something is wrong, the smallest one in which the same is wrong.

First whole runs of steps are left out (delta debugging, Zeller and Hildebrandt 2002), then single ones, then the
numbers become smaller, then the options; of a few steps, two things are tried at once, for one may have made up for the
other; and again from the beginning, until nothing of that succeeds any more. What is left is minimal: without any one
of its steps it passes.
"""

from __future__ import annotations

from itertools import combinations

from attrs import define, evolve, field, frozen

from hocket.testing.simulation.session import Played, Session, play
from hocket.testing.simulation.world import Step, WorldFactory

__all__ = ["EFFORT", "Shrunk", "shrink"]

EFFORT = 5_000
"""How many sessions are played, at most, to shrink one."""

_FEW = 12
"""Steps of a session in which two things are tried at once."""


@frozen(kw_only=True)
class Shrunk:
    """The smallest session that was found.

    Attributes:
        played: The session, and what is wrong in it.
        tries: How many sessions were played to find it.
        is_minimal: Whether it passes without any one of its steps; else the effort came to its end.
    """

    played: Played
    tries: int
    is_minimal: bool


def shrink(make: WorldFactory, played: Played, *, effort: int = EFFORT) -> Shrunk:
    """Make a session small.

    Args:
        make: Makes the world.
        played: A session in which something is wrong. What passed stays as it is.
        effort: How many sessions may be played for it.
    """
    search = _Search(make=make, best=played, effort=effort)
    if played.finding is not None:
        search.run()
    return Shrunk(played=search.best, tries=search.tries, is_minimal=search.tries < effort)


@define(eq=False)
class _Search:
    """The smallest session so far, and what is still tried on it."""

    make: WorldFactory
    best: Played
    effort: int
    tries: int = field(default=0, init=False)
    _kind: str = field(init=False)
    _known: set[tuple[object, ...]] = field(factory=set, init=False)

    def __attrs_post_init__(self) -> None:
        self._kind = "" if self.best.finding is None else self.best.finding.kind

    def run(self) -> None:
        before = None
        while before != self.best.session and self.tries < self.effort:
            before = self.best.session
            self._leave_out()
            self._lower_numbers()
            self._lower_options()
            self._leave_two_out()
            self._leave_out_and_lower()

    def _leave_out(self) -> None:
        """Runs of steps: half of them, a quarter …, and each alone; from the end, where they matter least."""
        size = max(len(self.best.session.steps) // 2, 1)
        while True:
            end = len(self.best.session.steps)
            while end > 0:
                steps = self.best.session.steps
                self._try(evolve(self.best.session, steps=steps[: max(end - size, 0)] + steps[end:]))
                end = min(end - size, len(self.best.session.steps))
            if size == 1:
                return
            size //= 2

    def _lower_numbers(self) -> None:
        at = 0
        while at < len(
            self.best.session.steps
        ):  # there may be fewer each time: what comes after it shows is not played
            for place in range(len(self.best.session.steps[at].numbers)):
                self._lower_number(at, place)
            at += 1

    def _lower_number(self, at: int, place: int) -> None:
        before, step, after = (
            self.best.session.steps[:at],
            self.best.session.steps[at],
            self.best.session.steps[at + 1 :],
        )
        for smaller in _smaller(step.numbers[place]):
            numbers = (*step.numbers[:place], smaller, *step.numbers[place + 1 :])
            if self._try(evolve(self.best.session, steps=(*before, Step(step.action, numbers), *after))):
                return

    def _leave_two_out(self) -> None:
        """Steps that undo each other: neither could go alone."""
        session = self.best.session
        if len(session.steps) <= _FEW:
            for first, second in combinations(range(len(session.steps)), 2):
                steps = (step for at, step in enumerate(session.steps) if at not in (first, second))
                if self._try(evolve(session, steps=tuple(steps))):
                    return

    def _leave_out_and_lower(self) -> None:
        """Single steps that made a number of a later one mean something else: without them it is one less."""
        at = 0
        while at < len(self.best.session.steps) <= _FEW:
            if not self._leave_one_out_and_lower(at):
                at += 1

    def _leave_one_out_and_lower(self, at: int) -> bool:
        session = self.best.session
        before, after = session.steps[:at], session.steps[at + 1 :]
        for which, step in enumerate(after):
            for place, number in enumerate(step.numbers):
                steps = (*before, *after[:which], _with(step, place, number - 1), *after[which + 1 :])
                if number > 0 and self._try(evolve(session, steps=steps)):
                    return True
        return False

    def _lower_options(self) -> None:
        for name, (least, _) in self.make.OPTIONS.items():
            options = self.best.session.options
            for smaller in _smaller(options.get(name, least) - least):
                if self._try(evolve(self.best.session, options={**options, name: least + smaller})):
                    break
        self._try(evolve(self.best.session, seed=0))

    def _try(self, session: Session) -> bool:
        """Whether the same is wrong in this session, too; then it is the best one."""
        key = (session.seed, tuple(session.options.items()), session.steps)
        if key in self._known or session == self.best.session or self.tries >= self.effort:
            return False
        self._known.add(key)
        self.tries += 1
        played = play(self.make, session)
        if played.finding is None or played.finding.kind != self._kind:
            return False
        self.best = played
        return True


def _with(step: Step, place: int, number: int) -> Step:
    return Step(step.action, (*step.numbers[:place], number, *step.numbers[place + 1 :]))


def _smaller(number: int) -> list[int]:
    """Numbers to try instead, the smallest first: all that choose among a few things, then halves.

    >>> _smaller(100)
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 25, 50, 99]
    """
    if number < 0:
        return [*_smaller(-number), -number]
    halves = (number >> shift for shift in range(1, number.bit_length()))
    return sorted({smaller for smaller in (*range(10), *halves, number - 1) if 0 <= smaller < number})
