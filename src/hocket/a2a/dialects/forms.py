"""Wire forms: the classes that a version writes as something else than one object with their attributes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from attrs import field, frozen

__all__ = ["AS_IT_IS", "WireForm"]


def _same(value: Any) -> Any:
    return value


@frozen(kw_only=True)
class WireForm:
    """How one class travels: JSON → `tidied` → an object of `wire` → `loaded` → the model, and the same way back.

    Attributes:
        wire: What is on the wire, as a type the codec can read; None for the class itself.
        tidied: The JSON value as the codec expects it.
        loaded: The model object, of the one on the wire.
        dumped: The object on the wire, of the model's.
        dressed: The JSON value as it is sent.
        paths: Where a member stands that 1.0 has elsewhere: the beginning of a path, and what takes its place.
    """

    wire: Any = None
    tidied: Callable[[Any], Any] = _same
    loaded: Callable[[Any], Any] = _same
    dumped: Callable[[Any], Any] = _same
    dressed: Callable[[Any], Any] = _same
    paths: Mapping[str, str] = field(factory=dict)


AS_IT_IS: Final = WireForm()
"""The form of every other class."""
