"""AsyncClient: cancelled at any of its waits, in any way, it ends at once and leaves nothing behind."""

import sys

import anyio
import pytest

from hocket_io import AsyncClient
from hocket_io.http.asgi import App
from support.agents import agent_of
from support.cancelling import WAYS, cancel_everywhere
from support.serving import serving


async def desk(task):
    if task.text == "ask":
        yield (yield task.ask("What?")).text
    for number in range(3):
        yield f"{number} "
        await anyio.sleep(0)


async def everything(target):
    async with AsyncClient(target) as client:
        question = client.stream("ask")
        async for _ in question:
            pass
        assert await question.answer("this").text() == "this0 1 2 "
        await client.send("count")
        async with client.stream("count") as stream:
            async for event in stream:
                if event.text:
                    break
        await client.get(stream.task_id)


@pytest.fixture(params=WAYS)
def way(request):
    return request.param


@pytest.fixture(scope="module")
def url():
    with serving(lambda url: App(agent_of(desk))) as url:
        yield url


def test_in_memory(way):
    agent = agent_of(desk)
    cancel_everywhere(lambda: everything(agent), way, fewest=8)


def test_over_http(way, url):
    cancel_everywhere(lambda: everything(url), way, step=3, fewest=5)


def test_over_a_websocket(way, url):
    pytest.importorskip("websockets")
    cancel_everywhere(lambda: everything(url.replace("http", "ws")), way, step=2, fewest=3)


CHILD = """
import json, sys
asked = json.loads(sys.stdin.readline())
said = {"messageId": "m", "role": "ROLE_AGENT", "parts": [{"text": "Hello"}]}
print(json.dumps({"jsonrpc": "2.0", "id": asked["id"], "result": {"message": said}}), flush=True)
sys.stdin.read()
"""


@pytest.mark.process
def test_over_a_child_process(way, tmp_path):
    """From its start to its end. It imports next to nothing: there is one for each round."""
    script = tmp_path / "agent.py"
    script.write_text(CHILD)

    async def body():
        async with AsyncClient(f"stdio:{sys.executable} -S -E {script}") as client:
            assert (await client.send("Ada")).text == "Hello"
            with anyio.move_on_after(0.001):
                await client.text("Grace")

    cancel_everywhere(body, way, fewest=6)


def endless(task):
    while True:
        yield "on and on "


async def async_endless(task):
    while True:
        yield "on and on "


@pytest.mark.parametrize("function", [endless, async_endless])
def test_a_reader_of_an_agent_that_never_pauses(way, function):
    """asyncio cancels what waits; a reader for whom there is always something new waits for nothing."""
    agent = agent_of(function)

    async def body():
        read = 0
        async with AsyncClient(agent) as client, client.stream("go") as stream:
            async for _ in stream:
                read += 1
                if read == 100:
                    break

    cancel_everywhere(body, way)
