"""Blocking code on an event loop: a generator that runs in a worker thread, read from a task."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import AsyncIterator, Callable, Generator
from contextlib import asynccontextmanager
from typing import Any

import anyio
from attrs import define, field

__all__ = ["ThreadedIteration", "iterate_in_thread", "loop_caller"]

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
        except Exception as error:  # noqa: BLE001  -- kept for the reader, which raises it
            self._error = error
        finally:
            try:
                self.values.close()
            except Exception as error:  # noqa: BLE001  -- kept for the reader, which raises it
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

    failure: Exception | None = None
    async with anyio.create_task_group() as group:
        group.start_soon(run)
        try:
            yield iteration
        except Exception as error:  # noqa: BLE001  -- raised below, where no group wraps it
            failure = error
        finally:
            iteration.stop()
            group.cancel_scope.cancel()
    if failure is not None:
        raise failure
