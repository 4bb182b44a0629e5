"""Crowd: tasks of one kind that come and go, many at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import anyio.abc
from attrs import define, field

from hocket_io.concurrency.loops import is_on_asyncio
from hocket_io.concurrency.shield import shielded

__all__ = ["Crowd"]


@define(eq=False)
class Crowd:
    """Tasks that end by themselves, once they are told to: a cancellation of the group does not reach them.

    Under asyncio they are bare tasks; each start in a task group was 2 KiB more for as long as it ran, and 20 us.

    Args:
        group: What fails if one of them does. On other event loops it has the tasks.
    """

    group: anyio.abc.TaskGroup
    _tasks: dict[asyncio.Task[None], None] = field(factory=dict, init=False)

    def start(self, work: Callable[..., Coroutine[Any, Any, None]], *args: Any) -> None:
        """Start one more."""
        if not is_on_asyncio():
            self.group.start_soon(work, *args)
            return
        task = asyncio.get_running_loop().create_task(work(*args), name=work.__qualname__)
        self._tasks[task] = None
        task.add_done_callback(self._ended)

    async def ended(self) -> None:
        """Wait until none is left, however often whoever waits is cancelled meanwhile."""
        if self._tasks:
            await shielded(self._all_ended)

    async def _all_ended(self) -> None:
        while self._tasks:
            await asyncio.wait(self._tasks)

    def _ended(self, task: asyncio.Task[None]) -> None:
        del self._tasks[task]
        if task.cancelled():
            return
        match task.exception():
            case KeyboardInterrupt() | SystemExit():  # asyncio has raised it where the event loop is run
                self.group.cancel_scope.cancel()
            case BaseException() as error:  # groups of those, too: asyncio does not look into them
                self.group.start_soon(_fail, error)


async def _fail(error: BaseException) -> None:
    raise error
