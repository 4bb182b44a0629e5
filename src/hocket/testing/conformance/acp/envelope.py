"""Messages: JSON-RPC as a hub takes it, and what is wrong with params."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hocket.testing.conformance.acp.room import Room, compact, words
from hocket.testing.conformance.acp.rules import CONNECTIONS, Line, acp_rules

__all__ = ["ENVELOPE_RULES"]

_PARSE, _INVALID, _METHOD, _PARAMS, _UNKNOWN = -32700, -32600, -32601, -32602, -40003
_NO_STREAM = {"streamId": "stream-of-nobody"}


def _request(request_id: Any, method: str = "stream.get", params: Any = _NO_STREAM) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": request_id, "method": method, "params": params}


def _ids(room: Room) -> None:
    ada = room.seat("ada")
    for request_id in ("a text ä", 7_000_000):
        answer = ada.raw(_request(request_id), request_id)
        same = type(answer.get("id")) is type(request_id)
        room.trial.require(same, f"the id was {request_id!r}, and that of the answer is {answer.get('id')!r}")
        room.trial.require(answer.get("jsonrpc") == "2.0", f'jsonrpc is not "2.0": {compact(answer)}')


def _no_json(room: Room) -> None:
    ada = room.seat("ada")
    for body in (b"hello", b'{"jsonrpc": "2.0",', b'{"a": NaN}'):
        ada.error_in(ada.raw(body), _PARSE, repr(body))


def _no_request(room: Room) -> None:
    ada = room.seat("ada")
    wrong: tuple[Any, ...] = ([], 7, {**_request("1"), "jsonrpc": "1.0"}, {"jsonrpc": "2.0", "id": "1"})
    for body in wrong:
        ada.error_in(ada.raw(body, "1", None), _INVALID, compact(body))


def _no_method(room: Room) -> None:
    error = room.seat("ada").refused(_METHOD, "stream.fly", **_NO_STREAM)
    data = error.get("data")
    methods = data.get("methods") if isinstance(data, Mapping) else None
    known = isinstance(methods, list) and "stream.start" in methods
    room.trial.require(known, f"data.methods is to name the methods that there are: {compact(error)}")


def _wrong_params(room: Room) -> None:
    ada, _, stream_id = room.stream_in("ACTIVE")
    wrong: tuple[tuple[str, dict[str, Any], str], ...] = (
        ("stream.message", {"streamId": stream_id}, "message"),
        ("stream.message", {"streamId": stream_id, "message": {"role": "boss", "parts": [{}]}}, "message"),
        ("stream.message", {"streamId": stream_id, "message": {**words("x"), "parts": []}}, "parts"),
        ("stream.message", {"message": words("x")}, "streamId"),
        ("stream.chunk", {"streamId": stream_id, "chunk": words("x")}, "sequence"),
        ("stream.invite", {"streamId": stream_id}, "agentId"),
        ("stream.start", {"participants": "bob"}, "participants"),
    )
    for method, params, member in wrong:
        said = str(ada.refused(_PARAMS, method, **params).get("message"))
        room.trial.require(member in said, f"the message is to say that {member} is wrong: {said!r}")


def _order(room: Room) -> None:
    ada = room.seat("ada")
    ada.refused(_PARAMS, "stream.message", streamId="stream-of-nobody", message=7)
    ada.refused(_UNKNOWN, "stream.message", streamId="stream-of-nobody", message=words("x"))


def _notification(room: Room) -> None:
    ada = room.seat("ada")
    ada.tell("stream.message", streamId="stream-of-nobody", message=words("x"))
    ada.tell("stream.fly")
    ada.refused(_UNKNOWN, "stream.get", **_NO_STREAM)  # its answer is the first that comes


def _batch(room: Room) -> None:
    ada = room.seat("ada")
    note = {"jsonrpc": "2.0", "method": "stream.get", "params": _NO_STREAM}
    answers = ada.raw([_request("b1"), note, _request("b2")])
    ids = [each.get("id") for each in answers] if isinstance(answers, list) else answers
    is_whole = isinstance(ids, list) and sorted(map(str, ids)) == ["b1", "b2"]
    room.trial.require(is_whole, f"a batch of b1, a notification and b2 was answered with {compact(answers)}")


def _again(room: Room) -> None:
    ada = room.seat("ada")
    request = _request("again", "stream.start", {"participants": [ada.agent]})
    first, second = [ada.raw(request, "again") for _ in range(2)]
    for answer in (first, second):
        room.started(answer, ada)
    room.trial.require(first == second, f"the same request again was answered with {compact([first, second])}")


def _used_id(room: Room) -> None:
    ada = room.seat("ada")
    room.started(ada.raw(_request("used", "stream.start", {"participants": [ada.agent]}), "used"), ada)
    answer = ada.raw(_request("used", "stream.start", {"participants": [ada.agent, "bob"]}), "used")
    ada.error_in(answer, _INVALID, "another request with an id that was used")


def _nulls(room: Room) -> None:
    ada, _, stream_id = room.stream_in("ACTIVE")
    message = {**words("x"), "timestamp": None, "agentId": None}
    ada.ok("stream.message", streamId=stream_id, message=message, agentId=None)


def _unknown_members(room: Room) -> None:
    ada, _, stream_id = room.stream_in("ACTIVE")
    ada.ok("stream.message", streamId=stream_id, message=words("x"), hocketUnknown={"a": [1]})


ENVELOPE_RULES = acp_rules(
    "Messages",
    "messages",
    (
        Line(name="ids", title="An answer has the id of its request, as it was", play=_ids),
        Line(name="parse-error", title=f"What is no JSON is answered with {_PARSE}", play=_no_json),
        Line(name="invalid-request", title=f"JSON that is no request is answered with {_INVALID}", play=_no_request),
        Line(
            name="method-not-found",
            title=f"A method that is not there is answered with {_METHOD}, and those that are",
            play=_no_method,
        ),
        Line(
            name="invalid-params",
            title=f"Params that are wrong are answered with {_PARAMS}, and the member that is",
            play=_wrong_params,
        ),
        Line(name="order-of-checks", title="Params are looked at before the stream is looked for", play=_order),
        Line(
            name="notification",
            title="A notification is never answered, not even with an error",
            play=_notification,
            bindings=CONNECTIONS,
        ),
        Line(name="batch", title="A batch is answered with the answers to its requests", play=_batch),
        Line(name="same-again", title="The same request again has the same answer, and no effect", play=_again),
        Line(name="id-used", title=f"An id of another request is refused with {_INVALID}", play=_used_id),
        Line(name="nulls", title="null is as good as absent", play=_nulls),
        Line(name="unknown-members", title="Members that nobody knows are ignored", play=_unknown_members),
    ),
)
