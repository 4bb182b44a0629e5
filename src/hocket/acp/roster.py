"""The roster of a stream: who takes part, since when, and how far they have read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from attrs import define, field

from hocket.acp.events import ChunkReceived, LoggedEvent, MessageLost, ParticipantLeft

__all__ = ["Member", "Roster"]

_IN_PIECES: Final = (ChunkReceived, MessageLost)


@define(eq=False)
class Member:
    """One agent in a stream.

    Attributes:
        agent_id: Its name.
        since: The last event before it was a member; it is given what came later.
        seen: The last event that was handed to any connection of it: where its next one goes on.
        until: The event of its leaving, the last that is for it; None for a member of now.
    """

    agent_id: str
    since: int = 0
    seen: int = 0
    until: int | None = field(default=None, init=False)

    def has_left_by(self, event_id: int) -> bool:
        """Whether nothing after this event is for it."""
        return self.until is not None and self.until <= event_id

    def hears(self, event: LoggedEvent) -> bool:
        """Whether the event is for this member: not its own, and not from before its time (spec section 4).

        Of a message in chunks a late joiner gets all or nothing.
        """
        if event.__class__ is ChunkReceived:  # as nearly all are
            return (
                self.until is None
                and event.agent_id != self.agent_id
                and event.event_id > self.since
                and (event.first_event_id > self.since or event.first_event_id == 0)
            ) or self._hears(event)
        return self._hears(event)

    def _hears(self, event: LoggedEvent) -> bool:
        actor = event.agent_id
        if isinstance(event, ParticipantLeft) and event.removed_by is not None:
            actor = event.removed_by
        if self.has_left_by(event.event_id - 1):
            return False
        if event.event_id <= self.since or (actor == self.agent_id and not isinstance(event, MessageLost)):
            return False
        if isinstance(event, _IN_PIECES):
            return event.first_event_id == 0 or event.first_event_id > self.since
        return True


@define(eq=False)
class Roster:
    """The members of a stream, in the order in which they came.

    Args:
        initiator: Who started the stream. It is a member from the beginning.
        others: Who else is.
    """

    initiator: str
    others: Iterable[str] = ()
    invited: dict[str, None] = field(factory=dict, init=False)
    _members: dict[str, Member] = field(factory=dict, init=False)

    def __attrs_post_init__(self) -> None:
        for agent_id in (self.initiator, *self.others):
            self._members.setdefault(agent_id, Member(agent_id))

    def __contains__(self, agent_id: str) -> bool:
        return agent_id in self._members

    def __len__(self) -> int:
        return len(self._members)

    @property
    def names(self) -> tuple[str, ...]:
        """Who takes part now."""
        return tuple(self._members)

    def get(self, agent_id: str) -> Member | None:
        """The member of that name, if there is one."""
        return self._members.get(agent_id)

    def join(self, agent_id: str, since: int) -> None:
        """A new member, which is given what comes after event `since`."""
        self._members[agent_id] = Member(agent_id, since, since)
        self.invited.pop(agent_id, None)

    def leave(self, agent_id: str, until: int) -> None:
        """It is no member any more, and not invited either; event `until` tells so."""
        self._members.pop(agent_id).until = until
        self.invited.pop(agent_id, None)
