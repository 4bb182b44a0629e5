"""The typed details in the `data` of A2A 1.0's errors (section 9.5: google.rpc.ErrorInfo and BadRequest)."""

from __future__ import annotations

from typing import Any

from hocket.errors import Code, ErrorObject

__all__ = ["DOMAIN", "details"]

DOMAIN = "a2a-protocol.org"
_TYPE = "type.googleapis.com/google.rpc."


def details(error: ErrorObject) -> list[dict[str, Any]]:
    """The details of an error whose `data` is an object of ours (or nothing).

    >>> details(ErrorObject.of(Code.TASK_NOT_FOUND))[0]["reason"]
    'TASK_NOT_FOUND'
    """
    data: dict[str, Any] = error.data if isinstance(error.data, dict) else {}
    try:
        reason = Code(error.code).name
    except ValueError:
        reason = "UNKNOWN"
    metadata = {name: _text(value) for name, value in data.items() if name != "fieldViolations"}
    info = {"@type": f"{_TYPE}ErrorInfo", "reason": reason, "domain": DOMAIN, "metadata": metadata}
    if "fieldViolations" not in data:
        return [info]
    return [info, {"@type": f"{_TYPE}BadRequest", "fieldViolations": data["fieldViolations"]}]


def _text(value: object) -> str:
    """A value of metadata, which are all texts, as JSON would have it."""
    return str(value).lower() if isinstance(value, bool) else str(value)
