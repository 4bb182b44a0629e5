"""Wires: a socket or a pair of pipes, as a driver without an event loop reads and writes them."""

from __future__ import annotations

import os
import selectors
import socket
import ssl
from contextlib import suppress
from typing import Protocol

from attrs import define, field, frozen

__all__ = ["Pipes", "Wires"]

_CHUNK = 65_536  # more than a record of TLS, of which no rest may stay where the selector cannot see it
_WRITE = 262_144
_WAITS_FOR: dict[type[OSError], int] = {
    ssl.SSLWantReadError: selectors.EVENT_READ,
    ssl.SSLWantWriteError: selectors.EVENT_WRITE,
}
"""TLS may have to write before it can read, and the other way round."""


class File(Protocol):
    """What has a file descriptor."""

    def fileno(self) -> int:
        """Its number."""

    def close(self) -> object:
        """Give it back."""


@frozen
class Pipes:
    """Two pipes that are one connection, such as `Pipes(child.stdout, child.stdin)` of a `subprocess.Popen`.

    Their bytes are read and written past the buffers of the files, which must be empty. Not for Windows.

    Args:
        reading: Where the peer's bytes come from.
        writing: Where ours go.
    """

    reading: File
    writing: File

    def close(self) -> None:
        """Close both."""
        self.reading.close()
        self.writing.close()


@define(eq=False)
class Wires:
    """A connection and its place in a selector. Nothing here waits, but for the selector."""

    connection: socket.socket | Pipes
    selector: selectors.BaseSelector
    _watched: dict[int, int] = field(factory=dict, init=False)
    _reading: int = field(init=False)
    _writing: int = field(init=False)
    _read_waits_for: int = field(default=selectors.EVENT_READ, init=False)
    _write_waits_for: int = field(default=selectors.EVENT_WRITE, init=False)

    def __attrs_post_init__(self) -> None:
        match self.connection:
            case Pipes(reading, writing):
                self._reading, self._writing = reading.fileno(), writing.fileno()
                os.set_blocking(self._reading, False)
                os.set_blocking(self._writing, False)
            case sock:
                self._reading = self._writing = sock.fileno()
                sock.settimeout(0)

    @property
    def ends_at_once(self) -> bool:
        """Whether the peer's end is that of both directions, as with TLS."""
        return isinstance(self.connection, ssl.SSLSocket)

    def watch(self, *, reads: bool, writes: bool) -> None:
        """Say what the selector waits for."""
        wanted = {self._reading: self._read_waits_for * reads}
        wanted[self._writing] = wanted.get(self._writing, 0) | self._write_waits_for * writes
        for fd, mask in wanted.items():
            if mask != self._watched.get(fd, 0):
                if self._watched.pop(fd, 0):
                    self.selector.unregister(fd)
                if mask:
                    self.selector.register(fd, mask)
                    self._watched[fd] = mask

    def read(self) -> bytes | None:
        """What has arrived; b"" is the end, and None that there is nothing now.

        Raises:
            OSError: The connection broke.
        """
        self._read_waits_for = selectors.EVENT_READ
        try:
            if isinstance(self.connection, Pipes):
                return os.read(self._reading, _CHUNK)
            return self.connection.recv(_CHUNK)
        except BlockingIOError:
            return None
        except tuple(_WAITS_FOR) as error:
            self._read_waits_for = _WAITS_FOR[type(error)]
            return None

    def write(self, data: bytearray) -> int:
        """Write what can be written of something now; how many bytes that was.

        Raises:
            OSError: The connection broke.
        """
        self._write_waits_for = selectors.EVENT_WRITE
        try:
            if isinstance(self.connection, Pipes):
                return os.write(self._writing, data[:_WRITE])
            return self.connection.send(data[:_WRITE])
        except BlockingIOError:
            return 0
        except tuple(_WAITS_FOR) as error:
            self._write_waits_for = _WAITS_FOR[type(error)]
            return 0

    def end(self) -> None:
        """Say that nothing more will be written, where TLS has a word for it: without it, the end may be a cut."""
        if isinstance(self.connection, ssl.SSLSocket):
            with suppress(OSError):  # that the peer says so, too, is not waited for
                self.connection.unwrap()

    def close(self) -> None:
        """Close the connection."""
        self.watch(reads=False, writes=False)
        self.connection.close()
