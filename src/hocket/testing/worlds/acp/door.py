"""HubDoor: the hub as a node of the network, with a witness before it."""

from __future__ import annotations

from collections.abc import Callable

from attrs import define, field

from hocket.endpoint import Endpoint
from hocket.testing.worlds.acp.roads import HubNode
from hocket.testing.worlds.acp.witness import Witness

__all__ = ["HubDoor"]


@define(eq=False, repr=False)
class HubDoor:
    """Where connections arrive.

    Args:
        make: Makes the hub, and makes it again after a crash; given how often it was made before.
        witness: Sees what goes in and comes out.
    """

    make: Callable[[int], HubNode]
    witness: Witness
    _made: int = field(default=1, init=False)

    def accept(self, link: str, now: float) -> Endpoint[object] | None:
        """Somebody connects."""
        return self.witness.accept(self.witness.roads[link], now)

    def gone(self, link: str, now: float) -> None:
        """A connection is over."""
        self.witness.gone(self.witness.roads.pop(link), now)

    def next_timeout(self) -> float | None:
        """When the hub wants to be called."""
        return self.witness.next_timeout()

    def handle_timeout(self, now: float) -> None:
        """Let it do what is due."""
        self.witness.handle_timeout(now)

    def restarted(self, keep_log: bool, now: float) -> HubDoor:
        """The hub has no log: after a crash it knows nothing."""
        self.witness.crashed(self.make(self._made))
        self._made += 1
        return self
