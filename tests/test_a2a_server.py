"""The A2A server, call by call: what each is answered, and what the world is asked to do for it."""

import json

import pytest
from attrs import define, field

from hocket.a2a import (
    Answered,
    Append,
    Artifact,
    Checkpoint,
    Ended,
    Interrupt,
    Item,
    Load,
    Opened,
    Part,
    Ready,
    Refused,
    Run,
    Server,
    ServiceParameters,
    TaskArtifactUpdateEvent,
    TaskState,
    TaskStatus,
    TaskStatusUpdateEvent,
)
from hocket.entropy import seeded
from hocket.errors import LocalProtocolError
from hocket_io.stores import MemoryStore


@define(eq=False)
class World:
    """A server with a store that answers at once and a runner that only takes notes."""

    server: Server
    store: MemoryStore = field(factory=MemoryStore)
    runs: list[Run] = field(factory=list)
    interrupts: list[Interrupt] = field(factory=list)
    rang: list = field(factory=list)
    now: float = 0.0

    @classmethod
    def of(cls, **options):
        return cls(Server(entropy=seeded(1), epoch=1_720_017_000.0, **options))

    def pump(self):
        while (output := self.server.next_output()) is not None:
            match output:
                case Append(task_id=task_id):
                    entries = self.store.append(task_id, output.expect, output.items)
                    self.server.feed(task_id, entries, self.now)
                case Load(task_id=task_id):
                    self.server.loaded(task_id, self.store.load(task_id), self.now)
                case Checkpoint():
                    self.store.checkpoint(output)
                case Run():
                    self.runs.append(output)
                case Interrupt():
                    self.interrupts.append(output)
                case Ready(link=link):
                    self.rang.append(link)

    def ask(self, link, method, params, *, version="1.0", last_event_id=None, request_id=1):
        service = ServiceParameters(version=version, last_event_id=last_event_id)
        self.server.receive(link, request_id, method, params, service, self.now)
        self.pump()

    def send(self, text="hi", *, link="ada", method="SendStreamingMessage", message_id="m1", task=None, **more):
        message = {"messageId": message_id, "role": "ROLE_USER", "parts": [{"text": text}]}
        if task is not None:
            message["taskId"] = task
        self.ask(link, method, {"message": message, **more})

    def begin(self, **more):
        """A streamed message whose turn the runner has begun; returns the task's id."""
        self.send(**more)
        self.start()
        return self.runs[-1].task.id

    def start(self):
        run = self.runs[-1]
        self.server.started(run.task.id, run.run, self.now)
        self.pump()

    def emit(self, *items):
        run = self.runs[-1]
        self.server.emit(run.task.id, run.run, items, self.now)
        self.pump()

    def say(self, text, *, append=True, last=False, artifact_id="a"):
        artifact = Artifact(artifact_id=artifact_id, parts=(Part(text=text),))
        self.emit(
            TaskArtifactUpdateEvent(task_id=self.runs[-1].task.id, artifact=artifact, append=append, last_chunk=last)
        )

    def become(self, state):
        self.emit(TaskStatusUpdateEvent(task_id=self.runs[-1].task.id, status=TaskStatus(state=state)))

    def end(self):
        run = self.runs[-1]
        self.server.ended(run.task.id, run.run, self.now)
        self.pump()

    def finish(self, state=TaskState.COMPLETED):
        self.become(state)
        self.end()

    def take(self, link="ada"):
        taken = []
        while out := self.server.take(link):
            taken += out
        return taken

    def results(self, link="ada"):
        return [json.loads(each.result) for each in self.take(link) if isinstance(each, Item | Answered)]

    def states(self, link="ada"):
        """What the link was given, in short: states, text of chunks, ends and refusals."""
        return [short(each) for each in self.take(link) if not isinstance(each, Opened)]


def short(delivery):
    match delivery:
        case Refused(error=error):
            return error.code
        case Ended(state=state):
            return f"ended {state.value}"
    result = json.loads(delivery.result)
    match result.get("task", result):
        case {"id": _, "status": {"state": state}}:
            return f"task {state.removeprefix('TASK_STATE_').lower()}"
        case {"statusUpdate": update}:
            return update["status"]["state"].removeprefix("TASK_STATE_").lower()
        case {"artifactUpdate": update}:
            return update["artifact"]["parts"][0]["text"]


@pytest.fixture
def world():
    return World.of()


# Streams


def test_a_stream_begins_with_the_task_and_ends_after_the_terminal_status(world):
    world.begin()
    world.say("Hel")
    world.say("lo", last=True)
    world.finish()
    assert world.states() == ["task submitted", "working", "Hel", "lo", "completed", "ended completed"]


def test_a_stream_is_opened_once_and_its_items_carry_the_offsets_of_the_log(world):
    task_id = world.begin()
    world.finish()
    opened, *items, ended = world.take()
    assert opened == Opened(request_id=1, task_id=task_id)
    assert [item.offset for item in items] == [1, 2, 3]
    assert ended == Ended(request_id=1, offset=3, state=TaskState.COMPLETED)


def test_the_task_that_begins_a_stream_has_the_message_in_its_history(world):
    world.send("hello")
    (result,) = world.results()
    (message,) = result["task"]["history"]
    assert message["parts"] == [{"text": "hello"}]
    assert message["taskId"] == result["task"]["id"]
    assert message["contextId"] == result["task"]["contextId"]


def test_the_context_that_the_client_chose_is_kept(world):
    message = {"messageId": "m", "role": "ROLE_USER", "parts": [{"text": "x"}], "contextId": "mine"}
    world.ask("ada", "SendStreamingMessage", {"message": message})
    assert world.results()[0]["task"]["contextId"] == "mine"


def test_statuses_are_stamped_with_the_time_of_the_caller(world):
    world.now = 60.25
    world.begin()
    world.take()
    world.now = 61.0
    world.become(TaskState.WORKING)
    (result,) = world.results()
    assert result["statusUpdate"]["status"]["timestamp"] == "2024-07-03T14:31:01.000Z"


def test_a_timestamp_that_the_agent_gave_is_kept(world):
    task_id = world.begin()
    status = TaskStatus(state=TaskState.COMPLETED, timestamp="2000-01-01T00:00:00Z")
    world.emit(TaskStatusUpdateEvent(task_id=task_id, status=status))
    assert world.results()[-1]["statusUpdate"]["status"]["timestamp"] == "2000-01-01T00:00:00Z"


def test_a_link_is_told_once_until_it_has_taken_everything(world):
    world.begin()
    world.say("a")
    world.say("b")
    assert world.rang == ["ada"]
    world.take()
    world.say("c")
    world.say("d")
    assert world.rang == ["ada", "ada"]


def test_a_link_that_has_taken_some_is_not_told_again(world):
    world.begin()
    world.say("a")
    assert world.server.take("ada", 1)
    world.say("b")
    assert world.rang == ["ada"]


def test_a_stream_ends_with_its_own_turn_however_late_it_is_read(world):
    task_id = world.begin()
    world.finish(TaskState.INPUT_REQUIRED)
    world.send(link="bob", task=task_id, message_id="m2")
    world.start()
    *items, ended = world.take()
    assert [item.offset for item in items[1:]] == [1, 2, 3]
    assert ended == Ended(request_id=1, offset=3, state=TaskState.INPUT_REQUIRED)


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_small_mouthfuls_lose_nothing(world, limit):
    """A follow-up puts a Message into the log, which no version sends: taking one thing at a time steps over it."""
    task_id = world.begin()
    world.finish(TaskState.INPUT_REQUIRED)
    world.ask("bob", "SubscribeToTask", {"id": task_id})
    assert world.states("bob") == ["task input_required"]
    world.send(task=task_id, message_id="m2", link="eve")
    taken = []
    while out := world.server.take("bob", limit):
        assert len(out) <= limit + 1
        taken += out
    assert [short(each) for each in taken] == ["submitted"]


def test_an_agent_that_ends_without_a_word_has_failed(world):
    world.begin()
    world.end()
    assert world.states()[-2:] == ["failed", "ended failed"]


def test_what_a_run_says_after_its_end_is_refused_and_not_appended(world):
    task_id = world.begin()
    world.finish()
    before = world.store.load(task_id)
    with pytest.raises(LocalProtocolError, match=r"run 1 of task .* is over"):
        world.say("late")
    assert world.store.load(task_id) == before
    world.end()
    assert world.server.next_output() is None


def test_nothing_follows_a_terminal_status_of_the_same_run(world):
    world.begin()
    world.become(TaskState.COMPLETED)
    with pytest.raises(LocalProtocolError, match="is completed: nothing can follow"):
        world.say("late")
    with pytest.raises(LocalProtocolError, match="is completed: nothing can follow"):
        world.become(TaskState.FAILED)
    world.end()
    assert world.states()[-2:] == ["completed", "ended completed"]


def test_a_batch_with_something_after_the_terminal_status_is_refused_whole(world):
    task_id = world.begin()
    status = TaskStatusUpdateEvent(task_id=task_id, status=TaskStatus(state=TaskState.COMPLETED))
    with pytest.raises(LocalProtocolError, match="nothing can follow"):
        world.emit(status, status)
    assert world.states() == ["task submitted", "working"]


def test_an_update_after_last_chunk_is_our_own_agents_mistake(world):
    world.begin()
    world.say("all", last=True)
    with pytest.raises(LocalProtocolError, match="'a' was sealed by lastChunk"):
        world.say("more")
    world.say("anew", append=False)
    world.say("more")


def test_one_batch_may_seal_replace_and_extend_again(world):
    task_id = world.begin()

    def chunk(text, append, last):
        artifact = Artifact(artifact_id="a", parts=(Part(text=text),))
        return TaskArtifactUpdateEvent(task_id=task_id, artifact=artifact, append=append, last_chunk=last)

    world.emit(chunk("1", True, True), chunk("2", False, False), chunk("3", True, True))
    with pytest.raises(LocalProtocolError, match="sealed"):
        world.emit(chunk("4", False, True), chunk("5", True, False))
    assert world.states()[2:] == ["1", "2", "3"]


def test_an_event_of_another_task_is_our_own_agents_mistake(world):
    world.begin()
    with pytest.raises(LocalProtocolError, match="task 'other' was given to task"):
        world.emit(TaskStatusUpdateEvent(task_id="other", status=TaskStatus(state=TaskState.WORKING)))


# Send and get


def test_send_blocks_until_the_task_has_settled(world):
    world.begin(method="SendMessage")
    world.say("Hello")
    assert world.take() == []
    world.finish()
    (answer,) = world.results()
    assert answer["task"]["status"]["state"] == "TASK_STATE_COMPLETED"
    assert answer["task"]["artifacts"][0]["parts"] == [{"text": "Hello"}]


@pytest.mark.parametrize("state", [TaskState.INPUT_REQUIRED, TaskState.AUTH_REQUIRED])
def test_send_is_answered_when_the_task_is_interrupted(world, state):
    world.begin(method="SendMessage")
    world.become(state)
    assert world.states() == [f"task {state.value.replace('-', '_')}"]


def test_send_that_returns_immediately_is_answered_with_the_first_task(world):
    world.send(method="SendMessage", configuration={"returnImmediately": True})
    assert world.states() == ["task submitted"]
    assert len(world.runs) == 1


def test_send_in_0_3_is_answered_at_once_unless_it_says_blocking(world):
    message = {"kind": "message", "messageId": "m", "role": "user", "parts": [{"kind": "text", "text": "x"}]}
    for link, blocking in (("ada", False), ("bob", True)):
        params = {"message": message, "configuration": {"blocking": blocking}}
        world.ask(link, "message/send", params, version=None)
    assert world.results("ada")[0]["status"]["state"] == "submitted"
    assert world.take("bob") == []
    world.start()
    world.finish()
    assert world.results("bob")[0]["status"]["state"] == "completed"


@pytest.mark.parametrize(("length", "kept"), [(None, 3), (0, 0), (1, 1), (2, 2), (7, 3)])
def test_history_length(world, length, kept):
    task_id = world.begin()
    world.finish(TaskState.INPUT_REQUIRED)
    for number in (2, 3):
        world.send(task=task_id, message_id=f"m{number}")
        world.start()
        world.finish(TaskState.INPUT_REQUIRED)
    wanted = {} if length is None else {"historyLength": length}
    world.ask("bob", "GetTask", {"id": task_id, **wanted})
    world.send(link="eve", task=task_id, message_id="m3", configuration=wanted)
    expected = [f"m{number}" for number in (1, 2, 3)][3 - kept :]
    for result in (world.results("bob")[0], world.results("eve")[0]["task"]):
        assert [message["messageId"] for message in result.get("history", [])] == expected
        assert expected or "history" not in result


def test_history_length_also_trims_the_task_that_begins_a_stream(world):
    world.send(configuration={"historyLength": 0})
    assert "history" not in world.results()[0]["task"]


@pytest.mark.parametrize("method", ["GetTask", "SendMessage"])
def test_a_negative_history_length_is_invalid(world, method):
    message = {"messageId": "m", "role": "ROLE_USER", "parts": [{"text": "x"}]}
    params = {"GetTask": {"id": "t", "historyLength": -1}}
    params["SendMessage"] = {"message": message, "configuration": {"historyLength": -1}}
    world.ask("ada", method, params[method])
    (refused,) = world.take()
    assert refused.error.code == -32602
    assert "historyLength" in refused.error.message


@pytest.mark.parametrize("method", ["GetTask", "CancelTask", "SubscribeToTask"])
def test_a_task_that_nobody_knows_is_not_found(world, method):
    world.ask("ada", method, {"id": "nobody's"})
    assert world.states() == [-32001]


def test_a_message_to_a_task_that_nobody_knows_creates_none(world):
    world.send(task="invented")
    assert world.states() == [-32001]
    assert world.runs == []
