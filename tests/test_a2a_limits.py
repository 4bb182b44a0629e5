"""What the A2A server holds at the most, and what it says to those who want more."""

import pytest

from hocket.a2a import (
    Answered,
    Message,
    Part,
    Role,
    ServerLimits,
    TaskState,
    TaskStatus,
    TaskStatusUpdateEvent,
    weigh,
)
from hocket.a2a.holding import holding
from hocket.errors import LocalProtocolError
from hocket.log import LogLimits
from support.world import World


@pytest.fixture
def world():
    return World.of()


def test_over_the_limit_of_tasks_new_ones_are_refused_until_one_is_idle():
    world = World.of(limits=ServerLimits(tasks=2))
    world.begin("ada")
    world.begin("bob")
    world.send("eve")
    (refused,) = world.server.take("eve")
    assert refused.error.code == -32050
    assert refused.error.message == "too many tasks are under way: the limit tasks is 2"
    assert refused.error.data[0]["metadata"] == {"limit": "tasks", "max": "2", "retryable": "true"}
    world.finish()
    world.take("bob")
    world.send("eve")
    assert world.take("eve") == ["task submitted"]


def test_a_task_that_is_read_from_the_store_takes_the_place_of_one_that_is_idle():
    world = World.of(limits=ServerLimits(tasks=2))
    tasks = []
    for number in range(4):
        tasks.append(world.begin(f"link {number}"))
        world.become(TaskState.INPUT_REQUIRED)
        world.end()
        world.take(f"link {number}")
    for number, task_id in enumerate(tasks[:2]):
        world.ask(f"reader {number}", "SubscribeToTask", task_id)
        assert world.take(f"reader {number}") == ["task input_required"]
        held = holding(world.server)
        assert (held.tasks, held.busy) == (2, number + 1), "the idle ones are in the store, and need not be here"


@pytest.mark.parametrize("what", ["stream", "send", "subscribe", "get", "parked"])
def test_over_the_limit_of_calls_a_link_is_refused(what):
    """A call counts until its end was taken, whether it reads, waits, or its answer lies there."""
    world = World.of(limits=ServerLimits(calls=3))
    task_id = world.begin("owner")
    if what == "parked":
        world.hold()
    for number in range(5):
        match what:
            case "stream" | "send":
                world.send(stream=what == "stream", task=task_id, request_id=number)
            case "subscribe":
                world.ask("ada", "SubscribeToTask", task_id, request_id=number)
            case _:
                world.ask("ada", "GetTask", task_id if what == "get" else f"t{number}", request_id=number)
    assert world.take().count(-32050) == 2
    if what == "parked":
        world.release()
    world.finish()
    world.take()
    world.ask("ada", "GetTask", task_id)
    assert world.take() == ["task completed"], "what was answered does not count any more"


def test_over_the_limit_of_answers_a_link_takes_some_before_it_reads_more():
    """Answers are as large as tasks: a batch of a few bytes that asks for one a hundred times would fill the memory."""
    world = World.of(limits=ServerLimits(answers=10_000))
    task_id = world.begin("owner")
    world.say("x" * 6_000)
    for number in range(4):
        world.ask("ada", "GetTask", task_id, request_id=number)
    world.ask("ada", "ListTasks", request_id=4)
    world.send(task=task_id, stream=False, request_id=5)
    world.finish()
    first, second, *refused, completed = world.deliveries()
    assert [type(each) for each in (first, second, completed)] == [Answered] * 3, (
        "what was sent is answered in any case"
    )
    assert [each.error.data[0]["metadata"]["limit"] for each in refused] == ["answers"] * 3
    world.ask("ada", "GetTask", task_id)
    assert world.take()[0].startswith("task completed"), "what was taken does not count any more"


def test_what_is_too_large_is_too_large_tomorrow():
    world = World.of(limits=ServerLimits(task_size=1_000))
    world.send(text="x" * 2_000)
    (refused,) = world.deliveries()
    assert refused.error.message == "the task would become too large: the limit task_size is 1000"
    assert refused.error.data[0]["metadata"]["retryable"] == "false"


def test_a_malformed_call_counts_only_until_its_error_was_taken():
    world = World.of(limits=ServerLimits(calls=2))
    for _ in range(5):
        world.ask("ada", "SendMessage", request_id=1)
        assert world.take() == [-32602]
    world.send()
    assert world.take() == ["task submitted"]


@pytest.mark.parametrize("field_name", ["messageId", "taskId", "contextId"])
@pytest.mark.parametrize(("bytes_", "is_fine"), [(255, True), (256, True), (257, False)])
def test_ids_have_a_limit_in_bytes(world, field_name, bytes_, is_fine):
    text = "é" * (bytes_ // 2) + "x" * (bytes_ % 2)
    message = {"messageId": "m", "role": "ROLE_USER", "parts": [{"text": "hi"}], field_name: text}
    world.ask("ada", "SendMessage", message=message)
    (refused,) = world.server.take("ada") or [None]
    is_refused = refused is not None and refused.error.code == -32602
    assert is_refused != is_fine
    if is_refused:
        assert field_name in refused.error.message


@pytest.mark.parametrize(("field_name", "is_fine"), [("messageId", False), ("taskId", True), ("contextId", True)])
def test_an_empty_id_is_none_which_a_message_needs(world, field_name, is_fine):
    """ProtoJSON: a text that is empty is one that is not there."""
    message = {"messageId": "m", "role": "ROLE_USER", "parts": [{"text": "hi"}], field_name: ""}
    world.ask("ada", "SendMessage", message=message)
    assert len(world.runs) == is_fine
    assert [each.error.code for each in world.deliveries()] == ([] if is_fine else [-32602])


def test_the_limit_of_ids_can_be_raised_and_lowered():
    for limit, code in ((300, -32001), (299, -32602)):
        world = World.of(limits=ServerLimits(id=limit))
        world.ask("ada", "GetTask", "x" * 300)
        assert world.take() == [code]


def test_an_agent_that_says_too_much_is_stopped_and_its_failure_still_fits():
    world = World.of(limits=ServerLimits(task_size=5_000))
    world.begin()
    for _ in range(14):
        world.say("x" * 100)
    with pytest.raises(LocalProtocolError, match="task_size = 5000"):
        world.say("x" * 100)
    held = sum(len(part.text) for each in [world.store.load(world.runs[0].task.id)] for part in parts_of(each))
    assert held <= 5_000
    world.end()
    assert world.take()[-1] == "ended failed"


def test_the_last_byte_of_the_limit_may_be_used():
    def one_chunk(task_size):
        world = World.of(limits=ServerLimits(task_size=task_size))
        world.begin()
        world.say("x" * 100)
        stored = world.store.load(world.runs[0].task.id)
        return weigh(stored.task) + sum(entry.weight for entry in stored.entries)

    used = one_chunk(task_size=10_000)
    assert one_chunk(task_size=used) == used
    with pytest.raises(LocalProtocolError, match=f"task_size = {used - 1}"):
        one_chunk(task_size=used - 1)


def parts_of(stored):
    return [part for entry in stored.entries[1:] for part in entry.event.artifact.parts]


def test_status_messages_count_as_well():
    world = World.of(limits=ServerLimits(task_size=5_000))
    task_id = world.begin()
    said = Message(message_id="m", role=Role.AGENT, parts=(Part(text="x" * 1_000),))
    event = TaskStatusUpdateEvent(task_id=task_id, status=TaskStatus(state=TaskState.WORKING, message=said))
    for _ in range(3):
        world.emit(event)
    with pytest.raises(LocalProtocolError, match="task_size"):
        world.emit(event)


def test_a_caller_who_says_too_much_is_refused_and_the_server_stands():
    world = World.of(limits=ServerLimits(task_size=2_000))
    text = "x" * 3_000
    message = {"messageId": "m", "role": "ROLE_USER", "parts": [{"text": text}]}
    world.ask("ada", "SendMessage", message=message)
    assert world.take() == [-32050]
    assert len(world.server._tasks) == 0
    task_id = world.begin()
    world.finish(TaskState.INPUT_REQUIRED)
    world.ask("bob", "SendMessage", message={**message, "taskId": task_id})
    world.ask("bob", "GetTask", task_id)
    assert world.take("bob") == [-32050, "task input_required"]


def test_slow_readers_cost_no_memory():
    """A hundred readers that read nothing: what the server holds is one log, within its limits."""
    world = World.of(limits=ServerLimits(log=LogLimits(entries=50)))
    task_id = world.begin()
    for number in range(100):
        world.ask(number, "SubscribeToTask", task_id)
    for _ in range(500):
        world.say("x")
    live = world.server._tasks.get(task_id)
    assert len(live.log) == 50
    assert all(not box.answers for box in world.server._mailboxes._boxes.values())


def test_when_all_have_left_and_all_is_said_the_tables_are_empty():
    world = World.of(limits=ServerLimits(tasks=3))
    for number in range(10):
        link = f"link {number}"
        task_id = world.begin(link, stream=bool(number % 2))
        world.ask("watcher", "SubscribeToTask", task_id, request_id=number)
        world.finish(TaskState.INPUT_REQUIRED if number % 3 else TaskState.COMPLETED)
        if number % 4:
            world.ask("watcher", "CancelTask", task_id, request_id=100 + number)
        world.take(link)
        world.take("watcher")
        world.server.disconnect(link, 0.0)
    world.server.disconnect("watcher", 0.0)
    assert not world.server._mailboxes
    assert len(world.server._tasks) <= 3
    assert world.server.next_timeout() is None


def test_the_same_inputs_give_the_same_bytes():
    def played():
        world, bytes_ = World.of(), []
        for number in range(3):
            task_id = world.begin(f"l{number}")
            world.ask("watcher", "SubscribeToTask", task_id, request_id=number)
            world.say("Hello")
            world.finish(TaskState.INPUT_REQUIRED)
            world.ask("watcher", "CancelTask", task_id, request_id=10 + number)
        for link in ("watcher", "l0", "l1", "l2"):
            bytes_ += [getattr(each, "result", each) for each in world.server.take(link)]
        return bytes_

    assert played() == played()


def test_a_task_that_was_in_use_lately_stays_longer_than_one_that_was_not():
    world = World.of(limits=ServerLimits(tasks=2))
    first, second = [finished(world, name) for name in ("ada", "bob")]
    world.ask("eve", "GetTask", first)
    finished(world, "dan")
    assert (world.server._tasks.get(first) is None, world.server._tasks.get(second) is None) == (False, True)


def finished(world, link):
    task_id = world.begin(link)
    world.finish()
    world.take(link)
    return task_id


def test_tasks_that_are_only_looked_at_do_not_stay_beyond_the_limit():
    world = World.of(limits=ServerLimits(tasks=2))
    tasks = [finished(world, name) for name in ("ada", "bob", "dan")]
    world.begin("eve")
    world.begin("fay")
    for task_id in tasks:
        world.ask("gus", "GetTask", task_id)
    assert len(world.take("gus")) == 3
    assert len(world.server._tasks) == 2
