"""Ending things: canceling a task, taking back a call, leaving."""

import pytest

from hocket.a2a import PushLink, ServerLimits, TaskState
from hocket.errors import LocalProtocolError
from support.world import World


@pytest.fixture
def world():
    return World.of()


# Canceling


def test_a_cancel_interrupts_the_agent_and_is_answered_when_the_task_is_canceled(world):
    task_id = world.begin()
    world.ask("bob", "CancelTask", task_id)
    assert [(each.task_id, each.run) for each in world.interrupts] == [(task_id, world.runs[0].run)]
    assert world.take("bob") == []
    world.end()
    assert world.take("bob") == ["task canceled"]
    assert world.take()[-2:] == ["canceled", "ended canceled"]


def test_a_task_that_waits_for_input_is_canceled_at_once(world):
    task_id = world.begin()
    world.finish(TaskState.INPUT_REQUIRED)
    world.ask("bob", "CancelTask", task_id)
    assert (world.take("bob"), world.interrupts) == (["task canceled"], [])


def test_canceling_twice_has_the_same_effect(world):
    task_id = world.begin()
    world.ask("bob", "CancelTask", task_id, request_id=1)
    world.ask("bob", "CancelTask", task_id, request_id=2)
    world.end()
    world.ask("eve", "CancelTask", task_id)
    assert (world.take("bob"), world.take("eve")) == (["task canceled"] * 2, ["task canceled"])
    assert len(world.interrupts) == 1
    assert world.store.load(task_id).offset == 3, "SUBMITTED, WORKING, and CANCELED once"


@pytest.mark.parametrize("state", [TaskState.COMPLETED, TaskState.FAILED, TaskState.REJECTED])
def test_a_task_that_is_over_cannot_be_canceled(world, state):
    task_id = world.begin()
    world.finish(state)
    world.ask("bob", "CancelTask", task_id)
    assert world.take("bob") == [-32002]


def test_an_agent_that_finishes_in_spite_of_a_cancel_has_finished(world):
    task_id = world.begin()
    world.ask("bob", "CancelTask", task_id)
    world.finish()
    assert world.take("bob") == [-32002]
    assert world.take()[-1] == "ended completed"
    assert world.server.next_timeout() is None


@pytest.mark.parametrize("state", [TaskState.INPUT_REQUIRED, TaskState.AUTH_REQUIRED])
def test_a_canceled_agent_whose_last_word_was_a_question_is_canceled(world, state):
    task_id = world.begin()
    world.ask("bob", "CancelTask", task_id)
    world.become(state)
    assert world.take("bob") == []
    world.end()
    assert world.take("bob") == ["task canceled"]


def test_a_question_while_the_function_still_runs_is_canceled_through_the_function(world):
    task_id = world.begin()
    world.become(TaskState.INPUT_REQUIRED)
    world.ask("bob", "CancelTask", task_id)
    assert len(world.interrupts) == 1
    world.end()
    assert world.take("bob") == ["task canceled"]


def test_an_agent_that_ignores_a_cancel_is_left_behind_after_the_grace():
    world = World.of(limits=ServerLimits(cancel_grace=2.0))
    task_id = world.begin()
    world.now = 10.0
    world.ask("bob", "CancelTask", task_id)
    assert world.server.next_timeout() == 12.0
    world.server.handle_timeout(11.9)
    world.pump()
    assert world.take("bob") == []
    world.now = 11.0
    world.ask("eve", "CancelTask", task_id)
    assert world.server.next_timeout() == 12.0, "asking again does not give it more time"
    world.server.handle_timeout(12.0)
    world.pump()
    assert (world.take("bob"), world.take("eve")) == (["task canceled"], ["task canceled"])
    assert world.take()[-2:] == ["canceled", "ended canceled"]
    with pytest.raises(LocalProtocolError, match="is over"):
        world.say("still here")
    world.end()
    world.ask("bob", "GetTask", task_id)
    assert world.take("bob") == ["task canceled"]
    assert world.server.next_timeout() is None


def test_an_agent_that_stops_in_time_needs_no_grace(world):
    task_id = world.begin()
    world.ask("bob", "CancelTask", task_id)
    world.end()
    assert world.server.next_timeout() is None
    world.server.handle_timeout(1e9)
    assert world.server.next_output() is None


def test_a_follow_up_that_is_canceled_on_its_way_to_the_store_is_answered(world):
    task_id = world.begin()
    world.finish(TaskState.INPUT_REQUIRED)
    world.hold()
    world.send("bob", task=task_id, message_id="m2", stream=False)
    world.ask("eve", "CancelTask", task_id)
    world.release()
    assert (world.take("bob"), world.take("eve")) == (["task canceled"], ["task canceled"])
    assert len(world.runs) == 1


# Taking back a call


def test_a_call_that_is_taken_back_ends_and_its_task_goes_on(world):
    task_id = world.begin(request_id=7)
    world.take()
    world.server.cancel_call("ada", 7, world.now)
    assert world.take() == [-32800]
    world.say("Hello")
    assert world.take() == []
    world.finish()
    world.ask("ada", "GetTask", task_id)
    assert world.take() == ["task completed Hello"]


def test_of_two_calls_only_the_one_is_taken_back(world):
    task_id = world.begin("bob")
    world.ask("ada", "SubscribeToTask", task_id, request_id=1)
    world.ask("ada", "SubscribeToTask", task_id, request_id=2)
    world.send("ada", stream=False, task=task_id, message_id="m1", request_id=3)
    world.send("ada", stream=False, task=task_id, message_id="m1", request_id=4)
    world.take()
    world.server.cancel_call("ada", 1, world.now)
    world.server.cancel_call("ada", 3, world.now)
    assert world.take() == [-32800, -32800]
    world.finish()
    assert world.take() == ["task completed", "completed", "ended completed"]


def test_of_two_messages_on_their_way_only_the_one_is_taken_back(world):
    world.hold()
    world.send("ada", stream=False, request_id=1)
    world.send("ada", stream=False, request_id=2)
    world.server.cancel_call("ada", 1, world.now)
    assert world.take() == [-32800]
    world.release()
    for run in list(world.runs):
        world.server.ended(run.task.id, run.run, world.now)
    world.pump()
    assert world.take() == ["task failed"]


@pytest.mark.parametrize("stream", [True, False])
def test_a_call_that_is_taken_back_is_one_that_leaves(stream):
    world = World.of(on_disconnect="cancel")
    world.begin(stream=stream, request_id=7)
    world.server.cancel_call("ada", 7, world.now)
    world.pump()
    assert len(world.interrupts) == 1


def test_a_call_that_waits_for_the_store_can_be_taken_back(world):
    world.hold()
    world.ask("ada", "GetTask", "somewhere", request_id=5)
    world.server.cancel_call("ada", 5, world.now)
    assert world.take() == [-32800]
    world.release()
    assert world.take() == []


def test_taking_back_what_was_never_asked_does_nothing(world):
    world.server.cancel_call("nobody", 1, world.now)
    world.begin()
    world.take()
    world.server.cancel_call("ada", 99, world.now)
    assert world.take() == []
    world.finish()
    assert world.take()[-1] == "ended completed"


# Leaving


def test_a_client_that_leaves_does_not_cancel_its_task(world):
    task_id = world.begin()
    world.server.disconnect("ada", world.now)
    world.pump()
    assert world.interrupts == []
    world.finish()
    world.ask("bob", "GetTask", task_id)
    assert world.take("bob") == ["task completed"]


@pytest.mark.parametrize("stream", [True, False])
def test_an_agent_may_want_to_stop_when_the_last_one_leaves(stream):
    world = World.of(on_disconnect="cancel")
    task_id = world.begin("ada", stream=stream)
    world.ask("bob", "SubscribeToTask", task_id)
    world.server.disconnect("ada", world.now)
    world.pump()
    assert world.interrupts == []
    world.server.disconnect("bob", world.now)
    world.pump()
    assert len(world.interrupts) == 1
    world.end()
    world.ask("eve", "GetTask", task_id)
    assert world.take("eve") == ["task canceled"]


def test_a_receiver_of_notifications_that_is_given_up_is_nobody_leaving():
    world = World.of(on_disconnect="cancel")
    task_id = world.begin("ada")
    receiver = PushLink(task_id, "config", 1)
    world.ask(receiver, "SubscribeToTask", task_id)
    world.server.disconnect("ada", world.now)
    world.server.disconnect(receiver, world.now)
    world.pump()
    assert world.interrupts == []


def test_taking_back_the_last_call_is_leaving_too():
    world = World.of(on_disconnect="cancel")
    world.begin(request_id=3)
    world.server.cancel_call("ada", 3, world.now)
    world.pump()
    assert len(world.interrupts) == 1


def test_a_stream_that_has_ended_is_nobody_leaving():
    world = World.of(on_disconnect="cancel")
    task_id = world.begin()
    world.finish(TaskState.INPUT_REQUIRED)
    world.take()
    world.server.disconnect("ada", world.now)
    world.ask("bob", "GetTask", task_id)
    assert world.take("bob") == ["task input_required"]


def test_who_leaves_before_the_store_has_the_message_leaves_the_task_canceled():
    world = World.of(on_disconnect="cancel")
    world.hold()
    world.send("ada")
    world.server.disconnect("ada", world.now)
    world.release()
    assert (len(world.runs), len(world.interrupts)) == (1, 1)


def test_a_reader_who_leaves_does_not_take_the_follow_up_of_another_along():
    world = World.of(on_disconnect="cancel")
    task_id = world.begin()
    world.finish(TaskState.INPUT_REQUIRED)
    world.ask("bob", "SubscribeToTask", task_id)
    world.hold()
    world.send("eve", task=task_id, message_id="m2", stream=False)
    world.server.disconnect("bob", world.now)
    world.release()
    world.finish()
    assert world.take("eve") == ["task completed"]


def test_a_link_that_has_left_gets_no_mailbox_back(world):
    world.hold()
    world.send("ada")
    world.ask("bob", "GetTask", "unknown")
    for link in ("ada", "bob"):
        world.server.disconnect(link, world.now)
        world.server.disconnect(link, world.now)
    world.release()
    world.finish()
    assert (world.take("ada"), world.take("bob")) == ([], [])
    assert not world.server._mailboxes
