"""A run that asks: it waits for an answer, gets it, and goes on; or nobody comes, and it is let go."""

import json

import pytest

from hocket.a2a import Message, Part, Role, Server, ServerLimits, TaskState, TaskStatus, TaskStatusUpdateEvent
from hocket.entropy import seeded
from hocket.errors import LocalProtocolError
from support.world import World

INPUT, AUTH = TaskState.INPUT_REQUIRED, TaskState.AUTH_REQUIRED


@pytest.fixture
def world():
    return World.of(limits=ServerLimits(patience=60.0, cancel_grace=5.0, answer_grace=30.0))


def texts(world):
    """What the runs were answered."""
    return [reply.message.text for reply in world.replies]


# Asking and answering


@pytest.mark.parametrize("question", [INPUT, AUTH])
def test_an_answer_goes_to_the_run_that_waits(world, question):
    task_id = world.begin()
    world.wonder(question)
    world.send("bob", task=task_id, message_id="m2", text="Q2")
    (reply,) = world.replies
    assert (reply.task_id, reply.run, reply.message.text) == (task_id, world.runs[0].run, "Q2")
    assert [each.message_id for each in reply.task.history] == ["m1", "m2"]
    assert reply.task.state is TaskState.WORKING
    assert len(world.runs) == 1
    world.say("Q2 it is")
    world.finish()
    assert world.take("bob") == ["task working", "Q2 it is", "completed", "ended completed"]


def test_the_stream_that_was_asked_ends_with_the_question(world):
    world.begin()
    world.say("Hm. ")
    world.wonder()
    assert world.take() == ["task submitted", "working", "Hm. ", "input_required", "ended input-required"]


def test_who_waits_for_the_task_is_told_the_question(world):
    task_id = world.begin(stream=False)
    world.wonder()
    assert world.take() == ["task input_required"]
    world.send(task=task_id, message_id="m2", stream=False)
    assert world.take() == []
    world.finish()
    assert world.take() == ["task completed"]


def test_a_subscriber_reads_through_questions_and_answers(world):
    task_id = world.begin()
    world.ask("eve", "SubscribeToTask", task_id)
    world.wonder()
    world.send("bob", task=task_id, message_id="m2")
    world.wonder()
    world.send("bob", task=task_id, message_id="m3", request_id=2)
    world.finish()
    turns = ["input_required", "working", "input_required", "working", "completed"]
    assert world.take("eve") == ["task working", *turns, "ended completed"]
    assert len(world.runs) == 1
    assert [reply.message.message_id for reply in world.replies] == ["m2", "m3"]


def test_an_answer_that_comes_before_the_run_waits_is_given_to_it_when_it_does(world):
    task_id = world.begin()
    world.become(INPUT)
    world.send("bob", task=task_id, message_id="m2", text="early")
    assert (world.take("bob"), texts(world)) == ([], [])
    world.server.asked(task_id, 1, world.now)
    world.pump()
    assert (world.take("bob"), texts(world)) == (["task working"], ["early"])


def test_an_answer_is_given_once_it_is_in_the_log_and_not_before(world):
    task_id = world.begin()
    world.wonder()
    world.hold()
    world.send("bob", task=task_id, message_id="m2")
    assert (world.take("bob"), world.replies) == ([], [])
    world.release()
    assert (world.take("bob"), len(world.replies)) == (["task working"], 1)


def test_a_second_answer_is_one_too_many(world):
    task_id = world.begin()
    world.wonder()
    world.hold()
    world.send("bob", task=task_id, message_id="m2")
    world.send("eve", task=task_id, message_id="m3")
    world.release()
    assert (world.take("eve"), len(world.replies)) == ([-32004], 1)


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("is_held", [True, False])
def test_an_answer_sent_twice_is_given_once(world, stream, is_held):
    task_id = world.begin()
    world.wonder()
    if is_held:
        world.hold()
    world.send("bob", task=task_id, message_id="m2", stream=stream)
    world.send("eve", task=task_id, message_id="m2", stream=stream)
    if is_held:
        world.release()
    world.finish()
    assert len(world.replies) == 1
    expected = ["task working", "completed", "ended completed"] if stream else ["task completed"]
    assert (world.take("bob"), world.take("eve")) == (expected, expected)


def test_the_first_message_sent_again_while_the_run_waits_is_answered_with_the_question(world):
    task_id = world.begin()
    world.wonder()
    world.send("bob", task=task_id, message_id="m1")
    world.send("eve", task=task_id, message_id="m1", stream=False)
    assert world.take("bob") == ["task submitted", "working", "input_required", "ended input-required"]
    assert (world.take("eve"), world.replies) == (["task input_required"], [])


def test_an_answer_of_another_context_is_refused_and_the_run_waits_on(world):
    task_id = world.begin()
    world.wonder()
    world.send("bob", task=task_id, message_id="m2", context="another")
    (refused,) = world.deliveries("bob")
    (violation,) = refused.error.data[1]["fieldViolations"]
    assert (refused.error.code, violation["field"], world.replies) == (-32602, "message.contextId", [])
    assert refused.error.message.startswith("params.message.contextId: must be that of task")
    world.send("bob", task=task_id, message_id="m2")
    assert len(world.replies) == 1


def test_an_answer_that_is_too_large_is_refused_and_the_run_waits_on():
    world = World.of(limits=ServerLimits(task_size=4_000))
    task_id = world.begin()
    world.wonder()
    world.send("bob", task=task_id, message_id="m2", text="x" * 4_000)
    assert (world.take("bob"), world.replies) == ([-32050], [])
    world.send("bob", task=task_id, message_id="m3", text="short")
    assert texts(world) == ["short"]


@pytest.mark.parametrize("waits", [True, False])
def test_the_history_has_each_answer_after_its_question(world, waits):
    task_id = world.begin()
    question = Message(message_id="q", role=Role.AGENT, parts=(Part(text="Which quarter?"),))
    world.emit(TaskStatusUpdateEvent(task_id=task_id, status=TaskStatus(state=INPUT, message=question)))
    if waits:
        world.server.asked(task_id, 1, world.now)
    else:
        world.end()
    world.send(task=task_id, message_id="m2")
    world.take()
    world.ask("bob", "GetTask", task_id)
    (answer,) = world.deliveries("bob")
    assert [each["messageId"] for each in json.loads(answer.result)["history"]] == ["m1", "q", "m2"]


# What the runner may and may not say


def test_a_run_that_waits_has_asked_something(world):
    task_id = world.begin()
    with pytest.raises(LocalProtocolError, match="is working: a run that waits for an answer says INPUT_REQUIRED"):
        world.server.asked(task_id, 1, world.now)
    world.wonder()
    with pytest.raises(LocalProtocolError, match="waits for an answer already"):
        world.server.asked(task_id, 1, world.now)
    with pytest.raises(LocalProtocolError, match=r"run 2 of task .* is over"):
        world.server.asked(task_id, 2, world.now)
    assert world.server.next_output() is None


def test_a_run_that_goes_on_without_an_answer_waits_no_longer(world):
    task_id = world.begin()
    world.wonder()
    world.become(TaskState.WORKING)
    assert world.server.next_timeout() is None
    world.send("bob", task=task_id, message_id="m2")
    assert (world.take("bob"), world.replies) == ([-32004], [])
    world.wonder()
    world.send("bob", task=task_id, message_id="m3", text="now")
    assert texts(world) == ["now"]


def test_an_answer_that_comes_too_late_is_kept_for_the_next_question(world):
    task_id = world.begin()
    world.wonder()
    world.hold()
    world.send("bob", task=task_id, message_id="m2", text="late", stream=False)
    world.say("never mind")
    world.release()
    assert texts(world) == []
    world.wonder()
    assert texts(world) == ["late"]
    world.finish()
    assert world.take("bob") == ["task input_required never mind"], "the next question is what settles its call"


def test_a_run_that_ends_while_it_waits_leaves_the_question_open(world):
    task_id = world.begin()
    world.wonder()
    world.end()
    assert world.server.next_timeout() is None
    world.send("bob", task=task_id, message_id="m2")
    assert (len(world.runs), world.replies, world.take("bob")) == (2, [], ["task submitted"])


def test_a_run_that_ends_with_the_answer_on_its_way_has_failed(world):
    task_id = world.begin()
    world.wonder()
    world.hold()
    world.send("bob", task=task_id, message_id="m2", stream=False)
    world.end()
    world.release()
    assert (world.take("bob"), world.replies) == (["task failed"], [])


# AUTH_REQUIRED, while the agent is at work


def test_a_message_at_auth_required_is_kept_until_the_agent_asks(world):
    task_id = world.begin()
    world.become(AUTH)
    world.send("bob", task=task_id, message_id="m2", text="granted")
    assert (world.take("bob"), world.replies) == (["task auth_required"], [])
    world.server.asked(task_id, 1, world.now)
    world.pump()
    assert texts(world) == ["granted"]
    world.finish()
    assert world.take("bob") == ["working", "completed", "ended completed"]


def test_a_kept_message_is_history_if_the_agent_never_asks(world):
    task_id = world.begin()
    world.become(AUTH)
    world.send("bob", task=task_id, message_id="m2", stream=False)
    assert world.take("bob") == ["task auth_required"], "its caller is told how things stand"
    world.become(TaskState.WORKING)
    world.finish()
    assert (len(world.runs), world.replies) == (1, [])
    assert [each.message_id for each in world.store.load(task_id).task.history] == ["m1", "m2"]


@pytest.mark.parametrize("is_held", [True, False])
def test_a_kept_message_starts_a_run_if_the_agent_ends_and_still_wants_one(world, is_held):
    """Who answers while the function ends must not be forgotten: a moment later it would have started a run."""
    task_id = world.begin()
    world.become(AUTH)
    if is_held:
        world.hold()
    world.send("bob", task=task_id, message_id="m2", text="granted")
    world.end()
    if is_held:
        world.release()
    assert [run.message.text for run in world.runs] == ["hi", "granted"]
    world.start()
    world.finish()
    assert world.take("bob") == ["task auth_required", "submitted", "working", "completed", "ended completed"]


def test_a_kept_message_starts_its_run_also_when_nobody_waits_for_that():
    """Its caller was told that the task is AUTH_REQUIRED, and may look again later."""
    world = World.of(on_disconnect="cancel")
    task_id = world.begin(stream=False)
    world.become(AUTH)
    world.send("bob", task=task_id, message_id="m2", stream=False)
    assert world.take("bob") == ["task auth_required"]
    world.end()
    assert (len(world.runs), world.interrupts) == (2, [])


def test_messages_are_given_one_by_one_in_the_order_in_which_they_came(world):
    task_id = world.begin()
    world.become(AUTH)
    for number in (2, 3, 4):
        world.send("bob", task=task_id, message_id=f"m{number}", text=str(number), request_id=number)
    world.server.asked(task_id, 1, world.now)
    world.pump()
    assert texts(world) == ["2"]
    world.wonder()
    world.wonder()
    assert texts(world) == ["2", "3", "4"]
    world.wonder()
    assert len(world.replies) == 3


def test_a_kept_message_on_its_way_when_the_agent_asks_is_its_answer(world):
    task_id = world.begin()
    world.become(AUTH)
    world.hold()
    world.send("bob", task=task_id, message_id="m2", text="granted")
    world.server.asked(task_id, 1, world.now)
    world.release()
    assert texts(world) == ["granted"]
    world.finish()
    assert world.take("bob") == ["task auth_required", "working", "completed", "ended completed"]


# Stopping it


def test_a_cancel_reaches_a_run_that_waits(world):
    task_id = world.begin()
    world.wonder()
    world.ask("eve", "CancelTask", task_id)
    assert [(each.task_id, each.run) for each in world.interrupts] == [(task_id, 1)]
    assert world.take("eve") == []
    world.send("bob", task=task_id, message_id="m2")
    world.end()
    assert (world.take("eve"), world.take("bob"), world.replies) == (["task canceled"], [-32004], [])
    assert world.server.next_timeout() is None


def test_a_cancel_overtakes_an_answer_on_its_way(world):
    task_id = world.begin()
    world.wonder()
    world.hold()
    world.send("bob", task=task_id, message_id="m2", stream=False)
    world.ask("eve", "CancelTask", task_id)
    world.release()
    assert (len(world.interrupts), world.replies) == (1, [])
    world.end()
    assert (world.take("bob"), world.take("eve")) == (["task canceled"], ["task canceled"])


@pytest.mark.parametrize("question", [INPUT, AUTH])
@pytest.mark.parametrize("has_read", [True, False])
def test_who_was_asked_may_leave_and_come_back_with_the_answer(has_read, question):
    """on_disconnect="cancel" is for work that nobody wants any more, not for questions."""
    world = World.of(on_disconnect="cancel")
    task_id = world.begin()
    world.wonder(question)
    if has_read:
        world.take()
    world.server.disconnect("ada", world.now)
    assert world.interrupts == []
    world.send("bob", task=task_id, message_id="m2")
    assert len(world.replies) == 1
    world.server.disconnect("bob", world.now)
    world.pump()
    assert len(world.interrupts) == 1


def test_who_leaves_before_the_asking_agent_has_ended_leaves_the_question_open():
    world = World.of(on_disconnect="cancel")
    task_id = world.begin()
    world.become(INPUT)
    world.server.disconnect("ada", world.now)
    world.pump()
    world.end()
    world.ask("eve", "GetTask", task_id)
    assert (world.interrupts, world.take("eve")) == ([], ["task input_required"])


def test_who_leaves_does_not_take_along_a_message_of_another_on_its_way():
    world = World.of(on_disconnect="cancel")
    task_id = world.begin()
    world.become(AUTH)
    world.hold()
    world.send("bob", task=task_id, message_id="m2")
    world.server.disconnect("ada", world.now)
    world.release()
    assert (world.interrupts, world.take("bob")) == ([], ["task auth_required"])


def test_who_leaves_with_the_answer_on_its_way_leaves_the_task_canceled():
    world = World.of(on_disconnect="cancel")
    task_id = world.begin()
    world.wonder()
    world.server.disconnect("ada", world.now)
    world.hold()
    world.send("bob", task=task_id, message_id="m2")
    world.server.disconnect("bob", world.now)
    world.release()
    assert len(world.interrupts) == 1
    world.end()
    world.ask("eve", "GetTask", task_id)
    assert world.take("eve") == ["task canceled"]


def test_who_leaves_with_the_answer_on_its_way_leaves_it_to_those_who_read_along():
    world = World.of(on_disconnect="cancel")
    task_id = world.begin()
    world.wonder()
    world.ask("eve", "SubscribeToTask", task_id)
    world.hold()
    world.send("bob", task=task_id, message_id="m2")
    world.server.disconnect("bob", world.now)
    world.release()
    assert (world.interrupts, len(world.replies)) == ([], 1)


def test_an_answer_whose_call_is_taken_back_is_an_answer_all_the_same(world):
    task_id = world.begin()
    world.wonder()
    world.hold()
    world.send("bob", task=task_id, message_id="m2", request_id=7)
    world.server.cancel_call("bob", 7, world.now)
    assert world.take("bob") == [-32800]
    world.release()
    world.finish()
    assert (world.take("bob"), len(world.replies)) == ([], 1)


def test_another_writer_fences_a_run_that_waits():
    here = World.of()
    task_id = here.begin()
    here.wonder()
    there = World(Server(entropy=seeded(2)), here.store)
    there.begin("eve", task=task_id, message_id="m2")
    here.send("bob", task=task_id, message_id="m3")
    assert (here.take("bob"), here.replies) == ([-32004], [])
    assert [each.task_id for each in here.interrupts] == [task_id]
    with pytest.raises(LocalProtocolError, match="is over"):
        here.say("still here")
    assert here.server.next_timeout() is None


def test_a_task_that_another_replica_goes_on_with_is_not_our_runs_any_more():
    here = World.of()
    task_id = here.begin()
    here.wonder()
    there = World(Server(entropy=seeded(2)), here.store)
    there.begin("eve", task=task_id, message_id="m2")
    theirs = here.store.load(task_id).entries[-3:]
    here.server.feed(task_id, theirs, 0.0)
    here.pump()
    assert len(here.interrupts) == 1
    with pytest.raises(LocalProtocolError, match="is over"):
        here.say("two at once")
    there.say("alone")
    there.finish()
    assert there.take("eve") == ["task submitted", "working", "alone", "completed", "ended completed"]


def test_a_run_that_waits_keeps_its_task_in_memory():
    world = World.of(limits=ServerLimits(tasks=1, idle_size=0))
    task_id = world.begin()
    world.wonder()
    world.take()
    world.server.disconnect("ada", world.now)
    world.send("bob")
    assert world.take("bob") == [-32050], "there is no room, and none is made"
    world.send("bob", task=task_id, message_id="m2")
    assert len(world.replies) == 1


# Patience


def test_a_run_that_nobody_answers_is_released_and_a_later_answer_starts_another(world):
    world.now = 10.0
    task_id = world.begin()
    world.wonder()
    assert world.server.next_timeout() == 70.0
    world.pass_time(69.9)
    assert world.releases == []
    world.pass_time(70.0)
    assert [(each.task_id, each.run) for each in world.releases] == [(task_id, 1)]
    world.end()
    assert world.server.next_timeout() is None
    world.ask("eve", "GetTask", task_id)
    assert world.take("eve") == ["task input_required"]
    world.send("bob", task=task_id, message_id="m2")
    assert (len(world.runs), world.take("bob")) == (2, ["task submitted"])


def test_an_answer_that_comes_while_a_released_run_ends_starts_another(world):
    task_id = world.begin()
    world.wonder()
    world.pass_time(60.0)
    world.send("bob", task=task_id, message_id="m2")
    assert (world.take("bob"), len(world.runs)) == ([], 1)
    world.end()
    assert (world.take("bob"), len(world.runs)) == (["task submitted"], 2)


def test_a_released_run_that_does_not_end_is_left_behind(world):
    task_id = world.begin()
    world.wonder()
    world.pass_time(60.0)
    world.send("bob", task=task_id, message_id="m2")
    world.pass_time(65.0)
    assert (world.take("bob"), len(world.runs)) == (["task submitted"], 2)
    with pytest.raises(LocalProtocolError, match=r"run 1 of task .* is over"):
        world.server.emit(task_id, 1, [], world.now)


def test_a_released_run_may_still_say_how_it_ends(world):
    task_id = world.begin()
    world.wonder()
    world.pass_time(60.0)
    world.finish()
    world.ask("eve", "GetTask", task_id)
    assert world.take("eve") == ["task completed"]


def test_a_released_run_can_be_canceled(world):
    task_id = world.begin()
    world.wonder()
    world.pass_time(60.0)
    world.ask("eve", "CancelTask", task_id)
    world.end()
    assert world.take("eve") == ["task canceled"]


def test_an_answer_in_time_ends_the_patience_also_while_it_is_on_its_way(world):
    task_id = world.begin()
    world.wonder()
    world.hold()
    world.send("bob", task=task_id, message_id="m2")
    world.pass_time(1_000.0)
    world.release()
    assert (world.releases, len(world.replies)) == ([], 1)


def test_each_question_is_waited_for_anew(world):
    task_id = world.begin()
    world.wonder()
    world.now = 50.0
    world.send("bob", task=task_id, message_id="m2")
    assert world.server.next_timeout() is None
    world.wonder()
    assert world.server.next_timeout() == 110.0


# An answer that waits for the agent


def test_an_agent_that_neither_asks_nor_ends_is_let_go_when_an_answer_waits(world):
    world.now = 10.0
    task_id = world.begin()
    world.become(INPUT)
    assert world.server.next_timeout() is None, "as long as nobody answers, it may do what it likes"
    world.now = 15.0
    world.send("bob", task=task_id, message_id="m2", text="early")
    world.now = 40.0
    world.send("eve", task=task_id, message_id="m3")
    world.say("still at it")
    assert world.server.next_timeout() == 45.0
    world.pass_time(45.0)
    assert [(each.task_id, each.run) for each in world.releases] == [(task_id, 1)]
    world.pass_time(50.0)
    assert [run.message.text for run in world.runs] == ["hi", "early"]
    assert (world.take("bob"), world.take("eve")) == (["task submitted still at it"], [-32004])
    with pytest.raises(LocalProtocolError, match=r"run 1 of task .* is over"):
        world.server.emit(task_id, 1, [], world.now)


def test_an_agent_that_ends_soon_enough_is_not_let_go(world):
    task_id = world.begin()
    world.become(INPUT)
    world.send("bob", task=task_id, message_id="m2")
    world.end()
    assert (len(world.runs), world.releases, world.server.next_timeout()) == (2, [], None)


def test_an_agent_that_asks_soon_enough_is_not_let_go(world):
    task_id = world.begin()
    world.become(INPUT)
    world.send("bob", task=task_id, message_id="m2")
    world.server.asked(task_id, 1, world.now)
    world.pump()
    world.pass_time(1_000.0)
    assert (len(world.replies), world.releases) == (1, [])


def test_an_agent_that_goes_on_without_an_answer_is_not_let_go(world):
    task_id = world.begin()
    world.become(INPUT)
    world.send("bob", task=task_id, message_id="m2")
    world.become(TaskState.WORKING)
    assert (world.take("bob"), world.server.next_timeout()) == ([-32004], None)
    world.now = 20.0
    world.become(INPUT)
    world.send("bob", task=task_id, message_id="m3")
    assert world.server.next_timeout() == 50.0, "each answer has its own time"


def test_an_agent_is_not_let_go_for_an_answer_that_was_taken_back(world):
    task_id = world.begin()
    world.become(INPUT)
    world.send("bob", task=task_id, message_id="m2")
    world.server.disconnect("bob", world.now)
    world.pass_time(30.0)
    assert (world.releases, world.server.next_timeout()) == ([], None)
    world.send("bob", task=task_id, message_id="m3")
    assert world.server.next_timeout() == 60.0


def test_who_sends_a_message_twice_does_not_make_the_agent_hurry(world):
    task_id = world.begin()
    world.become(AUTH)
    world.hold()
    world.send("bob", task=task_id, message_id="m2")
    world.send("eve", task=task_id, message_id="m2")
    assert world.server.next_timeout() is None
    world.release()
    world.pass_time(30.0)
    assert world.releases == []


def test_a_cancel_stops_an_agent_that_an_answer_waits_for(world):
    task_id = world.begin()
    world.become(INPUT)
    world.send("bob", task=task_id, message_id="m2")
    world.ask("eve", "CancelTask", task_id)
    assert world.server.next_timeout() == 5.0
    world.pass_time(5.0)
    assert (world.take("bob"), world.take("eve"), world.releases) == ([-32004], ["task canceled"], [])


# After the end


def test_an_agent_that_goes_on_after_its_end_keeps_nothing_in_memory():
    world = World.of(limits=ServerLimits(tasks=1))
    task_id = world.begin()
    world.become(TaskState.COMPLETED)
    world.take()
    assert len(world.server._tasks) == 1
    world.server.disconnect("ada", world.now)
    world.send("bob")
    assert world.take("bob") == ["task submitted"]
    with pytest.raises(LocalProtocolError, match=r"run 1 of task .* is over"):
        world.server.emit(task_id, 1, [], world.now)
    world.server.ended(task_id, 1, world.now)
    assert world.server.next_output() is None
