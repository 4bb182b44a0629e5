"""Presence: an answer is written for as long as there is somebody to read it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from types import TracebackType

from attrs import define, field

from hocket_io.concurrency.groups import scratch_group
from hocket_io.concurrency.loops import is_on_asyncio
from hocket_io.concurrency.part import Part
from hocket_io.http.scopes import Receive

__all__ = ["while_present"]


def while_present(receive: Receive) -> AbstractAsyncContextManager[object]:
    """What an answer is written in: its body ends early, and quietly, once the client is gone.

    Args:
        receive: Of ASGI. Once a request is complete, nothing comes from it but the news that the client is gone.
    """
    return _Watched(receive) if is_on_asyncio() else _watched(receive)


@asynccontextmanager
async def _watched(receive: Receive) -> AsyncIterator[None]:
    """`while_present` on any event loop."""

    async def watch() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        group.cancel_scope.cancel()

    async with scratch_group() as group:
        group.start_soon(watch)
        yield


@define(eq=False)
class _Watched(Part):
    """`while_present` under asyncio: one bare task watches, and cancels the part of the one that writes.

    (A task group with a watcher in it is three cancel scopes, two of them for nothing: 4 KiB for each silent stream.)
    """

    receive: Receive
    _beginning: asyncio.Handle | None = field(default=None, init=False)
    _watcher: asyncio.Task[None] | None = field(default=None, init=False)

    async def __aenter__(self) -> None:
        self.__enter__()
        self._beginning = asyncio.get_running_loop().call_soon(self._begin)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        is_only_ours = self.__exit__(kind, error, trace)
        watcher, self._watcher = self._watcher, None  # it has us: a cycle would wait for the garbage collector
        if self._beginning is not None:  # nothing was waited for, not even this
            self._beginning.cancel()
        elif watcher is not None and self.is_cancelled:
            watcher.result()  # what `receive` has raised, if that was the end of it
        elif watcher is not None:
            watcher.cancel()
        return is_only_ours

    def _begin(self) -> None:
        """Watch from the next turn of the event loop on: what is there at once is written first."""
        self._beginning = None
        self._watcher = asyncio.get_running_loop().create_task(self._watch())

    async def _watch(self) -> None:
        try:
            while (await self.receive())["type"] != "http.disconnect":
                pass
        finally:  # the client is gone, or the server has failed to say
            self.cancel()
