"""Turns: the life of an agent's run, from the message that starts it to the status that ends it.

A turn begins when its message is in the log: then the runner is asked, and the call that brought the message
reads along or waits. What the run says is appended; a cancel interrupts it; however it ends, its task is settled.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Literal

from attrs import define, evolve, field

from hocket.a2a import states
from hocket.a2a.admission import admit_message, history_length
from hocket.a2a.dialects import Operation
from hocket.a2a.limits import ServerLimits
from hocket.a2a.live import LiveTask, Turn
from hocket.a2a.mailboxes import Mailboxes
from hocket.a2a.model import Message, StreamItem, Task, TaskState, TaskStatus, TaskStatusUpdateEvent
from hocket.a2a.ports import Append, Interrupt, Link, Output, Run
from hocket.a2a.requests import SendMessageRequest
from hocket.a2a.residents import Residents
from hocket.a2a.states import Answer
from hocket.a2a.subscription import Call, Subscription
from hocket.entropy import Entropy
from hocket.errors import LocalProtocolError
from hocket.log import Cursor
from hocket.timers import Timers
from hocket.timestamps import timestamp

__all__ = ["Turns"]


@define(eq=False, kw_only=True)
class Turns:
    """The runs of one agent.

    Args:
        entropy: Where task and context ids come from.
        epoch: Unix time, in seconds, at which `now` was 0.
        limits: What is held at the most.
        on_disconnect: "cancel" interrupts a run when nobody reads its task or waits for it any more.
        tasks: The tasks in memory.
        mailboxes: What each link is to get.
        outputs: What the world is asked to do.
    """

    entropy: Entropy
    epoch: float
    limits: ServerLimits
    on_disconnect: Literal["continue", "cancel"]
    tasks: Residents
    mailboxes: Mailboxes
    outputs: deque[Output]
    _grace: Timers[str] = field(factory=Timers, init=False)

    # Messages ---------------------------------------------------------------------------------------------------

    def begin(self, link: Link, call: Call, message: Message, now: float) -> None:
        """A message that names no task: there is a new one."""
        if not self.tasks.has_room():
            self.mailboxes.refuse_over_limit(link, call, "tasks", self.limits.tasks)
            return
        task_id = self.entropy.new_id()
        context_id = message.context_id or self.entropy.new_id()
        message = evolve(message, task_id=task_id, context_id=context_id)
        live = self.tasks.admit(task_id)
        status = TaskStatus(state=TaskState.SUBMITTED, timestamp=self._timestamp(now))
        task = Task(id=task_id, context_id=context_id, status=status, history=(message,))
        self._start(link, call, live, message, [task])

    def follow_up(self, link: Link, call: Call, live: LiveTask, message: Message, now: float) -> None:
        """A message to a task that is there."""
        turn = live.turn
        if turn is not None and (live.tail_state is TaskState.INPUT_REQUIRED or turn.is_awaiting(message)):
            self.mailboxes.park(link, call, live)  # the agent has asked, and its function is about to end
            return
        match admit_message(message, live):
            case Answer.TASK_AGAIN:
                self._attach(link, call, live, message)
            case Answer():
                message = evolve(message, task_id=live.id, context_id=live.fold.context_id)
                submitted = live.status_event(TaskState.SUBMITTED, self._timestamp(now))
                self._start(link, call, live, message, [message, submitted])
            case code, reason:
                self.mailboxes.refuse(link, call, code, reason)

    def announce(self, live: LiveTask, now: float) -> None:
        """Once its message is in the log: ask the runner, and let the caller read."""
        turn = live.turn
        if turn is None or turn.is_announced or live.log.last < turn.run:
            return
        turn.task, turn.offset = live.fold.snapshot(), live.log.last
        self.outputs.append(Run(task=turn.task, run=turn.run, message=turn.message))
        if self.mailboxes.get(turn.link) is not None:
            self._attach(turn.link, turn.call, live, turn.message)
        elif self.on_disconnect == "cancel":
            self.interrupt(live, now)

    def _start(self, link: Link, call: Call, live: LiveTask, message: Message, items: Sequence[StreamItem]) -> None:
        if not live.has_room_for(items):
            self.mailboxes.refuse_over_limit(link, call, "task_size", self.limits.task_size)
            if not live.tail:
                self.tasks.forget(live)
            return
        live.turn = Turn(live.tail + len(items), message, link, call)
        self._append(live, items)

    def _attach(self, link: Link, call: Call, live: LiveTask, message: Message) -> None:
        """Let the call that sent a message read the turn that answers it, or wait for its end, as it asked."""
        assert isinstance(call.params, SendMessageRequest), "only messages start turns"
        configuration, turn = call.params.configuration, live.turn
        if call.operation is Operation.STREAM:
            if turn is not None and turn.task is not None and turn.message.message_id == message.message_id:
                at, task = turn.offset, turn.task
            else:  # it was answered before: the task as it is now
                at, task = live.log.last, live.fold.snapshot()
            self.mailboxes.read(Subscription(link, call, live, Cursor(live.log, at), task, history_length(call)))
        elif (configuration and configuration.return_immediately) or states.settles(live.fold.state):
            self.mailboxes.answer(link, call, live)
        else:
            self.mailboxes.wait(link, call, live)

    # The run ----------------------------------------------------------------------------------------------------

    def started(self, task_id: str, run: int, now: float) -> None:
        """The runner begins a run: the task is WORKING.

        Raises:
            LocalProtocolError: The run is not the task's current one.
        """
        live = self._running(task_id, run)
        self._append(live, [live.status_event(TaskState.WORKING, self._timestamp(now))])

    def emit(self, task_id: str, run: int, items: Sequence[StreamItem], now: float) -> None:
        """Events of a running agent, in order.

        Raises:
            LocalProtocolError: The run was ended or replaced, or an event breaks the task's life. Nothing is appended.
        """
        live = self._running(task_id, run)
        self._append(live, [self._stamped(item, now) for item in items])

    def ended(self, live: LiveTask, now: float) -> None:
        """The task's run is over. What its agent left unsettled is CANCELED if that was asked for, else FAILED."""
        turn, live.turn = live.turn, None
        self._grace.clear(live.id)
        if turn is not None and turn.is_interrupted and not states.is_terminal(live.tail_state):
            self._append(live, [live.status_event(TaskState.CANCELED, self._timestamp(now))])
        elif not states.settles(live.tail_state):
            self._append(live, [live.status_event(TaskState.FAILED, self._timestamp(now))])

    def settled(self, live: LiveTask) -> None:
        """The task is over: no deadline of its run counts any more."""
        self._grace.clear(live.id)

    # Its end from outside ---------------------------------------------------------------------------------------

    def interrupt(self, live: LiveTask, now: float) -> None:
        """Cancel the task: at once if nothing runs, else through its agent."""
        turn = live.turn
        if turn is None or not turn.is_announced:
            live.turn = None
            if turn is not None:  # its message is on the way into the log: then the call is answered
                self.mailboxes.park(turn.link, turn.call, live)
            if not states.is_terminal(live.tail_state):
                self._append(live, [live.status_event(TaskState.CANCELED, self._timestamp(now))])
        elif not turn.is_interrupted:
            turn.is_interrupted = True
            self.outputs.append(Interrupt(task_id=live.id, run=turn.run))
            self._grace.set(live.id, now + self.limits.cancel_grace)

    def fence(self, live: LiveTask) -> None:
        """The task was written by another: our run is to stop, and what it says now is refused."""
        turn, live.turn = live.turn, None
        self._grace.clear(live.id)
        if turn is None:
            return
        if turn.is_announced:
            self.outputs.append(Interrupt(task_id=live.id, run=turn.run))
        else:
            self.mailboxes.park(turn.link, turn.call, live)

    def left(self, live: LiveTask, now: float) -> None:
        """Somebody no longer reads the task or waits for it."""
        turn = live.turn
        is_left = turn is not None and turn.is_announced and not live.subscriptions and not live.waiters
        if is_left and self.on_disconnect == "cancel":
            self.interrupt(live, now)

    def next_timeout(self) -> float | None:
        """When `handle_timeout` wants to be called, or None."""
        return self._grace.next_timeout()

    def handle_timeout(self, now: float) -> None:
        """Agents that did not stop in time are left behind: their tasks are CANCELED, what they say is refused."""
        for task_id in self._grace.due(now):
            live = self.tasks.get(task_id)
            if live is None:
                continue
            live.turn = None
            if not states.is_terminal(live.tail_state):
                self._append(live, [live.status_event(TaskState.CANCELED, self._timestamp(now))])

    # What they share --------------------------------------------------------------------------------------------

    def _append(self, live: LiveTask, items: Sequence[StreamItem]) -> None:
        live.check(items)
        self.outputs.append(Append(task_id=live.id, expect=live.tail, items=tuple(items)))
        live.note(items)

    def _running(self, task_id: str, run: int) -> LiveTask:
        live = self.tasks.get(task_id)
        if live is None or live.turn is None or live.turn.run != run:
            raise LocalProtocolError(f"run {run} of task {task_id} is over: what it says now is not taken")
        return live

    def _timestamp(self, now: float) -> str:
        return timestamp(self.epoch + now)

    def _stamped(self, item: StreamItem, now: float) -> StreamItem:
        if isinstance(item, TaskStatusUpdateEvent) and item.status.timestamp is None:
            return evolve(item, status=evolve(item.status, timestamp=self._timestamp(now)))
        return item
