"""PushSender: the push notifications of one host.

A receiver that is slow or gone costs a place in a log, and holds up nobody.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Self
from weakref import WeakValueDictionary

import anyio
import anyio.abc
from attrs import define, field

from hocket.a2a import PushTarget
from hocket.a2a.ports import PushLink
from hocket.a2a.requests import TaskPushNotificationConfig
from hocket.http import Headers, Response
from hocket.http.push import PushReceiver, push_headers
from hocket.http.words import shown_url
from hocket_io.concurrency.groups import leave
from hocket_io.extras import needs
from hocket_io.push.delivery import PushDelivery
from hocket_io.push.options import PushOptions
from hocket_io.push.ports import Post, Source
from hocket_io.push.slots import ReceiverSlots

__all__ = ["PushSender"]

_log = logging.getLogger(__name__)


@define(eq=False)
class PushSender:
    """Sends push notifications. An async context manager, under asyncio and trio.

    Leaving it gives what is on its way some seconds to arrive (`PushOptions.grace`), and says in the log what did not.

    Args:
        options: Where to, and how hard.
        random: For jitter, 0 <= random() < 1.
        post: Posts; None for HTTP, with connections of its own.
    """

    options: PushOptions
    random: Callable[[], float]
    post: Post | None = None
    _deliveries: dict[PushLink, PushDelivery] = field(factory=dict, init=False)
    _slots: anyio.CapacityLimiter = field(init=False)
    _receivers: WeakValueDictionary[tuple[str, int], ReceiverSlots] = field(factory=WeakValueDictionary, init=False)
    _connections: AsyncExitStack = field(factory=AsyncExitStack, init=False)
    _group: anyio.abc.TaskGroup | None = field(default=None, init=False)
    _one_ended: anyio.Event = field(factory=anyio.Event, init=False)

    def __attrs_post_init__(self) -> None:
        self._slots = anyio.CapacityLimiter(self.options.connections)

    async def __aenter__(self) -> Self:
        self._group = await anyio.create_task_group().__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._group is not None, "entered first"
        for delivery in self._deliveries.values():
            delivery.finish()
        try:
            with anyio.move_on_after(self.options.grace, shield=True):
                while self._deliveries:
                    await self._one_ended.wait()
        finally:
            group, self._group = self._group, None
            try:
                await leave(group, kind, error, trace)
            finally:
                await self._connections.aclose()

    def prepare(self) -> None:
        """Load what takes a while to load, so that the first notification holds up nobody.

        Raises:
            MissingExtra: It is not installed.
        """
        if self.post is None:
            with needs("http", "sending push notifications"):
                from hocket_io.push.post import Poster
            poster = Poster(self.options)
            self._connections.push_async_exit(poster)
            self.post = poster.post

    def start(self, link: PushLink, source: Source, config: TaskPushNotificationConfig, dialect: str) -> None:
        """Send what `source` gives until its task has ended; then, and if it is given up before, close it.

        Args:
            link: What it is called.
            source: Where the events come from.
            config: Where they go. One that the rules do not allow is not sent anything.
            dialect: "1.0" or "0.3".
        """
        assert self._group is not None, "a sender sends only while it is entered"
        name = f"push notifications of task {link.task_id} to {shown_url(config.url)}"
        violation, target = self.options.rules.violation(config), self.options.rules.read(config.url)
        if violation is not None or isinstance(target, str):
            _log.warning("%s: refused: %s %s", name, *(violation or ("url", target)))
            source.close()
            return
        headers = push_headers(config, target, dialect)
        progress = PushReceiver(self.options.backoff)
        place = target.host, target.port
        slots = self._receivers.get(place) or ReceiverSlots(self.options.per_receiver, self.options.timeout)
        self._receivers[place] = slots
        delivery = PushDelivery(name, source, target, headers, progress, self._post, self._slots, slots, self.random)
        self._deliveries[link] = delivery
        self._group.start_soon(self._run, link, delivery)

    def stop(self, link: PushLink) -> None:
        """Send nothing more for a configuration: it was deleted, or replaced."""
        delivery = self._deliveries.get(link)
        if delivery is not None:
            delivery.stop()

    async def _run(self, link: PushLink, delivery: PushDelivery) -> None:
        try:
            await delivery.run()
        except Exception:  # noqa: BLE001  -- one receiver's trouble must not end the host
            _log.exception("%s: ended by a mistake of ours", delivery.name)
        finally:
            del self._deliveries[link]
            delivery.source.close()
            self._one_ended.set()
            self._one_ended = anyio.Event()

    async def _post(self, target: PushTarget, headers: Headers, body: bytes) -> Response:
        self.prepare()
        assert self.post is not None, "prepared"
        return await self.post(target, headers, body)
