"""An agent at a URL: requests as they are wanted, also such as no client sends, and responses as they come."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack

import anyio
import httpx2
from attrs import define, field

from hocket.http.words import shown_url
from hocket.testing.answers import HttpAnswer
from hocket.testing.curl import curl_line
from hocket.testing.probe import Ask, Binding
from hocket_io.concurrency.groups import scratch_group
from hocket_io.http.network import BROKEN, async_client, failure_of, url_and_credentials
from hocket_io.http.options import HttpOptions
from hocket_io.testing.conversations import StagedConversation
from hocket_io.testing.stage import AsyncioStage

__all__ = ["Web"]

_ONCE = httpx2.Limits(max_connections=1_000, max_keepalive_connections=0)
"""No connection is used again: one that a server closes after an answer would break the next request, which did no
wrong."""

_SENDING = 10.0
"""Seconds that a request may take to be on its way; what comes later is seen by whoever waits for the answer."""


@define(eq=False)
class Web:
    """Connections to a server, which carry requests to it; see `Carrier`.

    Args:
        url: The agent's, or the hub's.
        options: How it is spoken to. Only the timeouts for the connection and for writing count: each conversation
            waits for as long as it is asked to.
    """

    url: str = field(repr=shown_url)
    options: HttpOptions
    stage: AsyncioStage = field(factory=AsyncioStage, init=False)
    _client: httpx2.AsyncClient = field(init=False)
    _stack: ExitStack = field(factory=ExitStack, init=False)

    @property
    def binding(self) -> Binding:
        """What carries them."""
        return "http"

    @property
    def can_restart(self) -> bool:
        """A server belongs to somebody else."""
        return False

    @property
    def raised(self) -> list[BaseException]:
        """Nobody knows."""
        return []

    def start(self) -> None:
        """Get ready.

        Raises:
            LocalProtocolError: The environment names a proxy that cannot be used, or an event loop runs here already.
        """
        with ExitStack() as stack:
            stack.enter_context(self.stage)
            self._client = self.stage.run(self._connect)
            stack.callback(lambda: self.stage.run(self._client.aclose))
            self._stack = stack.pop_all()

    def stop(self) -> None:
        """Close all connections."""
        self._stack.close()

    def curl(self, url: str, ask: Ask) -> str:
        """A line for a shell that asks the same."""
        return curl_line(url, ask, self.options.headers)

    def open(self, url: str, ask: Ask) -> StagedConversation:
        """Send a request; it is on its way, if the server takes it."""
        answer = HttpAnswer()
        is_left, is_sent = anyio.Event(), anyio.Event()

        async def leave() -> None:
            is_left.set()

        conversation = StagedConversation(self.stage, answer, leave)
        self.stage.begin(self._live, url, ask, conversation, is_sent, is_left)
        self.stage.run(_wait_for, is_sent)
        return conversation

    async def _connect(self) -> httpx2.AsyncClient:
        client = async_client(self.url, self.options, None, _ONCE)
        phases = self.options.phases
        client.timeout = httpx2.Timeout(connect=phases.connect, read=None, write=phases.write, pool=phases.pool)
        return client

    async def _live(
        self, url: str, ask: Ask, conversation: StagedConversation, is_sent: anyio.Event, is_left: anyio.Event
    ) -> None:
        """Perform the request until it is answered, or its answer is left."""
        async with scratch_group() as group:
            group.start_soon(self._perform, url, ask, conversation, is_sent, group.cancel_scope)
            await is_left.wait()

    async def _perform(
        self, url: str, ask: Ask, conversation: StagedConversation, is_sent: anyio.Event, scope: anyio.CancelScope
    ) -> None:
        answer = conversation.answer
        assert isinstance(answer, HttpAnswer), "a server answers with responses"

        async def trace(event: str, info: Mapping[str, object]) -> None:
            if event.endswith("send_request_body.complete"):
                is_sent.set()

        try:
            bare, auth = url_and_credentials(url)
            async with self._client.stream(
                ask.http_method,
                bare,
                content=ask.body,
                headers=_fields(ask, self.options.headers),
                auth=auth,
                extensions={"trace": trace},
            ) as response:
                answer.receive_head(response.status_code, list(response.headers.multi_items()))
                is_sent.set()
                async for data in response.aiter_raw():
                    answer.receive_data(data)
                    conversation.ring()
                    if answer.end == "cut":
                        return
            answer.receive_eof()
        except BROKEN as error:
            answer.receive_failure(str(failure_of(error, url, self.options)))
        except (httpx2.InvalidURL, ValueError) as error:  # a header field, say, that this HTTP client cannot write
            answer.receive_failure(f"the request cannot be sent: {error}")
        finally:
            is_sent.set()
            conversation.ring()
            scope.cancel()


def _fields(ask: Ask, always: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    """The header fields: what httpx2 would add of its own is put right, or left out."""
    given = {name.lower() for name in ask.headers}
    fields = {name: value for name, value in always.items() if name.lower() not in given}
    fields.update(ask.headers)
    for name, value in (("Accept", "application/json, text/event-stream"), ("Accept-Encoding", "identity")):
        if name.lower() not in given:
            fields.setdefault(name, value)
    return [(name.encode("utf-8"), value.encode("utf-8", "surrogateescape")) for name, value in fields.items()]


async def _wait_for(event: anyio.Event) -> None:
    with anyio.move_on_after(_SENDING):
        await event.wait()
