"""The registry of a hub: its streams, who is in which, and when each wants to be looked at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from attrs import define, evolve, field

from hocket.acp.budget import Budget
from hocket.acp.events import ParticipantJoined, ParticipantLeft, StreamEvent, StreamStarted
from hocket.acp.limits import HubLimits, StreamLimits
from hocket.acp.refusals import over_limit
from hocket.acp.stream import Stream
from hocket.errors import StreamRefused
from hocket.timers import Timers

__all__ = ["Registry"]

_ABOUT_MEMBERS: Final = frozenset({StreamStarted, ParticipantJoined, ParticipantLeft})


@define(eq=False)
class Registry:
    """All streams of one hub, also the closed ones that are still remembered.

    Args:
        limits: How many there may be, and what each may cost.
        epoch: Unix time, in seconds, at which `now` was 0.
    """

    limits: HubLimits
    epoch: float
    _streams: dict[str, Stream] = field(factory=dict, init=False)
    _of: dict[str, dict[str, None]] = field(factory=dict, init=False)
    _started_by: dict[str, int] = field(factory=dict, init=False)
    _closed: dict[str, None] = field(factory=dict, init=False)
    _timers: Timers[str] = field(factory=Timers, init=False)
    _budget: Budget = field(init=False)
    _each: StreamLimits = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._budget = Budget(self.limits.held)
        self._each = evolve(self.limits.stream, relayed=min(self.limits.stream.relayed, self.limits.message))

    @property
    def held(self) -> int:
        """Bytes of chunks that wait for a missing one, in all streams; `HubLimits.held` is how many there may be."""
        return self._budget.held

    def start(
        self, stream_id: str, participants: Sequence[str], metadata: Mapping[str, Any] | None, now: float
    ) -> Stream:
        """A new stream; its first participant is whoever starts it.

        Raises:
            StreamRefused: There are too many streams, or the stream would have too many participants.
        """
        starter = participants[0]
        if len(self._streams) - len(self._closed) >= self.limits.streams:
            reason = "this hub has all the streams it can hold: try again later"
            raise StreamRefused(over_limit("streams", self.limits.streams, reason, retry_after=self.limits.forget))
        if self._started_by.get(starter, 0) >= self.limits.streams_each:
            reason = f"{starter} has started as many streams as it may have at one time: end one"
            raise StreamRefused(over_limit("streams_each", self.limits.streams_each, reason))
        stream = Stream(
            participants,
            stream_id=stream_id,
            metadata=metadata,
            limits=self._each,
            epoch=self.epoch,
            now=now,
            budget=self._budget,
        )
        self._streams[stream_id] = stream
        self._started_by[starter] = self._started_by.get(starter, 0) + 1
        return stream

    def make_room(self) -> Stream | None:
        """Forget the stream that is closed longest, if a new one is one too many. Returns it."""
        if len(self._streams) <= self.limits.streams:
            return None
        stream = self._streams[next(iter(self._closed))]
        self._timers.clear(stream.stream_id)
        self._forget(stream)
        return stream

    def get(self, stream_id: str) -> Stream | None:
        """The stream of that name, if it is known (still)."""
        return self._streams.get(stream_id)

    def of(self, agent_id: str) -> list[Stream]:
        """The streams that an agent is a member of, oldest first."""
        return [self._streams[stream_id] for stream_id in self._of.get(agent_id, ())]

    def note(self, event: StreamEvent) -> None:
        """Keep the register of members in step with what happened."""
        if event.__class__ not in _ABOUT_MEMBERS:
            return
        match event:
            case StreamStarted(stream_id=stream_id, stream=stream):
                for agent_id in stream.participants:
                    self._of.setdefault(agent_id, {})[stream_id] = None
            case ParticipantJoined(stream_id=stream_id, agent_id=agent_id):
                self._of.setdefault(agent_id, {})[stream_id] = None
            case ParticipantLeft(stream_id=stream_id, agent_id=agent_id):
                self._strike(agent_id, stream_id)
            case _:
                pass

    def settle(self, stream: Stream, now: float) -> None:
        """Something was done with the stream: note when it wants to be looked at next."""
        stream_id = stream.stream_id
        if not stream.is_closed:
            at = stream.next_timeout()
            if at is not None:
                self._timers.set(stream_id, at)
        elif stream_id not in self._closed:
            self._closed[stream_id] = None
            self._timers.set(stream_id, now + self.limits.forget)
            self._started_by[stream.roster.initiator] -= 1
            if not self._started_by[stream.roster.initiator]:
                del self._started_by[stream.roster.initiator]

    def next_timeout(self) -> float | None:
        """When `due` will have something."""
        return self._timers.next_timeout()

    def due(self, now: float) -> list[Stream]:
        """The streams whose time has come. A closed one among them is forgotten from here on."""
        streams = [self._streams[stream_id] for stream_id in self._timers.due(now)]
        for stream in streams:
            if stream.is_closed:
                self._forget(stream)
        return streams

    def _forget(self, stream: Stream) -> None:
        del self._streams[stream.stream_id], self._closed[stream.stream_id]
        for agent_id in stream.roster.names:
            self._strike(agent_id, stream.stream_id)

    def _strike(self, agent_id: str, stream_id: str) -> None:
        streams = self._of.get(agent_id, {})
        streams.pop(stream_id, None)
        if not streams:
            self._of.pop(agent_id, None)
