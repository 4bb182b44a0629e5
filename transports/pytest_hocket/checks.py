"""The checks of `hocket fuzz` as tests of pytest: one for each check and agent, whether there are test files or not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack

import pytest
from attrs import evolve, field, frozen

from hocket.errors import HocketError, LocalProtocolError
from hocket.testing.fuzzing import EXAMPLES, Check, Effort, Finding, chosen, examine
from hocket.testing.probe import Probe
from hocket_io.testing import loaded, reach
from hocket_io.testing.source_words import source_words
from pytest_hocket import option_of, targets_of

__all__ = ["CheckItem", "Checks", "TargetCollector"]


@frozen(kw_only=True)
class Checks:
    """The plugin that is at work where agents were named.

    Attributes:
        targets: The agents.
        checks: What is to hold for them.
        effort: How hard that is tried.
    """

    targets: tuple[str, ...]
    checks: tuple[Check, ...] = field(repr=False)
    effort: Effort

    @classmethod
    def of(cls, config: pytest.Config) -> Checks:
        """What was asked for.

        Raises:
            pytest.UsageError: There is no such check, or a number is none.
        """
        names = [name.strip() for name in option_of(config, "checks").split(",") if name.strip()]
        examples, seed = _number(config, "max-examples", EXAMPLES, 1), _number(config, "seed", 0, 0)
        try:
            checks = chosen(names, ())
        except LocalProtocolError as error:
            raise pytest.UsageError(f"--hocket-checks: {error}") from None
        effort = Effort(max_examples=examples, seed=seed)
        return cls(targets=tuple(dict.fromkeys(targets_of(config))), checks=checks, effort=effort)

    def pytest_report_header(self) -> str:
        """What is done, and with which seed."""
        return f"hocket: {', '.join(self.targets)} (seed {self.effort.seed}, {self.effort.max_examples} examples)"

    @pytest.hookimpl(tryfirst=True)  # so that -k and -m see the checks as well
    def pytest_collection_modifyitems(self, session: pytest.Session, items: list[pytest.Item]) -> None:
        """Add the checks to what was found in files."""
        for target in self.targets:
            collector = TargetCollector.from_parent(session, name=target, nodeid=target)
            collector.asked = self
            items.extend(session.genitems(collector))


class TargetCollector(pytest.Collector):
    """One agent. It is reached when its first check is run, and left after its last."""

    asked: Checks
    _probe: Probe | None = None
    _failure: HocketError | None = None
    _stack: ExitStack

    def collect(self) -> Sequence[CheckItem]:
        """Its checks."""
        self._stack = ExitStack()
        try:
            self._agent = loaded(self.name)
        except HocketError as error:
            raise self.CollectError(str(error)) from None
        return list(self._items())

    def probe(self) -> Probe:
        """The way to the agent.

        Raises:
            HocketError: It cannot be reached.
        """
        if self._failure is not None:
            raise self._failure
        if self._probe is None:
            try:
                self._probe = self._stack.enter_context(reach(self._agent, name=self.name))
            except HocketError as error:
                self._failure = error
                raise
        return self._probe

    def teardown(self) -> None:
        """Leave the agent."""
        self._probe = None
        self._stack.close()

    def _items(self) -> Iterator[CheckItem]:
        effort = evolve(self.asked.effort, words=source_words(self.name))
        for check in self.asked.checks:
            item = CheckItem.from_parent(self, name=check.name)
            item.check, item.effort = check, effort
            yield item


class CheckItem(pytest.Item):
    """One check of one agent, as a test."""

    check: Check
    effort: Effort

    def runtest(self) -> None:
        """Try to break it."""
        assert isinstance(self.parent, TargetCollector), "it was collected there"
        result = examine(self.parent.probe(), self.check, self.effort)
        if result.skipped is not None:
            pytest.skip(result.skipped)
        if result.finding is not None:
            raise _Found(result.finding)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: object = None) -> str:
        """The report of `hocket fuzz`, or why the agent cannot be reached."""
        match excinfo.value:
            case _Found(finding=finding):
                return "\n".join([f"{self.name}: {finding.detail.splitlines()[0]}", "", *finding.lines()])
            case HocketError() as error:
                return str(error)
            case _:
                return str(super().repr_failure(excinfo))

    def reportinfo(self) -> tuple[str, None, str]:
        """Where it is: the agent, and the check."""
        return self.nodeid.rpartition("::")[0], None, self.name


class _Found(Exception):
    """A check does not hold."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.detail)
        self.finding = finding


def _number(config: pytest.Config, name: str, otherwise: int, least: int) -> int:
    said = option_of(config, name)
    if not said:
        return otherwise
    if not said.isdecimal() or int(said) < least:
        raise pytest.UsageError(f"--hocket-{name}: a number, {least} or more, not {said!r}")
    return int(said)
