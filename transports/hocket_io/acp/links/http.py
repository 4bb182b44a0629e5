"""HttpLink: a hub over HTTP (spec sections 1 and 5). Messages are POSTed; each stream is listened to by a GET."""

from __future__ import annotations

import logging
import ssl
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager, contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, ClassVar, Self
from urllib.parse import quote, unquote, urlsplit

import anyio
import anyio.abc
import httpx2
from attrs import define, field

from hocket.errors import ConnectionFailed, HocketError, LimitExceeded, LocalProtocolError, RpcError
from hocket.framing import FrameRejected, FramingLimits, SseParser
from hocket.http.words import shown_url
from hocket_io.acp.links.answers import answer_of, check_coding, check_credentials
from hocket_io.acp.links.sendable import check_messages
from hocket_io.concurrency.groups import leave
from hocket_io.concurrency.shield import shielded
from hocket_io.fitting import fit_client
from hocket_io.http.network import failure_of, is_here, tls
from hocket_io.http.words import refusal_of, words_of

if TYPE_CHECKING:
    from hocket_io.tap import Tap

__all__ = ["HttpLink", "open_http_link"]

_log = logging.getLogger(__name__)

_PARALLEL = 16
"""POSTs at one time; an answer that was not received yet counts."""
_CONNECT = 10.0
"""Seconds to connect, and to write."""
_ANSWER = 30.0
"""Seconds to wait for the answer to a POST."""
_SILENCE = 300.0
"""Seconds that a feed may be silent; a hub of ours sends a comment every 15."""
_FAREWELL = 2.0
"""Seconds that POSTs get to be done when the link is closed."""
_SSE_OVERHEAD = 1_024
"""What an event may have beside its data."""
_TOGETHER = 64 * 1024
"""Bytes of a POST that messages share, as hubs know; a longer one goes alone."""


@define(eq=False, repr=False)
class HttpLink:
    """A `MessageLink` over HTTP. `open_http_link` makes it.

    Answers come in any order. A POST that is not delivered, or whose answer is cut, is logged (level INFO), counted
    in `lost`, and raises nothing: whoever asked asks again after a while, with the same id, and the hub answers from
    its memory if it has heard the first one. What cannot become right by asking again does raise, in `receive`.

    Messages that are given to `send` together share a POST, as a JSON-RPC batch, if the hub has said that it takes
    such. None waits for another.

    Args:
        url: The base of the hub's addresses, without a slash at its end.
        client: Has the header fields that are sent with each request; it is closed at the end.
        limit: Bytes of one message, both ways.
        batch: Messages that the hub takes in one POST.

    Attributes:
        lost: POSTs to which no answer will come, so far.
    """

    is_ordered: ClassVar[bool] = False
    listens_apart: ClassVar[bool] = True
    url: str
    client: httpx2.AsyncClient
    limit: int
    batch: int = 1
    lost: int = field(default=0, init=False)
    _answers: deque[bytes] = field(factory=deque, init=False)
    _news: anyio.Event = field(factory=anyio.Event, init=False)
    _slots: anyio.Semaphore = field(factory=lambda: anyio.Semaphore(_PARALLEL), init=False)
    _posting: dict[anyio.CancelScope, None] = field(factory=dict, init=False)
    _listening: dict[anyio.CancelScope, None] = field(factory=dict, init=False)
    _failure: HocketError | None = field(default=None, init=False)
    _is_closed: bool = field(default=False, init=False)
    _group: anyio.abc.TaskGroup | None = field(default=None, init=False)

    async def __aenter__(self) -> Self:
        self._group = await anyio.create_task_group().__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        assert self._group is not None, "entered first"
        try:
            await self.aclose()
        finally:
            ends_here = await leave(self._group, kind, error, trace)
        return ends_here

    async def send(self, *messages: bytes) -> None:
        """Begin to POST messages, as soon as fewer than 16 POSTs are under way. The answers come out of `receive`.

        Raises:
            ConnectionFailed, AuthenticationError: The link is closed, or `receive` has raised this.
            LocalProtocolError: A message is empty or over the limit `message`; nothing was sent.
        """
        check_messages(messages, self.limit)
        if self._group is None:
            raise LocalProtocolError("a link works only as an async context manager: `async with link:`")
        for message in joined(messages, self.batch):
            await self._slots.acquire()
            if self._is_closed or self._failure is not None:
                self._slots.release()
                raise self._failure or ConnectionFailed("the link is closed")
            self._group.start_soon(self._post, message)

    async def receive(self) -> bytes:
        """The next answer, in the order in which they came; b"" after `aclose`.

        Raises:
            AuthenticationError: The hub wants other credentials (HTTP 401 or 403).
            NoHub: What answers there is no hub.
        """
        while not self._is_closed:
            if self._answers:
                self._slots.release()
                return self._answers.popleft()
            if self._failure is not None:
                raise self._failure
            self._news = anyio.Event()
            await self._news.wait()
        return b""

    def feed(
        self, stream_id: str, last_event_id: int | None = None
    ) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """Listen to one stream. The messages end when the hub ends them: the stream is closed.

        Args:
            stream_id: The stream.
            last_event_id: The event to go on after; None for what the hub thinks best.

        Raises:
            ConnectionFailed: The hub has no feeds, or (while it is read) the feed broke, or the link was closed.
            AuthenticationError: The hub does not take these credentials.
            RpcError: The hub refuses: the stream is unknown, say.
        """
        return self._feed(f"{self.url}/streams/{quote(stream_id, safe='')}", last_event_id)

    async def aclose(self) -> None:
        """Let the POSTs that are under way be done, and close the connections. `receive` gives b"" from now on."""
        if self._is_closed:
            return
        self._is_closed = True
        self._news.set()
        _cancel(self._listening)
        while self._answers:
            self._answers.pop()
            self._slots.release()
        await shielded(self._hang_up)

    async def _hang_up(self) -> None:
        with anyio.move_on_after(_FAREWELL):
            await self._idle()
        _cancel(self._posting)
        await self.client.aclose()

    async def _idle(self) -> None:
        """Wait until no POST is under way."""
        taken = 0
        try:
            while taken < _PARALLEL:
                await self._slots.acquire()
                taken += 1
        finally:
            for _ in range(taken):
                self._slots.release()

    async def _post(self, message: bytes) -> None:
        answer = None
        try:
            with _scope_in(self._posting):
                answer = await self._ask(message)
        except httpx2.HTTPError as error:
            self._lose(str(failure_of(error, self.url)))
        except HocketError as error:
            self._failure = self._failure or error
        finally:
            if answer is None or self._is_closed:
                self._slots.release()
            else:
                self._answers.append(answer)
            self._news.set()

    async def _ask(self, message: bytes) -> bytes | None:
        headers = {"content-type": "application/json", "accept": "application/json"}
        async with self.client.stream("POST", f"{self.url}/jsonrpc", content=message, headers=headers) as response:
            body = await self._body(response)
        if body is None:
            self._lose(f"{self.url} gave {LimitExceeded('message', self.limit)}")
            return None
        answer = answer_of(self.url, response.status_code, body)
        if answer is None and not response.is_success:
            self._lose(f"{self.url} gave HTTP {response.status_code}{words_of(body)}")
        return answer

    def _lose(self, reason: str) -> None:
        self.lost += 1
        _log.info("no answer to a request: %s", reason)

    async def _body(self, response: httpx2.Response) -> bytes | None:
        """All of a body; None where it is larger than what is taken."""
        check_coding(self.url, response.headers)
        body = bytearray()
        async with aclosing(response.aiter_raw()) as pieces:
            async for data in pieces:
                body += data
                if len(body) > self.limit:
                    return None
        return bytes(body)

    @asynccontextmanager
    async def _feed(self, url: str, last_event_id: int | None) -> AsyncIterator[AsyncIterator[bytes]]:
        if self._is_closed:
            raise ConnectionFailed("the link is closed")
        headers = {"accept": "text/event-stream", "cache-control": "no-store"}
        if last_event_id is not None:
            headers["last-event-id"] = str(last_event_id)
        request = self.client.build_request("GET", url, headers=headers, timeout=_timeout(_SILENCE))
        try:
            response = await self.client.send(request, stream=True)
        except httpx2.HTTPError as error:
            raise ConnectionFailed(str(failure_of(error, url))) from None
        async with aclosing(response), aclosing(self._messages(url, response)) as messages:
            await self._check_feed(url, response)
            yield messages

    async def _check_feed(self, url: str, response: httpx2.Response) -> None:
        kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        check_coding(url, response.headers)
        if response.status_code == 204 or (response.status_code == 200 and kind == "text/event-stream"):
            return  # 204: the stream has ended, and we had all of it
        try:
            body = await self._body(response) or b""
        except httpx2.HTTPError:
            body = b""
        refusal = refusal_of(body)
        if refusal is not None and response.status_code != 401:
            raise RpcError(refusal)
        check_credentials(url, response.status_code, body)
        raise ConnectionFailed(f"{url} gave HTTP {response.status_code} in place of a feed{words_of(body)}")

    async def _messages(self, url: str, response: httpx2.Response) -> AsyncGenerator[bytes, None]:
        parser = SseParser(FramingLimits(frame=self.limit, sse_event=self.limit + _SSE_OVERHEAD))
        async with aclosing(response.aiter_raw()) as pieces:
            while data := await self._next_piece(url, pieces):
                parser.receive_data(data)
                while (event := parser.next_event()) is not None:
                    if isinstance(event, FrameRejected):
                        raise ConnectionFailed(f"{url} sent {LimitExceeded('message', self.limit)}")
                    yield event.data
        parser.receive_eof()
        if parser.cut:
            raise ConnectionFailed(f"{url} ended in the midst of an event")

    async def _next_piece(self, url: str, pieces: AsyncIterator[bytes]) -> bytes:
        try:
            with _scope_in(self._listening):
                return await anext(pieces, b"")
        except httpx2.HTTPError as error:
            raise ConnectionFailed(str(failure_of(error, url))) from None
        raise ConnectionFailed("the link is closed")


def joined(messages: Iterable[bytes], batch: int) -> Iterator[bytes]:
    """The bodies of POSTs for some messages, in their order: with up to `batch` of them in each.

    >>> list(joined([b"1", b"2", b"[3]", b"4"], 10))
    [b'[1,2]', b'[3]', b'4']
    """
    together: list[bytes] = []
    size = 1
    for message in messages:
        is_batch = message[:1] == b"["
        if together and (is_batch or len(together) >= batch or size + len(message) >= _TOGETHER):
            yield _body_of(together)
            together, size = [], 1
        if is_batch:
            yield message
        else:
            together.append(message)
            size += len(message) + 1  # a comma, or the bracket at the end
    if together:
        yield _body_of(together)


def _body_of(messages: list[bytes]) -> bytes:
    return messages[0] if len(messages) == 1 else b"[%b]" % b",".join(messages)


def _batch_of(response: httpx2.Response) -> int:
    """How many messages the hub takes in one POST, as it says where it says that it is well."""
    told = response.headers.get("x-jsonrpc-batch", "")
    return max(1, int(told)) if told.isascii() and told.isdigit() and len(told) <= 3 else 1


@contextmanager
def _scope_in(scopes: dict[anyio.CancelScope, None]) -> Iterator[None]:
    """Something that `_cancel` ends."""
    with anyio.CancelScope() as scope:
        scopes[scope] = None
        try:
            yield
        finally:
            del scopes[scope]


def _cancel(scopes: dict[anyio.CancelScope, None]) -> None:
    for scope in list(scopes):
        scope.cancel()


def _timeout(seconds: float) -> httpx2.Timeout:
    return httpx2.Timeout(_CONNECT, read=seconds)


async def open_http_link(
    url: str,
    *,
    headers: Mapping[str, str],
    query: Mapping[str, str] | None = None,
    limit: int,
    transport: httpx2.AsyncBaseTransport | None = None,
    context: ssl.SSLContext | None = None,
    tap: Tap | None = None,
) -> HttpLink:
    """Get in touch with a hub: ask for its health, whatever it answers.

    Args:
        url: The base of its addresses, without a slash at its end.
        headers: Header fields to send with every request.
        query: Query parameters to send with every request.
        limit: Bytes of one message, both ways.
        transport: What carries the requests; None for connections of its own.
        context: Which certificates are trusted; None for those that the system trusts.
        tap: Told what passes.

    Raises:
        ConnectionFailed: Nobody is there.
        AuthenticationError: The hub wants other credentials.
    """
    parts = urlsplit(url)
    user = None if parts.username is None else (unquote(parts.username), unquote(parts.password or ""))
    url = shown_url(url)  # it is in errors
    client = httpx2.AsyncClient(
        auth=None if "Authorization" in headers else user,
        headers={**headers, "accept-encoding": "identity"},
        params=dict(query or {}),
        timeout=_timeout(_ANSWER),
        verify=context or tls(),
        trust_env=not is_here(url),
        # A feed keeps its connection: with the usual hundred, the hundredth stream would be the last.
        limits=httpx2.Limits(max_connections=None, max_keepalive_connections=_PARALLEL),
        transport=transport,
    )
    fit_client(tap, client)
    try:
        async with client.stream("GET", f"{url}/health") as response:
            check_credentials(url, response.status_code, b"")
            batch = _batch_of(response)
    except httpx2.HTTPError as error:
        await client.aclose()
        raise ConnectionFailed(str(failure_of(error, url))) from None
    except BaseException:
        await shielded(client.aclose)
        raise
    return HttpLink(url, client, limit, batch)
