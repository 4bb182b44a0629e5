"""Errors over HTTP+JSON: the status of each code, and the object in the body (A2A 1.0.1 sections 5.4 and 11.6)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hocket.a2a import V1_0
from hocket.codec import dumps
from hocket.errors import Code, ErrorObject
from hocket.http.messages import Headers, Response

__all__ = ["STATUSES", "error_response", "read_error", "rest_error"]

STATUSES: Mapping[int, tuple[int, str]] = {
    Code.PARSE_ERROR: (400, "INVALID_ARGUMENT"),
    Code.INVALID_REQUEST: (400, "INVALID_ARGUMENT"),
    Code.METHOD_NOT_FOUND: (404, "NOT_FOUND"),
    Code.INVALID_PARAMS: (400, "INVALID_ARGUMENT"),
    Code.INTERNAL_ERROR: (500, "INTERNAL"),
    Code.TASK_NOT_FOUND: (404, "NOT_FOUND"),
    Code.TASK_NOT_CANCELABLE: (400, "FAILED_PRECONDITION"),
    Code.PUSH_NOTIFICATION_NOT_SUPPORTED: (400, "FAILED_PRECONDITION"),
    Code.UNSUPPORTED_OPERATION: (400, "FAILED_PRECONDITION"),
    Code.CONTENT_TYPE_NOT_SUPPORTED: (400, "INVALID_ARGUMENT"),
    Code.INVALID_AGENT_RESPONSE: (500, "INTERNAL"),
    Code.EXTENDED_AGENT_CARD_NOT_CONFIGURED: (400, "FAILED_PRECONDITION"),
    Code.EXTENSION_SUPPORT_REQUIRED: (400, "FAILED_PRECONDITION"),
    Code.VERSION_NOT_SUPPORTED: (400, "FAILED_PRECONDITION"),
    Code.OVERLOADED: (429, "RESOURCE_EXHAUSTED"),
    Code.REQUEST_CANCELLED: (499, "CANCELLED"),
    Code.PERMISSION_DENIED: (403, "PERMISSION_DENIED"),
    Code.AUTHENTICATION_FAILED: (401, "UNAUTHENTICATED"),
}
"""The HTTP status and the google.rpc status of each code; of any other code 500 and UNKNOWN."""

_MEANINGS: Mapping[tuple[int, str], Code] = {
    (400, "FAILED_PRECONDITION"): Code.UNSUPPORTED_OPERATION,
    (400, "UNIMPLEMENTED"): Code.UNSUPPORTED_OPERATION,  # 1.0.0
    (404, "NOT_FOUND"): Code.TASK_NOT_FOUND,
    (409, "FAILED_PRECONDITION"): Code.TASK_NOT_CANCELABLE,  # 1.0.0
    (415, "INVALID_ARGUMENT"): Code.CONTENT_TYPE_NOT_SUPPORTED,  # 1.0.0
    (429, "RESOURCE_EXHAUSTED"): Code.OVERLOADED,
    (502, "INTERNAL"): Code.INVALID_AGENT_RESPONSE,  # 1.0.0
}
"""What an error means that does not give its reason."""


def rest_error(error: ErrorObject, status: tuple[int, str] | None = None) -> dict[str, Any]:
    """The object that says an error.

    Args:
        error: The error. Its data are the typed details of A2A 1.0, or what they are made of.
        status: The two statuses, where HTTP has its own for it.

    >>> rest_error(ErrorObject.of(Code.TASK_NOT_FOUND))["error"]["status"]
    'NOT_FOUND'
    """
    number, name = status or STATUSES.get(error.code, (500, "UNKNOWN"))
    details = error.data if isinstance(error.data, list) else V1_0.write_error(error).data
    message = error.message.removeprefix("params.")
    return {"error": {"code": number, "status": name, "message": message, "details": details}}


def error_response(
    error: ErrorObject, media_type: str, status: tuple[int, str] | None = None, headers: Headers = ()
) -> Response:
    """The response that says an error, as `rest_error` has it."""
    body = rest_error(error, status)
    fields = (("content-type", media_type), *headers)
    return Response(status=body["error"]["code"], headers=fields, body=dumps(body))


def read_error(value: Any) -> ErrorObject | None:
    """The error in the body of a response, or in an event of a stream; None where there is none.

    Its code is that of the `reason` in its details; where there is none, what its status means.

    Args:
        value: What was in the body.

    >>> read_error({"error": {"code": 404, "status": "NOT_FOUND", "message": "Task not found"}}).code
    -32001
    """
    match value:
        case {"error": {"code": int() as number, "message": str() as message, **more}}:
            details = more.get("details", more.get("data"))
            return ErrorObject(_code(number, more.get("status"), details), message, details)
        case {"status": int() as number, "title": str() as title, **more}:  # RFC 9457, in the examples of 1.0.0
            kind = str(more.get("type", "")).rpartition("/")[2]
            details = [{"reason": kind.removesuffix("-error").replace("-", "_").upper()}]
            return ErrorObject(_code(number, None, details), str(more.get("detail") or title), None)
    return None


def _code(number: int, status: Any, details: Any) -> int:
    for detail in details if isinstance(details, list) else ():
        match detail:
            case {"reason": str() as reason} if reason in Code.__members__:
                return int(Code[reason])
    if number < 0:  # a code of JSON-RPC already
        return number
    meaning = _MEANINGS.get((number, status if isinstance(status, str) else ""))
    if meaning is None:
        meaning = Code.INVALID_PARAMS if 400 <= number < 500 else Code.INTERNAL_ERROR
    return int(meaning)
