"""The error codes of the gateway dialect, and which of A2A's errors each of them is.

Where the dialect has no number of its own, the error stays what it is in JSON-RPC and A2A.
"""

from __future__ import annotations

from enum import IntEnum
from re import compile as regex

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
    """An error of A2A as the gateway dialect numbers it.

    >>> gateway_error(ErrorObject.of(Code.TASK_NOT_FOUND)).code
    4001
    >>> from hocket.a2a.dialects.invalid import invalid_params
    >>> gateway_error(invalid_params(("message.parts", "must have at least one part"))).code
    4201
    """
    violations = error.data.get("fieldViolations") if isinstance(error.data, dict) else None
    if violations and error.code == Code.INVALID_PARAMS:
        return ErrorObject(_code_of(violations[0]["field"]), error.message, error.data)
    return ErrorObject(int(_CODES.get(error.code, error.code)), error.message, error.data)


def _code_of(field: str) -> int:
    """The code for parameters that are wrong in this place."""
    if _PART.fullmatch(field):
        return int(GatewayCode.UNSUPPORTED_PART)  # an object, but none of the parts there are
    if field == "message" or field.startswith("message."):
        return int(GatewayCode.INVALID_MESSAGE)
    return int(Code.INVALID_PARAMS)
