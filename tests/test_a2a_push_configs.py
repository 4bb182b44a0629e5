"""Push configurations in the server: who gets what from when to when, and what becomes of the configurations."""

import json

import pytest

from hocket.a2a import (
    AuthenticationInfo,
    Ended,
    Item,
    PushLink,
    PushRules,
    Refused,
    ServerLimits,
    StartPush,
    StopPush,
    TaskPushNotificationConfig,
    TaskState,
    TaskStatus,
    TaskStatusUpdateEvent,
)
from support.push_configs import URL, call, create, got, listed, pushing, sent_with


@pytest.fixture
def world():
    return pushing()


# Setting one


def test_it_is_answered_as_it_was_kept(world):
    task_id = world.begin()
    asked = {"id": "cfg1", "url": URL, "token": "tok", "authentication": {"scheme": "Bearer", "credentials": "c"}}
    kept = {"taskId": task_id, **asked}
    assert create(world, task_id, **asked) == kept
    assert call(world, "GetTaskPushNotificationConfig", taskId=task_id, id="cfg1") == kept
    assert listed(world, task_id) == {"configs": [kept]}
    (start,) = world.pushes
    assert start == StartPush(
        link=PushLink(task_id, "cfg1", 1),
        config=TaskPushNotificationConfig(
            url=URL,
            id="cfg1",
            task_id=task_id,
            token="tok",
            authentication=AuthenticationInfo(scheme="Bearer", credentials="c"),
        ),
        dialect="1.0",
    )
    assert "tok" not in repr(start)
    assert "credentials" not in repr(start)


def test_one_without_an_id_gets_that_of_its_task(world):
    task_id = world.begin()
    assert create(world, task_id)["id"] == task_id


def test_events_are_told_from_then_on(world):
    task_id = world.begin()
    world.say("before ", append=False)
    create(world, task_id)
    (start,) = world.pushes
    assert got(world, start) == []
    world.say("after ")
    world.finish()
    assert got(world, start) == ["after ", "completed", "ended completed"]


def test_bodies_of_1_0_are_what_a_stream_carries(world):
    task_id = world.begin()
    create(world, task_id)
    world.become(TaskState.INPUT_REQUIRED)
    (item,) = [each for each in world.deliveries(world.pushes[0].link) if isinstance(each, Item)]
    body = json.loads(item.result)
    assert body["statusUpdate"]["status"]["state"] == "TASK_STATE_INPUT_REQUIRED"
    assert (item.request_id, item.offset) == (task_id, 3)


def test_bodies_of_0_3_are_the_whole_task_when_its_status_changes(world):
    task_id = world.begin()
    params = {"taskId": task_id, "pushNotificationConfig": {"url": URL, "authentication": {"schemes": ["Basic"]}}}
    answer = call(world, "tasks/pushNotificationConfig/set", version=None, **params)
    assert answer["pushNotificationConfig"] == {
        "id": task_id,
        "url": URL,
        "authentication": {"schemes": ["Basic"]},
    }
    (start,) = world.pushes
    assert start.dialect == "0.3"
    world.say("Hello", last=True)
    assert got(world, start) == []
    world.finish()
    *items, ended = [each for each in world.deliveries(start.link) if isinstance(each, Item | Ended)]
    (body,) = [json.loads(item.result) for item in items]
    assert (body["kind"], body["status"]["state"], body["artifacts"][0]["parts"]) == (
        "task",
        "completed",
        [{"kind": "text", "text": "Hello"}],
    )
    assert ended.state is TaskState.COMPLETED


def test_it_stays_over_all_turns(world):
    task_id = world.begin()
    create(world, task_id)
    world.finish(TaskState.INPUT_REQUIRED)
    world.begin(task=task_id, message_id="m2")
    world.finish()
    assert got(world, world.pushes[0]) == [
        "input_required",
        "submitted",
        "working",
        "completed",
        "ended completed",
    ]


def test_with_the_message_that_begins_the_task(world):
    world.begin(**sent_with({"id": "cfg", "url": URL}))
    (start,) = world.pushes
    world.finish()
    assert got(world, start) == ["task submitted", "working", "completed", "ended completed"]


def test_with_a_follow_up(world):
    task_id = world.begin()
    world.finish(TaskState.INPUT_REQUIRED)
    world.begin(task=task_id, message_id="m2", **sent_with({"url": URL}))
    world.finish()
    (start,) = world.pushes
    assert got(world, start) == ["submitted", "working", "completed", "ended completed"]


def test_a_message_sent_twice_sets_one(world):
    task_id = world.begin(**sent_with({"url": URL}))
    world.send(task=task_id, **sent_with({"url": URL}))
    assert len(world.pushes) == 1
    assert len(listed(world, task_id)["configs"]) == 1


def test_a_message_that_is_refused_sets_none(world):
    task_id = world.begin()
    world.send(task=task_id, message_id="m2", stream=False, **sent_with({"url": URL}))
    assert world.take()[0] == -32004
    assert (world.pushes, listed(world, task_id)) == ([], {"configs": []})


def test_what_another_replica_has_appended_is_told_too(world):
    task_id = world.begin()
    create(world, task_id)
    world.say("ours ", append=False)
    status = TaskStatus(state=TaskState.INPUT_REQUIRED)
    world.store.append(task_id, 3, [TaskStatusUpdateEvent(task_id=task_id, status=status)])
    world.say("refused ")
    assert got(world, world.pushes[0]) == ["ours ", "input_required"]
    world.begin(task=task_id, message_id="m2")
    world.finish()
    assert got(world, world.pushes[0])[-2:] == ["completed", "ended completed"]


def test_the_task_need_not_be_in_memory():
    world = pushing(limits=ServerLimits(tasks=1))
    task_id = world.begin()
    world.finish(TaskState.INPUT_REQUIRED)
    world.take()
    world.begin("bob")
    world.finish()
    world.take("bob")
    assert task_id not in world.server._tasks._tasks
    create(world, task_id)
    world.begin(task=task_id, message_id="m2")
    assert got(world, world.pushes[0]) == ["submitted", "working"]


# Replacing, deleting, giving up


def test_another_under_the_same_id_takes_its_place(world):
    task_id = world.begin()
    create(world, task_id, id="a")
    create(world, task_id, id="b")
    other = "https://hooks.example.com/b"
    create(world, task_id, id="a", url=other)
    first, _, stop, again = world.pushes
    assert stop == StopPush(link=first.link)
    assert (again.link.config_id, again.config.url) == ("a", other)
    assert again.link != first.link
    assert [each["id"] for each in listed(world, task_id)["configs"]] == ["a", "b"]
    world.server.disconnect(first.link, 0.0)  # the sender's word that it has stopped changes nothing
    world.say("x")
    assert (got(world, first), got(world, again)) == ([], ["x"])


def test_the_same_once_more_goes_on(world):
    task_id = world.begin()
    create(world, task_id)
    world.say("told ", append=False)
    create(world, task_id)
    assert len(world.pushes) == 1
    assert got(world, world.pushes[0]) == ["told "]


def test_a_deleted_one_is_told_nothing_more_and_is_not_found(world):
    task_id = world.begin()
    create(world, task_id, id="a")
    assert call(world, "DeleteTaskPushNotificationConfig", taskId=task_id, id="a") is None
    start, stop = world.pushes
    assert stop == StopPush(link=start.link)
    assert call(world, "GetTaskPushNotificationConfig", taskId=task_id, id="a").code == -32001
    assert call(world, "DeleteTaskPushNotificationConfig", taskId=task_id, id="a") is None, "idempotent"
    world.finish()
    assert got(world, start) == []


def test_a_receiver_that_the_sender_gives_up_is_forgotten(world):
    task_id = world.begin()
    create(world, task_id)
    world.server.disconnect(world.pushes[0].link, 0.0)
    world.pump()
    assert listed(world, task_id) == {"configs": []}
    assert len(world.pushes) == 1


def test_after_the_end_it_is_known_and_at_rest(world):
    task_id = world.begin()
    create(world, task_id, id="a")
    world.finish()
    got(world, world.pushes[0])
    world.server.disconnect(world.pushes[0].link, 0.0)
    create(world, task_id, id="late")
    assert [each["id"] for each in listed(world, task_id)["configs"]] == ["a", "late"]
    assert len(world.pushes) == 1, "nothing is posted for a task that is over"
    call(world, "DeleteTaskPushNotificationConfig", taskId=task_id, id="a")
    assert [each["id"] for each in listed(world, task_id)["configs"]] == ["late"]


def test_0_3_need_not_name_one(world):
    task_id = world.begin()
    assert call(world, "tasks/pushNotificationConfig/get", task_id=task_id, version=None).code == -32001
    create(world, task_id, id="first")
    create(world, task_id, id="second")
    answer = call(world, "tasks/pushNotificationConfig/get", task_id=task_id, version=None)
    assert answer["pushNotificationConfig"]["id"] == "first"


# Lists


def test_pages(world):
    task_id = world.begin()
    for name in "abc":
        create(world, task_id, id=name)
    first = listed(world, task_id, pageSize=2)
    assert [each["id"] for each in first["configs"]] == ["a", "b"]
    create(world, task_id, id="a", token="new")
    last = listed(world, task_id, pageSize=2, pageToken=first["nextPageToken"])
    assert [each["id"] for each in last["configs"]] == ["c"]
    call(world, "DeleteTaskPushNotificationConfig", taskId=task_id, id="b")
    last = listed(world, task_id, pageSize=2, pageToken=first["nextPageToken"])
    assert [each["id"] for each in last["configs"]] == ["c"]
    assert "nextPageToken" not in last


@pytest.mark.parametrize(
    ("params", "field"), [({"pageToken": "x"}, "pageToken"), ({"pageSize": 0}, "pageSize"), ({"taskId": ""}, "taskId")]
)
def test_a_list_that_cannot_be(world, params, field):
    error = call(world, "ListTaskPushNotificationConfigs", **{"taskId": world.begin(), **params})
    assert (error.code, error.data[1]["fieldViolations"][0]["field"]) == (-32602, field)


# What is refused


@pytest.mark.parametrize(
    ("config", "field"),
    [
        ({"url": "ftp://a/b"}, "url"),
        ({"url": "/relative"}, "url"),
        ({"url": "https://"}, "url"),
        ({"url": "http://[::1"}, "url"),
        ({"url": "http://127.0.0.1/"}, "url"),
        ({"url": URL, "token": "a\r\nb: c"}, "token"),
        ({"url": URL, "id": "i" * 257}, "id"),
        ({"url": URL, "authentication": {}}, "authentication.scheme"),
    ],
)
def test_a_bad_configuration_names_the_field(world, config, field):
    task_id = world.begin()
    error = create(world, task_id, **config)
    assert (error.code, error.data[1]["fieldViolations"][0]["field"]) == (-32602, field)
    world.send(message_id="m2", stream=False, **sent_with(config))
    (refused,) = [each for each in world.deliveries() if isinstance(each, Refused)]
    assert refused.error.data[1]["fieldViolations"][0]["field"] == f"configuration.taskPushNotificationConfig.{field}"
    assert (world.pushes, len(world.runs)) == ([], 1)


@pytest.mark.parametrize("url", ["ftp://a", "http://127.0.0.1/"])
def test_0_3_finds_the_field_where_it_has_written_it(world, url):
    task_id = world.begin()
    config = {"pushNotificationConfig": {"url": url}}
    error = call(world, "tasks/pushNotificationConfig/set", version=None, taskId=task_id, **config)
    assert (error.code, error.data["fieldViolations"][0]["field"]) == (-32602, "pushNotificationConfig.url")
    message = {"messageId": "m2", "role": "user", "parts": [{"kind": "text", "text": "hi"}]}
    error = call(world, "message/send", version=None, message=message, configuration=config)
    assert (error.code, error.data["fieldViolations"][0]["field"]) == (
        -32602,
        "configuration.pushNotificationConfig.url",
    )
    error = call(world, "tasks/pushNotificationConfig/delete", version=None, id="", pushNotificationConfigId="")
    assert [each["field"] for each in error.data["fieldViolations"]] == ["id", "pushNotificationConfigId"]


def test_private_addresses_where_the_rules_allow_them():
    world = pushing(push_rules=PushRules(private=True))
    assert create(world, world.begin(), url="http://127.0.0.1:9/")["url"] == "http://127.0.0.1:9/"


def test_as_many_as_the_limits_say():
    world = pushing(limits=ServerLimits(push_configs=2, push_configs_in_all=3))
    one, two = world.begin(), world.begin("bob")
    for name in "ab":
        create(world, one, id=name)
    error = create(world, one, id="c")
    assert (error.code, error.data[0]["metadata"]["limit"]) == (-32050, "push_configs")
    assert create(world, one, id="a", token="new")["token"] == "new", "in the place of another"
    create(world, two, id="a")
    error = create(world, two, id="b")
    assert (error.code, error.data[0]["metadata"]["limit"]) == (-32050, "push_configs_in_all")
    world.send("eve", **sent_with({"url": URL}))
    assert world.take("eve") == [-32050]
    call(world, "DeleteTaskPushNotificationConfig", taskId=one, id="a")
    assert create(world, two, id="b")["id"] == "b"


def test_those_of_finished_tasks_make_room():
    world = pushing(limits=ServerLimits(push_configs_in_all=1))
    done = world.begin()
    create(world, done)
    world.finish()
    got(world, world.pushes[0])
    create(world, world.begin("bob"))
    assert listed(world, done) == {"configs": []}
    assert len(world.server._pushes) == 1


def test_one_that_was_deleted_makes_no_room_twice():
    world = pushing(limits=ServerLimits(push_configs_in_all=1))
    done = world.begin()
    create(world, done)
    world.finish()
    got(world, world.pushes[0])
    call(world, "DeleteTaskPushNotificationConfig", taskId=done, id=done)
    create(world, world.begin("bob"))
    error = create(world, world.begin("eve"))
    assert (error.code, len(world.server._pushes)) == (-32050, 1)


def test_unknown_and_foreign_tasks_have_none(world):
    task_id = world.begin(service={"principal": "ada"})
    for name, params in {
        "CreateTaskPushNotificationConfig": {"url": URL},
        "GetTaskPushNotificationConfig": {"id": "a"},
        "ListTaskPushNotificationConfigs": {},
        "DeleteTaskPushNotificationConfig": {"id": "a"},
    }.items():
        foreign = call(world, name, taskId=task_id, service={"principal": "eve"}, **params)
        missing = call(world, name, taskId="missing", service={"principal": "eve"}, **params)
        assert foreign == missing
        assert foreign.code == -32001


# Leaving


@pytest.mark.parametrize("is_wanted", [True, False])
def test_a_task_that_is_told_by_push_is_not_left(is_wanted):
    world = pushing(on_disconnect="cancel")
    task_id = world.begin(**(sent_with({"url": URL}) if is_wanted else {}))
    world.server.disconnect("ada", 0.0)
    world.pump()
    assert len(world.interrupts) == (0 if is_wanted else 1)
    if is_wanted:
        world.server.disconnect(world.pushes[0].link, 0.0)
        world.pump()
        assert world.interrupts == [], "a receiver that is down is nobody who leaves"
        assert listed(world, task_id) == {"configs": []}


def test_who_leaves_before_the_task_is_in_the_log_leaves_its_receiver():
    world = pushing(on_disconnect="cancel")
    world.hold()
    world.send(**sent_with({"url": URL}))
    world.server.disconnect("ada", 0.0)
    world.release()
    world.start()
    world.finish()
    assert world.interrupts == []
    assert got(world, world.pushes[0])[-1] == "ended completed"


def test_a_message_that_waits_for_the_agent_sets_its_configuration_when_it_is_taken(world):
    task_id = world.begin()
    world.become(TaskState.INPUT_REQUIRED)
    world.send("bob", task=task_id, message_id="m2", **sent_with({"url": URL}))
    assert (world.pushes, listed(world, task_id)) == ([], {"configs": []})
    world.end()
    assert ([push.config.url for push in world.pushes], len(world.runs)) == ([URL], 2)


def test_a_message_that_waited_in_vain_sets_no_configuration(world):
    task_id = world.begin()
    world.become(TaskState.INPUT_REQUIRED)
    world.send("bob", task=task_id, message_id="m2", **sent_with({"url": URL}))
    world.finish()
    assert (world.take("bob"), world.pushes, listed(world, task_id)) == ([-32004], [], {"configs": []})


def test_a_message_that_is_sent_again_brings_its_configuration(world):
    task_id = world.begin()
    world.send("bob", task=task_id, message_id="m1", **sent_with({"url": URL}))
    assert [push.config.url for push in world.pushes] == [URL]


def test_a_receiver_that_is_given_up_keeps_no_task_in_memory():
    world = pushing(limits=ServerLimits(tasks=1))
    task_id = world.begin()
    create(world, task_id)
    world.finish(TaskState.INPUT_REQUIRED)
    world.take()
    world.send("bob")
    assert world.take("bob") == [-32050]
    world.server.disconnect(world.pushes[0].link, world.now)
    world.send("bob")
    assert world.take("bob") == ["task submitted"]


def test_the_last_page_of_configurations_has_no_token_also_if_it_is_full(world):
    task_id = world.begin()
    create(world, task_id, id="a")
    create(world, task_id, id="b")
    first = listed(world, task_id, pageSize=1)
    assert [each["id"] for each in first["configs"]] == ["a"]
    last = listed(world, task_id, pageSize=1, pageToken=first["nextPageToken"])
    assert ([each["id"] for each in last["configs"]], "nextPageToken" in last) == (["b"], False)
