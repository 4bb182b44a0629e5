"""Values that a function may yield, beside those of Python and those of A2A."""

from __future__ import annotations

from attrs import frozen

__all__ = ["Progress"]


@frozen
class Progress:
    """How far the work is: a WORKING status whose metadata carries `progress`.

    Attributes:
        percent: 0 to 100.
        message: What is being done, for a person; "" to say nothing.
    """

    percent: float
    message: str = ""
