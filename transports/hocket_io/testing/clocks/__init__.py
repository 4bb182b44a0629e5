"""Event loops whose clock jumps: an hour of waiting takes no time, and the same thing happens each time.

Time passes at once when nothing is ready on the loop and no thread of an agent is at work. While something outside is
waited for, a socket or a child process, it passes as it really does.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from contextvars import copy_context
from typing import Any, Literal, TypeAlias, TypeVar

from hocket_io.extras import needs

with needs("http", "virtual time"):
    from hocket_io.testing.clocks.asyncio_loop import VirtualLoop, VirtualSelector
    from hocket_io.testing.clocks.clock import VirtualClock, WorldEnded
    from hocket_io.testing.clocks.standard import enter_world, standard_time, time_in

__all__ = [
    "LoopName",
    "VirtualClock",
    "VirtualLoop",
    "VirtualSelector",
    "WorldEnded",
    "enter_world",
    "run_virtually",
    "standard_time",
    "time_in",
]

T = TypeVar("T")

LoopName: TypeAlias = Literal["asyncio", "trio"]


def run_virtually(
    function: Callable[..., Awaitable[T]],
    *args: Any,
    backend: LoopName = "asyncio",
    clock: VirtualClock | None = None,
) -> T:
    """Run an async function on a virtual clock, which `time.time`, `time.sleep` and the like show in it, too.

    Args:
        function: What is run.
        *args: What it is given.
        backend: The event loop.
        clock: The clock, which is over afterwards; by default a new one.

    Raises:
        BaseException: The function raised it.

    >>> async def slow(word):
    ...     await asyncio.sleep(3600)
    ...     return word
    >>> run_virtually(slow, "an hour later")
    'an hour later'
    """
    clock = VirtualClock() if clock is None else clock
    context = copy_context()
    context.run(enter_world, clock)
    with standard_time():
        try:
            run = _run_asyncio if backend == "asyncio" else _run_trio
            return context.run(run, clock, function, args)
        finally:
            clock.end()


def _run_asyncio(clock: VirtualClock, function: Callable[..., Awaitable[T]], args: tuple[Any, ...]) -> T:
    clock.runs_in(threading.get_ident())

    async def call() -> T:
        return await function(*args)

    with asyncio.Runner(loop_factory=lambda: VirtualLoop(clock)) as runner:
        return runner.run(call())


def _run_trio(clock: VirtualClock, function: Callable[..., Awaitable[T]], args: tuple[Any, ...]) -> T:
    with needs("trio", "virtual time under trio"):
        import trio

        from hocket_io.testing.clocks.trio_clock import JumpingClock

    clock.runs_in(threading.get_ident())
    jumping = JumpingClock(clock)
    return trio.run(function, *args, clock=jumping, instruments=[jumping])
