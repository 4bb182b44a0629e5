"""Runner: runs an agent's function, whatever its colour, and feeds what it yields to the core.

`def` and plain generators run in a worker thread, `async def` and async generators on the event loop. Values that
are ready one after the other are handed on together; none waits for the next one.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import closing
from enum import Enum
from typing import Any

import anyio
import anyio.lowlevel
from attrs import define, field

from hocket.a2a import Interrupt, Message, Release, Reply, Run, Server, StreamItem, TaskStatusUpdateEvent
from hocket.a2a.states import is_terminal
from hocket.agent import Agent, AgentTask, Question, Speech
from hocket.entropy import Entropy
from hocket.errors import LocalProtocolError
from hocket_io.concurrency.ahead import Ahead
from hocket_io.concurrency.loops import is_on_asyncio
from hocket_io.runner.failures import in_words, interrupts_fail, split_off
from hocket_io.runner.threads import call_in_daemon, iterate_in_thread
from hocket_io.runner.turn import Turn

__all__ = ["Runner"]

_log = logging.getLogger(__name__)

_BATCH = 256
"""Values handed on together at the most, so that readers get a turn."""
_THREADS = 1_000
"""Blocking agents at work at the same time; more wait for their turn."""
_SLICE = 0.001
"""Seconds after which readers get a turn, even from an agent that never waits."""
_CLEANUP = 10.0
"""Seconds that an async generator may take to clean up once it is closed."""


@define(eq=False)
class Runner:
    """Runs turns of one agent on the event loop that calls it.

    Args:
        agent: Whose function is run.
        server: The core that asked, and is told.
        entropy: Where ids come from.
        now: The clock of the core.
        pump: To be called after the core was told something.
    """

    agent: Agent
    server: Server
    entropy: Entropy
    now: Callable[[], float]
    pump: Callable[[], None]
    _threads: anyio.CapacityLimiter = field(factory=lambda: anyio.CapacityLimiter(_THREADS), init=False)
    _running: dict[tuple[str, int], Turn] = field(factory=dict, init=False)
    _is_closed: bool = field(default=False, init=False)

    def begin(self, run: Run) -> Turn:
        """A turn, to be given to `run`. It is there before the run begins, so that no interrupt can come too early."""
        speech = Speech(run.task.id, run.task.context_id or "", run.run, self.entropy)
        turn = Turn(run, speech, self.server, self.now, self.pump)
        self._running[turn.key] = turn
        if self._is_closed:
            turn.scope.cancel()
        return turn

    def interrupt(self, output: Interrupt) -> None:
        """Close the function of a run, if it still runs."""
        self._close(output.task_id, output.run)

    def release(self, output: Release) -> None:
        """Close the function of a run that waits for an answer in vain."""
        self._close(output.task_id, output.run)

    def reply(self, output: Reply) -> None:
        """Give a run the answer to what it asked, if it still waits."""
        turn = self._running.get((output.task_id, output.run))
        if turn is not None:
            turn.reply(output)

    def close(self) -> None:
        """Close the function of every run, also of those that begin when another one ends: the host ends."""
        self._is_closed = True
        for turn in self._running.values():
            turn.scope.cancel()

    def _close(self, task_id: str, run: int) -> None:
        turn = self._running.get((task_id, run))
        if turn is not None:
            turn.scope.cancel()

    async def run(self, turn: Turn) -> None:
        """One turn, from WORKING to its end. Whatever the function does, the task is settled afterwards."""
        try:
            with turn.scope:
                await self._answer(turn)
        except BaseException as error:  # noqa: BLE001  -- the agent is somebody else's code
            ours, its_own = split_off(error, _meant_for_us())
            if its_own is not None:
                self._fail(turn, its_own)
            if ours is not None:
                raise ours from None
        finally:
            del self._running[turn.key]
            turn.end()

    async def _answer(self, turn: Turn) -> None:
        function, task = self.agent.function, turn.task
        answer: Any
        turn.begin()
        if _is_async(function):
            answer = function(task)
        else:
            turn.hand_on()
            answer = await call_in_daemon(lambda: _called(function, task), self._threads)
        if inspect.isawaitable(answer) and not isinstance(answer, Question):
            answer = await self._awaited(turn, answer)
        if inspect.isasyncgen(answer):
            await self._tell_async(turn, answer)
            return
        if isinstance(answer, Generator):
            answer = await self._tell_sync(turn, answer)
        turn.finish(answer)
        turn.hand_on()

    async def _awaited(self, turn: Turn, answer: Awaitable[Any]) -> Any:
        """What a coroutine returns. That the task is WORKING is told before it waits, if it does."""
        try:
            return await Ahead(answer, turn.hand_on_or_stop)
        except BaseException:
            turn.hand_on()
            raise

    async def _tell_async(self, turn: Turn, values: AsyncGenerator[Any, Any]) -> None:
        """Tell what an async generator yields: what is ready together, and all of it before the generator waits."""
        sent: Message | None = None
        try:
            await anyio.lowlevel.checkpoint_if_cancelled()
            while not turn.speech.is_over:
                pause = await Ahead(_collected(turn, values, sent), turn.hand_on_or_stop)
                if pause is _Pause.END:
                    break
                turn.hand_on()
                if isinstance(pause, Question):
                    sent = await turn.ask(pause)
                    continue
                sent = None
                if _is_cancelled():  # it was told where it waited, and may say how it ends
                    await anyio.lowlevel.cancel_shielded_checkpoint()
                else:
                    await anyio.lowlevel.checkpoint()
            turn.finish()  # goes with what was said last
        finally:
            try:
                turn.hand_on()  # also what came before an exception
            finally:
                with anyio.move_on_after(_CLEANUP, shield=True):
                    await values.aclose()

    async def _tell_sync(self, turn: Turn, values: Generator[Any, Any, Any]) -> Any:
        told = _told(turn.speech, values)
        async with iterate_in_thread(told, _BATCH, self._threads, pauses=Question) as batches:
            turn.in_thread = batches
            async for items in batches:
                question = items.pop() if isinstance(items[-1], Question) else None
                if items:
                    turn.emit(items)
                if question is not None:
                    batches.resume(await turn.ask(question))
                elif _is_end(items[-1]):
                    break  # its generator may take its time to close
                await anyio.lowlevel.checkpoint()
        return batches.returned

    def _fail(self, turn: Turn, error: BaseException) -> None:
        correlation_id = self.entropy.new_id()
        detail = in_words(error) if self.agent.debug else ""
        try:
            turn.emit(turn.speech.fail(correlation_id, detail))
        except LocalProtocolError as refusal:  # it was left behind after a cancel, and speaks late
            _log.info("what agent %r said at its end was not taken: %s", self.agent.name, refusal)
        else:
            _log.error("agent %r failed, correlation id %s", self.agent.name, correlation_id, exc_info=error)


class _Pause(Enum):
    """Why an async generator is not asked for its next value at once."""

    TURN = "readers get a turn"
    END = "there is none"


async def _collected(turn: Turn, values: AsyncGenerator[Any, Any], sent: Message | None) -> _Pause | Question:
    """Say what an async generator yields, as long as it is its turn; why it has stopped.

    The loop that every value passes: `async for` takes 0.13 µs of it, an awaitable stepped by hand for each 1.0.
    """
    slice_ends = time.perf_counter() + _SLICE
    if sent is not None:
        try:
            value = await values.asend(sent)
        except StopAsyncIteration:
            return _Pause.END
        if isinstance(value, Question):
            return value
        turn.say(value)
        if turn.speech.is_over:
            return _Pause.END
    say, speech, clock = turn.say, turn.speech, time.perf_counter
    async for value in values:
        if isinstance(value, Question):
            return value
        if turn.has_waited:  # readers had their turn meanwhile
            turn.has_waited, slice_ends = False, clock() + _SLICE
        if say(value) >= _BATCH or clock() >= slice_ends:
            return _Pause.TURN
        if speech.is_over:
            break
    return _Pause.END


def _called(function: Callable[[AgentTask], Any], task: AgentTask) -> Any:
    """What a plain function answers. For a thread."""
    with interrupts_fail():
        return function(task)


def _told(speech: Speech, values: Generator[Any, Any, Any]) -> Generator[StreamItem | Question, Any, Any]:
    """The events of a plain generator, and the questions where it waits for what it is sent. For a thread."""
    sent: Message | None = None
    with interrupts_fail(), closing(values):
        while not speech.is_over:
            try:
                value = values.send(sent)
            except StopIteration as stop:
                return stop.value
            sent = None
            if isinstance(value, Question):
                sent = yield value
            else:
                yield from speech.say(value)
    return None


def _is_end(item: StreamItem) -> bool:
    """Whether nothing can follow this."""
    return isinstance(item, TaskStatusUpdateEvent) and is_terminal(item.status.state)


def _is_cancelled() -> bool:
    """Whether a scope around us was cancelled."""
    return anyio.current_effective_deadline() == float("-inf")


def _meant_for_us() -> tuple[type[BaseException], ...]:
    """What an agent's function lets through that is not its own doing: Ctrl-C, and a cancellation if there is one."""
    return (KeyboardInterrupt, anyio.get_cancelled_exc_class()) if _is_being_cancelled() else (KeyboardInterrupt,)


def _is_being_cancelled() -> bool:
    """Whether a cancellation that arrived here was meant for the task we run in."""
    if _is_cancelled():
        return True
    if not is_on_asyncio():
        return True  # trio has no others
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _is_async(function: Callable[..., Any]) -> bool:
    call = function if inspect.isroutine(function) else getattr(function, "__call__", function)  # noqa: B004  -- its kind is asked for, not whether it can be called
    return inspect.iscoroutinefunction(call) or inspect.isasyncgenfunction(call)
