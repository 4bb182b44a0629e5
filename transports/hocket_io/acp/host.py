"""HubHost: a hub at work. It gives the hub the time, wakes the links, and tells what happens.

One host serves any number of connections of any kind at once; it lives on one event loop (asyncio or trio).
"""

from __future__ import annotations

import itertools
import logging
import time
from collections.abc import Callable, Coroutine, Hashable
from math import inf
from types import TracebackType
from typing import Any, Self
from weakref import WeakSet

import anyio
from attrs import define, field

from hocket.acp.events import FrameRejected, StreamEvent
from hocket.acp.hub import Hub
from hocket.acp.hub.delivery import Ready
from hocket.acp.hub.links import Send
from hocket.acp.limits import HubLimits
from hocket.errors import CodecError, ConnectionFailed, FramingError, LimitExceeded, LocalProtocolError
from hocket.http.principal import Authenticate
from hocket_io.acp.bell import Bell
from hocket_io.acp.happenings import Happenings
from hocket_io.concurrency.groups import leave
from hocket_io.entropy import system_entropy

__all__ = ["HubHost", "HubLink"]

_log = logging.getLogger(__name__)


def _itself(principal: str, agent_id: str) -> bool:
    return principal == agent_id


@define(eq=False, repr=False)
class HubLink:
    """A transport's way to the hub: what the hub has for one connection, and a bell that rings when there is more."""

    host: HubHost
    name: int
    _bell: anyio.Event = field(factory=anyio.Event, init=False)
    _room: Bell = field(factory=Bell, init=False)

    def receive(self, message: bytes) -> None:
        """One whole JSON-RPC message, or a batch, from the other side."""
        self.host.hub.receive(self.name, message, self.host.now())
        self.host.pump()

    def refuse(self, error: CodecError | FramingError | LimitExceeded) -> None:
        """Something came that is no message."""
        self.host.hub.refuse(self.name, error, self.host.now())
        self.host.pump()

    def take(self, limit: int = 256) -> list[Send]:
        """What the hub has for this link now; [] when there is nothing more for the moment."""
        taken = self.host.hub.take(self.name, limit)
        self.made_room()
        return taken

    async def wait(self, until: float | None = None) -> None:
        """Sleep until the hub has something for this link, or until the time `until` (seconds, as `now`)."""
        if until is None:
            await self._bell.wait()
        else:
            with anyio.move_on_after(max(0.0, until - self.host.now())):
                await self._bell.wait()
        if self._bell.is_set():
            self._bell = anyio.Event()

    async def room(self) -> None:
        """Sleep as long as answers of more than `limits.unread` bytes wait to be taken. Then read on, not before.

        It ends, too, when the host is left.
        """
        while self.host.is_running and self.host.hub.unread(self.name) > self.host.limits.unread:
            await self._room.wait()

    def made_room(self) -> None:
        """Something was taken from the hub: whoever waits for room looks again. Done by `take`."""
        self._room.ring()

    def ring(self) -> None:
        """Wake whoever waits, or will."""
        self._bell.set()

    def close(self) -> None:
        """The connection is gone."""
        self.host.close_link(self)


@define(eq=False, repr=False)
class HubHost:
    """A hub, its clock and its links. Use it as an async context manager: leaving it ends what runs.

    The streams are in memory and live as long as the object: a host that is entered again goes on with them.

    Args:
        limits: Of the hub.
        may_speak_for: Whether a principal may speak for an agent of another name. A pure function.
        authenticate: For whom the header fields of an HTTP request or a WebSocket vouch, for instance
            `bearer_tokens({token: agent})`; by default the word of whoever comes is taken.
    """

    limits: HubLimits = HubLimits()
    may_speak_for: Callable[[str, str], bool] = field(default=_itself, kw_only=True)
    authenticate: Authenticate | None = field(default=None, kw_only=True)
    hub: Hub = field(init=False)
    _links: dict[Hashable, HubLink] = field(factory=dict, init=False)
    _names: itertools.count[int] = field(factory=lambda: itertools.count(1), init=False)
    _listeners: WeakSet[Happenings] = field(factory=WeakSet, init=False)
    _alarm: anyio.Event = field(factory=anyio.Event, init=False)
    _wakes_at: float = field(default=inf, init=False)
    _group: anyio.abc.TaskGroup | None = field(default=None, init=False)

    def __attrs_post_init__(self) -> None:
        self.hub = Hub(
            entropy=system_entropy(),
            epoch=time.time() - time.monotonic(),
            limits=self.limits,
            may_speak_for=self.may_speak_for,
        )

    def __repr__(self) -> str:
        return f"HubHost(is_running={self.is_running}, links={len(self._links)})"

    async def __aenter__(self) -> Self:
        if self._group is not None:
            raise LocalProtocolError("the host is running already: enter it once, and share it")
        self._alarm, self._wakes_at = anyio.Event(), inf  # those of another event loop are of no use here
        self._group = await anyio.create_task_group().__aenter__()
        self._group.start_soon(self._keep_time)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._group is not None, "entered first"
        try:
            await leave(self._group, kind, error, trace)
        finally:
            self._group = None
            for link in self._links.values():  # whoever waits there looks whether there is a hub still
                link.ring()
                link.made_room()
            for listener in list(self._listeners):
                listener.end()

    @property
    def is_running(self) -> bool:
        """Whether it was entered, and not left yet."""
        return self._group is not None

    def now(self) -> float:
        """Seconds on the host's monotonic clock: the `now` of its hub."""
        return time.monotonic()

    def events(self, limit: int = 10_000) -> Happenings:
        """Everything that happens from now on, for `async for`, until the host is left.

        Args:
            limit: Events that may wait to be read. Beyond it the oldest are dropped, and that is told: the next event
                is a `Missed`.
        """
        happenings = Happenings(limit)
        self._listeners.add(happenings)
        return happenings

    def start_soon(self, function: Callable[..., Coroutine[Any, Any, Any]], *args: Any) -> None:
        """Run something until the host is left: a connection, say. What it raises ends the host.

        Raises:
            LocalProtocolError: The host is not running.
        """
        self.check_running()
        assert self._group is not None, "checked"
        self._group.start_soon(function, *args)

    def check_running(self) -> None:
        """Refuse what a host can do only while it runs.

        Raises:
            LocalProtocolError: It was not entered, or it was left.
        """
        if self._group is None:
            raise LocalProtocolError("the hub is not running: enter it first, as in `async with host:`")

    def new_link(self) -> HubLink:
        """A link that the hub does not know yet: what comes is the first to say what kind of connection it is."""
        link = HubLink(self, next(self._names))
        self._links[link.name] = link
        return link

    def open_link(
        self,
        *,
        principal: str | None = None,
        ordered: bool = True,
        listens: bool = True,
        session: Hashable | None = None,
    ) -> HubLink:
        """A link, connected to the hub. The arguments are those of `Hub.connect`.

        Raises:
            ConnectionFailed: The hub has all the connections it can hold.
        """
        link = self.new_link()
        error = self.hub.connect(
            link.name, self.now(), principal=principal, ordered=ordered, listens=listens, session=session
        )
        if error is not None:
            del self._links[link.name]
            raise ConnectionFailed(error.message)
        self.pump()
        return link

    def close_link(self, link: HubLink) -> None:
        """Forget a link. Twice is harmless."""
        if self._links.pop(link.name, None) is not None:
            self.hub.disconnect(link.name, self.now())
            self.pump()

    def pump(self) -> None:
        """Pass on what the hub tells. Call it after everything that was said to the hub."""
        while (event := self.hub.next_event()) is not None:
            if isinstance(event, Ready):
                if event.link in self._links:
                    self._links[event.link].ring()
            else:
                self._tell(event)
        at = self.hub.next_timeout()
        if at is not None and at < self._wakes_at:
            self._alarm.set()

    def _tell(self, event: StreamEvent) -> None:
        if isinstance(event, FrameRejected):
            _log.debug("refused %s of %r: %s", event.method or "a message", event.agent_id, event.error.message)
        for listener in list(self._listeners):
            listener.put(event)

    async def _keep_time(self) -> None:
        """Call the hub when its time has come."""
        while True:
            at = self.hub.next_timeout()
            self._wakes_at = inf if at is None else at
            with anyio.move_on_after(max(0.0, self._wakes_at - self.now())):
                await self._alarm.wait()
            self._alarm = anyio.Event()
            self.hub.handle_timeout(self.now())
            self.pump()
