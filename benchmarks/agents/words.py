"""The agent that servers are measured with.

`5000 0` asks it for 5,000 words as fast as can be, `10 0.5` for ten, one each half second by the clock, which say when
they were said. (If each slept for half a second after the one before, all agents would fall into step: timers of a loop
that are due in the same millisecond are called together, and would sleep on together.)
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
    begun = time.monotonic()
    for number in range(1, int(count) + 1):
        if pause:
            await asyncio.sleep(begun + number * pause - time.monotonic())
            yield f"@{time.time():.6f} and a few words more"
        else:
            yield f"chunk number {number} of the answer "
