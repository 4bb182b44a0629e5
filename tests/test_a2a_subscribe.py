"""Reading a task: subscribing, coming back, following up, and saying it twice."""

import pytest

from hocket.a2a import (
    ServerLimits,
    TaskState,
)
from hocket.log import LogLimits
from support.items import one_by_one
from support.world import World


@pytest.fixture
def world():
    return World.of()


# Subscribing


def test_a_subscriber_gets_the_task_as_it_is_and_then_what_follows(world):
    task_id = world.begin()
    world.say("Hel")
    world.ask("bob", "SubscribeToTask", task_id)
    assert world.take("bob") == ["task working Hel"]
    world.say("lo")
    world.finish()
    assert world.take("bob") == ["lo", "completed", "ended completed"]


def test_the_chunk_in_flight_is_not_given_twice(world):
    """The snapshot is taken when it is read: what came in between is in it, and is not sent again."""
    task_id = world.begin()
    world.say("Hel")
    world.ask("bob", "SubscribeToTask", task_id)
    assert world.take("bob") == ["task working Hel"]
    world.say("lo")
    world.hold()
    world.say("!")
    assert world.take("bob") == ["lo"]
    world.ask("eve", "SubscribeToTask", task_id)
    assert world.take("eve") == ["task working Hello"]
    world.release()
    assert (world.take("bob"), world.take("eve")) == (["!"], ["!"])


def test_all_subscribers_get_the_same_bytes_in_the_same_order(world):
    task_id = world.begin()
    for link in ("bob", "eve"):
        world.ask(link, "SubscribeToTask", task_id)
        world.take(link)
    world.say("one")
    world.say("two")
    (bob,) = [[each.result for each in one_by_one(world.server.take(link))] for link in ("bob",)]
    (eve,) = [[each.result for each in one_by_one(world.server.take(link))] for link in ("eve",)]
    assert bob == eve
    assert all(mine is yours for mine, yours in zip(bob, eve, strict=True)), "encoded once"


def test_one_reader_leaving_does_not_touch_the_others_or_the_task(world):
    task_id = world.begin()
    world.ask("bob", "SubscribeToTask", task_id)
    world.server.disconnect("ada", world.now)
    world.finish()
    assert world.take("bob") == ["task working", "completed", "ended completed"]


@pytest.mark.parametrize("state", [TaskState.COMPLETED, TaskState.FAILED, TaskState.CANCELED, TaskState.REJECTED])
def test_a_finished_task_cannot_be_subscribed_to_in_1_0_and_is_given_whole_in_0_3(world, state):
    task_id = world.begin()
    world.finish(state)
    world.ask("bob", "SubscribeToTask", task_id)
    world.ask("eve", "tasks/resubscribe", task_id, version=None)
    assert world.take("bob") == [-32004]
    assert world.take("eve") == [f"task {state.value}", f"ended {state.value}"]


def test_a_subscriber_to_an_interrupted_task_stays_into_the_next_turn(world):
    task_id = world.begin()
    world.finish(TaskState.INPUT_REQUIRED)
    assert world.take()[-1] == "ended input-required"
    world.ask("bob", "SubscribeToTask", task_id)
    world.begin(task=task_id, message_id="m2")
    world.finish(TaskState.INPUT_REQUIRED)
    world.begin(task=task_id, message_id="m3")
    world.finish()
    turns = ["submitted", "working", "input_required", "submitted", "working", "completed"]
    assert world.take("bob") == ["task input_required", *turns, "ended completed"]


def test_a_subscriber_who_reads_along_sees_every_turn(world):
    task_id = world.begin()
    world.finish(TaskState.INPUT_REQUIRED)
    world.ask("bob", "SubscribeToTask", task_id)
    assert world.take("bob") == ["task input-required".replace("-", "_")]
    world.begin(task=task_id, message_id="m2")
    world.finish(TaskState.INPUT_REQUIRED)
    assert world.take("bob") == ["submitted", "working", "input_required"]
    world.begin(task=task_id, message_id="m3")
    world.finish()
    assert world.take("bob") == ["submitted", "working", "completed", "ended completed"]


def test_a_stream_stays_open_at_auth_required(world):
    world.begin()
    world.become(TaskState.AUTH_REQUIRED)
    assert world.take() == ["task submitted", "working", "auth_required"]
    world.become(TaskState.WORKING)
    world.finish()
    assert world.take() == ["working", "completed", "ended completed"]


# Coming back


@pytest.mark.parametrize("seen", [0, 1, 2, 3, 4, 5])
@pytest.mark.parametrize("is_finished", [True, False])
def test_a_reader_that_comes_back_gets_exactly_what_it_has_not_seen(world, seen, is_finished):
    task_id = world.begin()
    world.say("Hel")
    world.say("lo")
    if is_finished:
        world.finish()
    everything = ["task submitted", "working", "Hel", "lo", "completed"]
    seen = min(seen, 5 if is_finished else 4)
    world.ask("bob", "SubscribeToTask", task_id, last_event_id=seen)
    rest = world.take("bob")
    if not is_finished:
        assert rest == everything[seen:4]
        world.finish()
        rest += world.take("bob")
    assert rest == [*everything[seen:], "ended completed"]


def test_a_place_that_the_log_never_had_is_as_good_as_none(world):
    task_id = world.begin()
    world.ask("bob", "SubscribeToTask", task_id, last_event_id=77)
    assert world.take("bob") == ["task working"]
    world.finish()
    world.ask("eve", "SubscribeToTask", task_id, last_event_id=77)
    assert world.take("eve") == [-32004]


def test_a_reader_behind_what_the_log_keeps_gets_a_snapshot_and_no_gap():
    world = World.of(limits=ServerLimits(log=LogLimits(entries=3)))
    task_id = world.begin()
    for text in "abcdefg":
        world.say(text)
    assert world.take() == ["task working abcdefg"]
    world.ask("bob", "SubscribeToTask", task_id, last_event_id=2)
    assert world.take("bob") == ["task working abcdefg"]
    world.say("h")
    world.ask("eve", "SubscribeToTask", task_id, last_event_id=8)
    assert (world.take(), world.take("bob"), world.take("eve")) == (["h"], ["h"], ["g", "h"])


def test_a_slow_reader_of_a_long_answer_is_never_cut():
    """6,000 chunks that nobody reads meanwhile: in the end there is all of the text, and an honest end."""
    world = World.of(limits=ServerLimits(log=LogLimits(entries=100)))
    world.begin()
    for _ in range(6_000):
        world.say("x")
    world.finish()
    assert world.take() == ["task completed " + "x" * 6_000, "ended completed"]


def test_a_snapshot_of_an_interrupted_task_ends_the_stream_of_its_turn():
    world = World.of(limits=ServerLimits(log=LogLimits(entries=1)))
    world.begin()
    world.finish(TaskState.INPUT_REQUIRED)
    assert world.take() == ["task input_required", "ended input-required"]


# Following up


def test_a_follow_up_stream_begins_with_the_task(world):
    task_id = world.begin()
    world.say("old ")
    world.finish(TaskState.INPUT_REQUIRED)
    world.take()
    world.begin(task=task_id, message_id="m2")
    world.say("new")
    world.finish()
    assert world.take() == ["task submitted old ", "working", "new", "completed", "ended completed"]


def test_a_follow_up_reads_along(world):
    task_id = world.begin()
    world.finish(TaskState.INPUT_REQUIRED)
    world.take()
    world.send(task=task_id, message_id="m2")
    assert world.take() == ["task submitted"]


def test_a_follow_up_without_context_belongs_to_the_tasks_context(world):
    task_id = world.begin()
    context_id = world.runs[0].task.context_id
    world.finish(TaskState.INPUT_REQUIRED)
    world.begin("bob", task=task_id, message_id="m2")
    message = world.runs[-1].message
    assert (message.task_id, message.context_id) == (task_id, context_id)
    assert [each.message_id for each in world.runs[-1].task.history] == ["m1", "m2"]


@pytest.mark.parametrize("state", [TaskState.INPUT_REQUIRED, TaskState.COMPLETED, TaskState.WORKING])
def test_a_context_that_is_not_the_tasks_is_refused(world, state):
    task_id = world.begin()
    if state is not TaskState.WORKING:
        world.finish(state)
    world.send("bob", task=task_id, message_id="m2", context="another")
    assert world.take("bob") == [-32602]
    assert len(world.runs) == 1


def test_the_right_context_may_be_said(world):
    task_id = world.begin(context="mine")
    world.finish(TaskState.INPUT_REQUIRED)
    world.begin("bob", task=task_id, message_id="m2", context="mine")
    assert len(world.runs) == 2


def test_two_turns_never_have_the_same_number_even_if_the_task_was_loaded_in_between():
    world = World.of(limits=ServerLimits(tasks=1))
    task_id = world.begin()
    world.finish(TaskState.INPUT_REQUIRED)
    world.take()
    world.begin("bob")
    world.finish()
    world.take("bob")
    world.begin(task=task_id, message_id="m2")
    world.finish(TaskState.INPUT_REQUIRED)
    world.begin(task=task_id, message_id="m3")
    first, _, second, third = world.runs
    assert first.task.id == second.task.id == third.task.id
    assert first.run < second.run < third.run


def test_a_message_that_comes_while_the_asking_agent_tidies_up_starts_the_next_turn(world):
    """INPUT_REQUIRED is told before the function has ended; who answers at once must not be sent away."""
    task_id = world.begin()
    world.become(TaskState.INPUT_REQUIRED)
    world.send("bob", task=task_id, message_id="m2")
    assert (world.take("bob"), len(world.runs)) == ([], 1)
    world.end()
    assert (world.take("bob"), len(world.runs)) == (["task submitted"], 2)


def test_a_message_to_an_asking_agent_that_goes_on_and_finishes_is_refused(world):
    task_id = world.begin()
    world.become(TaskState.INPUT_REQUIRED)
    world.send("bob", task=task_id, message_id="m2")
    world.become(TaskState.WORKING)
    assert world.take("bob") == [-32004]
    world.finish()
    assert len(world.runs) == 1


# Saying it twice


@pytest.mark.parametrize("stream", [True, False])
def test_a_message_sent_twice_runs_once(world, stream):
    task_id = world.begin()
    world.send("bob", task=task_id, message_id="m1", stream=stream)
    world.say("Hello")
    world.finish()
    assert len(world.runs) == 1
    ending = ["task completed Hello", "ended completed"]
    turn = ["task submitted", "working", "Hello", "completed", "ended completed"]
    assert world.take("bob") == (turn if stream else ending[:1])
    world.send("eve", task=task_id, message_id="m1", stream=stream)
    assert len(world.runs) == 1
    assert world.take("eve") == (ending if stream else ending[:1])


def test_a_follow_up_sent_twice_runs_once(world):
    task_id = world.begin()
    world.finish(TaskState.INPUT_REQUIRED)
    world.begin("bob", task=task_id, message_id="m2")
    world.send("eve", task=task_id, message_id="m2", stream=False)
    world.finish()
    assert len(world.runs) == 2
    assert world.take("eve") == ["task completed"]


def test_a_repeat_that_overtakes_the_store_runs_once_too(world):
    task_id = world.begin()
    world.finish(TaskState.INPUT_REQUIRED)
    world.hold()
    world.send("bob", task=task_id, message_id="m2", stream=False)
    world.send("eve", task=task_id, message_id="m2", stream=False)
    world.release()
    world.finish()
    assert len(world.runs) == 2
    assert (world.take("bob"), world.take("eve")) == (["task completed"], ["task completed"])


def test_a_busy_task_does_not_keep_another_from_its_turn(world):
    busy = world.begin()
    world.ask("bob", "SubscribeToTask", busy, request_id="busy")
    for _ in range(20):
        world.say("chatter ")
    world.begin("eve", message_id="m2")
    quiet = world.runs[-1].task.id
    world.ask("bob", "SubscribeToTask", quiet, request_id="quiet")
    served = [[each.request_id for each in one_by_one(world.server.take("bob", 2))] for _ in range(3)]
    assert "quiet" in served[1]
    assert "busy" in served[2]
