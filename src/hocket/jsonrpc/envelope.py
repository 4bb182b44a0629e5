"""Incoming messages: what a JSON value is, as JSON-RPC 2.0 sees it.

The presence of members decides. With `method` it is a request if it has an `id` and a notification if not;
with `result` or `error` it is a response; anything else is invalid. Only what asks for an answer gets one:
a malformed notification or response is never answered, else two peers could answer each other for ever.
"""

from __future__ import annotations

from typing import Any, Final

from attrs import frozen

from hocket.codec import JsonValue
from hocket.errors import Code, ErrorObject
from hocket.jsonrpc.events import (
    NotificationReceived,
    RequestReceived,
    notification_received,
    request_received,
)
from hocket.jsonrpc.ids import Id, id_problem, utf8_length
from hocket.jsonrpc.limits import PeerLimits

__all__ = ["Invalid", "Response", "Seen", "classify", "invalid_request", "limit_data"]

_ABSENT: Final = object()
_VERSION: Final = 'jsonrpc must be the string "2.0"'


@frozen
class Response:
    """A response, not yet matched with the request it answers.

    Attributes:
        id: The id of the request.
        result: Its result.
        error: Its error, None if it succeeded.
        void: Neither result nor error was there. Some peers answer so where a function returns nothing; it is
            a response only if the id is one we wait for.
    """

    id: Id
    result: JsonValue = None
    error: ErrorObject | None = None
    void: bool = False


@frozen
class Invalid:
    """Not a JSON-RPC message.

    Attributes:
        error: What is wrong.
        id: The id for the reply, None where there is none to be trusted.
        answer: Whether to reply at all.
    """

    error: ErrorObject
    id: Id = None
    answer: bool = True


Seen = RequestReceived | NotificationReceived | Response | Invalid


def invalid_request(reason: str, data: JsonValue = None) -> ErrorObject:
    """An error -32600 that says why."""
    return ErrorObject.of(Code.INVALID_REQUEST, f"Invalid Request: {reason}", data)


def limit_data(option: str, maximum: int) -> dict[str, Any]:
    """The `data` of an error that a limit caused."""
    return {"limit": option, "max": maximum}


def classify(message: JsonValue, limits: PeerLimits) -> Seen:
    """Say what one JSON value is. Arrays inside a batch are invalid; the outer array is not given here.

    >>> classify({"jsonrpc": "2.0", "method": "tick"}, PeerLimits())
    NotificationReceived(method='tick', params=None)
    >>> classify({"jsonrpc": "2.0", "id": 7, "result": "done"}, PeerLimits())
    Response(id=7, result='done', error=None, void=False)
    """
    if type(message) is not dict:
        return Invalid(invalid_request("a message must be an object"))
    method = message.get("method", _ABSENT)
    if method is not _ABSENT:
        return _call(message, method, limits)
    if "result" in message or "error" in message:
        return _response(message, limits)
    return _neither(message, limits)


def _id_error(problem: str, limits: PeerLimits) -> ErrorObject:
    if problem == "limit":
        return invalid_request(f"the id has more than {limits.id} bytes", limit_data("id", limits.id))
    return invalid_request(problem)


def _call(message: dict[str, Any], method: Any, limits: PeerLimits) -> Seen:
    """A message with a method. Without id it is not answered, unless there is no telling what it is."""
    request_id = message.get("id", _ABSENT)
    if request_id is not _ABSENT and (problem := id_problem(request_id, limits.id)):
        return Invalid(_id_error(problem, limits))
    params = message.get("params")
    error = _call_error(message, method, params, limits)
    if request_id is _ABSENT:
        if error is None:
            return notification_received(method, params)
        return Invalid(error, answer=type(method) is not str)
    if error is None:
        return request_received(request_id, method, params)
    return Invalid(error, id=request_id)


def _call_error(message: dict[str, Any], method: Any, params: Any, limits: PeerLimits) -> ErrorObject | None:
    if type(method) is not str:
        return invalid_request("method must be a string")
    if utf8_length(method) > limits.method:
        reason = f"the method has more than {limits.method} bytes"
        return invalid_request(reason, limit_data("method", limits.method))
    if message.get("jsonrpc") != "2.0":
        return invalid_request(_VERSION)
    if params is not None and type(params) is not list and type(params) is not dict:
        return invalid_request("params must be an array or an object")
    return None


def _response(message: dict[str, Any], limits: PeerLimits) -> Response | Invalid:
    """A message with a result or an error. It is never answered, whatever is wrong with it."""
    if message.get("jsonrpc") != "2.0":
        return Invalid(invalid_request(_VERSION), answer=False)
    request_id = message.get("id", _ABSENT)
    if request_id is _ABSENT:
        return Invalid(invalid_request("a response must have an id"), answer=False)
    if problem := id_problem(request_id, limits.id):
        return Invalid(_id_error(problem, limits), answer=False)
    result, error = message.get("result"), message.get("error")
    if error is None:
        return Response(request_id, result)
    if result is not None:
        return Invalid(invalid_request("a response has either a result or an error"), answer=False)
    return Response(request_id, None, _read_error(error))


def _read_error(error: JsonValue) -> ErrorObject:
    """Read an error leniently: that the request failed is certain, whatever the error looks like."""
    if type(error) is dict:
        code, message = error.get("code"), error.get("message")
        if type(code) is int and type(message) is str:
            return ErrorObject(code, message, error.get("data"))
    return ErrorObject.of(Code.INTERNAL_ERROR, "the peer answered with an error that cannot be read", error)


def _neither(message: dict[str, Any], limits: PeerLimits) -> Response | Invalid:
    """No method, result or error: a void response, or nothing. Only the table of our requests can tell."""
    request_id = message.get("id", _ABSENT)
    if (
        request_id is not _ABSENT
        and message.get("jsonrpc") == "2.0"
        and "params" not in message
        and id_problem(request_id, limits.id) is None
    ):
        return Response(request_id, void=True)
    return Invalid(invalid_request("a message has a method, a result or an error"))
