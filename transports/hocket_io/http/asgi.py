"""The server: an agent as a bare ASGI application. It runs on uvicorn, or wherever ASGI runs.

from hocket_io.http.asgi import App
app = App(agent)                                # uvicorn module:app
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

import anyio
import anyio.lowlevel
from attrs import define, field

from hocket.a2a import ServerLimits
from hocket.agent import Agent
from hocket.http import KEEP_ALIVE, Exchange, Request, Response, Routes, too_large
from hocket_io.background import in_background
from hocket_io.groups import scratch_group
from hocket_io.host import Host, HostLink

__all__ = ["App"]

_log = logging.getLogger(__name__)

_BATCH = 256
"""Deliveries written together at the most."""

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class _ClientGone(Exception):
    """The client closed the connection."""


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
    _open: dict[HostLink, Exchange] = field(factory=dict, init=False)

    def __attrs_post_init__(self) -> None:
        self._routes = Routes(self.agent.card, self.keep_alive)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One ASGI connection."""
        match scope["type"]:
            case "lifespan":
                await self._live(receive, send)
            case "http":
                await self._serve(scope, receive, send)
            case "websocket":
                await receive()
                await send({"type": "websocket.close", "code": 1000, "reason": "this agent is served over HTTP"})

    def close_calls(self) -> None:
        """End every open call: the process is about to stop. Readers see a cut stream and can come back."""
        for link, exchange in self._open.items():
            exchange.cut()
            link.ring()

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        async with self._hosting():
            await send({"type": "lifespan.startup.complete"})
            await receive()
        await send({"type": "lifespan.shutdown.complete"})

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
            body = await _read_body(receive, self.body_limit)
        except _ClientGone:
            return
        if body is None:
            await _respond(too_large(self.body_limit), "POST", send)
            return
        host = await self._hosted()
        link = host.open_link()
        try:
            request = _request(scope, body, self.url)
            answer = self._routes.receive(link.name, request, host.server, host.now())
            host.pump()
            if isinstance(answer, Response):
                await _respond(answer, request.method, send)
            else:
                await self._exchange(answer, host, link, receive, send)
        finally:
            link.close()

    async def _exchange(self, exchange: Exchange, host: Host, link: HostLink, receive: Receive, send: Send) -> None:
        """Write what the server has for this call until it is answered, or until the client is gone."""
        async with scratch_group() as group:
            self._open[link] = exchange
            try:
                group.start_soon(_until_disconnect, receive, group.cancel_scope)
                await _write(exchange, host, link, send)
            except OSError as error:  # as ASGI asks servers to say that the client is gone
                _log.debug("the client is gone: %s", error)
            finally:
                del self._open[link]


async def _write(exchange: Exchange, host: Host, link: HostLink, send: Send) -> None:
    is_stream = False
    while True:
        deliveries = link.take(_BATCH)
        exchange.deliver(deliveries, host.now())
        if not deliveries:
            exchange.handle_timeout(host.now())
        response = exchange.next_response()
        if response is not None and response.body is not None:
            await _respond(response, "POST", send)
            return
        if response is not None:
            is_stream = True
            await send({"type": "http.response.start", "status": response.status, "headers": _encoded(response)})
        if chunks := exchange.data_to_send():
            more = not exchange.is_closed or exchange.is_cut
            await send({"type": "http.response.body", "body": b"".join(chunks), "more_body": more})
            if not more:
                return
        if exchange.is_closed:
            if is_stream and not exchange.is_cut:
                await send({"type": "http.response.body", "body": b"", "more_body": False})
            return
        if not deliveries:
            await link.wait(exchange.next_timeout())
        elif len(deliveries) >= _BATCH:  # `send` may never wait; others get a turn, and news of the client
            await anyio.lowlevel.checkpoint()


async def _until_disconnect(receive: Receive, scope: anyio.CancelScope) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    scope.cancel()


async def _read_body(receive: Receive, limit: int) -> bytes | None:
    """All of the body; None if it is over the limit.

    Raises:
        _ClientGone: The client went away before it was complete.
    """
    pieces: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _ClientGone
        piece: bytes = message.get("body", b"")
        size += len(piece)
        if size > limit:
            return None
        pieces.append(piece)
        if not message.get("more_body", False):
            return b"".join(pieces)


async def _respond(response: Response, method: str, send: Send) -> None:
    body = response.body or b""
    headers = [*_encoded(response), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if method == "HEAD" else body})


def _encoded(response: Response) -> list[tuple[bytes, bytes]]:
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in response.headers]


def _request(scope: Scope, body: bytes, url: str | None) -> Request:
    headers = tuple([(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]])
    root = scope.get("root_path", "").rstrip("/")
    path: str = scope["path"]
    host = next((value for name, value in headers if name == "host"), "localhost")
    return Request(
        method=scope["method"],
        path=path.removeprefix(root) if path.startswith(f"{root}/") or path == root else path,
        query=scope.get("query_string", b"").decode("latin-1"),
        headers=headers,
        body=body,
        base_url=url or f"{scope.get('scheme', 'http')}://{host}{root}/",
    )
