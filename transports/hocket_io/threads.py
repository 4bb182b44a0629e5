"""Blocking code on an event loop: a generator that runs in a worker thread, read from a task."""

from __future__ import annotations

import asyncio
import atexit
import sys
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Generator
from contextlib import asynccontextmanager
from contextvars import Context, copy_context
from typing import Any, TypeVar

import anyio
from attrs import define, field

from hocket_io.groups import scratch_group

__all__ = ["ThreadedIteration", "call_in_daemon", "iterate_in_thread", "loop_caller"]

T = TypeVar("T")

_AHEAD = 1_024
"""Values that a generator may be ahead of its reader; then its thread waits."""
_FAREWELL = 2.0
"""Seconds that generators in threads get to close once the process wants to end."""

_at_work: dict[threading.Thread, None] = {}


def loop_caller() -> Callable[[Callable[[], object]], None]:
    """A function that runs a callable soon on the current event loop, callable from any thread."""
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        import trio

        return trio.lowlevel.current_trio_token().run_sync_soon

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

    threading.Thread(target=work, name="hocket blocking call", daemon=True).start()
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


def _say_farewell() -> None:
    """Let generators that were told to stop close, as long as it does not take long."""
    ends = time.monotonic() + _FAREWELL
    for thread in list(_at_work):
        thread.join(max(0.0, ends - time.monotonic()))


atexit.register(_say_farewell)


@define(eq=False)
class ThreadedIteration:
    """The values of a generator that runs in a worker thread, as an async iterator of lists.

    What is ready is given at once and together. The thread never polls and the reader never blocks it, unless it
    falls `_AHEAD` values behind.
    """

    values: Generator[Any, None, Any]
    limit: int
    call_on_loop: Callable[[Callable[[], object]], None]
    returned: Any = field(default=None, init=False)
    _ready: deque[Any] = field(factory=deque, init=False)
    _bell: anyio.Event = field(factory=anyio.Event, init=False)
    _is_rung: bool = field(default=False, init=False)
    _room: threading.Semaphore = field(factory=lambda: threading.Semaphore(_AHEAD), init=False)
    _is_stopped: bool = field(default=False, init=False)
    _is_done: bool = field(default=False, init=False)
    _error: BaseException | None = field(default=None, init=False)

    def work(self) -> None:
        """What the thread does: run the generator until it ends, raises, or nobody reads any more."""
        _at_work[threading.current_thread()] = None
        try:
            while True:
                try:
                    value = next(self.values)
                except StopIteration as stop:
                    self.returned = stop.value
                    return
                self._room.acquire()
                if self._is_stopped:
                    return
                self._ready.append(value)
                self._ring()
        except BaseException as error:  # noqa: BLE001  -- kept for the reader, which raises it
            self._error = error
        finally:
            try:
                self.values.close()
            except BaseException as error:  # noqa: BLE001  -- kept for the reader, which raises it
                self._error = error if self._error is None else self._error
            self._is_done = True
            self._ring()
            del _at_work[threading.current_thread()]

    def stop(self) -> None:
        """Nobody reads any more: the generator is closed when it next yields."""
        self._is_stopped = True
        self._room.release()

    def __aiter__(self) -> ThreadedIteration:
        return self

    async def __anext__(self) -> list[Any]:
        while True:
            self._is_rung = False
            is_done = self._is_done
            batch = [self._ready.popleft() for _ in range(min(len(self._ready), self.limit))]
            if batch:
                self._room.release(len(batch))
                return batch
            if is_done:
                if self._error is not None:
                    raise self._error
                raise StopAsyncIteration
            await self._bell.wait()
            self._bell = anyio.Event()

    def _ring(self) -> None:
        if not self._is_rung:
            self._is_rung = True
            try:
                self.call_on_loop(lambda: self._bell.set())
            except RuntimeError:  # the loop is gone, and with it whoever would have read
                self._is_stopped = True


@asynccontextmanager
async def iterate_in_thread(
    values: Generator[Any, None, Any], limit: int, threads: anyio.CapacityLimiter | None = None
) -> AsyncIterator[ThreadedIteration]:
    """Run a generator in a worker thread and read it from this task.

    Args:
        values: The generator. It is closed in the same thread that runs it.
        limit: Values in one list, at the most.
        threads: Limits how many threads there are.
    """
    iteration = ThreadedIteration(values, limit, loop_caller())

    async def run() -> None:
        await call_in_daemon(iteration.work, threads)

    async with scratch_group() as group:
        group.start_soon(run)
        try:
            yield iteration
        finally:
            iteration.stop()
