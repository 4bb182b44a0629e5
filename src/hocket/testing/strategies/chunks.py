"""Chunks of ACP messages on their way: in order, in any order, twice, or never; from several senders at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal, TypeAlias

from attrs import field, frozen
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from hocket.acp import Message, Role, text_part

__all__ = [
    "ChunkDelivery",
    "Numbering",
    "SentChunk",
    "chunk_deliveries",
    "interleaved",
    "message_lengths",
    "numbered",
    "numberings",
    "whole",
]

Numbering: TypeAlias = Literal["restart", "continue", "zero"]
"""How a sender counts: each message from 1, on and on, or on and on from 0."""


@frozen
class SentChunk:
    """A chunk as its sender sends it.

    Attributes:
        sender: Who.
        message: Which of its messages, 0 for the first.
        sequence: Its number.
        is_last: Whether the message ends with it.
        chunk: The piece. Its text names it, so that no two pieces of a delivery are equal.
    """

    sender: str
    message: int
    sequence: int
    is_last: bool
    chunk: Message


@frozen(kw_only=True)
class ChunkDelivery:
    """What several senders said, and what came of it.

    Attributes:
        said: Everything that was said, in an order in which it may have been: each sender keeps its own.
        arrived: What the network delivers, in its order.
        numberings: How each sender counts.
    """

    said: tuple[SentChunk, ...]
    arrived: tuple[SentChunk, ...]
    numberings: tuple[tuple[str, Numbering], ...] = field(default=())

    @property
    def lost(self) -> tuple[SentChunk, ...]:
        """What never arrives."""
        return tuple(sent for sent in self.said if sent not in self.arrived)

    @property
    def broken(self) -> tuple[tuple[str, int], ...]:
        """Sender and number of the messages of which something is lost: nobody may ever be given them as whole."""
        return tuple(dict.fromkeys((sent.sender, sent.message) for sent in self.lost))


# Places are any numbers, counted round, and not drawn by how many there are: so shrinking can take chunks away.
_PLACES = st.integers(0, 99)
_SOME_PLACES = st.lists(_PLACES, max_size=5)
_MOVES = st.lists(st.tuples(_PLACES, _PLACES), max_size=16)


def numbered(
    sender: str, lengths: Iterable[int], *, numbering: Numbering = "restart", ids: bool = False
) -> list[SentChunk]:
    """All the chunks of a sender that says messages of so many chunks, in the order in which it says them.

    Args:
        sender: Who.
        lengths: How many chunks each message has.
        numbering: How it counts.
        ids: Whether each message has an id.

    >>> [(sent.sequence, sent.chunk.text, sent.is_last) for sent in numbered("ada", [2, 1])]
    [(1, 'ada0.0 ', False), (2, 'ada0.1 ', True), (1, 'ada1.0 ', True)]
    """
    said = []
    number = 0 if numbering == "zero" else 1
    for message, length in enumerate(lengths):
        if numbering == "restart":
            number = 1
        extra = {"x-messageId": f"m{message}"} if ids else {}
        for place in range(length):
            part = text_part(f"{sender}{message}.{place} ", **extra)
            piece = Message(role=Role.AGENT, parts=(part,), agent_id=sender)
            said.append(SentChunk(sender, message, number, place == length - 1, piece))
            number += 1
    return said


def whole(said: Iterable[SentChunk], sender: str) -> list[list[str]]:
    """What was said by one sender: for each message the texts of its chunks."""
    messages: dict[int, list[str]] = {}
    for sent in said:
        if sent.sender == sender:
            messages.setdefault(sent.message, []).append(sent.chunk.text)
    return list(messages.values())


def message_lengths() -> SearchStrategy[list[int]]:
    """How many chunks each message of a sender has."""
    return st.lists(st.integers(1, 6), min_size=1, max_size=4)


def numberings() -> SearchStrategy[Numbering]:
    """Ways to count."""
    return st.sampled_from(("restart", "continue", "zero"))


@st.composite
def interleaved(draw: DrawFn, lines: Sequence[Sequence[SentChunk]]) -> list[SentChunk]:
    """The chunks of several senders on their way: each line keeps its order."""
    rest = [list(line) for line in lines]
    order = draw(st.permutations([at for at, line in enumerate(rest) for _ in line]))
    return [rest[at].pop(0) for at in order]


@st.composite
def chunk_deliveries(
    draw: DrawFn,
    *,
    ordered: bool = False,
    loses: bool = True,
    duplicates: bool = True,
    senders: Sequence[str] = ("ada", "bob", "eve"),
) -> ChunkDelivery:
    """Messages in chunks, and what a network makes of them.

    Args:
        draw: Given by Hypothesis.
        ordered: Whether the chunks of a sender stay in their order, as on one socket; they are told apart by counting
            alone there, or by ids, as each sender likes. Otherwise they come in any order, as in parallel requests, and
            each message has an id: without one nobody can put them together.
        loses: Whether chunks may never arrive.
        duplicates: Whether chunks may arrive several times. On an ordered line a duplicate directly follows.
        senders: Who may take part: the first, the first two, or more.

    >>> from hypothesis import find
    >>> found = find(chunk_deliveries(), lambda delivery: delivery.lost)
    >>> [sent.chunk.text for sent in found.said], found.arrived, found.broken
    (['ada0.0 '], (), (('ada', 0),))
    """
    counting: dict[str, Numbering] = {}
    lines = []
    for sender in senders[: draw(st.integers(1, len(senders)))]:
        counting[sender] = draw(numberings()) if ordered else "restart"
        ids = not ordered or (counting[sender] == "restart" and draw(st.booleans()))
        lines.append(numbered(sender, draw(message_lengths()), numbering=counting[sender], ids=ids))
    said = draw(interleaved(lines)) if ordered else [sent for line in lines for sent in line]
    arrived = _kept(draw, said) if loses else list(said)
    if duplicates and arrived:
        for again in sorted((place % len(arrived) for place in draw(_SOME_PLACES)), reverse=True):
            arrived.insert(again, arrived[again])
    if not ordered and arrived:
        for place, other in draw(_MOVES):
            arrived.insert(other % len(arrived), arrived.pop(place % len(arrived)))
    return ChunkDelivery(said=tuple(said), arrived=tuple(arrived), numberings=tuple(counting.items()))


def _kept(draw: DrawFn, said: Sequence[SentChunk]) -> list[SentChunk]:
    """What is not lost: about a third is, at the most. Who loses its 0 looks like one who begins with 1: not that."""
    lost = [place % len(said) for place in draw(_SOME_PLACES)][: 1 + len(said) // 3]
    return [sent for at, sent in enumerate(said) if at not in lost or sent.sequence == 0]
