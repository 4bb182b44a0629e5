"""Chunks: the order of each sender, as a table of conversations, and what the others hear of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from attrs import frozen

from hocket.testing.conformance.acp.room import Room, Seat, compact, told, words
from hocket.testing.conformance.acp.rules import CONNECTIONS, Line, RoomPlay, acp_rules

__all__ = ["LANE_RULES"]

_PARAMS, _SEQUENCE = -32602, -40011


@frozen
class _Chunk:
    """A chunk that is sent as a request, and what is answered.

    Attributes:
        sequence: Its number, or what stands in its place.
        text: Its text.
        last: Whether it ends its message.
        refused: The reason of -40011; "" where it is taken, or ignored with success.
        role: Of its Message.
        message_id: The `x-messageId` of its Part.
    """

    sequence: Any
    text: str = "x"
    last: bool = False
    refused: str = ""
    role: str = "agent"
    message_id: str | None = None

    def params(self, stream_id: str) -> dict[str, Any]:
        """What is sent."""
        marked = {} if self.message_id is None else {"x-messageId": self.message_id}
        part = {"type": "TextPart", "content": self.text, **marked}
        chunk = {"role": self.role, "parts": [part]}
        ends = {"isLast": True} if self.last else {}
        return {"streamId": stream_id, "chunk": chunk, "sequence": self.sequence, **ends}


@frozen
class _Row:
    """A conversation about chunks.

    Attributes:
        name: Of the rule.
        title: Of the rule.
        chunks: What one agent sends.
        heard: The texts that the other agent is given.
    """

    name: str
    title: str
    chunks: Sequence[_Chunk]
    heard: Sequence[str]


_TABLE = (
    _Row(
        "chunk-order",
        "Chunks are given to the others in the order of their numbers",
        (_Chunk(1, "a"), _Chunk(2, "b"), _Chunk(3, "c", last=True)),
        ("a", "b", "c"),
    ),
    _Row(
        "chunk-zero",
        "The first message in a lane may begin with 0",
        (_Chunk(0, "a"), _Chunk(1, "b", last=True)),
        ("a", "b"),
    ),
    _Row(
        "chunk-continues",
        "The next message may go on with the next number",
        (_Chunk(1, "a", last=True), _Chunk(2, "b", last=True)),
        ("a", "b"),
    ),
    _Row(
        "chunk-begins-anew",
        "The next message may begin with 1 again",
        (_Chunk(1, "a"), _Chunk(2, "b", last=True), _Chunk(1, "c", last=True)),
        ("a", "b", "c"),
    ),
    _Row(
        "chunk-fixed",
        "After a message that began with 1 again, none goes on with the next number",
        (_Chunk(1, "a", last=True), _Chunk(1, "b", last=True), _Chunk(2, "c", refused="gap")),
        ("a", "b"),
    ),
    _Row(
        "chunk-gap",
        "A gap is refused, and changes nothing",
        (_Chunk(1, "a"), _Chunk(3, "c", refused="gap"), _Chunk(2, "b"), _Chunk(3, "c", last=True)),
        ("a", "b", "c"),
    ),
    _Row(
        "chunk-first-gap",
        "The first chunk in a lane is 1, or 0",
        (_Chunk(2, "b", refused="gap"), _Chunk(1, "a", last=True)),
        ("a",),
    ),
    _Row(
        "chunk-twice",
        "The same chunk again is answered with success, and given to nobody",
        (_Chunk(1, "a"), _Chunk(2, "b"), _Chunk(2, "b"), _Chunk(3, "c", last=True)),
        ("a", "b", "c"),
    ),
    _Row(
        "chunk-stale",
        "A chunk of the last message that comes again is ignored",
        (_Chunk(1, "a"), _Chunk(2, "b", last=True), _Chunk(2, "b", last=True), _Chunk(3, "c", last=True)),
        ("a", "b", "c"),
    ),
    _Row(
        "chunk-conflict",
        "The same number with another content is refused, and the first counts",
        (_Chunk(1, "a"), _Chunk(2, "b"), _Chunk(2, "B", refused="conflict"), _Chunk(3, "c", last=True)),
        ("a", "b", "c"),
    ),
    _Row(
        "chunk-role",
        "Another role than that of the first chunk is refused",
        (_Chunk(1, "a"), _Chunk(2, "b", refused="role", role="user"), _Chunk(2, "b", last=True)),
        ("a", "b"),
    ),
    _Row(
        "chunk-lanes",
        "Messages with an x-messageId have lanes of their own",
        (
            _Chunk(1, "a", message_id="m"),
            _Chunk(1, "A", message_id="n"),
            _Chunk(2, "b", last=True, message_id="m"),
            _Chunk(2, "B", last=True, message_id="n"),
        ),
        ("a", "A", "b", "B"),
    ),
    _Row(
        "chunk-float",
        "A whole number may be written as 1.0",
        (_Chunk(1.0, "a", last=True),),
        ("a",),
    ),
)


def _sent(row: _Row) -> RoomPlay:
    """The play of a row."""

    def play(room: Room) -> None:
        ada, bob, stream_id = room.talk()
        for chunk in row.chunks:
            answer = ada.ask("stream.chunk", **chunk.params(stream_id))
            what = f"chunk {chunk.sequence}"
            if chunk.refused:
                ada.error_in(answer, _SEQUENCE, what, chunk.refused)
            else:
                result = answer.get("result")
                kind = result.get("type") if isinstance(result, Mapping) else None
                room.trial.require(kind == "notification", f"{what} was to be taken: {compact(answer)}")
        if room.trial.probe.binding in CONNECTIONS:
            _has_heard(bob, stream_id, row.heard)

    return play


def _has_heard(seat: Seat, stream_id: str, texts: Sequence[str]) -> None:
    """The agent was given these chunks and nothing else."""
    found = seat.hears(*["stream.chunk" for _ in texts])
    said = tuple([each["params"]["chunk"]["parts"][0].get("content") for each in found])
    seat.trial.require(said == tuple(texts), f"the chunks {' '.join(texts)} were to be given, and were {said}")
    seat.hears_nothing(stream_id)


def _no_number(room: Room) -> None:
    ada, _, stream_id = room.stream_in("ACTIVE")
    for sequence in ("7", True, -1, 1.5, None, 2**53):
        ada.refused(_PARAMS, "stream.chunk", **_Chunk(sequence).params(stream_id))


def _expected(room: Room) -> None:
    ada, _, stream_id = room.stream_in("ACTIVE")
    for number in (1, 2):
        ada.ok("stream.chunk", **_Chunk(number).params(stream_id))
    error = ada.refused(_SEQUENCE, "stream.chunk", reason="gap", **_Chunk(7).params(stream_id))
    expected = error["data"].get("expected")
    room.trial.require(expected == 3, f"data.expected is to be 3, and is {expected!r}")


def _after_last(room: Room) -> None:
    """Beyond the last chunk of a message that is not complete, which only happens where chunks may overtake."""
    ada, _, stream_id = room.stream_in("ACTIVE")
    for chunk in (_Chunk(1), _Chunk(3, last=True)):
        ada.ok("stream.chunk", **chunk.params(stream_id))
    ada.refused(_SEQUENCE, "stream.chunk", reason="after_last", **_Chunk(4).params(stream_id))
    ada.ok("stream.chunk", **_Chunk(2).params(stream_id))


def _overtaking(room: Room) -> None:
    ada, bob, stream_id = room.stream_in("ACTIVE")
    for chunk in (_Chunk(2, "b"), _Chunk(3, "c", last=True), _Chunk(1, "a")):
        ada.ok("stream.chunk", **chunk.params(stream_id))
    result = bob.ok("stream.get", streamId=stream_id, lastEventId="0")
    events = [each["params"] for each in result.get("events", []) if told(each) == "stream.chunk"]
    said = [each["chunk"]["parts"][0].get("content") for each in events]
    room.trial.require(said == ["a", "b", "c"], f"chunks that overtook each other were given as {said}")


def _senders(room: Room) -> None:
    ada, bob, stream_id = room.talk()
    cyd = room.seat("cyd")
    ada.ok("stream.invite", streamId=stream_id, agentId=cyd.agent)
    cyd.ok("stream.join", streamId=stream_id)
    bob.forget(stream_id)
    for number in (1, 2):
        for seat in (ada, cyd):
            text = f"{number}{seat.agent[0]}"
            seat.ok("stream.chunk", **_Chunk(number, text, last=number == 2).params(stream_id))
    _has_heard(bob, stream_id, ("1a", "1c", "2a", "2c"))


def _first_event(room: Room) -> None:
    ada, bob, stream_id = room.talk()
    for number in (1, 2):
        ada.ok("stream.chunk", **_Chunk(number, last=number == 2).params(stream_id))
    first, second = [each["params"] for each in bob.hears("stream.chunk", "stream.chunk")]
    is_first = first.get("firstEventId") == first.get("eventId") == second.get("firstEventId")
    room.trial.require(is_first, f"firstEventId is to be the eventId of the first chunk: {compact([first, second])}")
    ends = first.get("isLast", False), second.get("isLast")
    room.trial.require(ends == (False, True), f"isLast is to be true on the last chunk alone, and is {ends}")


def _lost(room: Room) -> None:
    ada, bob, stream_id = room.talk()
    for number in (1, 3, 4):
        ada.tell("stream.chunk", **_Chunk(number, str(number)).params(stream_id))
    ada.tell("stream.chunk", **_Chunk(1, "again", last=True).params(stream_id))
    first, lost, again = bob.hears("stream.chunk", "MESSAGE_LOST", "stream.chunk")
    data = lost["params"].get("data") or {}
    room.trial.require(data.get("reason") == "gap", f"the reason is to be 'gap': {compact(data)}")
    same = data.get("firstEventId") == first["params"].get("eventId")
    room.trial.require(same, f"MESSAGE_LOST is to name the message that is lost: {compact(data)}")
    content = again["params"]["chunk"]["parts"][0].get("content")
    room.trial.require(content == "again", f"after the loss the next message was to come, and {content!r} came")


def _message_between(room: Room) -> None:
    ada, bob, stream_id = room.talk()
    ada.ok("stream.chunk", **_Chunk(1).params(stream_id))
    ada.ok("stream.message", streamId=stream_id, message=words("by the way"))
    ada.ok("stream.chunk", **_Chunk(2, last=True).params(stream_id))
    bob.hears("stream.chunk", "stream.message", "stream.chunk")


def _late(room: Room) -> None:
    ada, _, stream_id = room.talk()
    cyd = room.seat("cyd")
    ada.ok("stream.chunk", **_Chunk(1, "a").params(stream_id))
    ada.ok("stream.invite", streamId=stream_id, agentId=cyd.agent)
    cyd.hears("stream_invitation")
    cyd.ok("stream.join", streamId=stream_id)
    ada.ok("stream.chunk", **_Chunk(2, "b", last=True).params(stream_id))
    ada.ok("stream.chunk", **_Chunk(3, "c", last=True).params(stream_id))
    _has_heard(cyd, stream_id, ("c",))


def _left_open(room: Room) -> None:
    ada, bob, stream_id = room.talk()
    ada.ok("stream.chunk", **_Chunk(1).params(stream_id))
    ada.ok("stream.end", streamId=stream_id)
    _, lost, _ = bob.hears("stream.chunk", "MESSAGE_LOST", "stream.end")
    reason = (lost["params"].get("data") or {}).get("reason")
    room.trial.require(reason == "stream_closed", f"the reason is to be 'stream_closed', and is {reason!r}")


LANE_RULES = acp_rules(
    "Chunks",
    "chunks",
    (
        *[Line(name=row.name, title=row.title, play=_sent(row), bindings=CONNECTIONS) for row in _TABLE],
        Line(
            name="chunk-number",
            title=f"A sequence that is no number of a chunk is refused with {_PARAMS}",
            play=_no_number,
        ),
        Line(
            name="chunk-expected",
            title="The refusal of a gap says which number is expected",
            play=_expected,
            bindings=CONNECTIONS,
        ),
        Line(
            name="chunk-overtaking",
            title="Over HTTP, chunks that overtake each other are put in order",
            play=_overtaking,
            bindings=("http",),
        ),
        Line(
            name="chunk-after-last",
            title="Over HTTP, a chunk beyond the last is refused, and the message goes on",
            play=_after_last,
            bindings=("http",),
        ),
        Line(
            name="chunk-senders",
            title="Senders do not disturb each other's numbers",
            play=_senders,
            bindings=CONNECTIONS,
        ),
        Line(
            name="chunk-first-event",
            title="Chunks of one message have the same firstEventId, and the last has isLast",
            play=_first_event,
            bindings=CONNECTIONS,
        ),
        Line(
            name="chunk-lost",
            title="A gap in notifications loses the message, says so, and 1 begins the next",
            play=_lost,
            bindings=CONNECTIONS,
        ),
        Line(
            name="chunk-message",
            title="A stream.message in the midst of chunks changes nothing for them",
            play=_message_between,
            bindings=CONNECTIONS,
        ),
        Line(
            name="chunk-late",
            title="Of a message that began before an agent joined, it is given nothing",
            play=_late,
            bindings=CONNECTIONS,
        ),
        Line(
            name="chunk-end",
            title="The end of the stream loses the messages that are open, and says so",
            play=_left_open,
            bindings=CONNECTIONS,
        ),
    ),
)
