"""The server and its store, slow, shared or forgetful."""

import pytest
from attrs import define

from hocket.a2a import (
    Load,
    Ready,
    Server,
    ServerLimits,
    TaskState,
    TaskStatus,
    TaskStatusUpdateEvent,
)
from hocket.entropy import seeded
from hocket.errors import LocalProtocolError
from hocket.log import Entry
from hocket_io.stores import MemoryStore
from support.world import World


@pytest.fixture
def world():
    return World.of()


# The store


def test_nobody_is_told_and_nothing_runs_before_the_store_has_it(world):
    world.hold()
    world.send()
    assert (world.take(), world.runs) == ([], [])
    world.release()
    assert (world.take(), len(world.runs)) == (["task submitted"], 1)


def test_a_task_that_was_forgotten_is_loaded_again():
    world = World.of(limits=ServerLimits(tasks=1))
    first = world.begin()
    world.say("Hello")
    world.finish()
    world.take()
    world.begin("bob")
    assert len(world.server._tasks) == 1
    world.ask("eve", "GetTask", first)
    assert world.take("eve") == ["task completed Hello"]
    world.ask("eve", "CancelTask", first)
    world.ask("eve", "tasks/resubscribe", first, version=None, last_event_id=1)
    assert world.take("eve") == [-32002, "task completed Hello", "ended completed"]


def test_calls_for_a_task_wait_for_it_in_their_order(world):
    task_id = world.begin()
    world.finish(TaskState.INPUT_REQUIRED)
    other = World(Server(entropy=seeded(2)), world.store)
    other.hold()
    other.ask("bob", "GetTask", task_id, request_id=1)
    other.send("bob", task=task_id, message_id="m2", stream=False, request_id=2)
    other.ask("bob", "SubscribeToTask", task_id, request_id=3)
    assert other.take("bob") == []
    other.release()
    other.finish()
    assert other.take("bob") == [
        "task input_required",
        "task completed",
        "task input_required",
        "submitted",
        "completed",
        "ended completed",
    ]


def test_a_call_of_a_link_that_left_meanwhile_is_forgotten(world):
    task_id = world.begin()
    other = World(Server(entropy=seeded(2), limits=ServerLimits(tasks=1)), world.store)
    other.hold()
    other.ask("bob", "SubscribeToTask", task_id)
    other.server.disconnect("bob", other.now)
    other.release()
    assert not other.server._mailboxes
    assert other.server._tasks.get(task_id).is_idle
    other.send("eve")
    assert other.take("eve") == ["task submitted"], "it makes room"


@pytest.mark.parametrize("missing", [1, 2])
def test_entries_after_a_gap_make_the_server_read_the_task_anew(world, missing):
    task_id = world.begin()
    other = World(Server(entropy=seeded(2)), world.store)
    other.ask("bob", "SubscribeToTask", task_id)
    assert other.take("bob") == ["task working"]
    for text in "abc"[: missing + 1]:
        world.say(text)
    other.server.feed(task_id, world.store.load(task_id).entries[-1:], 0.0)
    other.pump()
    assert other.take("bob") == list("abc"[: missing + 1])


def test_a_task_the_store_does_not_know_is_forgotten_at_once(world):
    world.hold()
    for number, method in enumerate(["GetTask", "CancelTask", "SubscribeToTask"]):
        world.ask("bob", method, "unknown", request_id=number)
    world.send("bob", task="unknown", request_id=9)
    world.release()
    assert world.take("bob") == [-32001] * 4
    world.server.disconnect("bob", world.now)
    assert world.is_empty()


def test_a_second_writer_fences_the_run():
    """Two replicas, one log: whoever appends second is told, its run is stopped, and its readers read on."""
    here = World.of()
    task_id = here.begin()
    here.take()
    there = World(Server(entropy=seeded(2)), here.store)
    there.ask("bob", "CancelTask", task_id)
    assert there.take("bob") == ["task canceled"]
    here.say("too late")
    assert [each.task_id for each in here.interrupts] == [task_id]
    assert here.take() == ["task canceled", "ended canceled"]
    with pytest.raises(LocalProtocolError, match="is over"):
        here.say("still")
    here.end()
    assert here.store.load(task_id).task.status.state is TaskState.CANCELED


def test_a_cancel_that_loses_against_another_writer_is_tried_again():
    here = World.of()
    task_id = here.begin()
    here.finish(TaskState.INPUT_REQUIRED)
    there = World(Server(entropy=seeded(2)), here.store)
    there.begin("bob", task=task_id, message_id="m2")
    here.ask("eve", "CancelTask", task_id)
    assert here.take("eve") == ["task canceled"]
    there.say("late")
    assert len(there.interrupts) == 1
    assert there.take("bob")[-1] == "ended canceled"


def test_a_follow_up_that_loses_against_another_writer_is_judged_anew():
    here = World.of()
    task_id = here.begin()
    here.finish(TaskState.INPUT_REQUIRED)
    here.take()
    there = World(Server(entropy=seeded(2)), here.store)
    there.begin("bob", task=task_id, message_id="m2")
    here.send("eve", task=task_id, message_id="m3")
    assert here.take("eve") == [-32004]
    assert [run.message.message_id for run in here.runs + there.runs] == ["m1", "m2"]


def test_a_fenced_run_needs_no_grace_any_more():
    here = World.of()
    task_id = here.begin()
    here.ask("bob", "CancelTask", task_id)
    there = World(Server(entropy=seeded(2)), here.store)
    there.ask("eve", "CancelTask", task_id)
    here.say("one more")
    assert here.take("bob") == ["task canceled"]
    assert here.server.next_timeout() is None


def test_entries_of_another_replica_are_read_by_our_readers():
    here = World.of()
    task_id = here.begin()
    here.finish(TaskState.INPUT_REQUIRED)
    here.ask("eve", "SubscribeToTask", task_id)
    assert here.take("eve") == ["task input_required"]
    there = World(Server(entropy=seeded(2)), here.store)
    there.begin("bob", task=task_id, message_id="m2")
    there.say("Hello")
    entries = here.store.load(task_id).entries
    here.server.feed(task_id, entries[-1:], 0.0)  # the ones before never came: the task is loaded
    here.pump()
    assert here.take("eve") == ["submitted", "working", "Hello"]
    there.finish()
    stored = here.store.load(task_id)
    assert stored.task.status.state is TaskState.COMPLETED
    here.server.feed(task_id, [Entry(stored.offset, stored_status(task_id))], 0.0)
    here.pump()
    assert here.take("eve") == ["completed", "ended completed"]


def stored_status(task_id):
    return TaskStatusUpdateEvent(task_id=task_id, status=TaskStatus(state=TaskState.COMPLETED))


def test_entries_that_came_before_are_passed_over(world):
    task_id = world.begin()
    world.say("Hello")
    entries = world.store.load(task_id).entries
    world.server.feed(task_id, entries, 0.0)
    world.server.feed("unknown", entries, 0.0)
    world.server.feed(task_id, [], 0.0)
    assert world.take() == ["task submitted", "working", "Hello"]


def test_a_task_the_store_has_lost_ends_for_everybody(world):
    task_id = world.begin()
    world.take()
    world.ask("bob", "SubscribeToTask", task_id)
    world.send("eve", stream=False, task=task_id, message_id="m1")
    world.store._tasks.clear()
    world.say("into the void")
    assert [world.take(link) for link in ("ada", "bob", "eve")] == [[-32001], [-32001], [-32001]]
    assert len(world.interrupts) == 1
    assert not world.server._mailboxes.get("eve").waits_for
    for link in ("ada", "bob", "eve"):
        world.server.disconnect(link, 0.0)
    assert world.is_empty()


def test_a_new_task_that_the_store_does_not_take_is_no_task_that_was_not_found(world):
    world.hold()
    world.send()
    (append,) = world.held
    world.held.clear()
    world.server.append_refused(append.task_id, world.now)
    world.pump()
    world.release()
    assert (world.take(), world.runs, len(world.server._tasks)) == ([-32603], [], 0)
    assert not world.server._mailboxes.get("ada").waits_for


def test_an_entry_that_comes_while_an_older_state_is_on_its_way_from_the_store_is_not_lost(world):
    """The news of another replica may overtake what the store was asked for before."""
    task_id = world.begin()
    other = World(Server(entropy=seeded(2)), world.store)
    other.hold()
    other.ask("bob", "SubscribeToTask", task_id)
    other.held.clear()
    early = world.store.load(task_id)
    world.finish()
    entries = world.store.load(task_id).entries or [Entry(3, world.store.load(task_id).task)]
    other.server.feed(task_id, entries, other.now)
    other.server.loaded(task_id, early, other.now)
    other.pump()
    other.release()
    assert other.take("bob") == [-32004], "the task is over by now"


def test_a_store_that_never_shows_what_it_has_told_is_asked_once_more_and_not_for_ever(world):
    task_id = world.begin()
    other = World(Server(entropy=seeded(2)), world.store)
    other.hold()
    other.ask("bob", "GetTask", task_id)
    other.held.clear()
    event = TaskStatusUpdateEvent(task_id=task_id, status=TaskStatus(state=TaskState.WORKING))
    other.server.feed(task_id, [Entry(9, event)], other.now)
    stored = world.store.load(task_id)
    other.server.loaded(task_id, stored, other.now)
    assert other.server.next_output() == Load(task_id=task_id)
    other.server.loaded(task_id, stored, other.now)
    assert other.take("bob") == ["task working"]
    assert isinstance(other.server.next_output(), Ready)
    assert other.server.next_output() is None


def test_what_the_store_knew_already_is_not_asked_for_again(world):
    task_id = world.begin()
    stored = world.store.load(task_id)
    other = World(Server(entropy=seeded(2)), world.store)
    other.hold()
    other.ask("bob", "GetTask", task_id)
    other.held.clear()
    other.server.feed(task_id, stored.entries, other.now)
    other.server.loaded(task_id, stored, other.now)
    assert other.take("bob") == ["task working"]
    assert isinstance(other.server.next_output(), Ready)
    assert other.server.next_output() is None


def test_a_task_that_nobody_has_asked_for_is_not_loaded(world):
    task_id = world.begin()
    world.server.loaded(task_id, None, world.now)
    world.server.loaded("nobody", None, world.now)
    world.finish()
    assert world.take()[-1] == "ended completed"


def test_checkpoints_come_at_the_end_and_rarely_on_the_way(world):
    offsets = []
    keep = world.store.checkpoint

    def note(checkpoint):
        offsets.append((checkpoint.offset, checkpoint.is_final))
        keep(checkpoint)

    world.store = NotingStore(note, world.store)
    world.begin()
    for _ in range(10_000):
        world.say("x")
    world.finish()
    assert len(offsets) <= 6
    assert offsets[-1] == (10_003, True)
    assert all(not is_final for _, is_final in offsets[:-1])


@define(eq=False)
class NotingStore:
    """A store that tells of its checkpoints."""

    checkpoint: object
    inner: MemoryStore

    def append(self, *appended):
        return self.inner.append(*appended)


def test_a_task_that_was_loaded_is_checkpointed_no_sooner_than_one_that_was_not(world):
    task_id = world.begin()
    for _ in range(1_100):
        world.say("x")
    other = World(Server(entropy=seeded(2)), world.store)
    other.ask("bob", "GetTask", task_id)
    before = world.store.load(task_id)
    event = TaskStatusUpdateEvent(task_id=task_id, status=TaskStatus(state=TaskState.WORKING))
    other.server.feed(task_id, world.store.append(task_id, 1_102, [event]), other.now)
    other.pump()
    assert world.store.load(task_id).offset == before.offset
