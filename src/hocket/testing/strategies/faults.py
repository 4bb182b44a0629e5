"""Plans of what goes wrong in a virtual network."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from hocket.testing.faults import KINDS, Fault

__all__ = ["fault_plans"]


def fault_plans(
    kinds: Sequence[str] = tuple(KINDS), *, until: float = 60.0, max_faults: int = 6
) -> SearchStrategy[tuple[Fault, ...]]:
    """Faults that `hocket.testing.faults.play` plays, in the order of time. The simplest plan has none.

    Args:
        kinds: What may go wrong, of `KINDS`; the first one is the simplest.
        until: When the last one begins at the latest, in seconds.
        max_faults: How many there are at the most.

    >>> from hypothesis import find
    >>> find(fault_plans(["crash"]), lambda plan: len(plan) == 1)
    (Fault(kind='crash', at=0.0, target=0, lasts=0.0, number=0),)
    """
    # Tenths of a second: whole numbers shrink to what a person would write.
    fault = st.builds(
        Fault,
        kind=st.sampled_from(list(kinds)),
        at=st.integers(0, round(until * 10)).map(lambda tenths: tenths / 10),
        target=st.integers(0, 7),
        lasts=st.integers(0, round(until * 10)).map(lambda tenths: tenths / 10),
        number=st.integers(0, 200),
    )
    plans = st.lists(fault, max_size=max_faults)
    return plans.map(lambda plan: tuple(sorted(plan, key=lambda each: each.at)))
