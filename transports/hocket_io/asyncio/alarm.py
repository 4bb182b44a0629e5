"""Alarm: one timer of an event loop, which is set anew again and again, and mostly to the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from attrs import define, field

__all__ = ["Alarm"]


@define(eq=False)
class Alarm:
    """Calls `ring` when its time has come.

    Args:
        ring: What is called; it may set the alarm again.
    """

    ring: Callable[[], None]
    _at: float | None = field(default=None, init=False)  # what the timer itself says of it, uvloop rounds
    _timer: asyncio.TimerHandle | None = field(default=None, init=False)

    def set(self, at: float | None) -> None:
        """Have it ring at a time of the event loop, and no more at the time before; None for never."""
        if at == self._at:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._at = at
        self._timer = None if at is None else asyncio.get_running_loop().call_at(at, self._ring)

    def _ring(self) -> None:
        self._at = self._timer = None
        self.ring()
