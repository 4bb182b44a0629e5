"""Timestamps on the wire: RFC 3339, UTC. The time comes from the caller; nothing here reads a clock."""

from __future__ import annotations

from datetime import datetime, timedelta

__all__ = ["timestamp"]

_UNIX_EPOCH = datetime(1970, 1, 1)  # of UTC: all moments here are


def timestamp(unix_time: float) -> str:
    """A moment as A2A and ACP write it, to the millisecond.

    Args:
        unix_time: Seconds since 1970-01-01T00:00:00Z.

    >>> timestamp(1_720_017_000.5)
    '2024-07-03T14:30:00.500Z'
    """
    return (_UNIX_EPOCH + timedelta(seconds=unix_time)).isoformat(timespec="milliseconds") + "Z"
