"""The server: agents as a bare ASGI application. It runs on uvicorn, or wherever ASGI runs.

This is the end of a module for `uvicorn module:app`::

    from hocket_io.http.asgi import App
    app = App(agent)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from attrs import Attribute, define, field
from attrs.validators import optional

from hocket.a2a import ServerLimits
from hocket.agent import Agent
from hocket.errors import LocalProtocolError
from hocket.http import BODY_TIMEOUT, KEEP_ALIVE, GatewayLimits, HeadLimits, identified
from hocket.http.cors import ORIGINS, Cors
from hocket.http.front_door import FrontDoor
from hocket.http.host_names import HOST_NAMES, HostNames
from hocket.http.principal import Authenticate
from hocket.options import must_be, one_of_kind
from hocket_io.extras import needs

with needs("http", "serving over HTTP"):
    from hocket_io.http.bodies import SECONDS, Bodies
    from hocket_io.http.entrance import HEAD_LIMITS, Entrance
    from hocket_io.http.gateway import agents_by_id, gateway_routes
    from hocket_io.http.hosts import Hosts
    from hocket_io.http.scopes import Receive, Scope, Send, live, request_of
    from hocket_io.http.site import Site
    from hocket_io.push import PushOptions

__all__ = ["App"]

_URL = must_be(
    "an address like https://agent.example/, or None",
    lambda url: url is None or (isinstance(url, str) and url.startswith(("http://", "https://"))),
)
_BYTES = must_be("a number of bytes over 0", lambda size: isinstance(size, int) and size > 0)
_YES_OR_NO = one_of_kind("True or False", bool)
_LIMITS = one_of_kind("ServerLimits", ServerLimits)
_GATEWAY = one_of_kind("GatewayLimits", GatewayLimits)
_PUSH = one_of_kind("PushOptions", PushOptions)


def _check_authenticate(instance: object, attribute: Attribute[Any], value: object) -> None:
    """A validator that does not repeat what was given: tokens, most likely."""
    if value is not None and not callable(value):
        raise LocalProtocolError(
            "authenticate must be a function from header fields to a name or an error, "
            f"not a {type(value).__name__}: write bearer_tokens({{token: name, …}})"
        )


@define(eq=False)
class App:
    """An ASGI application that serves an agent, or several.

    Each agent is at /agents/ID. One agent is at the root as well, or the one of several that `root` names.

    Args:
        agents: Who is served. The ids of a mapping are taken as they are; otherwise an agent's id is made of its name.
        root: The ID of the agent that is at the root as well.
        url: The address to put on cards; by default the one that the caller used.
        keep_alive: Seconds between comments on silent streams; None for none.
        body_limit: Bytes of a request's body, and of a message that comes over a WebSocket.
        body_timeout: Seconds that a request's body may take to arrive; None for no end.
        limits: Of the A2A server of each agent.
        gateway: What clients of the gateway may ask for.
        cors_origins: Web pages from elsewhere that may read what is answered, as `https://page.example`; `*` for all.
        allowed_hosts: Names and addresses under which requests are answered, as `agent.example`; `*` for all. By
            default those of the loopback interface, and of `url`, where the server listens there, and all elsewhere.
        push: How push notifications are sent, and where to.
        authenticate: Says for whom header fields vouch, or why for nobody: tasks are then seen by their owners only.
            None asks nobody.
        head_limits: How many header fields a request may have, and how long they and its address may be.
        websockets: Whether cards name the address for WebSockets, too. They are taken in any case; say so where the
            ASGI server, and each proxy before it, lets them through.

    Raises:
        LocalProtocolError: There is no agent or one without a function, an ID is none, two agents have the same, none
            has that of `root`, or an option is not of its kind.
    """

    agents: Agent | Sequence[Agent] | Mapping[str, Agent]
    root: str | None = field(default=None, kw_only=True)
    url: str | None = field(default=None, kw_only=True, validator=_URL)
    keep_alive: float | None = field(default=KEEP_ALIVE, kw_only=True, validator=SECONDS)
    body_limit: int = field(default=16 * 1024 * 1024, kw_only=True, validator=_BYTES)
    body_timeout: float | None = field(default=BODY_TIMEOUT, kw_only=True, validator=SECONDS)
    limits: ServerLimits = field(default=ServerLimits(), kw_only=True, validator=_LIMITS)
    gateway: GatewayLimits = field(default=GatewayLimits(), kw_only=True, validator=_GATEWAY)
    cors_origins: Sequence[str] = field(default=(), kw_only=True, validator=ORIGINS)
    allowed_hosts: Sequence[str] | None = field(default=None, kw_only=True, validator=optional(HOST_NAMES))
    push: PushOptions = field(factory=PushOptions, kw_only=True, validator=_PUSH)
    authenticate: Authenticate | None = field(default=None, kw_only=True, validator=_check_authenticate)
    head_limits: HeadLimits = field(default=HeadLimits(), kw_only=True, validator=HEAD_LIMITS)
    websockets: bool = field(default=False, kw_only=True, validator=_YES_OR_NO)
    _site: Site = field(init=False)

    def __attrs_post_init__(self) -> None:
        by_id = agents_by_id(self.agents)
        if isinstance(self.agents, Agent):
            (self.root,) = by_id
        names = None if self.allowed_hosts is None else tuple(self.allowed_hosts)
        door = FrontDoor(HostNames(names, self.url), Cors(tuple(self.cors_origins)), self.head_limits)
        routes = gateway_routes(
            by_id, root=self.root, keep_alive=self.keep_alive, limits=self.gateway, websockets=self.websockets
        )
        entrance = Entrance(
            door,
            Bodies(self.body_limit, self.body_timeout),
            too_large=partial(routes.too_large, limit=self.body_limit),
            identify=partial(identified, authenticate=self.authenticate),
        )
        self._site = Site(Hosts(by_id, self.limits, self.push), routes, entrance, self.authenticate)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One ASGI connection."""
        match scope["type"]:
            case "lifespan":
                await live(self._site.hosts.run(), receive, send, self.close_calls)
            case "http":
                await self._site.serve(request_of(scope, url=self.url), scope, receive, send)
            case "websocket":
                await self._site.meet(request_of(scope, url=self.url), scope, receive, send)

    def close_calls(self) -> None:
        """End every open call and WebSocket: the process is about to stop. Readers can tell, and come back."""
        self._site.close_calls()
