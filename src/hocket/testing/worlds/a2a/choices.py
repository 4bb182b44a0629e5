"""What the numbers of a step choose from, where it is not something that is there."""

from __future__ import annotations

from hocket.a2a import TaskState
from hocket.testing.worlds.a2a.book import QUESTIONS

__all__ = ["DELAYS", "ENDS", "JUMPS", "LATENCIES", "PACES", "REVISIONS", "SECONDS", "STATES"]

SECONDS = (0.02, 0.1, 0.5, 2.0, 10.0, 45.0)
"""How long it may be waited for."""

DELAYS = ((0.0, 0.0), (0.1, 0.5), (0.5, 2.0), (2.0, 6.0))
"""The least and the most seconds that a connection may take."""

LATENCIES = (0.0, 0.02, 0.3, 2.0)
"""Seconds that a store may take."""

JUMPS = (3.0, 20.0, 100.0, 4_000.0)
"""Seconds by which a clock may jump."""

PACES = (20.0, 200.0, 2_000.0)
"""Bytes that a slow client may read in a second."""

STATES = (*QUESTIONS, TaskState.WORKING, TaskState.REJECTED, TaskState.COMPLETED)
"""The states that an agent may give to its task by itself."""

REVISIONS = ("longer", "as it was", "other words")
"""How an artifact may look that is sent whole after its chunks."""

ENDS = ("finish", "finish", "fail", "vanish")
"""How the function of an agent may end."""
