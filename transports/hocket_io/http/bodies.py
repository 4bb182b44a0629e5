"""Bodies: what clients send, which may be too much, take too long, or never be complete."""

from __future__ import annotations

from re import compile as regex

import anyio
from attrs import define, field

from hocket.http import BODY_TIMEOUT, Request
from hocket.options import must_be
from hocket_io.concurrency.part import Part, for_at_most
from hocket_io.http.scopes import Receive

__all__ = ["LINGER", "SECONDS", "Bodies", "ClientGone", "Incoming", "Stopping", "TooLarge", "TooSlow"]

SECONDS = must_be(
    "a number of seconds over 0, or None for never",
    lambda seconds: seconds is None or (isinstance(seconds, int | float) and seconds > 0),
)
"""Validator of an option that says how long something may take."""

_LENGTH = regex(r"[0-9]{1,18}")

LINGER = 5.0
"""Seconds for which a body that nobody wants is still taken, so that its sender gets to read why."""


class ClientGone(Exception):
    """The client closed the connection."""


class Stopping(Exception):
    """The server stops, and waits for nobody's request to be complete."""


class TooLarge(Exception):
    """A body is over the limit."""


class TooSlow(Exception):
    """A body has taken too long. The argument says how many seconds it had."""


@define(eq=False)
class Incoming:
    """The body of one request.

    Args:
        receive: Gives it, piece by piece.
        length: Bytes that it has, as far as that is said; None where it is not.

    Attributes:
        is_complete: Whether nothing more of it will come.
    """

    receive: Receive
    length: int | None = None
    is_complete: bool = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.is_complete = self.length == 0

    @classmethod
    def of(cls, request: Request, receive: Receive) -> Incoming:
        """The body that a request announces: in HTTP/1, one that announces none has none (RFC 9112 section 6.3)."""
        length = request.header("content-length")
        if request.header("transfer-encoding") is not None:
            return cls(receive)
        if length is None:
            return cls(receive, 0)
        return cls(receive, int(length) if _LENGTH.fullmatch(length) else None)

    async def piece(self) -> bytes:
        """The next piece.

        Raises:
            ClientGone: The client went away before it was complete.
        """
        message = await self.receive()
        if message["type"] == "http.disconnect":
            self.is_complete = True
            raise ClientGone
        self.is_complete = not message.get("more_body", False)
        piece: bytes = message.get("body", b"")
        return piece


@define(eq=False)
class Bodies:
    """The bodies of requests, which may take their time to arrive.

    Args:
        limit: Bytes of one.
        timeout: Seconds until one must be complete; None for no end.
    """

    limit: int
    timeout: float | None = BODY_TIMEOUT
    _arriving: dict[Part | anyio.CancelScope, None] = field(factory=dict, init=False)

    async def read(self, incoming: Incoming) -> bytes:
        """All of a body.

        Raises:
            ClientGone: The client went away before it was complete.
            Stopping: `give_up` was called before it was complete.
            TooLarge: It is over the limit, or says that it will be.
            TooSlow: It was not complete in time.
        """
        if incoming.length is not None and incoming.length > self.limit:
            raise TooLarge
        has_given_up = False
        with for_at_most(self.timeout) as part:
            self._arriving[part] = None
            try:
                return await self._whole(incoming)
            finally:
                has_given_up = part not in self._arriving
                self._arriving.pop(part, None)
        raise Stopping if has_given_up else TooSlow(self.timeout)

    async def drain(self, incoming: Incoming) -> None:
        """Take the rest of a body that nobody wants, for a while: until it is complete, or the client is gone.

        Who closes a connection on which more arrives resets it, and the other side loses what it has not read yet.
        """
        with for_at_most(LINGER) as part:
            self._arriving[part] = None
            try:
                while not incoming.is_complete:
                    await incoming.piece()
            except ClientGone:
                pass  # as good as the end
            finally:
                self._arriving.pop(part, None)

    def give_up(self) -> None:
        """Wait for none that is on its way: nobody knows how long it would take."""
        while self._arriving:
            part, _ = self._arriving.popitem()
            part.cancel()

    async def _whole(self, incoming: Incoming) -> bytes:
        pieces: list[bytes] = []
        size = 0
        while True:
            pieces.append(await incoming.piece())
            size += len(pieces[-1])
            if size > self.limit:
                raise TooLarge
            if incoming.is_complete:
                return b"".join(pieces)
