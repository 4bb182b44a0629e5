"""Spoken: what the agents of this world have said. The truth, which has never met a hub."""

from __future__ import annotations

from typing import Final

from attrs import define, field

__all__ = ["Piece", "Spoken", "Utterance"]

_TAILS: Final = (" ", ", ä ", " 🎼 ", "\u2028", "\r\n", ' "\\ ')
"""How pieces end: every one is a text of its own, and some are hard on whoever cuts lines."""


@define(eq=False, repr=False)
class Utterance:
    """Something that an agent says, in one piece or in several.

    Attributes:
        sender: Who says it.
        stream_id: Where.
        pieces: Its texts, in order.
        is_chunked: Whether it is said in chunks; else it is one message.
        is_posted: Whether it is said in passing: again and again, until it has arrived.
        is_ranked: Whether its sender's line keeps the order in which things are said.
        began: When its sender began with it.
        rank: Its place among what its sender has said to the end; None until it has.
        said: How many pieces its sender has said.
        taken: Which pieces the hub says it has taken.
        is_doubtful: Whether something has happened that may have cost a piece: then it may be lost, and is told so.
        is_false: Whether nobody has said it: a forgery, or a message with a piece that was never sent.
    """

    sender: str
    stream_id: str
    pieces: tuple[str, ...]
    is_chunked: bool
    is_posted: bool = False
    is_ranked: bool = True
    began: float = field(default=0.0, init=False)
    rank: int | None = field(default=None, init=False)
    said: int = field(default=0, init=False)
    taken: set[int] = field(factory=set, init=False)
    is_doubtful: bool = field(default=False, init=False)
    is_false: bool = field(default=False, init=False)

    @property
    def text(self) -> str:
        """All of it."""
        return "".join(self.pieces)

    @property
    def is_taken(self) -> bool:
        """Whether the hub says it has all of it, and nothing has happened since that may have cost some."""
        return len(self.taken) == len(self.pieces) and not self.is_doubtful


@define(eq=False, repr=False)
class Piece:
    """One piece of something said: which, and of what."""

    of: Utterance
    place: int


@define(eq=False, repr=False)
class Spoken:
    """All that was said, found by its texts."""

    utterances: list[Utterance] = field(factory=list, init=False)
    _whole: dict[str, Utterance] = field(factory=dict, init=False)
    _pieces: dict[str, Piece] = field(factory=dict, init=False)
    _ranks: dict[str, int] = field(factory=dict, init=False)

    def new(
        self,
        sender: str,
        stream_id: str,
        length: int = 1,
        *,
        is_chunked: bool = False,
        is_posted: bool = False,
        is_ranked: bool = True,
    ) -> Utterance:
        """Something to say: nobody has said it before."""
        number = len(self.utterances) + 1
        pieces = tuple([f"{sender}{number}.{place}{_TAILS[(number + place) % len(_TAILS)]}" for place in range(length)])
        said = Utterance(sender, stream_id, pieces, is_chunked, is_posted, is_ranked)
        self.utterances.append(said)
        self._whole[said.text] = said
        for place, text in enumerate(pieces):
            self._pieces[text] = Piece(said, place)
        return said

    def end(self, said: Utterance) -> None:
        """Its sender has said all of it."""
        said.rank = self._ranks[said.sender] = self._ranks.get(said.sender, 0) + 1

    def whole(self, text: str) -> Utterance | None:
        """What has exactly this text, if anybody has begun to say it."""
        return self._whole.get(text)

    def piece(self, text: str) -> Piece | None:
        """The piece that has exactly this text."""
        return self._pieces.get(text)
