"""GrowingFile: the lines of a file that somebody writes to meanwhile."""

from __future__ import annotations

import os
from collections.abc import Iterator
from types import TracebackType
from typing import BinaryIO, Self

from attrs import define, field

from hocket.framing import FrameRejected, FramingLimits, Ndjson

__all__ = ["GrowingFile"]

_CHUNK = 1024 * 1024
_LIMITS = FramingLimits(frame=256 * 1024 * 1024)


def _new_lines() -> Ndjson:
    return Ndjson(_LIMITS)


@define(eq=False)
class GrowingFile:
    """Reads a file to its end, and further whenever it has grown. A context manager.

    A line that is only half written is given once it is whole. Where the file was replaced by another one, or made
    empty, as those do who rotate logs, reading goes on with the new one.

    Args:
        path: The file; it need not be there yet.
    """

    path: str
    _file: BinaryIO | None = field(default=None, init=False)
    _lines: Ndjson = field(factory=_new_lines, init=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._begin(None)

    @property
    def is_there(self) -> bool:
        """Whether there is a file, so far."""
        return self._file is not None

    def lines(self) -> Iterator[bytes | FrameRejected]:
        """The whole lines that were added since the last time, without their ends.

        Raises:
            OSError: It cannot be read.
        """
        while True:
            if self._file is None and not self._open():
                return
            yield from self._rest()
            if not self._was_replaced():
                return
            self._begin(None)

    def _open(self) -> bool:
        try:
            self._begin(open(self.path, "rb", buffering=0))  # noqa: SIM115  -- closed by `_begin`
        except FileNotFoundError:
            return False
        return True

    def _begin(self, file: BinaryIO | None) -> None:
        """Go on with this file from its beginning, and let the one before go."""
        if self._file is not None:
            self._file.close()
        self._file, self._lines = file, _new_lines()

    def _rest(self) -> Iterator[bytes | FrameRejected]:
        assert self._file is not None, "opened"
        if self._file.tell() > os.fstat(self._file.fileno()).st_size:  # it was made empty
            self._file.seek(0)
            self._lines = _new_lines()
        while data := self._file.read(_CHUNK):
            self._lines.receive_data(data)
            while (line := self._lines.next_frame()) is not None:
                yield line

    def _was_replaced(self) -> bool:
        assert self._file is not None, "opened"
        try:
            return not os.path.samestat(os.stat(self.path), os.fstat(self._file.fileno()))
        except FileNotFoundError:
            return False  # not yet
