"""Connections of a client: one whose stream is over is used again, one whose stream is left is closed. Every kind."""

import asyncio
import gc
import json
import threading
import time
import warnings
import weakref
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack

import pytest

from hocket.errors import ConnectionFailed
from hocket_io import AsyncClient, Client
from hocket_io.http.asgi import App
from support.agents import greeter
from support.clients import KINDS, tell
from support.serving import serving
from support.web import web
from support.wire import DONE, TASK, chunk

each_kind = pytest.mark.parametrize("kind", KINDS)


def sse(*results):
    bodies = [json.dumps({"jsonrpc": "2.0", "id": "1", "result": result}).encode() for result in results]
    return b"".join(b"data: %b\n\n" % body for body in bodies)


@pytest.fixture(scope="module")
def server():
    """A server of ours, and the far ends of all connections that brought it a request."""
    ends = set()

    def counted(app):
        async def count(scope, receive, send):
            if scope["type"] == "http":
                ends.add(tuple(scope["client"]))
            await app(scope, receive, send)

        return count

    with serving(lambda url: counted(App(greeter()))) as url:
        yield url, ends


@each_kind
@pytest.mark.parametrize("binding", ["JSONRPC", "HTTP+JSON"])
def test_streams_that_follow_each_other_need_one_connection(kind, binding, server):
    url, ends = server
    ends.clear()

    async def three(way):
        return [(await way.read(way.client.stream(name)))[-1].done for name in ("Ada", "Grace", "Mary")]

    assert tell(kind, three, url, binding=binding) == [True, True, True]
    assert len(ends) == 1


def test_threads_may_share_a_client(server):
    with Client(server[0]) as client, ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(client.text, map(str, range(16))))
    assert answers == [f"Hello {number}" for number in range(16)]


def test_more_streams_than_a_pool_of_httpx_has_connections(server):
    url, ends = server
    ends.clear()

    async def many():
        async with AsyncClient(url) as client, AsyncExitStack() as stack:
            streams = [await stack.enter_async_context(client.stream(str(number))) for number in range(101)]
            await asyncio.gather(*[anext(stream) for stream in streams])
            assert [await stream.text() for stream in streams] == [f"Hello {number}" for number in range(101)]

    asyncio.run(asyncio.wait_for(many(), 20))
    assert len(ends) == 101


@each_kind
def test_nothing_is_kept_of_a_stream_that_is_over(kind, server):
    async def one(way):
        stream = way.client.stream("Ada")
        await way.read(stream)
        call = weakref.ref(stream._call)
        del stream
        gc.collect()
        assert not getattr(way.client.transport, "_open", ())
        return call()

    assert tell(kind, one, server[0]) is None


def streaming(request):
    """Begin a stream whose connection could be used again."""
    request.send_response(200)
    request.send_header("content-type", "text/event-stream")
    request.send_header("transfer-encoding", "chunked")
    request.end_headers()


def piece(data):
    return b"%x\r\n%b\r\n" % (len(data), data)


@each_kind
def test_a_stream_that_is_left_closes_its_connection_at_once(kind):
    begun, was_closed = threading.Event(), threading.Event()

    def answer(request):
        if request.command == "GET":
            request.reply(404, b"")
            return
        streaming(request)
        request.wfile.write(piece(sse({"task": TASK})) + piece(sse(chunk("so far"))))
        request.wfile.flush()
        begun.set()
        if request.connection.recv(1) == b"":
            was_closed.set()
        request.close_connection = True

    async def leave(way):
        events = await way.read(way.client.stream("Ada"), until=lambda event: begun.wait(5))
        assert [event.kind for event in events] == ["task"]
        assert was_closed.wait(5), "while the client is still there"

    with web(answer) as (url, _), warnings.catch_warnings():
        warnings.simplefilter("error")  # trio tells of what nobody has closed
        tell(kind, leave, url)


@each_kind
def test_an_end_that_comes_in_the_packet_of_the_last_event_or_after_it(kind):
    """The client cannot know which: it neither waits where there is nothing to wait for, nor leaves too early."""
    last, ends = piece(sse({"task": TASK}, DONE)), set()

    def answer(request):
        ends.add(request.client_address)
        if request.command == "GET":
            request.reply(404, b"")
            return
        streaming(request)
        if json.loads(request.body)["params"]["message"]["parts"][0]["text"] == "together":
            request.wfile.write(last + b"0\r\n\r\n")
        else:
            request.wfile.write(last)
            request.wfile.flush()
            request.wfile.write(b"0\r\n")
            request.wfile.flush()
            request.wfile.write(b"\r\n")

    async def four(way):
        for how in ("together", "apart", "together", "apart"):
            await way.read(way.client.stream(how))

    with web(answer) as (url, _):
        tell(kind, four, url)
    assert len(ends) == 1


def test_a_connection_is_not_used_any_more_shortly_before_servers_close_it(monkeypatch):
    """uvicorn and Node do after five idle seconds: a request that comes then is lost."""
    now, ends, clock = [0.0], [], time.monotonic
    monkeypatch.setattr("time.monotonic", lambda: clock() + now[0])

    def answer(request):
        ends.append(request.client_address)
        request.reply(404, b"")

    with web(answer) as (url, _), Client(url) as client:
        for seconds in (0.0, 2.0, 2.0, 4.5):
            now[0] += seconds
            with pytest.raises(ConnectionFailed):
                client.send("Ada")
    assert len(dict.fromkeys(ends)) == 2
    assert ends[-1] != ends[0]
