"""The client's way over a pipe without an event loop: `BlockingPipeTransport`, a child process, and a thread.

The machine is `hocket.a2a.PipeClient`, the same that runs under asyncio and trio. A thread reads what arrives, so
that a peer which writes while we write cannot block both of us for ever.
"""

from __future__ import annotations

import subprocess
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Protocol, Self

from attrs import define, field

from hocket.a2a import (
    V1_0,
    AgentCard,
    ClientCall,
    ClientLimits,
    Operation,
    Params,
    PipeClient,
    Result,
    StreamEvent,
)
from hocket.errors import ChildExited, ConnectionFailed, LocalProtocolError
from hocket.framing import Ndjson
from hocket_io.targets import MakeFraming

__all__ = ["BlockingChild", "BlockingPipe", "BlockingPipeTransport"]

_CHUNK = 65_536
_AHEAD = 256
"""Chunks that may wait for us before the reading thread stops; it goes on while we are writing ourselves."""
_PATIENCE = 2.0
"""Seconds a child gets to leave after its stdin was closed, and again after SIGTERM."""


_ONE_THREAD = "a Client over a pipe serves one thread at a time: give each thread a Client of its own"


class BlockingPipe(Protocol):
    """Two byte streams, one each way, whose methods block."""

    def receive(self) -> bytes:
        """Bytes that arrived; b"" at the end."""

    def send(self, data: bytes) -> None:
        """Write bytes."""

    def farewell(self) -> ConnectionFailed:
        """Why there is nothing more to be had from a pipe that has ended."""

    def close(self) -> None:
        """Let go of whatever is at the other end."""


class BlockingChild:
    """A child process as a pair of byte streams.

    Args:
        command: What to start; its stderr stays where ours goes.

    Raises:
        ConnectionFailed: It cannot be started.
    """

    def __init__(self, command: Sequence[str]) -> None:
        self._command = command
        try:
            self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
        except OSError as error:
            raise ConnectionFailed(f"cannot start {command[0]!r}: {error.strerror or error}") from None
        self._chunks: deque[bytes] = deque()
        self._changed = threading.Condition()
        self._is_writing = False
        self._is_closing = False
        self._reader = threading.Thread(target=self._read, name="hocket child reader", daemon=True)
        self._reader.start()

    def receive(self) -> bytes:
        """Bytes that the child wrote; b"" once it has closed its stdout."""
        with self._changed:
            self._changed.wait_for(lambda: self._chunks)
            data = self._chunks[0]
            if data:  # the empty one that marks the end stays
                self._chunks.popleft()
            self._changed.notify_all()
            return data

    def send(self, data: bytes) -> None:
        """Write to the child.

        Raises:
            ChildExited: It has ended.
            ConnectionFailed: It no longer reads.
        """
        assert self._process.stdin is not None
        self._note(is_writing=True)
        try:
            view = memoryview(data)
            while view:
                view = view[self._process.stdin.write(view) :]
        except (BrokenPipeError, ValueError):
            raise self.farewell() from None
        finally:
            self._note(is_writing=False)

    def farewell(self) -> ConnectionFailed:
        """Why a child that has closed its stdout gives nothing more: a ChildExited if it has ended."""
        try:
            return ChildExited(self._command[0], self._process.wait(_PATIENCE))
        except subprocess.TimeoutExpired:
            return ConnectionFailed(f"the child process {self._command[0]!r} closed its stdout and still runs")

    def close(self) -> None:
        """Let the child go: close its stdin, then ask it to leave, then end it. It is always waited for."""
        with self._changed:
            self._is_closing = True
            self._changed.notify_all()
        assert self._process.stdin is not None
        try:
            self._process.stdin.close()
        except BrokenPipeError:
            pass  # it is gone already
        for end in (self._process.terminate, self._process.kill):
            try:
                self._process.wait(_PATIENCE)
                break
            except subprocess.TimeoutExpired:
                end()
        self._process.wait()
        self._reader.join(_PATIENCE)  # it reads on, if a process that the child has left behind holds the other end

    def _note(self, *, is_writing: bool) -> None:
        with self._changed:
            self._is_writing = is_writing
            self._changed.notify_all()

    def _may_read(self) -> bool:
        return len(self._chunks) < _AHEAD or self._is_writing or self._is_closing

    def _read(self) -> None:
        assert self._process.stdout is not None
        data = b"?"
        while data:
            data = self._process.stdout.read(_CHUNK) or b""
            with self._changed:
                self._changed.wait_for(self._may_read)
                if not data or not self._is_closing:
                    self._chunks.append(data)
                self._changed.notify_all()
        self._process.stdout.close()


@define(eq=False)
class BlockingPipeTransport:
    """One agent at the end of a pipe, for `Client`. Calls may be interleaved, in one thread.

    Args:
        pipe: The pipe; it is closed at the end.
        limits: Of what comes back.
        extensions: URIs of the extensions to ask for.
        framing: How messages are cut out of the bytes, as the other side was told as well.
    """

    pipe: BlockingPipe
    limits: ClientLimits = ClientLimits()
    extensions: Sequence[str] = ()
    framing: MakeFraming = Ndjson
    _machine: PipeClient = field(init=False)
    _reading: threading.Lock = field(factory=threading.Lock, init=False)
    _lost: ConnectionFailed | None = field(default=None, init=False)

    def __attrs_post_init__(self) -> None:
        self._machine = PipeClient(self.framing(self.limits.framing), V1_0, self.limits)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.pipe.close()

    def card(self) -> AgentCard | None:
        """There is no card on a pipe."""
        return None

    def start(self, operation: Operation, params: Params, last_event_id: int | None = None) -> ClientCall:
        """Ask; the answer is given by `events` or `answer`.

        Raises:
            ConnectionFailed: The pipe has ended before.
            LocalProtocolError: Another thread is waiting for an answer. Nothing was sent.
        """
        if self._reading.locked():
            raise LocalProtocolError(_ONE_THREAD)
        if self._machine.is_closed:
            lost = self._lost or ConnectionFailed("the agent's output could not be read any further")
            raise lost.with_traceback(None)
        headers = {} if last_event_id is None else {"Last-Event-ID": str(last_event_id)}
        if self.extensions:
            headers["A2A-Extensions"] = ", ".join(self.extensions)
        call = self._machine.call(operation, params, time.monotonic(), headers)
        self._flush()
        return call

    def events(self, call: ClientCall) -> Iterator[StreamEvent]:
        """The events of a stream as they come."""
        try:
            while True:
                while (event := call.next_event()) is not None:
                    yield event
                if call.is_closed:
                    return
                self._receive()
        finally:
            self._machine.drop(call, time.monotonic())
            self._flush()

    def answer(self, call: ClientCall) -> Result:
        """Wait for the one answer.

        Raises:
            RpcError, ConnectionFailed, CodecError: There is none.
        """
        try:
            while not call.is_closed:
                self._receive()
        finally:
            self._machine.drop(call, time.monotonic())
            self._flush()
        return call.result()

    def _receive(self) -> None:
        if not self._reading.acquire(blocking=False):  # it would take what the other thread waits for
            raise LocalProtocolError(_ONE_THREAD)
        try:
            data = self.pipe.receive()
        finally:
            self._reading.release()
        if data:
            self._machine.receive_data(data, time.monotonic())
        else:
            self._lost = self.pipe.farewell()
            self._machine.fail(self._lost)
            self._machine.receive_eof(time.monotonic())
        self._flush()

    def _flush(self) -> None:
        if pieces := self._machine.data_to_send():
            try:
                self.pipe.send(b"".join(pieces))
            except ConnectionFailed as error:
                self._machine.fail(error)
