"""Lanes: all the lanes of one stream, by sender and, where the sender gives one, by message id (spec section 4).

A sender has one lane for what it says without message ids, and one more for each id. A lane of an id whose message is
over is remembered for a while, so that a late duplicate is known as what it is.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Final, NamedTuple, TypeAlias

from attrs import define, field, frozen

from hocket.acp.assembly import MESSAGE_ID, message_id
from hocket.acp.budget import Budget
from hocket.acp.lane import Lane
from hocket.acp.limits import LaneLimits
from hocket.acp.model import Message
from hocket.acp.refusals import invalid, over_limit
from hocket.acp.verdicts import LaneEvent, Verdict
from hocket.errors import ErrorObject
from hocket.timers import Timers

__all__ = ["LaneKey", "Lanes", "LanesVerdict"]

_SENDERS: Final = 1_024  # whose lanes are remembered while nothing is open in them
_ID: Final = 256  # bytes of a message id, as of every other id


class LaneKey(NamedTuple):
    """The name of a lane.

    Attributes:
        sender: Who speaks in it.
        message_id: The message that it is for; None for those without an id.
    """

    sender: str
    message_id: str | None = None


@frozen
class LanesVerdict:
    """What became of something that was given to the lanes of a stream.

    Attributes:
        events: What happened, in order, and in which lane; also where there is an error.
        error: What the sender is answered, if it was refused.
    """

    events: tuple[tuple[LaneKey, LaneEvent], ...] = ()
    error: ErrorObject | None = None


_Lanes: TypeAlias = dict[str | None, Lane]
_NOTHING: Final = LanesVerdict()


@define(eq=False)
class Lanes:
    """The lanes of one stream. Whoever drops the stream calls `fail_all` first, so that the budget gets its bytes back.

    Args:
        limits: What each lane may cost, and how many may have an open message.
        budget: What the lanes of all streams may hold together.

    >>> from hocket.acp.model import message_of
    >>> lanes = Lanes(LaneLimits(), Budget())
    >>> said = lanes.receive("ada", message_of("Hi"), 1, is_last=True, now=0.0, is_request=True, ordered=True)
    >>> [(key.sender, type(event).__name__) for key, event in said.events]
    [('ada', 'Delivered'), ('ada', 'Completed')]
    """

    limits: LaneLimits
    budget: Budget = field(factory=Budget)
    _senders: dict[str, _Lanes] = field(factory=dict, init=False)
    _open: int = field(default=0, init=False)
    _timers: Timers[LaneKey] = field(factory=Timers, init=False)
    _frozen_at: float | None = field(default=None, init=False)

    def receive(
        self,
        sender: str,
        chunk: Message,
        sequence: int,
        size: int | None = None,
        *,
        is_last: bool = False,
        now: float,
        is_request: bool = True,
        ordered: bool = False,
        line: Hashable | None = None,
    ) -> LanesVerdict:
        """Take a chunk.

        Args:
            sender: Who says it.
            chunk: The piece.
            sequence: Its number, as the peer gave it.
            size: What it weighs, where that is known.
            is_last: Whether the message ends with it.
            now: The time in seconds.
            is_request: Whether the sender will be told of a refusal.
            ordered: Whether it came on a line that keeps the order in which chunks were sent.
            line: Which one that is; None where there is only one. What comes by another one than before may be of
                before a reconnect: without message ids nobody can tell, so that what is open is lost.

        Raises:
            LocalProtocolError: The chunk is nothing that JSON can say. Nothing was changed.
        """
        name = message_id(chunk)
        if name is not None and len(name.encode("utf-8", "surrogatepass")) > _ID:
            error = invalid(f"params.chunk.parts[0].{MESSAGE_ID}: more than {_ID} bytes")
            return LanesVerdict(() if is_request else self.resync(sender).events, error)
        key = LaneKey(sender, name)
        lane = self._lane(key)
        lane.ordered = ordered
        lost = self._follow(key, lane, line) if ordered and name is None else ()
        was_open = lane.is_open
        if not was_open and self._open >= self.limits.lanes and lane.would_open(sequence):
            verdict = Verdict((() if is_request else lane.resync().events), _crowded(self.limits.lanes))
        else:
            verdict = lane.receive(chunk, sequence, is_last=is_last, now=now, is_request=is_request, size=size)
        settled = self._settle(key, lane, verdict, was_open=was_open)
        return LanesVerdict(lost + settled.events, settled.error) if lost else settled

    def resync(self, sender: str) -> LanesVerdict:
        """Chunks of this sender are known to be lost: what it has open fails, and it has to begin a message again."""
        self._lane(LaneKey(sender))
        return self._each(sender, "resync")

    def begin(self, sender: str, chunk: Message, sequence: int) -> LanesVerdict:
        """The hub says that a message begins with this chunk, which is given to `receive` next."""
        key = LaneKey(sender, message_id(chunk))
        lane = self._lane(key)
        was_open = lane.is_open
        return self._settle(key, lane, lane.begin(sequence), was_open=was_open)

    def fail_all(self, reason: str) -> LanesVerdict:
        """Give up all that is open: the stream is closed, say."""
        return LanesVerdict(
            tuple([event for sender in list(self._senders) for event in self._each(sender, reason).events])
        )

    def drop(self, sender: str, reason: str = "left") -> LanesVerdict:
        """Forget a sender: what it has open fails."""
        verdict = self._each(sender, reason)
        self._senders.pop(sender, None)
        return verdict

    def expected(self) -> dict[str, int]:
        """The number of the next chunk of every open message, by sender, or sender/message id."""
        return {
            sender if name is None else f"{sender}/{name}": lane.expected
            for sender, lanes in self._senders.items()
            for name, lane in lanes.items()
            if lane.is_open
        }

    # --- time

    def next_timeout(self) -> float | None:
        """When `handle_timeout` wants to be called, or None."""
        return self._timers.next_timeout() if self._frozen_at is None else None

    def handle_timeout(self, now: float) -> LanesVerdict:
        """Fail the messages whose next chunk does not come."""
        if self._frozen_at is not None:
            return _NOTHING
        events: list[tuple[LaneKey, LaneEvent]] = []
        for key in self._timers.due(now):
            lane = self._senders[key.sender][key.message_id]
            events += self._settle(key, lane, lane.handle_timeout(now), was_open=True).events
        return LanesVerdict(tuple(events))

    def freeze(self, now: float) -> None:
        """Stop the clocks of all lanes: the stream is paused."""
        if self._frozen_at is not None:
            return
        self._frozen_at = now
        for lanes in self._senders.values():
            for lane in lanes.values():
                lane.freeze(now)

    def thaw(self, now: float) -> None:
        """Let the clocks go on, with what time was left."""
        self._frozen_at = None
        for sender, lanes in self._senders.items():
            for name, lane in lanes.items():
                lane.thaw(now)
                self._watch(LaneKey(sender, name), lane)

    # --- the lanes

    def _lane(self, key: LaneKey) -> Lane:
        """The lane of this name, made if there is none."""
        lanes = self._senders.get(key.sender)
        if lanes is None:
            self._forget_a_sender()
            lanes = self._senders[key.sender] = {}
        lane = lanes.get(key.message_id)
        if lane is None:
            lane = Lane(self.limits, ordered=False, budget=self.budget, once=key.message_id is not None)
            lanes[key.message_id] = lane
            if self._frozen_at is not None:
                lane.freeze(self._frozen_at)
        return lane

    def _follow(self, key: LaneKey, lane: Lane, line: Hashable | None) -> tuple[tuple[LaneKey, LaneEvent], ...]:
        """A chunk comes by this line: if that is another one than before, what is open is lost."""
        before, lane.line = lane.line, line
        if before is None or before == line:
            return ()
        was_open = lane.is_open
        return self._settle(key, lane, lane.resync(), was_open=was_open).events

    def _settle(self, key: LaneKey, lane: Lane, verdict: Verdict, *, was_open: bool) -> LanesVerdict:
        """Keep count of what a lane has done."""
        is_open = lane.is_open
        self._open += is_open - was_open
        if is_open or was_open:
            self._watch(key, lane)
        if not is_open and key.message_id is not None:
            self._rest(key, lane)
        if not verdict.events and verdict.error is None:
            return _NOTHING
        return LanesVerdict(tuple([(key, event) for event in verdict.events]), verdict.error)

    def _each(self, sender: str, reason: str) -> LanesVerdict:
        """Give up what a sender has open; its lanes skip."""
        events: list[tuple[LaneKey, LaneEvent]] = []
        for name, lane in list(self._senders.get(sender, {}).items()):
            was_open = lane.is_open
            verdict = lane.resync(reason)
            if was_open:
                events += self._settle(LaneKey(sender, name), lane, verdict, was_open=True).events
        return LanesVerdict(tuple(events))

    def _watch(self, key: LaneKey, lane: Lane) -> None:
        at = lane.next_timeout()
        if at is None:
            self._timers.clear(key)
        else:
            self._timers.set(key, at)

    # --- what is remembered

    def _rest(self, key: LaneKey, lane: Lane) -> None:
        """Remember the lane of a message that is over, as the youngest of its sender; forget the oldest."""
        lanes = self._senders[key.sender]
        del lanes[key.message_id]
        if lane.is_unused:
            return
        lanes[key.message_id] = lane
        if len(lanes) > 2 * self.limits.lanes:
            del lanes[next(name for name, other in lanes.items() if name is not None and not other.is_open)]

    def _forget_a_sender(self) -> None:
        """Make room for one sender more: forget the oldest that has nothing open."""
        if len(self._senders) < _SENDERS:
            return
        for sender, lanes in self._senders.items():
            if all(not lane.is_open for lane in lanes.values()):
                del self._senders[sender]
                return


def _crowded(maximum: int) -> ErrorObject:
    reason = f"{maximum} messages of chunks are open in this stream (limit `lanes`): begin once one of them has ended"
    return over_limit("lanes", maximum, reason)
