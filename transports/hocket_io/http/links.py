"""SeveralLinks: one caller's ways to several hosts, as one source of what there is to write."""

from __future__ import annotations

from collections.abc import Sequence

import anyio
from attrs import define

from hocket.a2a import Delivery
from hocket.a2a.ports import amount
from hocket_io.host import HostLink

__all__ = ["SeveralLinks"]


@define(eq=False)
class SeveralLinks:
    """Links to several hosts on one event loop.

    Args:
        links: One for each host.
    """

    links: Sequence[HostLink]

    def take(self, limit: int = 256) -> list[Delivery]:
        """What the hosts have now, a fair share of each; [] when there is nothing more for the moment."""
        share = max(1, limit // len(self.links))
        taken: list[Delivery] = []
        for link in self.links:
            part = link.take(share)
            if amount(part) >= share:
                link.ring()  # it may have more, and its host says nothing before it has given all
            taken += part
        return taken

    async def wait(self, until: float | None = None) -> None:
        """Sleep until one of the hosts has something, or until the time `until` (seconds, as their `now`)."""
        async with anyio.create_task_group() as group:

            async def wait_for(link: HostLink) -> None:
                await link.wait(until)
                group.cancel_scope.cancel()

            for link in self.links:
                group.start_soon(wait_for, link)

    def ring(self) -> None:
        """Wake whoever waits, or will."""
        for link in self.links:
            link.ring()

    def close(self) -> None:
        """The caller is gone, or has all it wanted."""
        for link in self.links:
            link.close()
