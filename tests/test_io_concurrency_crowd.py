"""Tasks that come and go: they end by themselves, and one that fails is nobody's secret."""

import anyio
import pytest

from hocket_io.concurrency.crowd import Crowd


def test_whoever_leaves_waits_for_all_of_them(run):
    async def talk():
        over = []

        async def work(number):
            await anyio.lowlevel.checkpoint()
            if number:
                crowd.start(work, number - 1)
            over.append(number)

        async with anyio.create_task_group() as group:
            crowd = Crowd(group)
            crowd.start(work, 3)
            while len(over) < 1:
                await anyio.lowlevel.checkpoint()
            await crowd.ended()
        return over

    assert run(talk) == [3, 2, 1, 0]


def test_one_that_fails_ends_the_group_with_its_error(run):
    async def talk():
        async def fail():
            await anyio.lowlevel.checkpoint()
            raise ZeroDivisionError("of a mistake")

        async with anyio.create_task_group() as group:
            Crowd(group).start(fail)
            await anyio.sleep_forever()

    with pytest.raises(ExceptionGroup) as raised:
        run(talk)
    assert raised.group_contains(ZeroDivisionError, match="of a mistake")


def test_those_who_wait_for_their_end_may_be_cancelled_and_wait_all_the_same(run):
    async def talk():
        go_on, over = anyio.Event(), []

        async def work():
            with anyio.CancelScope(shield=True):
                await go_on.wait()
            over.append(True)

        async def leave(crowd):
            await crowd.ended()

        async with anyio.create_task_group() as group:
            crowd = Crowd(group)
            crowd.start(work)
            await anyio.wait_all_tasks_blocked()
            async with anyio.create_task_group() as leaving:
                leaving.start_soon(leave, crowd)
                await anyio.wait_all_tasks_blocked()
                leaving.cancel_scope.cancel()
                go_on.set()
        return over

    assert run(talk) == [True]


def test_an_interrupt_in_a_group_is_no_secret_either(run):
    """Nor is it a cancellation: who runs the event loop is to know that somebody has pressed Ctrl-C."""

    async def talk():
        async def fail():
            await anyio.lowlevel.checkpoint()
            raise BaseExceptionGroup("of an agent", [KeyboardInterrupt("of a person")])

        async with anyio.create_task_group() as group:
            Crowd(group).start(fail)
            await anyio.sleep_forever()

    with pytest.raises(BaseExceptionGroup) as raised:
        run(talk)
    assert raised.group_contains(KeyboardInterrupt, match="of a person")
