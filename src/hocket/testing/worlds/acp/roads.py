"""Roads: the ways by which an agent reaches a hub, and what a hub has to be like to be put into this world."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, Protocol, runtime_checkable

from attrs import define, frozen

from hocket.endpoint import Endpoint

__all__ = ["HubNode", "Road", "Traffic", "Weighed"]


@frozen(kw_only=True)
class Road:
    """One connection, as the hub's transport knows it.

    Attributes:
        name: What the network calls it; never used again.
        agent: Who it speaks for, by authentication or by the address that was dialled; None if only its frames say so.
        kind: A `pipe` is a stream of bytes both ways that keeps their order. A `post` brings one message, takes its
            answer and is over; posts overtake each other. A `feed` gives what happens in one stream, and takes nothing.
        stream_id: The stream of a feed.
        after: The last event that the reader of a feed has; None to go on after what it was given before.
    """

    name: str
    agent: str | None = None
    kind: Literal["pipe", "post", "feed"] = "pipe"
    stream_id: str | None = None
    after: int | None = None


@define
class Traffic:
    """How much has passed: the messages, and their bytes."""

    messages: int = 0
    size: int = 0

    def count(self, frame: bytes) -> None:
        """One more."""
        self.messages += 1
        self.size += len(frame)


class HubNode(Protocol):
    """A hub: one object behind many connections, each of which is an Endpoint for the bytes of JSON lines."""

    def accept(self, road: Road, now: float) -> Endpoint[object] | None:
        """A connection is made.

        Args:
            road: Which.
            now: The time in seconds, on the hub's clock.

        Returns:
            The hub's end of it; None if it does not want it.
        """

    def gone(self, road: Road, now: float) -> None:
        """A connection is over."""

    def next_timeout(self) -> float | None:
        """When `handle_timeout` wants to be called."""

    def handle_timeout(self, now: float) -> None:
        """Do what was to be done by now."""


@runtime_checkable
class Weighed(Protocol):
    """A hub that says how much it holds."""

    def load(self) -> Mapping[str, tuple[float, float]]:
        """What it holds, by name: how much, and how much that may be at the most."""
