# trio, without asyncio: two answers at the same time, in one nursery. `on_trio.py [URL]`
import sys

import trio
from hocket_io import AsyncClient


async def main(url="http://127.0.0.1:8000"):
    async def follow(name):
        async for event in agent.stream(name):
            print(event.text, end="", flush=True)

    async with AsyncClient(url) as agent, trio.open_nursery() as nursery:
        nursery.start_soon(follow, "Ada")
        nursery.start_soon(follow, "Grace")


trio.run(main, *sys.argv[1:])
