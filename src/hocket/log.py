"""Log: append-only, bounded, numbered events; Cursor: a reader's place in it.

Events are appended once and numbered 1, 2, 3 … without gaps. A reader is a cursor, not a queue: a slow one
costs no memory, never holds up the writer, and is never cut silently. What the log no longer keeps, a cursor
that wanted it is told (`Cursor.is_behind`), and whoever owns the log gives it a snapshot instead.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any, Generic, TypeVar

from attrs import define, field, frozen

from hocket.codec.making import maker
from hocket.errors import LocalProtocolError

__all__ = ["Cursor", "Entry", "Log", "LogConflict", "LogLimits", "numbered"]

E = TypeVar("E")
Shared = TypeVar("Shared")
Own = TypeVar("Own")

_NONE_YET = object()
"""No dialect: nobody has read the entry."""


class LogConflict(LocalProtocolError):
    """An append expected the log to end somewhere else: another writer was there first."""

    def __init__(self, expected: int, last: int) -> None:
        super().__init__(
            f"append expected the log to end at offset {expected}, but it ends at {last}: another writer came first"
        )
        self.expected = expected
        self.last = last


@frozen
class LogLimits:
    """How much of its past a log keeps.

    Attributes:
        entries: Number of entries kept; older ones are dropped.
        size: Sum of the weights kept, in bytes; older entries are dropped, never the newest.
    """

    entries: int = 65_536
    size: int = 16 * 1024 * 1024


@define(eq=False, weakref_slot=False)
class Entry(Generic[E]):
    """One event in its place.

    Attributes:
        offset: 1 for the first event of a log, dense from there on.
        event: What happened.
        weight: What it counts against `LogLimits.size`, in bytes.
    """

    offset: int
    _event: E
    weight: int = 0
    _whole: Callable[[Any, Any], E] | None = field(default=None, init=False, repr=False)
    _shared: Any = field(default=None, init=False, repr=False)
    _dialect: Hashable = field(default=_NONE_YET, init=False, repr=False)
    _written: bytes | None = field(default=None, init=False, repr=False)
    _others: dict[Hashable, bytes | None] | None = field(default=None, init=False, repr=False)

    @property
    def event(self) -> E:
        """What happened."""
        return self._event if self._whole is None else self._whole(self._shared, self._event)

    @property
    def is_short(self) -> bool:
        """Whether the event is made anew each time when it is asked for."""
        return self._whole is not None

    def shorten(self, whole: Callable[[Shared, Own], E], shared: Shared, own: Own) -> None:
        """Let the event go, and keep what makes it again: `whole(shared, own)`.

        Args:
            whole: Makes an event that is equal to it.
            shared: What it has in common with other events, one object for all of them.
            own: What no other has.
        """
        self._shared, self._whole = shared, whole
        self._event = own  # type: ignore[assignment]  # from here on it is not the event, but what makes it

    def encoded(self, dialect: Hashable, encode: Callable[[E], bytes | None]) -> bytes | None:
        """The event as `dialect` writes it: encoded for the first reader, the same bytes for all others."""
        if self._dialect == dialect:
            return self._written
        if self._others is not None and dialect in self._others:
            return self._others[dialect]
        written = encode(self.event)
        self.keep(dialect, written)
        return written

    def keep(self, dialect: Hashable, written: bytes | None) -> None:
        """This is how `dialect` writes the event: what `encoded` gives from now on."""
        if self._dialect is _NONE_YET:
            self._dialect, self._written = dialect, written
        elif self._dialect == dialect:
            pass  # two servers have the entry from one store: what the first has written is there
        elif self._others is None:  # most logs are read in one dialect: a dict for each entry would be wasted
            self._others = {dialect: written}
        else:
            self._others[dialect] = written


def numbered(events: Sequence[E], weights: Sequence[int], after: int) -> list[Entry[E]]:
    """Entries for events that come after offset `after`.

    Args:
        events: What happened, in order.
        weights: What each of them counts, as many as there are events.
        after: The last offset before them.

    Raises:
        LocalProtocolError: There are more or fewer weights than events.
    """
    if len(weights) != len(events):
        raise LocalProtocolError(f"there are {len(weights)} weights for {len(events)} events")
    return [*map(_entry, range(after + 1, after + 1 + len(events)), events, weights)]


_entry = maker(Entry, "offset", "_event", "weight")


@define(eq=False)
class Log(Generic[E]):
    """An append-only list of events, of which the latest are kept.

    Args:
        limits: How much is kept.
        start: Offset of the last event before the first one kept here (for a log that continues a snapshot).

    >>> log: Log[str] = Log()
    >>> [entry.offset for entry in log.append(["a", "b"])]
    [1, 2]
    >>> [entry.event for entry in log.read(after=1, limit=10)]
    ['b']
    """

    limits: LogLimits = LogLimits()
    start: int = 0
    is_ended: bool = field(default=False, init=False)
    last: int = field(init=False)
    held: int = field(default=0, init=False)
    _entries: list[Entry[E]] = field(factory=list, init=False)
    _dropped: int = field(default=0, init=False)
    _dropped_weight: int = field(default=0, init=False)

    def __attrs_post_init__(self) -> None:
        self.last = self.start

    @property
    def first(self) -> int:
        """Offset of the oldest entry kept; `last + 1` while there is none."""
        return self.last - len(self) + 1

    def __len__(self) -> int:
        return len(self._entries) - self._dropped

    def append(self, events: Sequence[E], *, weights: Sequence[int] = (), expect: int | None = None) -> list[Entry[E]]:
        """Number the events and keep them.

        Args:
            events: What happened, in order.
            weights: Bytes each event counts for; 0 where not given.
            expect: Refuse unless the log ends at this offset (a compare-and-set that fences a second writer).

        Raises:
            LogConflict: `expect` is not the offset of the last entry. Nothing was appended.
            LocalProtocolError: The log has ended, or there are more weights than events. Nothing was appended.
        """
        self._check_open()
        if expect is not None and expect != self.last:
            raise LogConflict(expect, self.last)
        padded = weights if len(weights) >= len(events) else [*weights, *[0] * (len(events) - len(weights))]
        entries = numbered(events, padded, self.last)
        self._keep(entries)
        return entries

    def extend(self, entries: Sequence[Entry[E]]) -> None:
        """Take entries that were numbered elsewhere (by the store that is the truth).

        Raises:
            LocalProtocolError: They do not continue this log without a gap, or it has ended. Nothing was taken.
        """
        if entries:
            self._check_open()
        for offset, entry in enumerate(entries, self.last + 1):
            if entry.offset != offset:
                raise LocalProtocolError(f"entry {entry.offset} does not continue a log that needs entry {offset} next")
        self._keep(entries)

    def _keep(self, entries: Sequence[Entry[E]]) -> None:
        self._entries.extend(entries)
        self.last += len(entries)
        self.held += sum([entry.weight for entry in entries])
        self._trim()

    def end(self) -> None:
        """Nothing will be appended any more: a cursor that has read all is at the end."""
        self.is_ended = True

    def read(self, after: int, limit: int) -> list[Entry[E]]:
        """Up to `limit` kept entries with an offset above `after`, oldest first."""
        begin = self._dropped + max(0, after + 1 - self.first)
        return self._entries[begin : begin + limit]

    def drop(self, through: int) -> None:
        """Forget the entries up to and including offset `through`; no error if they are gone already."""
        gone = self._entries[self._dropped : self._dropped + max(0, through + 1 - self.first)]
        self._drop(self._dropped + len(gone), self.held - sum([entry.weight for entry in gone]))

    def _check_open(self) -> None:
        if self.is_ended:
            raise LocalProtocolError(f"the log ended at offset {self.last}; nothing can be appended to it")

    def _trim(self) -> None:
        """Drop what is too much: of a busy log as many in one go as have come."""
        entries, limits = self._entries, self.limits
        kept_from = max(self._dropped, len(entries) - limits.entries)
        held = self.held - sum([entry.weight for entry in entries[self._dropped : kept_from]])
        newest = len(entries) - 1
        while held > limits.size and kept_from < newest:
            held -= entries[kept_from].weight
            kept_from += 1
        self._drop(kept_from, held)

    def _drop(self, kept_from: int, held: int) -> None:
        """Drop the entries before this place in the list; those that stay weigh so much."""
        self._dropped_weight += self.held - held
        self._dropped, self.held = kept_from, held
        self._release()

    def _release(self) -> None:
        many = self._dropped > 64 and self._dropped * 2 > len(self._entries)
        if many or self._dropped_weight * 4 > self.limits.size:  # few heavy ones must not stay in memory either
            del self._entries[: self._dropped]
            self._dropped = self._dropped_weight = 0


@define(eq=False)
class Cursor(Generic[E]):
    """A reader's place in a log: it has read everything up to and including offset `after`.

    >>> log: Log[str] = Log()
    >>> cursor = Cursor(log)
    >>> _ = log.append(["a", "b", "c"])
    >>> [entry.event for entry in cursor.read(2)], cursor.after
    (['a', 'b'], 2)
    """

    log: Log[E]
    after: int = 0

    @property
    def is_behind(self) -> bool:
        """True if the next entry is no longer kept: the reader needs a snapshot, then `jump`."""
        return self.after + 1 < self.log.first

    @property
    def has_more(self) -> bool:
        """True if there is something to read (or to be told that it is gone)."""
        return self.after < self.log.last

    @property
    def is_done(self) -> bool:
        """True if the log has ended and everything in it was read."""
        return self.log.is_ended and not self.has_more

    def read(self, limit: int) -> list[Entry[E]]:
        """The next entries, at most `limit`; the cursor moves past them.

        Raises:
            LocalProtocolError: The cursor is behind; it never skips silently.
        """
        if self.is_behind:
            raise LocalProtocolError(
                f"entries {self.after + 1} to {self.log.first - 1} are gone: take a snapshot and jump"
            )
        entries = self.log.read(self.after, limit)
        if entries:
            self.after = entries[-1].offset
        return entries

    def jump(self, after: int) -> None:
        """Go on after offset `after`, of which a snapshot was given.

        Raises:
            LocalProtocolError: The log has no such offset.
        """
        if not self.log.first - 1 <= after <= self.log.last:
            raise LocalProtocolError(f"offset {after} is not between {self.log.first - 1} and {self.log.last}")
        self.after = after
