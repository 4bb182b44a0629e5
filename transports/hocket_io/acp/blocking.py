"""BlockingAcpClient: the twin of `AcpClient` for programs without an event loop.

It is used like this::

    with BlockingAcpClient("ws://127.0.0.1:8100", agent="agent-analyst") as me:
        stream = me.start(["agent-expert"])
        stream.send("Found a data anomaly")
        for event in stream:
            print(event)

It runs `AcpClient` on an event loop of its own, in a thread of its own; every method waits there for what its twin
gives. So several threads may use one client: some read, some write.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from os import PathLike
from pathlib import Path
from ssl import SSLContext
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from anyio.from_thread import start_blocking_portal
from attrs import define, field, frozen

from hocket.acp.events import ChunkReceived, Invited
from hocket.acp.limits import ClientLimits
from hocket.acp.model import Content, Part, Role, StreamObject, StreamStatus
from hocket.acp.reconnect import RECONNECT
from hocket.acp.states import ClientState
from hocket.backoff import Backoff
from hocket.errors import LocalProtocolError
from hocket_io.acp.chunks import BatchWriter, ChunkWriter
from hocket_io.acp.client import AcpClient, Invitations
from hocket_io.acp.loop_thread import LoopThread
from hocket_io.acp.stream import AcpStream
from hocket_io.acp.unread import AcpEvent
from hocket_io.client.targets import shown_target

if TYPE_CHECKING:
    from hocket_io.tap import Tap

__all__ = ["BlockingAcpClient", "BlockingAcpStream", "BlockingBatchWriter", "BlockingChunkWriter"]


@define(eq=False, repr=False)
class BlockingChunkWriter:
    """A message in pieces, for `with stream.chunks() as out:`; see `ChunkWriter`."""

    _loop: LoopThread
    _writer: ChunkWriter

    def __enter__(self) -> Self:
        self._loop.call(self._writer.__aenter__)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call(self._writer.__aexit__, kind, error, trace)

    def text(self, text: str) -> None:
        """Say more text; see `ChunkWriter.text`."""
        self._loop.call(self._writer.text, text)

    def part(self, *parts: Part) -> None:
        """Say one Part more, or several in one chunk; see `ChunkWriter.part`."""
        self._loop.call(self._writer.part, *parts)


@define(eq=False, repr=False)
class BlockingBatchWriter:
    """Messages that are sent together, for `with stream.batch() as out:`; see `BatchWriter`."""

    _loop: LoopThread
    _writer: BatchWriter

    def __enter__(self) -> Self:
        self._loop.call(self._writer.__aenter__)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call(self._writer.__aexit__, kind, error, trace)

    def send(self, content: Content, *, role: Role = Role.AGENT) -> None:
        """Say something with the next batch; see `BatchWriter.send`."""
        self._loop.call(self._writer.send, content, role=role)


@define(eq=False, repr=False)
class BlockingAcpStream:
    """One stream, as one of its members has it; see `AcpStream`. Iterate it in one thread, speak in any.

    Attributes:
        stream_id: Its name, chosen by the hub.
    """

    _loop: LoopThread
    _stream: AcpStream

    def __repr__(self) -> str:
        return f"BlockingAcpStream(stream_id={self.stream_id!r})"

    @property
    def stream_id(self) -> str:
        """Its name, chosen by the hub."""
        return self._stream.stream_id

    @property
    def snapshot(self) -> StreamObject:
        """The stream as it stands; see `AcpStream.snapshot`."""
        return self._loop.look(lambda: self._stream.snapshot)

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
        return self._loop.look(lambda: self._stream.state)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> AcpEvent:
        return self._loop.next(self._stream.__anext__)

    def send(self, content: Content, *, role: Role = Role.AGENT) -> None:
        """Say something; see `AcpStream.send`."""
        self._loop.call(self._stream.send, content, role=role)

    def chunks(self, *, role: Role = Role.AGENT) -> BlockingChunkWriter:
        """A message that is said piece by piece: use it as a context manager."""
        return BlockingChunkWriter(self._loop, self._stream.chunks(role=role))

    def batch(self) -> BlockingBatchWriter:
        """Messages that may wait a moment for each other: use it as a context manager."""
        return BlockingBatchWriter(self._loop, self._stream.batch())

    def send_file(self, path: str | PathLike[str], *, progress: Callable[[int, int], object] | None = None) -> None:
        """Send a file; see `AcpStream.send_file`. `progress` is called in the thread of the event loop."""
        self._loop.call(self._stream.send_file, path, progress=progress)

    def receive_file(
        self,
        into: str | PathLike[str],
        *,
        begins: ChunkReceived | None = None,
        progress: Callable[[int, int], object] | None = None,
    ) -> Path:
        """Receive a file; see `AcpStream.receive_file`. `progress` is called in the thread of the event loop."""
        return self._loop.call(self._stream.receive_file, into, begins=begins, progress=progress)

    def end(self, reason: str | None = None) -> None:
        """Close the stream for everybody; see `AcpStream.end`."""
        self._loop.call(self._stream.end, reason)

    def pause(self, reason: str | None = None) -> None:
        """Suspend the stream; see `AcpStream.pause`."""
        self._loop.call(self._stream.pause, reason)

    def resume(self, reason: str | None = None) -> None:
        """Let a paused stream go on; see `AcpStream.resume`."""
        self._loop.call(self._stream.resume, reason)

    def leave(self, reason: str | None = None) -> None:
        """Take no more part in the stream; see `AcpStream.leave`."""
        self._loop.call(self._stream.leave, reason)

    def invite(self, agent_id: str, reason: str | None = None) -> None:
        """Ask somebody to join; see `AcpStream.invite`."""
        self._loop.call(self._stream.invite, agent_id, reason)

    def remove(self, agent_id: str, reason: str | None = None) -> None:
        """Send somebody away; see `AcpStream.remove`."""
        self._loop.call(self._stream.remove, agent_id, reason)

    def refresh(self) -> StreamObject:
        """Ask the hub how the stream stands; see `AcpStream.refresh`."""
        return self._loop.call(self._stream.refresh)


@frozen(eq=False, repr=False)
class BlockingInvitations:
    """The invitations of one agent, as an iterator; `BlockingAcpClient.invitations` gives it. See `Invitations`."""

    _loop: LoopThread
    _invitations: Invitations

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Invited:
        return self._loop.next(self._invitations.__anext__)


@define(eq=False)
class BlockingAcpClient:
    """One agent's place at a hub, without an event loop. Use it as a context manager, from as many threads as you like.

    Args:
        target: As for `AcpClient`, and so all of these. A HubHost lives on the event loop that has entered it, and
            cannot be reached from here: serve it, or use `AcpClient` there.
        agent: The name under which the agent takes part.
        token: A bearer token, for a hub that wants one.
        headers: Header fields to send, where there are any.
        timeout: Seconds after which a command gives up; by default when `limits` does.
        limits: Of what waits to be read, and of patience.
        reconnect: When to try again after the connection was lost, and how often.
        tls: Over `https://` and `wss://`, which certificates are trusted; None for those that the system trusts.
        tap: Told what passes on its connections, in the thread of the event loop; see `hocket_io.tap`.

    Raises:
        LocalProtocolError: The target cannot be understood.
        ConnectionFailed, AuthenticationError: On entering: there is no hub there, or it wants nothing to do with us.
    """

    target: str = field(repr=shown_target)
    agent: str = field(kw_only=True)
    token: str | None = field(default=None, kw_only=True, repr=False)
    headers: Mapping[str, str] = field(factory=dict, kw_only=True, repr=False)
    timeout: float | None = field(default=None, kw_only=True)
    limits: ClientLimits = field(default=ClientLimits(), kw_only=True, repr=False)
    reconnect: Backoff = field(default=RECONNECT, kw_only=True, repr=False)
    tls: SSLContext | None = field(default=None, kw_only=True, repr=False)
    tap: Tap | None = field(default=None, kw_only=True, repr=False)
    _open: tuple[LoopThread, AcpClient] | None = field(default=None, init=False, repr=False)
    _stack: ExitStack = field(factory=ExitStack, init=False, repr=False)

    def __enter__(self) -> Self:
        if not isinstance(self.target, str):
            raise LocalProtocolError(f"{self.target!r} cannot be reached from another thread: give an address")
        if self._open is not None:
            raise LocalProtocolError("the client is open already: enter it once, and share it")
        with ExitStack() as stack:
            portal = stack.enter_context(start_blocking_portal())
            client = AcpClient(
                self.target,
                agent=self.agent,
                token=self.token,
                headers=self.headers,
                timeout=self.timeout,
                limits=self.limits,
                reconnect=self.reconnect,
                tls=self.tls,
                tap=self.tap,
            )
            loop = LoopThread(portal)
            stack.callback(loop.end)
            stack.enter_context(portal.wrap_async_context_manager(client))
            self._open = loop, client
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open = None
        self._stack.__exit__(kind, error, trace)

    def start(
        self, participants: Sequence[str] = (), *, metadata: Mapping[str, Any] | None = None
    ) -> BlockingAcpStream:
        """Start a stream; see `AcpClient.start`."""
        loop, client = self._entered()
        return BlockingAcpStream(loop, loop.call(client.start, participants, metadata=metadata))

    def join(self, stream_id: str, *, capabilities: Sequence[str] = ()) -> BlockingAcpStream:
        """Take part in a stream that is there; see `AcpClient.join`."""
        loop, client = self._entered()
        return BlockingAcpStream(loop, loop.call(client.join, stream_id, capabilities=capabilities))

    def invitations(self) -> BlockingInvitations:
        """The invitations of others, as they come; see `AcpClient.invitations`."""
        loop, client = self._entered()
        return BlockingInvitations(loop, client.invitations())

    def _entered(self) -> tuple[LoopThread, AcpClient]:
        if self._open is None:
            raise LocalProtocolError("the client is not open: use it inside `with BlockingAcpClient(…) as me:`")
        return self._open
