"""What the sender of push notifications needs of the world: where events come from, and who posts them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeAlias

from hocket.a2a import Delivery, PushTarget
from hocket.errors import HocketError
from hocket.http import Headers, Response

__all__ = ["AddressRefused", "Post", "Source"]


class AddressRefused(HocketError):
    """An address, or one that a name stands for, may not be posted to."""


Post: TypeAlias = Callable[[PushTarget, Headers, bytes], Awaitable[Response]]
"""Posts, and gives the head of the answer. Raises ConnectionFailed or AddressRefused."""


class Source(Protocol):
    """Where the events for one receiver come from: a link of the host."""

    def take(self, limit: int) -> list[Delivery]:
        """About `limit` of what there is now."""

    def wait(self) -> Awaitable[None]:
        """Sleep until there is more, or until `ring` is called."""

    def ring(self) -> None:
        """Wake whoever waits, or will."""

    def close(self) -> None:
        """Nothing more is taken."""
