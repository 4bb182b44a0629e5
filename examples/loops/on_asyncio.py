# asyncio: two answers at the same time, in one loop. `on_asyncio.py [URL]`
import asyncio
import sys

from hocket_io import AsyncClient


async def main(url="http://127.0.0.1:8000"):
    async def follow(name):
        async for event in agent.stream(name):
            print(event.text, end="", flush=True)

    async with AsyncClient(url) as agent:
        await asyncio.gather(follow("Ada"), follow("Grace"))


asyncio.run(main(*sys.argv[1:]))
