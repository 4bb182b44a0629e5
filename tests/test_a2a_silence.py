"""A caller may say how long the agent may be silent: then its task fails, and the agent is stopped."""

import json

import pytest

from hocket.a2a import V1_0, Call, Item, Operation, ServiceParameters, TaskState
from hocket.errors import LocalProtocolError
from support.messages import user_says
from support.world import World


@pytest.fixture
def world():
    return World.of()


def ask(world, link="ada", *, silence=10.0, **more):
    """A message whose agent may be silent for so long."""
    call = Call(
        request_id=1,
        dialect=V1_0,
        operation=Operation.STREAM,
        params=user_says("hi", **more),
        service=ServiceParameters(version="1.0"),
        silence=silence,
    )
    world.server.perform(link, call, world.now)
    world.pump()


def begun(world, **more):
    """A task whose agent has begun, and may be silent for ten seconds."""
    ask(world, **more)
    world.start()
    return world.runs[-1].task.id


def test_an_agent_that_is_silent_for_too_long_has_failed(world):
    world.now = 5.0
    begun(world)
    assert world.server.next_timeout() == 15.0
    world.pass_time(14.9)
    assert world.take() == ["task submitted", "working"]
    world.pass_time(15.0)
    (item, _) = world.deliveries()
    assert isinstance(item, Item)
    status = json.loads(item.result)["statusUpdate"]["status"]
    assert status["state"] == "TASK_STATE_FAILED"
    assert status["message"]["parts"] == [{"text": "the agent was silent for 10 s"}]
    assert status["message"]["role"] == "ROLE_AGENT"
    assert world.server.next_timeout() is None


def test_the_silent_agent_is_stopped_and_what_it_says_then_is_refused(world):
    task_id = begun(world)
    world.pass_time(10.0)
    assert [(each.task_id, each.run) for each in world.interrupts] == [(task_id, 1)]
    with pytest.raises(LocalProtocolError, match=r"run 1 of task .* is over"):
        world.say("sorry")
    world.end()
    assert world.take()[-2:] == ["failed", "ended failed"]


def test_an_agent_that_does_not_even_begin_is_silent_too(world):
    ask(world)
    world.pass_time(10.0)
    assert world.take() == ["task submitted", "failed", "ended failed"]


def test_everything_that_the_agent_says_begins_its_time_anew(world):
    begun(world)
    for now in (9.0, 18.0, 27.0):
        world.now = now
        world.say("x")
    assert world.server.next_timeout() == 37.0
    world.finish()
    assert world.server.next_timeout() is None


def test_without_a_limit_an_agent_may_be_silent_for_ever(world):
    ask(world, silence=None)
    world.start()
    assert world.server.next_timeout() is None


@pytest.mark.parametrize("question", [TaskState.INPUT_REQUIRED, TaskState.AUTH_REQUIRED])
def test_the_silence_of_who_was_asked_is_not_the_agents(world, question):
    begun(world)
    world.become(question)
    assert world.server.next_timeout() is None
    world.become(TaskState.WORKING)
    assert world.server.next_timeout() == 10.0


def test_each_call_says_for_its_own_turn_how_long_the_agent_may_be_silent(world):
    task_id = begun(world)
    world.wonder()
    ask(world, "bob", silence=3.0, message_id="m2", task_id=task_id)
    assert world.server.next_timeout() == 3.0
    world.wonder()
    world.send("eve", task=task_id, message_id="m3")
    assert world.server.next_timeout() is None


def test_a_message_that_the_agent_has_not_asked_for_yet_changes_nothing_in_how_long_it_may_be_silent(world):
    task_id = begun(world)
    world.become(TaskState.AUTH_REQUIRED)
    world.hold()
    world.send("eve", task=task_id, message_id="m2")
    world.become(TaskState.WORKING)
    world.release()
    world.now = 9.0
    world.say("still here")
    world.pass_time(10.0)
    assert world.take("eve") == ["task auth_required", "working", "still here"]
    assert world.server.next_timeout() == 19.0


def test_an_agent_that_is_to_stop_has_its_grace_and_no_other_limit(world):
    task_id = begun(world, silence=1.0)
    world.now = 0.5
    world.ask("eve", "CancelTask", task_id)
    world.say("one moment")
    assert world.server.next_timeout() == 5.5
    world.end()
    assert world.take("eve") == ["task canceled one moment"]


def test_an_answer_to_an_agent_that_has_just_failed_is_refused(world):
    task_id = begun(world)
    world.become(TaskState.AUTH_REQUIRED)
    world.become(TaskState.WORKING)
    world.hold()
    world.pass_time(10.0)
    world.send("bob", task=task_id, message_id="m2")
    world.release()
    assert world.take("bob") == [-32004]


def test_a_message_on_its_way_when_the_agent_fails_is_answered_with_the_failed_task(world):
    task_id = begun(world)
    world.become(TaskState.AUTH_REQUIRED)
    world.hold()
    ask(world, "bob", message_id="m2", task_id=task_id)
    world.become(TaskState.WORKING)
    world.pass_time(10.0)
    world.release()
    assert world.take("bob") == ["task auth_required", "working", "failed", "ended failed"]
    world.deliveries()
    world.end()
    assert world.server.next_timeout() is None
