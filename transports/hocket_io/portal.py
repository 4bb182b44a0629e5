"""PortalPipe: an agent in this process for a client without an event loop. The agent gets a loop in a thread."""

from __future__ import annotations

from concurrent.futures import Future
from contextlib import ExitStack

import anyio.from_thread

from hocket.agent import Agent
from hocket_io.memory import MemoryPipe

__all__ = ["PortalPipe"]


class PortalPipe:
    """A `BlockingPipe` to an agent that runs on an asyncio loop of its own, in another thread.

    Args:
        agent: What runs there.

    Raises:
        LocalProtocolError: It has no function.
    """

    def __init__(self, agent: Agent) -> None:
        self._receiving: Future[bytes] | None = None
        with ExitStack() as stack:  # a loop whose agent cannot begin has to end as well
            self._portal = stack.enter_context(anyio.from_thread.start_blocking_portal())
            self._pipe = stack.enter_context(self._portal.wrap_async_context_manager(MemoryPipe(agent)))
            self._stack = stack.pop_all()

    def receive(self) -> bytes:
        """Bytes from the agent; b"" once the pipe is closed."""
        if self._receiving is None:
            self._receiving = self._portal.start_task_soon(self._pipe.receive)
        data = self._receiving.result()
        self._receiving = None  # not before: whoever is interrupted here gets the same bytes the next time
        return data

    def send(self, data: bytes) -> None:
        """Bytes for the agent."""
        self._portal.call(self._pipe.send, data)

    def farewell(self) -> str:
        """What there is to say about a pipe that has ended."""
        return self._portal.call(self._pipe.farewell)

    def close(self) -> None:
        """End the agent and its loop."""
        self._stack.close()
