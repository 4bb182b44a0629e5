"""A plain generator is an agent too: it runs in a thread, so it may block. What it returns comes last."""

import time
from collections.abc import Generator

from hocket import Agent, AgentTask

agent = Agent("countdown")

STARTS = [str(number) for number in range(1, 11)]


@agent.stream
def count(task: AgentTask) -> Generator[str, None, str]:
    start = int(task.text) if task.text in STARTS else 3  # users may say anything
    for number in range(start, 0, -1):
        yield f"{number} "
        time.sleep(0.1)
    return "Go!"
