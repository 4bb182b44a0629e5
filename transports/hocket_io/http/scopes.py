"""Scopes: ASGI in terms of `hocket.http`: requests are read, responses and streams written."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from contextlib import AbstractAsyncContextManager
from re import compile as regex
from typing import Any, Generic, Protocol, TypeAlias, TypeVar
from urllib.parse import unquote

import anyio
import anyio.lowlevel
from attrs import define, field

from hocket.a2a.ports import amount
from hocket.http import Answer, Headers, Request, Response
from hocket.http.messages import percent_encoded
from hocket.http.methods import told_methods

__all__ = [
    "Answer",
    "Receive",
    "Scope",
    "Send",
    "Source",
    "listening_at",
    "live",
    "request_of",
    "respond",
    "with_fields",
    "write_answer",
]

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]

Item = TypeVar("Item")
ItemOut = TypeVar("ItemOut", covariant=True)

_BATCH = 256
"""Deliveries written together at the most."""

_FIRST_BATCH = 16
"""Deliveries written together at first. Where they are large, it becomes fewer: nobody who does not read costs more."""

_GROWTH = 4
"""How many times as many are written together after a write that was small: so 100 small ones are two writes."""

_AT_ONCE = 256 * 1024
"""Bytes in one write at the most."""

_IN_A_ROW = 4
"""Writes without a turn for others: for those who write, too, and for the news that the client is gone."""


_BODILESS = (204, 304)
"""Statuses of answers that have no body, nor a length of one (RFC 9110 section 8.6)."""


_WHOLE_URL = regex(r"(?i)https?://([^/?#]*)")
"""How a request may be addressed as well; what it says of the host counts before `Host` (RFC 9112 section 3.2.2)."""


class Source(Protocol[ItemOut]):
    """Where the items of an answer come from: a link of a host."""

    def take(self, limit: int) -> Sequence[ItemOut]:
        """What there is for this link now; nothing more for the moment if it is less than `limit`."""

    def wait(self, until: float | None) -> Awaitable[None]:
        """Sleep until there is more, or until that time."""


def listening_at(scope: Scope) -> str | None:
    """The address at which the server took this connection, or the path of a Unix socket; None if it is not said."""
    server = scope.get("server")
    return None if server is None else str(server[0])


async def live(
    hosting: AbstractAsyncContextManager[object], receive: Receive, send: Send, close_calls: Callable[[], None]
) -> None:
    """An ASGI lifespan: enter what the application lives in when the server starts, and leave it when it stops.

    Calls that are still open then, on servers that do not wait for them, are closed first: their readers see a cut.
    """
    await receive()
    async with hosting:
        await send({"type": "lifespan.startup.complete"})
        await receive()
        close_calls()
    await send({"type": "lifespan.shutdown.complete"})


async def write_answer(
    answer: Answer[Item], source: Source[Item], now: Callable[[], float], send: Send, method: str = "POST"
) -> None:
    """Write an answer as it comes, at the pace of whoever reads it, until it is complete or cut."""
    writing = _Writing(answer, source, now, send, method)
    while True:
        has_more = await writing.write_some()  # what it has written is not kept here while there is nothing to write
        if writing.is_over:
            return
        if has_more:
            await anyio.lowlevel.checkpoint()
        else:
            await source.wait(answer.next_timeout())


@define(eq=False)
class _Writing(Generic[Item]):
    """An answer on its way. The attributes that are arguments are those of `write_answer`."""

    answer: Answer[Item]
    source: Source[Item]
    now: Callable[[], float]
    send: Send
    method: str
    limit: int = field(default=_FIRST_BATCH, init=False)
    is_stream: bool = field(default=False, init=False)
    is_over: bool = field(default=False, init=False)

    async def write_some(self) -> bool:
        """Write what there is now, as far as it is taken at once; whether there may be more at once."""
        answer, limit = self.answer, self.limit
        deliveries: Sequence[Item] = ()
        if not answer.is_cut:  # else it would be given an end after all: the task fails, since the server stops
            deliveries = self.source.take(limit)
            answer.deliver(deliveries, self.now())
        if not deliveries:
            answer.handle_timeout(self.now())
        response = answer.next_response()
        if response is not None and response.body is not None:
            self.is_over = True
            await respond(response, self.method, self.send)
            return False
        if response is not None:
            self.is_stream = True
            await self.send(_head(response.status, response.headers))
        await self._write_body()
        if answer.is_closed and not self.is_over:
            self.is_over = True
            if self.is_stream and not answer.is_cut:
                await self.send({"type": "http.response.body", "body": b"", "more_body": False})
        return amount(deliveries) >= limit

    async def _write_body(self) -> None:
        """Write all pieces that are ready; the last of all ends the response."""
        answer, written = self.answer, 0
        while chunks := answer.data_to_send():
            more = not answer.is_closed or answer.is_cut
            body = b"".join(chunks)
            for start in range(0, max(1, len(body)), _AT_ONCE):
                written += 1
                if written % _IN_A_ROW == 0:  # `send` may never wait
                    await anyio.lowlevel.checkpoint()
                end = start + _AT_ONCE
                is_last = not more and end >= len(body)
                await self.send({"type": "http.response.body", "body": body[start:end], "more_body": not is_last})
            if not more:
                self.is_over = True
                return
            self.limit = min(_BATCH, _GROWTH * self.limit) if len(body) < _AT_ONCE else max(1, self.limit // 2)


def with_fields(send: Send, fields: Headers) -> Send:
    """A `send` that adds header fields to each response."""
    if not fields:
        return send
    added = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in fields]

    async def send_with_fields(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message["headers"], *added]}
        await send(message)

    return send_with_fields


async def respond(response: Response, method: str, send: Send, *, is_all: bool = True) -> None:
    """Write a whole response; its body only if the method has one in its answer.

    Args:
        response: What is answered.
        method: What was asked with.
        send: Takes it.
        is_all: Whether to tell the server that this was all, which may close the connection then.
    """
    response = told_methods(response, method)
    body = response.body or b""
    length: Headers = () if response.status in _BODILESS else (("content-length", str(len(body))),)
    await send(_head(response.status, (*response.headers, *length)))
    await send({"type": "http.response.body", "body": b"" if method == "HEAD" else body, "more_body": not is_all})


def request_of(scope: Scope, body: bytes = b"", url: str | None = None) -> Request:
    """The request of an HTTP or WebSocket scope.

    Args:
        scope: As the server gave it.
        body: All of the body.
        url: The address under which the application is known; by default the one that the caller used.
    """
    headers = tuple([(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]])
    root = scope.get("root_path", "").rstrip("/")
    path: str = scope["path"]
    if (whole := _WHOLE_URL.match(path)) is not None:
        path = path[whole.end() :]
        headers = (("host", whole[1]), *[each for each in headers if each[0] != "host"])
    host = next((value for name, value in headers if name == "host" and value), "localhost")
    is_below = path.startswith(f"{root}/") or path == root
    return Request(
        method=scope.get("method", "GET"),
        path=path.removeprefix(root) if is_below else path,
        raw_path=_raw_path(scope, path, root if is_below else ""),
        query=scope.get("query_string", b"").decode("latin-1"),
        headers=headers,
        body=body,
        base_url=url or f"{scope.get('scheme', 'http')}://{host}{root}/",
    )


def _raw_path(scope: Scope, path: str, root: str) -> str:
    """The path as it was sent, from the mount point on; as far as the server tells, and nothing has changed it."""
    raw: str = _WHOLE_URL.sub("", (scope.get("raw_path") or b"").partition(b"?")[0].decode("latin-1"))
    if raw == path and raw[:1] == "/" and not root and "%" not in raw:
        return raw  # nearly always
    if unquote(raw) != path:
        raw = percent_encoded(path)
    return "".join([f"/{segment}" for segment in raw.split("/")[root.count("/") + 1 :]])


def _head(status: int, headers: Headers) -> MutableMapping[str, Any]:
    encoded = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    return {"type": "http.response.start", "status": status, "headers": encoded}
