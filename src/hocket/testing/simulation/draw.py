"""Drawing: what is to happen in a session, from a seed."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random  # noqa: TID251  -- a seed is given

from attrs import define, field

from hocket.testing.simulation.actions import Action
from hocket.testing.simulation.world import Step, World

__all__ = ["MOST", "Draw", "moods"]

MOST = 1_000
"""The numbers of a step are below it: enough for whatever there is to choose from."""

_FACTORS = (1, 1, 2, 5)


@define(eq=False)
class Draw:
    """Chooses the steps of one session, by weight, among what is possible.

    Args:
        weights: Those of the actions that may be drawn.
        numbers: How many numbers each of them takes.
        steps: How many steps there are to be, at most.
        random: What is drawn from.
    """

    weights: Mapping[str, int]
    numbers: Mapping[str, int]
    steps: int
    random: Random
    _taken: int = field(default=0, init=False)

    def __call__(self, world: World) -> Step | None:
        """The next step; None after the last, or when nothing is possible."""
        if self._taken == self.steps:
            return None
        names = [name for name in world.possible() if name in self.weights]
        if not names:
            return None
        self._taken += 1
        (name,) = self.random.choices(names, [self.weights[name] for name in names])
        return Step(name, tuple(self.random.randrange(MOST) for _ in range(self.numbers[name])))


def moods(actions: tuple[Action, ...], random: Random) -> dict[str, int]:
    """The weights of one session. Each has a mood of its own, for a session of everything at once finds little.

    Some kinds of faults do not come at all (from none of them to all, each number of kinds as likely), and some
    actions come far more often than their weight says: so there are sessions of much talk and one crash, and of cuts
    and nothing else.

    Args:
        actions: What may happen.
        random: What is drawn from.
    """
    kinds = list(dict.fromkeys(action.fault for action in actions if action.fault is not None))
    chosen = random.sample(kinds, random.randint(0, len(kinds)))
    return {
        action.name: action.weight * random.choice(_FACTORS)
        for action in actions
        if action.fault is None or action.fault in chosen
    }
