"""Witness: stands before the door of a hub, and sees what goes in and what comes out. It changes nothing.

What goes in is told to the rules, in the order in which it goes in. What comes out is held against what they foretold;
and what is said to have happened in a stream, against what was said of it before, to anybody.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from attrs import define, field

from hocket.endpoint import Endpoint
from hocket.framing import FrameRejected, Ndjson
from hocket.testing.violation import Violation
from hocket.testing.worlds.acp.entries import NO_ENTRIES, NOT_RULED, Entry, check_history, entry_of, name_of, stays_of
from hocket.testing.worlds.acp.gaps import Gaps
from hocket.testing.worlds.acp.roads import HubNode, Road, Traffic
from hocket.testing.worlds.acp.rules import FINE, Foretold, Noted, Rules
from hocket.testing.worlds.acp.spoken import Spoken

__all__ = ["Witness"]

_DECLARE: Final = "$/agent"
_PAUSED: Final = -40010
_NOT_GIVEN: Final = frozenset({-40003, -40006})
"""Why a feed is not given: there is no such stream, or it is none of theirs."""
_UNREADABLE: Final = frozenset({-32700, -32600})
"""What a frame is answered that was cut off."""
_SURE: Final = frozenset({FINE})


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
        spoken: What everybody says: what is refused for now is sent again, after what was taken meanwhile.
        hostile: Frames that are hostile, each with the codes that it may be answered; empty for no answer at all.

    Attributes:
        roads: What is known of each connection, by name.
        logs: What is known of every stream's log, by event id.
        named: The streams that were named in an answer, or in what was told.
        crashed_streams: The streams that were lost in a crash: nobody can know what was said in them to the last.
        traffic: How much has passed, both ways.
    """

    node: HubNode
    rules: Rules
    hostile: dict[bytes, Foretold] = field(factory=dict)
    spoken: Spoken = field(factory=Spoken)
    roads: dict[str, Road] = field(factory=dict, init=False)
    logs: dict[str, dict[int, Entry]] = field(factory=dict, init=False)
    named: dict[str, None] = field(factory=dict, init=False)
    crashed_streams: set[str] = field(factory=set, init=False)
    traffic: Traffic = field(factory=Traffic, init=False)
    _doors: dict[str, _Door] = field(factory=dict, init=False)
    _replies: dict[str, dict[Any, _Asked]] = field(factory=dict, init=False)
    _gaps: Gaps = field(factory=Gaps, init=False)
    _seen: dict[bytes, tuple[str, int]] = field(factory=dict, init=False)
    _given: dict[tuple[str, str], set[int]] = field(factory=dict, init=False)
    _starts: dict[str, tuple[str, Mapping[str, Any], float]] = field(factory=dict, init=False)

    # The hub, as a node

    def accept(self, road: Road, now: float) -> Endpoint[object] | None:
        """A connection is made: stand before it."""
        self.rules.tick(now)
        endpoint = self.node.accept(road, now)
        if endpoint is None:
            return None
        session = road.name if road.kind == "pipe" else f"session of {road.agent}"
        door = _Door(self, endpoint, road, self._replies.setdefault(session, {}))
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
        self._gaps.forget()

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
        self.traffic.count(frame)
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
        self.traffic.count(frame)
        if (known := self._seen.get(frame)) is not None:  # told to another before, byte for byte
            self._give(door, *known)
            return
        value = json.loads(frame)
        for each in value if isinstance(value, list) else [value]:
            if "method" in each:
                if each["method"].startswith("stream."):  # else a ping
                    self._told(each)
                    if (params := each["params"]).get("event") not in NO_ENTRIES:
                        self._seen[frame] = (params["streamId"], int(params["eventId"]))
                        self._give(door, *self._seen[frame])
            else:
                self._answered(door, each)

    def _give(self, door: _Door, stream_id: str, number: int) -> None:
        """A connection is given an event."""
        agent = door.agent or door.voice
        if agent is not None:
            self._given.setdefault((stream_id, agent), set()).add(number)

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
        if code == _PAUSED and "message" in asked.params:
            self._put_off("".join([str(part.get("content")) for part in asked.params["message"]["parts"]]))
        result = answer.get("result")
        if code == FINE and isinstance(result, dict):
            self._granted(asked, result)
        if code == FINE and door.road.kind == "post" and "chunk" in asked.params and asked.agent is not None:
            self._gaps.take(asked.agent, asked.params, door.now)

    def _put_off(self, text: str) -> None:
        if (said := self.spoken.whole(text)) is not None and said.is_posted:
            said.is_doubtful = True

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
        stream_id, name = params["streamId"], name_of(told)
        if name in ("STREAM_STARTED", "stream_invitation"):
            self._learn(stream_id, (params.get("data") or {}).get("reason"))
        if name in NO_ENTRIES:
            return
        log = self.logs.setdefault(stream_id, {})
        number = int(params["eventId"])
        known = log.get(number)
        if known is None:
            log[number] = entry = entry_of(told)
            self._gaps.hear(stream_id, entry)
            self._check_rule(stream_id, number, entry)
        elif known.value != told:
            raise Violation("one-order", f"event {number} of {stream_id} is {known.value} to one, {told} to another")

    def _check_rule(self, stream_id: str, number: int, entry: Entry) -> None:
        stream = self.rules.stream(stream_id)
        if stream is None:
            raise Violation("states", f"event {number} is of a stream that nobody has started: {entry.value}")
        if entry.name not in NOT_RULED and not stream.has_noted(Noted(entry.name, entry.agent, entry.text)):
            raise Violation("states", f"event {number} of {stream_id} has never happened: {entry.value}")

    # In the end

    def check_gaps(self, stream_id: str, agent: str, now: float) -> None:
        """Look for a message that is waited for too long; see `Gaps.check`.

        Raises:
            Violation: There is one.
        """
        log = self.logs.get(stream_id, {})
        if stream_id in self.rules.streams and max(log, default=0) == len(log):
            self._gaps.check(stream_id, agent, now)

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
                if entry.name in NOT_RULED:
                    continue
                wanted = Noted(entry.name, entry.agent, entry.text)
                if wanted not in happened:  # looks for it in what comes after the one before
                    raise Violation("states", f"event {number} of {stream_id} was told too late: {entry.value}")
            if max(log) == len(log):
                entries = [log[number] for number in sorted(log)]
                check_history(stream_id, entries)
                self._check_given(stream_id, entries)

    def _check_given(self, stream_id: str, log: list[Entry]) -> None:
        """Nobody is given what it has done itself, or what was not for it: only members are, from when they came."""
        for (named, agent), numbers in self._given.items():
            stays = stays_of(agent, log) if named == stream_id else []
            for number in numbers if named == stream_id else ():
                since = next((since for since, until in stays if since < number <= until), None)
                if since is None or not log[number - 1].is_for(agent, since):
                    raise Violation("not-for-others", f"{agent} was given event {number}: {log[number - 1].value}")

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
    road: Road
    replies: dict[Any, _Asked]
    owed: dict[Any, list[_Asked]] = field(factory=dict, init=False)
    complaints: dict[int, None] = field(factory=dict, init=False)
    agent: str | None = field(init=False)
    voice: str | None = field(default=None, init=False)
    now: float = field(default=0.0, init=False)
    _into: Ndjson = field(factory=Ndjson, init=False)
    _out: Ndjson = field(factory=Ndjson, init=False)

    def __attrs_post_init__(self) -> None:
        self.agent = self.road.agent

    @property
    def is_closed(self) -> bool:
        return self.endpoint.is_closed

    def receive_data(self, data: bytes, now: float) -> None:
        self.now = now
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
