"""LinkBell: what one task sleeps by until somebody rings, or until its time has come. It costs next to nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Generator

import anyio
from attrs import define, field

from hocket_io.concurrency.loops import is_on_asyncio, no_variables

__all__ = ["LinkBell"]


class _Now:
    """An awaitable that waits for nothing."""

    def __await__(self) -> Generator[None, None, None]:
        yield from ()


_NOW = _Now()


@define(eq=False)
class LinkBell:
    """A bell for one sleeper. It remembers that it was rung while nobody slept: the next sleep is over at once.

    A stream sleeps once for every event that comes alone, and a silent one is nothing but a sleep. So under asyncio a
    sleep is a bare future, and the timer of the sleep before goes on: when it comes too early, since the sleeper wants
    to sleep longer by then, it is set anew. (A cancel scope, an event and a timer for each sleep were 2 KiB of a silent
    stream, and 15 us of an event that comes alone.)
    """

    _is_rung: bool = field(default=False, init=False)
    _sleeper: asyncio.Future[None] | anyio.Event | None = field(default=None, init=False)
    _until: float = field(default=float("inf"), init=False)
    _timer: asyncio.TimerHandle | None = field(default=None, init=False)
    _loop: asyncio.AbstractEventLoop | None = field(default=None, init=False)

    def ring(self) -> None:
        """Wake whoever sleeps, or wants to sleep next."""
        sleeper, self._sleeper = self._sleeper, None
        if sleeper is None:
            self._is_rung = True
        elif isinstance(sleeper, anyio.Event):
            sleeper.set()
        elif not sleeper.done():
            sleeper.set_result(None)
        else:  # it was cancelled, and has not run since
            self._is_rung = True

    def sleep(self, seconds: float | None) -> Awaitable[None]:
        """Sleep until the next ring, but at most for so many seconds; None for no end. Await it at once."""
        if self._is_rung:
            self._is_rung = False
            return _NOW
        loop = self._loop
        if loop is None:
            if not is_on_asyncio():
                return self._sleep(seconds)
            loop = self._loop = asyncio.get_running_loop()
        sleeper = self._sleeper = loop.create_future()
        self._until = float("inf") if seconds is None else loop.time() + seconds
        if self._timer is None or self._timer.when() > self._until:
            self._set_timer(loop)
        return sleeper

    def close(self) -> None:
        """Nobody will sleep any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _set_timer(self, loop: asyncio.AbstractEventLoop) -> None:
        self.close()
        if self._until != float("inf"):
            self._timer = loop.call_at(self._until, self._time_has_come, loop, context=no_variables())

    def _time_has_come(self, loop: asyncio.AbstractEventLoop) -> None:
        self._timer = None
        sleeper = self._sleeper
        if sleeper is None or isinstance(sleeper, anyio.Event) or sleeper.done():
            return  # the next sleep sets its own
        if loop.time() < self._until:
            self._set_timer(loop)
        else:
            self._sleeper = None
            sleeper.set_result(None)

    async def _sleep(self, seconds: float | None) -> None:
        """Sleep on an event loop that is not asyncio's."""
        event = self._sleeper = anyio.Event()
        try:
            with anyio.move_on_after(float("inf") if seconds is None else max(0.0, seconds)):
                await event.wait()
        finally:
            if self._sleeper is event:
                self._sleeper = None
