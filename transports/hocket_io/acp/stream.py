"""AcpStream: what an agent does and hears in one stream, under asyncio and trio."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from attrs import define, evolve, field

from hocket.acp.model import Content, Role, StreamObject, StreamStatus, message_of
from hocket.acp.states import ClientState
from hocket.errors import LocalProtocolError
from hocket_io.acp.chunks import BatchWriter, ChunkWriter
from hocket_io.acp.files import receive_file, send_file
from hocket_io.acp.line import Line
from hocket_io.acp.unread import AcpEvent, Unread

if TYPE_CHECKING:
    from os import PathLike

    from hocket.acp.events import ChunkReceived

__all__ = ["AcpStream"]


@define(eq=False)
class AcpStream:
    """One stream, as one of its members has it; `AcpClient.start` and `AcpClient.join` give it.

    It is an async iterator over what happens, for one task at a time. What the others say and do is there in the
    order of the hub, each thing once, and beside it what happens to the connection: Reconnecting, Reconnected,
    ReconnectExhausted, and ReplayGap where something was missed. It ends after the StreamEnded, or after the
    ParticipantLeft that says that this agent is no longer in the stream; these two come also where the agent itself
    has done it. Reading goes on by itself after a connection was lost.

    Not more than `ClientLimits.unread` events wait to be read. A stream that is being read then makes the hub wait,
    and with it the other streams of the same connection (not over HTTP, where each stream has its own). A stream
    that nobody reads, or whose reader does not come back while others wait, keeps its newest events instead, and
    begins with a ReplayGap.

    Args:
        line: The connection.
        stream_id: The stream.

    Attributes:
        stream_id: Its name, chosen by the hub.
    """

    line: Line = field(repr=False)
    stream_id: str
    _unread: Unread = field(init=False, repr=False)
    _snapshot: StreamObject | None = field(default=None, init=False, repr=False)
    _is_waiting: bool = field(default=False, init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        self._unread = self.line.mail.open(self.stream_id)
        self._snapshot = self.line.machine.object(self.stream_id)

    # How it stands

    @property
    def snapshot(self) -> StreamObject:
        """The stream as it stands, as far as this client has heard; `refresh` asks the hub."""
        assert self._snapshot is not None, "it was started or joined"
        found = self.line.machine.object(self.stream_id)
        if found is None:  # only a stream that is long closed is forgotten there
            found = evolve(self._snapshot, status=StreamStatus.CLOSED)
        self._snapshot = found
        return found

    @property
    def status(self) -> StreamStatus:
        """ACTIVE, PAUSED or CLOSED."""
        return self.snapshot.status

    @property
    def participants(self) -> tuple[str, ...]:
        """Who takes part."""
        return self.snapshot.participants

    @property
    def metadata(self) -> Mapping[str, Any]:
        """What its starter said of it."""
        return self.snapshot.metadata or {}

    @property
    def state(self) -> ClientState:
        """Where it stands for this client: also STARTING and LOST (the connection)."""
        state = self.line.machine.state(self.stream_id)
        return ClientState.CLOSED if state is ClientState.IDLE else state

    # What happens

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> AcpEvent:
        if self._is_waiting:
            raise LocalProtocolError("another task is reading this stream already")
        line = self.line
        self._is_waiting = True
        try:
            while (event := line.mail.take(self._unread)) is None:
                if self._unread.is_over:
                    raise StopAsyncIteration
                line.check()
                await line.mail.wait(self._unread.bell)
        finally:
            self._is_waiting = False
        return event

    # What to say

    async def send(self, content: Content, *, role: Role = Role.AGENT) -> None:
        """Say something, and wait until the hub has it.

        Args:
            content: Text, a Part, several, or a whole Message.
            role: In which role, where it is not a whole Message.

        Raises:
            LocalProtocolError: The stream is paused or closed. Nothing was sent.
            RpcError: The hub refuses.
            ConnectionFailed: The connection broke before the hub had answered: the message may have arrived, or not.
            RequestTimeout: The hub does not answer.
        """
        message = message_of(content, role=role)
        await self.line.reachable(self.stream_id)
        await self.line.ask(self.line.machine.message, self.stream_id, message, now=self.line.now())

    def chunks(self, *, role: Role = Role.AGENT) -> ChunkWriter:
        """A message that is said piece by piece: use it as an async context manager."""
        return ChunkWriter(self.line, self.stream_id, role)

    def batch(self) -> BatchWriter:
        """Messages that may wait a moment for each other: use it as an async context manager."""
        return BatchWriter(self.line, self._unread)

    async def send_file(
        self, path: str | PathLike[str], *, progress: Callable[[int, int], object] | None = None
    ) -> None:
        """Send a file, as a message of chunks (several, if it is large), and wait until the hub has all of it.

        After the connection was lost it goes on where the hub has got to.

        Args:
            path: The file. It is not to change meanwhile.
            progress: Called with the bytes that the hub has, and the bytes of the file.

        Raises:
            OSError: The file cannot be read.
            LocalProtocolError: The stream is paused or closed, or the file has changed.
            RpcError: The hub refuses.
            ConnectionFailed: All attempts to restore the connection failed.
        """
        await send_file(self.line, self.stream_id, Path(path), progress)

    async def receive_file(
        self,
        into: str | PathLike[str],
        *,
        begins: ChunkReceived | None = None,
        progress: Callable[[int, int], object] | None = None,
    ) -> Path:
        """Receive the next file that somebody sends here, and give its path.

        It is written as NAME.part, and gets its name when its size, and its checksum if the sender gave one, are
        right. The chunks of the file are not in the iteration any more; everything else is. Several files may be
        received at the same time.

        Args:
            into: The directory. The name is the sender's, made harmless; a file that is there is not overwritten: the
                new one is then called `NAME (2)` and so on.
            begins: The first chunk of the file, where the iteration has given it already.
            progress: Called with the bytes that are there, and the bytes of the file.

        Raises:
            OSError: It cannot be written.
            FileTransferFailed: It did not arrive whole.
            ConnectionFailed: The connection is over.
        """
        return await receive_file(self.line, self._unread, Path(into), begins, progress)

    # What to do with it

    async def end(self, reason: str | None = None) -> None:
        """Close the stream for everybody. One that is closed already stays so, and that is no error.

        Raises:
            RpcError: The hub refuses.
            ConnectionFailed, RequestTimeout: There is no answer.
        """
        if self.state is ClientState.CLOSED:
            return
        await self.line.reachable(self.stream_id)
        await self.line.ask(self.line.machine.end, self.stream_id, reason, now=self.line.now())

    async def pause(self, reason: str | None = None) -> None:
        """Suspend the stream: nobody can say anything until it is resumed.

        Raises:
            RpcError: The hub refuses; NotSupported if it does not have this.
            ConnectionFailed, RequestTimeout: There is no answer.
        """
        await self._control(self.line.machine.pause, reason)

    async def resume(self, reason: str | None = None) -> None:
        """Let a paused stream go on.

        Raises:
            RpcError: The hub refuses.
            ResumeUnsupported: The peer cannot, and has started a new stream instead, which was ended.
            ConnectionFailed, RequestTimeout: There is no answer.
        """
        await self._control(self.line.machine.resume, reason)

    async def leave(self, reason: str | None = None) -> None:
        """Take no more part in the stream, which goes on without us.

        Raises:
            RpcError: The hub refuses; NotSupported if it does not have this.
            ConnectionFailed, RequestTimeout: There is no answer.
        """
        await self._control(self.line.machine.leave, reason)

    async def invite(self, agent_id: str, reason: str | None = None) -> None:
        """Ask somebody to join.

        Raises:
            RpcError: The hub refuses; NotSupported if it does not have this.
            ConnectionFailed, RequestTimeout: There is no answer.
        """
        await self._control(self.line.machine.invite, agent_id, reason)

    async def remove(self, agent_id: str, reason: str | None = None) -> None:
        """Send somebody away.

        Raises:
            RpcError: The hub refuses; NotSupported if it does not have this.
            ConnectionFailed, RequestTimeout: There is no answer.
        """
        await self._control(self.line.machine.remove, agent_id, reason)

    async def refresh(self) -> StreamObject:
        """Ask the hub how the stream stands.

        Raises:
            RpcError: The hub refuses; NotSupported if it does not have this.
            ConnectionFailed, RequestTimeout: There is no answer.
        """
        await self._control(self.line.machine.get)
        return self.snapshot

    async def _control(self, command: Callable[..., str], *args: str | None) -> None:
        await self.line.reachable(self.stream_id)
        await self.line.ask(command, self.stream_id, *args, now=self.line.now())
