"""LoopThread: an event loop in a thread of its own, for threads that wait for what is done there."""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import CancelledError
from contextlib import suppress
from typing import Any, Generic, ParamSpec, TypeVar

from anyio import CancelScope, Event
from anyio.from_thread import BlockingPortal
from attrs import define, field

from hocket.errors import ConnectionFailed, LocalProtocolError

__all__ = ["LoopThread"]

P = ParamSpec("P")
T = TypeVar("T")

_CLOSED = "the client was closed"


@define(eq=False)
class _Work(Generic[T]):
    """Something that is done on the event loop, and can be stopped at any moment, before it has begun too."""

    _function: Callable[[], Awaitable[T]]
    is_over: bool = field(default=False, init=False)
    _is_stopped: bool = field(default=False, init=False)
    _scope: CancelScope | None = field(default=None, init=False)
    _end: Event | None = field(default=None, init=False)

    async def run(self) -> T:
        """Do it."""
        self._end = Event()
        try:
            with CancelScope() as self._scope:
                if not self._is_stopped:
                    return await self._function()
            raise CancelledError  # which nobody waits for
        finally:
            self.is_over = True
            self._end.set()

    async def stop(self) -> None:
        """Wait until it has ended, or see to it that it does not begin."""
        self._is_stopped = True
        if self._scope is not None and self._end is not None:
            self._scope.cancel()
            await self._end.wait()


@define(eq=False, repr=False)
class LoopThread:
    """The thread with the event loop of a client.

    Args:
        portal: The way into it.
    """

    portal: BlockingPortal
    _thread: int = field(init=False)
    _is_over: bool = field(default=False, init=False)
    _guard: threading.Lock = field(factory=threading.Lock, init=False)

    def __attrs_post_init__(self) -> None:
        self._thread = self.portal.call(threading.get_ident)

    def call(self, function: Callable[P, Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a coroutine function there. An interrupt (Ctrl-C) ends it there as well.

        Raises:
            ConnectionFailed: The loop has ended.
            LocalProtocolError: This is its thread.
        """

        async def whole() -> T:
            return await function(*args, **kwargs)

        if threading.get_ident() == self._thread:
            raise LocalProtocolError("nobody can wait here, on the event loop of the client (in `progress`, say)")
        work = _Work(whole)
        try:
            with self._guard:
                if self._is_over:
                    raise ConnectionFailed(_CLOSED)
                future = self.portal.start_task_soon(work.run)
            return future.result()
        except CancelledError:
            raise ConnectionFailed(_CLOSED) from None  # by the end of the loop
        except BaseException:
            self._stop(work)
            raise

    def look(self, function: Callable[[], T]) -> T:
        """Call a function there that does not wait; here, where nothing can happen there meanwhile."""

        async def work() -> T:
            return function()

        if self._is_over or threading.get_ident() == self._thread:
            return function()
        return self.call(work)

    def end(self) -> None:
        """The loop is about to end: nothing more is begun there."""
        with self._guard:
            self._is_over = True

    def next(self, function: Callable[[], Awaitable[T]]) -> T:
        """The next value of an async iterator, from its `__anext__`.

        Raises:
            StopIteration: There is none; and whatever `call` raises.
        """
        try:
            return self.call(function)
        except StopAsyncIteration:
            raise StopIteration from None

    def _stop(self, work: _Work[Any]) -> None:
        """Come back when nothing of it goes on: an interrupt comes at any moment, also while it begins there."""
        if not work.is_over:
            with suppress(RuntimeError, CancelledError):  # the loop has ended, and it with the loop
                self.portal.call(work.stop)
