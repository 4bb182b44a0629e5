"""Rounds: all contenders take a turn in each, and another one begins each time."""

import gc
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from functools import partial

from attrs import define, field, frozen

from harness.figures import Outcome, Row

Once = Callable[[], Mapping[str, float]]
"""One turn: it measures once, and gives a value for each metric."""


class LeftOut(Exception):
    """A contender cannot take part, or not go on; the message says why, and is shown."""


@frozen
class Contender:
    """Somebody who is measured."""

    name: str
    ready: Callable[[], AbstractContextManager[Once]]
    """Makes it ready (a server is started, say), gives its turn, and cleans up afterwards."""
    is_peer: bool = False
    """Somebody else's program: left out if it breaks, and by `--no-peers`."""
    every: int = 1
    """It takes part in every so many rounds: 2 is every other one. For those who are slow."""
    warms_up: bool = True
    """Whether it has a turn before the rounds, which does not count."""


@frozen
class Contest:
    """Contenders who do the same thing."""

    title: str
    contenders: Sequence[Contender]
    ours: str = ""
    """The contender that all are compared with; the first one unless it is named."""
    rounds: int | None = None
    """At most so many rounds, where those of the benchmark would take too long."""


@define(eq=False)
class _Entrant:
    contender: Contender
    turn: Once
    values: dict[str, list[float | None]] = field(factory=dict)

    def take_turn(self, round_: int) -> None:
        gc.collect()
        for metric, value in self.turn().items():
            values = self.values.setdefault(metric, [])
            values += [None] * (round_ - len(values))  # the rounds in which it had no turn
            values.append(value)


def hold(
    contest: Contest, rounds: int, *, warm_up: bool = True, tell: Callable[[str], None] = lambda line: None
) -> Outcome:
    """Let all contenders take turns for so many rounds; the first turn of each warms up and does not count.

    Who is somebody else's and breaks is left out from then on, with the reason; what it gave until then counts.
    """
    left_out: dict[str, str] = {}

    def may(contender: Contender, do: Callable[[], None]) -> None:
        try:
            do()
        except LeftOut as reason:
            left_out[contender.name] = str(reason)
        except Exception as error:
            if not contender.is_peer:
                raise
            left_out[contender.name] = f"{type(error).__name__}: {error}"

    entrants: list[_Entrant] = []
    with ExitStack() as stack:
        for contender in contest.contenders:
            tell(f"{contest.title}: {contender.name} gets ready")

            def enter(contender: Contender = contender) -> None:
                entrant = _Entrant(contender, stack.enter_context(contender.ready()))
                if warm_up and contender.warms_up:
                    entrant.turn()
                entrants.append(entrant)

            may(contender, enter)
        for round_ in range(rounds):
            first = round_ % len(entrants) if entrants else 0
            for entrant in entrants[first:] + entrants[:first]:
                name = entrant.contender.name
                if name not in left_out and round_ % entrant.contender.every == 0:
                    tell(f"{contest.title}: round {round_ + 1} of {rounds}, {name}")
                    may(entrant.contender, partial(entrant.take_turn, round_))
    rows = [Row(each.contender.name, each.values) for each in entrants if each.values]
    return Outcome(contest.title, contest.ours or contest.contenders[0].name, rows, left_out)
