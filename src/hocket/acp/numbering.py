"""Numbering: with which number the next message in a lane may begin (spec section 4, the rows of the idle lane)."""

from __future__ import annotations

from enum import Enum, auto

from attrs import define, field

__all__ = ["NoBeginning", "Numbering"]


class NoBeginning(Enum):
    """Why a chunk begins no message.

    Attributes:
        AGAIN: It is one of a message that is over.
        AFTER_LAST: It is beyond the end of the only message there is in this lane.
        GAP: Messages begin with 1 here, and do not count on from one to the next.
        SKIPPED: Chunks were lost, and it is of a message that is not known to be whole.
    """

    AGAIN = auto()
    AFTER_LAST = auto()
    GAP = auto()
    SKIPPED = auto()


@define(eq=False)
class Numbering:
    """How a sender numbers its messages, as far as it has shown.

    Each message may begin with 1; or with the number after the last one (L+1), which the sender's messages may do until
    one has begun with 1 after another, and from then on not: to take both would let the end of a message whose
    beginning was lost pass for a message. Only the first of all may begin with 0. A sender that begins others with 0
    cannot be understood, and then its 1 is no beginning either.

    Args:
        once: Whether there is one message only: it does not begin again when it was complete.

    Attributes:
        finished: The number of the last chunk of the last message (L in the specification), None before that.
        skips: Whether what comes is dropped until a message begins.
    """

    once: bool = False
    finished: int | None = field(default=None, init=False)
    skips: bool = field(default=False, init=False)
    _restarts: bool = field(default=False, init=False)
    _begins_with_0: bool = field(default=False, init=False)
    _is_spent: bool = field(default=False, init=False)

    @property
    def is_unused(self) -> bool:
        """Whether nothing has left a trace here."""
        return self.finished is None and not self.skips

    @property
    def expected(self) -> int:
        """The number with which the next message should begin."""
        return 1 if self.skips or self._restarts or self.finished is None else self.finished + 1

    @property
    def is_from_0(self) -> bool:
        """Whether what is skipped is a message that seems to have begun with 0."""
        return self.skips and self._begins_with_0

    def opening(self, number: int) -> int | NoBeginning:
        """With which number the message begins that a chunk of this number would open, or why it opens none."""
        finished = self.finished
        if self._is_spent:
            return NoBeginning.AFTER_LAST if finished is None or number > finished else NoBeginning.AGAIN
        if self.skips:
            return 1 if number == 1 and not self._begins_with_0 else NoBeginning.SKIPPED
        if finished is None:
            return min(number, 1)
        if number == 1 or (number == finished + 1 and not self._restarts):
            return number
        if number <= finished:
            return NoBeginning.AGAIN
        return NoBeginning.GAP if number == finished + 1 else self.expected

    def opened(self, first: int) -> None:
        """A message has begun with this number."""
        self.skips = False
        if first < 2 and (self.finished is None or first != self.finished + 1):
            self._begins_with_0 = first == 0
            if self.finished is not None:
                self.restarted()

    def restarted(self) -> None:
        """A message has begun with 1 after another one: they all will."""
        self._restarts = True

    def met_0(self) -> None:
        """A 0 came that can begin nothing: what follows is of a message that cannot be taken."""
        if not self._is_spent:
            self._begins_with_0 = self.skips = True

    def completed(self, last: int) -> None:
        """The message was complete with this number."""
        self.finished = last
        self._is_spent = self.once

    def lost(self) -> None:
        """Chunks are known to be lost."""
        self.skips = not self._is_spent

    def passed(self, last: int) -> None:
        """The message that is skipped ends with this number: the next one can begin after it."""
        if not self.once:
            self.skips = False
            self.finished = last

    def begin(self, number: int) -> None:
        """The next message begins with this number, whatever was before."""
        self.finished = number - 1
        self.skips = self._restarts = self._begins_with_0 = self._is_spent = False
