"""Replica: one stream as a client knows it. Its state, what it is, and what was heard of it and how far."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType
from typing import ClassVar, TypeAlias

from attrs import define, evolve, field

from hocket.acp.budget import Budget
from hocket.acp.client.gathering import Gathering
from hocket.acp.client.inbox import Heard
from hocket.acp.client.posting import Posting
from hocket.acp.events import (
    ChunkReceived,
    FrameRejected,
    MessageCompleted,
    MessageLost,
    ParticipantJoined,
    ParticipantLeft,
    ReplayGap,
    StreamEnded,
    StreamEvent,
    StreamPaused,
    StreamResumed,
    StreamStarted,
)
from hocket.acp.lanes import Lanes, LanesVerdict
from hocket.acp.limits import ClientLimits
from hocket.acp.model import StreamObject, StreamStatus
from hocket.acp.reconnect import Schedule
from hocket.acp.states import CLIENT, ClientInput, ClientState
from hocket.acp.verdicts import Completed, Failed

__all__ = ["Replica"]

Told: TypeAlias = list[StreamEvent]


@define(eq=False, repr=False)
class Replica:
    """One stream, seen by one of its members.

    What a hub numbers is told once: an event whose number is not above `last` is dropped. This is free of holes
    because nothing counts before the hub has said that the line reads the stream (`is_attached`): after a reconnect
    the hub may go on after what it gave to a line that then was lost, and is asked for the rest first. (The answer to
    stream.join comes before what it makes the hub send.)

    Chunks that the hub numbers are gathered by their numbers; those of a hub that numbers nothing go through lanes.

    Args:
        stream_id: Its name.
        agent: Who we are, "" if the client was not told.
        limits: Of the client.
        budget: What open messages may hold, in all streams.
        posting: What is posted to it.

    Attributes:
        state: Where it stands (see `states.CLIENT`).
        object: The stream, as far as it is known.
        last: The last event told; None for a hub that gives its events no numbers.
        missed: The event before the first one that came before we could tell it.
        is_invited: Whether the invitation to it was told.
        is_attached: Whether what comes on the line is to be told.
        is_over: Whether its end was told, or will never be: nothing of it is told any more.
        farewell: What is to be told as its end, once everything before it was told.
        feed: What becomes of its feed, or of its place on the line; None while it was not admitted.
    """

    stream_id: str
    agent: str
    limits: ClientLimits
    budget: Budget
    posting: Posting
    state: ClientState = field(default=ClientState.IDLE, init=False)
    object: StreamObject | None = field(default=None, init=False)
    last: int | None = field(default=None, init=False)
    missed: int | None = field(default=None, init=False)
    is_invited: bool = field(default=False, init=False)
    is_attached: bool = field(default=False, init=False)
    is_over: bool = field(default=False, init=False)
    farewell: StreamEnded | ParticipantLeft | None = field(default=None, init=False)
    feed: Schedule | None = field(default=None, init=False)
    _gathering: Gathering = field(init=False)
    _lanes: Lanes = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._gathering = Gathering(self.limits.lane, self.budget)
        self._lanes = Lanes(self.limits.lane, self.budget)

    # The table

    def allows(self, wanted: ClientInput) -> bool:
        """Whether our caller may ask for this now."""
        return CLIENT[wanted][self.state] is not None

    def learn(self, happened: ClientInput) -> None:
        """Something has happened to the stream, or was allowed: go to the state that follows."""
        self.state = CLIENT[happened][self.state] or self.state

    def admit(self, stream: StreamObject, now: float) -> None:
        """The hub says how the stream stands: it is open."""
        self.object = stream
        if stream.status is StreamStatus.PAUSED:
            self.learn(ClientInput.ADMITTED_PAUSED)
            self._lanes.freeze(now)
        else:
            self.learn(ClientInput.ADMITTED)
            self._lanes.thaw(now)

    def set_status(self, status: StreamStatus, now: float, closed_at: str | None = None) -> None:
        """The stream was paused, resumed or closed."""
        if self.object is not None:
            self.object = evolve(self.object, status=status, closed_at=closed_at or self.object.closed_at)
        match status:
            case StreamStatus.PAUSED:
                self.learn(ClientInput.PAUSED)
                self._lanes.freeze(now)
            case StreamStatus.ACTIVE:
                self.learn(ClientInput.RESUMED)
                self._lanes.thaw(now)
            case StreamStatus.CLOSED:
                self.learn(ClientInput.ENDED)

    def lose(self, now: float) -> Told:
        """The line is lost. What is numbered will be given again; what is not numbered is a known loss."""
        self.learn(ClientInput.TRANSPORT_LOST)
        self.is_attached = False
        return self._tell(self._lanes.fail_all("resync"))  # a hub that numbers has nothing in them

    # What comes

    def hear(self, heard: Heard, now: float, *, is_asked_for: bool = False) -> Told:
        """Take what the hub tells, and give what there is to tell.

        Args:
            heard: What it is.
            now: The time in seconds.
            is_asked_for: Whether it is the answer to a question: what comes after `last`, without a hole.
        """
        number = heard.event_id
        if self.is_over or self.state is ClientState.IDLE or not self._counts(number, is_asked_for):
            if number is not None and self.last is None and self.missed is None:
                self.missed = number - 1
            return []
        before, self.last = self.last, number
        if isinstance(heard.event, ReplayGap):
            return self._on_gap(heard.event, before)
        known = self._BY_KIND.get(type(heard.event))
        return [heard.event] if known is None else known(self, heard.event, now)

    def _counts(self, number: int | None, is_asked_for: bool) -> bool:
        if number is None:
            return True
        return (self.is_attached or is_asked_for) and (self.last is None or number > self.last)

    def close(self, reason: str) -> Told:
        """Nothing more will come: what is open will never be complete."""
        self.is_over, self.is_attached = True, False
        return [*self._gathering.fail(self.stream_id, reason), *self._tell(self._lanes.fail_all(reason))]

    # Time (of lanes only: where the hub numbers, it has the clocks)

    def next_timeout(self) -> float | None:
        """When `handle_timeout` wants to be called."""
        return self._lanes.next_timeout()

    def handle_timeout(self, now: float) -> Told:
        """Fail the messages whose next chunk does not come."""
        return self._tell(self._lanes.handle_timeout(now))

    # By kind

    def _on_gap(self, gap: ReplayGap, before: int | None) -> Told:
        first = gap.first if before is None else max(gap.first, before + 1)
        lost = self._gathering.fail(self.stream_id, "replay_gap")
        return [*lost, evolve(gap, first=first, agent_id=self.agent or gap.agent_id)]

    def _on_started(self, event: StreamStarted, now: float) -> Told:
        self.object = self.object or event.stream
        return [event]

    def _on_joined(self, event: ParticipantJoined, now: float) -> Told:
        if self.object is not None and event.agent_id not in self.object.participants:
            self.object = evolve(self.object, participants=(*self.object.participants, event.agent_id))
        return [event]

    def _on_left(self, event: ParticipantLeft, now: float) -> Told:
        gone = event.agent_id
        if self.object is not None:
            rest = tuple(name for name in self.object.participants if name != gone)
            self.object = evolve(self.object, participants=rest)
        if gone and gone == self.agent:
            self.learn(ClientInput.ENDED)
            return [*self.close("left"), event]
        lost = self._gathering.fail(self.stream_id, "left", gone)
        return [*lost, *self._tell(self._lanes.drop(gone)), event]

    def _on_chunk(self, event: ChunkReceived, now: float) -> Told:
        if event.event_id and event.first_event_id:
            return [*self._gathering.receive(event)]
        verdict = self._lanes.receive(
            event.agent_id,
            event.chunk,
            event.sequence,
            is_last=event.is_last,
            now=now,
            is_request=False,
            ordered=True,
        )
        told = self._tell(verdict, event)
        if verdict.error is not None:
            told.append(
                FrameRejected(
                    stream_id=self.stream_id,
                    agent_id=event.agent_id,
                    method="stream.chunk",
                    error=verdict.error,
                    answered=False,
                )
            )
        return told

    def _on_lost(self, event: MessageLost, now: float) -> Told:
        if event.agent_id and event.agent_id == self.agent:
            return [event]  # a message of ours: we were not given its chunks, and are told of its loss alone
        return [*self._gathering.lost(event)]

    def _on_paused(self, event: StreamPaused, now: float) -> Told:
        self.set_status(StreamStatus.PAUSED, now)
        return [event]

    def _on_resumed(self, event: StreamResumed, now: float) -> Told:
        self.set_status(StreamStatus.ACTIVE, now)
        return [event]

    def _on_ended(self, event: StreamEnded, now: float) -> Told:
        self.set_status(StreamStatus.CLOSED, now, event.timestamp)
        return [*self.close("stream_closed"), event]

    _BY_KIND: ClassVar[MappingProxyType[type, Callable[..., Told]]] = MappingProxyType(
        {
            StreamStarted: _on_started,
            ParticipantJoined: _on_joined,
            ParticipantLeft: _on_left,
            ChunkReceived: _on_chunk,
            MessageLost: _on_lost,
            StreamPaused: _on_paused,
            StreamResumed: _on_resumed,
            StreamEnded: _on_ended,
        }
    )

    def _tell(self, verdict: LanesVerdict, event: ChunkReceived | None = None) -> Told:
        """What the lanes made of something. On an ordered line what they deliver is the chunk that has come."""
        told: Told = []
        for key, happened in verdict.events:
            match happened:
                case Completed(chunks=chunks):
                    told.append(MessageCompleted(stream_id=self.stream_id, agent_id=key.sender, chunks=chunks))
                case Failed(reason=reason, expected=expected):
                    told.append(
                        MessageLost(stream_id=self.stream_id, agent_id=key.sender, reason=reason, expected=expected)
                    )
                case _ if event is not None:
                    told.append(event)
                case _:
                    raise AssertionError("only a chunk that comes can be delivered")
        return told
