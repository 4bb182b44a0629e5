"""The error codes of the gateway dialect, and which of A2A's errors each of them is.

Where the dialect has no number of its own, the error stays what it is in JSON-RPC and A2A.
"""

from __future__ import annotations

from enum import IntEnum
from re import compile as regex
from typing import Any

from hocket.errors import Code, ErrorObject

__all__ = ["GatewayCode", "gateway_error"]

_PART = regex(r"message\.parts\[\d+\]")


class GatewayCode(IntEnum):
    """Numbers for what goes wrong at a gateway.

    (4302 to 4304 are those of log stores, registries and databases; agents and logs in memory have none that fail.)
    """

    TASK_NOT_FOUND = 4001
    AGENT_NOT_AVAILABLE = 4101
    INVALID_MESSAGE = 4201
    UNSUPPORTED_PART = 4202
    MESSAGE_TOO_LARGE = 4203
    EXECUTION_FAILED = 4301


_CODES: dict[int, GatewayCode] = {
    Code.TASK_NOT_FOUND: GatewayCode.TASK_NOT_FOUND,
    Code.OVERLOADED: GatewayCode.AGENT_NOT_AVAILABLE,
    Code.CONTENT_TYPE_NOT_SUPPORTED: GatewayCode.UNSUPPORTED_PART,
    Code.INTERNAL_ERROR: GatewayCode.EXECUTION_FAILED,
}


def gateway_error(error: ErrorObject) -> ErrorObject:
    """An error of A2A as the gateway dialect numbers it; parameters that are wrong are named in `fieldViolations`.

    >>> gateway_error(ErrorObject.of(Code.TASK_NOT_FOUND)).code
    4001
    >>> data = {"field": "message.parts", "reason": "must have at least one part"}
    >>> error = gateway_error(ErrorObject.of(Code.INVALID_PARAMS, "no parts", data))
    >>> error.code, error.data["fieldViolations"]
    (4201, [{'field': 'message.parts', 'description': 'must have at least one part'}])
    """
    data: dict[str, Any] | None = error.data if isinstance(error.data, dict) else None
    if data is None or error.code != Code.INVALID_PARAMS or "field" not in data:
        return ErrorObject(int(_CODES.get(error.code, error.code)), error.message, error.data)
    named = data.get("violations") or [data]
    violations = [{"field": each["field"], "description": each["reason"]} for each in named]
    return ErrorObject(_code_of(data["field"]), error.message, {"fieldViolations": violations})


def _code_of(field: str) -> int:
    """The code for parameters that are wrong in this place."""
    if _PART.fullmatch(field):
        return int(GatewayCode.UNSUPPORTED_PART)  # an object, but none of the parts there are
    if field == "message" or field.startswith("message."):
        return int(GatewayCode.INVALID_MESSAGE)
    return int(Code.INVALID_PARAMS)
