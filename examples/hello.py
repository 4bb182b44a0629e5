"""The smallest agent: it streams a greeting, word by word."""
# mypy: allow-untyped-defs

import asyncio

from hocket import Agent

agent = Agent("hello")


@agent.stream
async def hello(task):
    for word in f"Hello {task.text}, from a streaming agent".split():
        yield word + " "
        await asyncio.sleep(0.05)
