"""One link that reads many tasks: fairly, in order, each to its own end."""

import pytest

from hocket.a2a import (
    V1_0,
    Ended,
    Item,
    Opened,
    Refused,
    ServerLimits,
    ServiceParameters,
    TaskState,
    TaskStatus,
    TaskStatusUpdateEvent,
)
from hocket.errors import LocalProtocolError
from hocket.log import LogLimits
from support.items import one_by_one
from support.world import World, short


@pytest.fixture
def world():
    return World.of()


def watch(world, *task_ids, link="eye", last_event_id=None, principal=""):
    service = ServiceParameters(version="1.0", last_event_id=last_event_id, principal=principal)
    world.server.watch(link, V1_0, service, world.now, task_ids or None)
    world.pump()


def seen(world, link="eye"):
    """What the link was given, by task: in short, and where it began and ended."""
    tasks = {}
    for each in world.deliveries(link):
        match each:
            case Opened(request_id=task_id, task_id=also):
                assert task_id == also
                tasks[task_id] = []
            case _:
                tasks.setdefault(each.request_id, []).append(short(each))
    return tasks


WHOLE = ["task submitted", "working", "one", "completed", "ended completed"]


def play(world, link="ada", **more):
    task_id = world.begin(link, **more)
    world.say("one")
    world.finish()
    return task_id


def test_every_task_that_begins_is_read_from_its_beginning(world):
    play(world)
    watch(world)
    assert seen(world) == {}
    first, second = play(world), play(world, "bob", stream=False)
    assert seen(world) == {first: WHOLE, second: WHOLE}
    third = play(world)
    assert seen(world) == {third: WHOLE}, "the link stays open"


def test_the_ones_that_are_named_are_read_from_their_beginning(world):
    done, going = play(world), world.begin("bob")
    watch(world, done, going, "nobody's", done)
    assert seen(world) == {done: WHOLE, going: ["task submitted", "working"], "nobody's": [-32001]}
    world.finish()
    assert seen(world) == {going: ["completed", "ended completed"]}


def test_what_nobody_knows_is_refused_by_its_name(world):
    watch(world, "nobody's")
    (refused,) = world.deliveries("eye")
    assert isinstance(refused, Refused)
    assert (refused.request_id, refused.error.code) == ("nobody's", -32001)


def test_a_reader_that_comes_back_goes_on_after_what_it_has_seen(world):
    task_id = play(world)
    watch(world, task_id, last_event_id=2)
    assert seen(world) == {task_id: WHOLE[2:]}


def test_what_the_log_no_longer_keeps_is_given_as_a_task():
    world = World.of(limits=ServerLimits(log=LogLimits(entries=2)))
    task_id = world.begin()
    for text in "abc":
        world.say(text)
    watch(world, task_id)
    assert seen(world) == {task_id: ["task working abc"]}
    world.finish()
    assert seen(world) == {task_id: ["completed", "ended completed"]}


def test_a_watched_task_is_read_through_its_questions(world):
    watch(world)
    task_id = world.begin()
    world.wonder()
    world.send(task=task_id, message_id="m2", request_id=2)
    world.finish()
    turns = ["task submitted", "working", "input_required", "working", "completed", "ended completed"]
    assert seen(world) == {task_id: turns}


def test_only_the_tasks_of_the_owner_are_read(world):
    watch(world, principal="somebody else")
    watch(world, link="mine")
    task_id = play(world)
    assert (seen(world), seen(world, "mine")) == ({}, {task_id: WHOLE})


def test_several_may_watch_and_get_the_same_bytes(world):
    watch(world, link="one")
    watch(world, link="two")
    play(world)
    first, second = world.deliveries("one"), world.deliveries("two")
    assert first == second
    items = [(mine.result, yours.result) for mine, yours in zip(first, second, strict=True) if isinstance(mine, Item)]
    assert all(mine is yours for mine, yours in items), "encoded once"


def test_a_link_watches_what_begins_once(world):
    watch(world)
    with pytest.raises(LocalProtocolError, match="this link watches already"):
        watch(world)


def test_who_has_left_is_given_nothing_and_is_forgotten(world):
    watch(world)
    world.server.disconnect("eye", world.now)
    play(world)
    world.deliveries()
    world.server.disconnect("ada", world.now)
    assert seen(world) == {}
    assert not world.server._mailboxes
    assert not world.server._watches
    watch(world)
    play(world)
    assert len(seen(world)) == 1


def test_what_has_ended_no_longer_counts_as_a_call_of_the_link():
    world = World.of(limits=ServerLimits(calls=2))
    watch(world)
    done, going = play(world), world.begin()
    assert world.server._mailboxes.get("eye").calls == 2
    seen(world)
    assert world.server._mailboxes.get("eye").calls == 1
    watch(world, done, "nobody's")
    assert seen(world) == {done: WHOLE, "nobody's": [-32050]}, "one too many at once"
    world.finish()
    assert seen(world) == {going: ["completed", "ended completed"]}
    assert world.server._mailboxes.get("eye").calls == 0


def test_one_task_can_be_let_go_and_the_others_go_on(world):
    watch(world)
    first = world.begin()
    second = world.begin("bob")
    seen(world)
    world.server.cancel_call("eye", first, world.now)
    world.finish()
    assert seen(world) == {first: [-32800], second: ["completed", "ended completed"]}


def test_a_watcher_is_a_reader_who_may_leave_last():
    world = World.of(on_disconnect="cancel")
    watch(world)
    world.send("ada")
    world.server.disconnect("ada", world.now)
    world.pump()
    assert world.interrupts == []
    world.server.disconnect("eye", world.now)
    world.pump()
    assert len(world.interrupts) == 1


def test_a_busy_task_does_not_keep_the_others_from_their_turn(world):
    watch(world)
    busy = world.begin()
    for _ in range(50):
        world.say("x")
    quiet = world.begin("bob")
    first = one_by_one(world.server.take("eye", 10))
    second = one_by_one(world.server.take("eye", 10))
    assert {each.request_id for each in first} == {busy}
    assert quiet in {each.request_id for each in second}


def test_taking_looks_at_no_task_that_has_nothing_new(world):
    """A thousand tasks on one link, one of which speaks: the cost is that of one."""
    watch(world)
    for number in range(200):
        world.begin(f"link {number}")
    world.deliveries("eye")
    box = world.server._mailboxes.get("eye")
    assert (len(box.subscriptions), len(box.unread)) == (200, 0)
    world.say("x")
    assert len(box.unread) == 1
    assert [short(each) for each in one_by_one(world.server.take("eye"))] == ["x"]


def test_the_link_rings_once_for_what_many_tasks_say(world):
    watch(world)
    for number in range(3):
        world.begin(f"link {number}")
    assert world.rang.count("eye") == 1
    world.deliveries("eye")
    world.say("x")
    world.say("y")
    assert world.rang.count("eye") == 2


def test_small_mouthfuls_give_every_task_whole(world):
    watch(world)
    ids = [play(world, f"link {number}") for number in range(3)]
    taken = {task_id: [] for task_id in ids}
    while out := one_by_one(world.server.take("eye", 1)):
        for each in out:
            taken[each.request_id].append(each)
    for deliveries in taken.values():
        assert isinstance(deliveries[0], Opened)
        assert [each.offset for each in deliveries[1:-1]] == [1, 2, 3, 4]
        assert deliveries[-1] == Ended(request_id=deliveries[0].task_id, offset=4, state=TaskState.COMPLETED)


# Who does not read on ------------------------------------------------------------------------------------------------


def busy(world, tasks):
    """So many tasks, one after the other, each read to its end by whoever has begun it."""
    for number in range(tasks):
        play(world, f"caller {number}")
        assert isinstance(world.deliveries(f"caller {number}")[-1], Ended)


def test_who_does_not_read_on_keeps_nobody_from_working():
    world = World.of(limits=ServerLimits(tasks=6, calls=3))
    watch(world)
    busy(world, 20)
    (refused,) = world.deliveries("eye")
    assert isinstance(refused, Refused)
    assert refused.request_id is None, "it is about the watch, and about no task of it"
    assert refused.error.code == -32050
    assert "4 tasks are over" in refused.error.message
    assert len(world.server._mailboxes.get("eye").subscriptions) == 0


def test_who_does_not_read_on_keeps_no_more_in_memory_than_the_limit():
    world = World.of(limits=ServerLimits(idle_size=20_000))
    watch(world)
    for _ in range(10):
        world.begin("ada", stream=False)
        world.say("x" * 6_000)
        world.finish()
    (refused,) = world.deliveries("eye")
    assert refused.request_id is None
    assert "idle_size" in str(refused.error.data)
    assert len(world.server._tasks) < 4


def test_who_does_not_read_on_takes_no_room_from_new_tasks():
    world = World.of(limits=ServerLimits(tasks=5))
    watch(world, link="slow")
    watch(world, link="slower")
    busy(world, 2)
    assert len(world.deliveries("slow")) > 2  # so that it has less to read than the other
    busy(world, 2)
    for number in range(20):
        play(world, f"late {number}")
        world.deliveries(f"late {number}")
    for link in ("slow", "slower"):
        (refused,) = world.deliveries(link)
        assert refused.request_id is None
        assert refused.error.data[0]["metadata"] == {"limit": "tasks", "max": "5", "retryable": "true"}


def test_who_reads_on_is_left_alone_where_there_is_no_room_but_for_work():
    world = World.of(limits=ServerLimits(tasks=3))
    watch(world)
    for number in range(3):
        world.begin(f"caller {number}")
    assert len(seen(world)) == 3
    world.send("one too many")
    (refused,) = world.deliveries("one too many")
    assert refused.error.code == -32050
    assert seen(world) == {}, "it is told nothing, and watches on"
    world.finish()
    assert len(seen(world)) == 1


def test_who_was_told_to_be_too_slow_may_watch_again():
    world = World.of(limits=ServerLimits(calls=1))
    watch(world)
    busy(world, 5)
    assert [type(each) for each in world.deliveries("eye")] == [Refused]
    watch(world)
    last = play(world)
    assert seen(world) == {last: WHOLE}
    world.ask("eye", "GetTask", last)
    assert world.take("eye") == ["task completed one"], "what it did not read are no calls that wait for an answer"


def test_who_reads_on_may_read_as_many_tasks_as_there_are():
    world = World.of(limits=ServerLimits(calls=2))
    watch(world)
    going = [world.begin(f"caller {number}") for number in range(6)]  # none of them is over
    assert seen(world).keys() == {*going}
    for number in range(6):
        play(world, f"other {number}")
        assert list(seen(world).values()) == [WHOLE]


def test_the_others_read_on_when_one_was_too_slow():
    world = World.of(limits=ServerLimits(calls=1))
    watch(world, link="slow")
    watch(world, link="eye")
    for number in range(4):
        task_id = play(world, f"caller {number}")
        assert seen(world) == {task_id: WHOLE}
    assert isinstance(world.deliveries("slow")[-1], Refused)


def test_a_task_that_only_a_slow_watch_has_read_ends_as_the_agent_wants_it():
    world = World.of(limits=ServerLimits(calls=1), on_disconnect="cancel")
    watch(world)
    world.begin("ada")
    world.server.disconnect("ada", world.now)
    world.pump()
    assert world.interrupts == [], "the watch reads it still"
    busy(world, 3)
    assert len(world.interrupts) == 1


@pytest.mark.parametrize("named", [True, False])
def test_the_tasks_of_a_tenant_are_read_by_its_name(world, named):
    world.server.watch(
        "all", V1_0, ServiceParameters(version="1.0"), world.now, None if not named else [], tenant="acme"
    )
    task_id = world.begin("ada", tenant="acme")
    other = world.begin("bob")
    if named:
        world.server.watch("all", V1_0, ServiceParameters(version="1.0"), world.now, [task_id, other], tenant="acme")
        world.pump()
    told = world.take("all")
    assert told[:2] == (["task submitted", "working"] if not named else [-32001, "task submitted"])
    assert len(told) == 2 + named


def test_a_task_that_is_let_go_is_not_left_unread():
    world = World.of(limits=ServerLimits(calls=1))
    world.server.watch("all", V1_0, ServiceParameters(version="1.0"), world.now)
    for name in "abc":
        task_id = world.begin(name)
        world.finish()
        world.server.cancel_call("all", task_id, world.now)
    world.begin("d")
    assert len(world.server._watches) == 1


def test_a_task_that_another_replica_has_ended_is_left_unread_too():
    world = World.of(limits=ServerLimits(calls=1))
    world.server.watch("all", V1_0, ServiceParameters(version="1.0"), world.now)
    for name in "abc":
        task_id = world.begin(name)
        last = world.store.load(task_id).entries[-1].offset
        done = TaskStatusUpdateEvent(task_id=task_id, status=TaskStatus(state=TaskState.COMPLETED))
        world.store.append(task_id, last, [done])
        world.say("late")
    assert len(world.server._watches) == 0
