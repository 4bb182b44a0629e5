"""A task of its own for something that is entered once and left when the event loop ends."""

from __future__ import annotations

import asyncio
from typing import Any, TypeVar

import anyio

__all__ = ["in_background"]

T = TypeVar("T")

_tasks: set[asyncio.Task[None]] = set()


async def in_background(manager: Any) -> Any:
    """Enter an async context manager in a task of its own and return it; the task ends with the event loop.

    For where nobody keeps a task group for us: an ASGI application whose server has no lifespan.
    """
    is_entered = anyio.Event()

    async def live() -> None:
        async with manager:
            is_entered.set()
            await anyio.sleep_forever()

    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        import trio

        trio.lowlevel.spawn_system_task(live)
    else:
        task = loop.create_task(live())
        _tasks.add(task)  # the loop itself holds only a weak reference
        task.add_done_callback(_tasks.discard)
    await is_entered.wait()
    return manager
