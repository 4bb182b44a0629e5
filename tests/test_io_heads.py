"""Heads of requests that arrive too slowly, on the web server that `serve` starts."""

import asyncio
import json
import threading
from contextlib import contextmanager

import pytest

from hocket.errors import LocalProtocolError
from hocket_io import serve
from hocket_io.acp.server import serve_hub
from hocket_io.http.asgi import App
from hocket_io.http.listening import listen, web_server
from hocket_io.websocket.connection import open_websocket
from support.agents import agent_of, greeter
from support.asgi import message, rpc

TIMEOUT = 0.15
BEGUN = b"GET /health HTTP/1.1\r\nHost: localhost\r\n"
WHOLE = BEGUN + b"\r\n"


@contextmanager
def served(app):
    """Serve it in a thread; gives the port."""
    is_up = threading.Event()
    server = web_server(app, when_ready=is_up.set, before_shutdown=app.close_calls, head_timeout=TIMEOUT)
    with listen("127.0.0.1", 0) as listening:
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        try:
            assert is_up.wait(20)
            yield listening.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join(20)


@pytest.fixture(scope="module")
def port():
    async def slow(task):
        for word in ["much", "slower", "than", "a", "head", "may", "be"]:
            yield word + " "
            await asyncio.sleep(TIMEOUT / 2)

    with served(App(agent_of(slow))) as port:
        yield port


def on(port, talk):
    async def main():
        async with asyncio.timeout(20):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                return await talk(reader, writer)
            finally:
                writer.close()

    return asyncio.run(main())


def test_a_head_that_does_not_go_on(port):
    async def talk(reader, writer):
        writer.write(BEGUN)
        return await reader.read()

    assert on(port, talk).startswith(b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n")


def test_a_head_that_never_ends(port):
    async def talk(reader, writer):
        writer.write(BEGUN)
        answer = asyncio.create_task(reader.read(1))
        while not answer.done():
            writer.write(b"x: y\r\n")
            await asyncio.sleep(TIMEOUT / 10)
        return await answer

    assert on(port, talk) == b"H"


def test_a_connection_on_which_nothing_is_asked(port):
    async def talk(reader, writer):
        return await reader.read()

    assert on(port, talk) == b""


def test_a_later_head(port):
    async def talk(reader, writer):
        answers = []
        for _ in range(3):
            await asyncio.sleep(TIMEOUT / 2)  # three of them take longer than one head may
            writer.write(WHOLE)
            answers.append(await reader.readuntil(b'{"status":"ok"}'))
        writer.write(BEGUN)
        return answers, await reader.read()

    answers, last = on(port, talk)
    assert [answer[:15] for answer in answers] == [b"HTTP/1.1 200 OK"] * 3
    assert last.startswith(b"HTTP/1.1 408 ")


def test_a_head_that_is_too_large_is_told_which_limit_it_is_over(port):
    """uvicorn by itself says only that this is no request, if it takes several packets."""

    async def talk(reader, writer):
        writer.write(BEGUN)
        for _ in range(4):
            writer.write(b"x: %s\r\n" % (b"y" * 8_000))
            await asyncio.sleep(0.01)
        writer.write(b"Connection: close\r\n\r\n")
        return await reader.read()

    answer = on(port, talk)
    assert answer.startswith(b"HTTP/1.1 431 ")
    assert b"the header fields have more than 16384 bytes; send less, or raise the limit size of head_limits" in answer


@pytest.mark.parametrize("begun", [BEGUN + b"x: ", b"GET /"], ids=["field", "target"])
def test_a_head_without_end_is_refused_and_no_reset_overtakes_the_answer(port, begun):
    async def talk(reader, writer):
        writer.write(begun + b"y" * 4_000_000)
        await writer.drain()  # all of it has been taken
        return await reader.read()

    answer = on(port, talk)
    assert answer.startswith(b"HTTP/1.1 431 ")
    assert answer.endswith(b"raise head_limits on the server\n")


def test_heads_in_a_row_are_not_added_up(port):
    async def talk(reader, writer):
        answers = []
        for _ in range(5):
            writer.write(BEGUN + b"x: %s" % (b"y" * 12_000))
            await asyncio.sleep(0.01)
            writer.write(b"\r\n\r\n")
            answers.append(await reader.readuntil(b'{"status":"ok"}'))
        return answers

    assert [answer[:15] for answer in on(port, talk)] == [b"HTTP/1.1 200 OK"] * 5


@pytest.mark.parametrize("large", [b"x: %s\r\n" % (b"y" * 9_000), b"x: y\r\n" * 130], ids=["line", "fields"])
def test_a_handshake_that_is_too_large_is_refused(port, large):
    """uvicorn by itself says nothing, and waits for ever."""

    async def talk(reader, writer):
        upgrade = b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        writer.write(BEGUN + upgrade + b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" + large + b"\r\n")
        return await reader.read()

    assert on(port, talk).startswith(b"HTTP/1.1 431 ")


def test_what_is_no_head_may_take_its_time(port):
    """A stream that is silent, and a body that comes slowly."""

    async def talk(reader, writer):
        body = json.dumps(rpc("message/stream", message())).encode()
        head = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n"
        writer.write(head % len(body) + body[:50])
        await asyncio.sleep(TIMEOUT * 1.5)
        writer.write(body[50:])
        return await reader.readuntil(b"completed")

    assert b"may " in on(port, talk)


def test_a_websocket_may_be_silent(port):
    async def talk():
        async with asyncio.timeout(20):
            async with await open_websocket(f"ws://127.0.0.1:{port}/") as socket:
                await asyncio.sleep(TIMEOUT * 1.5)
                await socket.send(b'{"jsonrpc":"2.0","id":1,"method":"nonsense"}')
                return await socket.receive()

    assert b"-32601" in asyncio.run(talk())


@pytest.mark.parametrize("seconds", [0, -1.0, "5"])
def test_a_time_that_is_none(seconds):
    for start in (
        lambda: serve(greeter(), port=0, head_timeout=seconds),
        lambda: serve_hub(port=0, head_timeout=seconds),
    ):
        with pytest.raises(LocalProtocolError, match="head_timeout must be a number of seconds over 0, or None"):
            start()
