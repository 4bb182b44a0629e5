"""AgentSocket: a WebSocket to an A2A agent. Each text frame is one message of the pipe binding, both ways.

The specification has no such binding; ours is that of `hocket.a2a.pipe`. Who may not have a WebSocket is told in the
answer to the handshake, with the statuses that a POST would have got.
"""

from __future__ import annotations

from collections.abc import Iterable

from attrs import define, evolve, field

from hocket.a2a import PIPE_BINDING, AgentCard, AgentInterface, Delivery, Link, PipeServer, Server
from hocket.framing import FramingLimits, Whole
from hocket.http.authentication import identified
from hocket.http.close import Close
from hocket.http.cors import Cors
from hocket.http.gateway import Asked, GatewayRoutes
from hocket.http.messages import Request, Response, text_response
from hocket.http.principal import Authenticate

__all__ = ["AgentSocket", "receive_handshake", "with_websocket"]

_PATHS = ("", "/", "/ws")
"""Where a WebSocket may be opened, below the address of an agent."""


def receive_handshake(
    request: Request, routes: GatewayRoutes, cors: Cors, authenticate: Authenticate | None
) -> Asked | Response:
    """Which agent a WebSocket is for, and who asks; or the response to the handshake that refuses it.

    Args:
        request: The handshake, whose address may begin with `ws` or with `http`.
        routes: Who is here.
        cors: The web pages that are let in: browsers let any page open a WebSocket to anywhere.
        authenticate: Knows the credentials; None asks nobody.
    """
    if (refusal := cors.refusal_of_page(request)) is not None:
        return refusal
    allowed = identified(evolve(request, base_url=_as_http(request.base_url)), authenticate)
    if isinstance(allowed, Response):
        return allowed
    found = routes.find(allowed)
    if isinstance(found, Response) or found.request.path not in _PATHS:
        return text_response(
            404, f"there is no agent at {request.path}: a WebSocket goes to an agent's address, or /ws"
        )
    return found


def with_websocket(card: AgentCard, url: str) -> AgentCard:
    """The card, and on it, as its last address, the one for WebSockets.

    Args:
        card: The agent's.
        url: The address at which the agent answers HTTP.

    >>> card = with_websocket(AgentCard(name="ada"), "https://agent.example/")
    >>> card.supported_interfaces[-1].url, card.supported_interfaces[-1].protocol_binding
    ('wss://agent.example/', 'urn:hocket:a2a:pipe:1')
    """
    found = AgentInterface(url=f"ws{url.removeprefix('http')}", protocol_binding=PIPE_BINDING)
    return evolve(
        card,
        supported_interfaces=(*card.supported_interfaces, found),
        additional_interfaces=(*card.additional_interfaces, found),
    )


def _as_http(url: str) -> str:
    """The address under which an agent is known, from the one of a WebSocket to it."""
    return f"http{url.removeprefix('ws')}" if url.startswith(("ws://", "wss://")) else url


@define(eq=False, repr=False)
class AgentSocket:
    """One WebSocket. Drain `messages_to_send` after every method and every time the server has something for the link.

    Args:
        server: The server that answers.
        link: The name of the connection there. The transport disconnects it in the end.
        caller: The handshake: for whom it speaks, and the address it was sent to.
        limit: Bytes of one message that is received.

    Attributes:
        close: How to end the connection, once it is to end.
    """

    server: Server
    link: Link
    caller: Request
    limit: int
    close: Close | None = field(default=None, init=False)
    _pipe: PipeServer = field(init=False)

    def __attrs_post_init__(self) -> None:
        framing = Whole(FramingLimits(frame=max(self.limit, FramingLimits().frame)))  # it binds the answers as well
        self._pipe = PipeServer(
            self.server, self.link, framing, principal=self.caller.principal, base_url=self.caller.base_url
        )

    def receive_text(self, text: str, now: float) -> None:
        """A text frame."""
        if self.close is not None:
            return
        message = text.encode("utf-8", "surrogatepass")
        if len(message) > self.limit:
            self.close = Close(1009, f"a message has at most {self.limit} bytes; raise body_limit on the server")
            return
        self._pipe.receive_data(message, now)

    def receive_bytes(self) -> None:
        """A binary frame, which nobody here can read."""
        if self.close is None:
            self.close = Close(1003, "messages are JSON-RPC in text frames")

    def cut(self) -> None:
        """The server is about to stop: open calls are cut, and the client can tell."""
        if self.close is None:
            self.close = Close(1012, "the server is shutting down: come back in a moment")

    def messages_to_send(self, deliveries: Iterable[Delivery], now: float) -> list[str]:
        """What there is for the client, one text frame each.

        Args:
            deliveries: What the server has for this link.
            now: The time in seconds.
        """
        if self.close is not None:
            return []
        self._pipe.deliver(deliveries, now)
        return [message.decode() for message in self._pipe.data_to_send()]
