"""Mouth: what an agent has begun to say in a stream, and how it numbers the pieces."""

from __future__ import annotations

from attrs import define, field

from hocket.testing.worlds.acp.spoken import Spoken, Utterance

__all__ = ["Mouth", "Opened"]


@define(eq=False, repr=False)
class Opened:
    """Something of which not all pieces were said yet.

    Attributes:
        said: What.
        first: The number of its first piece.
        message_id: The id that each piece has; "" for none.
        is_anew: Whether the hub may have something open that was said before.
    """

    said: Utterance
    first: int
    message_id: str = ""
    is_anew: bool = False

    @property
    def left(self) -> int:
        """How many pieces are to be said."""
        return len(self.said.pieces) - self.said.said

    @property
    def is_ready(self) -> bool:
        """Whether the next piece can be said.

        Where 0 was refused nobody could tell 1 from a beginning; and where a 1 was refused, and something older is
        open in the hub, 2 would go on with that. So they wait until the hub has taken the first.
        """
        waits = self.first == 0 or self.is_anew
        return not waits or not self.said.said or 0 in self.said.taken


@define(eq=False, repr=False)
class Mouth:
    """What one agent has begun to say in one stream.

    Without an id only one message is open at a time: the next one, begun before it has ended, takes its place, and
    counts from 1 then, as it does whenever the agent knows that something was lost. Nobody could tell them apart else.
    (Nor after a message that began with 0 and was not taken, since its second number is 1: then ids are what helps.)

    Args:
        spoken: What was said, by anybody.
        agent: Who.
        needs_ids: Whether pieces overtake each other: then every message has an id.
    """

    spoken: Spoken
    agent: str
    needs_ids: bool
    open: list[Opened] = field(factory=list, init=False)
    _last: int = field(default=0, init=False)
    _is_unused: bool = field(default=True, init=False)
    _is_sure: bool = field(default=True, init=False)
    _from_0: Utterance | None = field(default=None, init=False)

    def begin(self, stream_id: str, length: int, now: float, *, numbering: int, with_id: bool) -> Opened:
        """Think of something to say in pieces.

        Args:
            stream_id: Where.
            length: How many pieces.
            now: The time in seconds.
            numbering: 0: from 1. 1: on from the last number. 2: from 0.
            with_id: Whether it has an id.
        """
        said = self.spoken.new(self.agent, stream_id, length, is_chunked=True, is_ranked=not self.needs_ids)
        said.began = now
        if with_id or self.needs_ids or self._is_muddled:
            opened = Opened(said, 1, message_id=f"id of {said.pieces[0]}"[:32])
        else:
            first, is_sure = self._first(numbering)
            opened = Opened(said, first, is_anew=not is_sure)
            self._is_unused = False
            self._from_0 = said if opened.first == 0 else None
        self.open.append(opened)
        return opened

    def close(self, opened: Opened) -> None:
        """All of it was said."""
        self.open.remove(opened)
        if not opened.message_id:
            self._last = opened.first + len(opened.said.pieces) - 1

    def abandon(self, opened: Opened) -> None:
        """The rest of it will never be said."""
        self.open.remove(opened)
        opened.said.is_doubtful = True
        self._is_sure = self._is_sure and bool(opened.message_id)

    def failed(self, said: Utterance) -> None:
        """The hub has not taken a piece of it."""
        self._is_sure = False
        for opened in [each for each in self.open if each.said is said]:
            self.open.remove(opened)

    def doubt(self) -> None:
        """Something may be lost: what is open may never be complete, and what comes next begins with 1."""
        self._is_sure = False
        for opened in self.open:
            opened.said.is_doubtful = True

    @property
    def _is_muddled(self) -> bool:
        """Whether the hub may wait for the second piece of a message that began with 0: then a 1 begins nothing."""
        return self._from_0 is not None and not self._from_0.is_taken

    def _first(self, numbering: int) -> tuple[int, bool]:
        """The number to begin with, and whether the hub has nothing open of what was said before."""
        for opened in [each for each in self.open if not each.message_id]:
            self.abandon(opened)
        first = 1
        if self._is_sure and numbering == 1:
            first = self._last + 1
        elif self._is_unused and numbering == 2:
            first = 0
        is_sure, self._is_sure = self._is_sure, True
        return first, is_sure
