"""Hearing: what everybody in a stream is given, and what those who come back are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hocket.testing.conformance.acp.room import Room, compact, params_of, words
from hocket.testing.conformance.acp.rules import CONNECTIONS, Line, acp_rules

__all__ = ["HEARING_RULES", "REPLAY_RULES"]

_PARAMS = -32602


def _invitation(room: Room) -> None:
    ada, bob = room.seat("ada"), room.seat("bob")
    stream_id = room.start(ada, bob)
    invitation, started = [params_of(each) for each in bob.hears("stream_invitation", "STREAM_STARTED")]
    data = invitation.get("data") or {}
    is_whole = data.get("currentParticipants") == [ada.agent, bob.agent] and data.get("invitedBy") == ada.agent
    room.trial.require(is_whole, f"an invitation says who is there, and who invites: {compact(data)}")
    stream = (started.get("data") or {}).get("stream") or {}
    room.trial.require(stream.get("streamId") == stream_id, f"STREAM_STARTED has no stream: {compact(started)}")


def _given(room: Room) -> None:
    ada, bob, stream_id = room.talk()
    part = {"type": "FilePart", "content": "eA==", "encoding": "base64", "filename": "x", "checksum": "c", "width": 7}
    message = {"role": "agent", "parts": [part], "note": "kept"}
    ada.ok("stream.message", streamId=stream_id, message=message)
    (given,) = bob.hears("stream.message")
    found = params_of(given).get("message")
    wanted = {**message, "agentId": ada.agent}
    room.trial.require(found == wanted, f"the others are given {compact(found)}, and not {compact(wanted)}")


def _no_echo(room: Room) -> None:
    ada, _, stream_id = room.talk()
    ada.say(stream_id, "hello")
    ada.hears_nothing(stream_id)


def _numbered(room: Room) -> None:
    ada, bob, stream_id = room.talk()
    for text in ("a", "b", "c"):
        ada.say(stream_id, text)
    ids = [params_of(each).get("eventId") for each in bob.hears(*["stream.message"] * 3)]
    room.trial.require(ids == ["2", "3", "4"], f"events are numbered without gaps, as texts: {ids}")


def _same_order(room: Room) -> None:
    ada, bob, cyd = room.seat("ada"), room.seat("bob"), room.seat("cyd")
    stream_id = room.start(ada, bob, cyd)
    for seat, text in ((ada, "1"), (bob, "2"), (ada, "3"), (bob, "4")):
        seat.say(stream_id, text)
    heard = [params_of(each) for each in cyd.hears("stream_invitation", "STREAM_STARTED", *["stream.message"] * 4)[2:]]
    said = [each["message"]["parts"][0].get("content") for each in heard]
    room.trial.require(said == ["1", "2", "3", "4"], f"what two agents said one after the other came as {said}")


def _told_of_members(room: Room) -> None:
    ada, bob, stream_id = room.talk()
    cyd = room.seat("cyd")
    ada.ok("stream.invite", streamId=stream_id, agentId=cyd.agent)
    cyd.ok("stream.join", streamId=stream_id)
    cyd.ok("stream.leave", streamId=stream_id, reason="lunch")
    joined, left = [params_of(each) for each in bob.hears("PARTICIPANT_JOINED", "PARTICIPANT_LEFT")]
    who = joined.get("agentId"), left.get("agentId")
    room.trial.require(who == (cyd.agent, cyd.agent), f"{cyd.agent} joined and left, and the events have {who}")
    reason = (left.get("data") or {}).get("reason")
    room.trial.require(reason == "lunch", f"the reason is to be 'lunch', and is {reason!r}")


def _told_of_removal(room: Room) -> None:
    ada, bob, stream_id = room.talk()
    ada.ok("stream.remove", streamId=stream_id, agentId=bob.agent)
    (left,) = [params_of(each) for each in bob.hears("PARTICIPANT_LEFT")]
    by = (left.get("data") or {}).get("removedBy")
    room.trial.require(by == ada.agent, f"removedBy is to be {ada.agent}: {compact(left)}")


def _told_of_pauses(room: Room) -> None:
    ada, bob, stream_id = room.talk()
    ada.ok("stream.chunk", streamId=stream_id, chunk=words("x"), sequence=1)
    ada.ok("stream.pause", streamId=stream_id, reason="tea")
    ada.ok("stream.pause", streamId=stream_id)
    ada.ok("stream.resume", streamId=stream_id)
    _, paused, _ = [params_of(each) for each in bob.hears("stream.chunk", "STREAM_PAUSED", "STREAM_RESUMED")]
    data = paused.get("data") or {}
    room.trial.require(data.get("reason") == "tea", f"the reason is to be 'tea': {compact(data)}")
    lanes = data.get("lanes")
    room.trial.require(lanes == {ada.agent: 2}, f"lanes are to say which chunk each sender goes on with: {lanes}")


def _told_of_end(room: Room) -> None:
    ada, bob, stream_id = room.talk()
    ada.ok("stream.end", streamId=stream_id, reason="solved")
    (ended,) = [params_of(each) for each in bob.hears("stream.end")]
    found = ended.get("streamId"), ended.get("reason"), ended.get("agentId")
    room.trial.require(found == (stream_id, "solved", ada.agent), f"the end is told as {compact(ended)}")


def _lost(room: Room) -> None:
    ada, bob, stream_id = room.talk()
    ada.heard.conversation.close()
    (lost,) = [params_of(each) for each in bob.hears("PARTICIPANT_LOST")]
    room.trial.require(lost.get("agentId") == ada.agent, f"the event is to name {ada.agent}: {compact(lost)}")
    names = room.stream_of(bob.ok("stream.get", streamId=stream_id)).get("participants") or []
    room.trial.require(ada.agent in names, f"whose connection breaks stays a member: {names}")


def _polled(room: Room) -> None:
    ada, bob, stream_id = room.stream_in("ACTIVE")
    for text in ("a", "b", "c"):
        ada.say(stream_id, text)
    page = bob.ok("stream.get", streamId=stream_id, lastEventId="2")
    said = [params_of(each)["message"]["parts"][0].get("content") for each in page.get("events", [])]
    room.trial.require(said == ["b", "c"], f"after the event 2 there are b and c, and {said} came")
    room.trial.require(page.get("lastEventId") == "4", f"lastEventId is to be '4': {page.get('lastEventId')!r}")
    rest = bob.ok("stream.get", streamId=stream_id, lastEventId="4")
    is_empty = rest.get("events") == [] and rest.get("lastEventId") == "4"
    room.trial.require(is_empty, f"there is nothing after the last event, and this came: {compact(rest)}")


def _polled_in_pages(room: Room) -> None:
    ada, bob, stream_id = room.stream_in("ACTIVE")
    for text in ("a", "b", "c"):
        ada.say(stream_id, text)
    said: list[Any] = []
    at = "1"
    for _ in range(3):
        page = bob.ok("stream.get", streamId=stream_id, lastEventId=at, limit=1)
        events = page.get("events", [])
        room.trial.require(len(events) <= 1, f"a page of 1 has {len(events)} events")
        said += [params_of(each)["message"]["parts"][0].get("content") for each in events]
        at = page.get("lastEventId")
    room.trial.require(said == ["a", "b", "c"], f"three pages of one event have {said}")


def _no_event_id(room: Room) -> None:
    ada, _, stream_id = room.stream_in("ACTIVE")
    for wrong in ("x", "-1", "1.5"):
        ada.refused(_PARAMS, "stream.get", streamId=stream_id, lastEventId=wrong)


def _came_back(room: Room) -> None:
    ada, bob, stream_id = room.talk()
    ada.say(stream_id, "a")
    bob.hears("stream.message")
    bob.heard.conversation.close()
    ada.hears("PARTICIPANT_LOST")
    ada.say(stream_id, "b")
    back = room.again(bob.agent)
    back.ok("stream.join", streamId=stream_id, lastEventId="2")
    heard: list[Any] = []
    while len(heard) < 10 and "b" not in heard:
        message = params_of(back.news()).get("message")
        heard += [message["parts"][0].get("content")] if isinstance(message, Mapping) else []
    room.trial.require("b" in heard, f"what was said while the connection was away did not come: {heard}")


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
