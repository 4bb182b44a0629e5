"""WebSocketPipe: a WebSocket as a pipe of lines, and clients that have one."""

import json
from contextlib import asynccontextmanager

import anyio
import pytest

from hocket.errors import AuthenticationError, ConnectionFailed, LimitExceeded, StreamCut
from hocket.heartbeat import Heartbeat
from hocket.http import bearer_tokens
from hocket_io import AsyncClient, Client
from hocket_io.http.asgi import App
from hocket_io.timeouts import Phases
from hocket_io.websocket import pipe as websocket_pipe
from hocket_io.websocket.connection import speak_websocket
from hocket_io.websocket.pipe import _AHEAD, WebSocketPipe
from support.agents import greeter
from support.serving import serving
from support.streams import stream_pair
from support.websockets import WebSocketPeer, echo, never, nothing

URL = "ws://ada:s3cret@agent.example/"
LIMIT = 8 * _AHEAD


@asynccontextmanager
async def at_the_other_end(script, monkeypatch, *, buffered=1_000):
    """Whoever opens a WebSocket has a peer that follows the script, and then reads until the end."""
    near, far = stream_pair(buffered)
    peer = WebSocketPeer(far)

    async def open_it(url, *, tls, proxy, **options):
        return await speak_websocket(near, url, **options)

    async def follow():
        await peer.accept()
        await script(peer)
        while await peer.read() is not None:
            pass

    monkeypatch.setattr(websocket_pipe, "open_websocket", open_it)
    async with anyio.create_task_group() as group:
        group.start_soon(follow)
        yield peer
        group.cancel_scope.cancel()
    assert near.is_closed


async def read_lines(pipe, number):
    """So many lines, whichever of them come together."""
    data = b""
    while data.count(b"\n") < number:
        data += await pipe.receive()
    return [line + b"\n" for line in data.removesuffix(b"\n").split(b"\n")]


def test_what_has_arrived_is_given_together(run, monkeypatch):
    async def talk():
        async with (
            at_the_other_end(lambda peer: peer.say(b"1", b"2", b"3"), monkeypatch),
            WebSocketPipe(URL, {}, LIMIT) as pipe,
        ):
            await anyio.wait_all_tasks_blocked()
            assert await pipe.receive() == b"1\n2\n3\n"

    run(talk)


@pytest.mark.parametrize(
    ("timeout", "connect", "heartbeat"),
    [
        (Phases(), 10.0, Heartbeat(20.0, 20.0)),
        (Phases(connect=1.0, read=10.0), 1.0, Heartbeat(5.0, 5.0)),
        (Phases(connect=None, read=None), None, None),
    ],
)
def test_how_long_it_waits(run, monkeypatch, timeout, connect, heartbeat):
    async def refuse(url, **options):
        told.update(options)
        raise ConnectionFailed("no")

    async def talk():
        with pytest.raises(ConnectionFailed):
            await WebSocketPipe(URL, {}, LIMIT, timeout=timeout).__aenter__()

    told = {}
    monkeypatch.setattr(websocket_pipe, "open_websocket", refuse)
    run(talk)
    assert (told["timeout"], told["heartbeat"]) == (connect, heartbeat)


def test_each_line_is_a_message(run, monkeypatch):
    async def script(peer):
        assert [await peer.read_text(), await peer.read_text()] == [b'{"id":1}', b'{"id":2}']
        await peer.say(b'{\n  "id": 1,\r\n  "result": "a\\nb"\n}', b'{"id":2}')

    async def talk():
        async with at_the_other_end(script, monkeypatch) as peer, WebSocketPipe(URL, {"X-Who": "ada"}, LIMIT) as pipe:
            await pipe.send(b'{"id":1}\n{"id":2}\n')
            lines = await read_lines(pipe, 2)
            assert [json.loads(line) for line in lines] == [{"id": 1, "result": "a\nb"}, {"id": 2}]
            assert peer.request.headers["X-Who"] == "ada"

    run(talk)


def test_what_came_before_the_end_is_given_and_the_end_has_a_reason(run, monkeypatch):
    async def script(peer):
        await peer.say(b"1", b"2")
        await peer.close(1012, "new year")

    async def talk():
        async with at_the_other_end(script, monkeypatch), WebSocketPipe(URL, {}, LIMIT) as pipe:
            assert "still connected" in str(await pipe.farewell())
            assert await read_lines(pipe, 2) == [b"1\n", b"2\n"]
            assert [await pipe.receive() for _ in range(2)] == [b"", b""]
            with pytest.raises(ConnectionFailed, match=r"\(1012\): new year"):
                await pipe.send(b"3\n")
            reason = str(await pipe.farewell())
            assert "ws://agent.example/ is being restarted (1012): new year" in reason
            assert "s3cret" not in reason

    run(talk)


@pytest.mark.parametrize(("code", "reason"), [(1000, "closed the connection"), (4001, "does not take these credent")])
def test_other_ends(run, monkeypatch, code, reason):
    async def talk():
        async with at_the_other_end(lambda peer: peer.close(code), monkeypatch), WebSocketPipe(URL, {}, LIMIT) as pipe:
            assert await pipe.receive() == b""
            assert reason in str(await pipe.farewell())
            with pytest.raises(ConnectionFailed):
                await pipe.send(b"3\n")

    run(talk)


@pytest.mark.parametrize(
    ("code", "kind", "reason"),
    [(4004, ConnectionFailed, "knows no such stream"), (4001, AuthenticationError, "does not take these credentials")],
)
def test_whoever_learns_of_the_end_by_writing_is_told_why_as_well(run, monkeypatch, code, kind, reason):
    async def write_on(pipe):
        while True:
            await pipe.send(b"1\n")

    async def talk():
        async with at_the_other_end(lambda peer: peer.close(code), monkeypatch), WebSocketPipe(URL, {}, LIMIT) as pipe:
            with pytest.raises(ConnectionFailed, match=reason):
                await write_on(pipe)
            end = await pipe.farewell()
            assert isinstance(end, kind)
            assert reason in str(end)

    run(talk)


def test_whoever_learns_of_a_limit_by_writing_is_told_of_it(run, monkeypatch):
    async def write_on(pipe):
        while True:
            await pipe.send(b"1\n")

    async def talk():
        too_much = b"x" * (LIMIT + 1)
        async with (
            at_the_other_end(lambda peer: peer.say(too_much), monkeypatch, buffered=2 * LIMIT),
            WebSocketPipe(URL, {}, LIMIT) as pipe,
        ):
            with pytest.raises(ConnectionFailed, match="more than frame"):
                await write_on(pipe)
            assert isinstance(await pipe.farewell(), LimitExceeded)

    run(talk)


def test_closing_it_wakes_whoever_waits(run, monkeypatch):
    async def talk():
        async with (
            at_the_other_end(nothing, monkeypatch),
            WebSocketPipe(URL, {}, LIMIT) as pipe,
            anyio.create_task_group() as group,
        ):
            got = []

            async def wait():
                got.append(await pipe.receive())

            group.start_soon(wait)
            await anyio.wait_all_tasks_blocked()
            await pipe.aclose()
            while not got:
                await anyio.lowlevel.checkpoint()
            assert got == [b""]
            assert "was closed" in str(await pipe.farewell())

    run(talk)


def test_it_reads_ahead_so_far_and_no_further(run, monkeypatch):
    piece = b"x" * (_AHEAD // 4)

    async def script(peer):
        for sent in range(1, 41):
            await peer.say(piece)
            said.append(sent)

    async def talk():
        async with at_the_other_end(script, monkeypatch, buffered=0), WebSocketPipe(URL, {}, LIMIT) as pipe:
            await anyio.wait_all_tasks_blocked()
            assert 4 <= len(said) <= 7
            assert await read_lines(pipe, 40) == [piece + b"\n"] * 40

    said = []
    run(talk)


def test_an_agent_that_writes_before_it_reads_is_read_while_something_is_sent(run, monkeypatch):
    piece = b"x" * (_AHEAD // 2)

    async def script(peer):
        for _ in range(8):
            await peer.say(piece)
        told.append(await peer.read_text())

    async def talk():
        async with at_the_other_end(script, monkeypatch, buffered=0), WebSocketPipe(URL, {}, LIMIT) as pipe:
            await anyio.wait_all_tasks_blocked()
            await pipe.send(b"listen\n")
            while not told:
                await anyio.lowlevel.checkpoint()
            assert told == [b"listen"]

    told = []
    run(talk)


def test_whoever_is_cancelled_has_a_last_word(run, monkeypatch):
    async def talk():
        async with at_the_other_end(echo, monkeypatch):
            with anyio.CancelScope() as scope:
                async with WebSocketPipe(URL, {}, LIMIT) as pipe:
                    scope.cancel()
                    with anyio.CancelScope(shield=True):
                        await pipe.send(b"bye\n")
                        assert await pipe.receive() == b"bye\n"

    run(talk)


def test_a_stream_that_was_cut_says_by_what(run, monkeypatch):
    async def script(peer):
        await peer.read_text()
        await peer.close(1012)

    async def talk():
        async with at_the_other_end(script, monkeypatch), AsyncClient(URL) as client:
            assert await client.card() is None
            with pytest.raises(StreamCut, match=r"is being restarted \(1012\)"):
                await client.text("Ada")
            with pytest.raises(ConnectionFailed, match="broke"):  # it was tried again: the other end is gone for good
                await client.get("t-1")

    run(talk)


def test_what_is_larger_than_the_limit_is_told(run, monkeypatch):
    async def script(peer):
        await peer.say(b"x" * 101)

    async def talk():
        async with at_the_other_end(script, monkeypatch), WebSocketPipe(URL, {}, 100) as pipe:
            assert await pipe.receive() == b""
            end = await pipe.farewell()
            assert isinstance(end, LimitExceeded)
            assert (end.option, end.maximum) == ("frame", 100)

    run(talk)


def test_leaving_while_nothing_is_answered(run, monkeypatch):
    async def talk():
        async with at_the_other_end(never, monkeypatch), AsyncClient(URL) as client:
            with anyio.move_on_after(0.01) as waiting:
                await client.text("Ada")
            assert waiting.cancelled_caught

    run(talk)


@pytest.mark.process
def test_both_clients_at_a_real_server():
    def make_app(url):
        return App({"one": greeter()}, root="one", authenticate=bearer_tokens({"s3cret": "ada"}))

    async def talk(url, headers):
        async with AsyncClient(f"{url}agents/one/ws", headers=headers) as client:
            return await client.text("Grace")

    with serving(make_app) as http:
        url, headers = f"ws{http.removeprefix('http')}", {"Authorization": "Bearer s3cret"}
        with pytest.raises(AuthenticationError, match="HTTP 401: Authentication failed"):
            Client(url).__enter__()
        with pytest.raises(ConnectionFailed, match=r"HTTP 404 .*there is no agent at /nobody"):
            Client(f"{url}nobody", headers=headers).__enter__()
        with Client(url, headers=headers) as client:
            stream = client.stream("Ada")
            events = list(stream)
            assert "Ada" in "".join(event.text for event in events)
            assert client.get(events[-1].task_id).status.state.value == "completed"
            big = "€" * 1_000_000
            assert big in client.text(big)
        for backend in "asyncio", "trio":
            assert "Grace" in anyio.run(talk, url, headers, backend=backend)
