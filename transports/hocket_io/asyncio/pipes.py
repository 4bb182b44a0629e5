"""Pipes under asyncio: two of them, which a loop knows one by one, as the one transport that a driver has."""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import Iterable
from typing import IO, Any

from attrs import define, field

from hocket_io.asyncio.driver import Driver

__all__ = ["connect_pipes"]


async def connect_pipes(driver: Driver[Any], reading: IO[bytes], writing: IO[bytes]) -> None:
    """Connect a driver to two pipes, such as `child.stdout, child.stdin` of a `subprocess.Popen`; it begins at once.

    Bytes are read and written past the buffers of the files, which must be empty.

    Args:
        driver: A new one.
        reading: Where the peer's bytes come from. The driver takes its file descriptor over: the file is closed.
        writing: Where ours go; it is taken over, too.

    Raises:
        LocalProtocolError: The driver was connected before.
    """
    driver.expect_new()
    loop, pair = asyncio.get_running_loop(), _PipePair(driver)
    ends = [_End(os.dup(file.fileno())) for file in (reading, writing)]
    reading.close()
    writing.close()
    try:
        await loop.connect_write_pipe(lambda: pair.way_out, ends[1])
        await loop.connect_read_pipe(lambda: pair.way_in, ends[0])
    except BaseException:
        pair.abort()
        for end in ends:
            end.close()
        raise


@define(eq=False)
class _End:
    """A file descriptor in the shape of a file. No garbage collector closes it: uvloop may do so without a word."""

    number: int

    def fileno(self) -> int:
        return self.number

    def close(self) -> None:
        if self.number != -1:
            number, self.number = self.number, -1
            os.close(number)


@define(eq=False)
class _Way(asyncio.Protocol):
    """What the loop tells of one of the two."""

    pair: _PipePair
    transport: Any = None
    is_lost: bool = False

    @property
    def is_open(self) -> bool:
        return self.transport is not None and not self.is_lost

    @property
    def is_usable(self) -> bool:
        return self.is_open and not self.transport.is_closing()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        if self is self.pair.way_in:  # the second one; before anything is read
            self.pair.driver.connection_made(self.pair)

    def data_received(self, data: bytes) -> None:
        self.pair.driver.data_received(data)

    def eof_received(self) -> None:
        if self is self.pair.way_in:  # uvloop also says so of a pipe that nobody reads any more
            self.pair.driver.eof_received()

    def resume_writing(self) -> None:
        self.pair.driver.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_lost = True
        self.pair.lose(exc)


@define(eq=False)
class _PipePair(asyncio.Transport):
    driver: Driver[Any]
    way_in: _Way = field(init=False)
    way_out: _Way = field(init=False)
    _error: Exception | None = field(default=None, init=False)
    _is_closing: bool = field(default=False, init=False)

    def __attrs_post_init__(self) -> None:
        self.way_in, self.way_out = _Way(self), _Way(self)

    def lose(self, error: Exception | None) -> None:
        """One of the two is gone. The other goes on: a peer that reads no more may still speak."""
        self._error = self._error or error
        if self.way_in.is_lost and self.way_out.is_lost:
            self.driver.connection_lost(self._error)
        elif error is not None:
            self.abort()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return default

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        if self.way_out.is_usable:
            self.way_out.transport.set_write_buffer_limits(high, low)

    def get_write_buffer_size(self) -> int:
        return int(self.way_out.transport.get_write_buffer_size()) if self.way_out.is_usable else 0

    def writelines(self, list_of_data: Iterable[bytes | bytearray | memoryview]) -> None:
        if self.way_out.is_usable:
            self.way_out.transport.write(b"".join(list_of_data))
        else:
            self._error = self._error or BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))
            self.abort()

    def pause_reading(self) -> None:
        if self.way_in.is_usable:
            self.way_in.transport.pause_reading()

    def resume_reading(self) -> None:
        if self.way_in.is_usable:
            self.way_in.transport.resume_reading()

    def is_closing(self) -> bool:
        return self._is_closing

    def close(self) -> None:
        self._is_closing = True
        for way in (self.way_in, self.way_out):
            if way.is_open:
                way.transport.close()

    def abort(self) -> None:
        self._is_closing = True
        if self.way_in.is_open:
            self.way_in.transport.close()
        out = self.way_out  # asyncio takes it ill if what closes by itself, with nothing left to write, is aborted
        if out.is_usable or (out.is_open and out.transport.get_write_buffer_size()):
            out.transport.abort()
