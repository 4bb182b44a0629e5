"""Outgoing: what several tasks write to one peer, written by a task of its own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import anyio
from attrs import define, field

from hocket.errors import ConnectionFailed

__all__ = ["Outgoing"]


@define(eq=False, repr=False)
class Outgoing:
    """Bytes on their way out, in the order in which they were given; `run` writes them.

    A task that is cancelled cannot cut a message in two, and a task that reads need not wait for one that writes.
    What has gathered while a write was under way goes out in one write.

    Args:
        write: Writes bytes; raises ConnectionFailed where nobody reads them any more.
    """

    write: Callable[[bytes], Awaitable[None]]
    held: int = field(default=0, init=False)
    """Bytes that were given and are not written yet."""
    given: int = field(default=0, init=False)
    """Pieces that were given, so far."""
    written: int = field(default=0, init=False)
    """Pieces that were written, so far."""
    _pieces: list[bytes] = field(factory=list, init=False)
    _more: anyio.Event = field(factory=anyio.Event, init=False)
    _progress: anyio.Event = field(factory=anyio.Event, init=False)
    _failure: str | None = field(default=None, init=False)

    async def run(self) -> None:
        """Write what is given, until it is cancelled or a write fails. Whatever is given afterwards fails too."""
        try:
            while True:
                await self._more.wait()
                self._more = anyio.Event()
                pieces, self._pieces = self._pieces, []
                data = b"".join(pieces)
                await self.write(data)
                self.written += len(pieces)
                self.held -= len(data)
                self._tell()
        except ConnectionFailed as error:
            self.fail(str(error))
        finally:
            self.fail("nothing is written any more: the connection was closed")  # nobody should wait for it

    def fail(self, reason: str) -> None:
        """Nothing more can be written. The first reason counts."""
        if self._failure is None:
            self._failure = reason
            self._tell()

    def give(self, data: bytes) -> None:
        """Give bytes to write and wait for nothing. Watch `held` where a peer decides how many there are."""
        if data and self._failure is None:
            self._pieces.append(data)
            self.given += 1
            self.held += len(data)
            self._more.set()

    async def flush(self) -> None:
        """Wait until everything that was given before is written.

        Raises:
            ConnectionFailed: It cannot be written.
        """
        upto = self.given
        while True:
            if self._failure is not None:
                raise ConnectionFailed(self._failure)
            if self.written >= upto:
                return
            await self._progress.wait()

    def _tell(self) -> None:
        self._progress.set()
        self._progress = anyio.Event()
