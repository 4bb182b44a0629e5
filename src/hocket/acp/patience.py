"""Patience: how long a lane waits for the next chunk of a message."""

from __future__ import annotations

from attrs import define, field

from hocket.acp.limits import LaneLimits
from hocket.timers import soonest

__all__ = ["Patience"]


@define(eq=False)
class Patience:
    """The clocks of one open message. They stand still while its stream is paused.

    Args:
        limits: `gap` and `stall`.
    """

    limits: LaneLimits
    _heard: float = field(default=0.0, init=False)
    _gap_at: float | None = field(default=None, init=False)
    _frozen_at: float | None = field(default=None, init=False)

    @property
    def has_gap(self) -> bool:
        """Whether chunks wait for one that is missing."""
        return self._gap_at is not None

    def heard(self, now: float) -> None:
        """A chunk was accepted."""
        self._heard = now if self._frozen_at is None else self._frozen_at

    def gap(self) -> None:
        """A chunk is missing, from the one that was just accepted on."""
        self._gap_at = self._heard + self.limits.gap

    def no_gap(self) -> None:
        """No chunk is missing (any more)."""
        self._gap_at = None

    def next_timeout(self) -> float | None:
        """When it ends; None for not now."""
        return None if self._frozen_at is not None else soonest(self._heard + self.limits.stall, self._gap_at)

    def reason(self, at: float) -> str:
        """What a message fails with whose time is over."""
        return "gap" if at == self._gap_at else "stalled"

    def freeze(self, now: float) -> None:
        """Stop the clocks."""
        if self._frozen_at is None:
            self._frozen_at = now

    def thaw(self, now: float) -> None:
        """Let the clocks go on, with what time was left."""
        if self._frozen_at is None:
            return
        stood = now - self._frozen_at
        self._heard += stood
        self._gap_at = None if self._gap_at is None else self._gap_at + stood
        self._frozen_at = None
