"""TapPoint: a place where a tap is fitted. A tap that raises breaks nothing there."""

from __future__ import annotations

import itertools
import logging
import time
from functools import partial

from attrs import define, field

from hocket_io.tap.tapped import Direction, End, Tap, Tapped

__all__ = ["TapPoint", "safe", "taps"]

_log = logging.getLogger(__name__)

_channels = itertools.count(1)


@define(eq=False)
class _SafeTap:
    """A tap whose exceptions are logged, the first of them: what passes has to pass."""

    tap: Tap
    _has_failed: bool = field(default=False, init=False)

    def __call__(self, tapped: Tapped) -> None:
        try:
            self.tap(tapped)
        except Exception:  # noqa: BLE001  -- logged with its traceback
            if not self._has_failed:
                self._has_failed = True
                _log.exception("a tap raised; it is told on, and what it raises later is not logged")


def safe(tap: Tap) -> Tap:
    """A tap that never raises: the first exception is logged. One that is safe already is given back as it is."""
    return tap if isinstance(tap, _SafeTap) else _SafeTap(tap)


def taps(*several: Tap) -> Tap:
    """Several taps as one. Where one raises, the others are told all the same.

    >>> seen, heard = [], []
    >>> both = taps(seen.append, heard.append)
    >>> both(Tapped(direction="in", time=0.0, frame=b"{}", transport="tcp", peer="10.0.0.1:7000"))
    >>> seen == heard, seen[0].frame
    (True, b'{}')
    """
    each_safe = [safe(tap) for tap in several]

    def tell(tapped: Tapped) -> None:
        for tap in each_safe:
            tap(tapped)

    return tell


@define(eq=False)
class TapPoint:
    """One connection, or one HTTP request with its answer, as a tap sees it.

    Args:
        tap: Who is told.
        transport: What the connection is made of.
        peer: Who is at its other end. It is shown: no credentials.
    """

    tap: Tap = field(converter=safe)
    transport: str
    peer: str
    channel: int = field(factory=partial(next, _channels), init=False)
    _ended: dict[Direction, None] = field(factory=dict, init=False)

    def has_ended(self, direction: Direction) -> bool:
        """Whether nothing more passes that way, as far as was told."""
        return direction in self._ended

    def end(self, direction: Direction, note: str, frame: bytes = b"", *, how: End = "orderly") -> None:
        """Tell that nothing more passes that way, and why. Only the first one counts."""
        if direction not in self._ended:
            self._ended[direction] = None
            self.tell(direction, frame, note, end=how)

    def tell(self, direction: Direction, frame: bytes = b"", note: str = "", *, end: End | None = None) -> None:
        """Tell the tap what passes now."""
        self.tap(
            Tapped(
                direction=direction,
                time=time.time(),
                frame=frame,
                transport=self.transport,
                peer=self.peer,
                channel=self.channel,
                note=note,
                end=end,
            )
        )
