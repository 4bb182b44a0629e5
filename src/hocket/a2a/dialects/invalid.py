"""Parameters that are wrong, as an error: the first in words, all of them by name."""

from __future__ import annotations

from hocket.a2a.dialects.checks import Violation
from hocket.errors import Code, ErrorObject

__all__ = ["invalid_params"]


def invalid_params(*wrong: Violation, under: str = "params.") -> ErrorObject:
    """The error -32602, whose `data` names each field, as google.rpc.BadRequest does (A2A 1.0 section 9.5).

    Args:
        wrong: Path and reason of each, at least one.
        under: What the paths are below, for the words.

    >>> error = invalid_params(("id", "is required"))
    >>> error.message, error.data
    ('params.id: is required', {'fieldViolations': [{'field': 'id', 'description': 'is required'}]})
    """
    path, reason = wrong[0]
    named = [{"field": path, "description": reason} for path, reason in wrong]
    return ErrorObject.of(Code.INVALID_PARAMS, f"{under}{path}: {reason}", {"fieldViolations": named})
