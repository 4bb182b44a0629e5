"""Bell: wakes every task that waits for something to change."""

from __future__ import annotations

import anyio
from attrs import define, field

__all__ = ["Bell"]


@define(eq=False, repr=False)
class Bell:
    """Something that can be waited for again and again.

    A bell remembers nothing: look first, and wait only if what you want is not there yet. On one event loop nothing
    can happen between the two.
    """

    _event: anyio.Event | None = field(default=None, init=False)

    def ring(self) -> None:
        """Wake all that wait now."""
        if self._event is not None:
            self._event.set()
            self._event = None

    async def wait(self) -> None:
        """Sleep until the next ring."""
        if self._event is None:
            self._event = anyio.Event()
        await self._event.wait()
