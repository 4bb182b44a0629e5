"""The client's way over HTTP, on httpx2: `HttpTransport` under asyncio and trio, `BlockingHttpTransport` without.

Both run the same machine, `hocket.http.HttpCall`; here is only what a request and a response look like to httpx2.
"""

from __future__ import annotations

import itertools
import ssl
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import aclosing
from functools import cache
from types import TracebackType
from typing import Self

import anyio
import httpx2
from attrs import define, field

from hocket.a2a import AgentCard, ClientCall, ClientLimits, Message, Operation, Params, StreamEvent, Task
from hocket.errors import ConnectionFailed, HocketError, RequestTimeout
from hocket.http import CardSearch, Headers, HttpCall, Request
from hocket_io.reasons import reason_of

__all__ = ["BlockingHttpTransport", "HttpTransport", "default_timeout", "failure_of", "tls"]

_NOT_STARTED = "nothing was asked yet"
_FAREWELL = 1.0
"""Seconds that a server may take to end a response after the last event of its stream."""


def default_timeout() -> httpx2.Timeout:
    """10 seconds to connect, to write and to get a connection; 300 seconds of silence."""
    return httpx2.Timeout(10.0, read=300.0)


@cache
def tls() -> ssl.SSLContext:
    """What httpx2 uses by default. Loading the certificates takes longer than a call: once is enough for a process."""
    return httpx2.create_ssl_context()


def failure_of(error: httpx2.HTTPError, url: str) -> HocketError:
    """What an error of httpx2 means to a client of ours."""
    reason = str(error) or type(error).__name__
    match error:
        case httpx2.ConnectTimeout():
            return ConnectionFailed(f"cannot reach {url} in time")
        case httpx2.ConnectError():
            return ConnectionFailed(f"cannot reach {url}: {reason_of(error)}")
        case httpx2.TimeoutException():
            return RequestTimeout(f"{url} was silent for too long")
        case _:
            return ConnectionFailed(f"the connection to {url} broke: {reason}")


def _fields(response: httpx2.Response) -> Headers:
    return tuple([(name.lower(), value) for name, value in response.headers.items()])


@define(eq=False)
class _Prepared:
    """What both transports know: where the agent is and how it is spoken to."""

    url: str
    version: str | None
    headers: Headers
    limits: ClientLimits
    search: CardSearch | None = field(default=None, init=False)
    _ids: itertools.count[int] = field(factory=lambda: itertools.count(1), init=False)

    def call(self, operation: Operation, params: Params, last_event_id: int | None) -> ClientCall:
        assert self.search is not None, _NOT_STARTED
        return ClientCall(operation, params, self.search.dialect, str(next(self._ids)), last_event_id, self.limits)

    def http_call(self, call: ClientCall) -> tuple[HttpCall, Request]:
        assert self.search is not None, _NOT_STARTED
        http_call = HttpCall(call, self.search.address, self.headers, call.last_event_id)
        request = http_call.next_request()
        assert request is not None, "a call begins with a request"
        return http_call, request


@define(eq=False)
class HttpTransport:
    """One agent over HTTP, for `AsyncClient`.

    Args:
        url: The agent's address, or that of its card.
        version: The protocol version to speak; None for the newest that both sides speak.
        headers: Header fields to send with every request.
        timeout: Seconds, or an httpx2.Timeout for each phase.
        limits: Of what comes back.
    """

    url: str
    version: str | None = None
    headers: Mapping[str, str] = field(factory=dict)
    timeout: float | httpx2.Timeout = field(factory=default_timeout)
    limits: ClientLimits = ClientLimits()
    _prepared: _Prepared = field(init=False)
    _client: httpx2.AsyncClient = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._prepared = _Prepared(self.url, self.version, tuple(self.headers.items()), self.limits)

    async def __aenter__(self) -> Self:
        self._client = await httpx2.AsyncClient(timeout=self.timeout, verify=tls()).__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.__aexit__(kind, error, trace)

    async def card(self) -> AgentCard | None:
        """The agent's card, or None if it has none.

        Raises:
            ConnectionFailed: The agent cannot be reached.
        """
        return (await self._search()).card

    async def start(self, operation: Operation, params: Params, last_event_id: int | None = None) -> ClientCall:
        """A call, ready to be asked with `events` or `answer`."""
        await self._search()
        return self._prepared.call(operation, params, last_event_id)

    async def events(self, call: ClientCall) -> AsyncIterator[StreamEvent]:
        """Ask, and give the events of the stream as they come.

        Raises:
            ConnectionFailed, AuthenticationError, RequestTimeout: There is no stream.
        """
        http_call, request = self._prepared.http_call(call)
        try:
            async with self._client.stream(
                request.method, request.path, content=request.body, headers=list(request.headers)
            ) as response:
                http_call.receive_head(response.status_code, _fields(response), time.monotonic())
                _raise_if_refused(call)
                async with aclosing(response.aiter_raw()) as body:
                    async for data in body:
                        http_call.receive_data(data, time.monotonic())
                        while (event := call.next_event()) is not None:
                            yield event
                        if http_call.is_closed:
                            await _read_on(body)
                            return
            http_call.receive_eof(time.monotonic())
        except httpx2.HTTPError as error:
            failure = failure_of(error, request.path)
            if not http_call.is_answered:
                raise failure from None
            http_call.receive_failure(failure, time.monotonic())
        while (event := call.next_event()) is not None:
            yield event

    async def answer(self, call: ClientCall) -> Task | Message:
        """Ask, and wait for the one answer.

        Raises:
            RpcError, ConnectionFailed, AuthenticationError, RequestTimeout, CodecError: There is none.
        """
        http_call, request = self._prepared.http_call(call)
        try:
            async with self._client.stream(
                request.method, request.path, content=request.body, headers=list(request.headers)
            ) as response:
                http_call.receive_head(response.status_code, _fields(response), time.monotonic())
                async for data in response.aiter_raw():
                    http_call.receive_data(data, time.monotonic())
                    if http_call.is_closed:
                        break
            http_call.receive_eof(time.monotonic())
        except httpx2.HTTPError as error:
            raise failure_of(error, request.path) from None
        return call.result()

    async def _search(self) -> CardSearch:
        if self._prepared.search is not None:
            return self._prepared.search
        search = CardSearch(self.url, self.version, self._prepared.headers)
        while (request := search.next_request()) is not None:
            try:
                async with self._client.stream(
                    "GET", request.path, headers=list(request.headers), follow_redirects=True
                ) as response:
                    body = bytearray()
                    async for data in response.aiter_raw():
                        body += data
                        if len(body) > search.limit:
                            break
            except httpx2.HTTPError as error:
                raise failure_of(error, self.url) from None
            search.receive(response.status_code, bytes(body))
        self._prepared.search = search
        return search


@define(eq=False)
class BlockingHttpTransport:
    """One agent over HTTP, for `Client`: `HttpTransport` without an event loop.

    Args:
        url: The agent's address, or that of its card.
        version: The protocol version to speak; None for the newest that both sides speak.
        headers: Header fields to send with every request.
        timeout: Seconds, or an httpx2.Timeout for each phase.
        limits: Of what comes back.
    """

    url: str
    version: str | None = None
    headers: Mapping[str, str] = field(factory=dict)
    timeout: float | httpx2.Timeout = field(factory=default_timeout)
    limits: ClientLimits = ClientLimits()
    _prepared: _Prepared = field(init=False)
    _client: httpx2.Client = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._prepared = _Prepared(self.url, self.version, tuple(self.headers.items()), self.limits)

    def __enter__(self) -> Self:
        self._client = httpx2.Client(timeout=self.timeout, verify=tls()).__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.__exit__(kind, error, trace)

    def card(self) -> AgentCard | None:
        """The agent's card, or None if it has none.

        Raises:
            ConnectionFailed: The agent cannot be reached.
        """
        return self._search().card

    def start(self, operation: Operation, params: Params, last_event_id: int | None = None) -> ClientCall:
        """A call, ready to be asked with `events` or `answer`."""
        self._search()
        return self._prepared.call(operation, params, last_event_id)

    def events(self, call: ClientCall) -> Iterator[StreamEvent]:
        """Ask, and give the events of the stream as they come.

        Raises:
            ConnectionFailed, AuthenticationError, RequestTimeout: There is no stream.
        """
        http_call, request = self._prepared.http_call(call)
        try:
            with self._client.stream(
                request.method, request.path, content=request.body, headers=list(request.headers)
            ) as response:
                http_call.receive_head(response.status_code, _fields(response), time.monotonic())
                _raise_if_refused(call)
                for data in response.iter_raw():
                    http_call.receive_data(data, time.monotonic())
                    while (event := call.next_event()) is not None:
                        yield event
                    if http_call.is_closed:
                        return
            http_call.receive_eof(time.monotonic())
        except httpx2.HTTPError as error:
            failure = failure_of(error, request.path)
            if not http_call.is_answered:
                raise failure from None
            http_call.receive_failure(failure, time.monotonic())
        while (event := call.next_event()) is not None:
            yield event

    def answer(self, call: ClientCall) -> Task | Message:
        """Ask, and wait for the one answer.

        Raises:
            RpcError, ConnectionFailed, AuthenticationError, RequestTimeout, CodecError: There is none.
        """
        http_call, request = self._prepared.http_call(call)
        try:
            with self._client.stream(
                request.method, request.path, content=request.body, headers=list(request.headers)
            ) as response:
                http_call.receive_head(response.status_code, _fields(response), time.monotonic())
                for data in response.iter_raw():
                    http_call.receive_data(data, time.monotonic())
                    if http_call.is_closed:
                        break
            http_call.receive_eof(time.monotonic())
        except httpx2.HTTPError as error:
            raise failure_of(error, request.path) from None
        return call.result()

    def _search(self) -> CardSearch:
        if self._prepared.search is not None:
            return self._prepared.search
        search = CardSearch(self.url, self.version, self._prepared.headers)
        while (request := search.next_request()) is not None:
            try:
                with self._client.stream(
                    "GET", request.path, headers=list(request.headers), follow_redirects=True
                ) as response:
                    body = bytearray()
                    for data in response.iter_raw():
                        body += data
                        if len(body) > search.limit:
                            break
            except httpx2.HTTPError as error:
                raise failure_of(error, self.url) from None
            search.receive(response.status_code, bytes(body))
        self._prepared.search = search
        return search


async def _read_on(body: AsyncIterator[bytes]) -> None:
    """Read what follows the end of a stream, which should be nothing: its connection can then be used again."""
    with anyio.move_on_after(_FAREWELL):
        async for _ in body:
            pass


def _raise_if_refused(call: ClientCall) -> None:
    """A server that wants other credentials gives no stream at all."""
    event = call.next_event()
    if event is not None and event.error is not None:
        raise event.error
