"""The built-in agent of `hocket serve --echo`: something to talk to, before there is an agent."""

from __future__ import annotations

from collections.abc import Iterator
from re import compile as regex

from hocket.a2a import Part
from hocket.agent import Agent, AgentTask

__all__ = ["echo_agent"]

_WORD = regex(r"\S+\s*|\s+")


def echo_agent() -> Agent:
    """An agent that says again what it is told: text word by word, other parts as they are."""
    agent = Agent("echo", description="Says again what it is told, word by word.")

    @agent.stream
    def echo(task: AgentTask) -> Iterator[str | Part]:
        for part in task.parts:
            if part.text is None:
                yield part
            else:
                yield from _WORD.findall(part.text)

    return agent
