"""Ahead: await something, and do one thing each time before it waits."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator
from functools import partial
from typing import Any, Generic, TypeVar

from attrs import define

__all__ = ["Ahead"]

T = TypeVar("T")


@define(eq=False)
class Ahead(Generic[T]):
    """An awaitable that calls `before_waiting` each time just before `awaitable` suspends its task.

    An event loop cannot be asked whether the next value of an async generator is ready. Stepping a coroutine by hand
    can: it may collect values that are ready, and they are handed on before the task goes to sleep.

    Args:
        awaitable: What is awaited.
        before_waiting: Must not raise: the task has told others by then that it is about to sleep.
    """

    awaitable: Awaitable[T]
    before_waiting: Callable[[], None]

    def __await__(self) -> Generator[Any, Any, T]:
        """What `yield from` does, with a word before each `yield`."""
        steps = self.awaitable.__await__()
        step = partial(next, steps)
        while True:
            try:
                wish = step()
            except StopIteration as stop:
                result: T = stop.value
                return result
            self.before_waiting()
            try:
                reply = yield wish
            except GeneratorExit:
                steps.close()
                raise
            except BaseException as error:  # noqa: BLE001  -- a cancellation, on its way into the awaitable
                step = partial(steps.throw, error)
            else:
                step = partial(steps.send, reply)
