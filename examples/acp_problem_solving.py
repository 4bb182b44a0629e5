"""Solving a problem: two agents go back and forth in a stream until it is solved. All in one process."""

import asyncio

from hocket.acp import MessageSent
from hocket_io.acp import AcpClient, AcpStream, HubHost

OPERATOR = [
    "The pages have become slow",
    "CPU: 85 % on average, 95 % at times",
    "Memory is normal, 60 %",
    "Found it: no connection is free",
    "Done, the pages are fast again",
]
HELPER = ["What does the CPU do?", "And the memory?", "Then look at the database connections", "Allow 50 of them"]


async def converse(stream: AcpStream, lines: list[str]) -> None:
    """Answer everything that is said with the next line; with nothing left to say, end the stream."""
    rest = iter(lines)
    async for event in stream:
        if isinstance(event, MessageSent):
            print(f"{event.agent_id:>8}: {event.text}")
            line = next(rest, None)
            await (stream.end("Solved") if line is None else stream.send(line))


async def operate(operator: AcpClient) -> None:
    stream = await operator.start(["helper"], metadata={"purpose": "slow pages"})
    await stream.send(OPERATOR[0])
    await converse(stream, OPERATOR[1:])
    print(f"the stream is {stream.status.value}")


async def assist(helper: AcpClient) -> None:
    invitation = await anext(helper.invitations())
    print(f"  (about {invitation.reason}, with {', '.join(invitation.current_participants)})")
    await converse(await helper.join(invitation.stream_id), HELPER)


async def main() -> None:
    async with (
        HubHost() as hub,
        AcpClient(hub, agent="operator") as operator,
        AcpClient(hub, agent="helper") as helper,
        asyncio.TaskGroup() as group,
    ):
        group.create_task(assist(helper))
        group.create_task(operate(operator))


if __name__ == "__main__":
    asyncio.run(main())
