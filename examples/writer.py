"""An agent that writes: a text in pieces, each sent as soon as it is there."""

import asyncio
from collections.abc import AsyncIterator

from hocket import Agent, AgentTask

agent = Agent("writer", description="Writes a few lines about anything.")

PIECES = (
    "{topic} ",
    "is sung by many voices. ",
    "One begins, ",
    "the next goes on ",
    "where the first one rests. ",
    "Whoever listens ",
    "hears one melody, ",
    "and nobody has to wait ",
    "until all of it is written.",
)


@agent.stream
async def write(task: AgentTask) -> AsyncIterator[str]:
    for piece in PIECES:
        yield piece.format(topic=task.text.strip() or "A hocket")
        await asyncio.sleep(0.1)
