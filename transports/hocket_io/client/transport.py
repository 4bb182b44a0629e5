"""Transport: what a client needs of the way to its agent, whatever it leads over. One for each of the twins."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Protocol

from hocket.a2a import AgentCard, ClientCall, Operation, Params, Result

__all__ = ["AsyncTransport", "Transport"]


class Transport(Protocol):
    """The way to one agent, for `Client`."""

    def card(self) -> AgentCard | None:
        """What the agent says of itself; None where it has no card."""

    def start(self, operation: Operation, params: Params, last_event_id: int | None = None) -> ClientCall:
        """A call that is ready to be asked, with `arrivals` or with `answer`."""

    def arrivals(self, call: ClientCall) -> Iterator[None]:
        """Ask, and say whenever something may have come: `call.next_event` then gives it, event by event."""

    def answer(self, call: ClientCall) -> Result:
        """Ask, and wait for the one answer."""


class AsyncTransport(Protocol):
    """The way to one agent, for `AsyncClient`."""

    async def card(self) -> AgentCard | None:
        """What the agent says of itself; None where it has no card."""

    async def start(self, operation: Operation, params: Params, last_event_id: int | None = None) -> ClientCall:
        """A call that is ready to be asked, with `arrivals` or with `answer`."""

    def arrivals(self, call: ClientCall) -> AsyncIterator[None]:
        """Ask, and say whenever something may have come: `call.next_event` then gives it, event by event."""

    async def answer(self, call: ClientCall) -> Result:
        """Ask, and wait for the one answer."""
