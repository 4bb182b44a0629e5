"""Request ids: which values may be one, and when two of them are the same.

JSON-RPC allows strings, numbers and null. To Python 1, 1.0 and True are equal; on the wire they are three
things, so tables of requests are keyed by the type as well.
"""

from __future__ import annotations

from math import isfinite
from typing import Any, Final, TypeAlias

__all__ = ["PING_ID", "Id", "Key", "id_problem", "is_id", "key_of", "utf8_length"]

Id: TypeAlias = str | int | float | None
"""What JSON-RPC 2.0 section 4 allows as an id. A float is sent back as the float it was."""

Key: TypeAlias = tuple[type, Id]
"""An id with its type: what tables are keyed by."""

PING_ID: Final = "$/ping:"
"""What the ids of heartbeat pings begin with. No other request of ours may have such an id."""

_ID_TYPES: Final = frozenset({str, int, float, type(None)})


def key_of(request_id: Id) -> Key:
    """The key of an id in a table.

    >>> key_of(1) == key_of(1.0)
    False
    """
    return (type(request_id), request_id)


def is_id(value: Any) -> bool:
    """Whether a JSON value has a type that an id may have: neither a boolean nor a container."""
    return type(value) in _ID_TYPES


def utf8_length(text: str) -> int:
    """How many bytes the text takes; a lone surrogate takes three."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def id_problem(value: Any, maximum: int) -> str | None:
    """Why `value` cannot be the id of a request, or None if it can.

    Args:
        value: Any JSON value.
        maximum: The most bytes an id may have.

    >>> id_problem(True, 256)
    'an id must be a string, a number or null'
    >>> id_problem("abc", 2)
    'limit'
    """
    kind = type(value)
    if kind is str:
        return "limit" if utf8_length(value) > maximum else None
    if kind is int:
        # 3 bits never make more than one digit, so the power is computed for large numbers only.
        too_long = value.bit_length() > 3 * maximum and abs(value) >= 10**maximum
        return "limit" if too_long else None
    if kind is float:
        return None if isfinite(value) else "an id must be a finite number"
    return None if value is None else "an id must be a string, a number or null"
