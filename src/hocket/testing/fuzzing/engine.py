"""The engine: tries to break checks, and shrinks what breaks one to the least that does."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from random import Random  # noqa: TID251  -- a seed is given
from typing import Any
from warnings import catch_warnings, simplefilter

from attrs import define, field
from hypothesis import Phase, Verbosity, find, settings
from hypothesis.errors import Flaky, HypothesisWarning, NoSuchExample

from hocket.testing.fuzzing.check import Check, Ground
from hocket.testing.fuzzing.report import DEFAULT_EFFORT, EXAMPLES, Effort, Finding, Report, Result
from hocket.testing.fuzzing.table import CHECKS
from hocket.testing.fuzzing.talk import Talk
from hocket.testing.probe import PATIENCE, Probe
from hocket.testing.violation import NotApplicable, Violation

__all__ = ["MOST_MESSAGES", "examine", "fuzz"]

MOST_MESSAGES = 10_000
"""Messages that are read for one check. Of an agent that talks and talks fewer inputs are tried, not for an hour."""


def fuzz(
    probe: Probe,
    checks: Iterable[Check] = CHECKS,
    *,
    max_examples: int = EXAMPLES,
    seed: int = 0,
    words: Sequence[str] = (),
    patience: float = PATIENCE,
) -> Report:
    """Try to break an agent.

    Args:
        probe: The way to it.
        checks: What is to hold.
        max_examples: How many inputs are tried for each check. Shrinking takes more, once something was found.
        seed: The same seed tries the same inputs, and each check alone tries what it tries among others.
        words: Texts that may mean something to the agent, beside the examples on its card.
        patience: Seconds that are waited for each message, of the time that passes at the target.
    """
    effort = Effort(max_examples=max_examples, seed=seed, words=tuple(words), patience=patience)
    return Report(
        target=probe.target, effort=effort, results=tuple([examine(probe, check, effort) for check in checks])
    )


def examine(probe: Probe, check: Check, effort: Effort = DEFAULT_EFFORT) -> Result:
    """Try to break one check.

    Args:
        probe: The way to the target.
        check: What is to hold.
        effort: How hard it is tried.
    """
    unfit = check.unfit(probe)
    if unfit is not None:
        return Result(check=check, skipped=unfit)
    trials = _Trials(probe, check, effort)
    try:
        with catch_warnings():
            simplefilter("ignore", HypothesisWarning)  # of inputs that are long to be shown: reports cut them
            find(
                check.inputs(Ground.of(probe, effort.words)),
                trials.breaks,
                settings=_settings(effort.max_examples),
                random=Random(f"{effort.seed} {check.name}"),
            )
    except (NoSuchExample, _Enough):
        return Result(check=check, examples=trials.count, skipped=trials.reason)
    except Flaky:
        return Result(check=check, examples=trials.tried, finding=trials.finding(repeats=False))
    return Result(check=check, examples=trials.tried, finding=trials.finding(repeats=True))


def _settings(max_examples: int) -> settings:
    return settings(
        max_examples=max_examples,
        database=None,
        deadline=None,
        derandomize=False,
        phases=(Phase.generate, Phase.shrink),
        verbosity=Verbosity.quiet,
    )


class _Enough(BaseException):
    """No further input is to be tried. It is no Exception, for Hypothesis would look for the least that raises it."""


@define(eq=False)
class _Trials:
    """The inputs of one check, one after the other.

    Attributes:
        count: How many were tried.
        tried: How many had been when the first one broke it; those after it were to shrink it.
        reason: Why there was nothing to be asked, where a check has found that out by asking.
    """

    probe: Probe
    check: Check
    effort: Effort
    count: int = field(default=0, init=False)
    tried: int = field(default=0, init=False)
    reason: str | None = field(default=None, init=False)
    _read: int = field(default=0, init=False)
    _broken: tuple[Any, Violation, Talk] | None = field(default=None, init=False)
    _is_used: bool = field(default=True, init=False)

    def breaks(self, value: Any) -> bool:
        """Whether this input does.

        Raises:
            _Enough: Enough was read, and nothing was found.
        """
        if self._read >= MOST_MESSAGES and self._broken is None:
            raise _Enough
        self.count += 1
        if self._is_used:
            self.probe.restart()
        talk = Talk(self.check.name, self.probe, self.effort.patience)
        try:
            self.check.run(talk, value)
        except NotApplicable as why:
            self.reason = why.reason
        except Violation as violation:
            self.tried = self.tried or self.count
            self._broken = value, violation, talk
            return True
        finally:
            self._is_used = self._must_restart(talk)
            self._read += sum([len(answer.heard) for answer in talk.answers])
            talk.leave()
        return False

    def _must_restart(self, talk: Talk) -> bool:
        """Whether something may be left over of this example that the next one would see."""
        return self.probe.binding == "memory" or any(answer.end in ("cut", "silent") for answer in talk.answers)

    def finding(self, *, repeats: bool) -> Finding:
        """What was found last: it is the smallest."""
        assert self._broken is not None, "something was found"
        value, violation, talk = self._broken
        return Finding.of(value, violation, talk, self.check, effort=self.effort, repeats=repeats)
