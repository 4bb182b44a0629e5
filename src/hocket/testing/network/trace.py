"""Trace: what happened, one line for each thing, the same for the same seed."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Final

from attrs import define, field

__all__ = ["Trace"]

_SHOWN: Final = 60
"""Bytes of what was carried that a line shows."""


@define(eq=False)
class Trace:
    """Lines such as ``12.345 ada→hub 57 bytes {"jsonrpc":"2.0"…``, the latest of them.

    Args:
        limit: Lines that are kept at the most; None for all.

    Attributes:
        forgotten: How many lines were dropped because there were more.
        size: Bytes that were carried.
    """

    limit: int | None = 100_000
    forgotten: int = field(default=0, init=False)
    size: int = field(default=0, init=False)
    _records: deque[tuple[float, str, bytes | None, int]] = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._records = deque(maxlen=self.limit)

    def note(self, at: float, text: str) -> None:
        """Add a line.

        Args:
            at: Seconds since the network began.
            text: What happened; should be the same for the same seed, and is one line.
        """
        self._add((at, text, None, 0))

    def carried(self, at: float, way: str, data: bytes) -> None:
        """Add a line on bytes that arrived; it is written out when somebody looks."""
        self.size += len(data)
        self._add((at, way, data[:_SHOWN], len(data)))

    @property
    def lines(self) -> list[str]:
        """The lines that are kept, oldest first."""
        return list(self)

    def text(self) -> str:
        """All of it, a line break after each line."""
        dropped = f"… {self.forgotten} lines before\n" if self.forgotten else ""
        return dropped + "".join(f"{line}\n" for line in self)

    def __iter__(self) -> Iterator[str]:
        return (_line(*record) for record in self._records)

    def __len__(self) -> int:
        return len(self._records)

    def _add(self, record: tuple[float, str, bytes | None, int]) -> None:
        if len(self._records) == self.limit:
            self.forgotten += 1
        self._records.append(record)


def _line(at: float, text: str, data: bytes | None, size: int) -> str:
    if data is None:
        return f"{at:.3f} {text}"
    decoded = data.decode("utf-8", "backslashreplace")
    shown = "".join(char if char.isprintable() else ascii(char)[1:-1] for char in decoded)
    return f"{at:.3f} {text} {size} bytes {shown}{'…' if size > len(data) else ''}"
