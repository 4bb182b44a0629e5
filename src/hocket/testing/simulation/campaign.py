"""Campaigns: many sessions of one world, each drawn from the seed of them all and its own number."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random  # noqa: TID251  -- a seed is given

from attrs import field, frozen

from hocket.errors import LocalProtocolError
from hocket.options import must_be
from hocket.testing.simulation.actions import FAULTS, Action, allowed
from hocket.testing.simulation.draw import Draw, moods
from hocket.testing.simulation.session import Played, Session, play_by
from hocket.testing.simulation.world import WorldFactory

__all__ = ["Campaign"]

_SEEDS = 1 << 32

_is_positive = must_be("a whole number over 0", lambda value: type(value) is int and value > 0)


@frozen(kw_only=True)
class Campaign:
    """What all sessions of a campaign have in common.

    Args:
        name: The name of the world.
        make: Makes a world.
        seed: What all is drawn from.
        steps: How many steps a session has at most.
        faults: The kinds of faults that there may be, of FAULTS.
        most: The most of an option of the world, where it is to be less than the world says: `{"agents": 2}`.

    Raises:
        LocalProtocolError: There is no such fault or option, or a number is too small.

    >>> from hocket.testing.worlds import AcpWorld
    >>> campaign = Campaign(name="acp", make=AcpWorld, seed=1, faults=("cut", "delay"))
    >>> [campaign.play(number).finding for number in range(3)]
    [None, None, None]
    """

    name: str
    make: WorldFactory
    seed: int
    steps: int = field(default=100, validator=_is_positive)
    faults: tuple[str, ...] = tuple(FAULTS)
    most: Mapping[str, int] = field(factory=dict)
    _actions: tuple[Action, ...] = field(init=False, repr=False)
    _ranges: Mapping[str, tuple[int, int]] = field(init=False, repr=False)

    @_actions.default
    def _those_allowed(self) -> tuple[Action, ...]:
        return allowed(self.make.ACTIONS, self.faults)

    @_ranges.default
    def _those_asked_for(self) -> dict[str, tuple[int, int]]:
        ranges = dict(self.make.OPTIONS)
        for name, most in self.most.items():
            if name not in ranges:
                raise LocalProtocolError(f"{self.name} has no {name!r} to choose; it has: {', '.join(ranges)}")
            least, its_most = ranges[name]
            if most < least:
                raise LocalProtocolError(f"{name} must be at least {least}, not {most}")
            ranges[name] = (least, min(most, its_most))
        return ranges

    @property
    def fault_of(self) -> dict[str, str]:
        """The actions that are faults, each with its kind."""
        return {action.name: action.fault for action in self._actions if action.fault is not None}

    def play(self, number: int) -> Played:
        """Draw a session and play it. It depends on the seed and the number alone, not on the sessions before it.

        Args:
            number: Which session: 0, 1, 2 …
        """
        random = Random(f"{self.name} {self.seed} {number}")  # as text: the same for any seed, whatever its hash
        options = {name: random.randint(*limits) for name, limits in self._ranges.items()}
        session = Session(world=self.name, seed=random.randrange(_SEEDS), options=options)
        draw = Draw(
            weights=moods(self._actions, random),
            numbers={action.name: action.numbers for action in self._actions},
            steps=random.randint(1, self.steps),
            random=random,
        )
        return play_by(self.make, session, draw)
