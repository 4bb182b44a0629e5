"""The client's way over connections that may break, without an event loop: `BlockingReconnectingTransport`.

The machine is `hocket.http.ReconnectingClient`, the same that runs under asyncio and trio. It lives in the thread of
its caller, and goes on while that waits for something.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Self

from attrs import define, field

from hocket.a2a import AgentCard, ClientCall, Operation, Params, Result
from hocket.backoff import Backoff
from hocket.errors import ConnectionFailed, HocketError, LocalProtocolError
from hocket.http import ReconnectingClient
from hocket_io.pipes.options import PipeOptions
from hocket_io.pipes.portal import PortalPipe
from hocket_io.reconnecting.transport import reconnecting_client

__all__ = ["BlockingReconnectingTransport"]

_log = logging.getLogger(__name__)

_ONE_THREAD = "a Client over a WebSocket serves one thread at a time: give each thread a Client of its own"

_STALE = 64
"""Messages, to calls that nobody waits for any more, that are passed over to see whether the connection has ended."""


@define(eq=False)
class BlockingReconnectingTransport:
    """One agent, for `Client`. Calls may be interleaved, in one thread, over one connection at a time.

    The first connection is made as it is entered. Another one is made once there is something to ask.

    Args:
        open_pipe: Makes a connection. Each line that it carries is a message.
        options: How the agent is spoken to. There is no other framing than lines, and the timeout counts for a question
            until something comes in answer.
        resume: When to try a stream again that was cut; None for never.
    """

    open_pipe: Callable[[], PortalPipe]
    options: PipeOptions = PipeOptions()
    resume: Backoff | None = field(factory=Backoff)
    _machine: ReconnectingClient = field(init=False)
    _pipe: PortalPipe | None = field(default=None, init=False)
    _turn: threading.Lock = field(factory=threading.Lock, init=False)

    def __attrs_post_init__(self) -> None:
        self._machine = reconnecting_client(self.options, self.resume)

    def __enter__(self) -> Self:
        self._pipe = self.open_pipe()
        self._machine.connect(time.monotonic())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pipe, self._pipe = self._pipe, None
        self._machine.leave(time.monotonic())
        if pipe is not None:
            pipe.close()

    def card(self) -> AgentCard | None:
        """There is no card on a WebSocket."""
        return None

    def start(self, operation: Operation, params: Params, last_event_id: int | None = None) -> ClientCall:
        """Ask; the answer is given after `arrivals` or by `answer`.

        Raises:
            LocalProtocolError: Another thread is waiting for an answer, too much is in flight, or the request is too
                long. Nothing was sent.
        """
        if self._turn.locked():
            raise LocalProtocolError(_ONE_THREAD)
        if self._machine.is_idle:
            self._notice_end()
        call = self._machine.call(operation, params, time.monotonic(), last_event_id)
        self._flush()
        return call

    def arrivals(self, call: ClientCall) -> Iterator[None]:
        """Say whenever events of a stream may have come.

        Raises:
            ConnectionFailed, AuthenticationError: There is no connection to be had.
        """
        try:
            while True:
                if (refusal := self._machine.refusal(call)) is not None:
                    raise refusal
                yield
                if self._machine.is_over(call):
                    return
                self._go_on(call)
        finally:
            self._forget(call)

    def answer(self, call: ClientCall) -> Result:
        """Wait for the one answer.

        Raises:
            RpcError, ConnectionFailed, AuthenticationError, CodecError: There is none.
        """
        try:
            while not self._machine.is_over(call):
                self._go_on(call)
        finally:
            self._forget(call)
        return call.result()

    def _forget(self, call: ClientCall) -> None:
        self._machine.drop(call, time.monotonic())
        self._flush()

    def _go_on(self, call: ClientCall) -> None:
        """Wait for what comes next to a call, or until anything has happened."""
        if not self._turn.acquire(blocking=False):  # we would take what the other thread waits for
            raise LocalProtocolError(_ONE_THREAD)
        try:
            self._machine.listen(call, time.monotonic())
            if self._machine.wants_connection:
                self._connect()
            elif self._pipe is None:
                self._rest()
            else:
                self._receive(self._pipe)
        finally:
            self._turn.release()
        self._flush()

    def _connect(self) -> None:
        try:
            self._pipe = self.open_pipe()
        except HocketError as error:
            self._end(error)
        else:
            self._machine.connect(time.monotonic())

    def _rest(self) -> None:
        """Wait until it is time to try again."""
        at = self._machine.next_timeout()
        assert at is not None, "a call that is not over waits for a connection, for an answer on it, or for its time"
        time.sleep(max(0.0, at - time.monotonic()))
        self._machine.handle_timeout(time.monotonic())

    def _receive(self, pipe: PortalPipe) -> None:
        """Read once, or until the machine has something else to do."""
        at = self._machine.next_timeout()
        try:
            data = pipe.receive(None if at is None else max(0.0, at - time.monotonic()))
        except TimeoutError:
            self._machine.handle_timeout(time.monotonic())
            return
        self._take(pipe, data)

    def _take(self, pipe: PortalPipe, data: bytes) -> None:
        if data:
            self._machine.receive_data(data, time.monotonic())
        elif pipe is self._pipe:  # and was not left meanwhile, by another thread
            self._lose(pipe)

    def _notice_end(self) -> None:
        """Whether the connection has ended while nobody looked: what is asked next should not be asked on it."""
        for _ in range(_STALE):
            if self._pipe is None:
                return
            try:
                data = self._pipe.receive(0.0)
            except TimeoutError:
                return
            self._take(self._pipe, data)

    def _flush(self) -> None:
        pipe = self._pipe
        if pipe is not None and (pieces := self._machine.data_to_send()):
            try:
                pipe.send(b"".join(pieces))
            except ConnectionFailed:
                self._lose(pipe)

    def _lose(self, pipe: PortalPipe) -> None:
        """The connection has ended."""
        self._pipe = None
        end = pipe.farewell()
        pipe.close()
        self._end(end)

    def _end(self, error: HocketError) -> None:
        _log.info("no connection any more: %s", error)
        self._machine.receive_end(error, time.monotonic())
