"""The life of tasks in every interleaving: the server against a model that is nothing but the log.

Hypothesis plays the callers, the agents, the store, another replica and the clock. Whatever the order: what a reader
is given is the log, and folds to the task; a log ends with its one terminal status; every call ends once; each message
reaches the agent once; what the agent says is taken unless it was told to stop; and in the end nothing is left over.
"""

import json

from attrs import define, evolve, field
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from hocket.a2a import (
    V1_0,
    AgentCapabilities,
    Answered,
    Append,
    Artifact,
    Call,
    CancelTaskRequest,
    Checkpoint,
    Ended,
    GetTaskRequest,
    Interrupt,
    Item,
    Load,
    Message,
    Opened,
    Operation,
    Part,
    Refused,
    Release,
    Reply,
    Role,
    Run,
    SendMessageConfiguration,
    Server,
    ServerLimits,
    ServiceParameters,
    StartPush,
    StopPush,
    SubscribeToTaskRequest,
    Task,
    TaskArtifactUpdateEvent,
    TaskPushNotificationConfig,
    TaskState,
    TaskStatus,
    TaskStatusUpdateEvent,
    fold,
)
from hocket.entropy import seeded
from hocket.errors import LocalProtocolError
from hocket.log import LogLimits
from hocket.testing.worlds.a2a.book import FINAL, QUESTIONS
from hocket_io.stores import MemoryStore
from support.items import one_by_one
from support.messages import user_says
from support.world import keep

PUSHES = AgentCapabilities(streaming=True, push_notifications=True)
CONFIG = TaskPushNotificationConfig(url="https://receiver.example/", id="c")
SERVICE = ServiceParameters(version="1.0")
LIMITS = ServerLimits(tasks=3, cancel_grace=5.0, answer_grace=8.0, patience=15.0, log=LogLimits(entries=5))
WHICH = st.integers(0, 99)


def says(task_id, state):
    return TaskStatusUpdateEvent(task_id=task_id, status=TaskStatus(state=state))


@define(eq=False)
class Reader:
    """One call on a link of its own, a link that watches, or a sender of notifications.

    What it was given is held against the log.
    """

    link: object
    truth: dict
    watches: bool = False
    seen: dict = field(factory=dict)
    """By task: the offset that it was given last."""
    open: set = field(factory=set)
    over: set = field(factory=set)
    """The ids of the calls that have ended."""

    def take(self, delivery):
        name = delivery.request_id
        assert name not in self.over, "nothing follows the end of a call"
        match delivery:
            case Opened(task_id=task_id):
                assert name not in self.open
                self.open.add(name)
                self.seen.setdefault(task_id, None)
            case Item(offset=offset, result=result):
                assert name in self.open
                item = V1_0.read_item(json.loads(result))
                self.check(item.id if isinstance(item, Task) else item.task_id, offset, item)
            case Ended(offset=offset, state=state):
                (task_id,) = [name] if self.watches else self.seen
                assert offset == self.seen[task_id]
                assert state in (*FINAL, TaskState.INPUT_REQUIRED)
                assert fold(self.truth[task_id][:offset]).state is state
                assert state not in FINAL or offset == len(self.truth[task_id]), "it has everything"
                self.over.add(name)
            case Answered(result=result):
                answer = json.loads(result)
                answer = answer.get("task", answer)
                task_id = answer.get("taskId", answer["id"])
                assert task_id in self.truth
                self.over.add(name)
            case Refused():
                self.over.add(name)

    def check(self, task_id, offset, item):
        log, after = self.truth[task_id], self.seen[task_id]
        assert after is None or offset > after or isinstance(item, Task)
        if isinstance(item, Task):
            assert item == fold(log[:offset]), "a snapshot is the fold of the log up to its offset"
        else:
            assert item == log[offset - 1]
            assert all(isinstance(each, Message) for each in log[after or 0 : offset - 1]), "no gap"
        self.seen[task_id] = offset


class Life(RuleBasedStateMachine):
    """The world. Each rule lets one part of it do one thing."""

    on_disconnect = "continue"

    def __init__(self):
        super().__init__()
        self.server = Server(entropy=seeded(9), limits=LIMITS, on_disconnect=self.on_disconnect, capabilities=PUSHES)
        self.store = MemoryStore()
        self.truth = {}
        self.wishes = []
        self.runs = {}
        self.told = set()
        self.readers = []
        self.numbers = 0
        self.now = 0.0
        self.waiting = set()
        self.stopping = set()
        self.is_slow = True

    @initialize(is_slow=st.booleans())
    def choose_a_store(self, is_slow):
        """A slow store works when it is its turn, another one at once."""
        self.is_slow = is_slow

    # The world's side of the server

    def pump(self):
        while (output := self.server.next_output()) is not None:
            match output:
                case Append() | Load() | Checkpoint():
                    self.wishes.append(output)
                case Run(task=task, run=run, message=message):
                    assert (task.id, run) not in self.runs, "a run has a number of its own"
                    self.runs[task.id, run] = None
                    self.tell(task.id, message)
                case Reply(task_id=task_id, run=run, message=message):
                    assert (task_id, run) in self.waiting, "an answer goes to who waits for one"
                    self.waiting.remove((task_id, run))
                    self.tell(task_id, message)
                case Interrupt(task_id=task_id, run=run) | Release(task_id=task_id, run=run):
                    self.waiting.discard((task_id, run))
                    self.stopping.add((task_id, run))
                case StartPush(link=link):
                    if (mailbox := self.server._mailboxes.get(link)) is None:
                        continue  # another one has taken its place meanwhile: to stop it comes next
                    (subscription,) = mailbox.subscriptions
                    self.readers.append(Reader(link, self.truth, seen={link.task_id: subscription.cursor.after}))
                case StopPush(link=link):
                    self.readers = [reader for reader in self.readers if reader.link != link]
            if self.wishes and not self.is_slow:
                self.keep_one()

    def tell(self, task_id, message):
        assert message in self.truth[task_id] or message in self.truth[task_id][0].history, "it is in the log"
        assert (task_id, message.message_id) not in self.told, "each message reaches the agent once"
        self.told.add((task_id, message.message_id))

    def keep_one(self):
        wish = self.wishes.pop(0)
        if isinstance(wish, Append):
            stored = self.store.load(wish.task_id)
            if (stored.offset + len(stored.entries) if stored else 0) == wish.expect:
                self.truth.setdefault(wish.task_id, []).extend(wish.items)
        keep(wish, self.server, self.store, self.now)
        self.pump()

    def tail(self, task_id):
        """The state of the task as far as the server has heard, with all that it has asked the store for, and will."""
        return self.server._tasks.get(task_id).tail.state

    def ask(self, operation, params, *, seen=None, silence=None):
        self.numbers += 1
        link = f"link {self.numbers}"
        service = evolve(SERVICE, last_event_id=seen)
        reader = Reader(link, self.truth)
        call = Call(
            request_id=self.numbers, dialect=V1_0, operation=operation, params=params, service=service, silence=silence
        )
        self.readers.append(reader)
        if seen is not None:
            reader.seen[params.id] = seen
        self.server.perform(link, call, self.now)
        self.pump()

    def pick(self, things, which):
        things = list(things)
        return things[which % len(things)]

    # Callers

    @precondition(lambda self: len(self.truth) < 3)
    @rule(operation=st.sampled_from([Operation.SEND, Operation.STREAM]), silence=st.sampled_from([None, 4.0]))
    def begin(self, operation, silence):
        self.ask(operation, user_says(message_id=f"m{self.numbers}"), silence=silence)

    @precondition(lambda self: self.truth)
    @rule(
        which=WHICH,
        operation=st.sampled_from([Operation.SEND, Operation.STREAM]),
        again=st.booleans(),
        hurry=st.booleans(),
        silence=st.sampled_from([None, 4.0]),
        config=st.sampled_from([None, None, CONFIG]),
    )
    def follow_up(self, which, operation, again, hurry, silence, config):
        number = self.numbers if not again else max(0, self.numbers - 1)
        params = user_says(message_id=f"m{number}", task_id=self.pick(self.truth, which))
        configuration = SendMessageConfiguration(return_immediately=hurry, task_push_notification_config=config)
        self.ask(operation, evolve(params, configuration=configuration), silence=silence)

    @precondition(lambda self: any(self.is_asked(task_id) for task_id in self.truth))
    @rule(which=WHICH, operation=st.sampled_from([Operation.SEND, Operation.STREAM]))
    def answer(self, which, operation):
        task_id = self.pick([each for each in self.truth if self.is_asked(each)], which)
        self.ask(operation, user_says(message_id=f"m{self.numbers}", task_id=task_id))

    def is_asked(self, task_id):
        return fold(self.truth[task_id]).state in QUESTIONS

    @precondition(lambda self: self.truth)
    @rule(which=WHICH)
    def cancel(self, which):
        self.ask(Operation.CANCEL, CancelTaskRequest(id=self.pick(self.truth, which)))

    @precondition(lambda self: self.truth)
    @rule(which=WHICH, seen=st.none() | st.integers(0, 12))
    def subscribe(self, which, seen):
        task_id = self.pick(self.truth, which)
        known = None if seen is None else min(seen, len(self.truth[task_id]))
        self.ask(Operation.SUBSCRIBE, SubscribeToTaskRequest(id=task_id), seen=known)

    @precondition(lambda self: self.truth)
    @rule(which=WHICH, again=st.booleans())
    def set_a_push_configuration(self, which, again):
        task_id = self.pick(self.truth, which)
        url = f"https://receiver.example/{'' if again else self.numbers}"
        self.ask(Operation.PUSH_CREATE, evolve(CONFIG, task_id=task_id, url=url))

    @rule(which=WHICH, named=st.booleans())
    def watch(self, which, named):
        self.numbers += 1
        reader = Reader(f"link {self.numbers}", self.truth, watches=True)
        self.readers.append(reader)
        task_ids = [self.pick(self.truth, which)] if named and self.truth else None
        self.server.watch(reader.link, V1_0, SERVICE, self.now, task_ids)
        self.pump()

    @precondition(lambda self: self.readers)
    @rule(which=WHICH, how=st.sampled_from([1, 3, 100, "leave", "take back", "get"]))
    def read_or_go(self, which, how):
        reader = self.pick(self.readers, which)
        if how == "leave":
            self.readers.remove(reader)
            self.server.disconnect(reader.link, self.now)
        elif how == "take back":
            if isinstance(reader.link, str):
                self.server.cancel_call(reader.link, int(reader.link.removeprefix("link ")), self.now)
        elif how == "get":
            if self.truth:
                self.ask(Operation.GET, GetTaskRequest(id=self.pick(self.truth, which)))
        else:
            for delivery in one_by_one(self.server.take(reader.link, how)):
                reader.take(delivery)
        self.pump()

    # The store, and another replica

    @precondition(lambda self: self.wishes)
    @rule(number=st.integers(1, 6))
    def let_the_store_work(self, number):
        for _ in range(min(number, len(self.wishes))):
            self.keep_one()

    @precondition(lambda self: any(self.is_going_on(task_id) for task_id in self.truth))
    @rule(which=WHICH, state=st.sampled_from([TaskState.WORKING, *QUESTIONS, TaskState.CANCELED]), tells=st.booleans())
    def let_another_replica_write(self, which, state, tells):
        task_id = self.pick([each for each in self.truth if self.is_going_on(each)], which)
        entries = self.store.append(task_id, len(self.truth[task_id]), [says(task_id, state)])
        self.truth[task_id].append(entries[0].event)
        if tells:
            self.server.feed(task_id, entries, self.now)
            self.pump()

    def is_going_on(self, task_id):
        return fold(self.truth[task_id]).state not in FINAL

    # The agents

    def say(self, key, *items):
        """What a run says is taken, unless it was told to stop or its task is over; then nothing has changed."""
        task_id, run = key
        is_allowed = key not in self.stopping and self.tail(task_id) not in FINAL
        try:
            self.server.emit(task_id, run, items, self.now)
        except LocalProtocolError:
            assert not is_allowed
            assert self.server.next_output() is None
        else:
            self.waiting.discard(key)
        self.pump()

    @precondition(lambda self: self.runs)
    @rule(which=WHICH, number=st.integers(1, 4))
    def let_an_agent_speak(self, which, number):
        key = self.pick(self.runs, which)
        artifact = Artifact(artifact_id="a", parts=(Part(text="x"),))
        self.say(key, *[TaskArtifactUpdateEvent(task_id=key[0], artifact=artifact, append=True)] * number)

    @precondition(lambda self: self.runs)
    @rule(which=WHICH, state=st.sampled_from([TaskState.WORKING, *QUESTIONS]))
    def let_an_agent_change_its_state(self, which, state):
        key = self.pick(self.runs, which)
        self.say(key, says(key[0], state))

    @precondition(lambda self: self.runs)
    @rule(which=WHICH, state=st.sampled_from(QUESTIONS), repeat=st.booleans())
    def let_an_agent_ask(self, which, state, repeat):
        key = self.pick(sorted(self.runs.keys() - self.waiting - self.stopping) or self.runs, which)
        question = Message(message_id=f"q{self.numbers}", role=Role.AGENT, parts=(Part(text="?"),))
        if not repeat:
            self.say(key, evolve(says(key[0], state), status=TaskStatus(state=state, message=question)))
        is_allowed = key not in self.stopping | self.waiting and self.tail(key[0]) in QUESTIONS
        waited = key in self.waiting
        self.waiting.add(key)
        try:
            self.server.asked(*key, self.now)
        except LocalProtocolError:
            assert not is_allowed
            assert self.server.next_output() is None
            if not waited:
                self.waiting.remove(key)
        self.pump()

    @precondition(lambda self: self.runs)
    @rule(which=WHICH, state=st.sampled_from([None, TaskState.COMPLETED, TaskState.FAILED, TaskState.REJECTED]))
    def let_an_agent_end(self, which, state):
        self.end(self.pick(self.runs, which), state)

    def end(self, key, state=None):
        if state is not None:
            self.say(key, says(key[0], state))
        del self.runs[key]
        self.waiting.discard(key)
        self.server.ended(*key, self.now)
        self.pump()

    @rule(seconds=st.sampled_from([0.5, 3.0, 20.0]))
    def let_time_pass(self, seconds):
        self.now += seconds
        self.server.handle_timeout(self.now)
        self.pump()

    # What holds at every moment

    @invariant()
    def a_log_ends_with_its_one_terminal_status(self):
        for log in self.truth.values():
            states = [item.status.state for item in log if isinstance(item, Task | TaskStatusUpdateEvent)]
            assert all(state not in FINAL for state in states[:-1])
            assert states[-1] not in FINAL or isinstance(log[-1], Task | TaskStatusUpdateEvent)

    @invariant()
    def each_message_is_in_its_log_once(self):
        for log in self.truth.values():
            ids = [item.message_id for item in log if isinstance(item, Message)]
            assert len(ids) == len(set(ids))

    @invariant()
    def memory_is_bounded(self):
        assert all(len(live.log) <= 5 for live in self.server._tasks._tasks.values())
        assert all(box.calls >= 0 for box in self.server._mailboxes._boxes.values())

    # The end

    def come_to_rest(self):
        while self.wishes:
            self.keep_one()
        for reader in self.readers:
            while out := one_by_one(self.server.take(reader.link, 4)):
                for delivery in out:
                    reader.take(delivery)
            assert one_by_one(self.server.take(reader.link)) == []

    def let_the_other_replica_finish(self):
        """It has what was taken from our runs, and tells us all that it has written."""
        for task_id, log in self.truth.items():
            if fold(log).state not in (*FINAL, *QUESTIONS):
                log += [each.event for each in self.store.append(task_id, len(log), [says(task_id, FINAL[0])])]
            self.server.feed(task_id, self.store.load(task_id).entries, self.now)
            self.pump()
        self.come_to_rest()

    def teardown(self):
        """Whoever was told to stop does, nobody answers any more, and the others finish: then no call waits."""
        self.come_to_rest()
        while self.runs:
            key = next(iter(self.runs))
            self.end(key, None if key in self.stopping else TaskState.COMPLETED)
            self.come_to_rest()
        self.let_the_other_replica_finish()
        for reader in self.readers:
            is_asked = reader.open and all(fold(self.truth[task_id]).state in QUESTIONS for task_id in reader.seen)
            assert reader.over or reader.watches or is_asked, "who still waits reads a task that waits for an answer"
        for reader in self.readers:
            self.server.disconnect(reader.link, self.now)
            self.pump()
        self.come_to_rest()
        for log in self.truth.values():
            assert fold(log).state in (*FINAL, *QUESTIONS)
        assert not self.server._mailboxes
        assert not self.server._watches
        assert len(self.server._pushes) == len(self.server._pushes._resting)
        assert self.server.next_timeout() is None
        assert len(self.server._tasks) <= LIMITS.tasks
        assert all(live.is_idle for live in self.server._tasks._tasks.values())


class LonelyLife(Life):
    """The same with an agent that stops when nobody is left."""

    on_disconnect = "cancel"


TestLife = Life.TestCase
TestLonelyLife = LonelyLife.TestCase
TestLife.settings = settings(stateful_step_count=40, max_examples=80)
TestLonelyLife.settings = settings(stateful_step_count=40, max_examples=80)
