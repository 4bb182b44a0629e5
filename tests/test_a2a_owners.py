"""A task belongs to who began it. To everybody else it does not exist: the same error, in the same shape."""

import json

import pytest

from hocket.a2a import V1_0, AgentCapabilities, Refused, ServerLimits, ServiceParameters, TaskState
from support.world import World

HELLO = {"messageId": "m2", "role": "ROLE_USER", "parts": [{"text": "hi"}]}
HELLO_0_3 = {"messageId": "m2", "role": "user", "parts": [{"kind": "text", "text": "hi"}]}
CALLS = [
    ("GetTask", "1.0", lambda task: {"id": task}),
    ("CancelTask", "1.0", lambda task: {"id": task}),
    ("SubscribeToTask", "1.0", lambda task: {"id": task}),
    ("SendMessage", "1.0", lambda task: {"message": {**HELLO, "taskId": task}}),
    ("SendStreamingMessage", "1.0", lambda task: {"message": {**HELLO, "taskId": task, "messageId": "m1"}}),
    ("tasks/get", None, lambda task: {"id": task}),
    ("tasks/cancel", None, lambda task: {"id": task}),
    ("tasks/resubscribe", None, lambda task: {"id": task}),
    ("message/send", None, lambda task: {"message": {**HELLO_0_3, "taskId": task}}),
    ("CreateTaskPushNotificationConfig", "1.0", lambda task: {"taskId": task, "url": "https://a.example/"}),
    ("tasks/pushNotificationConfig/list", None, lambda task: {"id": task}),
]
ADA = {"principal": "ada"}


def world_of_ada(**options):
    """A task of Ada's, for the tenant acme, that waits for input."""
    world = World.of(capabilities=AgentCapabilities(streaming=True, push_notifications=True), **options)
    task_id = world.begin(service=ADA, tenant="acme")
    world.finish(TaskState.INPUT_REQUIRED)
    world.take()
    return world, task_id


def outcome(world, method, version, params, **who):
    world.ask("other", method, version=version, **params, **who)
    deliveries = world.deliveries("other")
    world.server.disconnect("other", world.now)
    return deliveries


@pytest.mark.parametrize("is_loaded", [True, False])
@pytest.mark.parametrize(("method", "version", "params"), CALLS, ids=[f"{name}" for name, *_ in CALLS])
def test_foreign_is_missing(method, version, params, is_loaded):
    world, task_id = world_of_ada(limits=ServerLimits(tasks=10 if is_loaded else 1))
    if not is_loaded:
        world.begin("bob")
        world.finish()
        world.take("bob")
    strangers = [{"service": {"principal": "eve"}}, {"service": {}}]
    if version:  # 0.3 has no tenants
        strangers += [{"service": ADA}, {"service": ADA, "tenant": "other"}]
    missing = outcome(world, method, version, params("missing"), service={"principal": "eve"})
    assert missing[0].error.code == -32001
    before = len(world.runs), world.interrupts, world.pushes
    for who in strangers:
        assert outcome(world, method, version, params(task_id), **who) == missing
    assert (len(world.runs), world.interrupts, world.pushes) == before
    if version:
        own = outcome(world, method, version, params(task_id), service=ADA, tenant="acme")
        assert not any(isinstance(each, Refused) for each in own)


def test_lists_show_ones_own():
    world, task_id = world_of_ada()
    for who in ({"service": {"principal": "eve"}, "tenant": "acme"}, {"service": ADA}, {"service": {}}):
        (answered,) = outcome(world, "ListTasks", "1.0", {}, **who)
        assert json.loads(answered.result)["totalSize"] == 0
    (answered,) = outcome(world, "ListTasks", "1.0", {}, service=ADA, tenant="acme")
    assert [task["id"] for task in json.loads(answered.result)["tasks"]] == [task_id]


def test_an_empty_tenant_is_none():
    world = World.of()
    task_id = world.begin(service=ADA, tenant="")
    assert not isinstance(outcome(world, "GetTask", "1.0", {"id": task_id}, service=ADA)[0], Refused)
    assert not isinstance(outcome(world, "tasks/get", None, {"id": task_id}, service=ADA)[0], Refused)


def test_a_task_keeps_its_owner_when_it_leaves_memory_and_through_checkpoints():
    world, task_id = world_of_ada(limits=ServerLimits(tasks=1))
    world.begin("bob", service={"principal": "bob"})
    world.finish()
    world.take("bob")
    world.send("ada", task=task_id, message_id="m2", service=ADA, tenant="acme")
    assert world.take("ada") == ["task submitted"]
    world.start()
    world.finish()
    world.take("ada")
    world.begin("bob", service={"principal": "bob"}, message_id="m3")
    assert task_id not in world.server._tasks._tasks
    (answered,) = outcome(world, "GetTask", "1.0", {"id": task_id}, service=ADA, tenant="acme")
    assert json.loads(answered.result)["status"]["state"] == "TASK_STATE_COMPLETED"
    assert outcome(world, "GetTask", "1.0", {"id": task_id}, service=ADA)[0].error.code == -32001


def test_a_watch_is_of_ones_own_tasks():
    world = World.of()
    for name in ("ada", "eve"):
        world.server.watch(f"{name}'s watch", V1_0, ServiceParameters(principal=name), 0.0)
    task_id = world.begin(service=ADA)
    world.finish()
    assert world.take("ada's watch") == ["task submitted", "working", "completed", "ended completed"]
    assert world.take("eve's watch") == []
    world.server.watch("late", V1_0, ServiceParameters(principal="eve"), 0.0, [task_id, "missing"])
    world.pump()
    foreign, missing = world.deliveries("late")
    assert foreign.error == missing.error
    assert (foreign.request_id, foreign.error.code) == (task_id, -32001)
