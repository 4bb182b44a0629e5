"""Routes: which path answers what. Values in, values out.

GET  /.well-known/agent-card.json   the card (A2A 0.3 and 1.0)
GET  /.well-known/agent.json        the same card (A2A 0.2)
POST / and POST …/a2a               A2A over JSON-RPC
GET  /health                        {"status": "ok"}
"""

from __future__ import annotations

from collections.abc import Callable

from attrs import define

from hocket.a2a import AgentCard, Link, Server, ServiceParameters, card_json
from hocket.errors import Code, ErrorObject
from hocket.http.cached import cached
from hocket.http.event_body import KEEP_ALIVE
from hocket.http.exchange import Exchange
from hocket.http.messages import Request, Response, json_response, text_response
from hocket.jsonrpc.messages import encode_error

__all__ = ["CARD_PATHS", "Routes", "too_large"]

CARD_PATHS = ("/.well-known/agent-card.json", "/.well-known/agent.json")
"""Where the card is found: the path since A2A 0.3, and the one before."""

_CARD_MAX_AGE = 60
"""Seconds for which a card is believed without asking again."""


@define(eq=False)
class Routes:
    """The HTTP face of one agent.

    Args:
        card: Makes the card for the URL under which the caller reached the agent.
        keep_alive: Seconds between comments on silent streams; None for none.
        modified: Unix time, in seconds, since which the card is as it is; None where that is not known.
    """

    card: Callable[[str], AgentCard]
    keep_alive: float | None = KEEP_ALIVE
    modified: float | None = None

    def receive(self, link: Link, request: Request, server: Server, now: float) -> Response | Exchange:
        """Answer a request: at once with a Response, or with an Exchange through which the server will answer."""
        if request.path in CARD_PATHS:
            return self._read_only(request, lambda: self._card(request))
        if request.path == "/health":
            return self._read_only(request, lambda: json_response(b'{"status":"ok"}'))
        if request.path in ("", "/") or request.path.rstrip("/").endswith("/a2a"):
            return self._rpc(link, request, server, now)
        return text_response(404, f"there is nothing at {request.path}; A2A is at / and the card at {CARD_PATHS[0]}")

    def _card(self, request: Request) -> Response:
        """The card, which callers may keep for a while (A2A 1.0 section 8.6)."""
        card = json_response(card_json(self.card(request.base_url)))
        return cached(card, request, max_age=_CARD_MAX_AGE, modified=self.modified)

    def _rpc(self, link: Link, request: Request, server: Server, now: float) -> Response | Exchange:
        if request.method != "POST":
            allow = (("allow", "POST"),)
            return text_response(
                405, f"this is an A2A agent: POST JSON-RPC here, GET its card at {CARD_PATHS[0]}", allow
            )
        exchange = Exchange(link, self.keep_alive)
        service = ServiceParameters.of({"a2a-version": request.parameter("A2A-Version"), **dict(request.headers)})
        exchange.receive_body(request.body, service, server, now)
        return exchange

    def _read_only(self, request: Request, make: Callable[[], Response]) -> Response:
        if request.method not in ("GET", "HEAD"):
            return text_response(405, f"{request.path} can only be read", (("allow", "GET, HEAD"),))
        return make()


def too_large(limit: int) -> Response:
    """The answer to a body over the limit: 413 with a JSON-RPC error that names the limit."""
    reason = f"the body is larger than {limit} bytes; send less, or raise the limit body_limit on the server"
    error = ErrorObject.of(Code.INVALID_REQUEST, reason, {"limit": "body_limit", "max": limit})
    return json_response(encode_error(None, error), status=413)
