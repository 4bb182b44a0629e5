"""Trio as the guest of an event loop of asyncio: in its tasks, nothing is taken for one of asyncio's."""

import asyncio

import httpx2
import pytest
import trio

from hocket_io import AsyncClient
from hocket_io.http.asgi import App
from support.agents import agent_of
from support.asgi import message, rpc


def as_guest(talk, *args):
    """What an async function gives under trio, which has no event loop to itself."""

    async def host():
        loop = asyncio.get_running_loop()
        over = loop.create_future()
        trio.lowlevel.start_guest_run(
            talk, *args, run_sync_soon_threadsafe=loop.call_soon_threadsafe, done_callback=over.set_result
        )
        return (await over).unwrap()

    return asyncio.run(host())


async def waits(task):
    for word in ("not ", "at ", "home"):
        yield word
        await trio.lowlevel.checkpoint()


def blocks(task):
    yield from ("not ", "at ", "home")


@pytest.mark.parametrize("function", [waits, blocks])
def test_an_agent_of_every_colour(function):
    async def talk():
        with trio.fail_after(20):
            async with AsyncClient(agent_of(function)) as client:
                return await client.text("where?")

    assert as_guest(talk) == "not at home"


def test_an_application_that_nobody_has_started():
    async def talk():
        transport = httpx2.ASGITransport(App(agent_of(waits)))
        async with httpx2.AsyncClient(transport=transport, base_url="http://localhost") as client:
            with trio.fail_after(20):
                answer = await client.post("/", json=rpc("message/stream", message("where?")))
        return answer.status_code, [word in answer.text for word in ("not ", "at ", "home", "completed")]

    assert as_guest(talk) == (200, [True] * 4)
