"""Timestamps on the wire: RFC 3339 in messages, RFC 9110 in HTTP; always UTC.

The time comes from the caller; nothing here reads a clock.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache
from re import ASCII
from re import compile as regex
from typing import Final

__all__ = ["http_date", "http_moment", "moment", "timestamp"]

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


_IMF: Final = regex(rf"(?:{'|'.join(_DAYS)}), (\d\d) ({'|'.join(_MONTHS)}) (\d{{4}}) (\d\d):(\d\d):(\d\d) GMT", ASCII)


def http_moment(text: str) -> float | None:
    """The moment, as Unix time in seconds, that a date of HTTP names; None if it names none.

    Of the three forms of RFC 9110 section 5.6.7 it knows the one that may be written.

    >>> http_moment("Sun, 06 Nov 1994 08:49:37 GMT")
    784111777.0
    >>> http_moment("Sunday, 06-Nov-94 08:49:37 GMT")
    """
    found = _IMF.fullmatch(text)
    if found is None:
        return None
    day, month, year, hour, minute, second = found.groups()
    try:
        named = datetime(int(year), _MONTHS.index(month) + 1, int(day), int(hour), int(minute), int(second))
    except ValueError:
        return None
    return (named - _UNIX_EPOCH).total_seconds()


_RFC_3339: Final = regex(
    r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d):(\d\d)(?:\.(\d{1,9})\d*)?(?:[Zz]|([+-])([01]\d|2[0-3]):([0-5]\d))", ASCII
)


@lru_cache(maxsize=64)  # those that a server gives in one millisecond are the same
def moment(text: str) -> int | None:
    """The moment that an RFC 3339 text names, in nanoseconds since 1970-01-01T00:00:00Z; None if it names none.

    >>> moment("2024-07-03T16:30:00.5+02:00") == moment("2024-07-03T14:30:00.500Z") == 1_720_017_000_500_000_000
    True
    >>> moment("yesterday")
    """
    found = _RFC_3339.fullmatch(text)
    if found is None or found[3] > "60":
        return None
    day, clock, second, fraction, sign, hours, minutes = found.groups()
    try:
        since = datetime.fromisoformat(f"{day}T{clock}") - _UNIX_EPOCH
    except ValueError:
        return None
    seconds = since.days * 86_400 + since.seconds + int(second)
    offset = 0 if sign is None else int(f"{sign}1") * (int(hours) * 3_600 + int(minutes) * 60)
    return (seconds - offset) * 1_000_000_000 + int((fraction or "").ljust(9, "0"))
