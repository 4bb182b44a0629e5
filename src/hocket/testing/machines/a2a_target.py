"""A2ATargetMachine: Hypothesis talks to an agent that is somewhere, and keeps a model of each of its tasks.

The agent is whatever it is, so nobody knows before what it will say. But what it says to one reader must be what it
says to the next, a stream must have an end that is none in the middle, and a task that is over must stay as it is.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, ExitStack
from typing import ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from hocket.a2a import (
    CancelTaskRequest,
    GetTaskRequest,
    Operation,
    Params,
    SubscribeToTaskRequest,
    dialect_for,
)
from hocket.testing.machines.told import Told, user_says
from hocket.testing.probe import PATIENCE, Ask, Conversation, Probe

__all__ = ["A2ATargetMachine"]

_WHICH = st.integers(0, 9)
_MOMENT = 0.1
"""Seconds that are given to a stream which waits for its user: there need not be more of it."""
_OPEN = 8
"""Streams that are read at the same time, at the most."""


class A2ATargetMachine(RuleBasedStateMachine):
    """Plays a client against an agent: sends, reads, asks, answers and cancels in any order, and believes nothing.

    A subclass says where the agent is. There are no faults: what is cut was cut by the agent.

    Attributes:
        version: The version of A2A to speak.
        words: What it may be told.
        patience: Seconds after which an agent is silent for too long.
    """

    version: ClassVar[str] = "1.0"
    words: ClassVar[st.SearchStrategy[str]] = st.sampled_from(["hello", "", "one two three", "\u2028"])
    patience: ClassVar[float] = PATIENCE

    def __init__(self) -> None:
        super().__init__()
        self.told = Told()
        self._stack = ExitStack()
        self._probe: Probe | None = None
        self._open: list[Conversation] = []

    def reach(self) -> AbstractContextManager[Probe]:
        """A way to the agent, such as `hocket_io.testing.reach("http://127.0.0.1:8000")`.

        Raises:
            NotImplementedError: A subclass has to say it.
        """
        raise NotImplementedError("say where the agent is: def reach(self): return hocket_io.testing.reach(TARGET)")

    @initialize()
    def begin(self) -> None:
        """Find the agent."""
        self._probe = self._stack.enter_context(self.reach())

    # What a client does -------------------------------------------------------------------------------------------

    @precondition(lambda self: len(self._open) < _OPEN)
    @rule(data=st.data())
    def stream(self, data: st.DataObject) -> None:
        """Send a message, and read the answer as it comes."""
        self._stream(Operation.STREAM, user_says(data.draw(self.words, label="words"), self.probe.fresh_id()))

    @rule(data=st.data())
    def send(self, data: st.DataObject) -> None:
        """Send a message, and wait for the answer."""
        params = user_says(data.draw(self.words, label="words"), self.probe.fresh_id())
        self.told.answered(Operation.SEND, params, self._answer(Operation.SEND, params))

    @precondition(lambda self: self.told.tasks and len(self._open) < _OPEN)
    @rule(task=_WHICH, data=st.data())
    def follow_up(self, task: int, data: st.DataObject) -> None:
        """A further message to a task, whether it waits for one or not."""
        words = data.draw(self.words, label="words")
        self._stream(Operation.STREAM, user_says(words, self.probe.fresh_id(), self.told.task_id(task)))

    @precondition(lambda self: self.told.tasks and len(self._open) < _OPEN)
    @rule(task=_WHICH)
    def subscribe(self, task: int) -> None:
        """Read a task along."""
        self._stream(Operation.SUBSCRIBE, SubscribeToTaskRequest(id=self.told.task_id(task)))

    @precondition(lambda self: self.told.tasks)
    @rule(task=_WHICH)
    def get(self, task: int) -> None:
        """Ask how a task stands."""
        self._get(self.told.task_id(task))

    @rule()
    def get_what_nobody_has(self) -> None:
        """Ask for a task that is not there."""
        params = GetTaskRequest(id=self.probe.fresh_id())
        self.told.answered(Operation.GET, params, self._answer(Operation.GET, params))

    @precondition(lambda self: self.told.tasks)
    @rule(task=_WHICH)
    def cancel(self, task: int) -> None:
        """Cancel a task; then see how it stands."""
        params = CancelTaskRequest(id=self.told.task_id(task))
        self.told.answered(Operation.CANCEL, params, self._answer(Operation.CANCEL, params))
        self._get(params.id)

    @precondition(lambda self: self._open)
    @rule(which=_WHICH, items=st.integers(1, 5))
    def read(self, which: int, items: int) -> None:
        """Read on in a stream."""
        conversation = self._open[which % len(self._open)]
        for _ in range(items):
            if not self._read(conversation):
                break

    @precondition(lambda self: self._open)
    @rule(which=_WHICH)
    def leave(self, which: int) -> None:
        """Leave a stream before its end. Its task goes on, or not: that is the agent's business."""
        conversation = self._open.pop(which % len(self._open))
        self.told.left(conversation)
        conversation.close()

    def teardown(self) -> None:
        """Read every stream to its end, and see how each task stands. Then leave."""
        with self._stack:
            if self._probe is not None and not self.told.has_failed:
                while self._open:
                    self._read(self._open[0])
                for task_id in list(self.told.tasks):
                    self._get(task_id)

    # How ----------------------------------------------------------------------------------------------------------

    @property
    def probe(self) -> Probe:
        """The way to the agent, once it is found."""
        assert self._probe is not None, "begin comes first"
        return self._probe

    def _ask(self, operation: Operation, params: Params) -> Conversation:
        dialect = dialect_for(self.version)
        assert dialect is not None, f"there is no A2A {self.version}"
        self.told.dialect = dialect
        written = dialect.write_params(operation, params)
        ask = Ask.call(dialect.methods[operation], written, id=self.probe.fresh_id(), version=self.version)
        return self.probe.open(ask)

    def _answer(self, operation: Operation, params: Params) -> bytes | None:
        conversation = self._ask(operation, params)
        try:
            return conversation.next(self.patience)
        finally:
            conversation.close()

    def _get(self, task_id: str) -> None:
        params = GetTaskRequest(id=task_id)
        self.told.answered(Operation.GET, params, self._answer(Operation.GET, params))

    def _stream(self, operation: Operation, params: Params) -> None:
        conversation = self._ask(operation, params)
        self._open.append(conversation)
        self.told.opened(conversation, operation, params)
        self._read(conversation)

    def _read(self, conversation: Conversation) -> bool:
        """Read one item; whether there was one."""
        waits_for_us = self.told.waits_for_user(conversation)
        data = conversation.next(min(_MOMENT, self.patience) if waits_for_us else self.patience)
        if data is not None:
            self.told.item(conversation, data)
            return True
        self._open.remove(conversation)
        self.told.ended(conversation)
        conversation.close()
        return False
