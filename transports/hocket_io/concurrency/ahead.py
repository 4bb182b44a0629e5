"""Ahead: await something, and do one thing first if it turns out that it has to wait."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator
from functools import partial
from typing import Any, Generic, TypeVar

from attrs import define

__all__ = ["Ahead"]

T = TypeVar("T")


@define(eq=False)
class Ahead(Generic[T]):
    """An awaitable that calls `before_waiting` if, and just before, `awaitable` suspends its task.

    An event loop cannot be asked whether the next value of an async generator is ready. Stepping it by hand can:
    values that are ready can so be collected, and are handed on before the task goes to sleep.
    """

    awaitable: Awaitable[T]
    before_waiting: Callable[[], None]

    def __await__(self) -> Generator[Any, Any, T]:
        steps = self.awaitable.__await__()
        try:
            wish = next(steps)
        except StopIteration as stop:
            result: T = stop.value
            return result
        self.before_waiting()
        return (yield from _rest(steps, wish))


def _rest(steps: Generator[Any, Any, T], wish: Any) -> Generator[Any, Any, T]:
    """What `yield from steps` does after its first step."""
    while True:
        try:
            reply = yield wish
        except GeneratorExit:
            steps.close()
            raise
        except BaseException as error:  # noqa: BLE001  -- a cancellation, on its way into the awaitable
            step = partial(steps.throw, error)
        else:
            step = partial(steps.send, reply)
        try:
            wish = step()
        except StopIteration as stop:
            result: T = stop.value
            return result
