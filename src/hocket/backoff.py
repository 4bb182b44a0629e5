"""Backoff: how long to wait before trying again."""

from __future__ import annotations

from math import exp, inf, log

from attrs import field, frozen
from attrs.validators import ge, gt, lt

__all__ = ["Backoff"]

_LARGEST = 700.0
"""The natural logarithm up to which a power is certain to be a finite float."""


@frozen
class Backoff:
    """Delays that grow from `base` by `factor` up to `maximum`, and the number of attempts that are worth it.

    With `jitter` (the "full jitter" of the AWS architecture blog) each delay is a random part of that, so that
    clients that lost the same server do not come back in step.

    Attributes:
        base: The first delay in seconds.
        factor: What each delay is multiplied by to give the next.
        maximum: The longest delay in seconds.
        attempts: How often to try again before giving up.
        jitter: Whether to wait a random part of the delay.

    >>> backoff = Backoff(base=1.0, jitter=False)
    >>> [backoff.delay(attempt) for attempt in range(7)]
    [1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0]
    >>> backoff.allows(4), backoff.allows(5)
    (True, False)
    """

    base: float = field(default=1.0, validator=[gt(0), lt(inf)])
    factor: float = field(default=2.0, validator=[ge(1), lt(inf)])
    maximum: float = field(default=30.0, validator=[gt(0), lt(inf)])
    attempts: int = field(default=5, validator=ge(0))
    jitter: bool = field(default=True, kw_only=True)

    def allows(self, attempt: int) -> bool:
        """Whether this attempt, the first being 0, is still to be made."""
        return attempt < self.attempts

    def delay(self, attempt: int, random: float = 1.0) -> float:
        """Seconds to wait before an attempt.

        Args:
            attempt: How many attempts failed since the last success, 0 or more, however large.
            random: A number, 0 <= random < 1, from `Entropy.random`; it counts with `jitter` only. 1 gives the
                longest delay.

        Raises:
            ValueError: `attempt` is negative, or `random` is not between 0 and 1.
        """
        if attempt < 0:
            raise ValueError(f"attempts are counted from 0, not {attempt}")
        if not 0.0 <= random <= 1.0:
            raise ValueError(f"random must be between 0 and 1, not {random!r}")
        return self._full_delay(attempt) * (random if self.jitter else 1.0)

    def _full_delay(self, attempt: int) -> float:
        if self.base >= self.maximum:
            return self.maximum
        if self.factor == 1.0:
            return self.base
        # The power would overflow for a large attempt; past this one the delay is the maximum anyway.
        if attempt > (log(self.maximum) - log(self.base)) / log(self.factor):
            return self.maximum
        exponent = attempt * log(self.factor)
        if exponent > _LARGEST:
            return min(exp(log(self.base) + exponent), self.maximum)
        return min(self.base * self.factor**attempt, self.maximum)
