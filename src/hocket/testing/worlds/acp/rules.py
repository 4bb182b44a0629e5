"""Rules: the hub's table of states, written a second time by hand from the specification, and a hub that follows it.

It knows streams, members and deadlines, and nothing of chunks beyond whether a stream takes them. What it foretells is
held against what the hub answers; what it has written down, against what the hub says has happened.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import inf
from types import MappingProxyType
from typing import Any, Final

from attrs import define, field, frozen

__all__ = ["FINE", "Deadlines", "Foretold", "Noted", "Rules", "Stream"]

FINE: Final = 0
"""The code of an answer that is no error."""
_INVALID, _LIMIT = -32602, -40012
_NO_STREAM, _CLOSED, _DENIED, _PAUSED, _SEQUENCE = -40003, -40004, -40006, -40010, -40011

_STATES: Final = ("ACTIVE", "PAUSED", "CLOSED")
_TABLE: Final[Mapping[str, tuple[int, int, int]]] = MappingProxyType(
    {
        "stream.start": (FINE, FINE, _CLOSED),
        "stream.resume": (FINE, FINE, _CLOSED),
        "stream.message": (FINE, _PAUSED, _CLOSED),
        "stream.chunk": (FINE, _PAUSED, _CLOSED),
        "stream.end": (FINE, FINE, _CLOSED),
        "stream.pause": (FINE, FINE, _CLOSED),
        "stream.join": (FINE, FINE, _CLOSED),
        "stream.invite": (FINE, FINE, _CLOSED),
        "stream.leave": (FINE, FINE, _CLOSED),
        "stream.remove": (FINE, FINE, _CLOSED),
        "stream.get": (FINE, FINE, FINE),
    }
)
"""What a member is answered, by the state of the stream."""
_MODERATES: Final = frozenset({("stream.pause", "ACTIVE"), ("stream.start", "PAUSED"), ("stream.resume", "PAUSED")})
"""What only whoever started the stream may do, where it does anything at all."""
_ALWAYS_MODERATES: Final = frozenset({"stream.invite", "stream.remove"})
_LANES: Final = frozenset({FINE, _SEQUENCE, _LIMIT})

Foretold = frozenset[int]
"""The codes that an answer may have."""


@frozen(kw_only=True)
class Deadlines:
    """How long a hub waits, in seconds. Those of the specification.

    Attributes:
        pause: Until a paused stream is closed.
        duration: Until any stream is.
        forget: Until a closed stream is forgotten.
    """

    pause: float = 900.0
    duration: float = 7_200.0
    forget: float = 600.0


@frozen
class Noted:
    """Something that the others are told.

    Attributes:
        event: Its name, as in the table of the specification.
        agent: Who did it; None for a deadline.
        text: What was said, or why.
    """

    event: str
    agent: str | None
    text: str | None = None


@define(eq=False, repr=False)
class Stream:
    """A stream, as it should be.

    Attributes:
        status: ACTIVE, PAUSED or CLOSED.
        starter: Who may moderate it.
        is_open: Whether anybody may join.
        most: Members at one time; None for as many as the hub allows.
        members: Who takes part.
        invited: Who may.
        until: When its time is over.
        resumed_by: When it must have been resumed; None while it is not paused.
        forgotten: When it is not known any more; None while it is not closed.
        noted: What the others are told, in order, but for chunks and what becomes of them.
    """

    starter: str
    is_open: bool
    most: int | None
    until: float
    members: dict[str, None] = field(factory=dict)
    status: str = field(default="ACTIVE", init=False)
    invited: dict[str, None] = field(factory=dict, init=False)
    resumed_by: float | None = field(default=None, init=False)
    forgotten: float | None = field(default=None, init=False)
    noted: list[Noted] = field(factory=list, init=False)
    _known: set[Noted] = field(factory=set, init=False)

    def note(self, event: str, agent: str | None, text: str | None = None) -> None:
        """The others are told."""
        noted = Noted(event, agent, text)
        self.noted.append(noted)
        self._known.add(noted)

    def has_noted(self, noted: Noted) -> bool:
        """Whether this has happened."""
        return noted in self._known

    @property
    def is_full(self) -> bool:
        """Whether nobody more can take part."""
        return self.most is not None and len(self.members) >= self.most


@define(eq=False, repr=False)
class Rules:
    """A hub that follows the table.

    Args:
        deadlines: How long it waits.

    Attributes:
        streams: Those it knows.
        over: Those it has forgotten, or has lost in a crash: what was noted in them still counts.
    """

    deadlines: Deadlines = Deadlines()
    streams: dict[str, Stream] = field(factory=dict, init=False)
    over: dict[str, Stream] = field(factory=dict, init=False)

    def stream(self, stream_id: str) -> Stream | None:
        """The stream of that name, known or not."""
        return self.streams.get(stream_id) or self.over.get(stream_id)

    def ask(self, agent: str | None, method: str, params: Mapping[str, Any], now: float) -> Foretold:
        """Somebody asks for something: let it be done, and say what the answer may be.

        Args:
            agent: Who; None if nobody can know.
            method: What, one of the table's.
            params: What exactly; it can be read.
            now: The time in seconds, on the hub's clock.
        """
        self.tick(now)
        stream_id = str(params.get("streamId"))
        stream = self.streams.get(stream_id)
        if agent is None:
            return frozenset({_DENIED})
        if stream is None:
            return frozenset({_NO_STREAM})
        refusal = self._refusal(stream, agent, method, params)
        if refusal != FINE:
            return frozenset({refusal})
        self._do(stream, agent, method, params, now)
        return _LANES if method == "stream.chunk" else frozenset({FINE})

    def start(self, stream_id: str, agent: str, params: Mapping[str, Any], now: float) -> None:
        """Somebody was given a new stream of this name."""
        metadata = params.get("metadata") or {}
        most = metadata.get("maxParticipants")
        stream = Stream(agent, metadata.get("allowDynamicJoin") is True, most, now + self.deadlines.duration)
        stream.members.update(dict.fromkeys([agent, *params.get("participants", ())]))
        stream.note("STREAM_STARTED", agent)
        self.streams[stream_id] = stream

    def tick(self, now: float) -> None:
        """It is `now`: deadlines have passed."""
        for stream_id, stream in list(self.streams.items()):
            if stream.forgotten is not None:
                if stream.forgotten <= now:
                    self.over[stream_id] = self.streams.pop(stream_id)
                continue
            paused = inf if stream.resumed_by is None else stream.resumed_by
            if min(paused, stream.until) <= now:
                self._close(stream, None, "pause_timeout" if paused < stream.until else "max_duration", now)

    def crash(self) -> None:
        """Its memory is lost."""
        self.over.update(self.streams)
        self.streams.clear()

    # Within -------------------------------------------------------------------------------------------------------

    def _refusal(self, stream: Stream, agent: str, method: str, params: Mapping[str, Any]) -> int:
        state = stream.status
        may_join = method == "stream.join" and (stream.is_open or agent in stream.invited)
        if agent not in stream.members and not may_join:
            return _DENIED
        row = _TABLE[method][_STATES.index(state)]
        if row != FINE:
            return row
        needs = method in _ALWAYS_MODERATES or (method, state) in _MODERATES
        if needs and agent != stream.starter:
            return _DENIED
        whom = params.get("agentId")
        match method:
            case "stream.join" if agent not in stream.members and stream.is_full:
                return _LIMIT
            case "stream.invite" if whom not in stream.members and stream.is_full:
                return _LIMIT
            case "stream.remove" if whom not in stream.members:
                return _INVALID
        return FINE

    def _do(self, stream: Stream, agent: str, method: str, params: Mapping[str, Any], now: float) -> None:
        match method:
            case "stream.message":
                text = "".join([str(part.get("content")) for part in params["message"]["parts"]])
                stream.note("MESSAGE_SENT", agent, text)
            case "stream.pause" if stream.status == "ACTIVE":
                stream.status, stream.resumed_by = "PAUSED", now + self.deadlines.pause
                stream.note("STREAM_PAUSED", agent)
            case "stream.resume" | "stream.start" if stream.status == "PAUSED":
                stream.status, stream.resumed_by = "ACTIVE", None
                stream.note("STREAM_RESUMED", agent)
            case "stream.join" if agent not in stream.members:
                stream.members[agent] = None
                stream.invited.pop(agent, None)
                stream.note("PARTICIPANT_JOINED", agent)
            case "stream.invite" if params["agentId"] not in stream.members:
                stream.invited[params["agentId"]] = None
            case "stream.leave":
                self._part(stream, agent, now)
            case "stream.remove":
                self._part(stream, params["agentId"], now)
            case "stream.end":
                self._close(stream, agent, params.get("reason"), now)

    def _part(self, stream: Stream, agent: str, now: float) -> None:
        del stream.members[agent]
        stream.invited.pop(agent, None)
        stream.note("PARTICIPANT_LEFT", agent)
        if not stream.members:
            self._close(stream, None, "empty", now)

    def _close(self, stream: Stream, agent: str | None, reason: str | None, now: float) -> None:
        stream.status, stream.resumed_by = "CLOSED", None
        stream.forgotten = now + self.deadlines.forget
        stream.note("STREAM_ENDED", agent, reason)
