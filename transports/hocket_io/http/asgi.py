"""The server: agents as a bare ASGI application. It runs on uvicorn, or wherever ASGI runs.

This is the end of a module for `uvicorn module:app`::

    from hocket_io.http.asgi import App
    app = App(agent)
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from attrs import Attribute, define, evolve, field
from attrs.validators import optional

from hocket.a2a import Delivery, ServerLimits
from hocket.agent import Agent
from hocket.errors import LocalProtocolError
from hocket.http import BODY_TIMEOUT, KEEP_ALIVE, Answer, GatewayLimits, Request, Response, identified
from hocket.http.agent_socket import AgentSocket, receive_handshake
from hocket.http.cors import ORIGINS, Cors
from hocket.http.gateway import Asked, GatewayRoutes
from hocket.http.host_names import HOST_NAMES, HostNames
from hocket.http.principal import Authenticate
from hocket.http.progress import Desk
from hocket.options import must_be, one_of_kind
from hocket_io.groups import scratch_group
from hocket_io.host import Host
from hocket_io.http.bodies import STOPPED, Bodies, ClientGone, Stopping, TooSlow, too_slow
from hocket_io.http.gateway import agents_by_id, gateway_routes
from hocket_io.http.hosts import AnyLink, Hosts
from hocket_io.http.links import SeveralLinks
from hocket_io.http.scopes import (
    Receive,
    Scope,
    Send,
    listening_at,
    live,
    request_of,
    respond,
    until_disconnect,
    with_fields,
    write_answer,
)
from hocket_io.http.sockets import refuse_socket, run_socket
from hocket_io.push import PushOptions

__all__ = ["App"]

_log = logging.getLogger(__name__)

_URL = must_be(
    "an address like https://agent.example/, or None",
    lambda url: url is None or (isinstance(url, str) and url.startswith(("http://", "https://"))),
)
_SECONDS = must_be(
    "a number of seconds over 0, or None for never",
    lambda seconds: seconds is None or (isinstance(seconds, int | float) and seconds > 0),
)
_BYTES = must_be("a number of bytes over 0", lambda size: isinstance(size, int) and size > 0)
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

    Raises:
        LocalProtocolError: There is no agent or one without a function, an ID is none, two agents have the same, none
            has that of `root`, or an option is not of its kind.
    """

    agents: Agent | Sequence[Agent] | Mapping[str, Agent]
    root: str | None = field(default=None, kw_only=True)
    url: str | None = field(default=None, kw_only=True, validator=_URL)
    keep_alive: float | None = field(default=KEEP_ALIVE, kw_only=True, validator=_SECONDS)
    body_limit: int = field(default=16 * 1024 * 1024, kw_only=True, validator=_BYTES)
    body_timeout: float | None = field(default=BODY_TIMEOUT, kw_only=True, validator=_SECONDS)
    limits: ServerLimits = field(default=ServerLimits(), kw_only=True, validator=_LIMITS)
    gateway: GatewayLimits = field(default=GatewayLimits(), kw_only=True, validator=_GATEWAY)
    cors_origins: Sequence[str] = field(default=(), kw_only=True, validator=ORIGINS)
    allowed_hosts: Sequence[str] | None = field(default=None, kw_only=True, validator=optional(HOST_NAMES))
    push: PushOptions = field(factory=PushOptions, kw_only=True, validator=_PUSH)
    authenticate: Authenticate | None = field(default=None, kw_only=True, validator=_check_authenticate)
    _routes: GatewayRoutes = field(init=False)
    _hosts: Hosts = field(init=False)
    _bodies: Bodies = field(init=False)

    def __attrs_post_init__(self) -> None:
        by_id = agents_by_id(self.agents)
        if isinstance(self.agents, Agent):
            (self.root,) = by_id
        self._hosts = Hosts(by_id, self.limits, self.push)
        self._routes = gateway_routes(by_id, root=self.root, keep_alive=self.keep_alive, limits=self.gateway)
        self._bodies = Bodies(self.body_limit, self.body_timeout)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One ASGI connection."""
        match scope["type"]:
            case "lifespan":
                await live(self._hosts.run(), receive, send)
            case "http":
                await self._serve(scope, receive, send)
            case "websocket":
                await self._meet(scope, receive, send)

    def close_calls(self) -> None:
        """End every open call and WebSocket: the process is about to stop. Readers can tell, and come back."""
        self._hosts.cut()
        self._bodies.give_up()

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = request_of(scope, url=self.url)
        cors = Cors(tuple(self.cors_origins))
        send = with_fields(send, cors.fields(request))
        found: Response | Request | Asked = (
            self._host_names().refusal(request, listening_at(scope))
            or cors.preflight(request)
            or cors.refusal(request)
            or identified(request, self.authenticate)
        )
        if isinstance(found, Request):
            try:
                found = await self._find(found, receive)
            except ClientGone:
                return
            except Stopping:
                found = STOPPED
            except TooSlow as slow:
                found = too_slow(slow, scope)
        if isinstance(found, Response):
            await respond(found, request.method, send)
        else:
            await self._hosts.start()
            await self._ask(found, receive, send)

    def _host_names(self) -> HostNames:
        return HostNames(None if self.allowed_hosts is None else tuple(self.allowed_hosts), self.url)

    async def _meet(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One WebSocket."""
        if (await receive())["type"] != "websocket.connect":
            return
        handshake = request_of(scope, url=self.url)
        found = self._host_names().refusal(handshake, listening_at(scope)) or receive_handshake(
            handshake, self._routes, Cors(tuple(self.cors_origins)), self.authenticate
        )
        try:
            if isinstance(found, Response):
                await refuse_socket(found, scope, send)
            else:
                await send({"type": "websocket.accept"})
                await self._hosts.start()
                await self._talk(found, receive, send)
        except OSError as error:
            _log.debug("the client is gone: %s", error)

    async def _talk(self, asked: Asked, receive: Receive, send: Send) -> None:
        """Any number of calls, over one WebSocket."""
        link = self._hosts.running[asked.agents[0]].open_link()
        socket = AgentSocket(link.host.server, link.name, asked.request, self.body_limit)
        self._hosts.answers[link] = socket
        try:
            await run_socket(socket, link, receive, send)
        finally:
            del self._hosts.answers[link]
            link.close()

    async def _find(self, request: Request, receive: Receive) -> Response | Asked:
        """Whom a request is for, once its body is here."""
        body = await self._bodies.read(receive)
        if body is None:
            return self._routes.too_large(request, self.body_limit)
        return self._routes.find(evolve(request, body=body))

    async def _ask(self, asked: Asked, receive: Receive, send: Send) -> None:
        """Hand a request to those whom it is for, and write what they say."""
        links = {each: self._hosts.running[each].open_link() for each in asked.agents}
        try:
            desks = [Desk(each, link.name, link.host.server) for each, link in links.items()]
            first, *others = links.values()
            answer = self._routes.receive(asked, desks, first.host.now())
            for link in links.values():
                link.host.pump()
            if isinstance(answer, Response):
                await respond(answer, asked.request.method, send)
            else:
                source = SeveralLinks([first, *others]) if others else first
                await self._write(answer, source, first.host, asked.request.method, receive, send)
        finally:
            for link in links.values():
                link.close()

    async def _write(
        self,
        answer: Answer[Delivery],
        source: AnyLink,
        host: Host,
        method: str,
        receive: Receive,
        send: Send,
    ) -> None:
        """Write what there is for this call until it is answered, or until the client is gone."""
        async with scratch_group() as group:
            self._hosts.answers[source] = answer
            try:
                group.start_soon(until_disconnect, receive, group.cancel_scope)
                await write_answer(answer, source, host.now, send, method)
            except OSError as error:  # as ASGI asks servers to say that the client is gone
                _log.debug("the client is gone: %s", error)
            finally:
                del self._hosts.answers[source]
