"""What may be given to a client by name: validators for both of the twins."""

from __future__ import annotations

import re
from collections.abc import Mapping
from math import inf
from ssl import SSLContext
from types import NoneType
from typing import Any
from urllib.parse import urlsplit

from attrs import Attribute

from hocket.a2a import ClientLimits
from hocket.backoff import Backoff
from hocket.errors import LocalProtocolError
from hocket.options import Validator, must_be, one_of_kind, several

__all__ = ["EXTENSIONS", "HEADERS", "LIMITS", "PROXY", "RESUME", "TAP", "TEXT", "TIMEOUT", "TLS"]


def _is_timeout(value: object) -> bool:
    if value is None or isinstance(value, int | float):
        return _is_wait(value)
    return all(_is_wait(getattr(value, phase, 0)) for phase in ("connect", "read", "write", "pool"))


def _is_wait(seconds: object) -> bool:
    return seconds is None or (isinstance(seconds, int | float) and 0 < seconds < inf)


def _check_proxy(instance: object, attribute: Attribute[Any], value: object) -> None:
    """A validator for the URL of a proxy, which does not repeat it: it may have credentials."""
    if value is None:
        return
    wanted = f"{attribute.alias} must be a URL of a proxy, http://HOST:PORT or https://HOST:PORT, or None"
    if not isinstance(value, str):
        raise LocalProtocolError(f"{wanted}, not a {type(value).__name__}")
    try:
        parts = urlsplit(value)
        is_right = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_right = False
    if not is_right or not value.isascii() or not value.isprintable() or " " in value:
        raise LocalProtocolError(wanted)


def _check_headers(instance: object, attribute: Attribute[Any], value: object) -> None:
    """A validator for header fields, which does not repeat them: they may have credentials."""
    wanted = f"{attribute.alias} must be a mapping of names to texts"
    if not isinstance(value, Mapping):
        raise LocalProtocolError(f"{wanted}, not a {type(value).__name__}")
    for name, text in value.items():
        if not isinstance(name, str) or not isinstance(text, str):
            raise LocalProtocolError(f"{wanted}: {name!r} is of type {type(text).__name__}")
        if _FIELD_NAME.fullmatch(name) is None:
            raise LocalProtocolError(f"{attribute.alias}: {name!r} is no name of a header field")
        if not text.replace("\t", " ").isprintable():
            raise LocalProtocolError(f"{attribute.alias}: {name} has a line break, or another control character")


_FIELD_NAME = re.compile(r"[\w!#$%&'*+.^`|~-]+", re.ASCII)
"""RFC 9110 section 5.6.2."""


TEXT = one_of_kind("a text, or None", str, NoneType)
HEADERS: Validator = _check_headers
EXTENSIONS = several("URIs", str)
TIMEOUT = must_be("a number of seconds over 0, an httpx2.Timeout, or None", _is_timeout)
LIMITS = one_of_kind("a ClientLimits", ClientLimits)
RESUME = one_of_kind("a Backoff, or None for never", Backoff, NoneType)
PROXY: Validator = _check_proxy
TAP = must_be("a function that is told what passes, or None", lambda tap: tap is None or callable(tap))
TLS = one_of_kind("an ssl.SSLContext, or None", SSLContext, NoneType)
