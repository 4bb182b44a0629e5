"""What is kept of tasks that are over: a bounded number, and a bounded number of bytes."""

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hocket import Agent
from hocket.a2a import (
    Artifact,
    Part,
    ServerLimits,
    ServiceParameters,
    Task,
    TaskArtifactUpdateEvent,
    TaskState,
    TaskStatus,
    TaskStatusUpdateEvent,
    weigh,
)
from hocket.a2a.live import LiveTask
from hocket.a2a.residents import Residents
from hocket.a2a.states import settles
from hocket.log import Entry
from hocket_io.host import Host
from hocket_io.stores import MemoryStore


def begin(task_id):
    return Task(id=task_id, context_id="c", status=TaskStatus(state=TaskState.SUBMITTED))


def become(task_id, state):
    return TaskStatusUpdateEvent(task_id=task_id, context_id="c", status=TaskStatus(state=state))


def chunk(task_id, size):
    artifact = Artifact(artifact_id="a", parts=(Part(text="x" * size),))
    return TaskArtifactUpdateEvent(task_id=task_id, context_id="c", artifact=artifact, append=True)


STEPS = st.lists(st.tuples(st.sampled_from("tuvw"), st.sampled_from(TaskState) | st.integers(1, 2_000)), max_size=40)


@given(STEPS, st.integers(0, 3), st.integers(0, 5_000))
def test_settled_tasks_are_forgotten_in_the_order_in_which_they_settled(steps, most, size):
    store = MemoryStore(settled=most, size=size)
    logs, settled = {}, {}  # the model: all that is kept, and the settled ones in their order
    for task_id, what in steps:
        log = logs.setdefault(task_id, [])
        items = [] if log else [begin(task_id)]
        items.append(chunk(task_id, what) if isinstance(what, int) else become(task_id, what))
        store.append(task_id, len(log), items)
        log += items
        was_settled = settled.pop(task_id, False)
        if settles(what) if isinstance(what, TaskState) else was_settled:
            settled[task_id] = True
        while len(settled) > most or (sum(weigh(item) for each in settled for item in logs[each]) > size):
            if len(settled) <= most and len(settled) == 1:
                break
            oldest = next(iter(settled))
            del settled[oldest], logs[oldest]
        assert [each for each in "tuvw" if store.load(each) is not None] == [each for each in "tuvw" if each in logs]


def test_a_task_that_waits_for_somebody_who_never_comes_is_forgotten_too():
    store = MemoryStore(settled=2)
    for number in range(4):
        store.append(str(number), 0, [begin(str(number)), become(str(number), TaskState.INPUT_REQUIRED)])
    assert [number for number in range(4) if store.load(str(number))] == [2, 3]


@given(st.lists(st.integers(0, 3_000), min_size=1, max_size=20), st.integers(0, 6_000), st.data())
def test_the_idle_tasks_in_memory_have_a_bounded_size(sizes, most, data):
    residents = Residents(ServerLimits(idle_size=most))
    for number, size in enumerate(sizes):
        live = residents.admit(str(number))
        live.tail.weight = size
        residents.rest(live)
        if data.draw(st.booleans(), label="once more, larger"):
            live.tail.weight += 100
            residents.rest(live)
        here = [each for each in map(residents.get, map(str, range(number + 1))) if each is not None]
        assert here[-1] is live
        assert sum(each.tail.weight for each in here) <= max(most, live.tail.weight)


def test_a_task_of_many_small_events_counts_for_what_they_take():
    live = LiveTask("t", ServerLimits())
    live.take_entries([Entry(1, begin("t"), 500), *[Entry(offset, chunk("t", 5), 205) for offset in range(2, 1_001)]])
    assert live.weight > 600_000, "900 bytes each were measured, with one encoding"


def test_a_task_in_use_stays_whatever_its_size():
    residents = Residents(ServerLimits(idle_size=1_000))
    used, *others = (residents.admit(task_id) for task_id in "abc")
    for live in (used, *others):
        live.tail.weight = 900
        residents.rest(live)
        if live is used:
            used.is_loading = True  # it was idle, and is put to use
    assert residents.get("a") is used
    assert residents.get("b") is None
    assert isinstance(residents.get("c"), LiveTask)


def test_a_task_that_does_not_exist_takes_no_room():
    residents = Residents(ServerLimits(idle_size=1_000))
    unknown, known = residents.admit("unknown"), residents.admit("known")
    for live in (unknown, known):
        live.tail.weight = 500
        residents.rest(live)
    residents.forget(unknown)
    residents.rest(residents.admit("new"))
    new = residents.get("new")
    assert new is not None
    new.tail.weight = 500
    residents.rest(new)
    assert residents.get("known") is known


@pytest.mark.parametrize("finished", [3, 30])
def test_memory_does_not_grow_with_the_number_of_finished_tasks(finished):
    agent = Agent("large")

    @agent.stream
    async def large(task):
        yield "x" * 10_000

    async def main():
        async with Host(agent, MemoryStore(size=25_000), ServerLimits(idle_size=35_000)) as host:
            for number in range(finished):
                link = host.open_link()
                message = {"messageId": f"m{number}", "role": "user", "parts": [{"kind": "text", "text": "?"}]}
                host.server.receive(link.name, 1, "message/send", {"message": message}, ServiceParameters(), host.now())
                host.pump()
                while not link.take():
                    await link.wait()
                link.close()
            return len(host.server._tasks), len(host.store._tasks)

    assert anyio.run(main) == (2, 2)
