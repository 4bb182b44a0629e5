"""Host: an agent at work. It joins the server core to a store and a runner, and wakes the links that have mail.

One host serves one agent to any number of transports at once; it lives on one event loop (asyncio or trio).
"""

from __future__ import annotations

import itertools
import logging
import time
from collections.abc import Awaitable
from types import TracebackType
from typing import Self

from attrs import define, field

from hocket.a2a import (
    AgentCard,
    Append,
    Checkpoint,
    Delivery,
    Find,
    Interrupt,
    Link,
    Load,
    Ready,
    Release,
    Reply,
    Run,
    Server,
    ServerLimits,
)
from hocket.a2a.ports import StartPush, StopPush
from hocket.agent import Agent
from hocket.log import LogConflict
from hocket_io.extras import needs

with needs("http", "running an agent"):
    import anyio

    from hocket_io.concurrency.bell import LinkBell
    from hocket_io.concurrency.crowd import Crowd
    from hocket_io.concurrency.groups import leave
    from hocket_io.entropy import system_entropy
    from hocket_io.push import PushOptions
    from hocket_io.push.sender import PushSender
    from hocket_io.runner.runner import Runner
    from hocket_io.stores import MemoryStore

__all__ = ["Host", "HostLink"]

_log = logging.getLogger(__name__)


@define(eq=False)
class HostLink:
    """A transport's way to the host: what the server has for one caller, and a bell that rings when there is more."""

    host: Host
    name: Link
    _bell: LinkBell = field(factory=LinkBell, init=False)

    def take(self, limit: int = 256) -> list[Delivery]:
        """What the server has for this link now; [] when there is nothing more for the moment."""
        return self.host.server.take(self.name, limit)

    def wait(self, until: float | None = None) -> Awaitable[None]:
        """Sleep until the server has something for this link, or until the time `until` (seconds, as `now`)."""
        return self._bell.sleep(None if until is None else until - self.host.now())

    def ring(self) -> None:
        """Wake whoever waits, or will."""
        self._bell.ring()

    def close(self) -> None:
        """The caller is gone, or has all it wanted."""
        self._bell.close()
        self.host.close_link(self)


@define(eq=False)
class Host:
    """An agent, its tasks and its runs. Use it as an async context manager: leaving it ends what runs.

    Args:
        agent: What is served.
        store: Where the logs are kept.
        limits: Of the server.
        push: How push notifications are sent, and where to.

    Raises:
        LocalProtocolError: On entering: the agent has no function.
        MissingExtra: On entering: the agent sends push notifications, and nothing is installed that could.
    """

    agent: Agent
    store: MemoryStore = field(factory=MemoryStore)
    limits: ServerLimits = ServerLimits()
    push: PushOptions = field(default=PushOptions(), kw_only=True)
    server: Server = field(init=False)
    _runner: Runner = field(init=False)
    _sender: PushSender = field(init=False)
    _links: dict[Link, HostLink] = field(factory=dict, init=False)
    _names: itertools.count[int] = field(factory=lambda: itertools.count(1), init=False)
    _alarm: anyio.Event = field(factory=anyio.Event, init=False)
    _wakes_at: float = field(default=float("inf"), init=False)
    _group: anyio.abc.TaskGroup | None = field(default=None, init=False)
    _runs: Crowd | None = field(default=None, init=False)

    def __attrs_post_init__(self) -> None:
        entropy = system_entropy()
        self.server = Server(
            entropy=entropy,
            epoch=time.time() - time.monotonic(),
            limits=self.limits,
            on_disconnect=self.agent.on_disconnect,
            capabilities=self.agent.capabilities,
            extended_card=self._extended_card if self.agent.extended_card is not None else None,
            input_modes=self.agent.input_modes,
            push_rules=self.push.rules,
        )
        self._runner = Runner(self.agent, self.server, entropy, self.now, self.pump)
        self._sender = PushSender(self.push, entropy.random)

    async def __aenter__(self) -> Self:
        _ = self.agent.function  # one without would fail every task
        if self.agent.push_notifications:
            self._sender.prepare()
        await self._sender.__aenter__()
        self._group = await anyio.create_task_group().__aenter__()
        self._group.start_soon(self._keep_time)
        self._runs = Crowd(self._group)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._group is not None, "entered first"
        assert self._runs is not None, "it comes with the group"
        self._runner.close()
        try:
            try:
                await self._runs.ended()
            finally:
                await leave(self._group, kind, error, trace)
        finally:
            self._group = self._runs = None
            await self._sender.__aexit__(kind, error, trace)  # what the last runs have said is still sent

    def now(self) -> float:
        """Seconds on the host's monotonic clock: the `now` of its core."""
        return time.monotonic()

    def open_link(self) -> HostLink:
        """A new link, for one caller."""
        link = HostLink(self, next(self._names))
        self._links[link.name] = link
        return link

    def close_link(self, link: HostLink) -> None:
        """Forget a link."""
        if self._links.pop(link.name, None) is not None:
            self.server.disconnect(link.name, self.now())
            self.pump()

    def pump(self) -> None:
        """Do what the server asks for. Call it after everything that was said to the server."""
        server = self.server
        while (output := server.next_output()) is not None:
            match output:
                case Append():
                    self._append(output)
                case Ready(link=name):
                    if name in self._links:
                        self._links[name].ring()
                case Run():
                    assert self._runs is not None, "a host runs agents only while it is entered"
                    self._runs.start(self._runner.run, self._runner.begin(output))
                case Reply():
                    self._runner.reply(output)
                case Release():
                    self._runner.release(output)
                case Interrupt():
                    self._runner.interrupt(output)
                case Load(task_id=task_id):
                    server.loaded(task_id, self.store.load(task_id), self.now())
                case Find(ticket=ticket, query=query):
                    server.found(ticket, self.store.find(query), self.now())
                case Checkpoint():
                    self.store.checkpoint(output)
                case StartPush(link=name, config=config, dialect=dialect):
                    link = self._links[name] = HostLink(self, name)
                    self._sender.start(name, link, config, dialect)
                case StopPush(link=name):
                    self._sender.stop(name)
        at = server.next_timeout()
        if at is not None and at < self._wakes_at:
            self._alarm.set()

    def _extended_card(self, url: str) -> AgentCard | None:
        try:
            return self.agent.extended_card_at(url)
        except Exception:  # noqa: BLE001  -- the function that makes it is somebody else's code
            _log.exception("agent %r could not make its extended card", self.agent.name)
            return None

    def _append(self, output: Append) -> None:
        try:
            entries = self.store.append(output.task_id, output.expect, output.items, output.owner, output.weights)
        except LogConflict:
            self.server.append_refused(output.task_id, self.now())
        else:
            self.server.feed(output.task_id, entries, self.now())

    async def _keep_time(self) -> None:
        """Call the server when its time has come."""
        while True:
            at = self.server.next_timeout()
            self._wakes_at = float("inf") if at is None else at
            with anyio.move_on_after(max(0.0, self._wakes_at - self.now())):
                await self._alarm.wait()
            self._alarm = anyio.Event()
            self.server.handle_timeout(self.now())
            self.pump()
