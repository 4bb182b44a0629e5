"""Writers: a message that is said piece by piece, and messages that are sent together."""

from __future__ import annotations

import uuid
from collections import deque
from types import TracebackType
from typing import ClassVar, Self

from attrs import define, evolve, field

from hocket.acp.assembly import MESSAGE_ID
from hocket.acp.client.events import BatchFailed
from hocket.acp.model import Content, Message, Part, Role, message_of, text_part
from hocket.acp.states import ClientState
from hocket.errors import ConnectionFailed, HocketError, LocalProtocolError
from hocket_io.acp.line import Line, Question
from hocket_io.acp.links.protocol import MessageLink
from hocket_io.acp.unread import AcpEvent, Unread

__all__ = ["BatchWriter", "ChunkWriter"]

_POSTED = 100
"""Messages of a batch that have not arrived before the next one has to wait."""
_WINDOW = 16
"""Chunks that are under way before the next one waits for answers. (A hub keeps 64 that have overtaken another.)"""
_REFILL = 8
"""Chunks that are still under way when it goes on: then the next ones travel together, and not one for each answer."""

_INSIDE = "write inside `async with stream.{}() as out:` (`with`, where there is no event loop)"


@define(eq=False, repr=False)
class ChunkWriter:
    """A message in pieces, for `async with stream.chunks() as out:`. Several may be open at the same time.

    What is written is sent at once. The message ends with the block, which waits until the hub has all of it. Where
    the block ends with an exception, the message does not end: the others are told that it was lost, when its sender's
    connection breaks or nothing has come for `LaneLimits.stall` seconds. A block that writes nothing says nothing.

    Args:
        line: The connection.
        stream_id: The stream.
        role: In which role.
    """

    line: Line
    stream_id: str
    role: Role
    _message_id: str = field(factory=lambda: str(uuid.uuid4()), init=False)
    _sequence: int = field(default=0, init=False)
    _link: MessageLink | None = field(default=None, init=False)
    _is_writing: bool = field(default=False, init=False)
    _is_entered: bool = field(default=False, init=False)
    _is_closed: bool = field(default=False, init=False)
    _unanswered: deque[Question] = field(factory=deque, init=False)

    async def __aenter__(self) -> Self:
        if self._is_entered:
            raise LocalProtocolError("one block is one message: call chunks() again for another one")
        self._is_entered = True
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is None and self._sequence:
                await self._write((text_part(""),), is_last=True)
                await self._settle(0)
        finally:
            self._is_closed = True

    async def text(self, text: str) -> None:
        """Say more text. No text is nothing to say.

        Raises:
            As `part`.
        """
        part = text_part(text)
        await self.part(*[part] if text else [])

    async def part(self, *parts: Part) -> None:
        """Say one Part more, or several in one chunk.

        Raises:
            LocalProtocolError: The stream is paused or closed: nothing was sent, and the message may go on later. Or
                it is no Part, or the block has not begun, or is over.
            RpcError: The hub has refused this chunk or one before it; the message is lost.
            ConnectionFailed: The connection broke in the midst of the message, which is lost.
        """
        self._check()
        if parts:
            self._is_writing = True
            try:
                await self._write(message_of(parts).parts, is_last=False)
                await self._settle(_WINDOW if len(self._unanswered) < _WINDOW else _REFILL)
            finally:
                self._is_writing = False

    def _check(self) -> None:
        if not self._is_entered:
            raise LocalProtocolError(f"the message has not begun: {_INSIDE.format('chunks')}")
        if self._is_closed or self._is_writing:
            why = "the message is over" if self._is_closed else "another task is writing it"
            raise LocalProtocolError(f"nothing can be added to this message: {why}")

    async def _write(self, parts: tuple[Part, ...], *, is_last: bool) -> None:
        line = self.line
        if self._link is not None and self._link is not line.link and self._link.is_ordered:
            raise ConnectionFailed("the connection to the hub was lost in the midst of a message of chunks")
        await line.reachable(self.stream_id)
        self._link = self._link or line.link
        first = evolve(parts[0], extra={**parts[0].extra, MESSAGE_ID: self._message_id})
        chunk = Message(role=self.role, parts=(first, *parts[1:]))
        self._unanswered.append(
            line.pose(line.machine.chunk, self.stream_id, chunk, self._sequence + 1, is_last=is_last, now=line.now())
        )
        self._sequence += 1

    async def _settle(self, allowed: int) -> None:
        """Look at the answers that are there, and wait for more as long as too many are missing."""
        while self._unanswered and (len(self._unanswered) > allowed or self._unanswered[0].outcome is not None):
            await self.line.answer(self._unanswered.popleft())


@define(eq=False, repr=False)
class BatchWriter:
    """Messages that are sent together, for `async with stream.batch() as out:`. The block waits until the hub has all.

    Ten messages are sent as one batch, and fewer when the oldest has waited for a second or the block ends. What
    could not be sent because the connection was lost is kept, and sent when it is back; what was under way then may
    arrive twice. In a paused stream the block waits. A block that ends with an exception does not wait.

    Args:
        line: The connection.
        unread: The stream, as it is heard.
    """

    line: Line
    unread: Unread
    _failures: _Failures = field(factory=lambda: _Failures(), init=False)
    _is_open: bool = field(default=False, init=False)

    async def __aenter__(self) -> Self:
        self._is_open = True
        self.unread.tap(self._failures)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is None:
                self.line.machine.flush(self.unread.stream_id, now=self.line.now())
                self.line.pump()
                await self._arrive(0)
        finally:
            self._is_open = False
            self.unread.untap(self._failures)

    async def send(self, content: Content, *, role: Role = Role.AGENT) -> None:
        """Say something with the next batch. It waits only where very much is under way.

        Args:
            content: Text, a Part, several, or a whole Message.
            role: In which role, where it is not a whole Message.

        Raises:
            LocalProtocolError: The stream is paused or closed, or we are not inside the block: nothing was said.
            RpcError: The hub has refused a message of this block; BatchFailed in the iteration says which.
            ConnectionFailed: All attempts to restore the connection failed.
        """
        if not self._is_open:
            raise LocalProtocolError(f"the batch has not begun, or is over: {_INSIDE.format('batch')}")
        message = message_of(content, role=role)
        await self.line.reachable(self.unread.stream_id)
        self.line.machine.post(self.unread.stream_id, message, now=self.line.now())
        self.line.pump()
        await self._arrive(_POSTED)

    async def _arrive(self, allowed: int) -> None:
        """Wait until so few of the messages have not arrived."""
        stream_id = self.unread.stream_id
        while self._failures.first is None and self.line.machine.unposted(stream_id) > allowed:
            if self.line.machine.state(stream_id) is ClientState.LOST:
                await self.line.reachable(stream_id)
            else:
                await self.line.change()
        if self._failures.first is not None:
            raise self._failures.first


@define(eq=False, repr=False)
class _Failures:
    """Looks out for posted messages that were refused. The events stay in the iteration, too."""

    is_full: ClassVar[bool] = False
    first: HocketError | None = field(default=None, init=False)

    def takes(self, event: AcpEvent) -> bool:
        if isinstance(event, BatchFailed):
            self.first = self.first or event.error
        return False
