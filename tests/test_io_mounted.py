"""The application mounted in Starlette and in FastAPI, which pass on no lifespan."""

from contextlib import asynccontextmanager

import anyio
import pytest

from hocket_io.http.asgi import App
from support.agents import agent_of, greeter
from support.asgi import Lifespan, Request, host_of, message, post, rpc, text_in
from support.hubs import WebSocket


@asynccontextmanager
async def lifespan(_):
    yield


def in_starlette(**apps):
    """An application with a page of its own, and agents below paths."""
    pytest.importorskip("starlette", reason="Starlette is not installed")
    from starlette.applications import Starlette
    from starlette.responses import PlainTextResponse
    from starlette.routing import Mount, Route

    async def page(request):
        return PlainTextResponse("the site's own")

    mounts = [Mount(f"/{path}", app=app) for path, app in apps.items()]
    return Starlette(routes=[Route("/", page), *mounts], lifespan=lifespan)


def in_fastapi(**apps):
    """The same."""
    pytest.importorskip("fastapi", reason="FastAPI is not installed")
    from fastapi import FastAPI
    from fastapi.responses import PlainTextResponse

    site = FastAPI(lifespan=lifespan)

    @site.get("/", response_class=PlainTextResponse)
    async def page():
        return "the site's own"

    for path, app in apps.items():
        site.mount(f"/{path}", app)
    return site


@pytest.fixture(params=[in_starlette, in_fastapi])
def site(request):
    return request.param


@pytest.mark.parametrize("path", ["/ai/", "/ai/a2a"])
def test_a_stream(run, site, path):
    async def talk():
        app = site(ai=App(greeter()))
        async with Lifespan(app):
            assert (await Request(app, "GET", "/").perform()).content == b"the site's own"
            return await post(app, "message/stream", message(), path=path).perform()

    answer = run(talk)
    assert answer.headers[b"content-type"].startswith(b"text/event-stream")
    assert text_in(answer.events()) == "Hello Ada"
    assert answer.is_complete


def test_the_card_says_where_it_is_mounted(run, site):
    async def talk():
        app = site(ai=App(greeter()), other=App(greeter()))
        return await Request(app, "GET", "/ai/.well-known/agent-card.json").perform()

    assert run(talk).json()["url"] == "http://agent.example:8000/ai/"


def test_paths_of_http_json_and_of_the_gateway(run, site):
    async def talk():
        app = site(ai=App(greeter()))
        body = b'{"message": {"messageId": "m", "role": "ROLE_USER", "parts": [{"text": "Ada"}]}}'
        sent = await Request(app, path="/ai/message:send", body=body, headers=[(b"a2a-version", b"1.0")]).perform()
        task_id = sent.json()["task"]["id"]
        found = await Request(app, "GET", f"/ai/tasks/{task_id}", headers=[(b"a2a-version", b"1.0")]).perform()
        return found.json()["id"] == task_id, (await Request(app, "GET", "/ai/agents").perform()).status

    assert run(talk) == (True, 200)


def test_a_client_that_leaves_ends_a_task_that_nobody_else_reads(run, site):
    async def talk():
        async def wait(task):
            yield "before"
            await anyio.sleep_forever()

        agents = App(agent_of(wait, on_disconnect="cancel"))
        app = site(ai=agents)
        async with anyio.create_task_group() as group:
            request = post(app, "message/stream", message(), path="/ai/")
            group.start_soon(request.perform)
            await request.until(b"before")
            request.leaves.set()
        await anyio.wait_all_tasks_blocked()
        assert agents._site.hosts.answers == {}
        assert host_of(agents)._links == {}
        assert host_of(agents)._runner._running == {}

    run(talk)


def test_a_websocket(run, site):
    async def talk():
        socket = WebSocket(site(ai=App(greeter())), "/ai/ws")
        async with anyio.create_task_group() as group:
            group.start_soon(socket.perform)
            socket.say(rpc("message/stream", message()))
            await socket.until("completed")
            socket.leave()
        return [frame["params"]["result"] for frame in socket.messages if "params" in frame]

    assert text_in(run(talk)) == "Hello Ada"


def test_two_mounts_have_tasks_of_their_own(run, site):
    async def talk():
        app = site(ai=App(greeter()), other=App(greeter()))
        sent = await post(app, "message/send", message(), path="/ai/").perform()
        asked = {"id": sent.json()["result"]["id"]}
        return [(await post(app, "tasks/get", asked, path=path).perform()).json() for path in ("/ai/", "/other/")]

    found, unknown = run(talk)
    assert "result" in found
    assert unknown["error"]["code"] == -32001
