"""Delivery: which connection is given what. Readings of the streams' logs, invitations, and who has mail."""

from __future__ import annotations

from collections import deque
from typing import Final

from attrs import define, field, frozen

from hocket.acp.events import Invited, ParticipantJoined, ParticipantLeft, StreamEnded, StreamEvent, StreamStarted
from hocket.acp.hub.links import HubLink, Link, Reading, Send
from hocket.acp.notices import invitation
from hocket.acp.stream import Stream
from hocket.log import Cursor

__all__ = ["Delivery", "Ready"]

_ABOUT_MEMBERS: Final = frozenset({StreamStarted, ParticipantJoined, ParticipantLeft, StreamEnded, Invited})


@frozen
class Ready:
    """A connection has something to `take`. Told once, until it has taken all."""

    link: Link


@define(eq=False)
class Delivery:
    """The connections of a hub, and what waits for them.

    Args:
        events: Where a Ready goes.
    """

    # _readers: by stream, who reads it. _idle: those of them who have read all that there is.

    events: deque[StreamEvent | Ready]
    links: dict[Link, HubLink] = field(factory=dict, init=False)
    _listeners: dict[str, dict[Link, None]] = field(factory=dict, init=False)
    _readers: dict[str, dict[Link, None]] = field(factory=dict, init=False)
    _idle: dict[str, dict[Link, None]] = field(factory=dict, init=False)
    _invited: dict[str, dict[str, bytes]] = field(factory=dict, init=False)
    _ending: dict[Link, dict[str, None]] = field(factory=dict, init=False)
    _ready: dict[Link, None] = field(factory=dict, init=False)
    _ahead: deque[Send] = field(factory=deque, init=False)

    def listen(self, link: HubLink, agent_id: str, streams: list[Stream]) -> None:
        """Give a connection what happens to an agent, in its streams and in those it is invited to."""
        if not link.listens:
            return
        self._listeners.setdefault(agent_id, {})[link.name] = None
        for stream in streams:
            if link.may_read(stream.stream_id) and not _is_news_of_old(stream, agent_id):
                self.read(link, stream)
        waiting = self._invited.get(agent_id, {})
        for stream_id in [stream_id for stream_id in waiting if link.may_read(stream_id)]:
            link.mail.invite(stream_id, agent_id, waiting.pop(stream_id))
        if not waiting:
            self._invited.pop(agent_id, None)
        self.ring(link)

    def read(self, link: HubLink, stream: Stream, after: int | None = None) -> None:
        """Let a connection read a stream: after event `after`, or after what its agents were given already."""
        reading = link.readings.get(stream.stream_id)
        if reading is not None and after is None:
            return
        reading = Reading(stream, Cursor(stream.events))
        reading.note(link.voices)
        members = reading.members(0)
        begin = min([member.since for member in members], default=0)
        if after is None:
            after = min([member.seen for member in members], default=stream.events.last)
        reading.cursor.after = min(max(after, begin), stream.events.last)
        link.readings[stream.stream_id] = reading
        self._look(link, stream.stream_id)
        self._readers.setdefault(stream.stream_id, {})[link.name] = None
        self.ring(link)

    def narrow(self, link: HubLink) -> None:
        """A connection is about one stream from here on: let it read no other."""
        for stream_id in [stream_id for stream_id in link.readings if not link.may_read(stream_id)]:
            self._stop(link, stream_id)

    def is_read_for(self, agent_id: str, stream: Stream) -> bool:
        """Whether some connection reads the stream for this agent."""
        return any(agent_id in self.links[name].voices for name in self._readers.get(stream.stream_id, ()))

    def spread(self, event: StreamEvent, stream: Stream) -> None:
        """Something happened in a stream: let those begin or end to read whom it is about. `wake` comes after it."""
        if event.__class__ not in _ABOUT_MEMBERS:
            return
        match event:
            case StreamStarted(agent_id=starter):
                for agent_id in stream.roster.names:
                    self._begin(agent_id, stream)
                    if agent_id != starter:
                        self._invite(event, agent_id, stream)
            case ParticipantJoined(agent_id=agent_id):
                self._withdraw(agent_id, stream)
                self._note(agent_id, stream)
                self._begin(agent_id, stream)
            case ParticipantLeft(agent_id=agent_id):
                self._withdraw(agent_id, stream)
                self._end(agent_id, stream)
            case StreamEnded():
                for agent_id in (*stream.roster.names, *stream.roster.invited):
                    self._withdraw(agent_id, stream)
            case Invited():
                self._post_invitation(event, stream)
            case _:
                pass

    def wake(self, stream: Stream) -> None:
        """Something happened in a stream: those who had read all of it have something to read now."""
        for name in self._idle.pop(stream.stream_id, ()):
            link = self.links[name]
            self._look(link, stream.stream_id)
            self.ring(link)

    def forget(self, stream: Stream) -> None:
        """The stream is no longer known."""
        for name in list(self._readers.get(stream.stream_id, ())):
            self._stop(self.links[name], stream.stream_id)

    def drop(self, link: HubLink) -> None:
        """The connection is gone."""
        del self.links[link.name]
        self._ready.pop(link.name, None)
        for agent_id in link.voices:
            listeners = self._listeners.get(agent_id, {})
            listeners.pop(link.name, None)
            if not listeners:
                self._listeners.pop(agent_id, None)
        for (stream_id, agent_id), message in link.mail.invitations.items():
            if agent_id not in self._listeners:
                self._keep_invitation(stream_id, agent_id, message)
        for stream_id in link.readings:
            self._strike(link, stream_id)
        self._ahead = deque([send for send in self._ahead if send.link != link.name])

    def ring(self, link: HubLink) -> None:
        """Tell the transport, if there is something new for it to take."""
        if link.name not in self._ready and link.has_mail:
            self._ready[link.name] = None
            self.events.append(Ready(link.name))

    def take(self, link: HubLink, limit: int) -> list[Send]:
        """What the connection may be given now."""
        taken, ended = link.take(limit)
        for stream_id in ended:
            self._idle.setdefault(stream_id, {})[link.name] = None
        for stream_id in list(self._ending.get(link.name, ())):
            if link.readings[stream_id].is_over:
                self._stop(link, stream_id)
        if not link.has_mail:
            self._ready.pop(link.name, None)
        return taken

    def next_send(self) -> Send | None:
        """The next message for anybody."""
        while not self._ahead and self._ready:
            name = next(iter(self._ready))
            self._ahead.extend(self.take(self.links[name], 64))
            if name in self._ready:  # to the end: it was its turn
                self._ready[name] = self._ready.pop(name)
        return self._ahead.popleft() if self._ahead else None

    # Within -------------------------------------------------------------------------------------------------------

    def _look(self, link: HubLink, stream_id: str) -> None:
        """See whether there is something for a connection to read in a stream; else it is woken once there is."""
        if not link.look_at(stream_id):
            self._idle.setdefault(stream_id, {})[link.name] = None

    def _begin(self, agent_id: str, stream: Stream) -> None:
        for link in self._listening(agent_id, stream):
            self.read(link, stream)

    def _note(self, agent_id: str, stream: Stream) -> None:
        """An agent has come back: its connections that have not read yet that it was gone read on for it."""
        for name in self._readers.get(stream.stream_id, ()):
            if agent_id in self.links[name].voices:
                self.links[name].readings[stream.stream_id].note([agent_id])

    def _end(self, agent_id: str, stream: Stream) -> None:
        """An agent has left: its connections read up to that, and no further if they read for nobody else."""
        for name in self._readers.get(stream.stream_id, ()):
            if agent_id in self.links[name].voices:
                self._ending.setdefault(name, {})[stream.stream_id] = None

    def _stop(self, link: HubLink, stream_id: str) -> None:
        """The connection reads this stream no further."""
        link.stop_reading(stream_id)
        self._strike(link, stream_id)

    def _strike(self, link: HubLink, stream_id: str) -> None:
        readers = self._readers[stream_id]
        del readers[link.name]
        self._idle.get(stream_id, {}).pop(link.name, None)
        if not readers:
            del self._readers[stream_id]
            self._idle.pop(stream_id, None)
        ending = self._ending.get(link.name, {})
        ending.pop(stream_id, None)
        if not ending:
            self._ending.pop(link.name, None)

    def _listening(self, agent_id: str, stream: Stream) -> list[HubLink]:
        """The connections that are given what happens to an agent in a stream."""
        links = [self.links[name] for name in self._listeners.get(agent_id, ())]
        return [link for link in links if link.may_read(stream.stream_id)]

    def _invite(self, started: StreamStarted, agent_id: str, stream: Stream) -> None:
        invited = Invited(
            stream_id=stream.stream_id,
            agent_id=agent_id,
            invited_by=started.agent_id,
            timestamp=started.timestamp,
            reason=started.reason,
            current_participants=stream.roster.names,
        )
        self._hand_over(invited, invitation(invited, started.event_id), stream)

    def _post_invitation(self, invited: Invited, stream: Stream) -> None:
        """To the agent's connections; or for the next one, if it has none now."""
        message = invitation(invited, stream.events.last)
        if not self._hand_over(invited, message, stream):
            self._keep_invitation(stream.stream_id, invited.agent_id, message)

    def _keep_invitation(self, stream_id: str, agent_id: str, message: bytes) -> None:
        """Nobody can be given it now: the agent's next connection will be."""
        self._invited.setdefault(agent_id, {})[stream_id] = message

    def _hand_over(self, invited: Invited, message: bytes, stream: Stream) -> bool:
        """Give an invitation to the agent's connections. False if it has none now."""
        links = self._listening(invited.agent_id, stream)
        for link in links:
            link.mail.invite(stream.stream_id, invited.agent_id, message)
            self.ring(link)
        return bool(links)

    def _withdraw(self, agent_id: str, stream: Stream) -> None:
        """An invitation that nobody has been given yet is pointless now."""
        for name in self._listeners.get(agent_id, ()):
            self.links[name].mail.withdraw(stream.stream_id, agent_id)
        waiting = self._invited.get(agent_id, {})
        waiting.pop(stream.stream_id, None)
        if not waiting:
            self._invited.pop(agent_id, None)


def _is_news_of_old(stream: Stream, agent_id: str) -> bool:
    """Whether a stream is over of which the agent has never read anything: it is no invitation any more."""
    member = stream.roster.get(agent_id)
    return stream.is_closed and member is not None and member.seen <= member.since
