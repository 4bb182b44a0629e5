"""file_tap: what passes, written to a file, for `hocket tail`."""

from __future__ import annotations

import os
import threading
from types import TracebackType
from typing import Self

from hocket_io.tap.record import Record, write_record
from hocket_io.tap.tapped import Tapped

__all__ = ["FileTap", "file_tap"]


class FileTap:
    """A tap that appends a line of JSON to a file for all that passes. Several threads, and processes, may share one.

    A context manager; when it is closed, it takes nothing more.

    Args:
        path: The file. If it is made here, only its owner may read it: what agents say to each other is in it.

    Raises:
        OSError: It cannot be written.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._file = open(path, "ab", buffering=0, opener=_for_its_owner)  # noqa: SIM115  -- closed by `close`
        self._turn = threading.Lock()

    def __call__(self, tapped: Tapped) -> None:
        """Write what passes: one write for each, so that the lines of several processes do not mix.

        Raises:
            OSError: It cannot be written, since the disk is full, say.
        """
        line = memoryview(write_record(Record(tapped=tapped, process=os.getpid())))
        with self._turn:
            while line and not self._file.closed:
                line = line[self._file.write(line) :]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        with self._turn:
            self._file.close()


def _for_its_owner(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def file_tap(path: str | os.PathLike[str]) -> FileTap:
    """A tap that appends what passes to a file, for `hocket tail`. Use it as a context manager.

    Args:
        path: The file.

    Raises:
        OSError: It cannot be written.
    """
    return FileTap(path)
