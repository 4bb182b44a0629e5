"""A probe of a hub: each conversation is a connection of its own, which says who it is and then sends what it likes."""

from __future__ import annotations

import itertools
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from types import TracebackType
from typing import Self

import anyio
from attrs import define, field

from hocket.entropy import seeded
from hocket.errors import ConnectionFailed, HocketError
from hocket.testing.answers import LinkAnswer
from hocket.testing.probe import Ask, Binding, ProtocolName
from hocket_io.acp.host import HubHost
from hocket_io.acp.links.protocol import MessageLink
from hocket_io.concurrency.groups import scratch_group
from hocket_io.entropy import entropy_given
from hocket_io.testing.clocks import LoopName, VirtualClock
from hocket_io.testing.conversations import StagedConversation
from hocket_io.testing.stage import AsyncioStage, Stage, virtual_stage
from hocket_io.testing.web import Web

__all__ = ["Connect", "HubProbe", "MakeHub"]

Connect = Callable[[Ask], Awaitable[MessageLink]]
"""Connects to a hub as the agent, and with the header fields, that an ask names."""

MakeHub = Callable[[], HubHost]


@define(eq=False)
class _HostedHub:
    """A hub in this process, at work on a stage."""

    make: MakeHub
    host: HubHost | None = field(default=None, init=False)
    failure: BaseException | None = field(default=None, init=False)
    _is_up: anyio.Event = field(factory=anyio.Event, init=False)
    _is_wanted: anyio.Event = field(factory=anyio.Event, init=False)
    _is_down: anyio.Event = field(factory=anyio.Event, init=False)

    async def live(self) -> None:
        """Be at work until nobody wants it any more."""
        try:
            async with self.make() as self.host:
                self._is_up.set()
                await self._is_wanted.wait()
        except Exception as error:  # noqa: BLE001  -- told to whoever starts it
            self.failure = error
        finally:
            self._is_up.set()
            self._is_down.set()

    async def wait_for_start(self) -> None:
        """Until it is up, or cannot be."""
        await self._is_up.wait()

    async def stop(self) -> None:
        """End it, and wait for that."""
        self._is_wanted.set()
        await self._is_down.wait()


@define(eq=False)
class _Connection:
    """One connection of a conversation."""

    connect: Connect
    ask: Ask
    answer: LinkAnswer = field(factory=LinkAnswer, init=False)
    conversation: StagedConversation | None = field(default=None, init=False)
    _link: MessageLink | None = field(default=None, init=False)
    _is_up: anyio.Event = field(factory=anyio.Event, init=False)
    _is_wanted: anyio.Event = field(factory=anyio.Event, init=False)
    _is_down: anyio.Event = field(factory=anyio.Event, init=False)

    async def live(self) -> None:
        """Connect, and take what comes until the conversation is left."""
        try:
            async with await self.connect(self.ask) as self._link, scratch_group() as group:
                self._is_up.set()
                group.start_soon(self._read, self._link)
                await self._is_wanted.wait()
        except HocketError as error:
            self.answer.receive_failure(str(error))
        finally:
            self._is_up.set()
            self._is_down.set()
            self._ring()

    async def begin(self) -> None:
        """Wait until it is up, and send what was asked with, if anything was."""
        await self._is_up.wait()
        if self.ask.body is not None:
            await self.send(self.ask.body)

    async def send(self, body: bytes) -> None:
        """Send a message. That the connection is broken is told by its end."""
        if self._link is None:
            return
        try:
            await self._link.send(body)
        except ConnectionFailed as error:
            self.answer.receive_failure(str(error))

    async def leave(self) -> None:
        """Hang up."""
        self._is_wanted.set()
        await self._is_down.wait()

    async def _read(self, link: MessageLink) -> None:
        try:
            while message := await link.receive():
                self.answer.receive_message(message)
                self._ring()
            self.answer.receive_eof()
        except HocketError as error:
            self.answer.receive_failure(str(error))
        self._ring()

    def _ring(self) -> None:
        if self.conversation is not None:
            self.conversation.ring()


@define(eq=False)
class HubProbe:
    """A probe of an ACP hub; see `hocket.testing.probe.Probe`. A context manager.

    `Ask.headers` says who connects, in X-Agent-Id; what else is there goes along where the hub is behind HTTP.

    Args:
        target: What it is, as it may be shown.
        binding: What carries the messages.
        connect: Connects, where the hub is at an address.
        make: Makes the hub, where it is to run in this process; each start makes another one.
        web: What carries requests with a `path` of their own, where it takes such.
        loop: The event loop of a hub in this process.
        seed: What the ids come from that it is given.
        prefix: What the ids begin with that the probe makes.

    Raises:
        HocketError: On entering: the hub cannot be reached, or started.
    """

    target: str
    binding: Binding
    connect: Connect | None = None
    make: MakeHub | None = None
    web: Web | None = None
    loop: LoopName = "asyncio"
    seed: int = 0
    prefix: str = "id"
    _stage: Stage = field(init=False)
    _hub: _HostedHub | None = field(default=None, init=False)
    _stack: ExitStack = field(factory=ExitStack, init=False)
    _ids: itertools.count[int] = field(factory=lambda: itertools.count(1), init=False)

    def __enter__(self) -> Self:
        self._start()
        try:
            self._check_reached()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    @property
    def protocol(self) -> ProtocolName:
        """What it speaks."""
        return "acp"

    @property
    def versions(self) -> tuple[str, ...]:
        """There are none of A2A."""
        return ()

    @property
    def card(self) -> None:
        """A hub has none."""

    @property
    def raised(self) -> list[BaseException]:
        """Nobody knows."""
        return []

    def open(self, ask: Ask) -> StagedConversation:
        """Connect, or send a request where the ask has a `path`. What goes wrong is seen in the conversation."""
        if ask.path is not None and self.web is not None:
            return self.web.open(f"{self.web.url}{ask.path}" if ask.path.startswith("/") else ask.path, ask)
        connection = _Connection(self._connected, ask)
        conversation = StagedConversation(self._stage, connection.answer, connection.leave, connection.send)
        connection.conversation = conversation
        self._stage.begin(connection.live)
        self._stage.run(connection.begin)
        return conversation

    def curl(self, ask: Ask) -> str | None:
        """A line for a shell that asks the same; None but for hubs behind HTTP."""
        if self.web is None:
            return None
        return self.web.curl(f"{self.web.url}{ask.path or '/jsonrpc'}", ask)

    def fresh_id(self) -> str:
        """An id that this probe has not given before, or not since the hub was started anew."""
        return f"{self.prefix}-{next(self._ids)}"

    def wait(self, seconds: float) -> None:
        """Let time pass at the hub."""
        self._stage.run(anyio.sleep, seconds)

    def restart(self) -> None:
        """Start the hub anew where that is possible: in this process."""
        if self.make is not None:
            self._stack.close()
            self._start()
            self._ids = itertools.count(1)

    async def _connected(self, ask: Ask) -> MessageLink:
        from hocket_io.acp.links.open import open_link

        if self._hub is None or self._hub.host is None:
            assert self.connect is not None, "a hub is made here, or it is at an address"
            return await self.connect(ask)
        fields = {name.lower(): value for name, value in ask.headers.items()}
        return await open_link(self._hub.host, agent=fields.get("x-agent-id"))

    def _start(self) -> None:
        with ExitStack() as stack:
            with entropy_given(seeded(self.seed)):
                self._stage = virtual_stage(self.loop, VirtualClock()) if self.make is not None else AsyncioStage()
            stack.enter_context(self._stage)
            if self.web is not None:
                self.web.start()
                stack.callback(self.web.stop)
            if self.make is not None:
                hub = self._hub = _HostedHub(self.make)
                self._stage.begin(hub.live)
                self._stage.run(hub.wait_for_start)
                if hub.failure is not None:
                    raise hub.failure
                stack.callback(lambda: self._stage.run(hub.stop))
            self._stack = stack.pop_all()

    def _check_reached(self) -> None:
        """Knock: whether there is a hub is then known, and the knock is over."""
        conversation = self.open(Ask(headers={"X-Agent-Id": "probe"}))
        if conversation.end == "cut":
            raise ConnectionFailed(conversation.reason)
        conversation.close()
