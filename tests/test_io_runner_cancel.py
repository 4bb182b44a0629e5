"""Runner: agents that are cancelled, and agents that do not stop."""

import threading

import anyio
import pytest

from hocket.a2a import TaskState, TaskStatus
from hocket.errors import RpcError
from hocket_io import AsyncClient
from hocket_io.host import Host
from hocket_io.testing import run_virtually
from support.agents import agent_of
from support.hosts import ask, read


@pytest.mark.parametrize("first", ["", "first"])
def test_cancelling_closes_an_async_generator(run, first):
    closed = []

    async def waits(task):
        try:
            yield first
            await anyio.sleep_forever()
        except anyio.get_cancelled_exc_class() as error:
            closed.append(type(error).__name__)
            raise
        finally:
            closed.append("finally")

    async def talk():
        async with AsyncClient(agent_of(waits)) as client:
            stream = client.stream("go")
            await anext(stream)
            task = await stream.cancel()
            assert task.state is TaskState.CANCELED
            rest = [event async for event in stream]
            assert rest[-1].state is TaskState.CANCELED
            assert rest[-1].done
            assert (await stream.cancel()).state is TaskState.CANCELED  # once more does no harm

    run(talk)
    assert closed == [closed[0], "finally"]
    assert closed[0] in ("Cancelled", "CancelledError")


def test_cancelling_a_generator_closes_it_at_its_next_yield(run):
    go_on, is_closed = threading.Event(), threading.Event()

    def blocks(task):
        try:
            yield "first"
            go_on.wait(10)
            yield "second"
        except GeneratorExit:
            is_closed.set()
            raise

    async def talk():
        async with AsyncClient(agent_of(blocks)) as client:
            stream = client.stream("go")
            async for event in stream:
                if event.text == "first":
                    break
            task = await stream.cancel()  # while its thread blocks: nobody waits for it
            assert task.state is TaskState.CANCELED
            assert not go_on.is_set()
            go_on.set()
            rest = [event async for event in stream]
            assert "".join(event.text for event in rest) == ""

    run(talk)
    assert is_closed.wait(10)


def test_cancelling_leaves_a_blocking_function_behind(run):
    go_on = threading.Event()
    began = threading.Event()

    def blocks(task):
        began.set()
        go_on.wait(10)
        return "too late"

    async def talk():
        async with AsyncClient(agent_of(blocks)) as client:
            task = await client.send("go", wait=False)
            await anyio.to_thread.run_sync(began.wait, 10)
            canceled = await client.cancel(task.id)
            assert canceled.state is TaskState.CANCELED
            go_on.set()
            assert (await client.get(task.id)).text == ""

    run(talk)


def test_an_agent_may_finish_instead_of_being_cancelled(run):
    async def stubborn(task):
        yield "first "
        try:
            is_waiting.set()
            await anyio.sleep_forever()
        except anyio.get_cancelled_exc_class():
            pass
        yield "and last"

    async def talk():
        nonlocal is_waiting
        is_waiting = anyio.Event()
        async with AsyncClient(agent_of(stubborn)) as client:
            stream = client.stream("go")
            await anext(stream)
            await is_waiting.wait()
            with pytest.raises(RpcError, match="completed already"):
                await stream.cancel()
            return [event async for event in stream]

    is_waiting = None
    rest = run(talk)
    assert "".join(event.text for event in rest) == "first and last"
    assert rest[-1].state is TaskState.COMPLETED


def test_a_host_that_ends_closes_also_what_begins_meanwhile(run):
    """The message that a run has left unanswered begins another one when that ends."""
    begun = []

    async def waits(task):
        begun.append(task.text)
        yield TaskStatus(state=TaskState.AUTH_REQUIRED)
        await anyio.sleep_forever()

    async def talk():
        async with AsyncClient(agent_of(waits)) as client:
            async with client.stream("go") as stream:
                async for event in stream:
                    if event.state is TaskState.AUTH_REQUIRED:
                        break
            await client.send("more", task_id=stream.task_id, wait=False)

    run(talk)
    assert begun[0] == "go"


def test_an_interrupt_can_come_before_the_run_has_begun(run):
    called = []

    def function(task):
        called.append(task.id)

    async def talk():
        async with Host(agent_of(function)) as host:
            link = host.open_link()
            ask(host, link)
            opened, _task = link.take()
            ask(host, link, "tasks/cancel", {"id": opened.task_id}, "cancel")
            told = await read(link, lambda each: each.request_id == "cancel")
            (answer,) = [each for each in told if each.request_id == "cancel"]
            assert b"canceled" in answer.result
            assert host.server.next_timeout() is None

    run(talk)
    assert called == []


# Time: a clock of the test's own -----------------------------------------------------------------------------------


def test_an_agent_that_does_not_stop_is_left_behind():
    async def shielded(task):
        yield "before"
        with anyio.CancelScope(shield=True):
            await anyio.sleep(60)
        yield "after"

    async def talk():
        async with AsyncClient(agent_of(shielded)) as client:
            async with client.stream("go") as stream:
                async for event in stream:
                    if event.text:
                        break
                began = anyio.current_time()
                task = await stream.cancel()
            assert task.state is TaskState.CANCELED
            assert anyio.current_time() - began == pytest.approx(5.0)
            await anyio.sleep(120)
            task = await client.get(task.id)
            assert (task.state, task.text) == (TaskState.CANCELED, "before")

    run_virtually(talk, backend="trio")


def test_cleaning_up_does_not_take_for_ever():
    cleanup = []

    async def never_tidy(task):
        try:
            yield "said"
            yield TaskStatus(state=TaskState.COMPLETED)
        finally:
            began = anyio.current_time()
            try:
                await anyio.sleep_forever()
            finally:
                cleanup.append(anyio.current_time() - began)

    async def talk():
        async with AsyncClient(agent_of(never_tidy)) as client:
            assert await client.text("go") == "said"

    run_virtually(talk, backend="trio")
    assert cleanup == [pytest.approx(10.0)]
