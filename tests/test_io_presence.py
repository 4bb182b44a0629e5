"""What is written while somebody is there: it ends with the news that they are gone, and in no other way."""

import asyncio

import anyio
import pytest

from hocket_io.http.presence import while_present


class Client:
    def __init__(self):
        self.leaves = anyio.Event()
        self.news = {"type": "http.disconnect"}
        self.asked = self.waiting = 0

    async def receive(self):
        self.asked += 1
        self.waiting += 1
        try:
            await self.leaves.wait()
        finally:
            self.waiting -= 1
        if isinstance(self.news, Exception):
            raise self.news
        return self.news


def test_the_body_ends_when_the_client_leaves(run):
    async def talk():
        client = Client()
        async with anyio.create_task_group() as group:
            group.start_soon(anyio.lowlevel.checkpoint)
            async with while_present(client.receive):
                client.leaves.set()
                await anyio.sleep_forever()
            await anyio.lowlevel.checkpoint()  # nobody has cancelled what comes after it
        return True

    assert run(talk)


def test_the_body_ends_by_itself_and_nobody_watches_any_more(run):
    async def talk():
        client = Client()
        async with while_present(client.receive):
            await anyio.lowlevel.checkpoint()
        client.leaves.set()
        await anyio.wait_all_tasks_blocked()
        with anyio.move_on_after(5) as scope:
            await anyio.lowlevel.checkpoint()
        return scope.cancelled_caught

    assert not run(talk)


def test_whoever_has_watched_does_so_no_longer_than_the_body_runs(run):
    async def talk():
        client = Client()
        async with while_present(client.receive):
            await anyio.wait_all_tasks_blocked()
            assert client.waiting == 1
        await anyio.wait_all_tasks_blocked()
        return client.waiting

    assert run(talk) == 0


def test_nobody_is_watched_where_nothing_waits():
    async def talk():
        client = Client()
        async with while_present(client.receive):
            pass
        await anyio.wait_all_tasks_blocked()
        return client.asked

    assert asyncio.run(talk()) == 0


@pytest.mark.parametrize("is_gone", [False, True])
def test_errors_of_the_body_go_on_as_they_are(run, is_gone):
    async def talk():
        client = Client()
        async with while_present(client.receive):
            try:
                if is_gone:
                    client.leaves.set()
                    await anyio.sleep_forever()
            finally:
                raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        run(talk)


@pytest.mark.parametrize("is_gone", [False, True])
def test_a_cancellation_from_outside_is_not_taken_for_the_clients_leaving(run, is_gone):
    async def talk():
        client, after = Client(), []
        with anyio.CancelScope() as scope:
            async with while_present(client.receive):
                scope.cancel()
                if is_gone:
                    client.leaves.set()
                await anyio.sleep_forever()
            await anyio.sleep(0)
            after.append("still here")
        return after

    assert run(talk) == []


def test_a_cancellation_in_the_same_moment_in_the_way_of_asyncio():
    """Both want the task to end: who asked for the whole of it has not been answered by the end of a part."""

    async def talk():
        client, after = Client(), []

        async def write():
            async with while_present(client.receive):
                await asyncio.sleep(3600)
            after.append("still here")

        task = asyncio.create_task(write())
        await asyncio.sleep(0)
        client.leaves.set()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return after

    assert asyncio.run(talk()) == []


def test_a_server_that_fails_to_say_it(run):
    async def talk():
        client = Client()
        client.news = ZeroDivisionError("of the server")
        client.leaves.set()
        async with while_present(client.receive):
            await anyio.sleep_forever()

    with pytest.raises((ZeroDivisionError, ExceptionGroup)):
        run(talk)
