"""Agents for the tests of what runs them, and what they say to a client."""

from hocket import Agent
from hocket_io import AsyncClient


def agent_of(function, **options):
    agent = Agent("under test", **options)
    agent.stream(function)
    return agent


def greeter(**options):
    async def greet(task):
        yield "Hello "
        yield task.text

    return agent_of(greet, **options)


async def events_of(function, text="Ada", **options):
    async with AsyncClient(agent_of(function, **options)) as client:
        return [event async for event in client.stream(text)]


async def text_of(function, text="Ada", **options):
    return "".join(event.text for event in await events_of(function, text, **options))
