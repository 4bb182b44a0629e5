# anyio on asyncio: two answers at the same time, in one task group. `on_anyio_asyncio.py [URL]`
import sys

import anyio
from hocket_io import AsyncClient


async def main(url="http://127.0.0.1:8000"):
    async def follow(name):
        async for event in agent.stream(name):
            print(event.text, end="", flush=True)

    async with AsyncClient(url) as agent, anyio.create_task_group() as group:
        group.start_soon(follow, "Ada")
        group.start_soon(follow, "Grace")


anyio.run(main, *sys.argv[1:], backend="asyncio")
