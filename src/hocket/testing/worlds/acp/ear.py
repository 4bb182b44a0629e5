"""Ear: what one application was told of one stream, from when it came to when it went, held against what was said."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, ClassVar, NoReturn

from attrs import define, field

from hocket.acp.client.events import ClientEvent
from hocket.acp.events import (
    ChunkReceived,
    MessageCompleted,
    MessageLost,
    MessageSent,
    ParticipantLeft,
    ReplayGap,
    StreamEnded,
)
from hocket.testing.violation import Violation
from hocket.testing.worlds.acp.entries import Entry
from hocket.testing.worlds.acp.spoken import Spoken, Utterance

__all__ = ["Ear"]


@define(eq=False, repr=False)
class _Open:
    """A message that is told piece by piece: which, and how many pieces there were."""

    said: Utterance
    count: int = 0


@define(eq=False, repr=False)
class Ear:
    """One application's stay in one stream.

    Args:
        agent: Who.
        stream_id: Where.
        spoken: What was said, in truth.
        since: The last event before its time.

    Attributes:
        last: The last event it was told.
        end: What it was told as the end; None before that.
        whole: How often each message was told as complete.
        gaps: The first and the last event of what it was told it will never be told.
    """

    agent: str
    stream_id: str
    spoken: Spoken
    since: int
    last: int = field(init=False)
    end: StreamEnded | ParticipantLeft | None = field(default=None, init=False)
    whole: dict[Utterance, int] = field(factory=dict, init=False)
    gaps: list[tuple[int, int]] = field(factory=list, init=False)
    told: set[int] = field(factory=set, init=False)
    _open: dict[int, _Open] = field(factory=dict, init=False)
    _lost: dict[int, int] = field(factory=dict, init=False)
    _ranks: dict[tuple[str, bool], int] = field(factory=dict, init=False)

    def __attrs_post_init__(self) -> None:
        self.last = self.since

    def hear(self, event: ClientEvent) -> None:
        """The application is told something of this stream.

        Raises:
            Violation: That is wrong, or comes again, or too late.
        """
        if self.end is not None:
            self._wrong("one-end", event, "after the end was told")
        if not isinstance(event, MessageCompleted | ReplayGap):
            self._count(event, getattr(event, "event_id", 0))
        hear = self._BY_KIND.get(type(event))
        if hear is not None:
            hear(self, event)

    def check_complete(self, log: Mapping[int, Entry], *, to_the_end: bool) -> None:
        """Look for what it should have been told, and was not, and is in no gap.

        Args:
            log: What is known to have happened.
            to_the_end: Whether it should have been told all until its end; else until the last that it was told.

        Raises:
            Violation: There is something.
        """
        for number, entry in sorted(log.items()):
            if number <= self.since or (number > self.last and not to_the_end) or number in self.told:
                continue
            is_lost = self._lost.get(entry.first, number) < number or self._is_in_gap(number, entry.first)
            is_own = entry.agent == self.agent and entry.text == "left"  # whoever leaves knows what it leaves unsaid
            if entry.is_for(self.agent, self.since) and not is_lost and not is_own:
                raise Violation("lost-is-told", f"{self._name} was never told event {number}: {entry.value}")

    # Within -------------------------------------------------------------------------------------------------------

    @property
    def _name(self) -> str:
        return f"{self.agent} in {self.stream_id}"

    def _wrong(self, invariant: str, event: object, why: str) -> NoReturn:
        raise Violation(invariant, f"{self._name} was told {event}, {why}")

    def _count(self, event: ClientEvent, number: int) -> None:
        if not number:
            return
        if number in self.told or number <= self.last:
            self._wrong("exactly-once", event, f"after event {self.last}")
        self.last = number
        self.told.add(number)

    def _is_in_gap(self, number: int, first: int) -> bool:
        return any(begin <= number <= end or begin <= first <= end for begin, end in self.gaps)

    def _on_message(self, event: MessageSent) -> None:
        said = self.spoken.whole(event.text)
        if said is None or said.is_chunked:
            self._wrong("no-corrupt-message", event, "and nobody has said that")
        self._complete(event, said)

    def _on_chunk(self, event: ChunkReceived) -> None:
        piece = self.spoken.piece(event.chunk.text)
        if piece is None or not piece.of.is_chunked:
            self._wrong("no-corrupt-message", event, "and nobody has said that")
        if event.event_id == event.first_event_id:
            self._open[event.first_event_id] = _Open(piece.of)
        now = self._open.get(event.first_event_id)
        if now is None:
            self._wrong("order-per-sender", event, "the beginning of which it was not told, or which is over")
        if piece.of is not now.said:
            self._wrong("no-corrupt-message", event, f"in the midst of {now.said.text!r}")
        if piece.place != now.count:
            self._wrong("order-per-sender", event, f"after {now.count} pieces of {now.said.text!r}")
        self._check_sender(event, piece.of)
        now.count += 1

    def _on_completed(self, event: MessageCompleted) -> None:
        now = self._open.pop(event.first_event_id, None)
        if now is None:
            self._wrong("exactly-once", event, "which is over already, or never began")
        if event.text != now.said.text or now.count != len(now.said.pieces):
            self._wrong("no-corrupt-message", event, f"but what was said is {now.said.text!r}")
        self._complete(event, now.said)

    def _on_lost(self, event: MessageLost) -> None:
        first = event.first_event_id
        if first and event.agent_id != self.agent and self._open.pop(first, None) is None:
            self._wrong("exactly-once", event, "which is over already, or never began")
        if first:
            self._lost[first] = self.last  # what comes of it after this is for nobody

    def _on_gap(self, event: ReplayGap) -> None:
        if event.first <= self.last or event.last < event.first:
            self._wrong("exactly-once", event, f"after event {self.last}")
        if self._open:
            self._wrong("lost-is-told", event, f"and not what became of {sorted(self._open)}")
        self.gaps.append((event.first, event.last))
        self.last = event.last

    def _on_end(self, event: StreamEnded) -> None:
        self._end(event)

    def _on_left(self, event: ParticipantLeft) -> None:
        if event.agent_id == self.agent:
            self._end(event)

    def _end(self, event: StreamEnded | ParticipantLeft) -> None:
        if self._open:
            self._wrong("lost-is-told", event, f"and not what became of {sorted(self._open)}")
        self.end = event

    def _complete(self, event: MessageSent | MessageCompleted, said: Utterance) -> None:
        self._check_sender(event, said)
        self.whole[said] = count = self.whole.get(said, 0) + 1
        if count > 1 and not said.is_posted:
            self._wrong("exactly-once", event, "which it was told before")
        rank, key = said.rank or 0, (said.sender, said.is_posted)
        is_first = count == 1 and not (said.is_posted and (self.since or self.gaps))  # else it was told before, perhaps
        if is_first and said.is_ranked and not said.is_doubtful:  # else it may come late, by a line that was given up
            if rank <= self._ranks.get(key, 0):
                self._wrong("order-per-sender", event, "but what its sender said later came before")
            self._ranks[key] = rank

    def _check_sender(self, event: MessageSent | ChunkReceived | MessageCompleted, said: Utterance) -> None:
        if said.is_false:
            self._wrong("no-corrupt-message", event, "which is false")
        if event.agent_id != said.sender:
            self._wrong("no-corrupt-message", event, f"but {said.sender} has said that")
        if said.stream_id != self.stream_id:
            self._wrong("no-corrupt-message", event, f"but it was said in {said.stream_id}")
        if said.sender == self.agent:
            self._wrong("exactly-once", event, "and has said it itself")

    _BY_KIND: ClassVar[Mapping[type, Callable[..., Any]]] = MappingProxyType(
        {
            MessageSent: _on_message,
            ChunkReceived: _on_chunk,
            MessageCompleted: _on_completed,
            MessageLost: _on_lost,
            ReplayGap: _on_gap,
            StreamEnded: _on_end,
            ParticipantLeft: _on_left,
        }
    )
