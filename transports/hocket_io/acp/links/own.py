"""OwnPipe: this process's own stdin and stdout as a pipe, for an agent that a hub has started as its child."""

from __future__ import annotations

import logging
import os
from functools import partial

from attrs import define, field

from hocket.errors import ConnectionFailed
from hocket_io.runner.threads import call_in_daemon
from hocket_io.stdio import StandardStreams, take_standard_streams

__all__ = ["OwnPipe"]

_log = logging.getLogger(__name__)

_CHUNK = 65_536


@define(eq=False, repr=False)
class OwnPipe:
    """stdin and stdout as a `BytePipe`. What is printed from now on goes to stderr.

    Args:
        streams: Where to read and write; by default this process's own, taken away from everybody else.

    Raises:
        ConnectionFailed: stdin or stdout is closed.
    """

    streams: StandardStreams = field(factory=take_standard_streams)

    async def receive(self) -> bytes:
        """Bytes from stdin; b"" at its end."""
        try:
            return await call_in_daemon(partial(os.read, self.streams.stdin, _CHUNK))
        except OSError as error:
            _log.warning("stdin has ended, since it cannot be read: %s", error.strerror or error)
            return b""

    async def send(self, data: bytes) -> None:
        """Write to stdout.

        Raises:
            ConnectionFailed: Nobody reads it, or it cannot be written.
        """
        try:
            await call_in_daemon(partial(_write_all, self.streams.stdout, data))
        except OSError as error:
            raise ConnectionFailed(f"stdout cannot be written: {error.strerror or error}") from None

    async def farewell(self) -> ConnectionFailed:
        """Why there is nothing more to be had from a pipe that has ended."""
        return ConnectionFailed("stdin has ended")

    async def aclose(self) -> None:
        """There is nothing to let go of: the streams end with the process, and a thread may be reading still."""


def _write_all(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]
