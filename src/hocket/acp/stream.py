"""Stream: one ACP stream. Its life, its members, their lanes, its log and its deadlines; no I/O, no links.

The hub owns many of these. By itself it serves tests and notebooks:

>>> room = Stream(["analyst", "source"])
>>> _ = room.message("analyst", "Where does it come from?")
>>> room.chunk("source", "an acquisition.", sequence=2, last=True)
>>> room.chunk("source", "It is ", sequence=1)
>>> [(said.agent, said.text) for said in room.log]
[('analyst', 'Where does it come from?'), ('source', 'It is an acquisition.')]
"""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

from attrs import define, field

from hocket.acp.access import invite_refusal, join_refusal, permission_refusal, room_refusal
from hocket.acp.assembly import weight
from hocket.acp.budget import Budget
from hocket.acp.chunking import Chunking
from hocket.acp.events import (
    Invited,
    LoggedEvent,
    MessageSent,
    ParticipantInactive,
    ParticipantJoined,
    ParticipantLeft,
    ParticipantLost,
    StreamArchivable,
    StreamEnded,
    StreamEvent,
    StreamPaused,
    StreamResumed,
    StreamStarted,
)
from hocket.acp.history import History
from hocket.acp.lanes import Lanes, LanesVerdict
from hocket.acp.limits import StreamLimits
from hocket.acp.model import Content, Message, StreamObject, StreamStatus, names_of, signed
from hocket.acp.params import size_refusal, start_refusal
from hocket.acp.refusals import closed, denied, invalid, paused
from hocket.acp.roster import Roster
from hocket.acp.said import Said
from hocket.acp.states import HUB, Input, Row
from hocket.errors import Code, ErrorObject, LocalProtocolError, StreamRefused
from hocket.log import Log
from hocket.timers import Timers, soonest

__all__ = ["Stream"]


@define(eq=False, repr=False)
class Stream:
    """One stream, from its start to its end.

    A command that the stream refuses raises StreamRefused, with the error that a peer would be answered, and changes
    nothing, except where the rules for chunks say so (spec section 4). After any command drain `next_event`.

    Args:
        participants: Who takes part, whoever starts it first. Later the attribute says who does then.
        stream_id: Its name.
        metadata: Purpose, rules and whatever else; `maxParticipants`, `allowDynamicJoin`, `expertiseRequired` count.
        limits: What it may cost, and how long it may last.
        epoch: Unix time, in seconds, at which `now` was 0.
        now: The time in seconds. In all methods it may be left out: it then stays at the last one given.
        budget: The bytes that chunks may hold, shared by the streams of a hub.

    Raises:
        StreamRefused: There are more participants than allowed, or more metadata than others can be told.
        LocalProtocolError: There is none, or they are no list.
    """

    participants: Sequence[str]
    stream_id: str = field(default="stream", kw_only=True)
    metadata: Mapping[str, Any] | None = field(default=None, kw_only=True)
    limits: StreamLimits = field(default=StreamLimits(), kw_only=True)
    epoch: float = field(default=0.0, kw_only=True)
    now: float = field(default=0.0, kw_only=True)
    budget: Budget = field(factory=Budget, kw_only=True)
    status: StreamStatus = field(default=StreamStatus.ACTIVE, init=False)
    roster: Roster = field(init=False)
    history: History = field(init=False)
    _times: tuple[str, str | None] = field(init=False)
    _chunks: Chunking = field(init=False)
    _timers: Timers[tuple[str, str]] = field(factory=Timers, init=False)
    _events: deque[StreamEvent] = field(factory=deque, init=False)

    def __attrs_post_init__(self) -> None:
        if not self.participants:
            raise LocalProtocolError("a stream has at least one participant: whoever starts it")
        initiator, *others = names_of(self.participants)
        self.roster = Roster(initiator, others)
        self.participants = self.roster.names
        _raise(room_refusal(self.roster, self.metadata, self.limits, more=0))
        self.history = History(self.stream_id, self.limits, self.epoch, self.now)
        self._chunks = Chunking(Lanes(self.limits.lane, self.budget), self.history)
        self._times = (self.history.timestamp, None)
        _raise(start_refusal(self.object(), self.limits))
        self._timers.set(("duration", ""), self.now + self.limits.duration)
        purpose = (self.metadata or {}).get("purpose")
        self._tell(
            StreamStarted(
                **self.history.stamp(self.roster.initiator),
                stream=self.object(),
                reason=purpose if isinstance(purpose, str) else None,
            )
        )
        for agent_id in self.roster.names:
            self._watch(agent_id)

    def __repr__(self) -> str:
        names = ", ".join(self.roster.names)
        return f"<Stream {self.stream_id!r}, {self.status.value}: {names}>"

    # What it is ---------------------------------------------------------------------------------------------------

    @property
    def is_closed(self) -> bool:
        """True once it has ended; it takes nothing more then."""
        return self.status is StreamStatus.CLOSED

    @property
    def events(self) -> Log[LoggedEvent]:
        """What happened, numbered, as far as it is kept: what members that were away are given."""
        return self.history.log

    @property
    def log(self) -> tuple[Said, ...]:
        """What was said in full, in the order in which it was complete, as far as it is kept."""
        return self.history.said

    def object(self) -> StreamObject:
        """The stream as it goes on the wire."""
        created_at, closed_at = self._times
        return StreamObject(
            stream_id=self.stream_id,
            status=self.status,
            participants=self.roster.names,
            created_at=created_at,
            closed_at=closed_at,
            metadata=self.metadata,
        )

    def next_event(self) -> StreamEvent | None:
        """The next thing that happened, or None when all has been told."""
        return self._events.popleft() if self._events else None

    # What members do ----------------------------------------------------------------------------------------------

    def message(self, agent: str, content: Content, *, now: float | None = None) -> MessageSent:
        """Say something in one piece.

        Args:
            agent: Who says it.
            content: Text, a Part, several, or a whole Message.
            now: The time in seconds.
        """
        message = signed(agent, content)
        self._admit(Input.MESSAGE, agent, now, (message, size := weight(message)))
        event = MessageSent(**self.history.stamp(agent), message=message)
        self._tell(event, size)
        return event

    def chunk(
        self,
        agent: str,
        content: Content,
        *,
        sequence: int,
        last: bool = False,
        now: float | None = None,
        ordered: bool = False,
        line: Hashable | None = None,
        is_request: bool = True,
    ) -> None:
        """Say a piece of something. What it makes complete is told as events.

        Args:
            agent: Who says it.
            content: The piece.
            sequence: Its number: 1 for the first of a message.
            last: Whether the message ends with it.
            now: The time in seconds.
            ordered: Whether chunks arrive in the order in which they were sent (on one socket, say).
            line: Which socket that is, where the agent may have several.
            is_request: Whether the sender will be told of a refusal. If not, a refused chunk is one that is lost.
        """
        chunk = signed(agent, content)
        try:
            self._admit(Input.CHUNK, agent, now, (chunk, size := weight(chunk)))
        except StreamRefused:
            if not is_request:
                self.resync(agent)
            raise
        verdict = self._chunks.lanes.receive(
            agent, chunk, sequence, size, is_last=last, now=self.now, is_request=is_request, ordered=ordered, line=line
        )
        self._apply(verdict)
        if verdict.error is not None:
            raise StreamRefused(verdict.error)

    def end(self, reason: str | None = None, *, agent: str | None = None, now: float | None = None) -> None:
        """Close the stream for good. `agent` is who does it, by default whoever started it."""
        agent = agent or self.roster.initiator
        self._admit(Input.END, agent, now)
        self._close(agent, reason)

    def pause(self, agent: str, reason: str | None = None, *, now: float | None = None) -> None:
        """Suspend the stream: nothing can be said until it is resumed. Does nothing if it is PAUSED."""
        row = self._admit(Input.PAUSE, agent, now)
        if row.event is None:
            return
        self.status = row.to
        self._chunks.lanes.freeze(self.now)
        self._timers.clear(("idle", ""))
        self._timers.set(("pause", ""), self.now + self.limits.pause)
        self._tell(StreamPaused(**self.history.stamp(agent), reason=reason, lanes=self._chunks.lanes.expected()))

    def resume(self, agent: str, reason: str | None = None, *, now: float | None = None) -> None:
        """Let a PAUSED stream go on. Does nothing if it is ACTIVE."""
        row = self._admit(Input.RESUME, agent, now)
        if row.event is None:
            return
        self.status = row.to
        self._chunks.lanes.thaw(self.now)
        self._timers.clear(("pause", ""))
        self._watch(agent)
        self._tell(StreamResumed(**self.history.stamp(agent), reason=reason))

    def join(self, agent: str, capabilities: Sequence[str] = (), *, now: float | None = None) -> None:
        """Become a member. Does nothing if the agent is one.

        Args:
            agent: Who joins.
            capabilities: What it can do, where the stream asks for that.
            now: The time in seconds.
        """
        self._at(now)
        if agent not in self.roster:
            _raise(join_refusal(agent, tuple(capabilities), self.roster, self.metadata))
        row = self._row(Input.JOIN)
        if agent in self.roster:
            return
        _raise(room_refusal(self.roster, self.metadata, self.limits))
        event = ParticipantJoined(**self.history.stamp(agent))
        self.roster.join(agent, event.event_id)
        self.participants = self.roster.names
        self.status = row.to
        self._watch(agent)
        self._tell(event)

    def invite(self, agent: str, whom: str, reason: str | None = None, *, now: float | None = None) -> Invited | None:
        """Let somebody join who could not by itself. Returns the invitation; None if it is a member already."""
        self._admit(Input.INVITE, agent, now)
        if whom in self.roster:
            return None
        _raise(invite_refusal(whom, self.roster, self.metadata, self.limits))
        self.roster.invited[whom] = None
        event = Invited(
            stream_id=self.stream_id,
            agent_id=whom,
            invited_by=agent,
            timestamp=self.history.timestamp,
            reason=reason,
            current_participants=self.roster.names,
        )
        self._events.append(event)
        return event

    def leave(self, agent: str, reason: str | None = None, *, now: float | None = None) -> None:
        """Take part no longer. What the agent had begun to say is lost; a stream that is left by all is over."""
        self._admit(Input.LEAVE, agent, now)
        self._part(agent, reason, None)

    def remove(self, agent: str, whom: str, reason: str | None = None, *, now: float | None = None) -> None:
        """Send somebody away."""
        self._admit(Input.REMOVE, agent, now)
        if whom not in self.roster:
            raise StreamRefused(invalid(f"params.agentId: {whom!r} is no participant of this stream"))
        self._part(whom, reason, None if whom == agent else agent)

    def get(self, agent: str, *, now: float | None = None) -> StreamObject:
        """The stream, for a member."""
        self._at(now)
        self._check_member(agent)
        return self.object()

    # What happens to it -------------------------------------------------------------------------------------------

    def lost(self, agent: str, *, now: float | None = None) -> None:
        """The last connection of a member broke. It stays a member."""
        self._at(now)
        if agent in self.roster and not self.is_closed:
            self._tell(ParticipantLost(**self.history.stamp(agent)))

    def resync(self, agent: str, *, now: float | None = None) -> None:
        """Chunks of this sender are known to be lost: its open messages fail, and it begins a new one."""
        self._at(now)
        if agent in self.roster and not self.is_closed:
            self._apply(self._chunks.lanes.resync(agent))

    def next_timeout(self) -> float | None:
        """When `handle_timeout` wants to be called, or None."""
        return soonest(self._timers.next_timeout(), self._chunks.lanes.next_timeout())

    def handle_timeout(self, now: float) -> None:
        """Fail messages whose chunks do not come, and close a stream whose time is over."""
        self.now = self.history.now = now
        self._apply(self._chunks.lanes.handle_timeout(now))
        for name, agent in self._timers.due(now):
            match name:
                case _ if self.is_closed:
                    return
                case "inactive":
                    self._events.append(ParticipantInactive(stream_id=self.stream_id, agent_id=agent))
                case "idle":
                    self._expire(Input.IDLE_TIMEOUT)
                case "pause":
                    self._expire(Input.PAUSE_TIMEOUT)
                case _:
                    self._expire(Input.MAX_DURATION)

    # Within -------------------------------------------------------------------------------------------------------

    def _at(self, now: float | None) -> None:
        """It is `now`; what was to happen before, happens first."""
        if now is not None:
            due = self.next_timeout()
            if due is not None and due <= now:
                self.handle_timeout(now)
            self.now = self.history.now = now

    def _admit(self, kind: Input, agent: str, now: float | None, said: tuple[Message, int] | None = None) -> Row:
        """The row of the table, if the agent may do this now (membership, then state, permission, size).

        Raises:
            StreamRefused: It may not.
        """
        self._at(now)
        self._check_member(agent)
        row = self._row(kind)
        if row.event is not None or kind is Input.INVITE:
            _raise(permission_refusal(kind, agent, self.roster))
        if said is not None:
            _raise(size_refusal(kind.value, *said, self.limits))
        self._watch(agent)
        return row

    def _check_member(self, agent: str) -> None:
        if agent not in self.roster:
            reason = f"{agent} is no participant of this stream: join it first, or ask to be invited"
            raise StreamRefused(denied("not_a_participant", reason, streamId=self.stream_id))

    def _row(self, kind: Input) -> Row:
        row = HUB[kind][self.status]
        if row.error is not None:
            is_paused = row.error is Code.STREAM_PAUSED
            _raise(paused(self.stream_id) if is_paused else closed(self.stream_id, self._times[1]))
        return row

    def _watch(self, agent: str) -> None:
        """The agent has done something: nobody is idle for a while."""
        self._timers.set(("inactive", agent), self.now + self.limits.inactivity)
        if self.limits.idle is not None and self.status is StreamStatus.ACTIVE:
            self._timers.set(("idle", ""), self.now + self.limits.idle)

    def _tell(self, event: LoggedEvent, size: int | None = None) -> None:
        self.history.append(event, size)
        self._events.append(event)

    def _apply(self, verdict: LanesVerdict) -> None:
        self._events.extend(self._chunks.tell(verdict))

    def _part(self, agent: str, reason: str | None, removed_by: str | None) -> None:
        self._apply(self._chunks.lanes.drop(agent))
        self._timers.clear(("inactive", agent))
        event = ParticipantLeft(**self.history.stamp(agent), reason=reason, removed_by=removed_by)
        self.roster.leave(agent, event.event_id)
        self.participants = self.roster.names
        self._tell(event)
        if not len(self.roster):
            self._expire(Input.EMPTY)

    def _expire(self, kind: Input) -> None:
        row = HUB[kind][self.status]
        if row.event is not None:
            self._close(None, kind.value)

    def _close(self, agent: str | None, reason: str | None) -> None:
        self._apply(self._chunks.lanes.fail_all("stream_closed"))
        event = StreamEnded(**self.history.stamp(agent), reason=reason)
        self.status = StreamStatus.CLOSED
        self._times = (self._times[0], event.timestamp)
        self._timers = Timers()
        self._tell(event)
        self.events.end()
        self._events.append(
            StreamArchivable(stream_id=self.stream_id, agent_id=agent, stream=self.object(), history=self.log)
        )


def _raise(refusal: ErrorObject | None) -> None:
    if refusal is not None:
        raise StreamRefused(refusal)
