"""TappedLink: a connection to a hub, with a tap. For links that carry whole messages: a WebSocket, or memory."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import TYPE_CHECKING, Self

from attrs import define

from hocket.errors import AuthenticationError, ConnectionFailed
from hocket_io.tap.point import TapPoint

if TYPE_CHECKING:
    from hocket_io.acp.links.protocol import MessageLink

__all__ = ["TappedLink"]


@define(eq=False, repr=False)
class TappedLink:
    """A `MessageLink` that tells a tap what passes.

    Args:
        link: The link.
        point: Whom to tell.
    """

    link: MessageLink
    point: TapPoint

    @property
    def is_ordered(self) -> bool:
        """As the link has it."""
        return self.link.is_ordered

    @property
    def listens_apart(self) -> bool:
        """As the link has it."""
        return self.link.listens_apart

    async def __aenter__(self) -> Self:
        await self.link.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        self.point.end("out", "closed")
        self.point.end("in", "closed")
        return await self.link.__aexit__(kind, error, trace)

    async def send(self, *messages: bytes) -> None:
        """As the link does, and may raise."""
        for message in messages:
            self.point.tell("out", message)
        await self.link.send(*messages)

    async def receive(self) -> bytes:
        """As the link does, and may raise."""
        try:
            message = await self.link.receive()
        except (AuthenticationError, ConnectionFailed) as error:
            self.point.end("in", str(error), how="broken")
            raise
        if message:
            self.point.tell("in", message)
        else:
            self.point.end("in", "end")
        return message

    def feed(
        self, stream_id: str, last_event_id: int | None = None
    ) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """As the link does. What passes there is not told."""
        return self.link.feed(stream_id, last_event_id)

    async def aclose(self) -> None:
        """As the link does."""
        await self.link.aclose()
