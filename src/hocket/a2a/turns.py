"""Turns: the life of an agent's run, from the message that starts it to the status that ends it.

A run begins when its message is in the log: then the runner is asked, and the call that brought the message reads
along or waits. What the run says is appended. It may ask for more, and then waits: the answer is the next turn of the
same run. A cancel interrupts it; nobody answering, or its own silence, ends it in time. However it ends, its task is
settled.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Literal

from attrs import define, field

from hocket.a2a import states
from hocket.a2a.admission import admit_cancel, admit_message, history_length
from hocket.a2a.appends import Appends
from hocket.a2a.capabilities import activated
from hocket.a2a.card import AgentCapabilities
from hocket.a2a.deadlines import Deadline, Deadlines
from hocket.a2a.dialects import Operation
from hocket.a2a.limits import ServerLimits
from hocket.a2a.live import LiveTask
from hocket.a2a.mailboxes import Mailboxes
from hocket.a2a.model import Message, Part, Role, StreamItem, Task, TaskState, TaskStatus
from hocket.a2a.ports import Interrupt, Link, Output, Release, Reply, Run, Terms
from hocket.a2a.residents import Residents
from hocket.a2a.runs import LiveRun, Turn
from hocket.a2a.states import Activity, Answer
from hocket.a2a.subscription import Call, Subscription
from hocket.codec.making import changer
from hocket.entropy import Entropy
from hocket.errors import ErrorObject, LocalProtocolError
from hocket.log import Cursor

__all__ = ["Turns"]

_addressed = changer(Message, "task_id", "context_id")


@define(eq=False, kw_only=True)
class Turns:
    """The runs of one agent.

    Args:
        entropy: Where task and context ids come from.
        limits: What is held at the most.
        on_disconnect: "cancel" interrupts a run when nobody reads its task or waits for it any more.
        capabilities: What the agent declares.
        tasks: The tasks in memory.
        appends: What goes into their logs.
        mailboxes: What each link is to get.
        outputs: What the world is asked to do.
    """

    entropy: Entropy
    appends: Appends
    limits: ServerLimits
    on_disconnect: Literal["continue", "cancel"]
    capabilities: AgentCapabilities
    tasks: Residents
    mailboxes: Mailboxes
    outputs: deque[Output]
    _deadlines: Deadlines = field(factory=Deadlines, init=False)

    # Messages ---------------------------------------------------------------------------------------------------

    def begin(self, link: Link, call: Call, now: float) -> LiveTask | None:
        """A message that names no task: the new one, or None if it was refused."""
        if not self.tasks.has_room():
            self.mailboxes.refuse_over_limit(link, call, "tasks", self.limits.tasks)
            return None
        task_id = self.entropy.new_id()
        message = call.sent.message
        context_id = message.context_id or self.entropy.new_id()
        message = _addressed(message, task_id, context_id)
        live = self.tasks.admit(task_id)
        live.owner = call.owner
        status = TaskStatus(state=TaskState.SUBMITTED, timestamp=self.appends.timestamp(now))
        task = Task(id=task_id, context_id=context_id, status=status, history=(message,))
        turn = self._bring(link, call, live, message, [task])
        if turn is None:
            self.tasks.forget(live)
            return None
        live.run = LiveRun(turn.at, turn)
        return live

    def follow_up(self, link: Link, call: Call, live: LiveTask, now: float) -> bool:
        """A message to a task that is there; whether the task has it, now or from before.

        The status that it brings goes before it into the log: so the question comes before the answer in the history.
        """
        outcome = admit_message(call.sent.message, live)
        message = _addressed(call.sent.message, live.id, live.fold.context_id)
        match outcome:
            case Answer.TASK_AGAIN:
                self._attach(link, call, live, message)
                return True
            case Answer.LATER:
                self.mailboxes.park(link, call, live)
                self._await_agent(live, now)
                return False
            case Answer.KEEP:
                return self._bring(link, call, live, message, [message]) is not None
            case Answer.REPLY:
                working = self.appends.status(live, TaskState.WORKING, now)
                turn = self._bring(link, call, live, message, [working, message])
                if turn is not None:
                    self._deadlines.clear(Deadline.PATIENCE, task_id=live.id)
                return turn is not None
            case Answer():
                submitted = self.appends.status(live, TaskState.SUBMITTED, now)
                turn = self._bring(link, call, live, message, [submitted, message])
                live.run = LiveRun(turn.at, turn) if turn is not None else None
                return turn is not None
            case ErrorObject() as error:
                self.mailboxes.fail(link, call, error)
                return False

    def arrive(self, live: LiveTask, now: float) -> None:
        """The log has grown: the messages that are in it now go to the agent, and their callers may read."""
        while (turn := self.mailboxes.arrived(live)) is not None:
            turn.task, turn.offset = live.fold.snapshot(), live.log.last
            run = live.run
            if run is None:
                self._restart(live, turn, now)
            elif run.number == turn.at:
                self._announce(live, run, turn, now)
            else:
                run.unread.append(turn)
                self._hand_over(live, run, now)
            if turn.link is not None:
                self._attach(turn.link, turn.call, live, turn.message)
            elif not turn.is_again:
                self.left(live, now)

    def _bring(
        self, link: Link, call: Call, live: LiveTask, message: Message, items: Sequence[StreamItem]
    ) -> Turn | None:
        """Ask the store for a message (and what goes with it), unless the task would grow too large."""
        if not live.tail.has_room_for(items):
            self.mailboxes.refuse_over_limit(link, call, "task_size", self.limits.task_size)
            return None
        turn = Turn(at=live.tail.offset + len(items), message=message, call=call, link=link)
        self.mailboxes.expect(turn, live)
        self.appends.add(live, items)
        return turn

    def _announce(self, live: LiveTask, run: LiveRun, turn: Turn, now: float) -> None:
        """Ask the runner for a run."""
        assert turn.task is not None, "its message is in the log"
        run.turn, run.is_announced = turn, True
        self.outputs.append(Run(task=turn.task, run=run.number, message=turn.message, terms=self._terms(turn.call)))
        self._listen(live, run, now)

    def _terms(self, call: Call) -> Terms:
        configuration = call.sent.configuration
        return Terms(
            extensions=activated(self.capabilities, call.service),
            accepted_output_modes=configuration.accepted_output_modes if configuration else (),
            metadata=call.sent.metadata,
        )

    def _restart(self, live: LiveTask, turn: Turn, now: float) -> None:
        """A message that the run has not asked for before it ended: if the task wants one, it starts the next run."""
        if states.PHASES[live.tail.state] is not states.Phase.INTERRUPTED:
            return
        again = Turn(at=live.tail.offset + 1, message=turn.message, call=turn.call, link=None, is_again=True)
        live.run = LiveRun(again.at, again)
        live.arriving.append(again)
        self.appends.add(live, [self.appends.status(live, TaskState.SUBMITTED, now)])

    def _attach(self, link: Link, call: Call, live: LiveTask, message: Message) -> None:
        """Let the call that sent a message read the turn that answers it, or wait for its end, as it asked."""
        configuration, run = call.sent.configuration, live.run
        if call.operation is Operation.STREAM:
            if run is not None and run.turn.task is not None and run.turn.message.message_id == message.message_id:
                at, task = run.turn.offset, run.turn.task
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
        live, _ = self._running(task_id, run)
        self.emit(task_id, run, [self.appends.status(live, TaskState.WORKING, now)], now)

    def emit(self, task_id: str, run: int, items: Sequence[StreamItem], now: float) -> None:
        """Events of a running agent, in order. One that waited for an answer waits no longer.

        Raises:
            LocalProtocolError: The run was ended or replaced, or an event breaks the task's life. Nothing is appended.
        """
        live, current = self._running(task_id, run)
        stamped = self.appends.stamped(items, now)
        self.appends.add(live, stamped, live.tail.check(stamped))
        if current.is_waiting:
            self._stop_waiting(live, current)
        if current.is_awaited and not states.settles(live.tail.state):
            self._stop_awaiting(live, current)
        self._listen(live, current, now)

    def asked(self, task_id: str, run: int, now: float) -> LiveTask:
        """The run waits for an answer to what it has just asked; its task is given back.

        Raises:
            LocalProtocolError: The run is over or waits already, or its task says nothing of a question.
        """
        live, current = self._running(task_id, run)
        if current.is_waiting:
            raise LocalProtocolError(f"run {run} of task {task_id} waits for an answer already")
        if states.PHASES[live.tail.state] is not states.Phase.INTERRUPTED:
            raise LocalProtocolError(
                f"task {task_id} is {live.tail.state.value}: a run that waits for an answer "
                "says INPUT_REQUIRED or AUTH_REQUIRED first"
            )
        current.is_waiting = True
        self._stop_awaiting(live, current)
        if current.activity is Activity.WAITING:
            self._deadlines.set(Deadline.PATIENCE, task_id, now + self.limits.patience)
            self._hand_over(live, current, now)
        return live

    def ended(self, live: LiveTask, now: float) -> None:
        """The task's run is over. What its agent left unsettled is CANCELED if that was asked for, else FAILED."""
        run, live.run = live.run, None
        self._settled(live)
        if run is not None and run.is_interrupted and not states.is_terminal(live.tail.state):
            self.appends.add(live, [self.appends.status(live, TaskState.CANCELED, now)])
        elif not states.settles(live.tail.state):
            self.appends.add(live, [self.appends.status(live, TaskState.FAILED, now)])
        elif run is not None and run.unread:
            self._restart(live, run.unread[-1], now)

    def over(self, live: LiveTask) -> None:
        """The task is over: what its run still does is its own business, and keeps nothing in memory."""
        live.run = None
        self._settled(live)

    def _settled(self, live: LiveTask) -> None:
        """No deadline of the task's run counts any more."""
        self._deadlines.clear(task_id=live.id)

    def _hand_over(self, live: LiveTask, run: LiveRun, now: float) -> None:
        """If the run waits and there is a message for it, it goes on."""
        if run.activity is not Activity.WAITING or not run.unread:
            return
        self._stop_waiting(live, run)
        run.turn = run.unread.pop(0)
        if states.settles(live.tail.state):  # the message was here before the question
            self.appends.add(live, [self.appends.status(live, TaskState.WORKING, now)])
        task, terms = live.fold.snapshot(), self._terms(run.turn.call)
        self.outputs.append(Reply(task_id=live.id, run=run.number, message=run.turn.message, task=task, terms=terms))
        self._listen(live, run, now)

    def _stop_waiting(self, live: LiveTask, run: LiveRun) -> None:
        run.is_waiting = False
        self._deadlines.clear(Deadline.PATIENCE, task_id=live.id)

    def _await_agent(self, live: LiveTask, now: float) -> None:
        """An answer is here before the agent waits for one: it has a while to ask, or to end."""
        run = live.run
        if run is None or run.is_awaited or live.tail.state is not TaskState.INPUT_REQUIRED:
            return
        if run.activity is Activity.WORKING:
            run.is_awaited = True
            self._deadlines.set(Deadline.ANSWER, live.id, now + self.limits.answer_grace)

    def _stop_awaiting(self, live: LiveTask, run: LiveRun) -> None:
        run.is_awaited = False
        self._deadlines.clear(Deadline.ANSWER, task_id=live.id)

    def _listen(self, live: LiveTask, run: LiveRun, now: float) -> None:
        """From now on the agent's silence counts; not while somebody else is to speak, or it is to stop."""
        silence = run.turn.call.silence
        if silence is None:
            return
        if run.activity is Activity.WORKING and not states.settles(live.tail.state):
            self._deadlines.set(Deadline.SILENCE, live.id, now + silence)
        else:
            self._deadlines.clear(Deadline.SILENCE, task_id=live.id)

    # Its end from outside ---------------------------------------------------------------------------------------

    def cancel(self, link: Link, call: Call, live: LiveTask, now: float) -> None:
        """A call wants the task canceled: it is answered when that is done, or why not."""
        match admit_cancel(live):
            case Answer.TASK_AGAIN:
                self.mailboxes.answer(link, call, live)
            case Answer():
                self.mailboxes.wait(link, call, live)
                self.interrupt(live, now)
            case ErrorObject() as error:
                self.mailboxes.fail(link, call, error)

    def interrupt(self, live: LiveTask, now: float) -> None:
        """Cancel the task: at once if nothing runs, else through its agent."""
        run = live.run
        if run is None or not run.is_announced:
            live.run = None
            if not states.is_terminal(live.tail.state):
                self.appends.add(live, [self.appends.status(live, TaskState.CANCELED, now)])
        elif not run.is_interrupted:
            run.is_interrupted = True
            self.outputs.append(Interrupt(task_id=live.id, run=run.number))
            self._stop_in_time(live, now)

    def fence(self, live: LiveTask) -> None:
        """Another replica has written to the task: our run is to stop, and calls on their way are judged anew."""
        self._cut_off(live)
        self.mailboxes.park_arriving(live)
        self.mailboxes.park_cancels(live)

    def left(self, live: LiveTask, now: float) -> None:
        """Somebody no longer reads the task or waits for it. Who is asked something need not stay for the answer."""
        run = live.run
        if self.on_disconnect == "continue" or run is None or not run.is_announced:
            return
        is_wanted = live.subscriptions or live.waiters or live.arriving
        if not is_wanted and not run.is_waiting and live.tail.state is not TaskState.INPUT_REQUIRED:
            self.interrupt(live, now)

    def next_timeout(self) -> float | None:
        """When `handle_timeout` wants to be called, or None."""
        return self._deadlines.next_timeout()

    def handle_timeout(self, now: float) -> list[LiveTask]:
        """End what has had its time; the tasks that this has changed.

        An agent that did not stop is left behind, one that was not answered is released, and one that did not take an
        answer; one that was silent fails.
        """
        changed: list[LiveTask] = []
        for deadline, task_id in self._deadlines.due(now):
            live = self.tasks.get(task_id)
            if live is None or live.run is None:
                continue
            changed.append(live)
            match deadline:
                case Deadline.GRACE:
                    self.ended(live, now)
                case Deadline.PATIENCE:
                    self._release(live, live.run, now)
                case Deadline.ANSWER:
                    live.run.is_awaited = False
                    if live.parked:
                        self._release(live, live.run, now)
                case Deadline.SILENCE:
                    self._fail_silent(live, live.run.turn.call.silence, now)
        return changed

    def _cut_off(self, live: LiveTask) -> None:
        """The run is the task's no more: it is to stop, and what it says now is refused."""
        run, live.run = live.run, None
        self._settled(live)
        if run is not None and run.is_announced:
            self.outputs.append(Interrupt(task_id=live.id, run=run.number))

    def _release(self, live: LiveTask, run: LiveRun, now: float) -> None:
        """The run is let go: its task stays as it is, and the next message starts another."""
        run.is_released = True
        self.outputs.append(Release(task_id=live.id, run=run.number))
        self._stop_in_time(live, now)

    def _stop_in_time(self, live: LiveTask, now: float) -> None:
        """The runner was asked to stop the run: nothing else counts than how long that takes."""
        self._settled(live)
        self._deadlines.set(Deadline.GRACE, live.id, now + self.limits.cancel_grace)

    def _fail_silent(self, live: LiveTask, silence: float | None, now: float) -> None:
        self._cut_off(live)
        said = f"the agent was silent for {silence:g} s"
        message = Message(
            message_id=self.entropy.new_id(),
            role=Role.AGENT,
            parts=(Part(text=said),),
            task_id=live.id,
            context_id=live.fold.context_id,
        )
        self.appends.add(live, [self.appends.status(live, TaskState.FAILED, now, message)])

    def _running(self, task_id: str, run: int) -> tuple[LiveTask, LiveRun]:
        live = self.tasks.get(task_id)
        if live is None or live.run is None or live.run.number != run:
            is_final = live is not None and states.is_terminal(live.tail.state)
            reason = "nothing can follow the end of the task" if is_final else "what it says now is not taken"
            raise LocalProtocolError(f"run {run} of task {task_id} is over: {reason}")
        return live, live.run
