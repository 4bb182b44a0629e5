"""Every kind of client, used in one way: what is written once, runs without an event loop and under both of them."""

import anyio
import pytest
from attrs import frozen

from hocket_io import AsyncClient, Client

KINDS = ["blocking", "asyncio", "trio"]


@frozen
class Blocking:
    """A `Client`, of which things are awaited that are there at once."""

    client: Client

    async def ask(self, method, *args, **options):
        return getattr(self.client, method)(*args, **options)

    async def read(self, stream, until=lambda event: False):
        events = []
        with stream:
            for event in stream:
                events.append(event)
                if until(event):
                    break
        return events


@frozen
class Looped:
    """An `AsyncClient`."""

    client: AsyncClient

    async def ask(self, method, *args, **options):
        return await getattr(self.client, method)(*args, **options)

    async def read(self, stream, until=lambda event: False):
        events = []
        async with stream:
            async for event in stream:
                events.append(event)
                if until(event):
                    break
        return events


def tell(kind, story, target, **options):
    """What the async function `story` gives, given a client of this kind. What hangs fails after 20 seconds."""
    if kind == "blocking":
        with Client(target, **options) as client:
            return _run_at_once(story(Blocking(client)))

    async def main():
        with anyio.fail_after(20):
            async with AsyncClient(target, **options) as client:
                return await story(Looped(client))

    return anyio.run(main, backend=kind)


def _run_at_once(coroutine):
    """Run what never waits."""
    with pytest.raises(StopIteration) as stop:
        coroutine.send(None)
    return stop.value.value
