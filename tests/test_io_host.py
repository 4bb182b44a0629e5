"""Host: an agent at work for any number of links."""

import threading

import anyio
import pytest
import trio.testing

from hocket.a2a import Answered, Ended, Item, Opened, Refused, TaskState
from hocket.log import LogConflict
from hocket_io.host import Host
from hocket_io.stores import MemoryStore
from support.agents import agent_of
from support.hosts import ask, has_ended, read


def results(deliveries):
    return b"".join(each.result for each in deliveries if isinstance(each, Item))


def test_two_links_read_one_task_at_their_own_pace(run):
    async def talk():
        go_on = anyio.Event()

        async def two_steps(task):
            yield "first"
            await go_on.wait()
            yield "second"

        async with Host(agent_of(two_steps)) as host:
            one, two = host.open_link(), host.open_link()
            ask(host, one)
            begun = await read(one, lambda each: isinstance(each, Item) and b"first" in each.result)
            ask(host, two, "tasks/resubscribe", {"id": begun[0].task_id}, "another id")
            opened, snapshot = await read(two, lambda each: isinstance(each, Item))
            assert (opened.request_id, snapshot.request_id) == ("another id", "another id")
            assert b"first" in snapshot.result
            go_on.set()
            rest = [results(await read(link, has_ended)) for link in (one, two)]
            assert rest[0] == rest[1]
            assert b"second" in rest[0]

    run(talk)


def test_a_link_that_takes_nothing_holds_up_nobody(run):
    async def chatty(task):
        for number in range(2_000):
            yield f"{number} "

    async def talk():
        async with Host(agent_of(chatty)) as host:
            lazy, eager = host.open_link(), host.open_link()
            ask(host, lazy)
            ask(host, eager)
            assert isinstance((await read(eager, has_ended))[-1], Ended)
            late = await read(lazy, has_ended)
            assert b"1999 " in results(late)

    run(talk)


def test_leaving_ends_what_runs_and_leaves_nothing(run):
    ended = []
    go_on = threading.Event()

    async def waits(task):
        try:
            yield "here"
            await anyio.sleep_forever()
        finally:
            ended.append(task.id)

    def blocks(task):
        yield "here"
        go_on.wait(10)

    async def talk(function):
        async with Host(agent_of(function)) as host:
            links = [host.open_link() for _ in range(3)]
            for link in links:
                ask(host, link)
            for link in links:
                await read(link, lambda each: isinstance(each, Item) and b"here" in each.result)
        assert host._runner._running == {}
        for link in links:
            link.close()
        assert host._links == {}
        return [host.store.load(task_id).task.state for task_id in host.store._tasks]

    assert run(talk, waits) == [TaskState.FAILED] * 3
    assert len(ended) == 3
    assert run(talk, blocks) == [TaskState.FAILED] * 3
    go_on.set()


def test_a_closed_link_is_not_rung_and_may_be_closed_again(run):
    async def talk():
        async with Host(agent_of(lambda task: "done")) as host:
            link = host.open_link()
            ask(host, link)
            link.close()
            link.close()
            await anyio.wait_all_tasks_blocked()
            assert link.take() == []
            assert host._links == {}

    run(talk)


def test_an_error_of_the_body_stays_itself(run):
    async def talk():
        async with Host(agent_of(lambda task: "done")):
            raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        run(talk)


def test_waiting_ends_at_a_given_time(monkeypatch):
    monkeypatch.setattr(Host, "now", lambda host: anyio.current_time())

    async def talk():
        async with Host(agent_of(lambda task: "done")) as host:
            link = host.open_link()
            began = host.now()
            await link.wait(began + 7.0)
            assert host.now() - began == pytest.approx(7.0)
            await link.wait(began)  # that time has passed
            assert host.now() - began == pytest.approx(7.0)
            link.ring()
            await link.wait()  # a ring before the wait is not lost
            assert host.now() - began == pytest.approx(7.0)

    clock = trio.testing.MockClock(autojump_threshold=0)
    anyio.run(talk, backend="trio", backend_options={"clock": clock})


class ContestedStore(MemoryStore):
    """Another replica writes first, once."""

    def append(self, task_id, expect, items, *more):
        if not self.is_contested and any(b"second" in repr(item).encode() for item in items):
            self.is_contested = True
            entries = super().append(task_id, expect, [self.theirs])
            raise LogConflict(expect, entries[-1].offset)
        return super().append(task_id, expect, items, *more)

    is_contested = False


def test_a_run_that_lost_its_task_to_another_writer_is_stopped(run, caplog):
    async def talk():
        stopped = []
        go_on = anyio.Event()

        async def two_steps(task):
            try:
                yield "first"
                await go_on.wait()
                yield "second"
                await anyio.sleep_forever()
            finally:
                stopped.append(True)

        store = ContestedStore()
        async with Host(agent_of(two_steps), store) as host:
            link = host.open_link()
            ask(host, link)
            begun = await read(link, lambda each: isinstance(each, Item) and b"first" in each.result)
            task_id = next(each.task_id for each in begun if isinstance(each, Opened))
            first = store.load(task_id).entries[-1].event
            store.theirs = first  # the same chunk once more, from elsewhere
            go_on.set()
            await read(link, lambda each: isinstance(each, Item) and b"first" in each.result)
            while not stopped:
                await anyio.lowlevel.checkpoint()
            return store.load(task_id)

    stored = run(talk)
    assert "second" not in repr(stored)


def test_a_task_is_found_again_in_the_store(run):
    async def talk():
        store = MemoryStore()
        async with Host(agent_of(lambda task: "kept"), store) as host:
            link = host.open_link()
            ask(host, link)
            (opened, *_) = await read(link, has_ended)
        async with Host(agent_of(lambda task: "unused"), store) as again:
            link = again.open_link()
            ask(again, link, "tasks/get", {"id": opened.task_id})
            (found,) = await read(link, lambda each: isinstance(each, Answered | Refused))
            ask(again, link, "tasks/get", {"id": "another"}, 2)
            (refused,) = await read(link, lambda each: isinstance(each, Answered | Refused))
            return found, refused

    found, refused = run(talk)
    assert b"kept" in found.result
    assert refused.error.code == -32001
