"""MessageLink: what a client of a hub asks of a connection. Whole messages go both ways.

What the messages say is not known here.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import Protocol, Self

from hocket.errors import LocalProtocolError

__all__ = ["MessageLink", "no_feed"]


class MessageLink(Protocol):
    """One connection to a hub, under asyncio and trio. An async context manager: it works while it is entered.

    `open_link` connects, `async with` lets it work (some links write in a task of their own) and lets the hub go at
    the end. The two may be done by different tasks; a link that is never entered needs `aclose`.

    Any number of tasks may send; one at a time receives. Nothing is read ahead of `receive`: a client that does not
    read makes its hub wait. Where a task is cancelled in the midst of a call, no message is cut in two.
    """

    @property
    def is_ordered(self) -> bool:
        """Whether messages arrive in the order in which they were sent."""

    @property
    def listens_apart(self) -> bool:
        """Whether what is said in a stream comes through a `feed` of its own, and `receive` has only the answers."""

    async def __aenter__(self) -> Self:
        """Begin to work."""

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        """Let the hub go, and wait for what is still at work."""

    async def send(self, *messages: bytes) -> None:
        """Send JSON-RPC messages or batches in this order, and wait until the transport has taken them.

        Raises:
            ConnectionFailed: The link is broken or closed.
            LocalProtocolError: A message is empty or over the limit `message`; nothing was sent.
        """

    async def receive(self) -> bytes:
        """The next whole message from the hub; b"" after an orderly end, and after `aclose`.

        Raises:
            ConnectionFailed: The link broke; the message says how.
            AuthenticationError: The hub does not take these credentials.
        """

    def feed(
        self, stream_id: str, last_event_id: int | None = None
    ) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """Listen to one stream, where the link `listens_apart`. The messages end when the stream has ended.

        Args:
            stream_id: The stream.
            last_event_id: The event to go on after; None for what the hub thinks best.

        Raises:
            ConnectionFailed: There is no feed, or (while it is read) it broke.
            AuthenticationError: The hub does not take these credentials.
            RpcError: The hub refuses: the stream is unknown, say.
            LocalProtocolError: Everything comes out of `receive` here.
        """

    async def aclose(self) -> None:
        """Let the hub go. Whoever waits in `receive` gets b""; closing twice changes nothing."""


def no_feed(stream_id: str) -> LocalProtocolError:
    """What to raise where a feed is asked for and there is none."""
    return LocalProtocolError(f"this link has no feed of {stream_id!r} by itself: everything comes out of receive()")
