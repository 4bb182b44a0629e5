"""A plain generator is an agent too: it runs in a thread, so it may block. What it returns comes last."""

import time
from collections.abc import Generator

from hocket import Agent, AgentTask

agent = Agent("countdown")


@agent.stream
def count(task: AgentTask) -> Generator[str, None, str]:
    for number in range(int(task.text or 3), 0, -1):
        yield f"{number} "
        time.sleep(0.1)
    return "Go!"
