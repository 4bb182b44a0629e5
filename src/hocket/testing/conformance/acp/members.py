"""Members: who is in a stream, who may speak, and what everybody is given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hocket.testing.conformance.acp.room import Room, Seat, compact, words
from hocket.testing.conformance.acp.rules import CONNECTIONS, Line, acp_rules

__all__ = ["HEARING_RULES", "MEMBER_RULES", "REPLAY_RULES"]

_PARAMS, _DENIED, _LIMIT = -32602, -40006, -40012


def _stream(room: Room, result: Any) -> Mapping[str, Any]:
    """The StreamObject in a result."""
    stream = result.get("stream") if isinstance(result, Mapping) else None
    if not isinstance(stream, Mapping) or result.get("type") != "stream":
        room.trial.fail(f"the result is no stream: {compact(result)}")
    return stream


def _params(notification: Mapping[str, Any]) -> Mapping[str, Any]:
    """The params of a notification."""
    params = notification.get("params")
    return params if isinstance(params, Mapping) else {}


def _say(seat: Seat, stream_id: str, text: str) -> None:
    seat.ok("stream.message", streamId=stream_id, message=words(text))


def _talk(room: Room) -> tuple[Seat, Seat, str]:
    """Two agents in a stream, the second of which has heard of it."""
    ada, bob, stream_id = room.stream_in("ACTIVE")
    bob.hears("stream_invitation", "STREAM_STARTED")
    return ada, bob, stream_id


# --- starting


def _started(room: Room) -> None:
    ada, bob = room.seat("ada"), room.seat("bob")
    names = [bob.agent, ada.agent, bob.agent]
    result = ada.ok("stream.start", participants=names, metadata={"purpose": "moths"})
    stream = _stream(room, result)
    room.trial.require(stream.get("status") == "ACTIVE", f"a new stream is to be ACTIVE: {compact(stream)}")
    found, wanted = stream.get("participants"), [ada.agent, bob.agent]
    room.trial.require(found == wanted, f"participants are to be who started it and the others, once: {found}")
    room.trial.require(stream.get("metadata") == {"purpose": "moths"}, f"metadata is to be kept: {compact(stream)}")
    ada.ok("stream.end", streamId=stream["streamId"])


def _always_new(room: Room) -> None:
    ada = room.seat("ada")
    first, second = room.start(ada), room.start(ada)
    room.trial.require(first != second, f"two streams have the name {first}")


def _resumed(room: Room) -> None:
    ada, _, stream_id = room.stream_in("PAUSED")
    for params in ({"streamId": stream_id}, {"metadata": {"resumeStreamId": stream_id}}):
        stream = _stream(room, ada.ok("stream.start", participants=[], **params))
        is_it = stream.get("streamId") == stream_id and stream.get("status") == "ACTIVE"
        room.trial.require(is_it, f"stream.start was to resume {stream_id}: {compact(stream)}")
    another = {"resumeStreamId": "another"}
    ada.refused(_PARAMS, "stream.start", participants=[], streamId=stream_id, metadata=another)


def _ended(room: Room) -> None:
    ada, _, stream_id = room.stream_in("CLOSED")
    error = ada.refused(-40004, "stream.message", streamId=stream_id, message=words("x"))
    data = error.get("data")
    has_time = isinstance(data, Mapping) and isinstance(data.get("closedAt"), str)
    room.trial.require(has_time, f"the refusal is to say since when the stream is closed: {compact(error)}")


def _paused(room: Room) -> None:
    ada, _, stream_id = room.stream_in("PAUSED")
    error = ada.refused(-40010, "stream.message", streamId=stream_id, message=words("x"))
    data = error.get("data")
    can_again = isinstance(data, Mapping) and data.get("retryable") is True
    room.trial.require(can_again, f"data.retryable of the refusal is to be true: {compact(error)}")


# --- members


def _not_open(room: Room) -> None:
    _, _, stream_id = room.stream_in("ACTIVE")
    room.seat("eve").refused(_DENIED, "stream.join", reason="not_open", streamId=stream_id)


def _open(room: Room) -> None:
    ada, eve = room.seat("ada"), room.seat("eve")
    stream_id = room.start(ada, allowDynamicJoin=True)
    result = eve.ok("stream.join", streamId=stream_id)
    names = _stream(room, result).get("participants")
    room.trial.require(names == [ada.agent, eve.agent], f"whoever joined is to be a participant: {names}")
    room.trial.require(isinstance(result.get("lastEventId"), str), f"the result has no lastEventId: {compact(result)}")
    _say(eve, stream_id, "here I am")


def _expertise(room: Room) -> None:
    ada, eve, fay = room.seat("ada"), room.seat("eve"), room.seat("fay")
    stream_id = room.start(ada, allowDynamicJoin=True, expertiseRequired=["moths", "relays"])
    eve.refused(_DENIED, "stream.join", reason="expertise", streamId=stream_id, capabilities=["bees"])
    fay.ok("stream.join", streamId=stream_id, capabilities=["bees", "moths"])


def _invited(room: Room) -> None:
    ada, _, stream_id = room.stream_in("ACTIVE")
    cyd = room.seat("cyd")
    ada.ok("stream.invite", streamId=stream_id, agentId=cyd.agent)
    cyd.ok("stream.join", streamId=stream_id)
    _say(cyd, stream_id, "thank you")


def _left(room: Room) -> None:
    _, bob, stream_id = room.stream_in("ACTIVE")
    bob.ok("stream.leave", streamId=stream_id)
    bob.refused(_DENIED, "stream.message", reason="not_a_participant", streamId=stream_id, message=words("x"))


def _removed(room: Room) -> None:
    ada, bob, stream_id = room.stream_in("ACTIVE")
    ada.ok("stream.remove", streamId=stream_id, agentId=bob.agent)
    bob.refused(_DENIED, "stream.message", reason="not_a_participant", streamId=stream_id, message=words("x"))


def _full(room: Room) -> None:
    ada, bob, eve = room.seat("ada"), room.seat("bob"), room.seat("eve")
    stream_id = room.start(ada, bob, allowDynamicJoin=True, maxParticipants=2)
    error = eve.refused(_LIMIT, "stream.join", streamId=stream_id)
    data = error.get("data")
    says = isinstance(data, Mapping) and data.get("max") == 2 and isinstance(data.get("limit"), str)
    room.trial.require(says, f"data of the refusal is to have limit and max: {compact(error)}")


def _not_yours(room: Room) -> None:
    ada, bob, stream_id = room.stream_in("ACTIVE")
    message = words("it was me", agentId=bob.agent)
    ada.refused(_DENIED, "stream.message", reason="not_yours", streamId=stream_id, message=message)


# --- what is given


def _invitation(room: Room) -> None:
    ada, bob = room.seat("ada"), room.seat("bob")
    stream_id = room.start(ada, bob)
    invitation, started = [_params(each) for each in bob.hears("stream_invitation", "STREAM_STARTED")]
    data = invitation.get("data") or {}
    is_whole = data.get("currentParticipants") == [ada.agent, bob.agent] and data.get("invitedBy") == ada.agent
    room.trial.require(is_whole, f"an invitation says who is there, and who invites: {compact(data)}")
    stream = (started.get("data") or {}).get("stream") or {}
    room.trial.require(stream.get("streamId") == stream_id, f"STREAM_STARTED has no stream: {compact(started)}")


def _given(room: Room) -> None:
    ada, bob, stream_id = _talk(room)
    part = {"type": "FilePart", "content": "eA==", "encoding": "base64", "filename": "x", "checksum": "c", "width": 7}
    message = {"role": "agent", "parts": [part], "note": "kept"}
    ada.ok("stream.message", streamId=stream_id, message=message)
    (given,) = bob.hears("stream.message")
    found = _params(given).get("message")
    wanted = {**message, "agentId": ada.agent}
    room.trial.require(found == wanted, f"the others are given {compact(found)}, and not {compact(wanted)}")


def _no_echo(room: Room) -> None:
    ada, _, stream_id = _talk(room)
    _say(ada, stream_id, "hello")
    ada.hears_nothing(stream_id)


def _numbered(room: Room) -> None:
    ada, bob, stream_id = _talk(room)
    for text in ("a", "b", "c"):
        _say(ada, stream_id, text)
    ids = [_params(each).get("eventId") for each in bob.hears(*["stream.message"] * 3)]
    room.trial.require(ids == ["2", "3", "4"], f"events are numbered without gaps, as texts: {ids}")


def _same_order(room: Room) -> None:
    ada, bob, cyd = room.seat("ada"), room.seat("bob"), room.seat("cyd")
    stream_id = room.start(ada, bob, cyd)
    for seat, text in ((ada, "1"), (bob, "2"), (ada, "3"), (bob, "4")):
        _say(seat, stream_id, text)
    heard = [_params(each) for each in cyd.hears("stream_invitation", "STREAM_STARTED", *["stream.message"] * 4)[2:]]
    said = [each["message"]["parts"][0].get("content") for each in heard]
    room.trial.require(said == ["1", "2", "3", "4"], f"what two agents said one after the other came as {said}")


def _told_of_members(room: Room) -> None:
    ada, bob, stream_id = _talk(room)
    cyd = room.seat("cyd")
    ada.ok("stream.invite", streamId=stream_id, agentId=cyd.agent)
    cyd.ok("stream.join", streamId=stream_id)
    cyd.ok("stream.leave", streamId=stream_id, reason="lunch")
    joined, left = [_params(each) for each in bob.hears("PARTICIPANT_JOINED", "PARTICIPANT_LEFT")]
    who = joined.get("agentId"), left.get("agentId")
    room.trial.require(who == (cyd.agent, cyd.agent), f"{cyd.agent} joined and left, and the events have {who}")
    reason = (left.get("data") or {}).get("reason")
    room.trial.require(reason == "lunch", f"the reason is to be 'lunch', and is {reason!r}")


def _told_of_removal(room: Room) -> None:
    ada, bob, stream_id = _talk(room)
    ada.ok("stream.remove", streamId=stream_id, agentId=bob.agent)
    (left,) = [_params(each) for each in bob.hears("PARTICIPANT_LEFT")]
    by = (left.get("data") or {}).get("removedBy")
    room.trial.require(by == ada.agent, f"removedBy is to be {ada.agent}: {compact(left)}")


def _told_of_pauses(room: Room) -> None:
    ada, bob, stream_id = _talk(room)
    ada.ok("stream.chunk", streamId=stream_id, chunk=words("x"), sequence=1)
    ada.ok("stream.pause", streamId=stream_id, reason="tea")
    ada.ok("stream.pause", streamId=stream_id)
    ada.ok("stream.resume", streamId=stream_id)
    _, paused, _ = [_params(each) for each in bob.hears("stream.chunk", "STREAM_PAUSED", "STREAM_RESUMED")]
    data = paused.get("data") or {}
    room.trial.require(data.get("reason") == "tea", f"the reason is to be 'tea': {compact(data)}")
    lanes = data.get("lanes")
    room.trial.require(lanes == {ada.agent: 2}, f"lanes are to say which chunk each sender goes on with: {lanes}")


def _told_of_end(room: Room) -> None:
    ada, bob, stream_id = _talk(room)
    ada.ok("stream.end", streamId=stream_id, reason="solved")
    (ended,) = [_params(each) for each in bob.hears("stream.end")]
    found = ended.get("streamId"), ended.get("reason"), ended.get("agentId")
    room.trial.require(found == (stream_id, "solved", ada.agent), f"the end is told as {compact(ended)}")


def _lost(room: Room) -> None:
    ada, bob, stream_id = _talk(room)
    ada.heard.conversation.close()
    (lost,) = [_params(each) for each in bob.hears("PARTICIPANT_LOST")]
    room.trial.require(lost.get("agentId") == ada.agent, f"the event is to name {ada.agent}: {compact(lost)}")
    names = _stream(room, bob.ok("stream.get", streamId=stream_id)).get("participants") or []
    room.trial.require(ada.agent in names, f"whose connection breaks stays a member: {names}")


# --- coming back


def _polled(room: Room) -> None:
    ada, bob, stream_id = room.stream_in("ACTIVE")
    for text in ("a", "b", "c"):
        _say(ada, stream_id, text)
    page = bob.ok("stream.get", streamId=stream_id, lastEventId="2")
    said = [_params(each)["message"]["parts"][0].get("content") for each in page.get("events", [])]
    room.trial.require(said == ["b", "c"], f"after the event 2 there are b and c, and {said} came")
    room.trial.require(page.get("lastEventId") == "4", f"lastEventId is to be '4': {page.get('lastEventId')!r}")
    rest = bob.ok("stream.get", streamId=stream_id, lastEventId="4")
    is_empty = rest.get("events") == [] and rest.get("lastEventId") == "4"
    room.trial.require(is_empty, f"there is nothing after the last event, and this came: {compact(rest)}")


def _polled_in_pages(room: Room) -> None:
    ada, bob, stream_id = room.stream_in("ACTIVE")
    for text in ("a", "b", "c"):
        _say(ada, stream_id, text)
    said: list[Any] = []
    at = "1"
    for _ in range(3):
        page = bob.ok("stream.get", streamId=stream_id, lastEventId=at, limit=1)
        events = page.get("events", [])
        room.trial.require(len(events) <= 1, f"a page of 1 has {len(events)} events")
        said += [_params(each)["message"]["parts"][0].get("content") for each in events]
        at = page.get("lastEventId")
    room.trial.require(said == ["a", "b", "c"], f"three pages of one event have {said}")


def _no_event_id(room: Room) -> None:
    ada, _, stream_id = room.stream_in("ACTIVE")
    for wrong in ("x", "-1", "1.5"):
        ada.refused(_PARAMS, "stream.get", streamId=stream_id, lastEventId=wrong)


def _came_back(room: Room) -> None:
    ada, bob, stream_id = _talk(room)
    _say(ada, stream_id, "a")
    bob.hears("stream.message")
    bob.heard.conversation.close()
    ada.hears("PARTICIPANT_LOST")
    _say(ada, stream_id, "b")
    back = room.again(bob.agent)
    back.ok("stream.join", streamId=stream_id, lastEventId="2")
    heard: list[Any] = []
    while len(heard) < 10 and "b" not in heard:
        message = _params(back.news()).get("message")
        heard += [message["parts"][0].get("content")] if isinstance(message, Mapping) else []
    room.trial.require("b" in heard, f"what was said while the connection was away did not come: {heard}")


MEMBER_RULES = acp_rules(
    "Methods",
    "who is in a stream",
    (
        Line(name="start", title="A new stream has its starter and the others, each once", play=_started),
        Line(name="start-new", title="stream.start makes a new stream each time", play=_always_new),
        Line(
            name="start-resumes", title="stream.start with a stream resumes it; with two, it is refused", play=_resumed
        ),
        Line(name="closed-at", title="The refusal of a CLOSED stream says since when it is", play=_ended),
        Line(name="paused-retry", title="The refusal of a PAUSED stream says that it may be tried again", play=_paused),
        Line(name="join-not-open", title="Whoever is not invited cannot join (not_open)", play=_not_open),
        Line(name="join-open", title="Anybody can join where allowDynamicJoin is true", play=_open),
        Line(name="join-expertise", title="expertiseRequired lets in who has one of those", play=_expertise),
        Line(name="join-invited", title="Whoever is invited can join", play=_invited),
        Line(name="left", title="Whoever has left is no member", play=_left),
        Line(name="removed", title="Whoever was removed is no member", play=_removed),
        Line(name="full", title=f"maxParticipants is kept to: {_LIMIT}, with limit and max", play=_full),
        Line(name="not-yours", title="Nobody speaks in the name of another (not_yours)", play=_not_yours),
    ),
)

HEARING_RULES = acp_rules(
    "What members are given",
    "what members are given",
    (
        Line(
            name="invitation",
            title="The others are invited, and told that the stream has started",
            play=_invitation,
            bindings=CONNECTIONS,
        ),
        Line(
            name="given-whole",
            title="A message is given to the others as it was, with the agentId of its sender",
            play=_given,
            bindings=CONNECTIONS,
        ),
        Line(name="no-echo", title="Nobody is given what it said itself", play=_no_echo, bindings=CONNECTIONS),
        Line(
            name="event-ids",
            title="eventIds are 1, 2, 3 …, as texts, without gaps",
            play=_numbered,
            bindings=CONNECTIONS,
        ),
        Line(
            name="hub-order",
            title="What several agents say is given in the order in which they said it",
            play=_same_order,
            bindings=CONNECTIONS,
        ),
        Line(
            name="told-members",
            title="The others are told who joins and who leaves, and why",
            play=_told_of_members,
            bindings=CONNECTIONS,
        ),
        Line(
            name="told-removal",
            title="Whoever is removed is told so, and by whom",
            play=_told_of_removal,
            bindings=CONNECTIONS,
        ),
        Line(
            name="told-pauses",
            title="The others are told of a pause once, with each sender's next chunk, and of its end",
            play=_told_of_pauses,
            bindings=CONNECTIONS,
        ),
        Line(
            name="told-end",
            title="The others are told that the stream has ended, by whom and why",
            play=_told_of_end,
            bindings=CONNECTIONS,
        ),
        Line(
            name="lost",
            title="Whose connection breaks stays a member, and the others are told",
            play=_lost,
            bindings=CONNECTIONS,
        ),
    ),
)

REPLAY_RULES = acp_rules(
    "eventId, and coming back",
    "coming back",
    (
        Line(
            name="poll", title="stream.get with lastEventId gives what happened since, and where to go on", play=_polled
        ),
        Line(name="poll-pages", title="stream.get with a limit gives what happened in pages", play=_polled_in_pages),
        Line(name="poll-wrong", title=f"A lastEventId that is none is refused with {_PARAMS}", play=_no_event_id),
        Line(
            name="come-back",
            title="stream.join with lastEventId gives what was said while the connection was away",
            play=_came_back,
            bindings=CONNECTIONS,
        ),
    ),
)
