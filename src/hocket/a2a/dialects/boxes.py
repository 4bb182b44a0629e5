"""Boxes: data that is no object, in versions whose data parts hold objects only (A2A 0.3).

A 1.0 data part may hold any JSON value. In 0.3 such a value travels as `{"value": …}` and the part's metadata
says so with `data_part_compat`, as the official SDK does it; nothing is lost on the way there and back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from attrs import evolve

from hocket.a2a.model import Artifact, Message, Part, Task, TaskArtifactUpdateEvent, TaskStatus, TaskStatusUpdateEvent
from hocket.a2a.requests import SendMessageRequest
from hocket.codec import UNSET

__all__ = ["boxed", "unboxed"]

_MARK = "data_part_compat"

T = TypeVar("T")


def boxed(value: T) -> T:
    """The value with every data part as an object; the value itself where all are.

    >>> boxed(Artifact(artifact_id="a", parts=(Part(data=[1]),))).parts[0].data
    {'value': [1]}
    """
    changed: T = _changed(value, _box)
    return changed


def unboxed(value: T) -> T:
    """The opposite of `boxed`."""
    changed: T = _changed(value, _unbox)
    return changed


def _box(part: Part) -> Part:
    if part.data is UNSET or isinstance(part.data, dict):
        return part
    return evolve(part, data={"value": part.data}, metadata={**(part.metadata or {}), _MARK: True})


def _unbox(part: Part) -> Part:
    if part.metadata is None or part.metadata.get(_MARK) is not True:
        return part
    if not isinstance(part.data, dict) or set(part.data) != {"value"}:
        return part
    metadata = {name: value for name, value in part.metadata.items() if name != _MARK}
    return evolve(part, data=part.data["value"], metadata=metadata or None)


def _changed(value: Any, change: Callable[[Part], Part]) -> Any:
    """The value with every part changed; the same object where no part was."""
    match value:
        case Message() | Artifact():
            parts = _all(value.parts, change)
            return value if parts is value.parts else evolve(value, parts=parts)
        case TaskStatus(message=Message() as said):
            return _with(value, "message", said, change)
        case TaskStatusUpdateEvent():
            return _with(value, "status", value.status, change)
        case TaskArtifactUpdateEvent():
            return _with(value, "artifact", value.artifact, change)
        case SendMessageRequest():
            return _with(value, "message", value.message, change)
        case Task():
            changed = {
                "status": _changed(value.status, change),
                "artifacts": _each(value.artifacts, change),
                "history": _each(value.history, change),
            }
            is_same = all(getattr(value, name) is member for name, member in changed.items())
            return value if is_same else evolve(value, **changed)
    return value


def _with(value: Any, name: str, member: object, change: Callable[[Part], Part]) -> Any:
    changed = _changed(member, change)
    return value if changed is member else evolve(value, **{name: changed})


def _all(parts: tuple[Part, ...], change: Callable[[Part], Part]) -> tuple[Part, ...]:
    changed = tuple([change(part) for part in parts])
    return parts if _same(parts, changed) else changed


def _each(values: tuple[Any, ...], change: Callable[[Part], Part]) -> tuple[Any, ...]:
    changed = tuple([_changed(value, change) for value in values])
    return values if _same(values, changed) else changed


def _same(old: Iterable[object], new: Iterable[object]) -> bool:
    return all(before is after for before, after in zip(old, new, strict=True))
