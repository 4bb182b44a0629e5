"""Entries: what a hub has said of a stream, event by event; and what such a log must be like."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf
from types import MappingProxyType
from typing import Any, Final

from attrs import frozen

from hocket.testing.violation import Violation

__all__ = ["NOT_RULED", "NO_ENTRIES", "Entry", "check_history", "entry_of", "name_of", "stays_of"]

_NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {"stream.message": "MESSAGE_SENT", "stream.chunk": "CHUNK_RECEIVED", "stream.end": "STREAM_ENDED"}
)
NO_ENTRIES: Final = frozenset({"stream_invitation", "REPLAY_GAP"})
"""What carries the number of another event, or of none."""
_IN_PIECES: Final = frozenset({"CHUNK_RECEIVED", "MESSAGE_LOST"})
NOT_RULED: Final = _IN_PIECES | {"PARTICIPANT_LOST"}
"""What the rules do not foretell."""


@frozen
class Entry:
    """An event of a stream's log, as the hub has told it.

    Attributes:
        name: MESSAGE_SENT, CHUNK_RECEIVED, STREAM_ENDED …
        agent: Who did it.
        first: Of a chunk, or of a lost message: the event with which the message began; 0 if nothing of it was told.
        by: Who sent away whom it is about; None if nobody did.
        text: What was said, or why it ended, or was lost.
        value: All of it.
    """

    name: str
    agent: str | None
    first: int
    by: str | None
    text: str | None
    value: Any

    def is_for(self, agent: str, since: int) -> bool:
        """Whether a member is given it that has been one since an event: not what it did itself."""
        if self.name in _IN_PIECES and 0 < self.first <= since:
            return False
        return self.name == "MESSAGE_LOST" or (self.by or self.agent) != agent


def name_of(told: Mapping[str, Any]) -> str:
    """What a notification of a hub tells, in the words of the specification."""
    return _NAMES.get(told["method"]) or str(told["params"]["event"])


def entry_of(told: Mapping[str, Any]) -> Entry:
    """What a notification of a hub has to say."""
    name, params = name_of(told), told["params"]
    data = params.get("data") or {}
    content = params.get("message") or params.get("chunk")
    first = int(params.get("firstEventId") or data.get("firstEventId") or 0)
    if content is None:
        text = (
            params.get("reason") if name == "STREAM_ENDED" else data.get("reason") if name == "MESSAGE_LOST" else None
        )
        return Entry(name, params.get("agentId"), first, data.get("removedBy"), text, told)
    text = "".join([str(part.get("content")) for part in content["parts"]])
    return Entry(name, content.get("agentId") or params.get("agentId"), first, None, text, told)


def stays_of(agent: str, log: Sequence[Entry]) -> list[tuple[int, float]]:
    """From after which event to which one an agent was a member, each time."""
    stays: list[tuple[int, float]] = []
    for number, entry in enumerate(log, 1):
        if entry.name == "STREAM_STARTED" and agent in entry.value["params"]["data"]["stream"]["participants"]:
            stays.append((0, inf))
        elif entry.agent == agent and entry.name == "PARTICIPANT_JOINED":
            stays.append((number, inf))
        elif entry.agent == agent and entry.name == "PARTICIPANT_LEFT" and stays:
            stays[-1] = (stays[-1][0], number)
    return stays


def check_history(stream_id: str, log: Sequence[Entry]) -> None:
    """Read a log from its beginning to its end: nobody speaks who may not, and all that begins ends once."""
    members: dict[str | None, None] = {}
    status, begun = "", set[int]()
    for number, entry in enumerate(log, 1):
        if status == "CLOSED":
            raise Violation("one-end", f"event {number} of {stream_id} comes after its end: {entry.value}")
        match entry.name:
            case "STREAM_STARTED":
                status = "ACTIVE"
                members.update(dict.fromkeys(entry.value["params"]["data"]["stream"]["participants"]))
            case "PARTICIPANT_JOINED":
                members[entry.agent] = None
            case "PARTICIPANT_LEFT":
                members.pop(entry.agent, None)
            case "STREAM_PAUSED" | "STREAM_RESUMED":
                status = entry.name.removeprefix("STREAM_")
            case "STREAM_ENDED":
                status = "CLOSED"
            case "MESSAGE_SENT" | "CHUNK_RECEIVED" if status == "PAUSED" or entry.agent not in members:
                raise Violation("states", f"event {number} of {stream_id}: nobody could say that then: {entry.value}")
            case "MESSAGE_LOST" if entry.first and entry.first not in begun:
                raise Violation("lost-is-told", f"event {number} of {stream_id}: what was lost was not begun, or over")
            case _:
                pass
        _follow_pieces(begun, number, entry)
    if begun and status == "CLOSED":
        raise Violation("lost-is-told", f"{stream_id} is over, and nobody was told what became of {sorted(begun)}")


def _follow_pieces(begun: set[int], number: int, entry: Entry) -> None:
    """Keep account of the messages that are open."""
    if entry.name == "CHUNK_RECEIVED":
        if entry.first == number:
            begun.add(number)
        elif entry.first not in begun:
            raise Violation(
                "order-per-sender", f"event {number} goes on with what was not begun, or over: {entry.value}"
            )
        if entry.value["params"].get("isLast"):
            begun.discard(entry.first)
    elif entry.name == "MESSAGE_LOST":
        begun.discard(entry.first)
