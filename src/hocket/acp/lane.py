"""Lane: the chunks of one sender, in order; which of them are one message; and when a message is lost (spec section 4).

A chunk that is accepted is *delivered* in the order of the numbers. A message is *completed* when its last chunk and
all before it were delivered, or it is *failed*, and never both: what is known to have lost a chunk is never told as
complete. After a failure the lane *skips*: what comes is dropped until a message begins again.

A refused request leaves the lane as it was: its sender knows, and can mend it. Nobody tells the sender of a
notification, so one that is refused is a chunk that is lost, unless nothing was lost with it (a chunk that came twice,
or one past the end).
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Final

from attrs import define, field

from hocket.acp.assembly import weight
from hocket.acp.budget import Budget
from hocket.acp.limits import LaneLimits
from hocket.acp.model import Message
from hocket.acp.numbering import NoBeginning, Numbering
from hocket.acp.patience import Patience
from hocket.acp.pieces import Held, Pieces
from hocket.acp.refusals import invalid, over_limit
from hocket.acp.verdicts import Completed, Delivered, Failed, LaneEvent, Verdict
from hocket.errors import Code, ErrorObject

__all__ = ["Lane"]

_MAX_SEQUENCE: Final = 2**53 - 1


_NOTHING: Final = Verdict()


@define(eq=False)
class Lane:
    """One sender's chunks in one stream (or those of one message, where the sender gives message ids).

    Args:
        limits: What it may cost.
        ordered: Whether chunks arrive in the order in which they were sent. It may change: a sender has many lines.
        budget: What all lanes of a hub may hold together; None for no such limit.
        once: Whether the lane is that of one message id: a message that was complete does not begin again in it.

    Attributes:
        line: The line that keeps order by which the last chunk came; None if there was none.

    >>> from hocket.acp.model import message_of
    >>> lane = Lane(LaneLimits(), ordered=False)
    >>> lane.receive(message_of("world"), 2, is_last=True, now=0.0, is_request=True).events
    ()
    >>> [type(event).__name__ for event in lane.receive(message_of("hello "), 1, now=0.1, is_request=True).events]
    ['Delivered', 'Delivered', 'Completed']
    """

    limits: LaneLimits
    ordered: bool
    budget: Budget | None = None
    once: bool = False
    line: Hashable | None = field(default=None, init=False)
    _message: Pieces | None = field(default=None, init=False)
    _numbering: Numbering = field(init=False)
    _patience: Patience = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._numbering = Numbering(self.once)
        self._patience = Patience(self.limits)

    # --- what it is like

    @property
    def expected(self) -> int:
        """The number of the chunk that should come next (n in the specification)."""
        return self._numbering.expected if self._message is None else self._message.next

    @property
    def is_open(self) -> bool:
        """Whether there is a message that is neither complete nor failed."""
        return self._message is not None

    @property
    def is_unused(self) -> bool:
        """Whether nothing has left a trace here: the lane is as it was made."""
        return self._message is None and self._numbering.is_unused

    @property
    def held(self) -> int:
        """Bytes of the chunks that wait for a gap to close."""
        return 0 if self._message is None else self._message.held

    def would_open(self, sequence: int) -> bool:
        """Whether a chunk of this number would begin a message, or be kept for one."""
        number = _number(sequence)
        return self._message is None and number is not None and isinstance(self._numbering.opening(number), int)

    # --- chunks

    def receive(
        self,
        chunk: Message,
        sequence: int,
        *,
        is_last: bool = False,
        now: float,
        is_request: bool = True,
        size: int | None = None,
    ) -> Verdict:
        """Take a chunk.

        Args:
            chunk: The piece.
            sequence: Its number, as the peer gave it.
            is_last: Whether the message ends with it.
            now: The time in seconds.
            is_request: Whether the sender will be told of a refusal.
            size: What `weight` says of it, where that is known.

        Raises:
            LocalProtocolError: The chunk is nothing that JSON can say. Nothing was changed.
        """
        number = sequence if type(sequence) is int and 0 <= sequence <= _MAX_SEQUENCE else _number(sequence)
        if number is None:
            error = invalid(f"params.sequence: expected an integer from 0 to {_MAX_SEQUENCE}")
            return Verdict(error=error) if is_request else self._lose("resync", error)
        message = self._message
        if message is None:
            opening = self._numbering.opening(number)
            if isinstance(opening, NoBeginning):
                return self._not_opened(opening, number, is_last=is_last, is_request=is_request)
            message = Pieces(opening, chunk.role)
        elif number < message.next or number in message.ahead:
            return self._again(message, chunk, number, is_last=is_last, now=now)
        return self._take(message, chunk, number, is_last=is_last, now=now, is_request=is_request, size=size)

    def resync(self, reason: str = "resync") -> Verdict:
        """Chunks are known to be lost: what is open fails, and what follows is dropped until a message begins."""
        return self._lose(reason)

    def begin(self, sequence: int) -> Verdict:
        """The hub says that a message begins with this number: it does, whatever was before."""
        events = self._end("resync")
        self._numbering.begin(sequence)
        return Verdict(events)

    def fail(self, reason: str) -> Verdict:
        """Give up what is open, for a reason that has nothing to do with its chunks."""
        return self._lose(reason) if self._message is not None else _NOTHING

    # --- time

    def next_timeout(self) -> float | None:
        """When `handle_timeout` wants to be called, or None."""
        return None if self._message is None else self._patience.next_timeout()

    def handle_timeout(self, now: float) -> Verdict:
        """Fail a message whose next chunk does not come."""
        message, due = self._message, self.next_timeout()
        if message is None or due is None or now < due:
            return _NOTHING
        return self._lose(self._patience.reason(due), last=message.last)

    def freeze(self, now: float) -> None:
        """Stop the clocks: the stream is paused."""
        self._patience.freeze(now)

    def thaw(self, now: float) -> None:
        """Let the clocks go on, with what time was left."""
        self._patience.thaw(now)

    # --- a message begins

    def _not_opened(self, why: NoBeginning, number: int, *, is_last: bool, is_request: bool) -> Verdict:
        """A chunk came that belongs to no message that could be told as whole."""
        if why is NoBeginning.AFTER_LAST:
            return Verdict(error=self._broken("after_last"))
        if number == 0:
            self._numbering.met_0()
        if why is NoBeginning.AGAIN:
            return _NOTHING
        error = self._broken("gap", "from_0" if self._numbering.is_from_0 else "gap")
        if is_request and why is NoBeginning.GAP:
            return Verdict(error=error)
        return self._lose("resync", error, last=number if is_last else None)

    # --- a message goes on

    def _take(
        self,
        message: Pieces,
        chunk: Message,
        number: int,
        *,
        is_last: bool,
        now: float,
        is_request: bool,
        size: int | None = None,
    ) -> Verdict:
        """Take a chunk that was not there yet into `message`, which becomes the open one if it is new."""
        last = number if is_last else None
        ahead = number - message.next
        if message.last is not None and (is_last or number > message.last):
            return Verdict(error=self._broken("after_last"))
        if chunk.role is not message.role:
            return self._refuse("resync", self._broken("role"), last, is_request=is_request)
        if ahead and self.ordered:
            return self._refuse("gap", self._broken("gap"), last, is_request=is_request)
        if is_last and message.is_past(number):
            return self._lose("inconsistent_last", self._broken("inconsistent_last"))
        if size is None:
            size = weight(chunk)
        if ahead:
            excess = self._excess(message, ahead, size)
            if excess is not None:
                return self._refuse("resync", excess, last, is_request=is_request)
        if message.weight + size > self.limits.message:
            return self._refuse("too_large", _too_large(self.limits.message), last, is_request=False)
        if ahead and self.budget is not None and not self.budget.take(size):
            return self._refuse("resync", _full("held", self.budget.max, "in the hub"), last, is_request=is_request)
        if self._message is None:
            self._message = message
            self._numbering.opened(message.first)
        if is_last:
            message.last = number
        self._patience.heard(now)
        if ahead:
            return self._hold(message, number, Held(chunk, is_last, size))
        message.deliver(chunk, size)
        delivered = Delivered(chunk, number, is_last, number == message.first, size)
        if is_last or message.ahead:
            return self._drain(message, delivered)
        return Verdict((delivered,))

    def _excess(self, message: Pieces, ahead: int, size: int) -> ErrorObject | None:
        limits = self.limits
        if ahead > limits.buffered:
            return _full("buffered", limits.buffered, "ahead of the chunk that is missing")
        if message.held + size > limits.held:
            return _full("held", limits.held, "in this lane")
        return None

    def _hold(self, message: Pieces, number: int, held: Held) -> Verdict:
        message.hold(number, held)
        if not self._patience.has_gap:
            self._patience.gap()
        return _NOTHING

    def _drain(self, message: Pieces, delivered: Delivered) -> Verdict:
        """Deliver what waited for this chunk, and say so if that was all."""
        events: list[LaneEvent] = [delivered]
        while (held := message.release()) is not None:
            if self.budget is not None:
                self.budget.give(held.weight)
            events.append(Delivered(held.chunk, message.next - 1, held.is_last, weight=held.weight))
        if message.ahead:
            self._patience.gap()
        else:
            self._patience.no_gap()
        if message.is_complete:
            events.append(Completed(tuple(message.delivered)))
            self._numbering.completed(message.next - 1)
            self._message = None
        return Verdict(tuple(events))

    # --- a chunk comes again

    def _again(self, message: Pieces, chunk: Message, number: int, *, is_last: bool, now: float) -> Verdict:
        """A number below the next one, or one that is held: a chunk or a whole message is sent again."""
        is_known = message.has(number)
        if is_known and message.is_same(number, chunk, is_last=is_last):
            return _NOTHING
        if number == 0 and (self.ordered or (not is_known and self._numbering.finished is None)):
            verdict = self._lose("restarted", self._broken("conflict"))  # it counts from 0: this is no place to begin
            self._numbering.met_0()
            return verdict
        if number == 1 and self.ordered and message.first:
            return self._restart(chunk, is_last=is_last, now=now)
        if 1 == number < message.first and not message.delivered and chunk.role is message.role and not is_last:
            weight(chunk)  # raises before anything is changed
            message.rebase()  # what is held is of a message that begins with 1, not after L: that was not clear yet
            self._numbering.restarted()
            return self._take(message, chunk, number, is_last=is_last, now=now, is_request=True)
        return Verdict(error=self._broken("conflict")) if is_known else _NOTHING

    def _restart(self, chunk: Message, *, is_last: bool, now: float) -> Verdict:
        weight(chunk)  # raises before anything is changed
        events = self._end("restarted")
        self._numbering.restarted()
        verdict = self._take(Pieces(1, chunk.role), chunk, 1, is_last=is_last, now=now, is_request=True)
        return Verdict(events + verdict.events, verdict.error)

    # --- a message is lost

    def _refuse(self, reason: str, error: ErrorObject, last: int | None, *, is_request: bool) -> Verdict:
        """Refuse a chunk: its sender knows (`is_request`), or it is lost."""
        return Verdict(error=error) if is_request else self._lose(reason, error, last=last)

    def _lose(self, reason: str, error: ErrorObject | None = None, *, last: int | None = None) -> Verdict:
        """What is open fails, and its rest is skipped: up to `last`, if that is known to be its end."""
        events = self._end(reason)
        self._numbering.lost()
        if last is not None:
            self._numbering.passed(last)
        return Verdict(events, error)

    def _end(self, reason: str) -> tuple[LaneEvent, ...]:
        message = self._message
        if message is None:
            return ()
        if self.budget is not None:
            self.budget.give(message.held)
        self._message = None
        self._patience.no_gap()
        return (Failed(reason, message.next),)

    def _broken(self, reason: str, sentence: str | None = None) -> ErrorObject:
        data = {"reason": reason, "expected": self.expected}
        return ErrorObject.of(Code.CHUNK_SEQUENCE, _SENTENCES[sentence or reason].format(**data), data)


_SENTENCES: Final = {
    "gap": "the chunk that is expected here is {expected}: send on from there, or begin the message again with 1",
    "from_0": "only the first message of all may begin with 0: this one is dropped up to its last chunk",
    "conflict": "a chunk of this number was there already, and said something else: the first one counts",
    "after_last": "the message has its last chunk already",
    "inconsistent_last": "chunks past this one were there already: it cannot be the last. The message is lost",
    "role": "the message was begun in another role",
}


def _number(sequence: object) -> int | None:
    """The number that a peer gave, if it is one: also 1.0, which is 1 in JSON."""
    if isinstance(sequence, float) and sequence.is_integer():
        sequence = int(sequence)
    if type(sequence) is int and 0 <= sequence <= _MAX_SEQUENCE:
        return sequence
    return None


def _too_large(maximum: int) -> ErrorObject:
    reason = f"the chunks of one message may be {maximum} bytes together (limit `message`): send several messages"
    return over_limit("message", maximum, reason)


def _full(limit: str, maximum: int, where: str) -> ErrorObject:
    reason = f"too much waits {where} for a chunk that is missing (limit `{limit}`, {maximum}): send that one first"
    return over_limit(limit, maximum, reason)
