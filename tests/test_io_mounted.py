"""The application mounted in Starlette, which passes on no lifespan. (FastAPI is Starlette.)"""

from contextlib import asynccontextmanager

import anyio
import pytest

from hocket_io.http.asgi import App
from support.agents import agent_of, greeter
from support.asgi import Lifespan, Request, host_of, message, post, text_in

pytest.importorskip("starlette", reason="starlette is not installed")

from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route


def site(**apps):
    """An application with a page of its own, and agents below paths."""

    @asynccontextmanager
    async def lifespan(_):
        yield

    async def page(request):
        return PlainTextResponse("the site's own")

    mounts = [Mount(f"/{path}", app=app) for path, app in apps.items()]
    return Starlette(routes=[Route("/", page), *mounts], lifespan=lifespan)


@pytest.mark.parametrize("path", ["/ai/", "/ai/a2a"])
def test_a_stream(run, path):
    async def talk():
        app = site(ai=App(greeter()))
        async with Lifespan(app):
            assert (await Request(app, "GET", "/").perform()).content == b"the site's own"
            return await post(app, "message/stream", message(), path=path).perform()

    answer = run(talk)
    assert answer.headers[b"content-type"].startswith(b"text/event-stream")
    assert text_in(answer.events()) == "Hello Ada"
    assert answer.is_complete


def test_the_card_says_where_it_is_mounted(run):
    async def talk():
        app = site(ai=App(greeter()), other=App(greeter()))
        return await Request(app, "GET", "/ai/.well-known/agent-card.json").perform()

    assert run(talk).json()["url"] == "http://agent.example:8000/ai/"


def test_paths_of_http_json_and_of_the_gateway(run):
    async def talk():
        app = site(ai=App(greeter()))
        body = b'{"message": {"messageId": "m", "role": "ROLE_USER", "parts": [{"text": "Ada"}]}}'
        sent = await Request(app, path="/ai/message:send", body=body, headers=[(b"a2a-version", b"1.0")]).perform()
        task_id = sent.json()["task"]["id"]
        found = await Request(app, "GET", f"/ai/tasks/{task_id}", headers=[(b"a2a-version", b"1.0")]).perform()
        return found.json()["id"] == task_id, (await Request(app, "GET", "/ai/agents").perform()).status

    assert run(talk) == (True, 200)


def test_a_client_that_leaves_ends_a_task_that_nobody_else_reads(run):
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
