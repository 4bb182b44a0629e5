"""A task of its own for something that is entered once and left when the event loop ends."""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import TypeVar

import anyio

from hocket_io.concurrency.loops import is_on_asyncio

__all__ = ["in_background"]

T = TypeVar("T")

_tasks: set[asyncio.Task[None]] = set()


async def in_background(manager: AbstractAsyncContextManager[T]) -> T:
    """Enter an async context manager in a task of its own; the task leaves it when the event loop ends.

    For where nobody keeps a task group for us: an ASGI application whose server has no lifespan.

    Returns:
        What entering it gave.

    Raises:
        Exception: What entering it raised.
    """
    outcome: list[T | Exception] = []
    is_entered = anyio.Event()

    async def live() -> None:
        async with AsyncExitStack() as stack:
            try:
                outcome.append(await stack.enter_async_context(manager))
            except Exception as error:  # noqa: BLE001  -- raised below, where somebody can see it
                outcome.append(error)
                return
            finally:
                is_entered.set()
            await anyio.sleep_forever()

    if is_on_asyncio():
        task = asyncio.get_running_loop().create_task(live())
        _tasks.add(task)  # the loop itself holds only a weak reference
        task.add_done_callback(_tasks.discard)
    else:
        import trio

        trio.lowlevel.spawn_system_task(live)
    await is_entered.wait()
    if isinstance(outcome[0], Exception):
        raise outcome[0]
    return outcome[0]
