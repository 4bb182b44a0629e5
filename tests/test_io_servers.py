"""The application on real web servers: what it promises on each, and what it cannot promise there.

The table of docs/serving.md, "On which server", says the same in words.
"""

import importlib.util
import json
import socket
import struct
import threading
from functools import partial

import anyio
import anyio.to_thread
import pytest

from hocket.a2a import Outcome
from hocket_io import Client
from hocket_io.http.asgi import App
from support.agents import agent_of
from support.asgi import message, rpc
from support.servers import SERVERS, running

SIZE = 4 * 1024 * 1024
"""Bytes of text in a stream that is read slowly."""

HOLDS_BACK = set(SERVERS) - {"granian"}
"""Servers on which `send` waits for the reader."""

ENDS_CALLS = set(SERVERS) - {"granian"}
"""Servers that end calls by themselves when they are told to stop; the others wait for them."""


class Rig:
    """An agent that does as it is told, and what became of it."""

    def __init__(self):
        self.go_on, self.left, self.said = threading.Event(), threading.Event(), threading.Event()
        self.app = App(agent_of(self.work, on_disconnect="cancel"), body_limit=100_000)
        self.accepted = 0

    async def work(self, task):
        try:
            match task.text:
                case "wait":
                    yield "one "
                    await anyio.to_thread.run_sync(partial(self.go_on.wait, 20), abandon_on_cancel=True)
                    yield "two"
                case "long":
                    for _ in range(SIZE // 65_536):
                        yield "x" * 65_536
                    self.said.set()
                case text:
                    yield text
        finally:
            self.left.set()

    async def __call__(self, scope, receive, send):
        """The application, which counts the bytes that a server has taken."""

        async def counted(message):
            await send(message)
            self.accepted += len(message.get("body", b""))

        await self.app(scope, receive, counted)

    def close_calls(self):
        self.app.close_calls()


def needing(name):
    package = SERVERS[name][2]
    is_there = importlib.util.find_spec(package) is not None
    return pytest.param(name, marks=pytest.mark.skipif(not is_there, reason=f"{package} is not installed"))


EACH = [needing(name) for name in SERVERS]


@pytest.fixture(scope="module", params=EACH)
def server(request):
    with running(request.param, Rig()) as server:
        yield request.param, server


@pytest.fixture
def on(server):
    """The name of a server, and the server, on which nothing has happened yet."""
    name, running = server
    for event in (running.app.go_on, running.app.left, running.app.said):
        event.clear()
    running.app.accepted = 0
    return name, running


def asking(server, text, **options):
    """A connection on which a stream was asked for."""
    body = json.dumps(rpc("message/stream", message(text))).encode()
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16_384)
    client.settimeout(20)
    client.connect(("127.0.0.1", server.port))
    head = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n"
    client.sendall(head % len(body) + body)
    return client


def until(client, text):
    """What comes on a connection, up to a text or to its end."""
    came = b""
    while text not in came and (piece := client.recv(65_536)):
        came += piece
    return came


def test_a_stream_comes_piece_by_piece(on):
    _, server = on
    with Client(server.url) as client, client.stream("wait") as stream:
        texts = []
        for event in stream:
            texts.append(event.text)
            if event.text == "one ":
                server.app.go_on.set()  # the second is made only after the first is here
    assert "".join(texts) == "one two"


def test_a_reader_that_leaves_is_noticed(on):
    _, server = on
    with Client(server.url) as client, client.stream("wait") as stream:
        for event in stream:
            if event.text:
                break
    assert server.app.left.wait(10)


def test_a_reader_whose_connection_is_reset_is_noticed(on):
    _, server = on
    with asking(server, "wait") as client:
        until(client, b"one ")
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    assert server.app.left.wait(10)


def test_a_reader_that_says_that_it_sends_no_more(on):
    """As `nc -N` does. All servers take it for one that is gone, since one that is gone says just the same."""
    _, server = on
    with asking(server, "wait") as client:
        until(client, b"one ")
        client.shutdown(socket.SHUT_WR)
        assert server.app.left.wait(10)
        assert b"completed" not in until(client, b"completed")


def test_a_slow_reader_costs_little_and_holds_up_nobody(on):
    name, server = on
    with asking(server, "long") as slow:
        assert server.app.said.wait(10)  # the agent is not held up
        with Client(server.url) as client:
            for _ in range(3):
                assert client.text("others go on") == "others go on"
        held_back = SIZE - server.app.accepted
        assert (held_back > SIZE // 2) is (name in HOLDS_BACK), held_back
        assert until(slow, b"completed").count(b"x" * 1_000) >= SIZE // 1_000 * 0.9


def test_a_websocket(on):
    _, server = on
    with Client(server.url.replace("http", "ws", 1)) as client:
        assert [client.text(text) for text in ("one", "two")] == ["one", "two"]


def test_who_sends_too_much_gets_the_answer(on):
    _, server = on
    body = b"x" * 4_000_000
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as client:
        head = b"POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: %d\r\n\r\n"
        client.sendall(head % len(body) + body)
        assert until(client, b"\r\n\r\nnothing").startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize("name", EACH)
def test_a_server_that_stops_cuts_streams_and_their_readers_can_tell(name):
    with running(name, Rig()) as server, Client(server.url, resume=None) as client, client.stream("wait") as stream:
        events = []
        for event in stream:
            events.append(event)
            if event.text:
                if name not in ENDS_CALLS:
                    server.app.close_calls()
                server.stop()
    assert (events[-1].kind, events[-1].done) == ("cut", True)
    assert stream.outcome is Outcome.CUT
    assert [event.text for event in events if event.text] == ["one "]
    assert server.app.left.is_set()
    assert server.app.app._site.hosts.running == {}  # its lifespan was told of the end


@pytest.mark.parametrize("name", [each for each in EACH if each.values[0] not in ENDS_CALLS])
def test_a_server_that_waits_for_streams(name):
    with running(name, Rig()) as server, Client(server.url) as client, client.stream("wait") as stream:
        texts = []
        for event in stream:
            texts.append(event.text)
            if event.text == "one ":
                server.stop()
                assert not server.app.left.wait(0.3)
                server.app.go_on.set()
    assert "".join(texts) == "one two"
