"""A client that is closed while streams of it are open: each of them ends, says why, and asks nobody anything more."""

import asyncio
import gc
import json
import threading

import anyio
import pytest

from hocket import Agent
from hocket.a2a import Outcome
from hocket.backoff import Backoff
from hocket_io import AsyncClient, Client
from hocket_io.http.asgi import App
from support.cancelling import complaints
from support.clients import KINDS
from support.serving import serving
from support.web import web
from support.wire import TASK

CUT = "the stream was cut in state working: the client was closed"
LATER = Backoff(base=600.0, maximum=600.0, jitter=False)
WAYS = ["http", "websocket", "memory"]


def make_agent():
    agent = Agent("desk")

    @agent.stream
    async def desk(task):
        yield "one "
        await anyio.sleep_forever()

    return agent


@pytest.fixture(scope="module")
def served():
    """The URL of an agent, and what it was asked: a request or a WebSocket each."""
    asked = []

    def counted(app):
        async def count(scope, receive, send):
            asked.append(scope["type"])
            await app(scope, receive, send)

        return count

    with serving(lambda url: counted(App(make_agent()))) as url:
        yield url, asked


@pytest.fixture(params=WAYS)
def target(request, served):
    url, _ = served
    return {"http": url, "websocket": url.replace("http:", "ws:"), "memory": make_agent()}[request.param]


def is_at_work(event):
    return event.text == "one "


@pytest.mark.parametrize("kind", KINDS)
def test_a_stream_that_is_read_after_its_client_was_closed(kind, target, served):
    if kind == "blocking":
        with Client(target) as client:
            stream = client.stream("Ada")
            assert any(is_at_work(event) for event in stream)
        so_far = len(served[1])
        rest = list(stream)
    else:

        async def on_a_loop():
            async with AsyncClient(target) as client:
                stream = client.stream("Ada")
                while not is_at_work(await anext(stream)):
                    pass
            so_far = len(served[1])
            with anyio.fail_after(10):
                return stream, so_far, [event async for event in stream]

        stream, so_far, rest = anyio.run(on_a_loop, backend=kind)
    assert [(event.kind, event.done, str(event.error)) for event in rest] == [("cut", True, CUT)]
    assert stream.outcome is Outcome.CUT
    assert len(served[1]) == so_far


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_stream_that_a_task_waits_for(backend, target):
    async def on_a_loop():
        events, begun = [], anyio.Event()

        async def read(client):
            async for event in client.stream("Ada"):
                events.append(event)
                if is_at_work(event):
                    begun.set()

        with anyio.fail_after(10):
            async with anyio.create_task_group() as group, AsyncClient(target) as client:
                group.start_soon(read, client)
                await begun.wait()
                await anyio.wait_all_tasks_blocked()
        return events

    last = anyio.run(on_a_loop, backend=backend)[-1]
    assert (last.kind, last.done, str(last.error)) == ("cut", True, CUT)


def test_a_stream_that_a_thread_waits_for(served):
    url, _ = served
    events, begun = [], threading.Event()

    def read(client):
        for event in client.stream("Ada"):
            events.append(event)
            if is_at_work(event):
                begun.set()

    with Client(url.replace("http:", "ws:")) as client:
        reader = threading.Thread(target=read, args=[client])
        reader.start()
        assert begun.wait(10)
    reader.join(10)
    assert not reader.is_alive()
    assert (events[-1].kind, str(events[-1].error)) == ("cut", CUT)


@pytest.fixture
def broken():
    """The URL of a server whose streams break after the first event."""
    event = json.dumps({"jsonrpc": "2.0", "id": "1", "result": {"task": TASK}})

    def answer(request):
        if request.command == "GET":
            request.reply(404, b"")
        else:
            request.reply(200, f"data: {event}\n\n".encode(), "text/event-stream")

    with web(answer) as (url, _):
        yield url


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_task_that_waits_for_its_next_attempt_waits_no_longer(backend, broken):
    async def on_a_loop():
        kinds, is_cut = [], anyio.Event()

        async def read(client):
            async for event in client.stream("Ada"):
                kinds.append(event.kind)
                if event.kind == "cut":
                    is_cut.set()

        with anyio.fail_after(10):
            async with anyio.create_task_group() as group, AsyncClient(broken, resume=LATER) as client:
                group.start_soon(read, client)
                await is_cut.wait()
        return kinds

    assert anyio.run(on_a_loop, backend=backend) == ["task", "cut", "cut"]


def test_a_thread_that_waits_for_its_next_attempt_waits_no_longer(broken):
    kinds, is_cut = [], threading.Event()

    def read(client):
        for event in client.stream("Ada"):
            kinds.append(event.kind)
            if event.kind == "cut":
                is_cut.set()

    with Client(broken, resume=LATER) as client:
        reader = threading.Thread(target=read, args=[client], daemon=True)
        reader.start()
        assert is_cut.wait(10)
    reader.join(10)
    assert kinds == ["task", "cut", "cut"]


@pytest.mark.parametrize("how", ["runs out", "read on"])
def test_a_stream_that_outlives_its_client_leaves_nothing_to_the_end_of_the_loop(served, how):
    """Of generators in each other, asyncio would close the inner ones first, and complain of it."""
    url, _ = served

    async def main():
        async with AsyncClient(url) as client:
            stream = client.stream("Ada")
            while not is_at_work(await anext(stream)):
                pass
        if how == "read on":
            assert [str(event.error) async for event in stream] == [CUT]

    with complaints() as heard:
        asyncio.run(main())
        gc.collect()
    assert heard == []
