"""What an agent says after it was told to stop, however long that takes: it is the agent's own end."""

import anyio
import pytest

import hocket_io.runner.runner
from hocket.a2a import TaskState
from hocket.errors import RpcError
from hocket_io import AsyncClient
from support.agents import agent_of


@pytest.fixture(autouse=True)
def every_value_is_slow(monkeypatch):
    monkeypatch.setattr(hocket_io.runner.runner, "_SLICE", 0.0)


def test_an_agent_that_takes_its_time_may_finish_instead_of_being_cancelled(run):
    async def talk():
        async def stubborn(task):
            yield "first "
            try:
                is_waiting.set()
                await anyio.sleep_forever()
            except anyio.get_cancelled_exc_class():
                pass
            yield "and "
            yield "last"

        is_waiting = anyio.Event()
        async with AsyncClient(agent_of(stubborn)) as client:
            stream = client.stream("go")
            await anext(stream)
            await is_waiting.wait()
            with pytest.raises(RpcError, match="completed already"):
                await stream.cancel()
            return [event async for event in stream]

    rest = run(talk)
    assert "".join(event.text for event in rest) == "first and last"
    assert rest[-1].state is TaskState.COMPLETED


def test_an_agent_that_never_waits_is_cancelled_between_two_values(run):
    async def talk():
        closed = anyio.Event()

        async def busy(task):
            try:
                while True:
                    yield "more "
            finally:
                closed.set()

        async with AsyncClient(agent_of(busy)) as client:
            stream = client.stream("go")
            async for event in stream:
                if event.text:
                    break
            assert (await stream.cancel()).state is TaskState.CANCELED
            await closed.wait()
            return [event async for event in stream][-1].state

    assert run(talk) is TaskState.CANCELED
