# uvloop: asyncio's interface on libuv; nothing else changes. `on_uvloop.py [URL]`
import asyncio
import sys

import uvloop
from hocket_io import AsyncClient


async def main(url="http://127.0.0.1:8000"):
    async def follow(name):
        async for event in agent.stream(name):
            print(event.text, end="", flush=True)

    async with AsyncClient(url) as agent:
        await asyncio.gather(follow("Ada"), follow("Grace"))


uvloop.run(main(*sys.argv[1:]))
