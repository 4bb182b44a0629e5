"""The A2A server: many tasks × many links, without I/O.

Requests come in with the link they came from; what a link gets is taken from it with `take`, at the reader's
pace. The server asks a store to append (the log is the truth) and a runner to run, and is fed what they say:

    receive(link, …) ─┐                                   ┌─> Append, Load, Checkpoint   (store)
    feed, loaded ─────┼─>  LiveTask: log · fold · readers ┼─> Run, Interrupt             (runner)
    emit, ended ──────┘                                   └─> Ready(link) … take(link)   (transport)

After any call, drain `next_output`. Every method takes `now`, seconds on the caller's monotonic clock.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Any, Literal

from attrs import define, evolve, field

from hocket.a2a import states
from hocket.a2a.admission import admit_cancel, admit_message, admit_subscription, history_length
from hocket.a2a.dialects import Operation, negotiate
from hocket.a2a.limits import ServerLimits
from hocket.a2a.live import LiveTask, Turn
from hocket.a2a.mailboxes import Mailboxes
from hocket.a2a.model import Message, StreamItem, Task, TaskState, TaskStatus, TaskStatusUpdateEvent
from hocket.a2a.parameters import ServiceParameters
from hocket.a2a.ports import (
    Append,
    Delivery,
    Interrupt,
    Link,
    Load,
    Output,
    Refused,
    Run,
    Stored,
)
from hocket.a2a.requests import SendMessageRequest
from hocket.a2a.residents import Residents
from hocket.a2a.states import Answer
from hocket.a2a.subscription import Call, Subscription
from hocket.entropy import Entropy
from hocket.errors import ErrorObject, LocalProtocolError
from hocket.jsonrpc import Id
from hocket.log import Cursor, Entry
from hocket.timers import Timers
from hocket.timestamps import timestamp

__all__ = ["Server"]


@define(eq=False, kw_only=True)
class Server:
    """The tasks of one agent and everybody who talks about them.

    Args:
        entropy: Where task, context and message ids come from.
        epoch: Unix time, in seconds, at which `now` was 0: turns `now` into the timestamps that go on the wire.
        limits: What is held at the most.
        on_disconnect: "cancel" cancels a task when the last link that reads it or waits for it is gone.
    """

    entropy: Entropy
    epoch: float = 0.0
    limits: ServerLimits = ServerLimits()
    on_disconnect: Literal["continue", "cancel"] = "continue"
    _tasks: Residents = field(init=False)
    _outputs: deque[Output] = field(factory=deque, init=False)
    _mailboxes: Mailboxes = field(init=False)
    _grace: Timers[str] = field(factory=Timers, init=False)

    def __attrs_post_init__(self) -> None:
        self._tasks = Residents(self.limits)
        self._mailboxes = Mailboxes(self._outputs)

    # Calls ------------------------------------------------------------------------------------------------------

    def receive(
        self, link: Link, request_id: Id, method: str, params: Any, service: ServiceParameters, now: float
    ) -> None:
        """Take a request: `take(link)` will give its answer, its items, or its error."""
        mailbox = self._mailboxes.open(link)
        mailbox.calls += 1
        dialect, operation = negotiate(method, service.version)
        params = (
            operation if isinstance(operation, ErrorObject) else dialect.read_params(operation, params, self.limits.id)
        )
        if isinstance(params, ErrorObject) or isinstance(operation, ErrorObject):
            self._mailboxes.deliver(link, Refused(request_id=request_id, error=dialect.write_error(params)))
            return
        call = Call(request_id=request_id, dialect=dialect, operation=operation, params=params, service=service)
        if mailbox.calls > self.limits.calls:
            self._mailboxes.refuse_over_limit(link, call, "calls", self.limits.calls)
            return
        self._perform(link, call, now)

    def cancel_call(self, link: Link, request_id: Id, now: float) -> None:
        """The caller wants no (more) answer to a call. Its task goes on (unless `on_disconnect` says otherwise)."""
        for live in self._mailboxes.withdraw(link, request_id):
            self._left(live, now)

    def disconnect(self, link: Link, now: float) -> None:
        """The link is gone: what waited for it is forgotten. Its tasks go on (unless `on_disconnect` says no)."""
        for live in self._mailboxes.leave(link):
            self._left(live, now)

    def take(self, link: Link, limit: int = 256) -> list[Delivery]:
        """What the link may be given now, about `limit` deliveries; [] when it has all (a `Ready` will follow)."""
        out, over = self._mailboxes.take(link, limit)
        for subscription in over:
            self._tasks.rest(subscription.live)
        return out

    def next_output(self) -> Output | None:
        """The next thing the world is asked to do, or None."""
        return self._outputs.popleft() if self._outputs else None

    # The store --------------------------------------------------------------------------------------------------

    def feed(self, task_id: str, entries: Sequence[Entry[StreamItem]], now: float) -> None:
        """Entries that the store has appended to a task's log, by us or by another replica."""
        live = self._tasks.get(task_id)
        if live is None or live.is_loading or not entries:
            return
        if entries[0].offset > live.log.last + 1:  # another replica's; some before them never reached us
            self._reload(live)
            return
        if not live.take_entries(entries):
            return
        live.catch_up()
        self._announce(live, now)
        self._unpark(live, now)
        self._tell_readers(live)
        if live.log.is_ended:
            self._grace.clear(task_id)
        checkpoint = live.checkpoint()
        if checkpoint is not None:
            self._outputs.append(checkpoint)
        self._tasks.rest(live)

    def append_refused(self, task_id: str, now: float) -> None:
        """The store did not append: somebody else has. Our run is fenced, and the task is read anew."""
        live = self._tasks.get(task_id)
        if live is None:
            return
        turn = self._fence(live)
        if turn is not None and not turn.is_announced:
            self._mailboxes.park(turn.link, turn.call, live)
        cancels = [waiter for waiter in live.waiters if waiter[1].operation is Operation.CANCEL]
        live.waiters = [waiter for waiter in live.waiters if waiter not in cancels]
        live.parked += cancels
        self._reload(live)

    def loaded(self, task_id: str, stored: Stored | None, now: float) -> None:
        """What the store has of a task that was asked for with `Load`; None if it knows no such task."""
        live = self._tasks.get(task_id)
        if live is None or not live.is_loading:
            return
        live.is_loading = False
        if stored is None:
            self._fence(live)
            self._tasks.forget(live)
            self._mailboxes.dismiss(live)
            return
        live.restore(stored)
        self._tell_readers(live)
        self._unpark(live, now)
        self._tasks.rest(live)

    # The runner -------------------------------------------------------------------------------------------------

    def started(self, task_id: str, run: int, now: float) -> None:
        """The runner begins a run: the task is WORKING.

        Raises:
            LocalProtocolError: The run is not the task's current one.
        """
        live = self._running(task_id, run)
        self._append(live, [live.status_event(TaskState.WORKING, self._timestamp(now))])

    def emit(self, task_id: str, run: int, items: Sequence[StreamItem], now: float) -> None:
        """Events of a running agent, in order. Statuses without a timestamp get one.

        Raises:
            LocalProtocolError: The run was ended or replaced, or an event breaks the task's life. Nothing is appended.
        """
        live = self._running(task_id, run)
        self._append(live, [self._stamped(item, now) for item in items])

    def ended(self, task_id: str, run: int, now: float) -> None:
        """A run is over. A task that its agent left unsettled is CANCELED if that was asked for, else FAILED."""
        live = self._tasks.get(task_id)
        if live is None or live.turn is None or live.turn.run != run:
            return
        turn, live.turn = live.turn, None
        self._grace.clear(task_id)
        if turn.is_interrupted and not states.is_terminal(live.tail_state):
            self._append(live, [live.status_event(TaskState.CANCELED, self._timestamp(now))])
        elif not states.settles(live.tail_state):
            self._append(live, [live.status_event(TaskState.FAILED, self._timestamp(now))])
        if not live.is_loading and not live.fold.is_empty:
            self._unpark(live, now)
        self._tasks.rest(live)

    # Time -------------------------------------------------------------------------------------------------------

    def next_timeout(self) -> float | None:
        """When `handle_timeout` wants to be called, or None."""
        return self._grace.next_timeout()

    def handle_timeout(self, now: float) -> None:
        """Agents that did not stop in time are left behind: their tasks are CANCELED, what they say is refused."""
        for task_id in self._grace.due(now):
            live = self._tasks.get(task_id)
            if live is None:
                continue
            live.turn = None
            if not states.is_terminal(live.tail_state):
                self._append(live, [live.status_event(TaskState.CANCELED, self._timestamp(now))])

    # The operations ---------------------------------------------------------------------------------------------

    def _perform(self, link: Link, call: Call, now: float) -> None:
        params = call.params
        message = params.message if isinstance(params, SendMessageRequest) else None
        task_id = params.message.task_id if isinstance(params, SendMessageRequest) else params.id
        if message is not None and task_id is None:
            self._begin(link, call, message, now)
            return
        assert task_id is not None, "every other call names its task"
        live = self._tasks.get(task_id)
        if live is None:
            live = self._tasks.admit(task_id)
            self._reload(live)
        if live.is_loading or live.fold.is_empty:
            self._mailboxes.park(link, call, live)
        elif message is not None:
            self._follow_up(link, call, live, message, now)
        elif call.operation is Operation.GET:
            self._mailboxes.answer(link, call, live)
        elif call.operation is Operation.CANCEL:
            self._cancel(link, call, live, now)
        else:
            self._subscribe(link, call, live)
        self._tasks.rest(live)

    def _begin(self, link: Link, call: Call, message: Message, now: float) -> None:
        if not self._tasks.has_room():
            self._mailboxes.refuse_over_limit(link, call, "tasks", self.limits.tasks)
            return
        task_id = self.entropy.new_id()
        context_id = message.context_id or self.entropy.new_id()
        message = evolve(message, task_id=task_id, context_id=context_id)
        live = self._tasks.admit(task_id)
        status = TaskStatus(state=TaskState.SUBMITTED, timestamp=self._timestamp(now))
        task = Task(id=task_id, context_id=context_id, status=status, history=(message,))
        self._start_turn(link, call, live, message, [task])

    def _follow_up(self, link: Link, call: Call, live: LiveTask, message: Message, now: float) -> None:
        turn = live.turn
        if turn is not None and (live.tail_state is TaskState.INPUT_REQUIRED or turn.is_awaiting(message)):
            self._mailboxes.park(link, call, live)  # the agent has asked, and its function is about to end
            return
        match admit_message(message, live):
            case Answer.TASK_AGAIN:
                self._attach(link, call, live, message)
            case Answer():
                message = evolve(message, task_id=live.id, context_id=live.fold.context_id)
                submitted = live.status_event(TaskState.SUBMITTED, self._timestamp(now))
                self._start_turn(link, call, live, message, [message, submitted])
            case code, reason:
                self._mailboxes.refuse(link, call, code, reason)

    def _start_turn(
        self, link: Link, call: Call, live: LiveTask, message: Message, items: Sequence[StreamItem]
    ) -> None:
        if not live.has_room_for(items):
            self._mailboxes.refuse_over_limit(link, call, "task_size", self.limits.task_size)
            if not live.tail:
                self._tasks.forget(live)
            return
        live.turn = Turn(live.tail + len(items), message, link, call)
        self._append(live, items)

    def _announce(self, live: LiveTask, now: float) -> None:
        """Once its message is in the log: ask the runner, and let the caller read."""
        turn = live.turn
        if turn is None or turn.is_announced or live.log.last < turn.run:
            return
        turn.task, turn.offset = live.fold.snapshot(), live.log.last
        self._outputs.append(Run(task=turn.task, run=turn.run, message=turn.message))
        if self._mailboxes.get(turn.link) is not None:
            self._attach(turn.link, turn.call, live, turn.message)
        elif self.on_disconnect == "cancel":
            self._interrupt(live, now)

    def _attach(self, link: Link, call: Call, live: LiveTask, message: Message) -> None:
        """Let the call that sent a message read the turn that answers it, or wait for its end, as it asked."""
        assert isinstance(call.params, SendMessageRequest), "only messages start turns"
        configuration, turn = call.params.configuration, live.turn
        if call.operation is Operation.STREAM:
            if turn is not None and turn.task is not None and turn.message.message_id == message.message_id:
                at, task = turn.offset, turn.task
            else:  # it was answered before: the task as it is now
                at, task = live.log.last, live.fold.snapshot()
            self._mailboxes.read(Subscription(link, call, live, Cursor(live.log, at), task, history_length(call)))
        elif (configuration and configuration.return_immediately) or states.settles(live.fold.state):
            self._mailboxes.answer(link, call, live)
        else:
            self._mailboxes.wait(link, call, live)

    def _subscribe(self, link: Link, call: Call, live: LiveTask) -> None:
        seen = call.service.last_event_id
        if seen is not None and seen <= live.log.last:
            self._mailboxes.read(Subscription(link, call, live, Cursor(live.log, seen)))
            return
        match admit_subscription(call, live):
            case Answer():
                cursor = Cursor(live.log, live.log.last)
                self._mailboxes.read(Subscription(link, call, live, cursor, live.fold.snapshot()))
            case code, reason:
                self._mailboxes.refuse(link, call, code, reason)

    def _cancel(self, link: Link, call: Call, live: LiveTask, now: float) -> None:
        match admit_cancel(live):
            case Answer.TASK_AGAIN:
                self._mailboxes.answer(link, call, live)
            case Answer():
                self._mailboxes.wait(link, call, live)
                self._interrupt(live, now)
            case code, reason:
                self._mailboxes.refuse(link, call, code, reason)

    def _interrupt(self, live: LiveTask, now: float) -> None:
        turn = live.turn
        if turn is None or not turn.is_announced:
            live.turn = None
            if turn is not None:  # its message is on the way into the log: then the call is answered
                self._mailboxes.park(turn.link, turn.call, live)
            if not states.is_terminal(live.tail_state):
                self._append(live, [live.status_event(TaskState.CANCELED, self._timestamp(now))])
        elif not turn.is_interrupted:
            turn.is_interrupted = True
            self._outputs.append(Interrupt(task_id=live.id, run=turn.run))
            self._grace.set(live.id, now + self.limits.cancel_grace)

    # Appending, answering, forgetting ---------------------------------------------------------------------------

    def _append(self, live: LiveTask, items: Sequence[StreamItem]) -> None:
        live.check(items)
        self._outputs.append(Append(task_id=live.id, expect=live.tail, items=tuple(items)))
        live.note(items)

    def _tell_readers(self, live: LiveTask) -> None:
        """The log has grown: those who wait for the task to settle may have their answer, those who read it, more."""
        self._mailboxes.answer_waiters(live)
        for subscription in live.subscriptions:
            self._mailboxes.ready(subscription.link)

    def _reload(self, live: LiveTask) -> None:
        live.is_loading = True
        self._outputs.append(Load(task_id=live.id))

    def _unpark(self, live: LiveTask, now: float) -> None:
        for link, call in self._mailboxes.unpark(live):
            self._perform(link, call, now)

    def _fence(self, live: LiveTask) -> Turn | None:
        """The run is not the task's any more: it is to stop, and what it says now is refused."""
        turn, live.turn = live.turn, None
        self._grace.clear(live.id)
        if turn is not None and turn.is_announced:
            self._outputs.append(Interrupt(task_id=live.id, run=turn.run))
        return turn

    def _running(self, task_id: str, run: int) -> LiveTask:
        live = self._tasks.get(task_id)
        if live is None or live.turn is None or live.turn.run != run:
            raise LocalProtocolError(f"run {run} of task {task_id} is over: what it says now is not taken")
        return live

    def _left(self, live: LiveTask, now: float) -> None:
        """Somebody no longer reads the task or waits for it."""
        turn = live.turn
        is_left = turn is not None and turn.is_announced and not live.subscriptions and not live.waiters
        if is_left and self.on_disconnect == "cancel":
            self._interrupt(live, now)
        self._tasks.rest(live)

    # Statuses ---------------------------------------------------------------------------------------------------

    def _timestamp(self, now: float) -> str:
        return timestamp(self.epoch + now)

    def _stamped(self, item: StreamItem, now: float) -> StreamItem:
        if isinstance(item, TaskStatusUpdateEvent) and item.status.timestamp is None:
            return evolve(item, status=evolve(item.status, timestamp=self._timestamp(now)))
        return item
