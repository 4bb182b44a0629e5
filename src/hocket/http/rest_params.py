"""Parameters over HTTP+JSON: from path, query and body to one object, as A2A 1.0 has it, and back (section 11.5)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from re import compile as regex
from typing import Any
from urllib.parse import quote, urlencode

from hocket.a2a.dialects.invalid import invalid_params
from hocket.codec import loads
from hocket.errors import Code, CodecError, ErrorObject, LocalProtocolError
from hocket.http.messages import Request

__all__ = ["read_parameters", "write_query"]

_FLAGS = {"true": True, "1": True, "false": False, "0": False}
_NUMBER = regex(r"[0-9]{1,3}")
_OFFSET = regex(r" (\d\d:\d\d)$")

_FROM_TEXT: Mapping[str, Callable[[str], Any]] = {
    "includeArtifacts": lambda text: _FLAGS.get(text.lower(), text),
    "status": lambda text: int(text) if _NUMBER.fullmatch(text) else text,
    "statusTimestampAfter": lambda text: _OFFSET.sub(r"+\1", text),  # a `+` that nobody encoded came as a space
}
"""How a query parameter is read that is no string; the readers take a number as text."""


def read_parameters(request: Request, ids: Mapping[str, str]) -> dict[str, Any] | ErrorObject:
    """The parameters of a call as one object, as JSON-RPC would have it; or what is wrong with them.

    Args:
        request: A body is read with a POST, the query with any other method.
        ids: What the path says. A body or a query may repeat it, and not contradict it.

    >>> read_parameters(Request(method="GET", path="/tasks/T", query="historyLength=2"), {"id": "T"})
    {'historyLength': '2', 'id': 'T'}
    """
    given = _body(request) if request.method == "POST" else _query(request.parameters())
    if isinstance(given, ErrorObject):
        return given
    for name, value in ids.items():
        for spelling in (name, _snake(name)):
            other = given.pop(spelling, None)
            if other not in (None, "", value):
                return _invalid(name, f"must be {value!r} as in the path, or left out")
        given[name] = value
    return given


def write_query(params: Mapping[str, Any]) -> str:
    """Parameters as a query.

    Args:
        params: By their names on the wire.

    Raises:
        LocalProtocolError: One of them is an object or a list, for which there is no place in a query.

    >>> write_query({"pageSize": 2, "includeArtifacts": True})
    'pageSize=2&includeArtifacts=true'
    """
    return urlencode({name: _as_text(name, value) for name, value in params.items()}, quote_via=quote)


def _as_text(name: str, value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case str() | int():
            return str(value)
    raise LocalProtocolError(f"{name} cannot be sent over HTTP+JSON: this call has a query and no body")


def _body(request: Request) -> dict[str, Any] | ErrorObject:
    if not request.body.strip():
        return {}
    try:
        value = loads(request.body)
    except CodecError as error:
        return ErrorObject.of(Code.PARSE_ERROR, f"the body is not the JSON we accept: {error}")
    if not isinstance(value, dict):
        return ErrorObject.of(Code.INVALID_REQUEST, "the body must be a JSON object: the parameters of the call")
    return value


def _query(pairs: Iterable[tuple[str, str]]) -> dict[str, Any] | ErrorObject:
    """The parameters in a query. Empty ones count as absent, as they do in ProtoJSON."""
    given: dict[str, Any] = {}
    for written, text in pairs:
        name = _camel(written)
        value = _FROM_TEXT.get(name, str)(text)
        if text and given.setdefault(name, value) != value:
            return _invalid(name, "is given twice, with different values")
    return given


def _invalid(field: str, reason: str) -> ErrorObject:
    return invalid_params((field, reason), under="")


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join([word.capitalize() for word in rest])


def _snake(name: str) -> str:
    return "".join([f"_{letter.lower()}" if letter.isupper() else letter for letter in name])
