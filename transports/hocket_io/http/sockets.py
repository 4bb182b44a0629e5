"""WebSockets to agents, in terms of ASGI: accepted or refused, read and written."""

from __future__ import annotations

import anyio
import anyio.lowlevel

from hocket.http import Response
from hocket.http.agent_socket import AgentSocket
from hocket_io.concurrency.groups import scratch_group
from hocket_io.host import HostLink
from hocket_io.http.scopes import Receive, Scope, Send

__all__ = ["refuse_socket", "run_socket"]


async def refuse_socket(response: Response, scope: Scope, send: Send) -> None:
    """Answer a handshake with a response; where the server cannot do that, it says 403."""
    if "websocket.http.response" not in (scope.get("extensions") or {}):
        await send({"type": "websocket.close", "code": 1008, "reason": ""})
        return
    body = response.body or b""
    fields = (*response.headers, ("content-length", str(len(body))))
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in fields]
    await send({"type": "websocket.http.response.start", "status": response.status, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": body})


async def run_socket(socket: AgentSocket, link: HostLink, receive: Receive, send: Send) -> None:
    """Read and write until one of the two sides has ended it."""
    turn = anyio.Lock()
    async with scratch_group() as group:
        group.start_soon(_read, socket, link, receive, turn, group.cancel_scope)
        await _write(socket, link, send, turn)


async def _read(
    socket: AgentSocket, link: HostLink, receive: Receive, turn: anyio.Lock, everything: anyio.CancelScope
) -> None:
    """Pass on what comes, as long as the answers to it find a reader: not while something waits to be written."""
    while True:
        message = await receive()
        if message["type"] == "websocket.disconnect":
            everything.cancel()
            return
        text = message.get("text")
        async with turn:
            if text is None:
                socket.receive_bytes()
            else:
                socket.receive_text(text, link.host.now())
        link.host.pump()
        link.ring()


async def _write(socket: AgentSocket, link: HostLink, send: Send, turn: anyio.Lock) -> None:
    """Write what there is, at the pace of whoever reads, and in the end the close."""
    while True:
        async with turn:
            deliveries = link.take()
            messages = socket.messages_to_send(deliveries, link.host.now())
            for message in messages:
                await send({"type": "websocket.send", "text": message})
        if socket.close is not None:
            await send({"type": "websocket.close", "code": socket.close.code, "reason": socket.close.reason})
            return
        if deliveries or messages:  # `send` may never wait; others get a turn, and news of the client
            link.host.pump()
            await anyio.lowlevel.checkpoint()
        else:
            await link.wait()
