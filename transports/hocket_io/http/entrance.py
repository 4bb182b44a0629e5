"""Entrance: the way of a request to those whom it is for, or back with a refusal."""

from __future__ import annotations

from collections.abc import Callable

from attrs import evolve, frozen

from hocket.http import Headers, HeadLimits, Request, Response, text_response
from hocket.http.front_door import FrontDoor
from hocket.options import one_of_kind
from hocket_io.http.bodies import Bodies, ClientGone, Incoming, Stopping, TooLarge, TooSlow
from hocket_io.http.scopes import Receive, Scope, Send, listening_at, respond

__all__ = ["HEAD_LIMITS", "Entrance"]

HEAD_LIMITS = one_of_kind("HeadLimits", HeadLimits)
"""Validator of an option that limits the heads of requests."""

_STOPPED = text_response(503, "the server is shutting down: ask again")
_CLOSE: Headers = (("connection", "close"),)


@frozen
class Entrance:
    """What stands between a web server and an application.

    Args:
        door: Who is let in.
        bodies: Reads what they bring.
        too_large: The answer to a request whose body is over the limit.
        identify: Finds out who asks, before their body is read: the request with that in it, or the refusal.
    """

    door: FrontDoor
    bodies: Bodies
    too_large: Callable[[Request], Response]
    identify: Callable[[Request], Request | Response] = lambda request: request

    async def admit(self, request: Request, scope: Scope, receive: Receive, send: Send) -> Request | None:
        """A request with all of its body; None if it was refused, and told so, or if the client is gone.

        Args:
            request: As it came, without its body.
            scope: Where it came from.
            receive: Gives its body.
            send: Takes the refusal.
        """
        incoming = Incoming.of(request, receive)
        found: Request | Response | None = self.door.refusal(request, listening_at(scope)) or self.identify(request)
        if isinstance(found, Request):
            found = await self._complete(found, incoming)
        if isinstance(found, Response):
            await self._refuse(found, request.method, incoming, scope, send)
            return None
        return found

    async def _complete(self, request: Request, incoming: Incoming) -> Request | Response | None:
        """The request with its body, or why not; None if the client is gone."""
        try:
            return evolve(request, body=await self.bodies.read(incoming))
        except ClientGone:
            return None
        except Stopping:
            return _STOPPED
        except TooLarge:
            return self.too_large(request)
        except TooSlow as slow:
            return _too_slow(slow)

    async def _refuse(self, response: Response, method: str, incoming: Incoming, scope: Scope, send: Send) -> None:
        """Answer before a request is complete. In HTTP/1 its rest would come next, so the connection is closed then."""
        is_http_1 = scope.get("http_version", "1.1").startswith("1")
        if incoming.is_complete or response is _STOPPED or not is_http_1:
            await respond(response, method, send)
            return
        closing = evolve(response, headers=(*response.headers, *_CLOSE))
        await respond(closing, method, send, is_all=False)
        await self.bodies.drain(incoming)
        await send({"type": "http.response.body", "body": b""})


def _too_slow(error: TooSlow) -> Response:
    """The answer to a request whose body took too long (RFC 9110 section 15.5.9)."""
    (seconds,) = error.args
    text = f"the body was not complete after {seconds:g} seconds; send it faster, or raise the limit body_timeout"
    return text_response(408, f"{text} on the server")
