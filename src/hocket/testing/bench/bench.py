"""Bench: which calls are made, and when. Whoever makes them tells each `Lap` what comes, and when."""

from __future__ import annotations

from attrs import define, field, frozen

from hocket.testing.bench.lap import Lap
from hocket.testing.bench.score import Score

__all__ = ["Bench", "Plan"]


@frozen(kw_only=True)
class Plan:
    """How often an agent is asked.

    Attributes:
        calls: How many calls are made; None for as many as there is time for.
        seconds: How long; None for as long as it takes.
        rate: Calls a second, whatever becomes of those before; None where each is made when one before it has ended.
        chunks: Chunks after which a call is left; None to stay until the end.
    """

    calls: int | None = None
    seconds: float | None = None
    rate: float | None = None
    chunks: int | None = None


@define(eq=False)
class Bench:
    """The calls of a benchmark, one after the other. Any number of them may go on at the same time.

    With a rate, a call is due whether or not anybody is free to make it: else an agent that is slow would be asked less
    while it is slow, and what it then does would hardly show ("coordinated omission").

    Args:
        plan: How often it asks.
        began: When it begins.

    Attributes:
        score: What came of the calls so far.

    >>> bench = Bench(Plan(calls=3, rate=2.0), began=10.0)
    >>> [lap.due for _ in range(3) if (lap := bench.next_call(now=10.7))], bench.next_call(now=10.7)
    ([10.0, 10.5, 11.0], None)
    """

    plan: Plan
    began: float
    score: Score = field(init=False)
    _given: int = field(default=0, init=False)

    def __attrs_post_init__(self) -> None:
        self.score = Score(began=self.began, until=self.began)

    @property
    def ends_at(self) -> float | None:
        """When the time is over, and calls that still go on are to be stopped; None for never."""
        return None if self.plan.seconds is None else self.began + self.plan.seconds

    def next_call(self, now: float) -> Lap | None:
        """The next call, which is to be made when it is due, or at once if that is over; None if there are no more."""
        plan, ends_at = self.plan, self.ends_at
        if plan.calls is not None and self._given >= plan.calls:
            return None
        due = now if plan.rate is None else self.began + self._given / plan.rate
        if ends_at is not None and max(due, now) >= ends_at:
            return None
        self._given += 1
        return Lap(self.score, due, plan.chunks)

    def done(self, now: float) -> float:
        """How much of it is over, from 0 to 1: of the calls, their chunks or the time, whichever there is an end to."""
        plan, score = self.plan, self.score
        parts = [0.0]
        if plan.seconds is not None:
            parts.append((now - self.began) / plan.seconds)
        if plan.calls is not None:
            parts.append(score.ended / plan.calls)
        if plan.calls is not None and plan.chunks is not None:
            parts.append(score.chunks / (plan.calls * plan.chunks))
        return min(1.0, max(parts))
