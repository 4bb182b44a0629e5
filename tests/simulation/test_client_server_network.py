"""Clients × server × agents × a store × a network that splits, delays and breaks. No I/O, and time is a number.

Hypothesis plays all parts. What may never happen, whatever the order: a client is given anything but the task's log
in order, a stream that was cut looks finished, a call ends twice or never, a slow reader costs memory, something is
left over when everybody has gone.
"""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from hocket.a2a import (
    Append,
    CancelTaskRequest,
    Checkpoint,
    GetTaskRequest,
    Interrupt,
    Load,
    Operation,
    Release,
    Reply,
    Run,
    Server,
    ServerLimits,
    SubscribeToTaskRequest,
    Task,
    TaskState,
    TaskStatus,
    TaskStatusUpdateEvent,
    fold,
)
from hocket.agent import Speech
from hocket.entropy import seeded
from hocket.log import LogLimits
from hocket_io.stores import MemoryStore
from support.links import FINAL, QUESTIONS, HttpLink, PipeLink
from support.messages import user_says
from support.world import keep

ABOUT_A_TASK = [Operation.SEND, Operation.STREAM, Operation.GET, Operation.CANCEL, Operation.SUBSCRIBE]

KEPT = 6
"""Entries that a log keeps: few, so that slow readers fall behind."""


class Network(RuleBasedStateMachine):
    """The world. Each rule lets one part of it do one thing."""

    on_disconnect = "continue"

    def __init__(self):
        super().__init__()
        limits = ServerLimits(tasks=4, calls=6, cancel_grace=5.0, patience=20.0, log=LogLimits(entries=KEPT))
        self.server = Server(entropy=seeded(9), limits=limits, on_disconnect=self.on_disconnect)
        self.store = MemoryStore()
        self.truth = {}
        self.asked_of_store = []
        self.running = {}
        self.links = []
        self.calls = []
        self.now = 0.0
        self.numbers = 0

    # The world's side of the server

    def pump(self):
        while (output := self.server.next_output()) is not None:
            match output:
                case Append() | Load() | Checkpoint():
                    self.asked_of_store.append(output)
                case Run(task=task, run=run):
                    self.running[task.id, run] = Speech(task.id, task.context_id, run, seeded(run))
                case Interrupt(task_id=task_id, run=run) | Release(task_id=task_id, run=run):
                    assert (task_id, run) in self.running
                case Reply(task_id=task_id, run=run, message=message):
                    assert (task_id, run) in self.running
                    assert message in self.truth[task_id]

    def keep(self):
        wanted = self.asked_of_store.pop(0)
        keep(wanted, self.server, self.store, self.now)
        if isinstance(wanted, Append):
            self.truth.setdefault(wanted.task_id, []).extend(wanted.items)
        self.pump()

    def next_number(self):
        self.numbers += 1
        return self.numbers

    def link(self, wants_pipe, which):
        """A link for one more call: a pipe that is there, or a new one, or a new HTTP call."""
        open_pipes = [link for link in self.links if isinstance(link, PipeLink) and not link.is_over]
        if wants_pipe and open_pipes and which % 3:
            return open_pipes[which % len(open_pipes)]
        made = (PipeLink if wants_pipe else HttpLink)(f"link {self.next_number()}", self.server)
        self.links.append(made)
        return made

    def ask(self, pipe, which, operation, params, seen=None):
        link = self.link(pipe, which)
        link.ask(operation, params, self.truth, self.now, seen)
        self.calls.append(link.calls[-1])

    @property
    def open_links(self):
        return [link for link in self.links if not link.is_over]

    @property
    def tasks(self):
        return list(self.truth)

    # Clients

    @rule(
        pipe=st.booleans(),
        which=st.integers(0, 99),
        operation=st.sampled_from([Operation.STREAM, Operation.SEND]),
    )
    def ask_something_new(self, pipe, which, operation):
        self.ask(pipe, which, operation, user_says(message_id=f"m{self.next_number()}"))

    @precondition(lambda self: self.truth)
    @rule(
        pipe=st.booleans(),
        which=st.integers(0, 99),
        operation=st.sampled_from(ABOUT_A_TASK),
        again=st.booleans(),
        seen=st.none() | st.integers(0, 20),
    )
    def ask_about_a_task(self, pipe, which, operation, again, seen):
        task_id = self.tasks[which % len(self.tasks)]
        if operation is not Operation.SUBSCRIBE:
            seen = None
        elif seen is not None:
            seen = min(seen, len(self.store.load(task_id).entries) + self.store.load(task_id).offset)
        params = {
            Operation.GET: GetTaskRequest(id=task_id),
            Operation.CANCEL: CancelTaskRequest(id=task_id),
            Operation.SUBSCRIBE: SubscribeToTaskRequest(id=task_id),
        }.get(operation) or user_says(message_id=f"m{self.numbers if again else self.next_number()}", task_id=task_id)
        self.ask(pipe, which, operation, params, seen)

    @precondition(lambda self: any(isinstance(link, PipeLink) and link.calls for link in self.open_links))
    @rule(which=st.integers(0, 99))
    def take_a_call_back(self, which):
        links = [link for link in self.open_links if isinstance(link, PipeLink) and link.calls]
        link = links[which % len(links)]
        watched = link.calls[which % len(link.calls)]
        link.take_back(watched, self.now)
        self.calls.remove(watched)

    # The network

    @precondition(lambda self: self.open_links)
    @rule(which=st.integers(0, 99), number=st.sampled_from([1, 7, 100, 1_000, 100_000]))
    def carry_some_bytes(self, which, number):
        self.open_links[which % len(self.open_links)].carry(number, self.now)
        self.pump()

    @precondition(lambda self: self.open_links)
    @rule(which=st.integers(0, 99), limit=st.sampled_from([1, 2, 5, 256]))
    def let_a_link_read(self, which, limit):
        self.open_links[which % len(self.open_links)].serve(limit, self.now)
        self.pump()

    @precondition(lambda self: self.open_links)
    @rule(which=st.integers(0, 99))
    def cut_a_link(self, which):
        self.open_links[which % len(self.open_links)].cut(self.now)
        self.pump()

    # The store, the agents, the clock

    @precondition(lambda self: self.asked_of_store)
    @rule(number=st.integers(1, 5))
    def let_the_store_work(self, number):
        for _ in range(min(number, len(self.asked_of_store))):
            self.keep()

    def a_run(self, which):
        return list(self.running)[which % len(self.running)]

    def is_current(self, task_id, run):
        live = self.server._tasks.get(task_id)
        return live is not None and live.run is not None and live.run.number == run

    @precondition(lambda self: self.running)
    @rule(which=st.integers(0, 99), values=st.lists(st.sampled_from(["one ", "two ", {"n": 1}, ""]), max_size=9))
    def let_an_agent_speak(self, which, values):
        key = self.a_run(which)
        speech = self.running[key]
        if not self.is_current(*key) or speech.is_over:
            return
        if not speech._has_text:
            self.server.started(*key, self.now)
        self.server.emit(*key, [item for value in values for item in speech.say(value)], self.now)
        self.pump()

    @precondition(lambda self: self.running)
    @rule(which=st.integers(0, 99), state=st.sampled_from([*QUESTIONS, TaskState.REJECTED, TaskState.WORKING]))
    def let_an_agent_change_its_state(self, which, state):
        key = self.a_run(which)
        if self.is_current(*key) and not self.running[key].is_over:
            self.server.emit(*key, self.running[key].say(TaskStatus(state=state)), self.now)
            self.pump()

    @precondition(lambda self: self.running)
    @rule(which=st.integers(0, 99), state=st.sampled_from(QUESTIONS))
    def let_an_agent_ask(self, which, state):
        key = self.a_run(which)
        if self.is_current(*key) and not self.running[key].is_over:
            self.server.emit(*key, self.running[key].say(TaskStatus(state=state)), self.now)
            self.server.asked(*key, self.now)
            self.pump()

    @precondition(lambda self: self.running)
    @rule(which=st.integers(0, 99), how=st.sampled_from(["finish", "fail", "vanish"]))
    def let_an_agent_end(self, which, how):
        key = self.a_run(which)
        speech = self.running.pop(key)
        if self.is_current(*key) and not speech.is_over and how != "vanish":
            self.server.emit(*key, speech.finish() if how == "finish" else speech.fail("id"), self.now)
        self.server.ended(*key, self.now)
        self.pump()

    @rule(seconds=st.sampled_from([0.1, 3.0, 10.0]))
    def let_time_pass(self, seconds):
        self.now += seconds
        at = self.server.next_timeout()
        if at is not None and at <= self.now:
            self.server.handle_timeout(self.now)
            self.pump()

    # What holds at every moment

    @invariant()
    def memory_is_bounded(self):
        for live in self.server._tasks._tasks.values():
            assert len(live.log) <= KEPT
        assert len(self.server._tasks) <= 4 + len(self.asked_of_store)
        for box in self.server._mailboxes._boxes.values():
            assert box.calls >= 0

    @invariant()
    def a_log_has_one_terminal_status_at_the_most_and_it_is_the_last(self):
        for log in self.truth.values():
            states = [item.status.state for item in log if isinstance(item, Task | TaskStatusUpdateEvent)]
            finals = [state for state in states if state in FINAL]
            assert len(finals) <= 1
            if finals:
                assert log[-1].status.state is finals[0]

    @invariant()
    def what_is_over_is_over_properly(self):
        for watched in self.calls:
            if watched.call.is_closed and not watched.is_waiting:
                watched.look()
                watched.check_end()

    # The end: everything is carried, then everybody goes

    def come_to_rest(self):
        quiet = 0
        for _ in range(1_000):
            moved = bool(self.asked_of_store)
            while self.asked_of_store:
                self.keep()
            for link in self.open_links:
                moved |= link.serve(256, self.now)
                before = len(link.down) + len(getattr(link, "up", b""))
                link.carry(1_000_000, self.now)
                moved |= before > 0 or link.is_over
                self.pump()
            moved |= bool(self.asked_of_store)
            quiet = 0 if moved else quiet + 1
            if quiet == 3:
                return
        raise AssertionError("the world does not come to rest")

    def teardown(self):
        self.come_to_rest()
        for link in self.links:
            for watched in link.calls:
                if watched.is_waiting:
                    self.check_wait(link, watched)
        while self.running:  # the end of one turn may let a message in that starts the next
            key = next(iter(self.running))
            del self.running[key]
            self.server.ended(*key, self.now)
            self.pump()
            self.come_to_rest()
        for link in self.open_links:
            link.cut(self.now)
            self.pump()
        self.come_to_rest()
        for watched in self.calls:
            assert watched.call.is_closed
            watched.check_end()
        assert not self.server._mailboxes
        assert self.server.next_timeout() is None
        assert len(self.server._tasks) <= 4
        assert all(live.is_idle for live in self.server._tasks._tasks.values())

    def check_wait(self, link, watched):
        """A call still waits when all is quiet: then its task is not over."""
        params = watched.call.params
        task_id = watched.call.reader.task_id
        if task_id is None:
            task_id = getattr(params, "id", None) or params.message.task_id
        if task_id is not None:
            task = fold(self.truth[task_id])
            assert task.state not in FINAL, f"{watched.call.operation} waits for a task that is over"
            if watched.call.operation in (Operation.SEND, Operation.STREAM):
                assert task.state is not TaskState.INPUT_REQUIRED or self.is_running(task_id)
        else:
            assert self.running, "a new message waits for its agent"

    def is_running(self, task_id):
        return any(key[0] == task_id for key in self.running)


class LonelyNetwork(Network):
    """The same with an agent that stops when nobody is left."""

    on_disconnect = "cancel"


TestNetwork = Network.TestCase
TestLonelyNetwork = LonelyNetwork.TestCase
TestNetwork.settings = settings(stateful_step_count=50, max_examples=60)
TestLonelyNetwork.settings = settings(stateful_step_count=50, max_examples=30)
