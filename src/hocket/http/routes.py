"""Routes: which path answers what. Values in, values out.

The paths::

    GET  /.well-known/agent-card.json           the card (A2A 0.3 and 1.0)
    GET  /.well-known/agent.json                the same card (A2A 0.2)
    GET  …/agent/authenticatedExtendedCard      the extended card (A2A 0.2)
    POST / and POST …/a2a                       A2A over JSON-RPC
         /message:…, /tasks…, /extendedAgentCard   A2A 1.0 over HTTP+JSON: the table is in `rest_paths`
    GET  /health                                {"status": "ok"}
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from attrs import define

from hocket.a2a import V0_3, AgentCard, Delivery, GetExtendedAgentCardRequest, Link, Operation, Server, card_json
from hocket.a2a.subscription import Call
from hocket.errors import Code, ErrorObject
from hocket.http.answer import Answer
from hocket.http.cached import cached
from hocket.http.event_body import KEEP_ALIVE
from hocket.http.exchange import Exchange
from hocket.http.media import JSON
from hocket.http.messages import Request, Response, json_response, text_response
from hocket.http.rest import RestEnvelope, receive_rest, refuse_rest
from hocket.http.rest_paths import read_path
from hocket.http.rpc import receive_rpc
from hocket.http.service import service_parameters
from hocket.jsonrpc import PeerLimits
from hocket.jsonrpc.messages import encode_error

__all__ = ["CARD_PATHS", "EXTENDED_CARD_PATH", "Face", "Routes"]

CARD_PATHS = ("/.well-known/agent-card.json", "/.well-known/agent.json")
"""Where the card is found: the path since A2A 0.3, and the one before."""

EXTENDED_CARD_PATH = "/agent/authenticatedExtendedCard"
"""Where A2A 0.2 has the extended card, below the agent's address or beside it; since 0.3 it is a method."""

Face: TypeAlias = Callable[[Link, Request, Server, float], Response | Answer[Delivery] | None]
"""Answers requests to some paths, as `Routes.receive` does; None for a request that is not its own."""

_CARD_MAX_AGE = 60
"""Seconds for which a card is believed without asking again."""

_ONLY_READ = (("allow", "GET, HEAD"),)


@define(eq=False)
class Routes:
    """The HTTP face of one agent.

    Args:
        card: Makes the card for the URL under which the caller reached the agent.
        keep_alive: Seconds between comments on silent streams; None for none.
        modified: Unix time, in seconds, since which the card is as it is; None where that is not known.
        limits: Of the messages that are read and written.
        faces: What else is answered. They are asked before anything here, in order.
    """

    card: Callable[[str], AgentCard]
    keep_alive: float | None = KEEP_ALIVE
    modified: float | None = None
    limits: PeerLimits = PeerLimits()
    faces: tuple[Face, ...] = ()

    def receive(self, link: Link, request: Request, server: Server, now: float) -> Response | Answer[Delivery]:
        """Answer a request: at once with a Response, or with an Answer made of what the server gives the link."""
        for face in (*self.faces, self._pages, self._rest, self._rpc):
            answer = face(link, request, server, now)
            if answer is not None:
                return answer
        return text_response(404, f"there is nothing at {request.path}; A2A is at / and {_card_is_at(request)}")

    def too_large(self, request: Request, limit: int) -> Response:
        """The answer to a request whose body is over the limit of the transport: 413, and the limit's name.

        Args:
            request: It comes without its body.
            limit: Bytes of a body.
        """
        reason = f"the body is larger than {limit} bytes; send less, or raise the limit body_limit on the server"
        error = ErrorObject.of(Code.INVALID_REQUEST, reason, {"limit": "body_limit", "max": limit})
        if read_path(request.raw_path) is not None:
            return refuse_rest(request, error, (413, "RESOURCE_EXHAUSTED"))
        return json_response(encode_error(None, error), status=413)

    def _pages(self, link: Link, request: Request, server: Server, now: float) -> Response | Exchange | None:
        """What can be read without a word of A2A."""
        is_extended_card = request.path.endswith(EXTENDED_CARD_PATH)
        if not is_extended_card and request.path not in (*CARD_PATHS, "/health"):
            return None
        if request.method not in ("GET", "HEAD"):
            return text_response(405, f"{request.path} can only be read", _ONLY_READ)
        if request.path == "/health":
            return json_response(b'{"status":"ok"}')
        if is_extended_card:
            return self._extended_card(link, request, server, now)
        card = json_response(card_json(self.card(request.base_url)))
        return cached(card, request, max_age=_CARD_MAX_AGE, modified=self.modified)  # A2A 1.0 section 8.6

    def _extended_card(self, link: Link, request: Request, server: Server, now: float) -> Exchange:
        call = Call(
            request_id=0,
            dialect=V0_3,
            operation=Operation.EXTENDED_CARD,
            params=GetExtendedAgentCardRequest(),
            service=service_parameters(request),
        )
        server.perform(link, call, now)
        return Exchange(RestEnvelope(JSON), self.keep_alive)

    def _rest(self, link: Link, request: Request, server: Server, now: float) -> Response | Exchange | None:
        return receive_rest(link, request, server, now, keep_alive=self.keep_alive, limits=self.limits)

    def _rpc(self, link: Link, request: Request, server: Server, now: float) -> Response | Exchange | None:
        if request.path not in ("", "/") and not request.path.rstrip("/").endswith("/a2a"):
            return None
        if request.method != "POST":
            reason = f"this is an A2A agent: POST JSON-RPC here; {_card_is_at(request)}"
            return text_response(405, reason, (("allow", "POST"),))
        return receive_rpc(link, request, server, now, keep_alive=self.keep_alive, limits=self.limits)


def _card_is_at(request: Request) -> str:
    return f"its card is at {request.base_url.rstrip('/')}{CARD_PATHS[0]}"
