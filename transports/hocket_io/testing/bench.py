"""What makes the calls of a benchmark: any number of streams of one client at the same time, on either event loop."""

from __future__ import annotations

from collections.abc import Callable

import anyio
from attrs import frozen

from hocket.errors import HocketError, RequestTimeout
from hocket.testing.bench import Bench, Lap
from hocket_io.client.async_client import AsyncClient
from hocket_io.client.requests import Content
from hocket_io.concurrency.loops import loop_clock

__all__ = ["make_calls"]


async def make_calls(
    bench: Bench, client: AsyncClient, content: Content, *, streams: int, timeout: float | None = None
) -> None:
    """Make all calls of a benchmark. Where this is cancelled, its score has what was measured before.

    Args:
        bench: The benchmark, which begins now.
        client: Who asks. Over HTTP each stream has a connection of its own; on a pipe and a WebSocket all share one.
        content: What is said, each time.
        streams: Calls at a time, at the most.
        timeout: Seconds after which a call is given up; None to wait as long as the client does.
    """
    caller = _Caller(bench, client, content, timeout, loop_clock())
    with anyio.CancelScope() as scope:
        if bench.ends_at is not None:
            scope.deadline = bench.ends_at
        async with anyio.create_task_group() as group:
            for _ in range(streams):
                group.start_soon(caller.run)


@frozen
class _Caller:
    """Makes one call after the other."""

    bench: Bench
    client: AsyncClient
    content: Content
    timeout: float | None
    clock: Callable[[], float]

    async def run(self) -> None:
        """As long as there are any."""
        while (lap := self.bench.next_call(self.clock())) is not None:
            if lap.due > self.clock():
                await anyio.sleep_until(lap.due)
            lap.begin(self.clock())
            try:
                await self._call(lap)
            finally:
                lap.stop(self.clock())  # where it goes on, all of this is over

    async def _call(self, lap: Lap) -> None:
        with anyio.CancelScope() as scope:
            if self.timeout is not None:
                scope.deadline = self.clock() + self.timeout
            try:
                async with self.client.stream(self.content) as stream:
                    async for event in stream:
                        if not lap.receive(event, self.clock()):
                            break
            except HocketError as error:
                lap.fail(error, self.clock())
        if scope.cancelled_caught:
            lap.fail(RequestTimeout(f"there was no end after {self.timeout:g} seconds"), self.clock())
