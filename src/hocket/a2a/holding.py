"""Holding: what a server has in memory at some moment, in numbers. For whoever watches it, and for tests."""

from __future__ import annotations

from attrs import frozen

from hocket.a2a.server import Server

__all__ = ["Holding", "holding"]


@frozen(kw_only=True)
class Holding:
    """What is held.

    Attributes:
        tasks: Tasks; `ServerLimits.tasks` is how many there may be.
        busy: Tasks that somebody reads, waits for or works at; the others are only kept for whoever may come.
        entries: Entries of the log that has the most of them, of those that `LogLimits.entries` bounds.
        links: Links that have asked for something and have not left.
        watches: Links that read whatever begins.
        strays: Calls that wait for something although their link has left: there should be none.
    """

    tasks: int
    busy: int
    entries: int
    links: int
    watches: int
    strays: int


def holding(server: Server) -> Holding:
    """What this server holds now.

    >>> from hocket.entropy import seeded
    >>> holding(Server(entropy=seeded(1)))
    Holding(tasks=0, busy=0, entries=0, links=0, watches=0, strays=0)
    """
    tasks = list(server._tasks)
    return Holding(
        tasks=len(tasks),
        busy=sum(not live.is_idle for live in tasks),
        entries=max([len(live.log) for live in tasks], default=0),
        links=len(server._mailboxes),
        watches=len(server._watches),
        strays=sum(server._mailboxes.get(link) is None for live in tasks for link, _ in (*live.waiters, *live.parked)),
    )
