"""Runner: runs an agent's function, whatever its colour, and feeds what it yields to the core.

`def` and plain generators run in a worker thread, `async def` and async generators on the event loop. Values that
are ready one after the other are handed on together; none waits for the next one.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
import time
from collections.abc import AsyncGenerator, Callable, Generator
from typing import Any

import anyio
import anyio.lowlevel
from attrs import define, field

from hocket.a2a import Interrupt, Run, Server, StreamItem
from hocket.agent import Agent, AgentTask, Speech
from hocket.entropy import Entropy
from hocket.errors import LocalProtocolError
from hocket_io.ahead import Ahead
from hocket_io.threads import call_in_daemon, iterate_in_thread

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
    _running: dict[tuple[str, int], anyio.CancelScope] = field(factory=dict, init=False)

    def scope(self, run: Run) -> anyio.CancelScope:
        """The scope to run `run` in. It is there before the run begins, so that no interrupt can come too early."""
        scope = self._running[run.task.id, run.run] = anyio.CancelScope()
        return scope

    def interrupt(self, output: Interrupt) -> None:
        """Close the function of a run, if it still runs."""
        scope = self._running.get((output.task_id, output.run))
        if scope is not None:
            scope.cancel()

    async def run(self, run: Run, scope: anyio.CancelScope) -> None:
        """One turn, from WORKING to its end. Whatever the function does, the task is settled afterwards."""
        key = run.task.id, run.run
        speech = Speech(run.task.id, run.task.context_id or "", run.run, self.entropy)
        try:
            with scope:
                await self._turn(run, speech)
        except (Exception, SystemExit, GeneratorExit) as error:  # noqa: BLE001  -- the agent is somebody else's code
            self._fail(run, speech, error)
        except anyio.get_cancelled_exc_class() as error:
            if _is_being_cancelled():
                raise
            self._fail(run, speech, error)  # it leaked out of a task of the agent's own
        finally:
            del self._running[key]
            self.server.ended(*key, self.now())
            self.pump()

    async def _turn(self, run: Run, speech: Speech) -> None:
        self.server.started(run.task.id, run.run, self.now())
        self.pump()
        function, task = self.agent.function, AgentTask.of(run.task, run.message)
        answer: Any
        if _is_async(function):
            answer = function(task)
        else:
            answer = await call_in_daemon(lambda: function(task), self._threads)
        if inspect.isawaitable(answer):
            answer = await answer
        if inspect.isasyncgen(answer):
            await self._tell_async(run, speech, answer)
            answer = None
        elif isinstance(answer, Generator):
            answer = await self._tell_sync(run, speech, answer)
        self._emit(run, speech.finish(answer))

    async def _tell_async(self, run: Run, speech: Speech, values: AsyncGenerator[Any, Any]) -> None:
        items: list[StreamItem] = []

        def hand_on() -> None:
            if items:
                ready = items.copy()
                items.clear()
                self._emit(run, ready)

        try:
            await anyio.lowlevel.checkpoint_if_cancelled()
            slice_ends = time.perf_counter() + _SLICE
            while not speech.is_over:
                try:
                    value = await Ahead(values.__anext__(), hand_on)
                except StopAsyncIteration:
                    break
                items += speech.say(value)
                if len(items) >= _BATCH or time.perf_counter() >= slice_ends:
                    hand_on()
                    if _is_cancelled():  # it was told where it waited, and may say how it ends
                        await anyio.lowlevel.cancel_shielded_checkpoint()
                    else:
                        await anyio.lowlevel.checkpoint()
                    slice_ends = time.perf_counter() + _SLICE
        finally:
            try:
                hand_on()  # also what came before an exception
            finally:
                with anyio.move_on_after(_CLEANUP, shield=True):
                    await values.aclose()

    async def _tell_sync(self, run: Run, speech: Speech, values: Generator[Any, None, Any]) -> Any:
        async with iterate_in_thread(values, _BATCH, self._threads) as batches:
            async for batch in batches:
                items: list[StreamItem] = []
                try:
                    for value in batch:
                        items += speech.say(value)
                        if speech.is_over:
                            break
                finally:
                    if items:  # also what came before a value that has no meaning
                        self._emit(run, items)
                if speech.is_over:
                    break
                await anyio.lowlevel.checkpoint()
        return batches.returned

    def _emit(self, run: Run, items: list[StreamItem]) -> None:
        self.server.emit(run.task.id, run.run, items, self.now())
        self.pump()

    def _fail(self, run: Run, speech: Speech, error: BaseException) -> None:
        correlation_id = self.entropy.new_id()
        detail = f"{type(error).__name__}: {error}" if self.agent.debug else ""
        try:
            self._emit(run, speech.fail(correlation_id, detail))
        except LocalProtocolError as refusal:  # it was left behind after a cancel, and speaks late
            _log.info("what agent %r said at its end was not taken: %s", self.agent.name, refusal)
        else:
            _log.error("agent %r failed, correlation id %s", self.agent.name, correlation_id, exc_info=error)


def _is_cancelled() -> bool:
    """Whether a scope around us was cancelled."""
    return anyio.current_effective_deadline() == float("-inf")


def _is_being_cancelled() -> bool:
    """Whether a cancellation that arrived here was meant for the task we run in."""
    if _is_cancelled():
        return True
    try:
        task = asyncio.current_task()
    except RuntimeError:
        return True  # trio has no others
    return task is not None and task.cancelling() > 0


def _is_async(function: Callable[..., Any]) -> bool:
    call = function if inspect.isroutine(function) else getattr(function, "__call__", function)  # noqa: B004  -- its kind is asked for, not whether it can be called
    return inspect.iscoroutinefunction(call) or inspect.isasyncgenfunction(call)
