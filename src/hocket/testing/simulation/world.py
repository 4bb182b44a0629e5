"""Worlds: everything that is there in a simulation, and the one way to make things happen in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from attrs import frozen

from hocket.testing.simulation.actions import Action

__all__ = ["Step", "Story", "World", "WorldFactory"]


@frozen
class Step:
    """One thing that happens.

    Args:
        action: The name of an action of the world.
        numbers: What it takes: which of those there are, how much, how long. The world takes them modulo what is there.
    """

    action: str
    numbers: tuple[int, ...] = ()

    def __str__(self) -> str:
        return " ".join([self.action, *map(str, self.numbers)])


class Story(Protocol):
    """What has happened, as lines: the trace of a virtual network, or anything like it."""

    @property
    def lines(self) -> Iterable[str]:
        """A line for each thing that happened, in order."""

    def note(self, at: float, text: str) -> None:
        """Add a line.

        Args:
            at: When it happened, in virtual seconds.
            text: What happened.
        """


class World(Protocol):
    """Clients, servers, agents, a store, a network: all that plays together, and what must hold between them.

    The same seed and the same steps give the same trace, byte for byte.
    """

    @property
    def now(self) -> float:
        """Virtual seconds since the beginning."""

    @property
    def trace(self) -> Story:
        """What has happened."""

    @property
    def counts(self) -> Mapping[str, int]:
        """How much has happened, by name: "messages", "events" (that applications were given), "bytes"."""

    def possible(self) -> Sequence[str]:
        """The names of the actions that make sense now, always in the same order."""

    def act(self, action: str, numbers: Sequence[int]) -> None:
        """Let something happen. What is not possible now does nothing, so that steps before it can be left out.

        Raises:
            Violation: It shows that something is wrong.
        """

    def check(self) -> None:
        """Look at what must hold at every moment.

        Raises:
            Violation: It does not.
        """

    def finish(self) -> None:
        """Let it all end: the network heals, everything is carried, everybody leaves. Then the last checks.

        Raises:
            Violation: Something that must hold in the end does not, or it does not come to rest.
        """


class WorldFactory(Protocol):
    """What makes a world; usually its class."""

    @property
    def ACTIONS(self) -> tuple[Action, ...]:
        """What can happen in it."""

    @property
    def OPTIONS(self) -> Mapping[str, tuple[int, int]]:
        """The numbers to choose for a world, such as how many `agents`; each with the least and the most of them."""

    def __call__(self, *seed: Any, **options: Any) -> World:  # Any: a world may take more than what is drawn for it
        """A new world.

        Args:
            seed: What all its chances come from; one whole number.
            options: Those of OPTIONS that are not to have their default, whole numbers all of them.
        """
