"""What may be given to a client by name: validators for both of the twins."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf
from types import NoneType
from typing import Any

from attrs import Attribute

from hocket.a2a import ClientLimits
from hocket.backoff import Backoff
from hocket.errors import LocalProtocolError
from hocket.options import Validator, must_be, one_of_kind, several

__all__ = ["EXTENSIONS", "HEADERS", "LIMITS", "RESUME", "TEXT", "TIMEOUT"]


def _is_timeout(value: object) -> bool:
    if isinstance(value, int | float):
        return 0 < value < inf
    return value is None or hasattr(value, "connect")  # httpx2 may not be installed


def _check_headers(instance: object, attribute: Attribute[Any], value: object) -> None:
    """A validator for header fields, which does not repeat them: they may have credentials."""
    wanted = f"{attribute.alias} must be a mapping of names to texts"
    if not isinstance(value, Mapping):
        raise LocalProtocolError(f"{wanted}, not a {type(value).__name__}")
    for name, text in value.items():
        if not isinstance(name, str) or not isinstance(text, str):
            raise LocalProtocolError(f"{wanted}: {name!r} is of type {type(text).__name__}")


TEXT = one_of_kind("a text, or None", str, NoneType)
HEADERS: Validator = _check_headers
EXTENSIONS = several("URIs", str)
TIMEOUT = must_be("a number of seconds over 0, an httpx2.Timeout, or None", _is_timeout)
LIMITS = one_of_kind("a ClientLimits", ClientLimits)
RESUME = one_of_kind("a Backoff, or None for never", Backoff, NoneType)
