"""The agent that servers are measured with.

`5000 0` asks it for 5,000 words as fast as can be, `10 0.5` for ten with half a second before each, which say when they
were said.
"""

import asyncio
import time

from hocket import Agent

agent = Agent("words")


@agent.stream
async def words(task):
    """Say the words."""
    count, pause = task.text.split()
    pause = float(pause)
    for number in range(int(count)):
        if pause:
            await asyncio.sleep(pause)
            yield f"@{time.time():.6f} and a few words more"
        else:
            yield f"chunk number {number} of the answer "
