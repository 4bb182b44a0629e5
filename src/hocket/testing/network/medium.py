"""Medium: what all links of one network share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import field, frozen

from hocket.testing.network.agenda import Agenda
from hocket.testing.network.trace import Trace

if TYPE_CHECKING:
    from hocket.testing.network.end import End

__all__ = ["Medium"]


@frozen(eq=False)
class Medium:
    """What all links of one network share.

    Attributes:
        trace: What happened.
        agenda: What is to happen.
        called: The ends that were called since their events were last asked for, in the order of these calls.
    """

    trace: Trace
    agenda: Agenda = field(factory=Agenda)
    called: dict[End, None] = field(factory=dict)

    def note(self, text: str) -> None:
        """Write a line on something that happens now."""
        self.trace.note(self.agenda.now, text)
