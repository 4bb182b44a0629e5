"""Readiness: a thread that waits for a pipe, until the pipe is ready or somebody says that it need not be any more."""

from __future__ import annotations

import os
import select
from typing import IO

from attrs import define, field

__all__ = ["Readiness"]


@define(eq=False)
class Readiness:
    """Waits for pipes, in any number of threads, until an end that comes for all of them.

    A thread that is in the midst of a read or a write cannot be called back, and the process at the other end may
    never read or write again. Where the system cannot wait for a pipe (Windows), a pipe counts as ready at once.
    """

    _told: int | None = field(default=None, init=False)
    _teller: int | None = field(default=None, init=False)

    def __attrs_post_init__(self) -> None:
        if hasattr(select, "poll"):
            self._told, self._teller = os.pipe()

    def wait_to_read(self, pipe: IO[bytes]) -> bool:
        """Wait until a read from the pipe will not block. False where the end has come first."""
        return self._told is None or self._wait(self._told, pipe.fileno(), select.POLLIN)

    def wait_to_write(self, pipe: IO[bytes]) -> bool:
        """Wait until the pipe takes something, which need not be all. False where the end has come first."""
        if self._told is None:
            return True
        os.set_blocking(pipe.fileno(), False)
        return self._wait(self._told, pipe.fileno(), select.POLLOUT)

    def come(self) -> None:
        """The end: nobody waits any more, now and later."""
        if self._teller is not None:
            os.close(self._teller)
            self._teller = None

    def close(self) -> None:
        """Let go of what it holds, once no thread waits any more."""
        self.come()
        if self._told is not None:
            os.close(self._told)
            self._told = None

    def _wait(self, told: int, fd: int, event: int) -> bool:
        poll = select.poll()
        poll.register(told, 0)  # that its other end is closed is always told
        poll.register(fd, event)
        return all(ready != told for ready, _ in poll.poll())
