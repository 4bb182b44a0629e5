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
from hocket.a2a.dialects import Operation, negotiate
from hocket.a2a.limits import ServerLimits
from hocket.a2a.live import LiveTask, Turn
from hocket.a2a.mailboxes import Mailboxes
from hocket.a2a.model import (
    CancelTaskRequest,
    GetTaskRequest,
    Message,
    SendMessageRequest,
    StreamItem,
    SubscribeToTaskRequest,
    Task,
    TaskState,
    TaskStatus,
    TaskStatusUpdateEvent,
)
from hocket.a2a.parameters import ServiceParameters
from hocket.a2a.ports import (
    Answered,
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
from hocket.a2a.subscription import Call, Subscription
from hocket.a2a.timestamps import timestamp
from hocket.entropy import Entropy
from hocket.errors import Code, ErrorObject, LocalProtocolError
from hocket.jsonrpc import Id
from hocket.log import Cursor, Entry
from hocket.timers import Timers

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
    _tasks: dict[str, LiveTask] = field(factory=dict, init=False)
    _idle: dict[str, None] = field(factory=dict, init=False)
    _outputs: deque[Output] = field(factory=deque, init=False)
    _mailboxes: Mailboxes = field(init=False)
    _grace: Timers[str] = field(factory=Timers, init=False)

    def __attrs_post_init__(self) -> None:
        self._mailboxes = Mailboxes(self._outputs)

    # Calls ------------------------------------------------------------------------------------------------------

    def receive(
        self, link: Link, request_id: Id, method: str, params: Any, service: ServiceParameters, now: float
    ) -> None:
        """Take a request: `take(link)` will give its answer, its items, or its error."""
        dialect, operation = negotiate(method, service.version)
        if isinstance(operation, ErrorObject):
            self._mailboxes.deliver(
                link, Refused(request_id=request_id, error=dialect.write_error(operation))
            )
            return
        parsed = dialect.read_params(operation, params)
        if isinstance(parsed, ErrorObject):
            self._mailboxes.deliver(link, Refused(request_id=request_id, error=dialect.write_error(parsed)))
            return
        call = Call(
            request_id=request_id, dialect=dialect, operation=operation, params=parsed, service=service
        )
        mailbox = self._mailboxes.get(link)
        if mailbox is not None and len(mailbox.subscriptions) >= self.limits.calls:
            self._refuse(
                link,
                call,
                Code.OVERLOADED,
                data={"limit": "calls", "max": self.limits.calls, "retryable": True},
            )
            return
        self._perform(link, call, now)

    def cancel_call(self, link: Link, request_id: Id, now: float) -> None:
        """The caller wants no (more) answer to a call. Its task goes on (unless `on_disconnect` says otherwise)."""
        mailbox = self._mailboxes.get(link)
        if mailbox is None:
            return
        for subscription in list(mailbox.subscriptions):
            if subscription.call.request_id == request_id:
                self._drop(subscription, now)
                self._refuse(link, subscription.call, Code.REQUEST_CANCELLED)
        for live in list(mailbox.waits_for.values()):
            for waiter in [
                waiter for waiter in live.waiters if waiter[0] == link and waiter[1].request_id == request_id
            ]:
                live.waiters.remove(waiter)
                self._refuse(link, waiter[1], Code.REQUEST_CANCELLED)
                self._left(live, now)

    def disconnect(self, link: Link, now: float) -> None:
        """The link is gone: what waited for it is forgotten. Its tasks go on (unless `on_disconnect` says no)."""
        mailbox = self._mailboxes.close(link)
        if mailbox is None:
            return
        for subscription in mailbox.subscriptions:
            self._drop(subscription, now)
        for live in mailbox.waits_for.values():
            waiting = [waiter for waiter in live.waiters if waiter[0] != link]
            if len(waiting) != len(live.waiters):
                live.waiters = waiting
                self._left(live, now)

    def take(self, link: Link, limit: int = 256) -> list[Delivery]:
        """What the link may be given now, about `limit` deliveries; [] when it has all (a `Ready` will follow)."""
        out, over = self._mailboxes.take(link, limit)
        for subscription in over:
            subscription.live.subscriptions.remove(subscription)
            self._settle(subscription.live)
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
        if (
            entries[0].offset > live.log.last + 1
        ):  # another replica's entries, and some before them never reached us
            self._reload(live)
            return
        if not live.take_entries(entries):
            return
        live.catch_up()
        self._announce(live)
        parked, live.parked = live.parked, []
        for link, call in parked:
            self._perform(link, call, now)
        self._answer_waiters(live)
        for subscription in live.subscriptions:
            self._mailboxes.ready(subscription.link)
        if live.log.is_ended:
            self._grace.clear(task_id)
        checkpoint = live.checkpoint()
        if checkpoint is not None:
            self._outputs.append(checkpoint)
        self._settle(live)

    def append_refused(self, task_id: str, now: float) -> None:
        """The store did not append: somebody else has. Our run is fenced, and the task is read anew."""
        live = self._tasks.get(task_id)
        if live is None:
            return
        turn, live.turn = live.turn, None
        if turn is not None and turn.is_announced:
            self._outputs.append(Interrupt(task_id=task_id, run=turn.run))
        elif turn is not None:
            live.parked.append((turn.link, turn.call))
        self._reload(live)

    def loaded(self, task_id: str, stored: Stored | None, now: float) -> None:
        """What the store has of a task that was asked for with `Load`; None if it knows no such task."""
        live = self._tasks.get(task_id)
        if live is None or not live.is_loading:
            return
        live.is_loading = False
        parked, live.parked = live.parked, []
        if stored is None:
            del self._tasks[task_id]
            for link, call in parked:
                self._refuse(link, call, Code.TASK_NOT_FOUND)
            return
        live.restore(stored)
        self._answer_waiters(live)
        for link, call in parked:
            self._perform(link, call, now)
        self._settle(live)

    # The runner -------------------------------------------------------------------------------------------------

    def started(self, task_id: str, run: int, now: float) -> None:
        """The runner begins a run: the task is WORKING.

        Raises:
            LocalProtocolError: The run is not the task's current one.
        """
        self.emit(task_id, run, [self._status(task_id, TaskState.WORKING, now)], now)

    def emit(self, task_id: str, run: int, items: Sequence[StreamItem], now: float) -> None:
        """Events of a running agent, in order. Statuses without a timestamp get one.

        Raises:
            LocalProtocolError: The run was ended or replaced, or an event breaks the task's life. Nothing is appended.
        """
        live = self._running(task_id, run)
        self._append(live, [self._stamped(item, live, now) for item in items])

    def ended(self, task_id: str, run: int, now: float) -> None:
        """A run is over. A task that its agent left unsettled is CANCELED if that was asked for, else FAILED."""
        live = self._tasks.get(task_id)
        if live is None or live.turn is None or live.turn.run != run:
            return
        turn, live.turn = live.turn, None
        if not states.settles(live.tail_state):
            state = TaskState.CANCELED if turn.is_interrupted else TaskState.FAILED
            self._append(live, [self._status(task_id, state, now)])
        self._grace.clear(task_id)
        self._settle(live)

    # Time -------------------------------------------------------------------------------------------------------

    def next_timeout(self) -> float | None:
        """When `handle_timeout` wants to be called, or None."""
        return self._grace.next_timeout()

    def handle_timeout(self, now: float) -> None:
        """Agents that did not stop in time are left behind: their tasks are CANCELED, what they say is refused."""
        for task_id in self._grace.due(now):
            live = self._tasks[task_id]
            live.turn = None
            if not states.is_terminal(live.tail_state):
                self._append(live, [self._status(task_id, TaskState.CANCELED, now)])

    # The operations ---------------------------------------------------------------------------------------------

    def _perform(self, link: Link, call: Call, now: float) -> None:
        match call.params:
            case SendMessageRequest(message=Message(task_id=None) as message):
                self._begin(link, call, message, now)
                return
            case SendMessageRequest(message=Message(task_id=str() as task_id)):
                pass
            case (
                GetTaskRequest(id=task_id)
                | CancelTaskRequest(id=task_id)
                | SubscribeToTaskRequest(id=task_id)
            ):
                pass
        live = self._tasks.get(task_id)
        if live is None:
            live = self._tasks[task_id] = LiveTask(task_id, self.limits)
            self._reload(live)
        if live.is_loading or live.fold.is_empty:
            live.parked.append((link, call))
            return
        match call.operation:
            case Operation.SEND | Operation.STREAM:
                self._follow_up(link, call, live, now)
            case Operation.GET:
                self._answer(link, call, live)
            case Operation.CANCEL:
                self._cancel(link, call, live, now)
            case Operation.SUBSCRIBE:
                self._subscribe(link, call, live)

    def _begin(self, link: Link, call: Call, message: Message, now: float) -> None:
        if len(self._tasks) >= self.limits.tasks and not self._evict():
            data = {"limit": "tasks", "max": self.limits.tasks, "retryable": True}
            self._refuse(link, call, Code.OVERLOADED, data=data)
            return
        task_id = self.entropy.new_id()
        context_id = message.context_id or self.entropy.new_id()
        message = evolve(message, task_id=task_id, context_id=context_id)
        live = self._tasks[task_id] = LiveTask(task_id, self.limits)
        status = TaskStatus(state=TaskState.SUBMITTED, timestamp=timestamp(self.epoch + now))
        task = Task(id=task_id, context_id=context_id, status=status, history=(message,))
        self._start_turn(link, call, live, message, [task])

    def _follow_up(self, link: Link, call: Call, live: LiveTask, now: float) -> None:
        assert isinstance(call.params, SendMessageRequest)
        message, context_id = call.params.message, live.fold.snapshot().context_id
        if message.context_id is not None and message.context_id != context_id:
            reason = (
                f"contextId does not match the context of task {live.id}; leave it out or send the task's own"
            )
            self._refuse(link, call, Code.INVALID_PARAMS, reason)
        elif live.has_seen(message.message_id):
            self._attach(link, call, live)
        elif live.turn is not None or not isinstance(states.ON_MESSAGE[live.tail_state], states.Answer):
            reason = f"the task is {live.tail_state.value} and takes no message now; "
            reason += (
                "start a new task" if states.is_terminal(live.tail_state) else "wait until it asks for input"
            )
            self._refuse(link, call, Code.UNSUPPORTED_OPERATION, reason)
        else:
            message = evolve(message, task_id=live.id, context_id=context_id)
            items: list[StreamItem] = [message, self._status(live.id, TaskState.SUBMITTED, now, context_id)]
            self._start_turn(link, call, live, message, items)

    def _start_turn(
        self, link: Link, call: Call, live: LiveTask, message: Message, items: Sequence[StreamItem]
    ) -> None:
        live.runs += 1
        live.turn = Turn(live.runs, message, link, call, recorded_at=live.tail + len(items))
        self._append(live, items)

    def _announce(self, live: LiveTask) -> None:
        """Once its message is in the log: ask the runner, and let the caller read."""
        turn = live.turn
        if turn is None or turn.is_announced or live.log.last < turn.recorded_at:
            return
        turn.is_announced = True
        self._outputs.append(Run(task=live.fold.snapshot(), run=turn.run, message=turn.message))
        self._attach(turn.link, turn.call, live, is_new=turn.recorded_at == 1)

    def _attach(self, link: Link, call: Call, live: LiveTask, *, is_new: bool = False) -> None:
        """Let the call that sent a message read the task, or wait for it, as it asked."""
        assert isinstance(call.params, SendMessageRequest)
        configuration = call.params.configuration
        if call.operation is Operation.STREAM:
            length = configuration.history_length if configuration else None
            cursor = Cursor(live.log, 0 if is_new else live.log.last)
            self._read(Subscription(link, call, live, cursor, not is_new, length))
        elif (configuration and configuration.return_immediately) or states.settles(live.fold.state):
            self._answer(link, call, live)
        else:
            self._wait(link, call, live)

    def _subscribe(self, link: Link, call: Call, live: LiveTask) -> None:
        seen = call.service.last_event_id
        if seen is not None and seen <= live.log.last:
            self._read(Subscription(link, call, live, Cursor(live.log, seen), wants_snapshot=False))
            return
        outcome = states.ON_SUBSCRIBE[live.fold.state]
        if isinstance(outcome, Code) and not call.dialect.streams_finished_tasks:
            reason = f"the task is {live.fold.state.value}: there is nothing to subscribe to; get it instead"
            self._refuse(link, call, outcome, reason)
            return
        self._read(Subscription(link, call, live, Cursor(live.log, live.log.last), wants_snapshot=True))

    def _cancel(self, link: Link, call: Call, live: LiveTask, now: float) -> None:
        match states.ON_CANCEL[live.tail_state]:
            case Code() as code:
                self._refuse(link, call, code, f"the task is {live.tail_state.value} already")
            case states.Answer.TASK_AGAIN if live.fold.state is TaskState.CANCELED:
                self._answer(link, call, live)
            case _:
                self._wait(link, call, live)
                self._interrupt(live, now)

    def _interrupt(self, live: LiveTask, now: float) -> None:
        turn = live.turn
        if turn is None or not turn.is_announced:
            live.turn = None
            if not states.is_terminal(live.tail_state):
                self._append(live, [self._status(live.id, TaskState.CANCELED, now)])
        elif not turn.is_interrupted:
            turn.is_interrupted = True
            self._outputs.append(Interrupt(task_id=live.id, run=turn.run))
            self._grace.set(live.id, now + self.limits.cancel_grace)

    # Appending, answering, forgetting ---------------------------------------------------------------------------

    def _append(self, live: LiveTask, items: Sequence[StreamItem]) -> None:
        live.check(items)
        self._outputs.append(Append(task_id=live.id, expect=live.tail, items=tuple(items)))
        live.note(items)
        self._idle.pop(live.id, None)

    def _reload(self, live: LiveTask) -> None:
        live.is_loading = True
        self._outputs.append(Load(task_id=live.id))

    def _running(self, task_id: str, run: int) -> LiveTask:
        live = self._tasks.get(task_id)
        if live is None or live.turn is None or live.turn.run != run:
            raise LocalProtocolError(f"run {run} of task {task_id} is over: what it says now is not taken")
        return live

    def _answer_waiters(self, live: LiveTask) -> None:
        if not live.waiters or not states.settles(live.fold.state):
            return
        waiters, live.waiters = live.waiters, []
        for link, call in waiters:
            self._mailboxes.open(link).waits_for.pop(live.id, None)
            if call.operation is not Operation.CANCEL or live.fold.state is TaskState.CANCELED:
                self._answer(link, call, live)
            elif states.is_terminal(live.fold.state):
                self._refuse(
                    link, call, Code.TASK_NOT_CANCELABLE, f"the task is {live.fold.state.value} already"
                )
            else:
                self._wait(link, call, live)

    def _wait(self, link: Link, call: Call, live: LiveTask) -> None:
        """Answer the call when the task settles."""
        self._mailboxes.open(link).waits_for[live.id] = live
        live.waiters.append((link, call))
        self._idle.pop(live.id, None)

    def _answer(self, link: Link, call: Call, live: LiveTask) -> None:
        match call.params:
            case SendMessageRequest(configuration=configuration):
                length = configuration.history_length if configuration else None
            case GetTaskRequest(history_length=length):
                pass
            case _:
                length = None
        result = call.dialect.write_result(call.operation, live.snapshot(length))
        self._mailboxes.deliver(link, Answered(request_id=call.request_id, result=result))
        self._settle(live)

    def _refuse(
        self, link: Link, call: Call, code: Code, message: str | None = None, data: Any = None
    ) -> None:
        error = call.dialect.write_error(ErrorObject.of(code, message, data))
        self._mailboxes.deliver(link, Refused(request_id=call.request_id, error=error))

    def _read(self, subscription: Subscription) -> None:
        self._mailboxes.open(subscription.link).subscriptions.append(subscription)
        subscription.live.subscriptions.append(subscription)
        self._idle.pop(subscription.live.id, None)
        self._mailboxes.ready(subscription.link)

    def _drop(self, subscription: Subscription, now: float) -> None:
        mailbox = self._mailboxes.get(subscription.link)
        if mailbox is not None:
            mailbox.subscriptions.remove(subscription)
        subscription.live.subscriptions.remove(subscription)
        self._left(subscription.live, now)

    def _left(self, live: LiveTask, now: float) -> None:
        """Somebody no longer reads the task or waits for it."""
        if self.on_disconnect == "cancel" and live.turn and not live.subscriptions and not live.waiters:
            self._interrupt(live, now)
        self._settle(live)

    def _settle(self, live: LiveTask) -> None:
        """Note that a task is idle; forget the longest idle ones when too many are held."""
        if live.is_idle and live.id in self._tasks:
            self._idle[live.id] = None
            if len(self._tasks) > self.limits.tasks:
                self._evict()

    def _evict(self) -> bool:
        for task_id in self._idle:
            del self._idle[task_id], self._tasks[task_id]
            return True
        return False

    # Statuses ---------------------------------------------------------------------------------------------------

    def _status(
        self, task_id: str, state: TaskState, now: float, context_id: str | None = None
    ) -> TaskStatusUpdateEvent:
        if context_id is None:
            context_id = self._tasks[task_id].fold.snapshot().context_id
        status = TaskStatus(state=state, timestamp=timestamp(self.epoch + now))
        return TaskStatusUpdateEvent(task_id=task_id, context_id=context_id, status=status)

    def _stamped(self, item: StreamItem, live: LiveTask, now: float) -> StreamItem:
        if isinstance(item, TaskStatusUpdateEvent) and item.status.timestamp is None:
            return evolve(item, status=evolve(item.status, timestamp=timestamp(self.epoch + now)))
        return item
