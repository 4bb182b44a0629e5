"""Timeouts: how long a client waits for each phase of what it asks, whatever carries it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

if TYPE_CHECKING:
    import httpx2

__all__ = ["Phases", "phases_of"]


@frozen(kw_only=True)
class Phases:
    """Seconds for each phase; None to wait for ever.

    Attributes:
        connect: Until there is a connection.
        read: Of silence, while something is to come.
        write: In which nothing of what is sent is taken.
        pool: Until one of the connections is free, where all of them are in use.
    """

    connect: float | None = 10.0
    read: float | None = 300.0
    write: float | None = 10.0
    pool: float | None = 10.0


def phases_of(timeout: float | httpx2.Timeout | Phases | None) -> Phases:
    """The phases of a `timeout=`: one number is for each of them, None for those that `Phases` has by itself.

    >>> phases_of(None).read, phases_of(2).read
    (300.0, 2)
    """
    match timeout:
        case None:
            return Phases()
        case float() | int() as seconds:
            return Phases(connect=seconds, read=seconds, write=seconds, pool=seconds)
        case each:
            return Phases(connect=each.connect, read=each.read, write=each.write, pool=each.pool)
