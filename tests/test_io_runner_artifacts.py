"""Runner: when the end of an artifact is out, and what becomes of one that is cut short."""

import threading

import anyio
import pytest

from hocket.a2a import TaskArtifactUpdateEvent, TaskState
from hocket_io import AsyncClient
from support.agents import agent_of


async def chunks_until(client, is_enough):
    """(artifact, append, last) of each chunk, up to the first that is enough, and the stream."""
    seen, stream = [], client.stream("go")
    async for event in stream:
        if isinstance(event.item, TaskArtifactUpdateEvent):
            seen.append((event.item.artifact.artifact_id, event.item.append, event.item.last_chunk))
            if is_enough(*seen[-1]):
                return seen, stream
    raise AssertionError(f"that was all: {seen}")


def test_the_end_of_an_artifact_is_out_before_a_thread_goes_on(run):
    go_on = threading.Event()

    def blocks(task):
        with task.artifact("report"):
            yield "one"
        assert go_on.wait(10), "the end was kept back"
        yield "after"

    async def talk():
        async with AsyncClient(agent_of(blocks)) as client:
            seen, stream = await chunks_until(client, lambda artifact_id, append, last: last)
            go_on.set()
            rest = [event async for event in stream]
            return seen, rest

    seen, rest = run(talk)
    assert seen == [("report", False, False), ("report", True, True)]
    assert "".join(event.text for event in rest) == "after"


def test_the_end_of_an_artifact_is_out_before_an_async_function_waits(run):
    async def waits(task):
        with task.artifact("report"):
            yield "one"
        await go_on.wait()
        yield "after"

    async def talk():
        nonlocal go_on
        go_on = anyio.Event()
        async with AsyncClient(agent_of(waits)) as client:
            seen, stream = await chunks_until(client, lambda artifact_id, append, last: last)
            go_on.set()
            rest = [event async for event in stream]
            return seen, rest

    go_on = None
    seen, rest = run(talk)
    assert seen == [("report", False, False), ("report", True, True)]
    assert "".join(event.text for event in rest) == "after"


def raises_in_a_thread(task):
    with task.artifact("report"):
        yield "as far"
        raise ValueError("no")


async def raises_on_the_loop(task):
    with task.artifact("report"):
        yield "as far"
        raise ValueError("no")


@pytest.mark.parametrize("function", [raises_in_a_thread, raises_on_the_loop])
def test_an_artifact_is_complete_before_its_function_fails(run, function):
    async def talk():
        async with AsyncClient(agent_of(function)) as client:
            events = [event async for event in client.stream("go")]
            return [event.item for event in events if event.kind == "artifact"], events[-1].state

    chunks, state = run(talk)
    assert [(chunk.artifact.text, chunk.last_chunk) for chunk in chunks] == [("as far", False), ("", True)]
    assert state is TaskState.FAILED


def test_an_artifact_that_is_cancelled_stays_as_it_is(run):
    async def waits(task):
        with task.artifact("report"):
            yield "as far"
            await anyio.sleep_forever()

    async def talk():
        async with AsyncClient(agent_of(waits)) as client:
            _, stream = await chunks_until(client, lambda *chunk: True)
            await stream.cancel()
            rest = [event async for event in stream]
            return rest, await client.get(stream.task_id)

    rest, task = run(talk)
    assert (task.state, task.artifacts[0].text) == (TaskState.CANCELED, "as far")
    assert rest[-1].done
