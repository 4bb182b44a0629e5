"""Blocking code on an event loop: a generator that runs in a worker thread, read from a task."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import AsyncIterator, Callable, Generator
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import anyio
from attrs import define, field

from hocket_io.groups import scratch_group

__all__ = ["ThreadedIteration", "call_in_daemon", "iterate_in_thread", "loop_caller"]

T = TypeVar("T")

_AHEAD = 1_024
"""Values that a generator may be ahead of its reader; then its thread waits."""


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


async def call_in_daemon(function: Callable[[], T]) -> T:
    """Call a blocking function in a thread that the end of the process does not wait for.

    For what may block for ever, such as reading a terminal: an ordinary worker thread would keep the process alive
    until the read returns. When the caller is cancelled, the result is dropped.

    Raises:
        OSError: The function raised it; it should raise nothing else.
    """
    results: list[T | OSError] = []
    is_done = anyio.Event()
    call_on_loop = loop_caller()

    def work() -> None:
        try:
            results.append(function())
        except OSError as error:
            results.append(error)
        try:
            call_on_loop(is_done.set)
        except RuntimeError:
            pass  # the loop is gone, and with it whoever would have wanted the result

    threading.Thread(target=work, name="hocket blocking call", daemon=True).start()
    await is_done.wait()
    if isinstance(results[0], OSError):
        raise results[0]
    return results[0]


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
        await anyio.to_thread.run_sync(iteration.work, abandon_on_cancel=True, limiter=threads)

    async with scratch_group() as group:
        group.start_soon(run)
        try:
            yield iteration
        finally:
            iteration.stop()
