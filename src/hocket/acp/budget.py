"""Budget: the bytes that all the streams of a hub hold together, of chunks that wait for a gap to close."""

from __future__ import annotations

from attrs import define, field

__all__ = ["Budget"]

_DEFAULT = 256 * 1024 * 1024


@define(eq=False)
class Budget:
    """An amount that many share.

    Attributes:
        max: How many bytes there are (`HubLimits.held`).
        held: How many of them are in use.

    >>> budget = Budget(10)
    >>> budget.take(8), budget.take(8), budget.held
    (True, False, 8)
    """

    max: int = _DEFAULT
    held: int = field(default=0, init=False)

    def take(self, size: int) -> bool:
        """Use `size` bytes. False, and nothing is used, where there are not so many left."""
        if self.held + size > self.max:
            return False
        self.held += size
        return True

    def give(self, size: int) -> None:
        """Give back bytes that were taken."""
        self.held -= size
