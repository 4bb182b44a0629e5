"""hocket's clients as readers: `with_hocket.py URL LOOP`, where LOOP is asyncio, trio or blocking; see `asked`."""

import sys

import anyio
from asked import asked

from hocket_io import AsyncClient, Client

_, URL, LOOP = sys.argv


async def read() -> None:
    """With `AsyncClient`."""
    async with AsyncClient(URL) as client:
        for each in asked():
            with each.measured() as seen:
                for _ in range(each.streams):
                    events = 0
                    async for _event in client.stream(each.text):
                        events += 1
                    seen.append(events)


def read_blocking() -> None:
    """With `Client`."""
    with Client(URL) as client:
        for each in asked():
            with each.measured() as seen:
                for _ in range(each.streams):
                    events = 0
                    for _event in client.stream(each.text):
                        events += 1
                    seen.append(events)


if LOOP == "blocking":
    read_blocking()
else:
    anyio.run(read, backend=LOOP)
