"""Delivery: which connection is given what. Readings of the streams' logs, invitations, and who has mail."""

from __future__ import annotations

from collections import deque

from attrs import define, field, frozen

from hocket.acp.events import Invited, ParticipantJoined, ParticipantLeft, StreamEvent, StreamStarted
from hocket.acp.links import HubLink, Link, Reading, Send
from hocket.acp.notices import invitation, notice
from hocket.acp.stream import Stream
from hocket.log import Cursor

__all__ = ["Delivery", "Ready"]


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

    events: deque[StreamEvent | Ready]
    links: dict[Link, HubLink] = field(factory=dict, init=False)
    _listeners: dict[str, dict[Link, None]] = field(factory=dict, init=False)
    _readers: dict[str, dict[Link, None]] = field(factory=dict, init=False)
    _invited: dict[str, dict[str, bytes]] = field(factory=dict, init=False)
    _ready: dict[Link, None] = field(factory=dict, init=False)
    _ahead: deque[Send] = field(factory=deque, init=False)

    def listen(self, link: HubLink, agent_id: str, streams: list[Stream]) -> None:
        """Give a connection what happens to an agent, in its streams and in those it is invited to."""
        if not link.listens:
            return
        self._listeners.setdefault(agent_id, {})[link.name] = None
        for stream in streams:
            self.read(link, stream)
        for message in self._invited.pop(agent_id, {}).values():
            link.post(message)
        self.ring(link)

    def read(self, link: HubLink, stream: Stream, after: int | None = None) -> Reading:
        """Let a connection read a stream: after event `after`, or after what its agents were given already."""
        members = [member for name in link.voices if (member := stream.roster.get(name)) is not None]
        begin = min((member.since for member in members), default=0)
        if after is None:
            reading = link.readings.get(stream.stream_id)
            if reading is not None:
                return reading
            after = min((member.seen for member in members), default=stream.events.last)
        after = min(max(after, begin), stream.events.last)
        reading = link.readings[stream.stream_id] = Reading(stream, Cursor(stream.events, after))
        self._readers.setdefault(stream.stream_id, {})[link.name] = None
        self.ring(link)
        return reading

    def is_read_for(self, agent_id: str, stream: Stream) -> bool:
        """Whether some connection reads the stream for this agent."""
        return any(agent_id in self.links[name].voices for name in self._readers.get(stream.stream_id, ()))

    def spread(self, event: StreamEvent, stream: Stream) -> None:
        """Something happened in a stream: wake its readers, and let those begin or cease to read whom it is about."""
        match event:
            case StreamStarted(agent_id=starter):
                for agent_id in stream.roster.names:
                    self._begin(agent_id, stream)
                    if agent_id != starter:
                        self._invite(event, agent_id, stream)
            case ParticipantJoined(agent_id=agent_id):
                self._begin(agent_id, stream)
            case ParticipantLeft():
                self._cease(event, stream)
            case Invited(agent_id=agent_id):
                self._post_invitation(event, stream)
            case _:
                pass
        for name in self._readers.get(stream.stream_id, ()):
            self.ring(self.links[name])

    def forget(self, stream: Stream) -> None:
        """The stream is no longer known."""
        for name in self._readers.pop(stream.stream_id, {}):
            self.links[name].readings.pop(stream.stream_id, None)
        for agent_id in list(self._invited):
            self._invited[agent_id].pop(stream.stream_id, None)
            if not self._invited[agent_id]:
                del self._invited[agent_id]

    def drop(self, link: HubLink) -> None:
        """The connection is gone."""
        del self.links[link.name]
        self._ready.pop(link.name, None)
        for agent_id in link.voices:
            listeners = self._listeners.get(agent_id, {})
            listeners.pop(link.name, None)
            if not listeners:
                self._listeners.pop(agent_id, None)
        for stream_id in link.readings:
            self._unread(link.name, stream_id)

    def ring(self, link: HubLink) -> None:
        """Tell the transport, if there is something new for it to take."""
        if link.name not in self._ready and link.has_mail:
            self._ready[link.name] = None
            self.events.append(Ready(link.name))

    def take(self, link: HubLink, limit: int) -> list[Send]:
        """What the connection may be given now."""
        taken = link.take(limit)
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

    def _begin(self, agent_id: str, stream: Stream) -> None:
        for name in self._listeners.get(agent_id, ()):
            self.read(self.links[name], stream)

    def _cease(self, left: ParticipantLeft, stream: Stream) -> None:
        """Who was sent away is told, and reads no further."""
        for name in list(self._readers.get(stream.stream_id, ())):
            link = self.links[name]
            if left.agent_id not in link.voices:
                continue
            if left.removed_by is not None:
                link.post(notice(left), left.event_id)
                self.ring(link)
            if not any(voice in stream.roster for voice in link.voices):
                del link.readings[stream.stream_id]
                self._unread(name, stream.stream_id)

    def _unread(self, name: Link, stream_id: str) -> None:
        readers = self._readers.get(stream_id, {})
        readers.pop(name, None)
        if not readers:
            self._readers.pop(stream_id, None)

    def _invite(self, started: StreamStarted, agent_id: str, stream: Stream) -> None:
        invited = Invited(
            stream_id=stream.stream_id,
            agent_id=agent_id,
            invited_by=started.agent_id,
            timestamp=started.timestamp,
            reason=started.reason,
            current_participants=stream.roster.names,
        )
        message = invitation(invited, started.event_id)
        for name in self._listeners.get(agent_id, ()):
            self.links[name].post(message)
            self.ring(self.links[name])

    def _post_invitation(self, invited: Invited, stream: Stream) -> None:
        """To the agent's connections; or for the next one, if it has none now."""
        message = invitation(invited, stream.events.last)
        listeners = self._listeners.get(invited.agent_id)
        if not listeners:
            self._invited.setdefault(invited.agent_id, {})[stream.stream_id] = message
            return
        for name in listeners:
            self.links[name].post(message)
            self.ring(self.links[name])
