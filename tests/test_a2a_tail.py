"""The end of a task's log: one append at a time, and what another replica writes is noticed."""

import pytest

from hocket.a2a import (
    Append,
    Artifact,
    Part,
    Server,
    TaskArtifactUpdateEvent,
    TaskState,
    TaskStatus,
    TaskStatusUpdateEvent,
)
from hocket.a2a.fold import weigh
from hocket.a2a.tail import Tail
from hocket.entropy import seeded
from hocket.errors import LocalProtocolError
from hocket.log import Entry
from support.world import World


def status(state=TaskState.WORKING, task_id="t"):
    return TaskStatusUpdateEvent(task_id=task_id, status=TaskStatus(state=state))


def chunk(text="x", *, append=True, last=False):
    artifact = Artifact(artifact_id="a", parts=(Part(text=text),))
    return TaskArtifactUpdateEvent(task_id="t", artifact=artifact, append=append, last_chunk=last)


@pytest.fixture
def tail():
    return Tail("t", 10_000)


def next_append(tail):
    items, weights = tail.next_append()
    assert list(weights) == [weigh(item) for item in items]
    return items


def test_what_comes_while_the_store_is_at_work_goes_into_the_next_append(tail):
    one, two, three = chunk("1"), chunk("2"), status(TaskState.COMPLETED)
    tail.append([one])
    assert next_append(tail) == (one,)
    tail.append([two])
    tail.append([three])
    assert (next_append(tail), tail.is_confirmed) == ((), False)
    assert (tail.offset, tail.state) == (3, TaskState.COMPLETED), "it is where the log will end"
    assert tail.confirm([one])
    assert next_append(tail) == (two, three)
    assert tail.confirm([two])
    assert (next_append(tail), tail.is_confirmed) == ((), False), "half of it is not all"
    assert tail.confirm([three])
    assert (next_append(tail), tail.is_confirmed) == ((), True)


def test_an_entry_that_nobody_here_has_asked_for_is_another_replicas(tail):
    assert not tail.confirm([status()])
    tail.append([status()])
    tail.next_append()
    assert not tail.confirm([status(TaskState.CANCELED)])


def test_a_store_may_give_back_copies(tail):
    tail.append([status()])
    tail.next_append()
    assert tail.confirm([status()])


def test_a_refused_batch_changes_nothing(tail):
    tail.append([chunk(last=True)])
    for batch, why in (
        ([chunk("more")], "sealed by lastChunk"),
        ([chunk(append=False), chunk(), chunk(last=True), chunk("more")], "sealed by lastChunk"),
        ([status(TaskState.COMPLETED), chunk(append=False)], "nothing can follow"),
        ([status(task_id="other")], "event of task 'other' was given to task 't'"),
        ([chunk("x" * 10_000, append=False)], "grow past task_size = 10000 bytes; raise the limit task_size"),
    ):
        with pytest.raises(LocalProtocolError, match=why):
            tail.check(batch)
    assert (tail.offset, tail.state) == (1, TaskState.UNKNOWN)
    assert len(next_append(tail)) == 1


def test_an_end_fits_into_a_full_task_and_nothing_else_does(tail):
    tail.append([chunk("x" * 9_700)])
    assert tail.check([status(TaskState.COMPLETED)]) == [200]
    for batch in ([status()], [chunk(), status(TaskState.COMPLETED)]):
        with pytest.raises(LocalProtocolError, match="task_size"):
            tail.check(batch)


def test_nothing_can_be_said_at_any_time(tail):
    assert tail.check([]) == []
    tail.append([status(TaskState.COMPLETED)])
    assert tail.check([]) == []


def test_another_replica_between_two_appends_loses_us_both():
    """The second must not find the log as long as it expects, with something else in it."""
    world = World.of()
    task_id = world.begin()
    world.take()
    world.hold()
    world.say("ours")
    world.become(TaskState.COMPLETED)
    assert [type(each) for each in world.held] == [Append]
    world.store.append(task_id, 2, [status(TaskState.CANCELED, task_id)])
    world.release()
    assert world.take() == ["canceled", "ended canceled"]
    stored = world.store.load(task_id)
    assert stored.offset + len(stored.entries) == 3
    assert len(world.interrupts) == 1


def test_what_waits_for_the_store_is_dropped_when_another_replica_has_come_first():
    world = World.of()
    task_id = world.begin()
    world.hold()
    world.say("asked for")
    world.say("not yet asked for")
    entries = world.store.append(task_id, 2, [status(task_id=task_id)])
    world.server.feed(task_id, entries, 0.0)
    world.release()
    assert world.take() == ["task submitted", "working", "working"]
    assert len(world.interrupts) == 1


def test_entries_of_another_replica_in_the_place_of_ours_are_not_taken_for_ours():
    here = World.of()
    task_id = here.begin()
    here.finish(TaskState.INPUT_REQUIRED)
    here.take()
    there = World(Server(entropy=seeded(2)), here.store)
    here.hold()
    here.send("bob", task=task_id, message_id="m2")
    there.ask("eve", "CancelTask", task_id)
    theirs = here.store.load(task_id)
    assert theirs.task.state is TaskState.CANCELED
    here.server.feed(task_id, [Entry(theirs.offset, status(TaskState.CANCELED, task_id))], 0.0)
    here.pump()
    here.release()
    assert (here.take("bob"), len(here.runs)) == ([-32004], 1), "nobody runs for a message that is not in the log"


def test_who_waits_for_a_cancel_waits_on_when_another_replica_goes_on_with_the_task():
    world = World.of()
    task_id = world.begin()
    world.ask("bob", "CancelTask", task_id)
    entries = world.store.append(task_id, 2, [status(task_id=task_id)])
    world.server.feed(task_id, entries, 0.0)
    world.pump()
    assert world.take("bob") == ["task canceled"]


def test_what_another_replica_adds_to_a_task_that_rests_here_is_judged_by():
    here = World.of()
    task_id = here.begin()
    here.finish(TaskState.INPUT_REQUIRED)
    here.ask("eve", "SubscribeToTask", task_id)
    there = World(Server(entropy=seeded(2)), here.store)
    there.begin("bob", task=task_id, message_id="m2")
    here.server.feed(task_id, here.store.load(task_id).entries[-3:], 0.0)
    here.pump()
    here.send("ivy", task=task_id, message_id="m3")
    assert here.take("ivy") == [-32004], "it works, elsewhere"
    assert here.take("eve") == ["task input_required", "submitted", "working"]
