"""What serves, cancelled at any wait and in any way: an ASGI call, a host, an agent on a pipe, a hub."""

import json
import os
from contextlib import asynccontextmanager, contextmanager

import anyio
import pytest

from hocket_io.acp import HubHost
from hocket_io.acp.serving import serve_tcp
from hocket_io.host import Host
from hocket_io.http.asgi import App
from hocket_io.http.hub_app import HubApp
from hocket_io.stdio import StandardStreams, serve_stdio
from support import hubs
from support.agents import agent_of
from support.asgi import Lifespan, Request, host_of, message, post, rpc
from support.cancelling import WAYS, cancel_everywhere
from support.hosts import ask, has_ended, read
from support.hubs import WebSocket


@pytest.fixture(params=WAYS)
def way(request):
    return request.param


async def desk(task):
    for number in range(3):
        yield f"{number} "
        await anyio.sleep(0)


def plain(task):
    yield from "ab"


@asynccontextmanager
async def running_app(function=desk):
    app = App(agent_of(function))
    async with Lifespan(app):
        yield app


@pytest.mark.parametrize("function", [desk, plain])
def test_the_calls_of_an_app(way, function):
    """Whoever made them is gone: neither a link is left, nor an answer to be written, and the next call is answered."""

    async def calls(app):
        assert (await Request(app, "GET", "/.well-known/agent-card.json").perform()).status == 200
        assert (await post(app, "message/send", message()).perform()).json()["result"]["status"]["state"] == "completed"
        assert (await post(app, "message/stream", message(messageId="m-2")).perform()).is_complete

    async def works(app):
        assert host_of(app)._links == {}
        assert app._site.hosts.answers == {}
        await calls(app)

    cancel_everywhere(calls, way, around=lambda: running_app(function), after=works, step=2, fewest=4)


def test_a_websocket_of_an_app(way):
    async def talk(app):
        socket = WebSocket(app, "/")
        socket.say(rpc("message/stream", message()))
        async with anyio.create_task_group() as group:
            group.start_soon(leave_after, socket, '"state":"completed"')
            await socket.perform()

    async def works(app):
        assert host_of(app)._links == {}
        assert app._site.hosts.answers == {}
        await talk(app)

    cancel_everywhere(talk, way, around=running_app, after=works, fewest=4)


async def leave_after(socket, text):
    await socket.until(text)
    socket.leave()


@pytest.mark.parametrize("function", [desk, plain])
def test_a_host(way, function):
    async def body():
        async with Host(agent_of(function)) as host:
            link = host.open_link()
            ask(host, link)
            await read(link, has_ended)
            link.close()

    cancel_everywhere(body, way, fewest=3)


@contextmanager
def pipes():
    """Two pipes, and our ends of them: (what the agent is given, where to write, where to read)."""
    (stdin, write), (read, stdout) = os.pipe(), os.pipe()
    try:
        yield StandardStreams(stdin, stdout), write, read
    finally:
        for end in (stdin, stdout, read):
            os.close(end)


@asynccontextmanager
async def question():
    """A pipe with all its questions, and its end: what reads it in a thread is never left behind."""
    with pipes() as (streams, write, read):
        os.write(write, json.dumps(rpc("message/stream", message())).encode() + b"\n")
        os.close(write)
        yield streams, read


def test_an_agent_on_a_pipe(way):
    async def body(given):
        await serve_stdio(agent_of(desk), streams=given[0])

    cancel_everywhere(body, way, around=question, fewest=3)


ADA = [(b"x-agent-id", b"ada")]


@asynccontextmanager
async def running_hub_app():
    async with HubHost() as hub:
        yield HubApp(hub)


def test_the_calls_of_a_hub(way):
    """A POST, a feed to its end, and a WebSocket."""

    async def calls(app):
        first = await Request(app, path="/jsonrpc", body=hubs.body(hubs.start("ada")), headers=ADA).perform()
        stream_id = first.json()["result"]["stream"]["streamId"]
        feed = Request(app, "GET", f"/streams/{stream_id}", headers=[*ADA, (b"accept", b"text/event-stream")])
        end = hubs.call("stream.end", {"streamId": stream_id})
        async with anyio.create_task_group() as group:
            group.start_soon(feed.perform)
            while not feed.sent:
                await feed.news.wait()
            await Request(app, path="/jsonrpc", body=hubs.body(end), headers=ADA).perform()
        socket = WebSocket(app, headers=ADA)
        socket.say(hubs.start("ada"))
        async with anyio.create_task_group() as group:
            group.start_soon(leave_after, socket, '"result"')
            await socket.perform()

    async def works(app):
        assert app.host._links == {}
        assert app._open == {}
        await calls(app)

    cancel_everywhere(calls, way, around=running_hub_app, after=works, fewest=8)


def test_a_hub_that_listens(way):
    async def body():
        async with HubHost() as hub:
            with anyio.move_on_after(0.001):
                await serve_tcp(hub, "127.0.0.1", 0)

    cancel_everywhere(body, way, fewest=2)
