"""Part: a part of a task that can be ended from outside, or when its time is over; the rest of the task goes on."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Self

import anyio
from attrs import define, field

from hocket_io.concurrency.loops import is_on_asyncio, no_variables

__all__ = ["Part", "for_at_most"]


@define(eq=False)
class Part:
    """A context manager for a task of asyncio: what `asyncio.timeout` is, without a clock. It is left once.

    (What an `anyio.CancelScope` does under asyncio is known of each task that has one: 8 us, and 1 KiB until it is
    left. This is 2 us.)
    """

    is_cancelled: bool = field(default=False, init=False)
    _task: asyncio.Task[object] | None = field(default=None, init=False)
    _cancels: int = field(default=0, init=False)

    def __enter__(self) -> Self:
        task = asyncio.current_task()
        assert task is not None, "a Part is of a task of asyncio"
        self._task, self._cancels = task, task.cancelling()
        return self

    def cancel(self) -> None:
        """End the body, from another task or from the event loop; nothing if it is over."""
        if self._task is not None and not self.is_cancelled:
            self.is_cancelled = True
            self._task.cancel()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        task, self._task = self._task, None
        assert task is not None, "entered first"
        if not self.is_cancelled:
            return False
        is_no_other = task.uncancel() <= self._cancels
        return is_no_other and isinstance(error, asyncio.CancelledError)


@define(eq=False)
class _TimedPart(Part):
    """A Part that ends after so many seconds. Where nothing waits, no clock is set."""

    seconds: float
    _clock: asyncio.Handle | None = field(default=None, init=False)

    def __enter__(self) -> Self:
        self._clock = asyncio.get_running_loop().call_soon(self._set_clock, context=no_variables())
        return Part.__enter__(self)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if self._clock is not None:
            self._clock.cancel()
            self._clock = None
        return Part.__exit__(self, kind, error, trace)

    def _set_clock(self) -> None:
        self._clock = asyncio.get_running_loop().call_later(self.seconds, self.cancel, context=no_variables())


def for_at_most(seconds: float | None) -> Part | anyio.CancelScope:
    """What a body runs in that ends, quietly, after so many seconds, or once this is cancelled."""
    if not is_on_asyncio():
        return anyio.move_on_after(seconds)
    return Part() if seconds is None else _TimedPart(seconds)
