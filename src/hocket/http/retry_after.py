"""Retry-After: when a server wants to be asked again (RFC 9110 section 10.2.3)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

__all__ = ["seconds_to_wait"]

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DATE = re.compile(rf"[A-Z][a-z]{{2}}, (\d\d) ({'|'.join(_MONTHS)}) (\d{{4}}) (\d\d):(\d\d):(\d\d) GMT", re.ASCII)
"""The one form of a date that is still to be sent."""


def seconds_to_wait(fields: Mapping[str, str]) -> float:
    """What `Retry-After` asks for; 0 where it does not, or cannot be read.

    A date is held against the server's own `Date` in the same response: so its clock need not be right, and ours is
    not needed.

    Args:
        fields: The header fields of a response, their names in lower case.

    >>> seconds_to_wait({"retry-after": "120"})
    120.0
    >>> now = "Wed, 31 Dec 2025 23:59:30 GMT"
    >>> seconds_to_wait({"retry-after": "Thu, 01 Jan 2026 00:00:00 GMT", "date": now})
    30.0
    """
    text = fields.get("retry-after", "").strip()
    if text.isascii() and text.isdigit() and len(text) <= 9:
        return float(text)
    then, now = _date(text), _date(fields.get("date", "").strip())
    return 0.0 if then is None or now is None else max(0.0, (then - now).total_seconds())


def _date(text: str) -> datetime | None:
    found = _DATE.fullmatch(text)
    if found is None:
        return None
    day, month, year, hour, minute, second = found.groups()
    try:
        return datetime(int(year), _MONTHS.index(month) + 1, int(day), int(hour), int(minute), int(second))
    except ValueError:
        return None  # no such day
