"""Witness: stands before the door of a hub, and sees what goes in and what comes out. It changes nothing.

What goes in is told to the rules, in the order in which it goes in. What comes out is held against what they foretold;
and what is said to have happened in a stream, against what was said of it before, to anybody.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from attrs import define, field, frozen

from hocket.endpoint import Endpoint
from hocket.framing import FrameRejected, Ndjson
from hocket.testing.violation import Violation
from hocket.testing.worlds.acp.roads import HubNode, Road
from hocket.testing.worlds.acp.rules import FINE, Foretold, Noted, Rules
from hocket.testing.worlds.acp.spoken import Spoken

__all__ = ["Entry", "Witness"]

_DECLARE: Final = "$/agent"
_NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {"stream.message": "MESSAGE_SENT", "stream.chunk": "CHUNK_RECEIVED", "stream.end": "STREAM_ENDED"}
)
_NOT_GIVEN: Final = frozenset({-40003, -40006})
"""Why a feed is not given: there is no such stream, or it is none of theirs."""
_UNREADABLE: Final = frozenset({-32700, -32600})
"""What a frame is answered that was cut off."""
_SURE: Final = frozenset({FINE})
_NO_ENTRIES: Final = frozenset({"stream_invitation", "REPLAY_GAP"})
"""What carries the number of another event, or of none."""
_IN_PIECES: Final = frozenset({"CHUNK_RECEIVED", "MESSAGE_LOST"})
_NOT_RULED: Final = _IN_PIECES | {"PARTICIPANT_LOST"}
"""What the rules do not foretell."""


@frozen
class Entry:
    """An event of a stream's log, as the hub has told it.

    Attributes:
        name: MESSAGE_SENT, CHUNK_RECEIVED, STREAM_ENDED …
        agent: Who did it.
        first: Of a chunk, or of a lost message: the event with which the message began; 0 if nothing of it was told.
        by: Who sent away whom it is about; None if nobody did.
        text: What was said, or why it ended.
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


@define(eq=False, repr=False)
class _Asked:
    """What a request may be answered; and what it was, where something follows from the answer."""

    foretold: Foretold
    agent: str | None
    params: Mapping[str, Any]
    is_start: bool = False


@define(eq=False, repr=False)
class Witness:
    """A hub, with somebody before its door.

    Args:
        node: The hub.
        rules: What it should do.
        hostile: Frames that are hostile, each with the codes that it may be answered; empty for no answer at all.

    Attributes:
        logs: What is known of every stream's log, by event id.
        named: The streams that were named in an answer, or in what was told.
        crashed_streams: The streams that were lost in a crash: nobody can know what was said in them to the last.
        messages: How many messages have passed, both ways.
        size: How many bytes.
    """

    node: HubNode
    rules: Rules
    hostile: dict[bytes, Foretold] = field(factory=dict)
    logs: dict[str, dict[int, Entry]] = field(factory=dict, init=False)
    named: dict[str, None] = field(factory=dict, init=False)
    crashed_streams: set[str] = field(factory=set, init=False)
    messages: int = field(default=0, init=False)
    size: int = field(default=0, init=False)
    _doors: dict[str, _Door] = field(factory=dict, init=False)
    _replies: dict[str, dict[Any, _Asked]] = field(factory=dict, init=False)
    _seen: set[bytes] = field(factory=set, init=False)
    _starts: dict[str, tuple[str, Mapping[str, Any], float]] = field(factory=dict, init=False)

    # The hub, as a node

    def accept(self, road: Road, now: float) -> Endpoint[object] | None:
        """A connection is made: stand before it."""
        self.rules.tick(now)
        endpoint = self.node.accept(road, now)
        if endpoint is None:
            return None
        session = road.name if road.kind == "pipe" else f"session of {road.agent}"
        door = _Door(self, endpoint, road.agent, self._replies.setdefault(session, {}))
        self._doors[road.name] = door
        if road.kind == "feed":
            door.may_complain(_NOT_GIVEN)
        return door

    def gone(self, road: Road, now: float) -> None:
        """A connection is over: nothing is owed to it any more."""
        self.rules.tick(now)
        self._doors.pop(road.name, None)
        if road.kind == "pipe":
            self._replies.pop(road.name, None)
        self.node.gone(road, now)

    def next_timeout(self) -> float | None:
        """When the hub wants to be called."""
        return self.node.next_timeout()

    def handle_timeout(self, now: float) -> None:
        """Let the hub do what is due."""
        self.node.handle_timeout(now)
        self.rules.tick(now)

    def crashed(self, node: HubNode) -> None:
        """The hub has lost its memory, and this is what it is now."""
        self.node = node
        self.crashed_streams.update(self.rules.streams)
        self.rules.crash()
        self._doors.clear()
        self._replies.clear()
        self._starts.clear()

    def check_answers(self) -> None:
        """Look for what was asked on connections that are still there, and has no answer.

        Raises:
            Violation: There is something.
        """
        for name, door in self._doors.items():
            if door.owed:
                raise Violation("every-call-ends", f"on {name} these requests were not answered: {list(door.owed)}")

    # What goes in

    def hear(self, door: _Door, frame: bytes, now: float) -> None:
        """A frame goes in."""
        self.messages += 1
        self.size += len(frame)
        if frame in self.hostile:
            door.may_complain(self.hostile[frame])
            return
        value = json.loads(frame)
        for call in value if isinstance(value, list) else [value]:
            self._call(door, call, now)

    def _call(self, door: _Door, call: Mapping[str, Any], now: float) -> None:
        method, params, name = call.get("method"), call.get("params") or {}, call.get("id")
        if not isinstance(method, str):
            return  # an answer
        if method == _DECLARE:
            door.agent = params["agentId"]
            return
        if not method.startswith("stream."):
            return  # a ping
        known = door.replies.get(name) if name is not None else None
        asked = self._foretell(door, method, params, now) if known is None or FINE not in known.foretold else known
        if known is not None and len(known.foretold) > 1:  # nobody knows whether it was done the first time
            asked = _Asked(known.foretold | self._foretell(door, method, params, now).foretold, known.agent, params)
        if name is not None:
            door.replies[name] = asked
            door.owed.setdefault(name, []).append(asked)

    def _foretell(self, door: _Door, method: str, params: Mapping[str, Any], now: float) -> _Asked:
        agent = _speaker(door, method, params)
        if method == "stream.start" and "streamId" not in params:
            self._starts[str((params.get("metadata") or {}).get("purpose"))] = (agent or "", params, now)
            door.voice = door.voice or agent
            return _Asked(_SURE, agent, params, is_start=True)
        foretold = self.rules.ask(agent, method, params, now)
        if foretold == _SURE:
            door.voice = door.voice or agent
        return _Asked(foretold, agent, params)

    # What comes out

    def see(self, door: _Door, frame: bytes) -> None:
        """A frame comes out."""
        self.messages += 1
        self.size += len(frame)
        if frame in self._seen:
            return  # told to another before, byte for byte
        value = json.loads(frame)
        for each in value if isinstance(value, list) else [value]:
            if "method" in each:
                if each["method"].startswith("stream."):  # else a ping
                    self._told(each)
                    self._seen.add(frame)
            else:
                self._answered(door, each)

    def _answered(self, door: _Door, answer: Mapping[str, Any]) -> None:
        name = answer.get("id")
        code = answer["error"]["code"] if "error" in answer else FINE
        owed = door.owed.get(name)
        if not owed:
            if code in door.complaints:
                return
            raise Violation("exactly-once", f"an answer that nobody waits for, or the second one: {answer}")
        asked = owed.pop(0)
        if not owed:
            del door.owed[name]
        if code not in asked.foretold:
            may = " or ".join([str(each or "a result") for each in sorted(asked.foretold)])
            raise Violation("states", f"{asked.agent} asked {asked.params}: expected {may}, got {answer}")
        result = answer.get("result")
        if code == FINE and isinstance(result, dict):
            self._granted(asked, result)

    def _granted(self, asked: _Asked, result: Mapping[str, Any]) -> None:
        stream = result.get("stream")
        if isinstance(stream, dict):
            self._learn(stream["streamId"], (stream.get("metadata") or {}).get("purpose"))
        for told in result.get("events", ()):
            self._told(told)

    def _learn(self, stream_id: str, purpose: str | None) -> None:
        """A stream is named: perhaps it is the one that somebody has asked for."""
        self.named[stream_id] = None
        if purpose is not None and purpose in self._starts and self.rules.stream(stream_id) is None:
            agent, params, at = self._starts.pop(purpose)
            self.rules.start(stream_id, agent, params, at)

    def _told(self, told: Mapping[str, Any]) -> None:
        params = told["params"]
        stream_id, name = params["streamId"], _NAMES.get(told["method"]) or params["event"]
        data = params.get("data") or {}
        if name in ("STREAM_STARTED", "stream_invitation"):
            self._learn(stream_id, data.get("reason"))
        if name in _NO_ENTRIES:
            return
        log = self.logs.setdefault(stream_id, {})
        number = int(params["eventId"])
        known = log.get(number)
        if known is None:
            log[number] = entry = _entry(name, params, data, told)
            self._check_rule(stream_id, number, entry)
        elif known.value != told:
            raise Violation("one-order", f"event {number} of {stream_id} is {known.value} to one, {told} to another")

    def _check_rule(self, stream_id: str, number: int, entry: Entry) -> None:
        stream = self.rules.stream(stream_id)
        if stream is None:
            raise Violation("states", f"event {number} is of a stream that nobody has started: {entry.value}")
        if entry.name not in _NOT_RULED and not stream.has_noted(Noted(entry.name, entry.agent, entry.text)):
            raise Violation("states", f"event {number} of {stream_id} has never happened: {entry.value}")

    # In the end

    def check_logs(self) -> None:
        """Hold the order of what was told against the order of what has happened.

        Raises:
            Violation: They differ; or something was said where nobody could say anything.
        """
        for stream_id, log in self.logs.items():
            stream = self.rules.stream(stream_id)
            happened = iter(stream.noted if stream is not None else ())
            for number in sorted(log):
                entry = log[number]
                if entry.name in _NOT_RULED:
                    continue
                wanted = Noted(entry.name, entry.agent, entry.text)
                if wanted not in happened:  # looks for it in what comes after the one before
                    raise Violation("states", f"event {number} of {stream_id} was told too late: {entry.value}")
            if max(log) == len(log):
                _check_history(stream_id, [log[number] for number in sorted(log)])

    def check_said(self, spoken: Spoken) -> None:
        """Look for what the hub has said it has taken, and what then was not told to anybody.

        Raises:
            Violation: There is something.
        """
        told = {
            stream_id: {entry.text for entry in log.values()}
            for stream_id, log in self.logs.items()
            if max(log) == len(log) and log[len(log)].name == "STREAM_ENDED" and stream_id not in self.crashed_streams
        }
        for said in spoken.utterances:
            texts = told.get(said.stream_id)
            if texts is not None and said.is_taken and said.pieces[-1] not in texts:
                raise Violation("lost-is-told", f"{said.sender} has said {said.text!r}, and it is gone without a word")


@define(eq=False, repr=False)
class _Door:
    """One connection of the hub, with somebody before it: an Endpoint."""

    witness: Witness
    endpoint: Endpoint[object]
    agent: str | None
    replies: dict[Any, _Asked]
    owed: dict[Any, list[_Asked]] = field(factory=dict, init=False)
    complaints: dict[int, None] = field(factory=dict, init=False)
    voice: str | None = field(default=None, init=False)
    _into: Ndjson = field(factory=Ndjson, init=False)
    _out: Ndjson = field(factory=Ndjson, init=False)

    @property
    def is_closed(self) -> bool:
        return self.endpoint.is_closed

    def receive_data(self, data: bytes, now: float) -> None:
        self.witness.rules.tick(now)
        self._into.receive_data(data)
        while (frame := self._into.next_frame()) is not None:
            if not isinstance(frame, FrameRejected):
                self.witness.hear(self, frame, now)
        self.endpoint.receive_data(data, now)

    def receive_eof(self, now: float) -> None:
        self.witness.rules.tick(now)
        self._into.receive_eof()
        if isinstance(frame := self._into.next_frame(), bytes):  # cut off, or only its line end is missing
            self._hear_cut(frame, now)
        self.endpoint.receive_eof(now)

    def handle_timeout(self, now: float) -> None:
        self.endpoint.handle_timeout(now)

    def next_event(self) -> object | None:
        return self.endpoint.next_event()

    def next_timeout(self) -> float | None:
        return self.endpoint.next_timeout()

    def data_to_send(self) -> list[bytes]:
        pieces = self.endpoint.data_to_send()
        for piece in pieces:
            self._out.receive_data(piece)
            while (frame := self._out.next_frame()) is not None:
                if isinstance(frame, FrameRejected):
                    raise Violation("readable", f"the hub writes what cannot be read: {frame.error}")
                self.witness.see(self, frame)
        return pieces

    def _hear_cut(self, frame: bytes, now: float) -> None:
        try:
            json.loads(frame)
        except ValueError:
            self.may_complain(_UNREADABLE)
        else:
            self.witness.hear(self, frame, now)

    def may_complain(self, codes: Foretold) -> None:
        """Something hostile came: it may be answered one of these."""
        self.complaints.update(dict.fromkeys(codes))


def _speaker(door: _Door, method: str, params: Mapping[str, Any]) -> str | None:
    """Who asks: the connection has said it, or the call; or it is whoever spoke here before."""
    content = params.get("message") or params.get("chunk") or {}
    claimed = None if method in ("stream.invite", "stream.remove") else content.get("agentId") or params.get("agentId")
    if door.agent is not None:
        return door.agent if claimed in (None, door.agent) else None
    return claimed or door.voice


def _entry(name: str, params: Mapping[str, Any], data: Mapping[str, Any], value: Any) -> Entry:
    content = params.get("message") or params.get("chunk")
    first = int(params.get("firstEventId") or data.get("firstEventId") or 0)
    if content is None:
        text = params.get("reason") if name == "STREAM_ENDED" else None
        return Entry(name, params.get("agentId"), first, data.get("removedBy"), text, value)
    text = "".join([str(part.get("content")) for part in content["parts"]])
    return Entry(name, content.get("agentId") or params.get("agentId"), first, None, text, value)


def _check_history(stream_id: str, log: list[Entry]) -> None:
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
