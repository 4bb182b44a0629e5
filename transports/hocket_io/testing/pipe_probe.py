"""A probe of an agent at the other end of a pipe or a WebSocket: one connection for all that it is asked."""

from __future__ import annotations

import itertools
from contextlib import ExitStack
from types import TracebackType
from typing import Self

import anyio
import anyio.lowlevel
from attrs import define, field

from hocket import codec
from hocket.a2a import DIALECTS
from hocket.errors import CodecError, ConnectionFailed, HocketError
from hocket.framing import FrameRejected
from hocket.testing.answers import PipeAnswer, PipeAnswers, as_frame
from hocket.testing.probe import Ask, Binding, ProtocolName
from hocket_io.concurrency.groups import scratch_group
from hocket_io.pipes.transport import BytePipe
from hocket_io.testing.conversations import StagedConversation
from hocket_io.testing.pipe_ends import PipeEnd
from hocket_io.testing.stage import AsyncioStage

__all__ = ["PipeProbe"]

_LOOKING = 30.0
"""Seconds that the agent may take for its first answer: an interpreter may have to start."""

_BANNERS = 20
"""Lines that an agent may write before its first answer; a check will find them wrong, but it is an agent."""


@define(eq=False)
class _Connection:
    """One connection, from when it is made to its end. It lives on a stage."""

    end: PipeEnd
    answers: PipeAnswers = field(factory=PipeAnswers, init=False)
    failure: HocketError | None = field(default=None, init=False)
    _conversations: dict[PipeAnswer, StagedConversation] = field(factory=dict, init=False)
    _pipe: BytePipe | None = field(default=None, init=False)
    _is_up: anyio.Event = field(factory=anyio.Event, init=False)
    _is_wanted: anyio.Event = field(factory=anyio.Event, init=False)
    _is_down: anyio.Event = field(factory=anyio.Event, init=False)

    @property
    def was_up(self) -> bool:
        """Whether it was ever made."""
        return self._pipe is not None

    async def live(self) -> None:
        """Connect, and read until nobody wants it any more."""
        try:
            async with self.end.connect() as self._pipe, scratch_group() as group:
                self._is_up.set()
                group.start_soon(self._read, self._pipe)
                await self._is_wanted.wait()
        except HocketError as error:
            self._lose(error)
        finally:
            self._is_up.set()
            self._is_down.set()

    async def wait_for_start(self) -> None:
        """Until it is up, or cannot be."""
        await self._is_up.wait()

    async def stop(self) -> None:
        """Hang up, and wait for it."""
        self._is_wanted.set()
        await self._is_down.wait()

    def expect(self, conversation: StagedConversation, answer: PipeAnswer) -> None:
        """From now on, what comes for this answer is told there."""
        self._conversations[answer] = conversation
        if self.failure is not None:
            answer.receive_failure(str(self.failure))

    async def send(self, data: bytes) -> None:
        """Write. That the pipe is broken is told to all who wait."""
        if self._pipe is None or self.failure is not None:
            return
        try:
            await self._pipe.send(data)
        except HocketError:
            self._lose(await self._pipe.farewell())

    async def leave(self, answer: PipeAnswer) -> None:
        """Nobody wants this answer any more: cancel what asked for it."""
        self.answers.leave(answer)
        self._conversations.pop(answer, None)
        for each in answer.ids:
            cancel = b'{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":' + each + b"}}"
            await self.send(self.end.frame(cancel))

    async def _read(self, pipe: BytePipe) -> None:
        framing = self.end.framing()
        while data := await pipe.receive():
            framing.receive_data(data)
            while (frame := framing.next_frame()) is not None:
                if isinstance(frame, FrameRejected):
                    self._lose(ConnectionFailed(f"what it writes cannot be read: {frame.error}"))
                elif (answer := self.answers.receive(frame)) in self._conversations:
                    self._conversations[answer].ring()
        self._lose(await pipe.farewell())

    def _lose(self, error: HocketError) -> None:
        self.failure = self.failure or error
        for answer in self.answers.receive_failure(str(error)):
            if answer in self._conversations:
                self._conversations[answer].ring()


@define(eq=False)
class PipeProbe:
    """A probe of an A2A agent on a pipe; see `hocket.testing.probe.Probe`. A context manager.

    Args:
        target: What it is, as it may be shown.
        end: How it is reached.
        prefix: What the ids begin with that it makes.

    Raises:
        ConnectionFailed: On entering: it cannot be reached or started, or what answers is no agent.
        AuthenticationError: On entering: it wants credentials.
    """

    target: str
    end: PipeEnd
    prefix: str = "id"
    _stage: AsyncioStage = field(factory=AsyncioStage, init=False)
    _connection: _Connection = field(init=False)
    _stack: ExitStack = field(factory=ExitStack, init=False)
    _ids: itertools.count[int] = field(factory=lambda: itertools.count(1), init=False)

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            stack.enter_context(self._stage)
            self._connect()
            stack.callback(lambda: self._stage.run(self._connection.stop))
            if self._connection.failure is not None and not self._connection.was_up:
                raise self._connection.failure
            self._check_speaks()
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    @property
    def protocol(self) -> ProtocolName:
        """What it speaks."""
        return "a2a"

    @property
    def binding(self) -> Binding:
        """What carries that."""
        return self.end.binding

    @property
    def versions(self) -> tuple[str, ...]:
        """All that we speak: there is no card on a pipe."""
        return tuple([dialect.version for dialect in DIALECTS])

    @property
    def card(self) -> None:
        """There is no card on a pipe."""

    @property
    def raised(self) -> list[BaseException]:
        """Nobody knows."""
        return []

    def open(self, ask: Ask) -> StagedConversation:
        """Ask. What is wrong on the way is seen in the conversation: it is then cut."""
        if self._connection.failure is not None and self.end.reconnects:
            self.restart()
        connection = self._connection
        answer = connection.answers.ask(ask)
        conversation = StagedConversation(self._stage, answer, lambda: connection.leave(answer))
        connection.expect(conversation, answer)
        self._stage.run(connection.send, self.end.frame(as_frame(ask)))
        return conversation

    def curl(self, ask: Ask) -> str | None:
        """A line for a shell that asks the same; None where there is nobody to be reached from a shell."""
        return self.end.line(self.end.frame(as_frame(ask)))

    def fresh_id(self) -> str:
        """An id that this probe has not given before."""
        return f"{self.prefix}-{next(self._ids)}"

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self._stage.run(anyio.sleep, seconds)

    def restart(self) -> None:
        """Connect anew: a child process is then another one."""
        self._stage.run(self._connection.stop)
        self._connect()

    def _connect(self) -> None:
        self._connection = _Connection(self.end)
        self._stage.begin(self._connection.live)
        self._stage.run(self._connection.wait_for_start)

    def _check_speaks(self) -> None:
        conversation = self.open(Ask.call("tasks/get", {"id": "no such task"}, id="are-you-there", version="0.3"))
        for _ in range(_BANNERS):
            said = conversation.next(_LOOKING) or b""
            if not said:
                why = conversation.reason or f"in {_LOOKING:g} s it has answered nothing"
                raise ConnectionFailed(f"there is no agent: {why}")
            if _is_answer(said):
                return
        raise ConnectionFailed(f"there is no agent: what it writes is no JSON-RPC, such as {said[:80]!r}")


def _is_answer(said: bytes) -> bool:
    try:
        message = codec.loads(said)
    except CodecError:
        return False
    return isinstance(message, dict) and ("result" in message or "error" in message)
