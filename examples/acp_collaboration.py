"""Collaboration: three agents in one stream, two of which work at the same time. All in one process."""

import asyncio

from hocket.acp import ChunkReceived, MessageCompleted, MessageSent
from hocket_io.acp import AcpClient, AcpStream, HubHost


async def contribute(agent: AcpClient, promise: str, pieces: list[str]) -> None:
    """Wait for work, say what will be done, and then what was found, piece by piece."""
    invitation = await anext(agent.invitations())
    stream = await agent.join(invitation.stream_id)
    async for event in stream:
        if isinstance(event, MessageSent) and event.agent_id == invitation.invited_by:
            await stream.send(promise)
            async with stream.chunks() as out:
                for piece in pieces:
                    await out.text(piece)
                    await asyncio.sleep(0.1)
            break


async def say(stream: AcpStream, text: str) -> None:
    """Say something, and print it: nobody hears themselves."""
    print(f"{'analyst':>9}: {text}")
    await stream.send(text)


async def lead(analyst: AcpClient) -> None:
    """Bring the others together, and end the stream when both have contributed."""
    stream = await analyst.start(["source", "validator"])
    await say(stream, "I have found an anomaly in the data")
    contributions = 0
    async for event in stream:
        match event:
            case MessageSent():
                print(f"{event.agent_id:>9}: {event.text}")
            case ChunkReceived() if event.text:
                print(f"{event.agent_id:>9}: … {event.text}")
            case MessageCompleted():
                print(f"{event.agent_id:>9}: = {event.text}")
                contributions += 1
                if contributions == 2:
                    await say(stream, "Thanks, that explains it")
                    await stream.end("Problem solved")
    print(f"the stream of {', '.join(stream.participants)} is {stream.status.value}")


async def main() -> None:
    async with (
        HubHost() as hub,
        AcpClient(hub, agent="analyst") as analyst,
        AcpClient(hub, agent="source") as source,
        AcpClient(hub, agent="validator") as validator,
        asyncio.TaskGroup() as group,
    ):
        group.create_task(contribute(source, "I look at the source", ["It comes from ", "an acquisition."]))
        group.create_task(contribute(validator, "I check the numbers", ["They are right: ", "5 % of growth."]))
        group.create_task(lead(analyst))


if __name__ == "__main__":
    asyncio.run(main())
