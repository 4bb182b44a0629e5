"""Blocking code on an event loop: a generator that runs in a worker thread, read from a task."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections import deque
from collections.abc import AsyncIterator, Callable, Generator
from contextlib import asynccontextmanager
from contextvars import Context, ContextVar, copy_context
from functools import partial
from typing import Any, Protocol, TypeVar

import anyio
from attrs import define, field

from hocket_io.concurrency.groups import scratch_group
from hocket_io.concurrency.loops import is_on_asyncio
from hocket_io.runner.pausing import PausingGenerator

__all__ = ["WATCH", "ThreadWatch", "ThreadedIteration", "call_in_daemon", "iterate_in_thread", "loop_caller"]

T = TypeVar("T")

_AHEAD = 1_024
"""Values that a generator may be ahead of its reader; then its thread waits."""
_CLEANUP = 10.0
"""Seconds that a generator may take to clean up where it is closed at a pause."""


class ThreadWatch(Protocol):
    """Who wants to know when threads are at work: a clock, say, that jumps only while none is."""

    def entered(self) -> None:
        """A thread is about to begin."""

    def left(self) -> None:
        """It has told the event loop how it ended."""


WATCH: ContextVar[ThreadWatch | None] = ContextVar("hocket thread watch", default=None)
"""Who is told of the threads that the current context starts."""


def loop_caller() -> Callable[[Callable[[], object]], None]:
    """A function that runs a callable soon on the current event loop, callable from any thread."""
    if not is_on_asyncio():
        import trio

        return trio.lowlevel.current_trio_token().run_sync_soon
    loop = asyncio.get_running_loop()

    def call_soon(call: Callable[[], object]) -> None:
        loop.call_soon_threadsafe(call)

    return call_soon


async def call_in_daemon(function: Callable[[], T], threads: anyio.CapacityLimiter | None = None) -> T:
    """Call a blocking function in a thread that the end of the process does not wait for.

    For what may block for long, such as reading a terminal or somebody's agent: an ordinary worker thread would keep
    the process alive until the function returns, whatever Ctrl-C says. When the caller is cancelled, the result is
    dropped. The function sees the context variables of its caller.

    Args:
        function: What is called.
        threads: Limits how many threads there are; one that was left behind counts until it ends.

    Raises:
        BaseException: The function raised it.
    """
    results: list[T] = []
    errors: list[BaseException] = []
    is_done = anyio.Event()
    call_on_loop = loop_caller()
    context = _thread_context()
    watch = WATCH.get()
    if threads is not None:
        await threads.acquire_on_behalf_of(is_done)

    def finish() -> None:
        if threads is not None:
            threads.release_on_behalf_of(is_done)
        is_done.set()

    def work() -> None:
        try:
            results.append(context.run(function))
        except BaseException as error:  # noqa: BLE001  -- kept for the caller, who raises it
            errors.append(error)
        try:
            call_on_loop(finish)
        except RuntimeError:
            pass  # the loop is gone, and with it whoever would have wanted the result
        if watch is not None:
            watch.left()

    if watch is not None:
        watch.entered()
    try:
        threading.Thread(target=work, name="hocket blocking call", daemon=True).start()
    except RuntimeError:  # the system has no room for it
        if watch is not None:
            watch.left()
        raise
    await is_done.wait()
    if errors:
        raise errors.pop()  # out of the list, which its traceback leads to
    return results[0]


def _thread_context() -> Context:
    """The caller's context variables, for a thread in which no event loop runs."""
    context = copy_context()
    if (sniffio := sys.modules.get("sniffio")) is not None:  # it keeps the name of the loop in one of them
        context.run(sniffio.current_async_library_cvar.set, None)
    return context


@define(eq=False)
class ThreadedIteration:
    """The values of a generator that runs in worker threads, as an async iterator of lists.

    What is ready is given at once and together. The thread never polls and the reader never blocks it, unless it
    falls `_AHEAD` values behind. A value at which the generator pauses is the last of its list; `resume` goes on.
    """

    limit: int
    call_on_loop: Callable[[Callable[[], object]], None]
    _start: Callable[[Callable[[], None]], None]
    source: PausingGenerator = field(init=False)
    _ready: deque[Any] = field(factory=deque, init=False)
    _bell: anyio.Event = field(factory=anyio.Event, init=False)
    _is_rung: bool = field(default=False, init=False)
    _has_room: threading.Event = field(factory=threading.Event, init=False)
    _is_stopped: bool = field(default=False, init=False)
    _is_done: bool = field(default=False, init=False)

    @classmethod
    def of(
        cls,
        values: Generator[Any, Any, Any],
        limit: int,
        call_on_loop: Callable[[Callable[[], object]], None],
        start: Callable[[Callable[[], None]], None],
        pauses: type | tuple[()] = (),
    ) -> ThreadedIteration:
        """The values of a generator that has not begun.

        Args:
            values: The generator.
            limit: Values in one list, at the most.
            call_on_loop: Runs a callable soon on the reader's event loop.
            start: Runs a callable in a thread.
            pauses: The class of the values at which it pauses; () for none.
        """
        iteration = cls(limit, call_on_loop, start)
        iteration.source = PausingGenerator(values, _thread_context(), pauses, iteration.put, iteration._end)
        return iteration

    @property
    def returned(self) -> Any:
        """What the generator returned."""
        return self.source.returned

    def resume(self, sent: Any = None) -> None:
        """Run the generator in a thread, from its beginning or from where it pauses, which is worth `sent`."""
        self._start(partial(self.source.work, sent))

    def put(self, value: Any) -> bool:
        """In the thread: have the reader take a value. Waits while the reader is far behind; False if it is gone."""
        if len(self._ready) >= _AHEAD:
            self._wait_for_room()
        if self._is_stopped:
            return False
        self._ready.append(value)
        if not self._is_rung:
            self._ring()
        return True

    def stop(self) -> bool:
        """Nobody reads any more: its thread closes the generator. True if that is at rest, and so has none."""
        self._is_stopped = True
        self._has_room.set()
        return self.source.stop()

    def __aiter__(self) -> ThreadedIteration:
        return self

    async def __anext__(self) -> list[Any]:
        while True:
            self._is_rung = False
            is_done = self._is_done
            batch = [self._ready.popleft() for _ in range(min(len(self._ready), self.limit))]
            if batch:
                self._has_room.set()
                return batch
            if is_done:
                if self.source.error is not None:
                    raise self.source.error
                raise StopAsyncIteration
            await self._bell.wait()
            self._bell = anyio.Event()

    def _end(self) -> None:
        self._is_done = True
        if not self._is_rung:
            self._ring()

    def _wait_for_room(self) -> None:
        while len(self._ready) >= _AHEAD and not self._is_stopped:
            self._has_room.clear()
            if len(self._ready) >= _AHEAD and not self._is_stopped:  # still: whoever makes room from here on says so
                self._has_room.wait()

    def _ring(self) -> None:
        self._is_rung = True
        try:
            self.call_on_loop(lambda: self._bell.set())
        except RuntimeError:  # the loop is gone, and with it whoever would have read
            self._is_stopped = True


@asynccontextmanager
async def iterate_in_thread(
    values: Generator[Any, Any, Any],
    limit: int,
    threads: anyio.CapacityLimiter | None = None,
    pauses: type | tuple[()] = (),
) -> AsyncIterator[ThreadedIteration]:
    """Run a generator in a worker thread and read it from this task.

    Args:
        values: The generator. It is closed in the thread that runs it.
        limit: Values in one list, at the most.
        threads: Limits how many threads there are.
        pauses: The class of the values at which the generator pauses, and needs no thread until it is resumed.

    Raises:
        BaseException: The generator raised it, or did while it was closed at a pause.
    """
    async with scratch_group() as group:

        def start(work: Callable[[], None]) -> None:
            group.start_soon(call_in_daemon, work, threads)

        iteration = ThreadedIteration.of(values, limit, loop_caller(), start, pauses)
        iteration.resume()
        try:
            yield iteration
        finally:
            if iteration.stop():
                await _close_in_thread(iteration.source)


async def _close_in_thread(source: PausingGenerator) -> None:
    """Close a generator where it pauses, which may take its time, but not for ever."""
    with anyio.move_on_after(_CLEANUP, shield=True):
        await call_in_daemon(source.close)
        if source.error is not None:
            raise source.error
