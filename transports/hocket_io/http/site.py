"""Site: agents at work at one address, and the way of each request and each WebSocket to them."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from attrs import define

from hocket.a2a import Delivery
from hocket.http import Answer, Request, Response
from hocket.http.agent_socket import AgentSocket, receive_handshake
from hocket.http.gateway import Asked, GatewayRoutes
from hocket.http.principal import Authenticate
from hocket.http.progress import Desk
from hocket_io.host import HostLink
from hocket_io.http.entrance import Entrance
from hocket_io.http.hosts import AnyLink, Hosts
from hocket_io.http.links import SeveralLinks
from hocket_io.http.presence import while_present
from hocket_io.http.scopes import (
    Receive,
    Scope,
    Send,
    listening_at,
    respond,
    with_fields,
    write_answer,
)
from hocket_io.http.sockets import refuse_socket, run_socket

__all__ = ["Site"]

_log = logging.getLogger(__name__)


@define(eq=False)
class Site:
    """What an application serves.

    Args:
        hosts: The agents at work.
        routes: Which of them a request is for.
        entrance: What it passes before.
        authenticate: Knows the credentials of WebSockets; None asks nobody.
    """

    hosts: Hosts
    routes: GatewayRoutes
    entrance: Entrance
    authenticate: Authenticate | None = None

    async def serve(self, request: Request, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, as it came, without its body."""
        method = request.method
        send = with_fields(send, self.entrance.door.cors.fields(request))
        admitted = await self.entrance.admit(request, scope, receive, send)
        if admitted is None:
            return
        found = self.routes.find(admitted)
        if isinstance(found, Response):
            await respond(found, method, send)
            return
        await self.hosts.start()
        links = [self.hosts.running[each].open_link() for each in found.agents]
        source: AnyLink = links[0] if len(links) == 1 else SeveralLinks(links)
        try:
            answer = self._ask(found, links)
            del request, admitted, found  # two copies of a head: 4 KiB, for as long as the answer takes
            if isinstance(answer, Response):
                await respond(answer, method, send)
            else:
                self.hosts.answers[source] = answer
                async with while_present(receive):
                    await write_answer(answer, source, links[0].host.now, send, method)
        except OSError as error:  # as ASGI asks servers to say that the client is gone
            _log.debug("the client is gone: %s", error)
        finally:
            self.hosts.answers.pop(source, None)
            source.close()

    async def meet(self, handshake: Request, scope: Scope, receive: Receive, send: Send) -> None:
        """One WebSocket."""
        if (await receive())["type"] != "websocket.connect":
            return
        door = self.entrance.door
        found = door.refusal_of_socket(handshake, listening_at(scope)) or receive_handshake(
            handshake, self.routes, door.cors, self.authenticate
        )
        try:
            if isinstance(found, Response):
                await refuse_socket(found, scope, send)
            else:
                await send({"type": "websocket.accept"})
                await self.hosts.start()
                await self._talk(found, receive, send)
        except OSError as error:
            _log.debug("the client is gone: %s", error)

    def close_calls(self) -> None:
        """End every open call and WebSocket."""
        self.hosts.cut()
        self.entrance.bodies.give_up()

    async def _talk(self, asked: Asked, receive: Receive, send: Send) -> None:
        """Any number of calls, over one WebSocket."""
        link = self.hosts.running[asked.agents[0]].open_link()
        socket = AgentSocket(link.host.server, link.name, asked.request, self.entrance.bodies.limit)
        self.hosts.answers[link] = socket
        try:
            await run_socket(socket, link, receive, send)
        finally:
            del self.hosts.answers[link]
            link.close()

    def _ask(self, asked: Asked, links: Sequence[HostLink]) -> Response | Answer[Delivery]:
        """Hand a request to those whom it is for, at these links."""
        desks = [Desk(each, link.name, link.host.server) for each, link in zip(asked.agents, links, strict=True)]
        answer = self.routes.receive(asked, desks, links[0].host.now())
        for link in links:
            link.host.pump()
        return answer
