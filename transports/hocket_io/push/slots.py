"""ReceiverSlots: who may post to one receiver at the moment, where many want to."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
from attrs import define, field

from hocket.errors import ConnectionFailed

__all__ = ["ReceiverSlots"]


@define(eq=False)
class ReceiverSlots:
    """So many at a time, the others in the order in which they came.

    Nobody waits for a receiver that answers nobody: that has failed as if it had been posted to.

    Args:
        limit: How many post at the same time.
        patience: Seconds for which it may answer nobody.
    """

    limit: int
    patience: float
    _slots: anyio.CapacityLimiter = field(init=False)
    _waiting: dict[anyio.CancelScope, None] = field(factory=dict, init=False)

    def __attrs_post_init__(self) -> None:
        self._slots = anyio.CapacityLimiter(self.limit)

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a turn, and take it.

        Raises:
            ConnectionFailed: In all this time nobody was answered.
        """
        with anyio.move_on_after(self.patience) as waiting:
            self._waiting[waiting] = None
            try:
                await self._slots.acquire()
            finally:
                del self._waiting[waiting]
        if waiting.cancelled_caught:
            raise ConnectionFailed(f"it has answered nobody for {self.patience:g} s")
        try:
            yield
        finally:
            self._slots.release()

    def answered(self) -> None:
        """It has answered somebody: the others wait on."""
        for waiting in self._waiting:
            waiting.deadline = anyio.current_time() + self.patience
