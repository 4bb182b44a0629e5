"""HTTP clients with a tap: `tap_client` fits one to any client of httpx2, sync or async, through its event hooks."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Mapping
from typing import Any

from hocket.http.words import shown_url
from hocket_io.extras import needs
from hocket_io.tap.exchange import Exchange
from hocket_io.tap.point import TapPoint, safe
from hocket_io.tap.tapped import Tap

with needs("http", "a tap on httpx2"):
    import httpx2

__all__ = ["tap_client"]

_EXCHANGE, _TRACE = "hocket.exchange", "hocket.trace"
"""Where a request keeps what is told of it, and our own trace, among its extensions."""


def tap_client(client: httpx2.Client | httpx2.AsyncClient, tap: Tap) -> None:
    """Tell a tap of each request that a client sends from now on, and of what answers it.

    Redirects are requests of their own. Header fields are never told, and of URLs neither user nor query.

    Args:
        client: A client of httpx2; its other event hooks stay.
        tap: Who is told.
    """
    tap = safe(tap)
    request_hook, response_hook = _async_hooks(tap) if isinstance(client, httpx2.AsyncClient) else _hooks(tap)
    hooks = client.event_hooks
    client.event_hooks = {
        "request": [*hooks["request"], request_hook],
        "response": [*hooks["response"], response_hook],
    }


def _hooks(tap: Tap) -> tuple[Any, Any]:
    def asked(request: httpx2.Request) -> None:
        exchange = _begin(tap, request)

        def trace(event: str, info: Mapping[str, Any]) -> None:
            _tell_failure(exchange, event, info)

        _fit_trace(request, trace)

    def answered(response: httpx2.Response) -> None:
        exchange = _head(response)
        if not exchange.is_over:
            assert isinstance(response.stream, httpx2.SyncByteStream), "the stream of a client that is not async"
            response.stream = _TappedStream(response.stream, exchange)

    return asked, answered


def _async_hooks(tap: Tap) -> tuple[Any, Any]:
    async def asked(request: httpx2.Request) -> None:
        exchange = _begin(tap, request)

        async def trace(event: str, info: Mapping[str, Any]) -> None:
            _tell_failure(exchange, event, info)

        _fit_trace(request, trace)

    async def answered(response: httpx2.Response) -> None:
        exchange = _head(response)
        if not exchange.is_over:
            assert isinstance(response.stream, httpx2.AsyncByteStream), "the stream of an async client"
            response.stream = _TappedAsyncStream(response.stream, exchange)

    return asked, answered


def _begin(tap: Tap, request: httpx2.Request) -> Exchange:
    url = request.url
    exchange = Exchange(TapPoint(tap, "http", shown_url(str(url.copy_with(raw_path=b"/")))), "out")
    exchange.request(request.method, url.path)
    try:
        exchange.request_data(request.content)
    except httpx2.RequestNotRead:
        pass  # it is streamed, which calls of ours never are
    exchange.request_end()
    request.extensions[_EXCHANGE] = exchange
    return exchange


def _fit_trace(request: httpx2.Request, trace: Callable[[str, Mapping[str, Any]], object]) -> None:
    """Have httpcore2 call `trace`, unless somebody else is called. A redirect has inherited that of another request."""
    extensions = request.extensions
    if extensions.get("trace") is extensions.get(_TRACE):
        extensions["trace"] = extensions[_TRACE] = trace


def _head(response: httpx2.Response) -> Exchange:
    exchange: Exchange = response.request.extensions[_EXCHANGE]
    exchange.head(response.status_code, response.headers.get("content-type", ""))
    if response.is_closed:  # all of it is here: no connection has brought it
        exchange.data(response.content)
        exchange.end()
    return exchange


def _tell_failure(exchange: Exchange, event: str, info: Mapping[str, Any]) -> None:
    """What httpcore2 traces: of interest is what has failed before there is an answer."""
    if event.endswith(".failed"):
        error = info["exception"]
        if isinstance(error, Exception):
            exchange.break_off(_words(error))
        else:  # the caller was cancelled, or reads no further
            exchange.break_off("left", how="orderly")


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


class _TappedStream(httpx2.SyncByteStream):
    def __init__(self, stream: httpx2.SyncByteStream, exchange: Exchange) -> None:
        self._stream, self._exchange = stream, exchange

    def __iter__(self) -> Iterator[bytes]:
        try:
            for data in self._stream:
                self._exchange.data(data)
                yield data
        except httpx2.HTTPError as error:
            self._exchange.break_off(_words(error))
            raise
        self._exchange.end()

    def close(self) -> None:
        self._exchange.break_off("left", how="orderly")
        self._stream.close()


class _TappedAsyncStream(httpx2.AsyncByteStream):
    def __init__(self, stream: httpx2.AsyncByteStream, exchange: Exchange) -> None:
        self._stream, self._exchange = stream, exchange

    async def __aiter__(self) -> AsyncIterator[bytes]:
        pieces = self._stream.__aiter__()
        try:
            async for data in pieces:
                self._exchange.data(data)
                yield data
        except httpx2.HTTPError as error:
            self._exchange.break_off(_words(error))
            raise
        finally:
            if isinstance(pieces, AsyncGenerator):  # as httpx2 does: nobody else would close it
                await pieces.aclose()
        self._exchange.end()

    async def aclose(self) -> None:
        self._exchange.break_off("left", how="orderly")
        await self._stream.aclose()
