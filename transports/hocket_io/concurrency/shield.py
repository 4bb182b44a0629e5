"""Shield: what must not be left half done is done, and whoever is cancelled meanwhile learns of it afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import anyio

__all__ = ["shielded"]

T = TypeVar("T")


async def shielded(work: Callable[[], Awaitable[T]]) -> T:
    """Await `work()` to its end. A cancellation that comes meanwhile arrives at the caller's next wait.

    The shields of anyio hold against its own scopes, under asyncio too; asyncio's `task.cancel()` passes them, and so
    do `asyncio.timeout` and `asyncio.wait_for`. There the work is done in a task of its own, which only we know of.

    Args:
        work: Starts what is to be done. It should have an end of its own: nobody can give it one.

    Raises:
        BaseException: The work raised it.
    """
    results: list[T] = []

    async def run() -> None:
        results.append(await work())

    caller = _asyncio_task()
    with anyio.CancelScope(shield=True):
        await (run() if caller is None else _unharmed(asyncio.ensure_future(run()), caller))
    return results[0]


async def _unharmed(work: asyncio.Task[None], caller: asyncio.Task[Any]) -> None:
    """Wait for the end of a task, however often the caller's is cancelled meanwhile."""
    was_cancelled = False
    while not work.done():
        try:
            await asyncio.wait([work])
        except asyncio.CancelledError:
            was_cancelled = True
    if was_cancelled:
        caller.uncancel()  # one request less and one more: who counts them, as asyncio.timeout does, counts as many
        caller.cancel()
    work.result()


def _asyncio_task() -> asyncio.Task[Any] | None:
    """The task that we run in, if it is one of asyncio's."""
    try:
        return asyncio.current_task()
    except RuntimeError:
        return None
