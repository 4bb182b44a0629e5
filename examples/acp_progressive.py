"""Progressive content: an agent says what it finds while it still looks, and the others read along. In one process."""

import asyncio

from hocket.acp import ChunkReceived, MessageCompleted, StreamEnded, data_part
from hocket_io.acp import AcpClient, HubHost

FINDINGS = ["Three regions. ", "Traffic doubles every 30 seconds. ", "One sender in two is new. "]


async def analyse(analyst: AcpClient) -> None:
    """One message, in as many pieces as there is something to say."""
    stream = await analyst.start(["reader"])
    async with stream.chunks() as out:
        await out.text("Looking … ")
        for finding in FINDINGS:
            await asyncio.sleep(0.1)
            await out.text(finding)
        await out.part(data_part({"regions": 3, "period": 30, "new": 0.5}))
    await stream.end("Analysis complete")


async def read(reader: AcpClient) -> None:
    """Print each piece when it comes, and what they are together."""
    invitation = await anext(reader.invitations())
    stream = await reader.join(invitation.stream_id)
    async for event in stream:
        match event:
            case ChunkReceived(is_last=True):
                print(f"piece {event.sequence}: the end of it")
            case ChunkReceived():
                print(f"piece {event.sequence}: {event.text or event.chunk.parts[0].content}")
            case MessageCompleted():
                print(f"together: {event.text}")
            case StreamEnded():
                print(f"the end: {event.reason}")


async def main() -> None:
    async with (
        HubHost() as hub,
        AcpClient(hub, agent="analyst") as analyst,
        AcpClient(hub, agent="reader") as reader,
        asyncio.TaskGroup() as group,
    ):
        group.create_task(read(reader))
        group.create_task(analyse(analyst))


if __name__ == "__main__":
    asyncio.run(main())
