"""The client's way over a pipe without an event loop: `BlockingPipeTransport`, a child process, and a thread.

The machine is `hocket.a2a.PipeClient`, the same that runs under asyncio and trio. A thread reads what arrives, so
that a peer which writes while we write cannot block both of us for ever.
"""

from __future__ import annotations

import logging
import subprocess
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import IO, Protocol, Self

from attrs import define, field

from hocket.a2a import AgentCard, ClientCall, Operation, Params, PipeClient, Result
from hocket.errors import ChildExited, ConnectionFailed, HocketError, LocalProtocolError
from hocket_io.pipes.options import PipeOptions
from hocket_io.pipes.readiness import Readiness

__all__ = ["BlockingChild", "BlockingPipe", "BlockingPipeTransport"]

_log = logging.getLogger(__name__)

_CHUNK = 65_536
_AHEAD = 256
"""Chunks that may wait for us before the reading thread stops; it goes on while something is written."""
_PATIENCE = 2.0
"""Seconds a child gets to leave after its stdin was closed, and again after SIGTERM."""


_ONE_THREAD = "a Client over a pipe serves one thread at a time: give each thread a Client of its own"


class BlockingPipe(Protocol):
    """Two byte streams, one each way, whose methods block."""

    def receive(self, timeout: float | None = None) -> bytes:
        """Bytes that arrived; b"" at the end.

        Args:
            timeout: Seconds to wait for them; None for ever.

        Raises:
            TimeoutError: Nothing came.
            ConnectionFailed: Nothing will come, since what was sent was not read.
        """

    def send(self, data: bytes) -> None:
        """Write bytes.

        Raises:
            ConnectionFailed: Nobody reads them.
        """

    def farewell(self) -> HocketError:
        """Why there is nothing more to be had from a pipe that has ended."""

    def close(self) -> None:
        """Let go of whatever is at the other end."""


@define(eq=False)
class BlockingChild:
    """A child process as a pair of byte streams. One thread reads what it writes, and one writes what it reads.

    Args:
        command: What to start; its stderr stays where ours goes.

    Raises:
        ConnectionFailed: It cannot be started.
    """

    command: Sequence[str]
    _process: subprocess.Popen[bytes] = field(init=False)
    _end: Readiness = field(factory=Readiness, init=False)
    _chunks: deque[bytes] = field(factory=deque, init=False)
    _unsent: deque[bytes] = field(factory=deque, init=False)
    _changed: threading.Condition = field(factory=threading.Condition, init=False)
    _is_deaf: bool = field(default=False, init=False)
    _is_closing: bool = field(default=False, init=False)
    _threads: list[threading.Thread] = field(factory=list, init=False)

    def __attrs_post_init__(self) -> None:
        try:
            self._process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
        except OSError as error:
            self._end.close()
            raise ConnectionFailed(f"cannot start {self.command[0]!r}: {error.strerror or error}") from None
        for work in (self._read, self._write):
            thread = threading.Thread(target=work, name=f"hocket child {work.__name__.strip('_')}er", daemon=True)
            self._threads.append(thread)
            thread.start()

    def receive(self, timeout: float | None = None) -> bytes:
        """Bytes that the child wrote; b"" once it has closed its stdout.

        Args:
            timeout: Seconds to wait for them; None for ever.

        Raises:
            TimeoutError: It wrote nothing.
            ConnectionFailed: It reads no more what is sent.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: self._chunks or self._is_deaf, timeout):
                raise TimeoutError
            if self._chunks:
                data = self._chunks[0]
                if data:  # the empty one that marks the end stays
                    self._chunks.popleft()
                self._changed.notify_all()
                return data
        raise self.farewell()

    def send(self, data: bytes) -> None:
        """Have something written to the child, as soon as it reads.

        Raises:
            ChildExited: It has ended.
            ConnectionFailed: It no longer reads.
        """
        with self._changed:
            if not self._is_deaf:
                self._unsent.append(data)
                self._changed.notify_all()
                return
        raise self.farewell()

    def farewell(self) -> ConnectionFailed:
        """Why a child gives nothing more: a ChildExited if it has ended."""
        try:
            return ChildExited(self.command[0], self._process.wait(_PATIENCE))
        except subprocess.TimeoutExpired:
            closed = "stdin" if self._is_deaf else "stdout"
            return ConnectionFailed(f"the child process {self.command[0]!r} closed its {closed} and still runs")

    def close(self) -> None:
        """Let the child go: close its stdin, then ask it to leave, then end it. It is always waited for."""
        with self._changed:
            self._is_closing = True
            self._changed.notify_all()
        for end, signal in ((self._process.terminate, "SIGTERM"), (self._process.kill, "SIGKILL")):
            try:
                self._process.wait(_PATIENCE)
                break
            except subprocess.TimeoutExpired:
                _log.warning("the child process %r is still there, and gets %s", self.command[0], signal)
                end()
        self._process.wait()
        self._end.come()  # a process that the child has left behind may hold the other ends of its pipes
        for thread in self._threads:
            thread.join(_PATIENCE)
        self._end.close()

    def _may_read(self) -> bool:
        """A child that writes before it reads again would wait for us, and we for it."""
        return len(self._chunks) < _AHEAD or bool(self._unsent) or self._is_closing

    def _read(self) -> None:
        assert self._process.stdout is not None
        data = b"?"
        while data:
            data = self._process.stdout.read(_CHUNK) if self._end.wait_to_read(self._process.stdout) else b""
            with self._changed:
                self._changed.wait_for(self._may_read)
                if not data or not self._is_closing:
                    self._chunks.append(data)
                self._changed.notify_all()
        self._process.stdout.close()

    def _write(self) -> None:
        assert self._process.stdin is not None
        try:
            while (data := self._next_unsent()) is not None:
                self._write_all(self._process.stdin, data)
        except OSError:  # on Windows it need not be a BrokenPipeError
            with self._changed:
                self._is_deaf = True
                self._unsent.clear()
                self._changed.notify_all()
        self._process.stdin.close()

    def _next_unsent(self) -> bytes | None:
        """What to write next; None where nothing is left, and nothing will come."""
        with self._changed:
            self._changed.wait_for(lambda: self._unsent or self._is_closing)
            return self._unsent[0] if self._unsent else None

    def _write_all(self, stdin: IO[bytes], data: bytes) -> None:
        view = memoryview(data)
        while view and self._end.wait_to_write(stdin):
            view = view[stdin.write(view) or 0 :]
        with self._changed:
            self._unsent.popleft()
            self._changed.notify_all()


@define(eq=False)
class BlockingPipeTransport:
    """One agent at the end of a pipe, for `Client`. Calls may be interleaved, in one thread.

    Args:
        pipe: The pipe; it is closed at the end.
        options: How the agent is spoken to.
    """

    pipe: BlockingPipe
    options: PipeOptions = PipeOptions()
    _machine: PipeClient = field(init=False)
    _reading: threading.Lock = field(factory=threading.Lock, init=False)

    def __attrs_post_init__(self) -> None:
        self._machine = self.options.machine()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._machine.leave(time.monotonic())  # an agent that knows may end at once
            self._flush()
        finally:
            self.pipe.close()

    def card(self) -> AgentCard | None:
        """There is no card on a pipe."""
        return None

    def start(self, operation: Operation, params: Params, last_event_id: int | None = None) -> ClientCall:
        """Ask; the answer is given after `arrivals` or by `answer`.

        Raises:
            ConnectionFailed: The pipe has ended before.
            LocalProtocolError: Another thread is waiting for an answer. Nothing was sent.
        """
        if self._reading.locked():
            raise LocalProtocolError(_ONE_THREAD)
        call = self.options.begin(self._machine, operation, params, last_event_id, time.monotonic())
        self._flush()
        return call

    def arrivals(self, call: ClientCall) -> Iterator[None]:
        """Say whenever events of a stream may have come."""
        try:
            while True:
                yield
                if call.is_closed:
                    return
                self._receive(call)
        finally:
            self._machine.drop(call, time.monotonic())
            self._flush()

    def answer(self, call: ClientCall) -> Result:
        """Wait for the one answer.

        Raises:
            RpcError, ConnectionFailed, RequestTimeout, CodecError: There is none.
        """
        try:
            while not call.is_closed:
                self._receive(call)
        finally:
            self._machine.drop(call, time.monotonic())
            self._flush()
        return call.result()

    def _receive(self, call: ClientCall) -> None:
        """Take what arrives next, for whichever call it is; or give up those that were silent for too long."""
        if not self._reading.acquire(blocking=False):  # it would take what the other thread waits for
            raise LocalProtocolError(_ONE_THREAD)
        try:
            data = self.pipe.receive(self._patience(call))
        except TimeoutError:
            self._machine.handle_timeout(time.monotonic())
        except ConnectionFailed as error:
            self._machine.fail(error)
        else:
            self._take(data)
        finally:
            self._reading.release()
        while self._machine.next_event() is not None:
            pass  # whoever waits looks at the call itself
        self._flush()

    def _patience(self, call: ClientCall) -> float | None:
        """Seconds until somebody was silent for too long."""
        now = time.monotonic()
        self._machine.listen(call, now)
        at = self._machine.next_timeout()
        return None if at is None else max(0.0, at - now)

    def _take(self, data: bytes) -> None:
        if data:
            self._machine.receive_data(data, time.monotonic())
        else:
            self._machine.fail(self.pipe.farewell())
            self._machine.receive_eof(time.monotonic())

    def _flush(self) -> None:
        if pieces := self._machine.data_to_send():
            try:
                self.pipe.send(b"".join(pieces))
            except ConnectionFailed as error:
                self._machine.fail(error)
