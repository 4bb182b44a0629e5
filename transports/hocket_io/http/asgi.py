"""The server: an agent as a bare ASGI application. It runs on uvicorn, or wherever ASGI runs.

This is the end of a module for `uvicorn module:app`::

    from hocket_io.http.asgi import App
    app = App(agent)
"""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
from attrs import define, field

from hocket.a2a import Delivery, ServerLimits
from hocket.agent import Agent
from hocket.http import KEEP_ALIVE, Answer, Response, Routes
from hocket_io.background import in_background
from hocket_io.groups import scratch_group
from hocket_io.host import Host, HostLink
from hocket_io.http.scopes import (
    Bodies,
    ClientGone,
    Receive,
    Scope,
    Send,
    live,
    request_of,
    respond,
    until_disconnect,
    write_answer,
)

__all__ = ["App"]

_log = logging.getLogger(__name__)


@define(eq=False)
class App:
    """An ASGI application that serves one agent.

    Args:
        agent: What is served.
        url: The address to put on the card; by default the one that the caller used.
        keep_alive: Seconds between comments on silent streams; None for none.
        body_limit: Bytes of a request's body.
        limits: Of the A2A server.
    """

    agent: Agent
    url: str | None = field(default=None, kw_only=True)
    keep_alive: float | None = field(default=KEEP_ALIVE, kw_only=True)
    body_limit: int = field(default=16 * 1024 * 1024, kw_only=True)
    limits: ServerLimits = field(default=ServerLimits(), kw_only=True)
    _routes: Routes = field(init=False)
    _host: Host | None = field(default=None, init=False)
    _starting: anyio.Lock = field(factory=anyio.Lock, init=False)
    _open: dict[HostLink, Answer[Delivery]] = field(factory=dict, init=False)
    _bodies: Bodies = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._bodies = Bodies(self.body_limit)
        self._routes = Routes(self.agent.card, self.keep_alive, modified=time.time())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One ASGI connection."""
        match scope["type"]:
            case "lifespan":
                await live(self._hosting(), receive, send)
            case "http":
                await self._serve(scope, receive, send)
            case "websocket":
                await receive()
                await send({"type": "websocket.close", "code": 1000, "reason": "this agent is served over HTTP"})

    def close_calls(self) -> None:
        """End every open call: the process is about to stop. Readers see a cut stream and can come back."""
        for link, answer in self._open.items():
            answer.cut()
            link.ring()
        self._bodies.give_up()

    @asynccontextmanager
    async def _hosting(self) -> AsyncIterator[Host]:
        async with Host(self.agent, limits=self.limits) as host:
            self._host = host
            try:
                yield host
            finally:
                self._host = None

    async def _hosted(self) -> Host:
        """The host; where the server has no lifespan (or is mounted without one) it is started on first use."""
        if self._host is None:
            async with self._starting:  # so that all the first callers find the same tasks
                await self._start()
        assert self._host is not None, "started"
        return self._host

    async def _start(self) -> None:
        if self._host is None:
            await in_background(self._hosting())

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            body = await self._bodies.read(receive)
        except ClientGone:
            return
        if body is None:
            await respond(self._routes.too_large(request_of(scope), self.body_limit), scope["method"], send)
            return
        host = await self._hosted()
        link = host.open_link()
        try:
            request = request_of(scope, body, self.url)
            answer = self._routes.receive(link.name, request, host.server, host.now())
            host.pump()
            if isinstance(answer, Response):
                await respond(answer, request.method, send)
            else:
                await self._exchange(answer, request.method, host, link, receive, send)
        finally:
            link.close()

    async def _exchange(
        self, answer: Answer[Delivery], method: str, host: Host, link: HostLink, receive: Receive, send: Send
    ) -> None:
        """Write what the server has for this call until it is answered, or until the client is gone."""
        async with scratch_group() as group:
            self._open[link] = answer
            try:
                group.start_soon(until_disconnect, receive, group.cancel_scope)
                await write_answer(answer, link, host.now, send, method)
            except OSError as error:  # as ASGI asks servers to say that the client is gone
                _log.debug("the client is gone: %s", error)
            finally:
                del self._open[link]
