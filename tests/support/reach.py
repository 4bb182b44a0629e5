"""Which of the cases that a strategy should reach it does not."""

from contextlib import suppress

from hypothesis import Phase, find, settings
from hypothesis.errors import NoSuchExample

__all__ = ["unreached"]

_LOOK = settings(database=None, derandomize=True, phases=[Phase.generate])


def unreached(strategy, cases, *, examples=1_500):
    """The names of the cases that no example was, in the order of `cases`: names, each with what is true of one.

    It looks only until all have come, and at so many examples at the most.
    """
    left = dict(cases)

    def was_the_last(value):
        for name in [name for name, holds in left.items() if holds(value)]:
            del left[name]
        return not left

    with suppress(NoSuchExample):
        find(strategy, was_the_last, settings=settings(_LOOK, max_examples=examples))
    return list(left)
