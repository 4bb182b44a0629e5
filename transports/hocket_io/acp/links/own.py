"""OwnPipe: this process's own stdin and stdout as a pipe, for an agent that a hub has started as its child."""

from __future__ import annotations

import logging

from attrs import define, field

from hocket.errors import ConnectionFailed
from hocket_io.pipes.descriptors import read_from, write_to
from hocket_io.stdio import StandardStreams, take_standard_streams

__all__ = ["OwnPipe"]

_log = logging.getLogger(__name__)


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
            return await read_from(self.streams.stdin)
        except OSError as error:
            _log.warning("stdin has ended, since it cannot be read: %s", error.strerror or error)
            return b""

    async def send(self, data: bytes) -> None:
        """Write to stdout.

        Raises:
            ConnectionFailed: Nobody reads it, or it cannot be written.
        """
        try:
            await write_to(self.streams.stdout, data)
        except OSError as error:
            raise ConnectionFailed(f"stdout cannot be written: {error.strerror or error}") from None

    async def farewell(self) -> ConnectionFailed:
        """Why there is nothing more to be had from a pipe that has ended."""
        return ConnectionFailed("stdin has ended")

    async def aclose(self) -> None:
        """There is nothing to let go of: the streams end with the process, and a thread may be reading still."""
