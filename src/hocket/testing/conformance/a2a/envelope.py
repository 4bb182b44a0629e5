"""JSON-RPC: ids, codes, and what an error looks like."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import evolve

from hocket import codec
from hocket.testing.conformance.a2a.caller import Answer, Caller, compact
from hocket.testing.conformance.a2a.rules import HTTP, SHOULD, Line, a2a_rules

__all__ = ["ENVELOPE_RULES"]

_PARSE, _INVALID, _METHOD, _PARAMS = -32700, -32600, -32601, -32602
_NO_TASK = "no-such-task"

_SILENCE = 0.3
"""Seconds for which nothing must come where no answer is due."""


def _raw(caller: Caller, body: bytes) -> Answer:
    """What is answered to any bytes."""
    return caller.answer(evolve(caller.ask("get", {}), body=body, method=None))


def _request(caller: Caller, **members: Any) -> bytes:
    """A request for a task that is not there, with other members."""
    request = {"jsonrpc": "2.0", "id": "1", "method": caller.wire.methods["get"], "params": {"id": _NO_TASK}}
    return codec.dumps({name: value for name, value in {**request, **members}.items() if value != "(left out)"})


def _id_comes_back(caller: Caller, request_id: Any) -> None:
    answer = caller.call("get", {"id": _NO_TASK}, request_id=request_id)
    same = answer.id == request_id and type(answer.id) is type(request_id)
    caller.trial.require(same, f"the id was {request_id!r}, and that of the answer is {answer.id!r}")


def _text_id(caller: Caller) -> None:
    _id_comes_back(caller, "hocket-7 ä")


def _number_id(caller: Caller) -> None:
    _id_comes_back(caller, 1_234_567_890)


def _envelope(caller: Caller) -> None:
    for answer in (caller.call("get", {"id": _NO_TASK}), caller.sent()):
        body = answer.body
        caller.trial.require(isinstance(body, Mapping), f"the answer is no object: {compact(body)}")
        caller.trial.require(body.get("jsonrpc") == "2.0", f'jsonrpc is not "2.0": {body.get("jsonrpc")!r}')
        has = [name for name in ("result", "error") if body.get(name) is not None]
        caller.trial.require(len(has) == 1, f"one of result and error was to come, and these are there: {has}")


def _no_json(caller: Caller) -> None:
    for body in (b'{"jsonrpc": "2.0", "method": ', b"hello", b'{"id": "1",}'):
        answer = _raw(caller, body)
        caller.refusal(answer, _PARSE)
        caller.trial.require(answer.id is None, f"of JSON that cannot be read no id is known, and {answer.id!r} came")


def _no_request(caller: Caller) -> None:
    wrong = (
        _request(caller, method="(left out)"),
        _request(caller, method=7),
        _request(caller, jsonrpc="1.0"),
        b"[]",
        b"7",
    )
    for body in wrong:
        caller.refusal(_raw(caller, body), _INVALID)


def _no_method(caller: Caller) -> None:
    caller.refusal(_raw(caller, _request(caller, method="tasks/fly")), _METHOD)


def _wrong_params(caller: Caller) -> None:
    message = caller.message()
    wrong: tuple[Any, ...] = (
        {},
        {"message": "hello"},
        {"message": {**message, "parts": "hello"}},
        {"message": {**message, "role": "boss"}},
    )
    for params in wrong:
        caller.refusal(caller.call("send", params), _PARAMS)


def _no_message_id(caller: Caller) -> None:
    message = {name: value for name, value in caller.message().items() if name != "messageId"}
    caller.refusal(caller.call("send", {"message": message}), _PARAMS)


def _no_id(caller: Caller) -> None:
    for operation in ("get", "cancel"):
        caller.refusal(caller.call(operation, {}), _PARAMS)


def _no_parts(caller: Caller) -> None:
    caller.refusal(caller.sent({**caller.message(), "parts": []}), _PARAMS)


def _params_no_object(caller: Caller) -> None:
    for params in ("hello", 7, ["hello"]):
        caller.refusal(_raw(caller, _request(caller, params=params)), _PARAMS, _INVALID)


def _errors_are_whole(caller: Caller) -> None:
    error = caller.refusal(caller.call("get", {"id": _NO_TASK}))
    code, message = error.get("code"), error.get("message")
    is_code = isinstance(code, int) and not isinstance(code, bool)
    caller.trial.require(is_code, f"the code of an error must be an integer, and is {code!r}")
    caller.trial.require(isinstance(message, str) and bool(message), f"an error has no message: {compact(error)}")


def _details_are_typed(caller: Caller) -> None:
    data = caller.refusal(caller.call("get", {"id": _NO_TASK})).get("data")
    if data is None:
        caller.trial.skip("its errors have no data")
    caller.trial.require(isinstance(data, list), f"the data of an error must be a list, and is {compact(data)}")
    for each in data:
        is_typed = isinstance(each, Mapping) and isinstance(each.get("@type"), str)
        caller.trial.require(is_typed, f"a detail of an error has no @type: {compact(each)}")


def _says_reason(caller: Caller) -> None:
    error = caller.refusal(caller.call("get", {"id": _NO_TASK}))
    details = error.get("data")
    infos = [
        each
        for each in (details if isinstance(details, list) else [])
        if isinstance(each, Mapping) and str(each.get("@type")).endswith("google.rpc.ErrorInfo")
    ]
    caller.trial.require(bool(infos), f"no google.rpc.ErrorInfo is among the details: {compact(error)}")
    found = infos[0].get("reason"), infos[0].get("domain")
    wanted = ("TASK_NOT_FOUND", "a2a-protocol.org")
    caller.trial.require(found == wanted, f"reason and domain are {found}, and not {wanted}")


def _answers_are_json(caller: Caller) -> None:
    for answer in (caller.call("get", {"id": _NO_TASK}), caller.sent()):
        kind = answer.heard.headers.get("content-type", "")
        is_json = kind.partition(";")[0].strip().lower() == "application/json"
        caller.trial.require(is_json, f"the Content-Type of an answer is {kind!r}, and not application/json")


def _notification(caller: Caller) -> None:
    asked = evolve(caller.ask("get", {}), body=_request(caller, id="(left out)"), method=None)
    heard = caller.trial.open(asked)
    came = heard.next(_SILENCE)
    is_answered = came is not None and came.strip() != b""
    caller.trial.require(not is_answered, f"a request without an id is a notification, and was answered: {came!r}")


def _batch(caller: Caller) -> None:
    answer = _raw(caller, b"[%s]" % _request(caller))
    if not isinstance(answer.body, list):
        caller.refusal(answer, _INVALID)
        return
    caller.trial.require(len(answer.body) == 1, f"a batch of one has {len(answer.body)} answers")
    caller.refusal(evolve(answer, body=answer.body[0]), -32001)


def _goes_on(caller: Caller) -> None:
    for body in (b"{", b"[[[[", b'"\\ud800"', b"null"):
        heard = caller.trial.open(evolve(caller.ask("get", {}), body=body, method=None))
        caller.trial.next(heard)  # other rules say what must come
    caller.refusal(caller.call("get", {"id": _NO_TASK}), -32001)


def _ignores_more(caller: Caller) -> None:
    message = {**caller.message(), "hocketUnknown": {"a": [1]}}
    answer = caller.call("send", {"message": message, "hocketUnknown": True})
    caller.trial.require(answer.error is None, f"a member that nobody knows was refused: {compact(answer.error)}")


ENVELOPE_RULES = a2a_rules(
    "JSON-RPC",
    (
        Line(
            name="id-text",
            title="The id of an answer is that of the request, where it is a text",
            sections={"1.0": "§9.3", "0.3": "§6.11.1"},
            play=_text_id,
        ),
        Line(
            name="id-number",
            title="The id of an answer is that of the request, where it is a number",
            sections={"1.0": "§9.3", "0.3": "§6.11.1"},
            play=_number_id,
        ),
        Line(
            name="envelope",
            title='An answer has jsonrpc "2.0" and either a result or an error',
            sections={"1.0": "§9.3", "0.3": "§6.11"},
            play=_envelope,
        ),
        Line(
            name="content-type",
            title="An answer that is no stream is application/json",
            sections={"1.0": "§9.1", "0.3": "§3.2.1"},
            play=_answers_are_json,
            bindings=HTTP,
        ),
        Line(
            name="parse-error",
            title="What is no JSON is answered with -32700, without an id",
            sections={"1.0": "§9.5", "0.3": "§8.1"},
            play=_no_json,
        ),
        Line(
            name="invalid-request",
            title="JSON that is no request is answered with -32600",
            sections={"1.0": "§9.5", "0.3": "§8.1"},
            play=_no_request,
        ),
        Line(
            name="method-not-found",
            title="A method that is not there is answered with -32601",
            sections={"1.0": "§9.5", "0.3": "§8.1"},
            play=_no_method,
        ),
        Line(
            name="invalid-params",
            title="A message that is missing or wrong is answered with -32602",
            sections={"1.0": "§9.5", "0.3": "§8.1"},
            play=_wrong_params,
        ),
        Line(
            name="invalid-id",
            title="To get or cancel a task without its id is answered with -32602",
            sections={"0.3": "§8.1"},
            play=_no_id,
        ),
        Line(
            name="invalid-id",
            title="To get or cancel a task without its id is answered with -32602",
            sections={"1.0": "§5.7"},
            play=_no_id,
            level=SHOULD,
        ),
        Line(
            name="no-message-id",
            title="A message without its messageId is answered with -32602",
            sections={"1.0": "§5.7", "0.3": "§6.4"},
            play=_no_message_id,
            level=SHOULD,
        ),
        Line(
            name="no-parts",
            title="A message without a Part is answered with -32602",
            sections={"1.0": "§5.7"},
            play=_no_parts,
            level=SHOULD,
        ),
        Line(
            name="params-object",
            title="Params that are no object are refused with -32602 or -32600",
            sections={"1.0": "§9.3", "0.3": "§6.11.1"},
            play=_params_no_object,
            bindings=HTTP,
        ),
        Line(
            name="error-object",
            title="An error has a code and a message",
            sections={"1.0": "§9.5", "0.3": "§6.11.2"},
            play=_errors_are_whole,
        ),
        Line(
            name="error-details",
            title="The data of an error, where there is any, is a list of details with their @type",
            sections={"1.0": "§9.5"},
            play=_details_are_typed,
        ),
        Line(
            name="error-info",
            title="An error of A2A says its reason in a google.rpc.ErrorInfo",
            sections={"1.0": "§9.5"},
            play=_says_reason,
            level=SHOULD,
        ),
        Line(
            name="notification",
            title="A request without an id is not answered",
            sections={"1.0": "§9.1 (JSON-RPC 2.0 §4.1)", "0.3": "§3.2.1 (JSON-RPC 2.0 §4.1)"},
            play=_notification,
            level=SHOULD,
        ),
        Line(
            name="batch",
            title="A batch is answered with a batch, or refused with -32600",
            sections={"1.0": "§9.1 (JSON-RPC 2.0 §6)", "0.3": "§3.2.1 (JSON-RPC 2.0 §6)"},
            play=_batch,
            level=SHOULD,
            bindings=HTTP,
        ),
        Line(
            name="goes-on",
            title="After bytes that mean nothing the next request is answered",
            sections={"1.0": "§3.3.2", "0.3": "§8"},
            play=_goes_on,
        ),
        Line(
            name="unknown-members",
            title="Members that nobody knows are ignored",
            sections={"1.0": "§5.7"},
            play=_ignores_more,
            level=SHOULD,
        ),
    ),
)
