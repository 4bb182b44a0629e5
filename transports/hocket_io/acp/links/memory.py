"""MemoryLink: a hub in this process. No bytes are framed; messages are handed over."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import ClassVar, Self

import anyio.lowlevel
from attrs import define, field

from hocket.errors import ConnectionFailed, LocalProtocolError
from hocket_io.acp.host import HubHost, HubLink
from hocket_io.acp.links.protocol import no_feed
from hocket_io.acp.links.sendable import check_messages

__all__ = ["MemoryLink", "open_memory_link"]

_ENDED = "the hub in this process has ended"


@define(eq=False, repr=False)
class MemoryLink:
    """A `MessageLink` to a hub in this process. `open_memory_link` makes it.

    Args:
        link: The hub's side of it; it is closed at the end.
        limit: Bytes of one message that is sent.
    """

    is_ordered: ClassVar[bool] = True
    listens_apart: ClassVar[bool] = False
    link: HubLink
    limit: int
    _arrived: deque[bytes] = field(factory=deque, init=False)
    _is_closed: bool = field(default=False, init=False)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def send(self, *messages: bytes) -> None:
        """Hand messages to the hub, each once it has not too many answers that nobody took.

        Raises:
            ConnectionFailed: The link is closed, or the hub has ended.
            LocalProtocolError: A message is empty or over the limit `message`; nothing was sent.
        """
        check_messages(messages, self.limit)
        for message in messages:
            await self.link.room()
            if self._is_closed:
                raise ConnectionFailed("the link is closed")
            if not self.link.host.is_running:
                raise ConnectionFailed(_ENDED)
            self.link.receive(message)
        await anyio.lowlevel.checkpoint()

    async def receive(self) -> bytes:
        """The next message; b"" after `aclose`.

        Raises:
            ConnectionFailed: The hub has ended.
        """
        while not self._is_closed:
            if self._arrived or self._take():
                return self._arrived.popleft()
            if not self.link.host.is_running:
                raise ConnectionFailed(_ENDED)
            await self.link.wait()
        return b""

    def feed(
        self, stream_id: str, last_event_id: int | None = None
    ) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """There are no feeds here.

        Raises:
            LocalProtocolError: Always.
        """
        raise no_feed(stream_id)

    async def aclose(self) -> None:
        """Leave the hub; whoever waits in `receive` gets b""."""
        if not self._is_closed:
            self._is_closed = True
            self.link.close()
            self.link.ring()
            self.link.made_room()

    def _take(self) -> bool:
        self._arrived.extend(send.message for send in self.link.take())
        return bool(self._arrived)


def open_memory_link(host: HubHost, agent: str | None, limit: int) -> MemoryLink:
    """Connect to a hub in this process.

    Args:
        host: The hub at work.
        agent: Who we are.
        limit: Bytes of one message that is sent.

    Raises:
        ConnectionFailed: The hub has all the connections it can hold.
        LocalProtocolError: It is not running.
    """
    if not host.is_running:
        raise LocalProtocolError("the hub is not running: enter it first, as in `async with host:`")
    return MemoryLink(host.open_link(principal=agent), limit)
