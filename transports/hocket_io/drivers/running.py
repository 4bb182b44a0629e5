"""Running: what every driver does, whatever its loop: tell what happened, take what is to be written, know the end."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from functools import partial
from math import inf
from typing import Generic, TypeVar

from attrs import define, field, frozen

from hocket.endpoint import Endpoint
from hocket.errors import ConnectionFailed, LocalProtocolError
from hocket.timers import soonest
from hocket_io.reasons import reason_of

__all__ = ["LINGER", "UNREAD", "UNSENT", "Bounds", "Running", "broken"]

EventT = TypeVar("EventT")

UNSENT = 1024 * 1024
UNREAD = 1024
LINGER = 10.0

_GRACE = 1.0
"""Seconds in which a peer is listened to again, before its silence counts."""


@frozen
class Bounds:
    """What a driver holds, and how long it waits.

    Attributes:
        unsent: Bytes that may wait to be written; beyond it nothing more is taken from the endpoint, or read.
        unread: Events that may be kept; beyond it nothing is read.
        linger: Seconds that closing may take.
    """

    unsent: int = UNSENT
    unread: int = UNREAD
    linger: float = LINGER


@define(eq=False)
class Running(Generic[EventT]):
    """An endpoint that runs, without the loop it runs on. A driver calls `tell` after each call, then `take`.

    Args:
        endpoint: What is run.
        on_event: Told each event; None if they are kept until `unread_events` takes them.
        bounds: What it may hold, and how long it may take.
    """

    endpoint: Endpoint[EventT]
    on_event: Callable[[EventT], None] | None
    bounds: Bounds = field(default=Bounds())
    failure: BaseException | None = field(default=None, init=False)
    is_dropped: bool = field(default=False, init=False)
    """True once nothing is to be written or read any more."""
    is_closed: bool = field(default=False, init=False)
    """True once the connection is gone."""
    is_full: bool = field(default=False, init=False)
    """True while more than `unsent` waits to be written."""
    told_at: float = field(default=-inf, init=False)
    """When something was told for the last time, if there was anything."""
    _kept: deque[EventT] = field(factory=deque, init=False)
    _hears_at: float = field(default=-inf, init=False)
    _last_call: tuple[float, str] | None = field(default=None, init=False)
    _has_begun: bool = field(default=False, init=False)
    _is_closing: bool = field(default=False, init=False)
    _is_telling: bool = field(default=False, init=False)
    _has_ended: bool = field(default=False, init=False)

    # --- what happens to the connection

    def receive(self, data: bytes, now: float) -> None:
        """Hand in what arrived; b"" is the end, which counts once."""
        if data:
            self.endpoint.receive_data(data, now)
        elif not self._has_ended:
            self._has_ended = True
            self.endpoint.receive_eof(now)

    def next_timeout(self) -> float | None:
        """When `handle_timeout` wants to be called, or None for never.

        While more is kept than `unread`, and nothing is read therefore, the endpoint has no time: what it waits for may
        have come long ago.
        """
        at = None if self.is_leaving or self._hears_at == inf else self.endpoint.next_timeout()
        if at is not None:
            at = max(at, self._hears_at)
        return at if self._last_call is None else soonest(at, self._last_call[0])

    def handle_timeout(self, now: float) -> None:
        """The time has come for the endpoint, or for whoever has had all the time there was."""
        if self._last_call is not None and now >= self._last_call[0]:
            self.fail(ConnectionFailed(self._last_call[1]))
        elif now >= self._hears_at:
            self.endpoint.handle_timeout(now)

    def fail(self, error: BaseException) -> None:
        """Drop the connection for a reason; the first one counts."""
        self.is_dropped = True
        if self.failure is None:
            self.failure = error

    def finish(self, now: float) -> None:
        """The connection is gone: tell the last events."""
        self.is_closed = self.is_dropped = True
        self.receive(b"", now)
        self.tell(now)

    # --- what is asked by commands

    def close(self) -> None:
        """Write what is left, then close."""
        self._is_closing = True

    def begin(self, deadline: float | None = None) -> None:
        """There is a connection.

        Args:
            deadline: When it is dropped if it is not over by then; None for never.

        Raises:
            LocalProtocolError: There was one before.
        """
        self.expect_begun(is_so=False)
        self._has_begun = True
        if deadline is not None:
            self._drop_at(deadline, "the connection was not over by its deadline")

    def perform(self, command: Callable[[], object]) -> None:
        """Call what is not ours. If it raises, the connection is dropped, and nothing is called any more."""
        if self._is_telling:
            return
        self._is_telling = True
        try:
            command()
        except BaseException as error:
            self.is_dropped, self.failure = True, error
            if not isinstance(error, Exception):
                raise  # such as a KeyboardInterrupt, which is meant for the whole program
        else:
            self._is_telling = False

    # --- the steps after each call

    def tell(self, now: float) -> bool:
        """Tell what happened. False within what is told, and after it has raised: there is nothing more to do."""
        if self._is_telling:
            return False
        self.told_at = now
        if (event := self.endpoint.next_event()) is not None:  # after most commands there is none
            self.perform(partial(self._tell, event))
        if len(self._kept) > self.bounds.unread:
            self._hears_at = inf
        elif self._hears_at == inf:
            self._hears_at = now + _GRACE
        if self._is_ending:
            linger = self.bounds.linger
            self._drop_at(now + linger, f"the peer did not take what was left in {linger:g} seconds (linger)")
        return True

    def take(self, held: int) -> list[bytes]:
        """What is to be written next; call it until there is nothing, and again when something was written.

        Args:
            held: Bytes that wait to be written already; where they are more than `unsent`, nothing is taken.
        """
        self.is_full = held > self.bounds.unsent
        return [] if self.is_full else self.endpoint.data_to_send()

    @property
    def is_leaving(self) -> bool:
        """True once all was taken that is to be written before the connection is closed."""
        return self.endpoint.is_closed or (self._is_closing and not self.is_full)

    @property
    def wants_more(self) -> bool:
        """Whether the peer may say more now."""
        if self._has_ended or self.is_dropped or self.is_full or len(self._kept) > self.bounds.unread:
            return False
        return not self._is_ending

    # --- events that are kept, and how it ended

    @property
    def has_unread(self) -> bool:
        """Whether there are events that nobody has taken."""
        return bool(self._kept)

    def unread_events(self) -> Iterator[EventT]:
        """Take the events that are kept, one after the other, and those that come while this is done."""
        while self._kept:
            yield self._kept.popleft()

    def expect(self, *, on_event: bool) -> None:
        """Say who takes the events: `on_event`, or else whoever reads them.

        Raises:
            LocalProtocolError: It is not so.
        """
        if on_event and self.on_event is None:
            raise LocalProtocolError("nobody takes the events: give the driver an on_event, or read its events()")
        if not on_event and self.on_event is not None:
            raise LocalProtocolError("events() has none to give: this driver tells them to its on_event")

    def expect_begun(self, *, is_so: bool) -> None:
        """Say whether there should have been a connection by now.

        Raises:
            LocalProtocolError: It is not so.
        """
        if self._has_begun and not is_so:
            raise LocalProtocolError("this driver has had its connection: make a new one, with a new endpoint")
        if is_so and not self._has_begun:
            raise LocalProtocolError("this driver has no connection yet: connect it first")

    def raise_failure(self) -> None:
        """Raise what has ended the connection, unless it was closed."""
        if self.failure is not None:
            raise self.failure

    @property
    def _is_ending(self) -> bool:
        return self._is_closing or self.endpoint.is_closed

    def _drop_at(self, time: float, reason: str) -> None:
        if self._last_call is None or time < self._last_call[0]:
            self._last_call = (time, reason)

    def _tell(self, first: EventT) -> None:
        tell = self._kept.append if self.on_event is None else self.on_event
        event: EventT | None = first
        while event is not None:
            tell(event)
            event = self.endpoint.next_event()


def broken(error: BaseException) -> ConnectionFailed:
    """What is told of a connection that broke."""
    return ConnectionFailed(f"the connection broke: {reason_of(error)}")
