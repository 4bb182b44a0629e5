"""The async client: three questions to one agent at the same time, under asyncio. `three_at_once.py [TARGET]`."""

import asyncio
import sys

from hello import agent as hello

from hocket import Agent
from hocket_io import AsyncClient


async def follow(agent: AsyncClient, name: str) -> None:
    async for event in agent.stream(name):
        if event.text:
            print(f"{name:>5}: {event.text}")
        if event.done and event.state is not None:
            print(f"{name:>5}: {event.state.value}")


async def main(target: str | Agent) -> None:
    async with AsyncClient(target) as agent, asyncio.TaskGroup() as group:
        for name in ("Ada", "Grace", "Mary"):
            group.create_task(follow(agent, name))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else hello))
