"""HubApp: a hub of ACP streams as a bare ASGI application: HTTP, server-sent events and WebSockets.

This is a whole module for `uvicorn module:app`::

    from hocket_io.http.hub_app import HubApp
    app = HubApp()
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from attrs import define, field
from attrs.validators import optional

from hocket.http import BODY_TIMEOUT, KEEP_ALIVE, HeadLimits, Request, Response
from hocket.http.acp import HubRoutes
from hocket.http.cors import ORIGINS, Cors
from hocket.http.feed import Feed
from hocket.http.front_door import FrontDoor
from hocket.http.host_names import HOST_NAMES, HostNames
from hocket.http.hub_socket import Close, HubSocket
from hocket_io.extras import needs

with needs("http", "serving a hub over HTTP"):
    import anyio
    import anyio.lowlevel

    from hocket_io.acp.host import HubHost, HubLink
    from hocket_io.concurrency.background import in_background
    from hocket_io.concurrency.groups import scratch_group
    from hocket_io.http.bodies import SECONDS, Bodies
    from hocket_io.http.entrance import HEAD_LIMITS, Entrance
    from hocket_io.http.presence import while_present
    from hocket_io.http.scopes import (
        Receive,
        Scope,
        Send,
        listening_at,
        live,
        request_of,
        respond,
        with_fields,
        write_answer,
    )
    from hocket_io.http.sockets import refuse_socket

__all__ = ["HubApp"]

_log = logging.getLogger(__name__)


@define(eq=False, repr=False)
class HubApp:
    """An ASGI application that serves one hub.

    Args:
        host: The hub's host. Where nobody has entered it yet, the application does: with its lifespan, or, where the
            server has none, on first use.
        keep_alive: Seconds between comments on silent feeds; None for none.
        body_timeout: Seconds that a request's body may take to arrive; None for no end.
        acp_compat: Whether `"id": null` in a POST makes a notification, as in the ACP SDK, and not a request.
        cors_origins: Web pages from elsewhere that may ask here, as `https://page.example`; `*` for all.
        allowed_hosts: Names and addresses under which requests are answered, as `hub.example`; `*` for all. By default
            those of the loopback interface, where the server listens there, and all elsewhere.
        head_limits: How many header fields a request may have, and how long they and its address may be.

    Raises:
        LocalProtocolError: An option is not of its kind.
    """

    host: HubHost = field(factory=HubHost)
    keep_alive: float | None = field(default=KEEP_ALIVE, kw_only=True, validator=SECONDS)
    acp_compat: bool = field(default=True, kw_only=True)
    body_timeout: float | None = field(default=BODY_TIMEOUT, kw_only=True, validator=SECONDS)
    cors_origins: Sequence[str] = field(default=(), kw_only=True, validator=ORIGINS)
    allowed_hosts: Sequence[str] | None = field(default=None, kw_only=True, validator=optional(HOST_NAMES))
    head_limits: HeadLimits = field(default=HeadLimits(), kw_only=True, validator=HEAD_LIMITS)
    _routes: HubRoutes = field(init=False)
    _entrance: Entrance = field(init=False)
    _starting: anyio.Lock = field(factory=anyio.Lock, init=False)
    _open: dict[HubLink, Feed | HubSocket] = field(factory=dict, init=False)

    def __attrs_post_init__(self) -> None:
        names = None if self.allowed_hosts is None else tuple(self.allowed_hosts)
        door = FrontDoor(HostNames(names), Cors(tuple(self.cors_origins)), self.head_limits)
        self._routes = HubRoutes(
            self.host.hub, self.host.authenticate, self.keep_alive, self.acp_compat, cors=door.cors
        )
        self._entrance = Entrance(
            door, Bodies(self.host.limits.message, self.body_timeout), too_large=self._routes.too_large
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One ASGI connection."""
        match scope["type"]:
            case "lifespan":
                await live(self._hosting(), receive, send, self.close_calls)
            case "http":
                await self._serve(scope, receive, send)
            case "websocket":
                await self._meet(scope, receive, send)
            case kind:  # as ASGI wants it said
                raise ValueError(f"no ASGI scope of ours: {kind!r}")

    def close_calls(self) -> None:
        """End every feed and every WebSocket: the process is about to stop. Readers can tell, and come back."""
        for link, answer in self._open.items():
            answer.cut()
            link.ring()
        self._entrance.bodies.give_up()

    @asynccontextmanager
    async def _hosting(self) -> AsyncIterator[None]:
        if self.host.is_running:
            yield  # somebody else's
            return
        async with self.host:
            yield

    async def _start(self) -> None:
        if not self.host.is_running:
            async with self._starting:
                if not self.host.is_running:
                    await in_background(self._hosting())

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = request_of(scope)
        send = with_fields(send, self._entrance.door.cors.fields(request))
        try:
            admitted = await self._entrance.admit(request, scope, receive, send)
            if admitted is not None:
                await self._answer(admitted, receive, send)
        except OSError as error:  # as ASGI asks servers to say it
            _log.debug("the client is gone: %s", error)

    async def _answer(self, request: Request, receive: Receive, send: Send) -> None:
        await self._start()
        link = self.host.new_link()
        try:
            answer = self._routes.receive(link.name, request, self.host.now())
            self.host.pump()
            if isinstance(answer, Response):
                link.close()
                await respond(answer, request.method, send)
            else:
                await self._feed(answer, link, receive, send)
        finally:
            link.close()

    async def _feed(self, feed: Feed, link: HubLink, receive: Receive, send: Send) -> None:
        """Write what happens until the stream has ended, or until the client is gone."""
        async with while_present(receive):
            self._open[link] = feed
            try:
                await write_answer(feed, link, self.host.now, send)
            finally:
                del self._open[link]

    async def _meet(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One WebSocket. Once it is past the door it is accepted in any case: then it can be told why it is closed."""
        if (await receive())["type"] != "websocket.connect":
            return
        request = request_of(scope)
        refusal = self._entrance.door.refusal_of_socket(request, listening_at(scope))
        if refusal is not None:
            await refuse_socket(refusal, scope, send)
            return
        headers = [(b"x-correlation-id", value) for name, value in scope["headers"] if name == b"x-correlation-id"]
        await self._start()
        link = self.host.new_link()
        try:
            await send({"type": "websocket.accept", "headers": headers})
            answer = self._routes.open_socket(link.name, request, self.host.now())
            self.host.pump()
            if isinstance(answer, Close):
                await _close(answer, send)
            else:
                await self._talk(answer, link, receive, send)
        except OSError as error:
            _log.debug("the client is gone: %s", error)
        finally:
            link.close()

    async def _talk(self, socket: HubSocket, link: HubLink, receive: Receive, send: Send) -> None:
        async with scratch_group() as group:
            self._open[link] = socket
            try:
                group.start_soon(_read, socket, link, receive, group.cancel_scope)
                await _write(socket, link, send)
            finally:
                del self._open[link]


async def _read(socket: HubSocket, link: HubLink, receive: Receive, everything: anyio.CancelScope) -> None:
    """Pass on what comes, as long as its answers find a reader."""
    while True:
        message = await receive()
        if message["type"] == "websocket.disconnect":
            everything.cancel()
            return
        text = message.get("text")
        if text is None:
            socket.receive_bytes(link.host.now())
        else:
            socket.receive_text(text, link.host.now())
        link.host.pump()
        link.ring()
        await link.room()


async def _write(socket: HubSocket, link: HubLink, send: Send) -> None:
    """Write what the hub has, at the pace of whoever reads, and in the end the close."""
    while True:
        messages = socket.messages_to_send()
        link.made_room()
        for message in messages:
            await send({"type": "websocket.send", "text": message})
        if socket.close is not None:
            await _close(socket.close, send)
            return
        if messages:  # `send` may never wait; others get a turn, and news of the client
            await anyio.lowlevel.checkpoint()
        else:
            await link.wait()


async def _close(close: Close, send: Send) -> None:
    await send({"type": "websocket.close", "code": close.code, "reason": close.reason})
