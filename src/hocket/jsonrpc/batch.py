"""Batch: the answers to a batch, withheld until all of them are there (JSON-RPC 2.0 section 6)."""

from __future__ import annotations

from typing import Final

from attrs import define, field

from hocket.jsonrpc.messages import encode_array

__all__ = ["ROOM", "Batch"]

ROOM: Final = 1024
"""Bytes kept in the array for every answer that is still open. An answer as short as this always fits."""


@define(eq=False)
class Batch:
    """The answers to one batch, in the order of its requests.

    >>> batch = Batch()
    >>> _, second = batch.open(), batch.open()
    >>> batch.fill(second, b"2")
    >>> batch.completed_by(b"1")
    b'[1,2]'
    """

    _answers: list[bytes | None] = field(factory=list, init=False)
    _missing: int = field(default=0, init=False)
    _size: int = field(default=1, init=False)

    def open(self) -> int:
        """Keep a place for the answer to the next request, and return its number."""
        self._answers.append(None)
        self._missing += 1
        return len(self._answers) - 1

    def size_with(self, answer: bytes) -> int:
        """How long the array gets with this answer in it and room for those still open."""
        return self._size + len(answer) + 1 + ROOM * (self._missing - 1)

    def completed_by(self, answer: bytes) -> bytes | None:
        """The text of the array if `answer` is the last that was missing, else None. Changes nothing."""
        if self._missing > 1:
            return None
        answers = [answer if text is None else text for text in self._answers]
        return encode_array(answers)

    def fill(self, place: int, answer: bytes) -> None:
        """Put an answer into its place, once."""
        self._answers[place] = answer
        self._missing -= 1
        self._size += len(answer) + 1

    def complete(self) -> bytes | None:
        """The text of the array if no answer is open, None if one is or if nothing is to be answered."""
        answers = [text for text in self._answers if text is not None]
        return encode_array(answers) if answers and not self._missing else None
