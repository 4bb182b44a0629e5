"""Request and response: one agent asks another in a stream, and the answer comes piece by piece. All in one process."""

import asyncio

from hocket.acp import ChunkReceived, MessageCompleted, MessageSent
from hocket_io.acp import AcpClient, HubHost


async def answer(expert: AcpClient) -> None:
    """Accept an invitation, and answer what is asked in the stream."""
    invitation = await anext(expert.invitations())
    stream = await expert.join(invitation.stream_id)
    async for event in stream:
        if isinstance(event, MessageSent):
            async with stream.chunks() as out:
                await out.text(f"You ask: {event.text} ")
                await asyncio.sleep(0.1)  # thinks
                await out.text("The index is stale. ")
                await out.text("Build it anew.")


async def ask(analyst: AcpClient) -> None:
    """Start a stream with the expert, ask, and end it when the answer is complete."""
    stream = await analyst.start(["expert"], metadata={"purpose": "a question"})
    await stream.send("Why is the search slow?")
    async for event in stream:
        if isinstance(event, ChunkReceived) and event.text:
            print(f"{event.agent_id}, piece {event.sequence}: {event.text}")
        elif isinstance(event, MessageCompleted):
            print(f"{event.agent_id}, all of it: {event.text}")
            await stream.end("Thank you")
    print(f"the stream is {stream.status.value}")


async def main() -> None:
    async with (
        HubHost() as hub,
        AcpClient(hub, agent="analyst") as analyst,
        AcpClient(hub, agent="expert") as expert,
        asyncio.TaskGroup() as group,
    ):
        group.create_task(answer(expert))
        group.create_task(ask(analyst))


if __name__ == "__main__":
    asyncio.run(main())
