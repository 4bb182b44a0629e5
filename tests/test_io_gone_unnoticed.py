"""Clients that go without a word, on a server that notices when it writes: one event or one keep-alive later at most.

In virtual time. What servers notice by themselves, at once, is in `test_io_servers`.
"""

import anyio
import pytest

from hocket_io.acp.host import HubHost
from hocket_io.host import Host
from hocket_io.http.asgi import App
from hocket_io.http.hub_app import HubApp
from support.agents import agent_of
from support.asgi import Lifespan, Request, host_of, message, post
from support.hubs import body, say, start

GONE = 20.0
"""When the client is gone. A keep-alive is due every 15 seconds, counted from the last event."""


@pytest.fixture(autouse=True)
def virtual_time(monkeypatch):
    for host in (Host, HubHost):
        monkeypatch.setattr(host, "now", lambda host: anyio.current_time())


def unheard(request):
    """A request whose client is gone after a while: `receive` never tells of it, and `send` only by an error."""

    async def receive():
        if request.pieces:
            return {"type": "http.request", "body": request.pieces.pop(0), "more_body": bool(request.pieces)}
        return await anyio.sleep_forever()

    async def send(told):
        if anyio.current_time() >= GONE:
            raise OSError("the connection was reset")
        request.sent.append(told)

    request.receive, request.send = receive, send
    return request


async def ended(request):
    await request.perform()
    return anyio.current_time()


@pytest.mark.parametrize(("speaks_at", "noticed_at"), [(None, 30.0), (19.0, 34.0), (22.0, 22.0), (29.9, 29.9)])
def test_a_reader_of_an_agent(run_in_no_time, speaks_at, noticed_at):
    stopped = []

    async def patient(task):
        try:
            if speaks_at is not None:
                await anyio.sleep(speaks_at)
                yield "a word"
            await anyio.sleep_forever()
        finally:
            stopped.append(anyio.current_time())

    async def talk():
        app = App(agent_of(patient, on_disconnect="cancel"))
        async with Lifespan(app):
            assert await ended(unheard(post(app, "message/stream", message()))) == pytest.approx(noticed_at)
            await anyio.wait_all_tasks_blocked()
            assert stopped == [pytest.approx(noticed_at)]
            assert host_of(app)._links == app._site.hosts.answers == {}

    run_in_no_time(talk)


@pytest.mark.parametrize(("speaks_at", "noticed_at"), [(None, 30.0), (19.0, 34.0), (22.0, 22.0)])
def test_a_reader_of_a_hub(run_in_no_time, speaks_at, noticed_at):
    async def talk():
        app = HubApp()

        async def told(what):
            posted = Request(app, path="/jsonrpc", body=body(what), headers=[(b"x-agent-id", b"ada")])
            return (await posted.perform()).json()

        async def speak(stream_id):
            await anyio.sleep(speaks_at)
            await told(say(stream_id, "a word"))

        async with Lifespan(app), anyio.create_task_group() as group:
            stream_id = (await told(start("ada", "bob")))["result"]["stream"]["streamId"]
            if speaks_at is not None:
                group.start_soon(speak, stream_id)
            fields = [(b"accept", b"text/event-stream"), (b"x-agent-id", b"bob")]
            feed = unheard(Request(app, "GET", f"/streams/{stream_id}", headers=fields))
            assert await ended(feed) == pytest.approx(noticed_at)
            assert app._open == {}
            group.cancel_scope.cancel()

    run_in_no_time(talk)
