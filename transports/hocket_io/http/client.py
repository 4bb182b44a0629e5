"""The client's way over HTTP, on httpx2: `HttpTransport` under asyncio and trio, `BlockingHttpTransport` without.

Both run the same machines, `hocket.http.CardSearch` and `ResumingCall`; here is only what a request, a response and
a pause look like to httpx2 and the clock.
"""

from __future__ import annotations

import itertools
import logging
import threading
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator, Iterator
from contextlib import aclosing, asynccontextmanager, closing, contextmanager
from types import AsyncGeneratorType, TracebackType
from typing import Self

import anyio
import httpx2
from attrs import define, field

from hocket.a2a import (
    AgentCard,
    ClientCall,
    Operation,
    Params,
    Result,
)
from hocket.http import Address, CardSearch, Headers, Request, ResumingCall
from hocket.http.redirects import redirected
from hocket.http.words import shown_url
from hocket_io.concurrency.loops import loop_clock
from hocket_io.http.leaving import body_of, finish, finish_blocking
from hocket_io.http.network import BROKEN, async_client, blocking_client, failure_of, url_and_credentials
from hocket_io.http.options import HttpOptions

__all__ = ["BlockingHttpTransport", "HttpTransport"]

_log = logging.getLogger(__name__)

_REDIRECTS = 5
"""Places in a row that a server may send a request to."""


def _fields(response: httpx2.Response) -> Headers:
    return tuple([(name.lower(), value) for name, value in response.headers.items()])


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
        self.card = search.card
        self.address = search.address(tuple(self.options.extensions), self.options.limits)
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
    _left: anyio.Event = field(factory=anyio.Event, init=False)
    _open: set[AsyncGenerator[None, None]] = field(factory=set, init=False)
    _now: Callable[[], float] = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._known = _Known(self.url, self.options)

    async def __aenter__(self) -> Self:
        client = async_client(self.url, self.options, self.transport)
        self._client = await client.__aenter__()
        self._now = loop_clock()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._left.set()
        try:
            for steps in list(self._open):
                is_awaited = isinstance(steps, AsyncGeneratorType) and steps.ag_running
                if not is_awaited:  # who waits for what comes, learns of it from the connection
                    await steps.aclose()
        finally:
            await self._client.__aexit__(kind, error, trace)

    async def card(self) -> AgentCard | None:
        """The agent's card, or None if it has none.

        Raises:
            ConnectionFailed: The agent cannot be reached.
        """
        await self._address()
        return self._known.card

    async def start(self, operation: Operation, params: Params, last_event_id: int | None = None) -> ClientCall:
        """A call, ready to be asked with `arrivals` or `answer`.

        Raises:
            LocalProtocolError, NotSupported: The agent cannot be asked that.
        """
        return (await self._address()).call(operation, params, self._known.next_id(), last_event_id)

    async def arrivals(self, call: ClientCall) -> AsyncIterator[None]:
        """Ask, and say whenever events of the stream may have come.

        Raises:
            ConnectionFailed, AuthenticationError, RequestTimeout: There is no stream.
        """
        machine = self._known.machine(call)
        steps = self._run(machine)
        self._open.add(steps)
        try:
            async for _ in steps:
                if machine.refusal is not None:
                    raise machine.refusal
                yield
            machine.leave(self._now())  # if that was not the end, the client was left
            yield
        finally:
            self._open.discard(steps)
            await steps.aclose()

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
            if self._left.is_set():
                machine.leave(self._now())
            elif (request := machine.next_request()) is not None:
                async with aclosing(self._ask(machine, request)) as pieces:
                    async for _ in pieces:
                        yield
            elif (at := machine.next_timeout()) is not None:
                _log.info("a stream of %s was cut; asking for the rest of it", shown_url(self.url))
                with anyio.CancelScope(deadline=at):
                    await self._left.wait()
                machine.handle_timeout(self._now())
            yield

    async def _ask(self, machine: ResumingCall[Request], request: Request) -> AsyncGenerator[None, None]:
        try:
            async with self._response(request) as response:
                machine.receive_head(response.status_code, _fields(response), self._now())
                async with body_of(response) as body:
                    data: bytes | None = None
                    while machine.is_reading and (data := await anext(body, None)) is not None:
                        machine.receive_data(data, self._now())
                        yield
                    if data is not None and machine.call.is_streaming:
                        await finish(body)
            machine.receive_eof(self._now())
        except BROKEN as error:
            if not self._left.is_set():  # it was not we who hung up
                machine.receive_failure(failure_of(error, request.path, self.options), self._now())

    @asynccontextmanager
    async def _response(self, request: Request) -> AsyncIterator[httpx2.Response]:
        """The response to a request, wherever its server has it."""
        for left in reversed(range(_REDIRECTS + 1)):
            url, auth = url_and_credentials(request.path)
            async with self._client.stream(
                request.method, url, content=request.body, headers=list(request.headers), auth=auth
            ) as response:
                moved = redirected(request, response.status_code, _fields(response)) if left else None
                if moved is None:
                    yield response
                    return
            request = moved

    async def _address(self) -> Address:
        """Where the agent is; the first call looks for it."""
        if self._known.address is not None:
            return self._known.address
        search = self._known.search()
        while (request := search.next_request()) is not None:
            try:
                async with self._response(request) as response:
                    found = bytearray()
                    async with body_of(response) as body:
                        while len(found) <= search.limit and (data := await anext(body, None)) is not None:
                            found += data
            except BROKEN as error:
                raise failure_of(error, self.url, self.options) from None
            search.receive(response.status_code, bytes(found))
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
    _left: threading.Event = field(factory=threading.Event, init=False)

    def __attrs_post_init__(self) -> None:
        self._known = _Known(self.url, self.options)

    def __enter__(self) -> Self:
        client = blocking_client(self.url, self.options, self.transport)
        self._client = client.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._left.set()
        self._client.__exit__(kind, error, trace)

    def card(self) -> AgentCard | None:
        """The agent's card, or None if it has none.

        Raises:
            ConnectionFailed: The agent cannot be reached.
        """
        self._address()
        return self._known.card

    def start(self, operation: Operation, params: Params, last_event_id: int | None = None) -> ClientCall:
        """A call, ready to be asked with `arrivals` or `answer`.

        Raises:
            LocalProtocolError, NotSupported: The agent cannot be asked that.
        """
        return self._address().call(operation, params, self._known.next_id(), last_event_id)

    def arrivals(self, call: ClientCall) -> Iterator[None]:
        """Ask, and say whenever events of the stream may have come.

        Raises:
            ConnectionFailed, AuthenticationError, RequestTimeout: There is no stream.
        """
        machine = self._known.machine(call)
        with closing(self._run(machine)) as steps:
            for _ in steps:
                if machine.refusal is not None:
                    raise machine.refusal
                yield

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
            if self._left.is_set():
                machine.leave(time.monotonic())
            elif (request := machine.next_request()) is not None:
                yield from self._ask(machine, request)
            elif (at := machine.next_timeout()) is not None:
                _log.info("a stream of %s was cut; asking for the rest of it", shown_url(self.url))
                self._left.wait(max(0.0, at - time.monotonic()))
                machine.handle_timeout(time.monotonic())
            yield

    def _ask(self, machine: ResumingCall[Request], request: Request) -> Generator[None, None, None]:
        try:
            with self._response(request) as response:
                machine.receive_head(response.status_code, _fields(response), time.monotonic())
                body, data = response.iter_raw(), None
                while machine.is_reading and (data := next(body, None)) is not None:
                    machine.receive_data(data, time.monotonic())
                    yield
                if data is not None and machine.call.is_streaming:
                    finish_blocking(response, body)
            machine.receive_eof(time.monotonic())
        except BROKEN as error:
            if not self._left.is_set():  # it was not we who hung up
                machine.receive_failure(failure_of(error, request.path, self.options), time.monotonic())

    @contextmanager
    def _response(self, request: Request) -> Iterator[httpx2.Response]:
        """The response to a request, wherever its server has it."""
        for left in reversed(range(_REDIRECTS + 1)):
            url, auth = url_and_credentials(request.path)
            with self._client.stream(
                request.method, url, content=request.body, headers=list(request.headers), auth=auth
            ) as response:
                moved = redirected(request, response.status_code, _fields(response)) if left else None
                if moved is None:
                    yield response
                    return
            request = moved

    def _address(self) -> Address:
        """Where the agent is; the first call looks for it."""
        if self._known.address is not None:
            return self._known.address
        search = self._known.search()
        while (request := search.next_request()) is not None:
            try:
                with self._response(request) as response:
                    found, body = bytearray(), response.iter_raw()
                    while len(found) <= search.limit and (data := next(body, None)) is not None:
                        found += data
            except BROKEN as error:
                raise failure_of(error, self.url, self.options) from None
            search.receive(response.status_code, bytes(found))
        return self._known.found(search)
