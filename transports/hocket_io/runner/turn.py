"""Turn: one run of an agent's function. What it says goes to the core, and what it is answered comes back."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import anyio
from attrs import define, field

from hocket.a2a import Message, Reply, Run, Server, StreamItem, Terms
from hocket.agent import AgentTask, Question, Speech
from hocket.errors import LocalProtocolError
from hocket_io.runner.threads import ThreadedIteration

__all__ = ["Turn"]


@define(eq=False)
class Turn:
    """One run, from WORKING to its end; it lives on the event loop that made it.

    Args:
        run: What the core asked for.
        speech: What the function says.
        server: The core that asked, and is told.
        now: The clock of the core.
        pump: To be called after the core was told something.
    """

    run: Run
    speech: Speech
    server: Server
    now: Callable[[], float]
    pump: Callable[[], None]
    scope: anyio.CancelScope = field(factory=lambda: anyio.CancelScope(shield=True), init=False)
    """Cancelling it closes the function, and nothing else does: whoever is cancelled leaves the host in order.
    It is there before the run begins, so that nothing can come too early."""
    in_thread: ThreadedIteration | None = field(default=None, init=False)
    """The function, where it is a generator that runs in a thread."""
    has_waited: bool = field(default=False, init=False)
    """Whether the function, an async generator, has waited since this was set to False."""
    terms: Terms = field(init=False)
    """What came beside the message that the function was given last."""
    _said: list[StreamItem] = field(factory=list, init=False)
    _refusal: LocalProtocolError | None = field(default=None, init=False)
    _answered: anyio.Event | None = field(default=None, init=False)
    _answer: Message | None = field(default=None, init=False)
    _thread: int = field(factory=threading.get_ident, init=False)

    def __attrs_post_init__(self) -> None:
        self.terms = self.run.terms

    @property
    def key(self) -> tuple[str, int]:
        """The task, and the number of the run."""
        return self.run.task.id, self.run.run

    @property
    def task(self) -> AgentTask:
        """What the function is given."""
        return AgentTask.of(self.run, self)

    def begin(self) -> None:
        """The task is WORKING: that goes with the next `hand_on`, as all that is said."""
        self._said += self.speech.begin()

    def finish(self, answer: Any = None) -> None:
        """The function has ended with this answer; the next `hand_on` tells it.

        Raises:
            LocalProtocolError: The answer has no meaning, or a question was made and not asked.
        """
        self._said += self.speech.finish(answer)

    def end(self) -> None:
        """The function is over."""
        self.server.ended(*self.key, self.now())
        self.pump()

    def emit(self, items: list[StreamItem]) -> None:
        """Tell the core.

        Raises:
            LocalProtocolError: The run is not the task's any more, or the events break the task's life.
        """
        self.server.emit(*self.key, items, self.now())
        self.pump()

    def say(self, value: Any) -> int:
        """Keep what a value means for the next `hand_on`; returns how many events that will be.

        Raises:
            LocalProtocolError: The value has no meaning.
        """
        self._said += self.speech.say(value)
        return len(self._said)

    def hand_on(self) -> None:
        """Tell the core what was said since the last time.

        Raises:
            LocalProtocolError: As `emit`, now or where the function waited.
        """
        if self._refusal is not None:
            raise self._refusal
        if self.speech.artifacts.has_ends:
            self._said += self.speech.artifacts.take_ends()
        if self._said:
            said, self._said = self._said, []
            self.emit(said)

    def hand_on_or_stop(self) -> None:
        """The same where the function is about to wait, and nothing can be raised: what is refused ends its wait."""
        self.has_waited = True
        try:
            self.hand_on()
        except LocalProtocolError as refusal:
            if self._refusal is None:
                self._refusal = refusal
                self.scope.cancel()

    async def ask(self, question: Question) -> Message:
        """Ask, and wait for the answer.

        Raises:
            LocalProtocolError: Another question is open, the run is over, or this is not its event loop.
        """
        if threading.get_ident() != self._thread:
            raise LocalProtocolError(
                f"await {question} on the event loop that runs the agent; in a plain generator, yield it"
            )
        self.hand_on()
        items = self.speech.ask(question)
        answered = self._answered = anyio.Event()
        try:
            self.server.emit(*self.key, items, self.now())
            self.server.asked(*self.key, self.now())
            self.pump()
            await answered.wait()
            assert self._answer is not None, "it comes with the event"
            return self._answer
        finally:
            if self._answer is None:
                self.speech.unanswered()
            else:
                self.speech.answered()
            self._answered = self._answer = None

    def reply(self, output: Reply) -> None:
        """Here is the answer. If the function has just given up waiting, it is in the task's history only."""
        if self._answered is not None:
            self._answer, self.terms = output.message, output.terms
            self._answered.set()

    def artifact_ended(self) -> None:
        """A `with` block was left. On the event loop its end goes with what is handed on next, at the next wait."""
        if self.in_thread is not None:
            for end in self.speech.artifacts.take_ends():
                self.in_thread.put(end)
