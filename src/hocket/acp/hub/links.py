"""Links: the hub's side of its connections. What waits for each, and how far it has read each stream."""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Iterable
from typing import TypeAlias

from attrs import define, field, frozen

from hocket.acp.events import LoggedEvent, ParticipantLeft, ReplayGap
from hocket.acp.hub.mail import Mail
from hocket.acp.hub.replies import Replies
from hocket.acp.notices import gap_notice
from hocket.acp.refusals import over_limit
from hocket.acp.roster import Member
from hocket.acp.stream import Stream
from hocket.codec import Raw
from hocket.codec.making import maker
from hocket.errors import ErrorObject, LocalProtocolError
from hocket.jsonrpc import Id, Peer
from hocket.log import Cursor

__all__ = ["HubLink", "Link", "Reading", "Send"]

Link: TypeAlias = Hashable
"""A connection, named by its transport. Never used again while it is open."""

_VOICES = 256
"""Agents that a connection without a principal may speak for."""


@frozen(weakref_slot=False)
class Send:
    """A message for a connection.

    Attributes:
        link: Which one.
        message: One JSON-RPC message.
        event_id: Its place in the stream's log; None where it has none: an answer.
    """

    link: Link
    message: bytes
    event_id: int | None = None


@define(eq=False)
class Reading:
    """How far one connection has read one stream, and for whom.

    An agent that left and came back while the connection did not read has taken part more than once: it is given what
    was said each time.
    """

    stream: Stream
    cursor: Cursor[LoggedEvent]
    _stays: dict[str, deque[Member]] = field(factory=dict, init=False)

    def note(self, voices: Iterable[str]) -> None:
        """Remember which of the agents take part in the stream now."""
        for name in voices:
            member = self.stream.roster.get(name)
            if member is not None:
                stays = self._stays.setdefault(name, deque())
                if not stays or stays[-1] is not member:
                    stays.append(member)
                while stays[0].has_left_by(self.cursor.log.first - 1):
                    stays.popleft()  # nothing is kept that was for it: who comes and goes for ever takes no more room

    def members(self, after: int) -> list[Member]:
        """For whom the events after this one may be: each agent as it took part then."""
        found: list[Member] = []
        for stays in self._stays.values():
            while stays and stays[0].has_left_by(after):
                stays.popleft()
            found += [stays[0]] if stays else []
        return found

    @property
    def is_over(self) -> bool:
        """Whether all the agents have left, and what was for them was read."""
        return not self.members(self.cursor.after)

    def take(self, link: HubLink, limit: int) -> list[Send]:
        """The next events for the agents on this connection, at most `limit` of the log's.

        A further reader costs 0.9 µs for each (2.4 before; `python benchmarks/fanout.py`).
        """
        self.note(link.voices)
        taken = [self._skip(link)] if self.cursor.is_behind else []
        members = self.members(self.cursor.after)
        name, write = link.name, self.stream.history.notices.write
        entries = self.cursor.read(limit)
        for entry in entries:
            for member in members:
                if member.hears(entry.event):
                    taken.append(_send(name, write(entry), entry.offset))
                    break
            if entry.event.__class__ is ParticipantLeft:
                members = self.members(entry.offset)
        if entries:
            for member in members:
                member.seen = max(member.seen, entries[-1].offset)
        return taken

    def _skip(self, link: HubLink) -> Send:
        """Pass over what is no longer kept, and say so."""
        members = self.members(self.cursor.after)
        gap = ReplayGap(
            stream_id=self.stream.stream_id,
            agent_id=members[0].agent_id if members else "",
            first=self.cursor.after + 1,
            last=self.cursor.log.first - 1,
        )
        self.cursor.jump(gap.last)
        return Send(link.name, gap_notice(gap, self.stream.history.timestamp), gap.last)


_send = maker(Send, "link", "message", "event_id")


@define(eq=False)
class HubLink:
    """One connection, as the hub knows it.

    Attributes:
        name: What its transport calls it.
        peer: Its JSON-RPC.
        replies: What its requests were answered; shared by the connections of one session.
        principal: Who it speaks for; None if it declared nothing, and each frame says it.
        ordered: Whether its frames arrive in the order in which they were sent.
        listens: Whether it is given what happens, besides its answers.
        null_id_is_notification: Whether a request with the id null is one without an id.
        bound: The only stream its frames may be about; None for any.
        feed: The only stream it is given; None for all of its agents'.
        voices: The agents it has spoken for, or declared; the first counts where a frame names nobody.
        fed: Who has said something in chunks on it, by stream.
        readings: How far it has read, by stream.
        waiting: The streams in which there is something to read, in the order of their turns.
        mail: Messages that come before all events.
    """

    name: Link
    peer: Peer
    replies: Replies
    principal: str | None
    ordered: bool
    listens: bool
    null_id_is_notification: bool
    bound: str | None
    feed: str | None = field(default=None, init=False)
    voices: dict[str, None] = field(factory=dict, init=False)
    fed: dict[str, dict[str, None]] = field(factory=dict, init=False)
    readings: dict[str, Reading] = field(factory=dict, init=False)
    waiting: dict[str, None] = field(factory=dict, init=False)
    mail: Mail = field(factory=Mail, init=False)

    def __attrs_post_init__(self) -> None:
        if self.principal is not None:
            self.voices[self.principal] = None

    @property
    def may_add_voice(self) -> bool:
        """Whether it may speak for one agent more."""
        return len(self.voices) < _VOICES

    @property
    def only(self) -> str | None:
        """The only stream it is about; None if it is about any."""
        return self.feed or self.bound

    def may_read(self, stream_id: str) -> bool:
        """Whether it is given what happens in this stream, if its agents take part there."""
        return self.only is None or self.only == stream_id

    @property
    def has_mail(self) -> bool:
        """Whether there is something to take."""
        return bool(self.mail) or bool(self.waiting)

    def look_at(self, stream_id: str) -> bool:
        """Something may have happened in a stream that it reads. Returns whether it has."""
        if self.readings[stream_id].cursor.has_more:
            self.waiting[stream_id] = None
            return True
        return False

    def lost(self) -> list[tuple[str, str]]:
        """What is lost with something that cannot be read, or with the connection: of which streams, and whose."""
        lost = [(stream_id, agent) for stream_id, agents in self.fed.items() for agent in agents]
        self.fed.clear()
        return lost

    def answer(self, request_id: Id, answer: bytes | ErrorObject, now: float) -> None:
        """Answer a request, with a result as JSON text or with an error."""
        try:
            if isinstance(answer, ErrorObject):
                self.peer.send_error(request_id, answer, now=now)
            else:
                self.peer.send_result(request_id, Raw(answer), now=now)
        except LocalProtocolError:
            maximum = self.peer.limits.message
            error = over_limit("message", maximum, f"the answer would be longer than {maximum} bytes")
            self.peer.send_error(request_id, error, now=now)

    def stop_reading(self, stream_id: str) -> None:
        """A stream is over for it."""
        del self.readings[stream_id]
        self.waiting.pop(stream_id, None)
        self.fed.pop(stream_id, None)

    def take(self, limit: int) -> tuple[list[Send], list[str]]:
        """The next messages, about `limit`: first the mail, then what happened, stream after stream in turn.

        None only if there is nothing more: what is in a log and not for its agents is passed over. Gives the messages,
        and the streams that it has read to the end.
        """
        taken: list[Send] = []
        ended: list[str] = []
        while len(taken) < limit and (message := self.mail.take()) is not None:
            taken.append(Send(self.name, message))
        while self.waiting and len(taken) < limit:
            stream_id = next(iter(self.waiting))
            del self.waiting[stream_id]
            taken += self.readings[stream_id].take(self, limit - len(taken))
            if not self.look_at(stream_id):  # if there is more, at the end: it was its turn
                ended.append(stream_id)
        return taken, ended
