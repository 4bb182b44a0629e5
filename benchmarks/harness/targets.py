"""What we want to reach, as data; and whether a run has reached it."""

from collections.abc import Sequence

from attrs import frozen

from harness.figures import Outcome, difference, ratio


@frozen
class Target:
    """A figure of ours and its limit: a ratio to somebody else's, a difference, or the median itself."""

    contest: str
    metric: str
    against: str | None = None
    """Whose figure ours is compared with; without it, ours is the median by itself."""
    at_least: float | None = None
    at_most: float | None = None
    ours: str | None = None
    """Whose figure it is; that of the contest unless it is named."""
    is_difference: bool = False
    """Ours less theirs, rather than ours by theirs."""
    note: str = ""
    """What is to be known where it is missed: what was tried, say."""

    @property
    def wanted(self) -> str:
        """The target in words."""
        bound = "at least" if self.at_least is not None else "at most"
        limit = f"{self.at_least if self.at_least is not None else self.at_most:,g}"
        if self.against is None:
            return f"{bound} {limit} {self.metric}"
        if self.is_difference:
            return f"{bound} {limit} {self.metric} more than {self.against}"
        return f"{bound} {limit} × the {self.metric} of {self.against}"


@frozen
class Verdict:
    """What a run says about one target."""

    contest: str
    ours: str
    wanted: str
    figure: float | None
    """None where it could not be measured."""
    is_reached: bool | None
    note: str = ""

    @property
    def word(self) -> str:
        """Reached, missed or not measured."""
        return {True: "reached", False: "missed", None: "not measured"}[self.is_reached]


def judge(target: Target, outcomes: Sequence[Outcome]) -> Verdict:
    """Compare a target with what came out."""
    outcome = next((each for each in outcomes if each.title == target.contest), None)
    name = target.ours or (outcome.ours if outcome else "")
    figure = None if outcome is None else _figure(target, outcome, name)
    reached: bool | None = None
    if figure is not None:
        at_least = target.at_least is None or figure >= target.at_least
        at_most = target.at_most is None or figure <= target.at_most
        reached = at_least and at_most
    return Verdict(target.contest, name, target.wanted, figure, reached, target.note)


def _figure(target: Target, outcome: Outcome, name: str) -> float | None:
    ours = outcome.row(name)
    if ours is None or target.metric not in ours.values:
        return None
    if target.against is None:
        return ours.median(target.metric)
    theirs = outcome.row(target.against)
    if theirs is None or target.metric not in theirs.values:
        return None
    compare = difference if target.is_difference else ratio
    return compare(ours.values[target.metric], theirs.values[target.metric])
