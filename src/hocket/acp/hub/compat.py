"""What some peers write differently from JSON-RPC 2.0, put right before it is read."""

from __future__ import annotations

from re import compile as pattern
from typing import Any

from hocket.codec import dumps, loads
from hocket.errors import CodecError

__all__ = ["without_null_ids"]

_NULL_ID = pattern(rb'"id"\s*:\s*null')


def without_null_ids(message: bytes) -> bytes:
    """The same message, where a call with the id null is one without an id: a notification (spec section 1).

    >>> without_null_ids(b'{"jsonrpc":"2.0","id":null,"method":"stream.end"}')
    b'{"jsonrpc":"2.0","method":"stream.end"}'
    """
    if _NULL_ID.search(message) is None:
        return message
    try:
        value = loads(message, envelope=True)
    except CodecError:
        return message  # whoever reads it says what is wrong with it
    return dumps([_without(call) for call in value] if isinstance(value, list) else _without(value))


def _without(call: Any) -> Any:
    if isinstance(call, dict) and "method" in call and call.get("id", "") is None:
        return {name: value for name, value in call.items() if name != "id"}
    return call
