"""PortalPipe: a pipe that needs an event loop, for a client without one. It gets a loop in a thread."""

from __future__ import annotations

from concurrent.futures import Future
from contextlib import AbstractAsyncContextManager, ExitStack

import anyio.from_thread
import anyio.lowlevel

from hocket.agent import Agent
from hocket.errors import HocketError
from hocket_io.pipes.memory import MemoryPipe
from hocket_io.pipes.transport import BytePipe

__all__ = ["PortalPipe"]


class PortalPipe:
    """A `BlockingPipe` to something that runs on an asyncio loop of its own, in another thread.

    Args:
        far: An agent, which then runs there; or a pipe that works while it is entered.

    Raises:
        LocalProtocolError: It is an agent without a function.
        ConnectionFailed, AuthenticationError: The pipe leads nowhere.
    """

    def __init__(self, far: Agent | AbstractAsyncContextManager[BytePipe]) -> None:
        pipe = MemoryPipe(far) if isinstance(far, Agent) else far
        self._receiving: Future[bytes] | None = None
        with ExitStack() as stack:  # a loop whose agent cannot begin has to end as well
            self._portal = stack.enter_context(anyio.from_thread.start_blocking_portal())
            self._pipe = stack.enter_context(self._portal.wrap_async_context_manager(pipe))
            self._stack = stack.pop_all()

    def receive(self, timeout: float | None = None) -> bytes:
        """Bytes from there; b"" once the pipe has ended.

        Args:
            timeout: Seconds to wait for them; None for ever. With 0, what has come by now is given.

        Raises:
            TimeoutError: Nothing came. What comes later is given the next time.
        """
        if self._receiving is None:
            self._receiving = self._portal.start_task_soon(self._pipe.receive)
            if timeout is not None:
                self._portal.call(anyio.lowlevel.checkpoint)  # then it has looked at what there is
        data = self._receiving.result(timeout)
        self._receiving = None  # not before: whoever is interrupted here gets the same bytes the next time
        return data

    def send(self, data: bytes) -> None:
        """Bytes to go there."""
        self._portal.call(self._pipe.send, data)

    def farewell(self) -> HocketError:
        """Why there is nothing more to be had from a pipe that has ended."""
        return self._portal.call(self._pipe.farewell)

    def close(self) -> None:
        """End what runs there, and the loop."""
        self._stack.close()
