"""TappedApp: an ASGI application with a tap on its requests, its answers and its WebSockets."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from attrs import define, field

from hocket_io.addresses import shown_address
from hocket_io.tap.exchange import Exchange
from hocket_io.tap.point import TapPoint, safe
from hocket_io.tap.tapped import Tap

if TYPE_CHECKING:
    from hocket_io.http.scopes import Receive, Scope, Send

__all__ = ["TappedApp"]

AsgiApp: TypeAlias = "Callable[[Scope, Receive, Send], Awaitable[None]]"

_NO_CLOSE = 1006
"""The code of a connection that broke without a close frame (RFC 6455 section 7.4.1)."""


@define(eq=False)
class TappedApp:
    """ASGI middleware that tells a tap what passes. Header fields and the query are never told.

    Args:
        app: Any ASGI application: an `App`, a `HubApp`, what they are mounted in.
        tap: Who is told.
    """

    app: AsgiApp
    tap: Tap = field(converter=safe)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One ASGI connection."""
        match scope["type"]:
            case "http":
                await self._serve(scope, receive, send)
            case "websocket":
                await self._meet(scope, receive, send)
            case _:
                await self.app(scope, receive, send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange = Exchange(TapPoint(self.tap, "http", _peer(scope)), "in")
        exchange.request(scope["method"], scope["path"])

        async def receive_and_tell() -> Any:
            message = await receive()
            if message["type"] == "http.request":
                exchange.request_data(message.get("body", b""))
                if not message.get("more_body", False):
                    exchange.request_end()
            elif not exchange.is_over:
                exchange.point.tell("in", note="the client has left")
            return message

        async def tell_and_send(message: Any) -> None:
            match message["type"]:
                case "http.response.start":
                    exchange.head(message["status"], _media_type(message))
                case "http.response.body":
                    exchange.data(message.get("body", b""))
                    if not message.get("more_body", False):
                        exchange.end()
            await send(message)

        try:
            await self.app(scope, receive_and_tell, tell_and_send)
        finally:
            exchange.break_off("cut")

    async def _meet(self, scope: Scope, receive: Receive, send: Send) -> None:
        point = TapPoint(self.tap, "websocket", _peer(scope))
        is_closed = False

        async def receive_and_tell() -> Any:
            nonlocal is_closed
            message = await receive()
            match message["type"]:
                case "websocket.connect":
                    point.tell("in", note=f"WebSocket {scope['path']}")
                case "websocket.receive":
                    point.tell("in", _payload(message))
                case "websocket.disconnect":
                    is_closed = message.get("code") != _NO_CLOSE
                    point.end("in", _closed(message, 1005), how="orderly" if is_closed else "broken")
            return message

        async def tell_and_send(message: Any) -> None:
            match message["type"]:
                case "websocket.accept":
                    point.tell("out", note="accepted")
                case "websocket.send":
                    point.tell("out", _payload(message))
                case "websocket.close":
                    point.end("out", _closed(message, 1000))
                case "websocket.http.response.start":
                    point.end("out", f"refused with HTTP {message['status']}")
            await send(message)

        try:
            await self.app(scope, receive_and_tell, tell_and_send)
        finally:
            if is_closed:
                point.end("out", "closed")
            else:
                point.end("out", "cut", how="broken")


def _peer(scope: Scope) -> str:
    client = scope.get("client")
    if client is None:
        return "a client"  # at a Unix socket, say
    host, port = client
    return shown_address(host, port)


def _media_type(message: Any) -> str:
    fields = (value for name, value in message.get("headers", ()) if name.lower() == b"content-type")
    value: bytes = next(fields, b"")
    return value.decode("latin-1")


def _payload(message: Any) -> bytes:
    text: str | None = message.get("text")
    data: bytes = message.get("bytes") or b""
    return data if text is None else text.encode()


def _closed(message: Any, default: int) -> str:
    reason = message.get("reason")
    return f"closed with {message.get('code') or default}" + (f": {reason}" if reason else "")
