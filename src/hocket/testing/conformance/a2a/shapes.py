"""Shapes: what the objects of A2A must have, as functions that give what is wrong with one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from hocket.testing.conformance.a2a.wire import Item, Wire, state_of

__all__ = ["mistakes_in"]

_CONTENT = ("text", "raw", "url", "data")
"""The members of a Part of 1.0, exactly one of which it has; data may be null."""

_ZULU = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z")
_ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")


def mistakes_in(item: Item, wire: Wire) -> list[str]:
    """What is wrong with an item, each with the path of the member."""
    match item.kind:
        case "task":
            return list(_task(item.value, wire, "task"))
        case "message":
            return list(_message(item.value, wire, "message"))
        case "status":
            return list(_update(item.value, "statusUpdate")) + list(_status(item.value, wire, "statusUpdate"))
        case "artifact":
            return list(_update(item.value, "artifactUpdate")) + list(
                _artifact(item.value.get("artifact"), wire, "artifactUpdate.artifact")
            )


def _task(task: Mapping[str, Any], wire: Wire, path: str) -> Iterator[str]:
    yield from _texts(task, ("id",) if wire.is_new else ("id", "contextId"), path)
    yield from _status(task, wire, path)
    yield from _each(task, "artifacts", wire, path, _artifact)
    yield from _each(task, "history", wire, path, _message)
    artifacts = task.get("artifacts") or []
    ids = [each.get("artifactId") for each in artifacts if isinstance(each, Mapping)]
    if len(set(map(str, ids))) != len(ids):
        yield f"{path}.artifacts: two have the same artifactId"


def _update(update: Mapping[str, Any], path: str) -> Iterator[str]:
    yield from _texts(update, ("taskId", "contextId"), path)


def _status(holder: Mapping[str, Any], wire: Wire, path: str) -> Iterator[str]:
    status = holder.get("status")
    if not isinstance(status, Mapping):
        yield f"{path}.status is missing"
        return
    if not wire.state(holder):
        yield f"{path}.status.state is no state of {wire.version}: {state_of(holder)!r}"
    if status.get("message") is not None:
        yield from _message(status["message"], wire, f"{path}.status.message")
    stamp = status.get("timestamp")
    form = _ZULU if wire.is_new else _ISO
    if stamp is not None and not (isinstance(stamp, str) and form.fullmatch(stamp)):
        wanted = "a time in UTC that ends in Z" if wire.is_new else "a time of ISO 8601"
        yield f"{path}.status.timestamp is not {wanted}: {stamp!r}"


def _message(message: Any, wire: Wire, path: str) -> Iterator[str]:
    if not isinstance(message, Mapping):
        yield f"{path} is no object"
        return
    yield from _texts(message, ("messageId",), path)
    if message.get("role") not in (wire.user, wire.agent):
        yield f"{path}.role is neither {wire.user} nor {wire.agent}: {message.get('role')!r}"
    if not wire.is_new and message.get("kind") != "message":
        yield f'{path}.kind is not "message": {message.get("kind")!r}'
    yield from _parts(message, wire, path)


def _artifact(artifact: Any, wire: Wire, path: str) -> Iterator[str]:
    if not isinstance(artifact, Mapping):
        yield f"{path} is no object"
        return
    yield from _texts(artifact, ("artifactId",), path)
    yield from _parts(artifact, wire, path)


def _parts(holder: Mapping[str, Any], wire: Wire, path: str) -> Iterator[str]:
    parts = holder.get("parts")
    if not isinstance(parts, list) or not parts:
        yield f"{path}.parts has not one Part at least"
        return
    for number, part in enumerate(parts):
        yield from _part(part, wire, f"{path}.parts[{number}]")


def _part(part: Any, wire: Wire, path: str) -> Iterator[str]:
    if not isinstance(part, Mapping):
        yield f"{path} is no object"
    elif wire.is_new:
        content = [name for name in _CONTENT if name in part]
        if len(content) != 1:
            yield f"{path} has {' and '.join(content) or 'none'} of text, raw, url and data, and not one"
    elif part.get("kind") not in ("text", "file", "data"):
        yield f"{path}.kind is neither text, file nor data: {part.get('kind')!r}"
    elif part["kind"] not in part:
        yield f"{path}.{part['kind']} is missing"


def _texts(holder: Mapping[str, Any], names: tuple[str, ...], path: str) -> Iterator[str]:
    for name in names:
        if not isinstance(holder.get(name), str) or not holder[name]:
            yield f"{path}.{name} is no text with something in it: {holder.get(name)!r}"


def _each(holder: Mapping[str, Any], name: str, wire: Wire, path: str, judge: Any) -> Iterator[str]:
    listed = holder.get(name)
    if listed is None:
        return
    if not isinstance(listed, list):
        yield f"{path}.{name} is no list"
        return
    for number, each in enumerate(listed):
        yield from judge(each, wire, f"{path}.{name}[{number}]")
