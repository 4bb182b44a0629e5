"""The paths of the HTTP+JSON binding of A2A 1.0 (section 11.3): one table, which servers read and clients write.

A path is read before it is decoded: an id may hold `/` and `:`, as `%2F` and `%3A`. Every path may have the
tenant before it, as one more segment.
"""

from __future__ import annotations

from collections.abc import Mapping
from re import Pattern, escape
from re import compile as regex
from typing import Any
from urllib.parse import quote, unquote

from attrs import frozen

from hocket.a2a import Operation
from hocket.errors import LocalProtocolError

__all__ = ["Place", "read_path", "write_path"]

_PATHS: tuple[tuple[str, Mapping[str, Operation]], ...] = (
    ("message:send", {"POST": Operation.SEND}),
    ("message:stream", {"POST": Operation.STREAM}),
    ("extendedAgentCard", {"GET": Operation.EXTENDED_CARD}),
    ("tasks", {"GET": Operation.LIST}),
    ("tasks/{id}:cancel", {"POST": Operation.CANCEL}),
    ("tasks/{id}:subscribe", {"GET": Operation.SUBSCRIBE, "POST": Operation.SUBSCRIBE}),
    ("tasks/{id}", {"GET": Operation.GET}),
    (
        "tasks/{taskId}/pushNotificationConfigs",
        {"GET": Operation.PUSH_LIST, "POST": Operation.PUSH_CREATE},
    ),
    (
        "tasks/{taskId}/pushNotificationConfigs/{id}",
        {"GET": Operation.PUSH_GET, "DELETE": Operation.PUSH_DELETE},
    ),
)
"""What is where. The first path that fits is the one: `tasks/T:cancel` cancels T, and is no task of that name."""

_NAME = regex(r"\{(\w+)\}")


def _pattern(path: str, tenant: str = "") -> Pattern[str]:
    literal = _NAME.split(path)  # every other piece is a name
    pieces = [escape(piece) if n % 2 == 0 else f"(?P<{piece}>[^/]+)" for n, piece in enumerate(literal)]
    return regex(f"/{tenant}{''.join(pieces)}")


_PATTERNS = tuple(
    [(_pattern(path, tenant), verbs) for tenant in ("", "(?P<tenant>[^/]+)/") for path, verbs in _PATHS],
)
_WRITTEN = {operation: path for path, verbs in _PATHS for operation in verbs.values()}
_VOCABULARY = regex(r"/(?:[^/]+/)?(?:tasks|message:[^/]*|extendedAgentCard)(?:/.*)?")


@frozen
class Place:
    """Where a path leads.

    Attributes:
        verbs: What each HTTP method asks for there; empty where there is nothing, though it looks like a path of A2A.
        ids: What the path itself says: ids of tasks and configurations, and the tenant.
    """

    verbs: Mapping[str, Operation]
    ids: Mapping[str, str]


def read_path(path: str) -> Place | None:
    """Where a path leads, or None if it has nothing to do with this binding.

    Args:
        path: As it was sent, percent-encoded.

    >>> place = read_path("/acme/tasks/a%2Fb:cancel")
    >>> place.verbs["POST"], place.ids
    (<Operation.CANCEL: 'cancel'>, {'tenant': 'acme', 'id': 'a/b'})
    """
    if _VOCABULARY.fullmatch(path) is None:
        return None
    for pattern, verbs in _PATTERNS:
        found = pattern.fullmatch(path)
        if found is not None:
            return Place(verbs, {name: unquote(value) for name, value in found.groupdict().items()})
    return Place({}, {})


def write_path(operation: Operation, params: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """The path of an operation, percent-encoded, and the parameters that it does not say.

    A tenant that would be taken for something else (`tasks`, before `/T`) cannot be in a path: it stays with the
    other parameters, which is as good.

    Args:
        operation: What is asked.
        params: By their names on the wire.

    Raises:
        LocalProtocolError: An id is missing, or is nothing that a path can say.

    >>> write_path(Operation.GET, {"id": "a/b", "tenant": "acme", "historyLength": 1})
    ('/acme/tasks/a%2Fb', {'historyLength': 1})
    """
    names = _NAME.findall(_WRITTEN[operation])
    path = "/" + _NAME.sub(lambda name: _segment(name[1], params.get(name[1])), _WRITTEN[operation])
    rest = {name: value for name, value in params.items() if name not in names}
    tenant = params.get("tenant")
    if not tenant:
        return path, rest
    whole = f"/{_segment('tenant', tenant)}{path}"
    place = read_path(whole)
    if place is None or place.ids.get("tenant") != tenant:
        return path, rest
    del rest["tenant"]
    return whole, rest


def _segment(name: str, text: Any) -> str:
    """One segment of a path. Dots alone would be taken for a step within it."""
    if not isinstance(text, str) or not text:
        raise LocalProtocolError(f"over HTTP+JSON {name} is a part of the path: it cannot be missing or empty")
    try:
        return text.replace(".", "%2E") if text in (".", "..") else quote(text, safe="")
    except UnicodeEncodeError:
        raise LocalProtocolError(f"{name} holds half of a surrogate pair, which no path can say") from None
