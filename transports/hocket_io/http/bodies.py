"""Bodies: what clients send, which may be too much, take too long, or never be complete."""

from __future__ import annotations

import anyio
from attrs import define, field

from hocket.http import BODY_TIMEOUT, Headers, Response, text_response
from hocket_io.http.scopes import Receive, Scope

__all__ = ["STOPPED", "Bodies", "ClientGone", "Stopping", "TooSlow", "too_slow"]

STOPPED = text_response(503, "the server is shutting down: ask again")
"""The answer to a request whose body nobody waits for any more."""


class ClientGone(Exception):
    """The client closed the connection."""


class Stopping(Exception):
    """The server stops, and waits for nobody's request to be complete."""


class TooSlow(Exception):
    """A body has taken too long. The argument says how many seconds it had."""


def too_slow(error: TooSlow, scope: Scope) -> Response:
    """The answer to a request whose body took too long (RFC 9110 section 15.5.9).

    Args:
        error: What `Bodies.read` raised.
        scope: Of the request. In HTTP/1 the connection is of no more use: the rest of the body would come next.
    """
    (seconds,) = error.args
    text = f"the body was not complete after {seconds:g} seconds; send it faster, or raise the limit body_timeout"
    closes: Headers = (("connection", "close"),) if scope.get("http_version", "1.1").startswith("1") else ()
    return text_response(408, f"{text} on the server", closes)


@define(eq=False)
class Bodies:
    """The bodies of requests, which may take their time to arrive.

    Args:
        limit: Bytes of one.
        timeout: Seconds until one must be complete; None for no end.
    """

    limit: int
    timeout: float | None = BODY_TIMEOUT
    _arriving: dict[anyio.CancelScope, None] = field(factory=dict, init=False)

    async def read(self, receive: Receive) -> bytes | None:
        """All of a body; None if it is over the limit.

        Raises:
            ClientGone: The client went away before it was complete.
            Stopping: `give_up` was called before it was complete.
            TooSlow: It was not complete in time.
        """
        with anyio.CancelScope() as scope:
            self._arriving[scope] = None
            try:
                with anyio.move_on_after(self.timeout):
                    return await _whole(receive, self.limit)
                raise TooSlow(self.timeout)
            finally:
                del self._arriving[scope]
        raise Stopping

    def give_up(self) -> None:
        """Wait for none that is on its way: nobody knows how long it would take."""
        for scope in list(self._arriving):
            scope.cancel()


async def _whole(receive: Receive, limit: int) -> bytes | None:
    pieces: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        piece: bytes = message.get("body", b"")
        size += len(piece)
        if size > limit:
            return None
        pieces.append(piece)
        if not message.get("more_body", False):
            return b"".join(pieces)
