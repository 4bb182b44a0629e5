"""Members: who is in a stream, and who may speak."""

from __future__ import annotations

from collections.abc import Mapping

from hocket.testing.conformance.acp.room import Room, compact, words
from hocket.testing.conformance.acp.rules import Line, acp_rules

__all__ = ["MEMBER_RULES"]

_PARAMS, _DENIED, _LIMIT = -32602, -40006, -40012


# --- starting


def _started(room: Room) -> None:
    ada, bob = room.seat("ada"), room.seat("bob")
    names = [bob.agent, ada.agent, bob.agent]
    result = ada.ok("stream.start", participants=names, metadata={"purpose": "moths"})
    stream = room.stream_of(result)
    room.trial.require(result.get("type") == "stream", f"the type of the result is to be 'stream': {compact(result)}")
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
        stream = room.stream_of(ada.ok("stream.start", participants=[], **params))
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
    names = room.stream_of(result).get("participants")
    room.trial.require(names == [ada.agent, eve.agent], f"whoever joined is to be a participant: {names}")
    room.trial.require(isinstance(result.get("lastEventId"), str), f"the result has no lastEventId: {compact(result)}")
    eve.say(stream_id, "here I am")


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
    cyd.say(stream_id, "thank you")


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
