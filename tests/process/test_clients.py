"""Client and AsyncClient with the same agent: over HTTP, through the pipes of a child process, and in memory."""

import runpy
from pathlib import Path

import anyio
import pytest

from hocket.a2a import Message, Outcome, Part, Role, TaskState
from hocket.errors import AgentError, LocalProtocolError, RpcError
from hocket_io import AsyncClient, Client

pytestmark = pytest.mark.process

AGENT = runpy.run_path(str(Path(__file__).with_name("served.py")))["agent"]


@pytest.fixture(params=["http", "stdio", "memory"])
def target(request, pipe_target):
    match request.param:
        case "http":
            return request.getfixturevalue("shared_server").url
        case "stdio":
            return pipe_target
        case "memory":
            return AGENT


@pytest.fixture
def client(target):
    with Client(target) as client:
        yield client


@pytest.fixture(params=["asyncio", "trio"])
def with_client(request, target):
    def run(function):
        async def guarded():
            with anyio.fail_after(20):
                async with AsyncClient(target) as client:
                    return await function(client)

        return anyio.run(guarded, backend=request.param)

    return run


def check_hello(events):
    assert "".join(event.text for event in events) == "Hello Ada "
    assert [event.done for event in events] == [False] * (len(events) - 1) + [True]
    assert events[0].kind == "task"
    assert events[-1].state is TaskState.COMPLETED
    assert len({event.task_id for event in events}) == 1
    assert [event.offset for event in events] == list(range(1, len(events) + 1))


class TestClient:
    def test_everything(self, client):
        """One process start for all of it."""
        stream = client.stream("Ada")
        check_hello(list(stream))
        assert stream.outcome is Outcome.SETTLED
        assert stream.task.text == "Hello Ada "

        assert client.text("Ada") == "Hello Ada "
        assert client.text(Part(text="Ada")) == client.text([Part(text="A"), Part(text="da")]) == "Hello Ada "
        said = Message(message_id="mine", role=Role.USER, parts=(Part(text="Ada"),))
        assert client.text(said) == "Hello Ada "

        task = client.send("Ada")
        assert (task.state, task.text) == (TaskState.COMPLETED, "Hello Ada ")
        assert client.get(task.id).text == "Hello Ada "
        assert client.get(task.id, history_length=0).history == ()

        self.failure(client)
        self.cancelling(client)
        self.resuming(client)
        self.asking(client)
        self.interleaving(client)
        assert client.text("long 200000") == "é" * 200_000
        assert client.text("count 5000") == "".join(f"{number} " for number in range(5_000))

    def failure(self, client):
        events = list(client.stream("fail"))
        assert [event.text for event in events if event.kind == "artifact"] == ["so far"]
        assert events[-1].state is TaskState.FAILED
        assert "a secret" not in repr(events)
        with pytest.raises(AgentError, match="the task is failed: The agent failed"):
            client.text("fail")
        with pytest.raises(RpcError) as refused:
            client.get("nobody")
        assert refused.value.code == -32001

    def cancelling(self, client):
        stream = client.stream("wait")
        with pytest.raises(LocalProtocolError, match="read its first event"):
            stream.cancel()
        next(stream)
        assert stream.cancel().state is TaskState.CANCELED
        rest = list(stream)
        assert rest[-1].state is TaskState.CANCELED
        with pytest.raises(AgentError, match="the task is canceled"):
            client.resume(stream.task_id, after=0).text()

    def resuming(self, client):
        with client.stream("wait") as stream:
            last = next(event for event in stream if event.text)
        task_id = stream.task_id
        assert client.get(task_id).state is TaskState.WORKING  # leaving did not cancel it
        with client.resume(task_id) as snapshot:
            event = next(snapshot)
            assert (event.kind, event.text) == ("task", "waiting ")
        with client.resume(task_id, after=last.offset - 1) as rest:
            again = next(rest)
            assert (again.kind, again.offset, again.text) == ("artifact", last.offset, "waiting ")
            client.cancel(task_id)
            assert [event.state for event in rest][-1] is TaskState.CANCELED

    def asking(self, client):
        stream = client.stream("ask")
        events = list(stream)
        assert events[-1].state is TaskState.INPUT_REQUIRED
        assert stream.outcome is Outcome.SETTLED
        answer = client.send("May", task_id=stream.task_id)
        assert answer.text == "Hello May "

    def interleaving(self, client):
        with client.stream("wait") as first, client.stream("count 300") as second:
            next(first)
            next(second)
            assert client.text("Ada") == "Hello Ada "
            rest = "".join(event.text for event in second)
            assert rest == "".join(f"{number} " for number in range(300))
            assert first.cancel().state is TaskState.CANCELED
            assert [event.done for event in first][-1]


class TestAsyncClient:
    def test_everything(self, with_client):
        async def talk(client):
            stream = client.stream("Ada")
            check_hello([event async for event in stream])
            assert stream.outcome is Outcome.SETTLED
            assert await client.text("Ada") == "Hello Ada "
            task = await client.send("Ada")
            assert (task.state, task.text) == (TaskState.COMPLETED, "Hello Ada ")
            assert (await client.get(task.id, history_length=0)).history == ()
            unfinished = await client.send("wait", wait=False)
            assert unfinished.state in (TaskState.SUBMITTED, TaskState.WORKING)
            assert (await client.cancel(unfinished.id)).state is TaskState.CANCELED

            await self.failure(client)
            await self.cancelling(client)
            await self.resuming(client)
            await self.asking(client)
            await self.at_once(client)
            assert await client.text("long 200000") == "é" * 200_000

        with_client(talk)

    async def failure(self, client):
        with pytest.raises(AgentError, match="the task is failed: The agent failed"):
            await client.text("fail")
        with pytest.raises(RpcError) as refused:
            await client.cancel("nobody")
        assert refused.value.code == -32001

    async def cancelling(self, client):
        stream = client.stream("wait")
        with pytest.raises(LocalProtocolError, match="read its first event"):
            await stream.cancel()
        await anext(stream)
        assert (await stream.cancel()).state is TaskState.CANCELED
        assert [event.state async for event in stream][-1] is TaskState.CANCELED

    async def resuming(self, client):
        async with client.stream("wait") as stream:
            async for event in stream:
                if event.text:
                    break
        async with client.resume(stream.task_id, after=event.offset - 1) as rest:
            again = await anext(rest)
            assert (again.offset, again.text) == (event.offset, "waiting ")
            await client.cancel(stream.task_id)
            assert [event.state async for event in rest][-1] is TaskState.CANCELED

    async def asking(self, client):
        stream = client.stream("ask")
        assert [event.state async for event in stream][-1] is TaskState.INPUT_REQUIRED
        assert await client.text("May", task_id=stream.task_id) == "Hello May "

    async def at_once(self, client):
        """Many streams at a time, and one whose reader is cancelled in the midst of it."""
        answers = {}

        async def read(number):
            answers[number] = await client.text(f"count {number}")

        async def read_and_be_cancelled():
            async with client.stream("wait") as stream:
                async for _ in stream:
                    pass

        async with anyio.create_task_group() as group, anyio.create_task_group() as cancelled:
            cancelled.start_soon(read_and_be_cancelled)
            for number in range(10, 200, 10):
                group.start_soon(read, number)
            await anyio.wait_all_tasks_blocked()
            cancelled.cancel_scope.cancel()
        assert answers == {number: "".join(f"{each} " for each in range(number)) for number in range(10, 200, 10)}

    def test_an_error_of_the_body_comes_out_as_it_is(self, with_client):
        async def talk(client):
            assert await client.text("Ada")
            raise KeyError("mine")

        with pytest.raises(KeyError, match="mine"):
            with_client(talk)
