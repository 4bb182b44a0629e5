"""What checks say: that something which must always hold does not, or that it cannot be asked of what is tested."""

from __future__ import annotations

__all__ = ["NotApplicable", "Violation"]


class Violation(AssertionError):
    """An invariant that does not hold.

    An AssertionError, so that test runners show it as a failed check and not as a broken one.

    Args:
        invariant: Its short name, such as `order-per-sender`.
        detail: What is so and should not be, in one sentence or a few lines.

    >>> print(Violation("one-end", "stream 7 ended twice"))
    one-end: stream 7 ended twice
    """

    def __init__(self, invariant: str, detail: str) -> None:
        super().__init__(invariant, detail)  # as they are: so that it can be pickled
        self.invariant = invariant
        self.detail = detail

    def __str__(self) -> str:
        return f"{self.invariant}: {self.detail}"


class NotApplicable(Exception):
    """A check that has nothing to ask of this target.

    Args:
        reason: Why, in a few words, such as `its card declares no push notifications`.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
