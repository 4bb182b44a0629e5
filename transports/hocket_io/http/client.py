"""The client's way over HTTP, on httpx2: `HttpTransport` under asyncio and trio, `BlockingHttpTransport` without.

Both run the same machines, `hocket.http.CardSearch` and `ResumingCall`; here is only what a request, a response and
a pause look like to httpx2 and the clock.
"""

from __future__ import annotations

import itertools
import ssl
import time
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterator, Mapping, Sequence
from contextlib import aclosing, closing
from functools import cache
from types import TracebackType
from typing import Self

import anyio
import httpx2
from attrs import define, field, frozen

from hocket.a2a import (
    AgentCapabilities,
    AgentCard,
    ClientCall,
    ClientLimits,
    Operation,
    Params,
    Result,
    StreamEvent,
)
from hocket.backoff import Backoff
from hocket.entropy import Entropy
from hocket.errors import ConnectionFailed, HocketError, RequestTimeout
from hocket.http import Address, CardSearch, Headers, Request, ResumingCall
from hocket.http.words import shown_url
from hocket_io.entropy import system_entropy
from hocket_io.reasons import reason_of

__all__ = ["BlockingHttpTransport", "HttpOptions", "HttpTransport", "default_timeout", "failure_of", "tls"]

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
    reason, url = str(error) or type(error).__name__, shown_url(url)
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


@frozen(kw_only=True)
class HttpOptions:
    """How an agent is spoken to over HTTP.

    Attributes:
        version: The protocol version to speak; None for the newest that both sides speak.
        binding: "JSONRPC" or "HTTP+JSON"; None for the one that the agent's card names first.
        headers: Header fields to send with every request.
        extensions: URIs of the extensions to ask for.
        timeout: Seconds, or an httpx2.Timeout for each phase; None for `default_timeout`.
        limits: Of what comes back.
        resume: When to try a stream again that was cut; None for never.
        entropy: Where the jitter of the delays comes from.
    """

    version: str | None = None
    binding: str | None = None
    headers: Mapping[str, str] = field(factory=dict, repr=False)
    extensions: Sequence[str] = ()
    timeout: float | httpx2.Timeout | None = None
    limits: ClientLimits = ClientLimits()
    resume: Backoff | None = field(factory=Backoff)
    entropy: Entropy = field(factory=system_entropy, repr=False)

    @property
    def timeouts(self) -> float | httpx2.Timeout:
        """The timeout as httpx2 takes it."""
        return default_timeout() if self.timeout is None else self.timeout


@define(eq=False)
class _Known:
    """What both transports know: how the agent is spoken to and, once it was looked for, where."""

    url: str
    options: HttpOptions
    card: AgentCard | None = field(default=None, init=False)
    address: Address | None = field(default=None, init=False)
    _ids: itertools.count[int] = field(factory=lambda: itertools.count(1), init=False)

    def search(self) -> CardSearch:
        options = self.options
        return CardSearch(self.url, options.version, tuple(options.headers.items()), binding=options.binding)

    def found(self, search: CardSearch) -> Address:
        options, card = self.options, search.card
        self.card = card
        self.address = Address(
            interface=search.interface,
            dialect=search.dialect,
            headers=search.headers,
            extensions=tuple(options.extensions),
            limits=options.limits,
            capabilities=AgentCapabilities() if card is None else card.capabilities,
        )
        return self.address

    def next_id(self) -> str:
        return str(next(self._ids))

    def machine(self, call: ClientCall) -> ResumingCall[Request]:
        assert self.address is not None, "a call is made for an address"
        return ResumingCall(call, self.address.carry, self.options.resume, self.options.entropy)


@define(eq=False)
class HttpTransport:
    """One agent over HTTP, for `AsyncClient`.

    Args:
        url: The agent's address, or that of its card.
        options: How it is spoken to.
        transport: What carries the requests; None for connections of its own.
    """

    url: str
    options: HttpOptions = field(factory=HttpOptions)
    transport: httpx2.AsyncBaseTransport | None = None
    _known: _Known = field(init=False)
    _client: httpx2.AsyncClient = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._known = _Known(self.url, self.options)

    async def __aenter__(self) -> Self:
        client = httpx2.AsyncClient(timeout=self.options.timeouts, verify=tls(), transport=self.transport)
        self._client = await client.__aenter__()
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
        await self._address()
        return self._known.card

    async def start(self, operation: Operation, params: Params, last_event_id: int | None = None) -> ClientCall:
        """A call, ready to be asked with `events` or `answer`.

        Raises:
            LocalProtocolError, NotSupported: The agent cannot be asked that.
        """
        return (await self._address()).call(operation, params, self._known.next_id(), last_event_id)

    async def events(self, call: ClientCall) -> AsyncIterator[StreamEvent]:
        """Ask, and give the events of the stream as they come.

        Raises:
            ConnectionFailed, AuthenticationError, RequestTimeout: There is no stream.
        """
        machine = self._known.machine(call)
        async with aclosing(self._run(machine)) as steps:
            async for _ in steps:
                if machine.refusal is not None:
                    raise machine.refusal
                while (event := machine.next_event()) is not None:
                    yield event

    async def answer(self, call: ClientCall) -> Result:
        """Ask, and wait for the one answer.

        Raises:
            RpcError, ConnectionFailed, AuthenticationError, RequestTimeout, CodecError: There is none.
        """
        async with aclosing(self._run(self._known.machine(call))) as steps:
            async for _ in steps:
                pass
        return call.result()

    async def _run(self, machine: ResumingCall[Request]) -> AsyncGenerator[None, None]:
        """Do what the machine asks for, to its end. Yields whenever something has happened."""
        while not machine.is_closed:
            request = machine.next_request()
            at = machine.next_timeout()
            if request is not None:
                async with aclosing(self._ask(machine, request)) as pieces:
                    async for _ in pieces:
                        yield
            elif at is not None:
                await anyio.sleep_until(at)
                machine.handle_timeout(anyio.current_time())
            yield

    async def _ask(self, machine: ResumingCall[Request], request: Request) -> AsyncGenerator[None, None]:
        try:
            async with self._client.stream(
                request.method, request.path, content=request.body, headers=list(request.headers)
            ) as response:
                machine.receive_head(response.status_code, _fields(response), anyio.current_time())
                async with aclosing(response.aiter_raw()) as body:
                    data: bytes | None = None
                    while machine.is_reading and (data := await anext(body, None)) is not None:
                        machine.receive_data(data, anyio.current_time())
                        yield
                    if data is not None and machine.call.is_streaming:
                        await _read_on(body)
            machine.receive_eof(anyio.current_time())
        except httpx2.HTTPError as error:
            machine.receive_failure(failure_of(error, request.path), anyio.current_time())

    async def _address(self) -> Address:
        """Where the agent is; the first call looks for it."""
        if self._known.address is not None:
            return self._known.address
        search = self._known.search()
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
        return self._known.found(search)


@define(eq=False)
class BlockingHttpTransport:
    """One agent over HTTP, for `Client`: `HttpTransport` without an event loop.

    Args:
        url: The agent's address, or that of its card.
        options: How it is spoken to.
        transport: What carries the requests; None for connections of its own.
    """

    url: str
    options: HttpOptions = field(factory=HttpOptions)
    transport: httpx2.BaseTransport | None = None
    _known: _Known = field(init=False)
    _client: httpx2.Client = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._known = _Known(self.url, self.options)

    def __enter__(self) -> Self:
        client = httpx2.Client(timeout=self.options.timeouts, verify=tls(), transport=self.transport)
        self._client = client.__enter__()
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
        self._address()
        return self._known.card

    def start(self, operation: Operation, params: Params, last_event_id: int | None = None) -> ClientCall:
        """A call, ready to be asked with `events` or `answer`.

        Raises:
            LocalProtocolError, NotSupported: The agent cannot be asked that.
        """
        return self._address().call(operation, params, self._known.next_id(), last_event_id)

    def events(self, call: ClientCall) -> Iterator[StreamEvent]:
        """Ask, and give the events of the stream as they come.

        Raises:
            ConnectionFailed, AuthenticationError, RequestTimeout: There is no stream.
        """
        machine = self._known.machine(call)
        with closing(self._run(machine)) as steps:
            for _ in steps:
                if machine.refusal is not None:
                    raise machine.refusal
                while (event := machine.next_event()) is not None:
                    yield event

    def answer(self, call: ClientCall) -> Result:
        """Ask, and wait for the one answer.

        Raises:
            RpcError, ConnectionFailed, AuthenticationError, RequestTimeout, CodecError: There is none.
        """
        with closing(self._run(self._known.machine(call))) as steps:
            for _ in steps:
                pass
        return call.result()

    def _run(self, machine: ResumingCall[Request]) -> Generator[None, None, None]:
        """Do what the machine asks for, to its end. Yields whenever something has happened."""
        while not machine.is_closed:
            request = machine.next_request()
            at = machine.next_timeout()
            if request is not None:
                yield from self._ask(machine, request)
            elif at is not None:
                time.sleep(max(0.0, at - time.monotonic()))
                machine.handle_timeout(time.monotonic())
            yield

    def _ask(self, machine: ResumingCall[Request], request: Request) -> Generator[None, None, None]:
        try:
            with self._client.stream(
                request.method, request.path, content=request.body, headers=list(request.headers)
            ) as response:
                machine.receive_head(response.status_code, _fields(response), time.monotonic())
                body = response.iter_raw()
                while machine.is_reading and (data := next(body, None)) is not None:
                    machine.receive_data(data, time.monotonic())
                    yield
            machine.receive_eof(time.monotonic())
        except httpx2.HTTPError as error:
            machine.receive_failure(failure_of(error, request.path), time.monotonic())

    def _address(self) -> Address:
        """Where the agent is; the first call looks for it."""
        if self._known.address is not None:
            return self._known.address
        search = self._known.search()
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
        return self._known.found(search)


async def _read_on(body: AsyncIterator[bytes]) -> None:
    """Read what follows the end of a stream, which should be nothing: its connection can then be used again."""
    with anyio.move_on_after(_FAREWELL):
        async for _ in body:
            pass
