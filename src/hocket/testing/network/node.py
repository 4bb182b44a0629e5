"""Node: what lives at a place of the network and serves many links, such as a hub or a server; Told: what was told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

from attrs import frozen

from hocket.endpoint import Endpoint
from hocket.errors import HocketError

if TYPE_CHECKING:
    from hocket.testing.network.link import Link

__all__ = ["Fallible", "Node", "Told"]


class Node(Protocol):
    """One object behind many links. All times are those of the clock of its place.

    The network asks every link of a node what it has to send after any call into the node or one of its endpoints.
    """

    def accept(self, link: str, now: float) -> Endpoint[object] | None:
        """Somebody connects: our end of the link, or None to refuse."""

    def gone(self, link: str, now: float) -> None:
        """A link that was accepted is over, in good order or not. Comes once, unless the node crashed."""

    def next_timeout(self) -> float | None:
        """When `handle_timeout` wants to be called, or None."""

    def handle_timeout(self, now: float) -> None:
        """The time that `next_timeout` named has come, or has passed."""

    def restarted(self, keep_log: bool, now: float) -> Node:
        """What comes up again after a crash: a fresh node, with what this one kept on its disk if `keep_log`.

        This one is never called again. Its memory is lost, whatever happens.
        """


@runtime_checkable
class Fallible(Protocol):
    """An endpoint that wants to be told how a connection ended; others are told that nothing more comes."""

    def receive_failure(self, error: HocketError, now: float) -> None:
        """The connection broke, or there never was one."""


@frozen(kw_only=True)
class Told:
    """An event of an endpoint.

    Attributes:
        at: When it was told, on the clock of its place.
        place: Where the endpoint lives.
        link: The link it came by.
        endpoint: Which told it: what is to be said in turn is said by this one.
        event: What it told.
    """

    at: float
    place: str
    link: Link
    endpoint: Endpoint[object]
    event: object
