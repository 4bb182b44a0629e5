"""Taps from end to end: every client and every server tells the same conversation, and without a tap there is none."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import hocket
import hocket_io
from hocket_io import AsyncClient, Client
from hocket_io.acp import AcpClient, BlockingAcpClient, HubHost
from hocket_io.http.asgi import App
from hocket_io.http.hub_app import HubApp
from hocket_io.tap import TappedApp
from support.agents import greeter
from support.clients import KINDS, tell
from support.serving import serving

ROOTS = [str(Path(package.__file__).parents[1]) for package in (hocket, hocket_io)]
SECRET = {"Authorization": "Bearer s3cret"}


@pytest.fixture(scope="module")
def served():
    """An agent and a hub at one URL, each behind a tap: (URL, what was told)."""
    seen = []

    def make_app(url):
        agents, hub = TappedApp(App(greeter()), seen.append), TappedApp(HubApp(HubHost()), seen.append)

        async def app(scope, receive, send):
            if scope["type"] == "lifespan":
                return await agents(scope, receive, send)
            is_for_hub = scope["path"].startswith(("/jsonrpc", "/streams", "/health"))
            return await (hub if is_for_hub else agents)(scope, receive, send)

        return app

    with serving(make_app) as url:
        yield url, seen


def is_beginning(received, sent):
    """Whether what was sent has arrived; but for a last word that nobody waits for."""
    return sent[: len(received)] == received and len(sent) - len(received) <= 1


def frames(seen, direction=None):
    return [each.frame for each in seen if each.frame and direction in (None, each.direction)]


async def story(client):
    return await client.read(client.client.stream("Ada"))


def words(seen):
    """What an agent said, as the frames have it."""
    said = []
    for frame in frames(seen, "in"):
        match json.loads(frame):
            case {"result": {"artifactUpdate": {"artifact": {"parts": parts}}}} | {
                "params": {"result": {"artifactUpdate": {"artifact": {"parts": parts}}}}
            }:
                said += [part["text"] for part in parts]
    return "".join(said)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("way", ["http", "ws"])
def test_both_sides_tell_the_same_conversation(served, kind, way):
    url, told = served
    before, here = {each.channel for each in told}, []
    target = url if way == "http" else url.replace("http", "ws", 1)
    events = tell(kind, story, target, headers=SECRET, tap=here.append)
    assert words(here) == "".join(event.text for event in events if event.kind == "artifact") != ""
    there = [each for each in told if each.channel not in before]
    assert is_beginning(frames(there, "in"), frames(here, "out"))
    assert is_beginning(frames(here, "in"), frames(there, "out"))
    assert {each.transport for each in here} == {"http" if way == "http" else "websocket"}
    assert {each.peer for each in here} == {target}
    assert "s3cret" not in repr(here + there)
    assert [each.end for each in here][-1] == "orderly"


@pytest.mark.parametrize("kind", KINDS)
def test_in_memory_too(kind):
    seen = []
    events = tell(kind, story, greeter(), tap=seen.append)
    assert words(seen) == "".join(event.text for event in events if event.kind == "artifact") != ""
    assert {(each.transport, each.peer) for each in seen} == {("memory", greeter().name)}
    assert [each.note for each in seen if each.note] == ["connected", "closed", "closed"]


@pytest.mark.parametrize("kind", ["blocking", "asyncio"])
def test_a_child_that_dies_is_told_with_its_exit_code(kind):
    seen = []
    target = f"stdio:{sys.executable} -c 'print(\"oops\"); input(); raise SystemExit(3)'"

    async def ask(client):
        with pytest.raises(hocket.errors.ConnectionFailed):
            await client.ask("get", "t1")

    tell(kind, ask, target, tap=seen.append)
    assert {each.peer for each in seen} == {f"stdio:{Path(sys.executable).name}"}
    assert b"oops" in frames(seen, "in")
    broken = [each.note for each in seen if each.end == "broken"]
    assert len(broken) == 1
    assert "exit code 3" in broken[0]


@pytest.mark.parametrize("kind", KINDS)
def test_a_websocket_that_cannot_be_opened_is_told(kind):
    seen = []
    with pytest.raises(hocket.errors.ConnectionFailed) as failure:
        tell(kind, story, "ws://127.0.0.1:9/?token=s3cret", tap=seen.append)
    assert {(each.direction, each.note, each.end) for each in seen} == {("out", str(failure.value), "broken")}
    assert {each.peer for each in seen} == {"ws://127.0.0.1:9/"}


def test_a_hub_and_its_clients_tell_the_same_over_http_and_websocket(served):
    url, there = served
    base, there_before = url.rstrip("/"), len(there)
    here = {"http": [], "ws": []}
    with (
        BlockingAcpClient(base.replace("http", "ws", 1), agent="ada", token="s3cret", tap=here["ws"].append) as ada,
        BlockingAcpClient(base, agent="bob", token="s3cret", tap=here["http"].append) as bob,
    ):
        stream = ada.start(["bob"])
        joined = bob.join(stream.stream_id)
        joined.send("Hello Ada")
        for event in stream:
            if "Hello Ada" in repr(event):
                break
        stream.end("done")
    told = there[there_before:]
    assert any(b"Hello Ada" in frame for frame in frames(here["http"], "out"))
    assert any(b"Hello Ada" in frame for frame in frames(here["ws"], "in"))
    for frame in frames(here["ws"], "out") + frames(here["http"], "out"):
        assert frame in frames(told, "in")
    assert "s3cret" not in repr(told) + repr(here)
    assert any(each.note.startswith("GET /streams/") for each in here["http"]), "its feed"


def test_a_client_of_a_hub_in_the_same_process_tells_what_passes(run):
    seen = []

    async def main():
        async with HubHost() as host, AcpClient(host, agent="ada", tap=seen.append) as ada:
            stream = await ada.start(["bob"])
            await stream.end()

    run(main)
    assert {each.transport for each in seen} == {"memory"}
    assert json.loads(frames(seen, "out")[0])["method"] == "stream.start"


def test_what_is_given_as_a_tap_and_is_none_is_refused_at_once():
    for make in (Client, AsyncClient):
        with pytest.raises(hocket.errors.LocalProtocolError, match="tap must be a function that is told what passes"):
            make("http://127.0.0.1:1", tap="frames.ndjson")


# At no cost


def test_without_a_tap_every_transport_is_the_bare_one(run):
    from hocket_io.pipes.memory import MemoryPipe
    from hocket_io.pipes.portal import PortalPipe

    with Client(greeter()) as client:
        assert type(client.transport.pipe) is PortalPipe
    with Client("http://127.0.0.1:1") as client:
        assert client.transport._client.event_hooks == {"request": [], "response": []}

    async def main():
        async with AsyncClient(greeter()) as client:
            assert type(client.transport.pipe) is MemoryPipe
        async with AsyncClient("http://127.0.0.1:1") as client:
            assert client.transport._client.event_hooks == {"request": [], "response": []}

    run(main)


@pytest.mark.process
def test_without_a_tap_the_taps_are_not_even_imported():
    program = f"""
import sys
sys.path[:0] = {ROOTS!r}
import anyio
from hocket import Agent
from hocket_io import AsyncClient, Client, serve
from hocket_io.acp import AcpClient, BlockingAcpClient, HubHost
from hocket_io.acp.server import serve_hub
from hocket_io.http.asgi import App
from hocket_io.stdio import serve_stdio
from hocket_io.websocket.pipe import WebSocketPipe

agent = Agent("hello")
agent.stream(lambda task: "Hello " + task.text)
with Client(agent) as client:
    assert client.text("Ada") == "Hello Ada"
with Client("http://127.0.0.1:1"):
    pass

async def main():
    async with AsyncClient(agent) as client:
        assert await client.text("Ada") == "Hello Ada"
    async with HubHost() as host, AcpClient(host, agent="ada") as ada:
        await ada.start(["bob"])

anyio.run(main)
print([name for name in sys.modules if name.startswith("hocket_io.tap")])
"""
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30)
    assert (ended.stdout, ended.stderr) == ("[]\n", "")
