"""Place: where endpoints live. It has a name, a clock of its own, and perhaps a node that serves many links."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import define, field

from hocket.testing.network.agenda import Agenda
from hocket.testing.network.node import Node

if TYPE_CHECKING:
    from hocket.testing.network.end import End

__all__ = ["Place"]


@define(eq=False)
class Place:
    """Somewhere in the network.

    Attributes:
        node: What serves the links that others open to here; None where nobody does.
        offset: Seconds by which its clock is before that of the network.
        is_up: False between a crash and a restart.
        ends: The ends of links that are here and not over, oldest first.
    """

    name: str
    agenda: Agenda
    node: Node | None
    offset: float
    is_up: bool = True
    ends: dict[str, End] = field(factory=dict, init=False)
    _latest: float = field(init=False)
    _armed: float | None = field(default=None, init=False)

    def __attrs_post_init__(self) -> None:
        self._latest = self.offset

    @property
    def now(self) -> float:
        """Seconds on its monotonic clock, which never goes back."""
        now = self.agenda.now + self.offset
        if now > self._latest:
            self._latest = now
        return self._latest

    def reach(self, at: float) -> float:
        """Its clock shows at least `at`, which was to come now: the rounding of sums is no reason to come early."""
        self._latest = max(self.now, at)
        return self._latest

    def jump(self, seconds: float) -> None:
        """Its clock goes forward, as if it had slept."""
        self.offset += seconds
        self._armed = None
        for end in self.ends.values():
            end.forget_timer()
        self.poll()

    def poll(self, end: End | None = None) -> None:
        """Take what there is to send after a call into one end, or with None into all of them."""
        if self.node is None and end is not None:
            end.poll()
            return
        for each in list(self.ends.values()):
            each.poll()
        self._arm()

    def ring(self) -> None:
        """The node's time has come."""
        armed, self._armed = self._armed, None
        if self.node is not None and self.is_up and armed is not None:
            self.node.handle_timeout(self.reach(armed))
            self.poll()

    def crash(self) -> list[End]:
        """Everything here is dead from now on. Returns the ends that were here."""
        self.is_up = False
        self.agenda.clear(self)
        ends = list(self.ends.values())
        self.ends.clear()
        return ends

    def restart(self, keep_log: bool) -> None:
        """It comes up again, with a fresh node."""
        self.is_up = True
        self._armed = None
        if self.node is not None:
            self.node = self.node.restarted(keep_log, self.now)
        self._arm()

    def _arm(self) -> None:
        if self.node is None or not self.is_up:
            return
        at = self.node.next_timeout()
        if at != self._armed:
            self._armed = at
            if at is None:
                self.agenda.clear(self)
            else:
                self.agenda.set(self, at - self.offset)
