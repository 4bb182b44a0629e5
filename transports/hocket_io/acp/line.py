"""Line: an agent's connection at work. It runs the machine: asks and waits for answers, and keeps the time."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable
from math import inf
from types import TracebackType
from typing import ParamSpec, Self

import anyio
import anyio.abc
from attrs import define, field

from hocket.acp.client import Client
from hocket.acp.client.events import (
    Answered,
    ClientEvent,
    Failed,
    Listen,
    Poll,
    Reconnect,
    Reconnected,
    ReconnectExhausted,
    Unlisten,
)
from hocket.acp.events import FrameRejected, StreamEnded
from hocket.acp.states import ClientState
from hocket.errors import ConnectionFailed, HocketError, RequestTimeout
from hocket_io.acp.bell import Bell
from hocket_io.acp.links.protocol import MessageLink
from hocket_io.acp.mail import Mail
from hocket_io.acp.unread import AcpEvent
from hocket_io.acp.wiring import Wiring
from hocket_io.concurrency.groups import leave

__all__ = ["Line", "Question"]

P = ParamSpec("P")

_log = logging.getLogger(__name__)


@define(eq=False, repr=False)
class Question:
    """A request that is under way.

    Attributes:
        outcome: What became of it; None as long as that is open.
    """

    outcome: Answered | Failed | None = field(default=None, init=False)
    _settled: Bell = field(factory=Bell, init=False)

    def settle(self, outcome: Answered | Failed) -> None:
        """Keep what became of it, and wake whoever waits."""
        self.outcome = outcome
        self._settled.ring()

    async def wait(self) -> None:
        """Sleep until it is settled."""
        while self.outcome is None:
            await self._settled.wait()


@define(eq=False, repr=False)
class Line:
    """One agent's connection to a hub, which is made again when it breaks. An async context manager.

    Args:
        machine: What is said on it.
        mail: Where events go.
        first: The first connection.
        connect: Makes another one; None where only the hub can.
        timeout: Seconds to wait for an answer; None for as long as the machine has patience.

    Attributes:
        over: Why nothing will ever come again, None as long as something may.
    """

    machine: Client
    mail: Mail
    first: MessageLink
    connect: Callable[[], Awaitable[MessageLink]] | None
    timeout: float | None = None
    over: HocketError | None = field(default=None, init=False)
    _wiring: Wiring = field(init=False)
    _questions: dict[str, Question] = field(factory=dict, init=False)
    _exhausted: dict[str | None, None] = field(factory=dict, init=False)
    _changed: Bell = field(factory=Bell, init=False)
    _alarm: Bell = field(factory=Bell, init=False)
    _armed: float = field(default=inf, init=False)
    _group: anyio.abc.TaskGroup = field(init=False)

    async def __aenter__(self) -> Self:
        self._group = await anyio.create_task_group().__aenter__()
        self._wiring = Wiring(self, self.connect, self._group, self.first)
        self._group.start_soon(self._wiring.live)
        self._group.start_soon(self._keep_time)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end(ConnectionFailed("the client was closed"))
        try:
            await self._wiring.rest()
        finally:
            await leave(self._group, kind, error, trace)

    @property
    def link(self) -> MessageLink | None:
        """The connection that there is now; None between two."""
        return self._wiring.link

    @property
    def is_asked(self) -> bool:
        """Whether an answer is waited for."""
        return bool(self._questions)

    def now(self) -> float:
        """Seconds on the clock of the machine."""
        return time.monotonic()

    # Asking

    async def ask(self, command: Callable[P, str], *args: P.args, **kwargs: P.kwargs) -> Answered:
        """Ask the hub for something and wait for the answer.

        Args:
            command: A command of the machine.
            args: Its arguments.
            kwargs: Its keyword arguments, with `now`.

        Raises:
            HocketError: It failed, or was refused, or there is no answer.
            LocalProtocolError: It cannot be asked for now; nothing was sent.
        """
        return await self.answer(self.pose(command, *args, **kwargs))

    def pose(self, command: Callable[P, str], *args: P.args, **kwargs: P.kwargs) -> Question:
        """Ask, and do not wait; see `answer`.

        Raises:
            HocketError: The connection is over.
            LocalProtocolError: It cannot be asked for now; nothing was sent.
        """
        self.check()
        request_id = command(*args, **kwargs)
        question = self._questions[request_id] = Question()
        self.pump()
        return question

    async def answer(self, question: Question) -> Answered:
        """Wait for the answer to what was asked.

        Raises:
            HocketError: It failed, or was refused, or there is no answer.
        """
        if question.outcome is None:
            self.mail.hunger.ring()
            with anyio.move_on_after(self.timeout):
                await question.wait()
        match question.outcome:
            case Answered() as answered:
                return answered
            case Failed(error=error):
                raise error
        raise RequestTimeout(f"the hub did not answer within {self.timeout:g} seconds (timeout)")

    async def reachable(self, stream_id: str) -> None:
        """Wait until a stream whose connection was lost is there again; at once where it was not lost.

        Raises:
            ConnectionFailed: All attempts were in vain.
        """
        await self.while_in(stream_id, ClientState.LOST)

    async def while_in(self, stream_id: str, *states: ClientState) -> None:
        """Wait as long as a stream is in one of these states.

        Raises:
            ConnectionFailed: It is LOST, and will not come back: all attempts were in vain.
        """
        while (state := self.machine.state(stream_id)) in states:
            if state is ClientState.LOST and (None in self._exhausted or stream_id in self._exhausted):
                raise ConnectionFailed("the connection to the hub was lost, and all attempts to restore it failed")
            await self.change()

    async def change(self) -> None:
        """Sleep until something has happened to the machine.

        Raises:
            HocketError: Nothing will happen any more: the connection is over.
        """
        self.check()
        await self._changed.wait()
        self.check()

    def check(self) -> None:
        """Whether anything may still come.

        Raises:
            HocketError: No: the connection is over. Without the traceback of whoever was told before.
        """
        if self.over is not None:
            raise self.over.with_traceback(None)

    # Working

    def pump(self) -> None:
        """Do what the machine asks for. Call it after everything that was said to the machine."""
        while (event := self.machine.next_event()) is not None:
            self._follow(event)
        self._changed.ring()
        self.arm()

    def arm(self) -> None:
        """See to it that the machine is called in time. Call it after what was to be sent was taken."""
        at = self.machine.next_timeout()
        if at is not None and at < self._armed:
            self._alarm.ring()

    def end(self, error: HocketError) -> None:
        """Nothing will come any more; the first reason counts."""
        if self.over is None:
            self.over = error
        questions, self._questions = self._questions, {}
        for request_id, question in questions.items():
            question.settle(Failed(request_id=request_id, error=self.over))
        self._changed.ring()
        self.mail.ring()

    def _follow(self, event: ClientEvent) -> None:
        match event:
            case Answered() | Failed():
                if (question := self._questions.pop(event.request_id, None)) is not None:
                    question.settle(event)
            case Listen() | Unlisten() | Reconnect() | Poll():
                self._wiring.follow(event)
            case FrameRejected(stream_id="", error=error):
                _log.warning("the hub sent something that cannot be read: %s", error.message)
            case _:
                self._tell(event)

    def _tell(self, event: AcpEvent) -> None:
        match event:
            case ReconnectExhausted(stream_id=stream_id):
                what = "the connection to the hub" if stream_id is None else f"the feed of {stream_id!r}"
                _log.warning("%s was lost, and all attempts to restore it failed", what)
                self._exhausted[stream_id] = None
            case Reconnected(stream_id=stream_id) | StreamEnded(stream_id=stream_id):
                self._exhausted.pop(stream_id, None)
        self.mail.put(event)

    async def _keep_time(self) -> None:
        """Call the machine when its time has come."""
        while True:
            at = self.machine.next_timeout()
            self._armed = inf if at is None else at
            with anyio.move_on_after(max(0.0, self._armed - self.now())):
                await self._alarm.wait()
            self.machine.handle_timeout(self.now())
            self.pump()
