"""Witness: sees what an agent raises and prints while it runs, so that neither spoils what is shown of it."""

from __future__ import annotations

import io
import logging
import sys
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self, TypeVar

from attrs import define, field

from hocket_io.runner import runner
from hocket_io.testing.stage import Stage
from hocket_io.testing.watchdog import Watchdog

__all__ = ["WatchedStage", "Witness"]

T = TypeVar("T")

_PRINTED = 65_536
"""Characters that are kept of what an agent prints."""

_RAISED = 1_000
"""Exceptions of an agent that are kept; of more, the last."""


class _Printed(io.TextIOBase):
    """Where the `print` of an agent goes."""

    def __init__(self) -> None:
        super().__init__()
        self.text = ""

    def writable(self) -> bool:
        """It is."""
        return True

    def write(self, text: str) -> int:
        """Keep the last of it."""
        self.text = (self.text + text)[-_PRINTED:]
        return len(text)


@define(eq=False)
class Witness:
    """What an agent in this process lets out beside its answers.

    Attributes:
        raised: What it raised; the runner has logged it, and would have had it shown.
    """

    raised: deque[BaseException] = field(factory=lambda: deque(maxlen=_RAISED), init=False)
    _prints: _Printed = field(factory=_Printed, init=False)

    @property
    def printed(self) -> str:
        """The last of what it printed."""
        return self._prints.text

    @contextmanager
    def looking(self) -> Iterator[None]:
        """While the body runs, the agent does."""
        log = logging.getLogger(runner.__name__)
        stdout, sys.stdout = sys.stdout, self._prints
        log.addFilter(self._is_no_failure)
        try:
            yield
        finally:
            log.removeFilter(self._is_no_failure)
            if sys.stdout is self._prints:
                sys.stdout = stdout

    def _is_no_failure(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if isinstance(record.exc_info, tuple) else None
        if error is not None:
            self.raised.append(error)
        return error is None


@define(eq=False)
class WatchedStage:
    """A stage on which an agent is at work; see `Stage`.

    Args:
        stage: The stage.
        witness: Who looks on.
        watchdog: Who stops an agent that would never let go of the loop.
    """

    stage: Stage
    witness: Witness
    watchdog: Watchdog

    def run(self, function: Callable[..., Awaitable[T]], *args: Any) -> T:
        """Call an async function and let the loop run until it returns."""
        with self.witness.looking(), self.watchdog.watching():
            return self.stage.run(function, *args)

    def begin(self, function: Callable[..., Awaitable[object]], *args: Any) -> None:
        """Start an async function, which goes on whenever the loop runs."""
        self.stage.begin(function, *args)

    def __enter__(self) -> Self:
        self.stage.__enter__()
        self.watchdog.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            with self.witness.looking(), self.watchdog.watching():
                self.stage.__exit__(kind, error, trace)
        finally:
            self.watchdog.stop()
