"""An agent that says how far it is: a calendar search with progress from 0 to 100 %."""

import asyncio
from collections.abc import AsyncIterator

from hocket import Agent, AgentTask, Progress

agent = Agent("calendar", description="Finds an hour that suits everybody.")

STEPS = {
    0: "Reading the request",
    25: "Looking into your own calendar",
    50: "Asking for the calendars of the team",
    75: "Comparing the free hours",
    100: "3 slots are free tomorrow",
}


@agent.stream
async def search(task: AgentTask) -> AsyncIterator[Progress | str]:
    for percent, doing in STEPS.items():
        yield task.progress(percent, doing)
        await asyncio.sleep(0.12)
    yield "Tomorrow at 09:00, 11:30 or 15:00."
