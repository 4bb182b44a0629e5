"""Timestamps on the wire: RFC 3339 in messages, RFC 9110 in HTTP; always UTC.

The time comes from the caller; nothing here reads a clock.
"""

from __future__ import annotations

from datetime import datetime, timedelta

__all__ = ["http_date", "timestamp"]

_UNIX_EPOCH = datetime(1970, 1, 1)  # of UTC: all moments here are
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def timestamp(unix_time: float) -> str:
    """A moment as A2A and ACP write it, to the millisecond.

    Args:
        unix_time: Seconds since 1970-01-01T00:00:00Z.

    >>> timestamp(1_720_017_000.5)
    '2024-07-03T14:30:00.500Z'
    """
    return (_UNIX_EPOCH + timedelta(seconds=unix_time)).isoformat(timespec="milliseconds") + "Z"


def http_date(unix_time: float) -> str:
    """A moment as header fields of HTTP write it, to the second (RFC 9110 section 5.6.7), whatever the locale.

    Args:
        unix_time: Seconds since 1970-01-01T00:00:00Z.

    >>> http_date(784_111_777.5)
    'Sun, 06 Nov 1994 08:49:37 GMT'
    """
    moment = _UNIX_EPOCH + timedelta(seconds=unix_time)
    day, month = _DAYS[moment.weekday()], _MONTHS[moment.month - 1]
    return f"{day}, {moment.day:02d} {month} {moment.year:04d} {moment:%H:%M:%S} GMT"
