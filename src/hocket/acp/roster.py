"""The roster of a stream: who takes part, since when, and how far they have read."""

from __future__ import annotations

from collections.abc import Iterable

from attrs import define, field

from hocket.acp.events import ChunkReceived, LoggedEvent, MessageLost, ParticipantLeft

__all__ = ["Member", "Roster"]


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
        number, actor = event.event_id, event.agent_id
        if number <= self.since or (self.until is not None and self.until < number):
            return False
        if isinstance(event, ChunkReceived | MessageLost):  # nearly all are chunks: what is asked first is fast
            is_whole = event.first_event_id == 0 or event.first_event_id > self.since
            return is_whole and (actor != self.agent_id or isinstance(event, MessageLost))
        if isinstance(event, ParticipantLeft) and event.removed_by is not None:
            actor = event.removed_by
        return actor != self.agent_id


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
