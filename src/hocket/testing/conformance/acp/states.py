"""The life of a stream: what each method meets in each state, for those who started it, for members, and for others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

from hocket.testing.conformance.acp.room import Room, Seat, compact, words
from hocket.testing.conformance.acp.rules import Line, RoomPlay, acp_rules

__all__ = ["STATE_RULES"]

_UNKNOWN, _CLOSED, _DENIED, _PAUSED = -40003, -40004, -40006, -40010

State: TypeAlias = Literal["unknown", "ACTIVE", "PAUSED", "CLOSED"]

_Meets: TypeAlias = int | tuple[str, str]


def _row(active: _Meets, paused: _Meets, closed: _Meets = _CLOSED) -> Mapping[State, _Meets]:
    return {"unknown": _UNKNOWN, "ACTIVE": active, "PAUSED": paused, "CLOSED": closed}


_TABLE: Mapping[str, Mapping[State, _Meets]] = {
    "resume": _row(("stream", "ACTIVE"), ("stream", "ACTIVE")),
    "message": _row(("success", "ACTIVE"), _PAUSED),
    "chunk": _row(("notification", "ACTIVE"), _PAUSED),
    "end": _row(("success", "CLOSED"), ("success", "CLOSED")),
    "pause": _row(("success", "PAUSED"), ("success", "PAUSED")),
    "join": _row(("stream", "ACTIVE"), ("stream", "PAUSED")),
    "invite": _row(("success", "ACTIVE"), ("success", "PAUSED")),
    "leave": _row(("success", ""), ("success", "")),
    "remove": _row(("success", "ACTIVE"), ("success", "PAUSED")),
    "get": _row(("stream", "ACTIVE"), ("stream", "PAUSED"), ("stream", "CLOSED")),
}
"""What each method meets: the error, or the `type` of the result and the state of the stream afterwards, if seen."""

_MODERATED = {"resume": "moderate", "pause": "moderate", "remove": "moderate", "invite": "invite"}
"""What only those may do who started a stream, and what that permission is called."""


def _params(method: str, stream_id: str, other: Seat) -> dict[str, Any]:
    """The params of a method, `other` being the agent that is meant where one is."""
    params: dict[str, Any] = {"streamId": stream_id}
    match method:
        case "message":
            params["message"] = words("hello")
        case "chunk":
            params |= {"chunk": words("hel"), "sequence": 1}
        case "invite" | "remove":
            params["agentId"] = other.agent
    return params


def _meets(method: str, state: State) -> RoomPlay:
    """The play of one row in one column, by whoever started the stream."""
    wanted = _TABLE[method][state]

    def play(room: Room) -> None:
        ada, bob, stream_id = room.stream_in(state)
        other = room.seat("cyd") if method == "invite" else bob
        params = _params(method, stream_id, other)
        if isinstance(wanted, int):
            error = ada.refused(wanted, f"stream.{method}", **params)
            _names_the_stream(room, error, stream_id)
            return
        kind, after = wanted
        result = ada.ok(f"stream.{method}", **params)
        found = result.get("type") if isinstance(result, Mapping) else None
        room.trial.require(found == kind, f"the result's type is to be {kind!r}, and it is {compact(result)}")
        if after:
            status = room.status(ada, stream_id)
            room.trial.require(status == after, f"the stream is to be {after} afterwards, and is {status}")

    return play


def _names_the_stream(room: Room, error: Mapping[str, Any], stream_id: str) -> None:
    data = error.get("data")
    found = data.get("streamId") if isinstance(data, Mapping) else None
    room.trial.require(found == stream_id, f"data.streamId of the error is to be {stream_id!r}: {compact(error)}")


def _stranger(state: State) -> RoomPlay:
    """Whoever is no member is told nothing, in any state."""

    def play(room: Room) -> None:
        _, bob, stream_id = room.stream_in(state)
        eve = room.seat("eve")
        for method in _TABLE:
            if method != "join":
                eve.refused(_DENIED, f"stream.{method}", reason="not_a_participant", **_params(method, stream_id, bob))
        eve.refused(_DENIED, "stream.join", streamId=stream_id)

    return play


def _member(method: str) -> RoomPlay:
    """A member that has not started the stream."""

    def play(room: Room) -> None:
        ada, bob, stream_id = room.stream_in("PAUSED" if method == "resume" else "ACTIVE")
        error = bob.refused(_DENIED, f"stream.{method}", reason="permission", **_params(method, stream_id, ada))
        permission = error["data"].get("permission")
        wanted = _MODERATED[method]
        room.trial.require(permission == wanted, f"data.permission is to be {wanted!r}, and is {permission!r}")

    return play


def _says(method: str, state: State) -> str:
    wanted = _TABLE[method][state]
    if isinstance(wanted, int):
        return f"stream.{method} is refused with {wanted}"
    kind, after = wanted
    return f"stream.{method} is answered with {kind}" + (f", and the stream is {after}" if after else "")


_WHERE: Mapping[State, str] = {
    "unknown": "where there is no such stream",
    "ACTIVE": "in an ACTIVE stream",
    "PAUSED": "in a PAUSED stream",
    "CLOSED": "in a CLOSED stream",
}

STATE_RULES = acp_rules(
    "Methods",
    "the life of a stream",
    (
        *[
            Line(
                name=f"{method}-{state.lower()}",
                title=f"{_says(method, state)} {_WHERE[state]}",
                play=_meets(method, state),
            )
            for method in _TABLE
            for state in _TABLE[method]
        ],
        *[
            Line(
                name=f"stranger-{state.lower()}",
                title=f"Everything is refused with {_DENIED} to those who are not in the stream, {_WHERE[state]}",
                play=_stranger(state),
            )
            for state in ("ACTIVE", "PAUSED", "CLOSED")
        ],
        *[
            Line(
                name=f"member-{method}",
                title=f"stream.{method} takes the permission {permission!r}, which a member does not have",
                play=_member(method),
            )
            for method, permission in _MODERATED.items()
        ],
    ),
)
