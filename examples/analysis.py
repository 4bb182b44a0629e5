"""An agent that takes long and can be cancelled: what it holds is let go in `finally`."""

import asyncio
from collections.abc import AsyncIterator

from hocket import Agent, AgentTask, Progress

agent = Agent("analysis", description="Analyses a great deal of data, slowly.")


@agent.stream
async def analyse(task: AgentTask) -> AsyncIterator[Progress | str]:
    workspace = [f"analysis of {task.text}"]
    try:
        for percent in range(0, 100, 10):
            yield task.progress(percent, f"Batch {percent // 10 + 1} of 10")
            await asyncio.sleep(0.12)
        yield "All 10 batches are done."
    finally:  # a cancelled task ends here too: the `await` above raises
        workspace.clear()
