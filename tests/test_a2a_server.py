"""The A2A server, call by call: what each is answered, and what the world is asked to do for it."""

import json

import pytest

from hocket.a2a import (
    Answered,
    Artifact,
    Ended,
    Item,
    Opened,
    Part,
    TaskArtifactUpdateEvent,
    TaskState,
    TaskStatus,
    TaskStatusUpdateEvent,
)
from hocket.a2a.ports import amount
from hocket.errors import LocalProtocolError
from support.items import one_by_one
from support.world import World, short


def results(world, link="ada"):
    """The results that the link was given."""
    return [json.loads(each.result) for each in world.deliveries(link) if isinstance(each, Item | Answered)]


@pytest.fixture
def world():
    return World.of(epoch=1_720_017_000.0)


# Streams


def test_a_stream_begins_with_the_task_and_ends_after_the_terminal_status(world):
    world.begin()
    world.say("Hel")
    world.say("lo", last=True)
    world.finish()
    assert world.take() == ["task submitted", "working", "Hel", "lo", "completed", "ended completed"]


def test_a_stream_is_opened_once_and_its_items_carry_the_offsets_of_the_log(world):
    task_id = world.begin()
    world.finish()
    opened, *items, ended = world.deliveries()
    assert opened == Opened(request_id=1, task_id=task_id)
    assert [item.offset for item in items] == [1, 2, 3]
    assert ended == Ended(request_id=1, offset=3, state=TaskState.COMPLETED)


def test_the_task_that_begins_a_stream_has_the_message_in_its_history(world):
    world.send(text="hello")
    (result,) = results(world)
    (message,) = result["task"]["history"]
    assert message["parts"] == [{"text": "hello"}]
    assert message["taskId"] == result["task"]["id"]
    assert message["contextId"] == result["task"]["contextId"]


def test_the_context_that_the_client_chose_is_kept(world):
    message = {"messageId": "m", "role": "ROLE_USER", "parts": [{"text": "x"}], "contextId": "mine"}
    world.ask("ada", "SendStreamingMessage", message=message)
    assert results(world)[0]["task"]["contextId"] == "mine"


def test_statuses_are_stamped_with_the_time_of_the_caller(world):
    world.now = 60.25
    world.begin()
    world.deliveries()
    world.now = 61.0
    world.become(TaskState.WORKING)
    (result,) = results(world)
    assert result["statusUpdate"]["status"]["timestamp"] == "2024-07-03T14:31:01.000Z"


def test_a_timestamp_that_the_agent_gave_is_kept(world):
    task_id = world.begin()
    status = TaskStatus(state=TaskState.COMPLETED, timestamp="2000-01-01T00:00:00Z")
    world.emit(TaskStatusUpdateEvent(task_id=task_id, status=status))
    assert results(world)[-1]["statusUpdate"]["status"]["timestamp"] == "2000-01-01T00:00:00Z"


def test_a_link_is_told_once_until_it_has_taken_everything(world):
    world.begin()
    world.say("a")
    world.say("b")
    assert world.rang == ["ada"]
    world.deliveries()
    world.say("c")
    world.say("d")
    assert world.rang == ["ada", "ada"]


def test_a_link_that_has_taken_some_is_not_told_again(world):
    world.begin()
    world.say("a")
    assert one_by_one(world.server.take("ada", 1))
    world.say("b")
    assert world.rang == ["ada"]


def test_a_stream_ends_with_its_own_turn_however_late_it_is_read(world):
    task_id = world.begin()
    world.finish(TaskState.INPUT_REQUIRED)
    world.send(link="bob", task=task_id, message_id="m2")
    world.start()
    *items, ended = world.deliveries()
    assert [item.offset for item in items[1:]] == [1, 2, 3]
    assert ended == Ended(request_id=1, offset=3, state=TaskState.INPUT_REQUIRED)


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_small_mouthfuls_lose_nothing(world, limit):
    """A follow-up puts a Message into the log, which no version sends: taking one thing at a time steps over it."""
    task_id = world.begin()
    world.finish(TaskState.INPUT_REQUIRED)
    world.ask("bob", "SubscribeToTask", task_id)
    assert world.take("bob") == ["task input_required"]
    world.send(task=task_id, message_id="m2", link="eve")
    taken = []
    while out := one_by_one(world.server.take("bob", limit)):
        assert len(out) <= limit + 1
        taken += out
    assert [short(each) for each in taken] == ["submitted"]


def test_a_run_is_no_longer_than_it_was_asked_for(world):
    world.begin()
    for _ in range(7):
        world.say("x")
    taken = []
    while out := world.server.take("ada", 3):
        taken.append(amount(out))
    assert taken == [3, 3, 3, 1], "the task, opened and told, WORKING, and seven chunks"


def test_an_agent_that_ends_without_a_word_has_failed(world):
    world.begin()
    world.end()
    assert world.take()[-2:] == ["failed", "ended failed"]


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
    with pytest.raises(LocalProtocolError, match="is over: nothing can follow the end of the task"):
        world.say("late")
    with pytest.raises(LocalProtocolError, match="is over: nothing can follow the end of the task"):
        world.become(TaskState.FAILED)
    world.end()
    assert world.take()[-2:] == ["completed", "ended completed"]


def test_a_batch_with_something_after_the_terminal_status_is_refused_whole(world):
    task_id = world.begin()
    status = TaskStatusUpdateEvent(task_id=task_id, status=TaskStatus(state=TaskState.COMPLETED))
    with pytest.raises(LocalProtocolError, match="nothing can follow"):
        world.emit(status, status)
    assert world.take() == ["task submitted", "working"]


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
    assert world.take()[2:] == ["1", "2", "3"]


def test_an_event_of_another_task_is_our_own_agents_mistake(world):
    world.begin()
    with pytest.raises(LocalProtocolError, match="task 'other' was given to task"):
        world.emit(TaskStatusUpdateEvent(task_id="other", status=TaskStatus(state=TaskState.WORKING)))


# Send and get


def test_send_blocks_until_the_task_has_settled(world):
    world.begin(stream=False)
    world.say("Hello")
    assert world.deliveries() == []
    world.finish()
    (answer,) = results(world)
    assert answer["task"]["status"]["state"] == "TASK_STATE_COMPLETED"
    assert answer["task"]["artifacts"][0]["parts"] == [{"text": "Hello"}]


@pytest.mark.parametrize("state", [TaskState.INPUT_REQUIRED, TaskState.AUTH_REQUIRED])
def test_send_is_answered_when_the_task_is_interrupted(world, state):
    world.begin(stream=False)
    world.become(state)
    assert world.take() == [f"task {state.value.replace('-', '_')}"]


def test_send_that_returns_immediately_is_answered_with_the_first_task(world):
    world.send(stream=False, configuration={"returnImmediately": True})
    assert world.take() == ["task submitted"]
    assert len(world.runs) == 1


def test_send_in_0_3_is_answered_at_once_unless_it_says_blocking(world):
    message = {"kind": "message", "messageId": "m", "role": "user", "parts": [{"kind": "text", "text": "x"}]}
    for link, blocking in (("ada", False), ("bob", True)):
        params = {"message": message, "configuration": {"blocking": blocking}}
        world.ask(link, "message/send", **params, version=None)
    assert results(world, "ada")[0]["status"]["state"] == "submitted"
    assert world.deliveries("bob") == []
    world.start()
    world.finish()
    assert results(world, "bob")[0]["status"]["state"] == "completed"


@pytest.mark.parametrize(("length", "kept"), [(None, 3), (0, 0), (1, 1), (2, 2), (7, 3)])
def test_history_length(world, length, kept):
    task_id = world.begin()
    world.finish(TaskState.INPUT_REQUIRED)
    for number in (2, 3):
        world.send(task=task_id, message_id=f"m{number}")
        world.start()
        world.finish(TaskState.INPUT_REQUIRED)
    wanted = {} if length is None else {"historyLength": length}
    world.ask("bob", "GetTask", task_id, **wanted)
    world.send(link="eve", task=task_id, message_id="m3", configuration=wanted)
    expected = [f"m{number}" for number in (1, 2, 3)][3 - kept :]
    for result in (results(world, "bob")[0], results(world, "eve")[0]["task"]):
        assert [message["messageId"] for message in result.get("history", [])] == expected
        assert expected or "history" not in result


def test_history_length_also_trims_the_task_that_begins_a_stream(world):
    world.send(configuration={"historyLength": 0})
    assert "history" not in results(world)[0]["task"]


@pytest.mark.parametrize("method", ["GetTask", "SendMessage"])
def test_a_negative_history_length_is_invalid(world, method):
    message = {"messageId": "m", "role": "ROLE_USER", "parts": [{"text": "x"}]}
    params = {"GetTask": {"id": "t", "historyLength": -1}}
    params["SendMessage"] = {"message": message, "configuration": {"historyLength": -1}}
    world.ask("ada", method, **params[method])
    (refused,) = world.deliveries()
    assert refused.error.code == -32602
    assert "historyLength" in refused.error.message


@pytest.mark.parametrize("method", ["GetTask", "CancelTask", "SubscribeToTask"])
def test_a_task_that_nobody_knows_is_not_found(world, method):
    world.ask("ada", method, "nobody's")
    assert world.take() == [-32001]


def test_a_message_to_a_task_that_nobody_knows_creates_none(world):
    world.send(task="invented")
    assert world.take() == [-32001]
    assert world.runs == []


def test_a_link_that_has_not_taken_everything_is_not_told_again(world):
    task_id = world.begin()
    assert world.rang == ["ada"]
    one_by_one(world.server.take("ada", 1))
    world.ask("ada", "GetTask", task_id)
    assert world.rang == ["ada"]
    world.deliveries()
    world.say("two")
    assert world.rang == ["ada", "ada"]


@pytest.mark.parametrize("stream", [True, False])
def test_a_link_remembers_no_task_that_it_has_been_told_of(world, stream):
    """A pipe may live for years."""
    world.begin(stream=stream)
    world.finish()
    assert world.take()
    box = world.server._mailboxes.get("ada")
    assert not any([box.waits_for, box.subscriptions, box.answers, box.unread, box.calls])
