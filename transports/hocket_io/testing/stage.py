"""Stage: an event loop that moves only while somebody waits for it, in the thread of whoever does.

Between two calls nothing happens on it, so that what a test sees does not depend on how long it takes to look.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from contextvars import Context, copy_context
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeVar

from attrs import define, field

from hocket.errors import LocalProtocolError
from hocket_io.testing.clocks import LoopName, VirtualClock, VirtualLoop, enter_world, standard_time

if TYPE_CHECKING:
    import outcome
    import trio

__all__ = ["AsyncioStage", "Stage", "TrioStage", "virtual_stage"]

T = TypeVar("T")


class Stage(Protocol):
    """An event loop on demand. A context manager; leaving it cancels what still runs."""

    def run(self, function: Callable[..., Awaitable[T]], *args: Any) -> T:
        """Call an async function and let the loop run until it returns. What was begun before goes on meanwhile."""

    def begin(self, function: Callable[..., Awaitable[object]], *args: Any) -> None:
        """Start an async function, which goes on whenever the loop runs. It may raise nothing."""

    def __enter__(self) -> Self:
        """Make the loop."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End it."""


def virtual_stage(loop: LoopName, clock: VirtualClock) -> Stage:
    """A stage on a virtual clock.

    Args:
        loop: The event loop.
        clock: What its time is.
    """
    return AsyncioStage(clock) if loop == "asyncio" else TrioStage(clock)


@define(eq=False)
class AsyncioStage:
    """A stage under asyncio.

    Args:
        clock: What its time is; None for that of the computer.
    """

    clock: VirtualClock | None = None
    _runner: asyncio.Runner = field(init=False)
    _context: Context = field(factory=copy_context, init=False)
    _tasks: set[asyncio.Task[object]] = field(factory=set, init=False)
    _stack: ExitStack = field(factory=ExitStack, init=False)

    def __enter__(self) -> Self:
        _refuse_within_a_loop()
        clock = self.clock
        if clock is None:
            runner = asyncio.Runner()
        else:
            self._stack.enter_context(standard_time())
            self._context.run(enter_world, clock)
            runner = asyncio.Runner(loop_factory=lambda: VirtualLoop(clock))
        self._runner = self._stack.enter_context(runner)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.clock is not None:
            self.clock.runs_in(threading.get_ident())
        self._stack.close()

    def run(self, function: Callable[..., Awaitable[T]], *args: Any) -> T:
        """Call an async function and let the loop run until it returns."""
        if self.clock is not None:
            self.clock.runs_in(threading.get_ident())
        return self._runner.run(_called(function, args), context=self._context)

    def begin(self, function: Callable[..., Awaitable[object]], *args: Any) -> None:
        """Start an async function, which goes on whenever the loop runs."""
        task = self._runner.get_loop().create_task(_called(function, args), context=self._context)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


@define(eq=False)
class TrioStage:
    """A stage under trio, which runs here as the guest of a loop that is run by hand.

    Args:
        clock: What its time is.
    """

    clock: VirtualClock
    _ours: deque[Callable[[], object]] = field(factory=deque, init=False)
    _trios: queue.SimpleQueue[Callable[[], object]] = field(factory=queue.SimpleQueue, init=False)
    _context: Context = field(factory=copy_context, init=False)
    _stack: ExitStack = field(factory=ExitStack, init=False)
    _nursery: trio.Nursery | None = field(default=None, init=False)
    _ended: outcome.Outcome[None] | None = field(default=None, init=False)

    def __enter__(self) -> Self:
        import trio

        from hocket_io.testing.clocks.trio_clock import JumpingClock

        _refuse_within_a_loop()
        self._stack.enter_context(standard_time())
        self._context.run(enter_world, self.clock)
        jumping = JumpingClock(self.clock)
        self._context.run(
            partial(
                trio.lowlevel.start_guest_run,
                self._live,
                run_sync_soon_threadsafe=self._trios.put,
                done_callback=self._end,
                host_uses_signal_set_wakeup_fd=True,
                clock=jumping,
                instruments=[jumping],
            )
        )
        self._drive(lambda: self._nursery is not None)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.clock.end()
            if self._nursery is not None:
                self._ours.append(self._nursery.cancel_scope.cancel)
            self._drive(lambda: self._ended is not None)
        finally:
            self._stack.close()

    def run(self, function: Callable[..., Awaitable[T]], *args: Any) -> T:
        """Call an async function and let the loop run until it returns."""
        import outcome

        results: list[outcome.Outcome[T]] = []

        async def call() -> None:
            results.append(await outcome.acapture(_called, function, args))

        self.begin(call)
        self._drive(lambda: bool(results))
        return results.pop().unwrap()

    def begin(self, function: Callable[..., Awaitable[object]], *args: Any) -> None:
        """Start an async function, which goes on whenever the loop runs."""
        assert self._nursery is not None, "entered first"
        nursery = self._nursery
        self._ours.append(lambda: self._context.run(nursery.start_soon, function, *args))

    async def _live(self) -> None:
        import trio

        async with trio.open_nursery() as nursery:
            self._nursery = nursery
            await trio.sleep_forever()

    def _end(self, ended: outcome.Outcome[None]) -> None:
        self._ended = ended

    def _drive(self, is_enough: Callable[[], bool]) -> None:
        self.clock.runs_in(threading.get_ident())
        while not is_enough():
            if self._ended is not None:
                self._ended.unwrap()
                raise RuntimeError("trio has ended before its time")
            call = self._ours.popleft() if self._ours else self._trios.get()  # else a jump might come in between
            call()


async def _called(function: Callable[..., Awaitable[T]], args: tuple[Any, ...]) -> T:
    return await function(*args)


def _refuse_within_a_loop() -> None:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    raise LocalProtocolError("a probe waits, and would hold up the event loop that runs here: use it in plain code")
