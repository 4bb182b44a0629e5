"""Wiring: the connections under a line, one after the other, and the feeds of its streams where they come apart."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import anyio
import anyio.abc
from attrs import define, field

from hocket.acp.client.events import Listen, Poll, Reconnect, Unlisten
from hocket.errors import AuthenticationError, ConnectionFailed, HocketError
from hocket_io.acp.links.answers import NoHub
from hocket_io.acp.links.protocol import MessageLink
from hocket_io.concurrency.groups import scratch_group

if TYPE_CHECKING:
    from hocket_io.acp.line import Line

__all__ = ["HubLeft", "Wiring"]

_log = logging.getLogger(__name__)


class HubLeft(ConnectionFailed):
    """A connection that nobody can make again has ended in good order: the hub that started this process is done."""


@define(eq=False, repr=False)
class Wiring:
    """Carries messages between a machine and a hub. It connects again when the machine says so.

    Args:
        line: Whose messages they are.
        connect: Makes a connection; None where only the hub can.
        group: Where feeds are read.
        link: The first connection, then the one that there is; None between two.
    """

    line: Line
    connect: Callable[[], Awaitable[MessageLink]] | None
    group: anyio.abc.TaskGroup
    link: MessageLink | None
    _is_due: bool = field(default=False, init=False)
    _is_proven: bool = field(default=False, init=False)
    _using: anyio.CancelScope = field(factory=anyio.CancelScope, init=False)
    _feeds: dict[str, anyio.CancelScope] = field(factory=dict, init=False)
    _is_resting: anyio.Event = field(factory=anyio.Event, init=False)

    def follow(self, wish: Listen | Unlisten | Reconnect | Poll) -> None:
        """Do what the machine wants of its transport."""
        match wish:
            case Listen(stream_id=stream_id) | Reconnect(stream_id=str(stream_id)):
                self._listen(stream_id, wish.last_event_id)
            case Unlisten(stream_id=stream_id):
                self._unlisten(stream_id)
            case Reconnect() | Poll():
                self._is_due = True

    async def live(self) -> None:
        """Use one connection after the other, until the line is over."""
        machine, line = self.line.machine, self.line
        try:
            while True:
                error = await self._use()
                if line.over is not None:
                    return
                if self.connect is None:
                    raise error or HubLeft("the hub has ended the connection")
                _log.info("the connection to the hub was lost: %s", error or "it has ended")
                machine.connection_lost(line.now(), error)
                line.pump()
                if isinstance(error, AuthenticationError) or (isinstance(error, NoHub) and not self._is_proven):
                    raise error
                await self._connect_again(self.connect)
        except HocketError as error:
            line.end(error)
        finally:
            # A mistake of ours must not let others wait for ever.
            line.end(ConnectionFailed("the client has failed, or was cancelled"))
            self._is_resting.set()

    async def rest(self) -> None:
        """Let the hub go in good order. The line is over."""
        for stream_id in list(self._feeds):
            self._unlisten(stream_id)
        self._using.cancel()
        await self._is_resting.wait()

    async def _use(self) -> HocketError | None:
        """Read and write until the link breaks, and say how it did."""
        machine, line, link = self.line.machine, self.line, self.link
        assert link is not None, "it was just made"
        ends: list[HocketError | None] = []
        async with link, scratch_group() as group:
            self._using = group.cancel_scope

            async def until_it_breaks(work: Callable[[MessageLink], Awaitable[None]]) -> None:
                try:
                    await work(link)
                    ends.append(None)
                except HocketError as error:
                    ends.append(error)
                group.cancel_scope.cancel()

            if line.over is not None:
                return None
            self._is_due = False
            machine.connected(line.now(), same_session=link.listens_apart)
            line.pump()
            group.start_soon(until_it_breaks, self._write)
            await until_it_breaks(self._read)
        self.link = None
        return ends[0] if ends else None

    async def _connect_again(self, connect: Callable[[], Awaitable[MessageLink]]) -> None:
        """Make a connection whenever the machine says so, until there is one.

        Raises:
            AuthenticationError: The hub does not want us any more.
            HocketError: The line is over.
        """
        while self.link is None:
            while not self._is_due:
                await self.line.change()
            self._is_due = False
            try:
                with anyio.CancelScope() as self._using:
                    self.link = await connect()
                    _log.info("connected to the hub again")
            except AuthenticationError:
                raise
            except HocketError as error:
                _log.info("the hub cannot be reached yet: %s", error)
                self.line.machine.connection_lost(self.line.now(), error)
                self.line.pump()

    async def _write(self, link: MessageLink) -> None:
        while True:
            while not (messages := self.line.machine.messages_to_send()):
                await self.line.change()
            self.line.arm()  # from now on an answer is waited for
            await link.send(*messages)

    async def _read(self, link: MessageLink) -> None:
        while message := await link.receive():
            self._take(message)
            if not link.listens_apart:
                await self._room()

    # Feeds

    def _listen(self, stream_id: str, last_event_id: int | None) -> None:
        self._unlisten(stream_id)
        if self.link is not None:
            scope = self._feeds[stream_id] = anyio.CancelScope()
            self.group.start_soon(self._feed, self.link, stream_id, last_event_id, scope)

    def _unlisten(self, stream_id: str) -> None:
        if (scope := self._feeds.pop(stream_id, None)) is not None:
            scope.cancel()

    async def _feed(
        self, link: MessageLink, stream_id: str, last_event_id: int | None, scope: anyio.CancelScope
    ) -> None:
        """Read one stream, where it is read apart from the answers."""
        machine, line = self.line.machine, self.line
        error: HocketError | None = None
        with scope:
            try:
                async with link.feed(stream_id, last_event_id) as messages:
                    machine.feed_opened(stream_id, line.now())
                    line.pump()
                    async for message in messages:
                        self._take(message)
                        await self._room(stream_id)
            except HocketError as broken:
                error = broken
            if self._feeds.get(stream_id) is scope:  # otherwise nobody wants it any more
                del self._feeds[stream_id]
                machine.feed_lost(stream_id, line.now(), error)
                line.pump()

    def _take(self, message: bytes) -> None:
        self._is_proven = True
        self.line.machine.receive_message(message, self.line.now())
        self.line.pump()

    async def _room(self, stream_id: str | None = None) -> None:
        await self.line.mail.room(lambda: self.line.is_asked, stream_id)
