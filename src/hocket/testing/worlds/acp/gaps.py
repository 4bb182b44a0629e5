"""Gaps: the messages of which a hub has taken a piece, and waits for one before it. It may not wait for ever."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from attrs import define, field

from hocket.testing.violation import Violation
from hocket.testing.worlds.acp.entries import Entry

__all__ = ["Gaps"]

_PATIENCE: Final = 30.0
"""Seconds that the specification gives a gap."""
_SLACK: Final = 5.0
_END_WAITING: Final = frozenset({"STREAM_PAUSED", "STREAM_ENDED"})


@define(eq=False, repr=False)
class _Pieces:
    """What was taken of one message, and since when the hub waits for a piece of it."""

    taken: set[int] = field(factory=set)
    told: int = 0
    since: float | None = None

    def take(self, number: int, now: float) -> None:
        """One piece more was taken."""
        before = self.told
        self.taken.add(number)
        while self.told + 1 in self.taken:
            self.told += 1
        if len(self.taken) == self.told:
            self.since = None
        elif self.since is None or self.told > before:
            self.since = now


@define(eq=False, repr=False)
class Gaps:
    """What a hub waits for, of messages that have ids and were posted. On a pipe nothing is waited for."""

    _pieces: dict[tuple[str, str, str], _Pieces] = field(factory=dict, init=False)

    def take(self, agent: str, params: Mapping[str, Any], now: float) -> None:
        """A hub says it has taken a piece."""
        message_id = params["chunk"]["parts"][0].get("x-messageId")
        if isinstance(message_id, str):
            self._pieces.setdefault((params["streamId"], agent, message_id), _Pieces()).take(params["sequence"], now)

    def hear(self, stream_id: str, entry: Entry) -> None:
        """Something has happened: a message was lost, or nothing is waited for any more."""
        whose = entry.agent if entry.name in ("MESSAGE_LOST", "PARTICIPANT_LEFT") else None
        if whose is None and entry.name not in _END_WAITING:
            return
        for key in [key for key in self._pieces if key[0] == stream_id and whose in (None, key[1])]:
            del self._pieces[key]

    def forget(self) -> None:
        """The hub has crashed."""
        self._pieces.clear()

    def check(self, stream_id: str, agent: str, now: float) -> None:
        """Look for a message that is waited for too long. Its sender is a member, and was told all there is to tell.

        One of which no piece was told does not count: of its loss nobody is told, either.

        Raises:
            Violation: There is one.
        """
        for (where, who, message_id), pieces in self._pieces.items():
            is_late = pieces.told and pieces.since is not None and now > pieces.since + _PATIENCE + _SLACK
            if (where, who) == (stream_id, agent) and is_late:
                what = f"{message_id!r} of {agent} in {stream_id}"
                raise Violation("lost-is-told", f"{what} waits since {pieces.since} for piece {pieces.told + 1}: {now}")
