"""Hosts: several agents at work, which start and stop together."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TypeAlias

import anyio
from attrs import define, field

from hocket.a2a import Delivery, ServerLimits
from hocket.agent import Agent
from hocket.http import Answer
from hocket.http.agent_socket import AgentSocket
from hocket_io.concurrency.background import in_background
from hocket_io.host import Host, HostLink
from hocket_io.http.links import SeveralLinks
from hocket_io.push import PushOptions

__all__ = ["AnyLink", "Hosts"]

AnyLink: TypeAlias = HostLink | SeveralLinks
"""Where the deliveries of one answer come from."""


@define(eq=False)
class Hosts:
    """A host for each agent.

    Args:
        agents: By id.
        limits: Of the A2A server of each.
        push: How push notifications are sent, and where to.

    Attributes:
        running: The hosts by the ids of their agents, while they run.
        answers: Those that are being written, and WebSockets that are open, by what they are made of.
    """

    agents: Mapping[str, Agent]
    limits: ServerLimits = field(default=ServerLimits())
    push: PushOptions = field(factory=PushOptions)
    running: dict[str, Host] = field(factory=dict, init=False)
    answers: dict[AnyLink, Answer[Delivery] | AgentSocket] = field(factory=dict, init=False)
    _starting: anyio.Lock = field(factory=anyio.Lock, init=False)

    @asynccontextmanager
    async def run(self) -> AsyncIterator[None]:
        """Run them for as long as the body does."""
        async with AsyncExitStack() as stack:
            for each, agent in self.agents.items():
                host = Host(agent, limits=self.limits, push=self.push)
                self.running[each] = await stack.enter_async_context(host)
                stack.callback(self.running.pop, each)
            yield

    async def start(self) -> None:
        """Let them run until the event loop ends, if they do not yet: for where nobody calls `run`."""
        if len(self.running) < len(self.agents):
            async with self._starting:  # so that all the first callers find the same tasks
                if not self.running:
                    await in_background(self.run())

    def cut(self) -> None:
        """Cut every answer that is being written, and let whoever writes it know."""
        for source, answer in self.answers.items():
            answer.cut()
            source.ring()
