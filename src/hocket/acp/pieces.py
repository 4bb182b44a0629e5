"""Pieces: what has come of one message of chunks, while it is not complete."""

from __future__ import annotations

from attrs import define, field, frozen

from hocket.acp.model import Message, Role

__all__ = ["Held", "Pieces"]


@frozen
class Held:
    """A chunk that came too early, and waits for those before it.

    Attributes:
        chunk: The piece.
        is_last: Whether the message ends with it.
        weight: What it counts against the limits, in bytes.
    """

    chunk: Message
    is_last: bool
    weight: int


@define(eq=False)
class Pieces:
    """An open message: what was delivered of it in order, and what is held for a gap to close.

    Attributes:
        first: The number of its first chunk.
        role: The role that its sender speaks in.
        delivered: The chunks from `first` to before `next`.
        ahead: The chunks that are held, by number.
        last: The number of its last chunk, once that is known. The message is complete when `next` is past it.
        weight: What all its chunks count, in bytes, also those that are held.
        held: What the chunks that are held count, in bytes.
    """

    first: int
    role: Role
    delivered: list[Message] = field(factory=list, init=False)
    ahead: dict[int, Held] = field(factory=dict, init=False)
    last: int | None = field(default=None, init=False)
    weight: int = field(default=0, init=False)
    held: int = field(default=0, init=False)

    @property
    def next(self) -> int:
        """The number of the chunk that comes next."""
        return self.first + len(self.delivered)

    @property
    def is_complete(self) -> bool:
        """Whether the last chunk is known, and all up to it are there."""
        return self.last is not None and self.next == self.last + 1

    def has(self, number: int) -> bool:
        """Whether this chunk is there already."""
        return self.first <= number < self.next or number in self.ahead

    def is_same(self, number: int, chunk: Message, *, is_last: bool) -> bool:
        """Whether a chunk that is there already says the same (when it was said may differ)."""
        held = self.ahead.get(number)
        mine = self.delivered[number - self.first] if held is None else held.chunk
        ends = held is not None and held.is_last  # with the last chunk delivered, the message would not be open
        return ends == is_last and mine.role is chunk.role and mine.parts == chunk.parts

    def is_past(self, number: int) -> bool:
        """Whether a chunk beyond this one is held."""
        return bool(self.ahead) and max(self.ahead) > number

    def deliver(self, chunk: Message, weight: int) -> None:
        """Take the chunk that comes next."""
        self.delivered.append(chunk)
        self.weight += weight

    def hold(self, number: int, held: Held) -> None:
        """Keep a chunk until those before it are there."""
        self.ahead[number] = held
        self.weight += held.weight
        self.held += held.weight

    def release(self) -> Held | None:
        """Deliver the chunk that comes next, if it is held."""
        held = self.ahead.pop(self.next, None)
        if held is not None:
            self.delivered.append(held.chunk)
            self.held -= held.weight
        return held

    def rebase(self) -> None:
        """Let the message begin with 1. Only before anything was delivered."""
        self.first = 1
