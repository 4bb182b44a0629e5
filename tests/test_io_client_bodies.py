"""Bodies that would fill a client's memory: without an end, or packed so that a few bytes stand for gigabytes."""

import asyncio
import gzip
import json
from itertools import repeat

import pytest

from hocket.a2a import ClientLimits
from hocket.errors import ConnectionFailed, LimitExceeded
from hocket.framing import FramingLimits
from hocket_io import AsyncClient, Client
from support.clients import KINDS, tell
from support.web import web
from support.wire import DONE, TASK, chunk


def blocking(url, method, *args):
    with Client(url, timeout=10) as client:
        return getattr(client, method)(*args)


def on_a_loop(url, method, *args):
    async def main():
        async with AsyncClient(url, timeout=10) as client:
            return await getattr(client, method)(*args)

    return asyncio.run(main())


@pytest.fixture(params=[blocking, on_a_loop])
def call(request):
    return request.param


def event(item):
    result = {"task": item} if item is TASK else item
    return f"data: {json.dumps({'jsonrpc': '2.0', 'id': '1', 'result': result})}\n\n".encode()


def endless(request, content_type="application/json", block=b" " * 1_000_000):
    request.send_response(200)
    request.send_header("content-type", content_type)
    request.send_header("connection", "close")
    request.end_headers()
    request.close_connection = True
    try:
        for each in repeat(block):
            request.wfile.write(each)
    except OSError:
        pass  # the client has left, as it should


def test_an_answer_without_an_end(call):
    def answer(request):
        if request.command == "GET":
            request.reply(404, b"")
        else:
            endless(request)

    for method in "send", "text":
        with web(answer) as (url, _), pytest.raises(LimitExceeded, match="raise the limit frame"):
            call(url, method, "Ada")


def test_a_stream_without_an_end_where_one_answer_was_asked_for(call):
    def answer(request):
        if request.command == "GET":
            request.reply(404, b"")
        else:
            endless(request, "text/event-stream", b"data: " + b"x" * 1_000_000)

    with web(answer) as (url, _), pytest.raises(LimitExceeded, match="raise the limit sse_event"):
        call(url, "send", "Ada")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("method", ["stream", "resume"])
def test_an_event_of_a_stream_that_is_too_large_names_its_limit(kind, method):
    """What came before it is told. The stream is not resumed: the event would be no smaller."""
    large = chunk("x" * 2_000)

    def answer(request):
        if request.command == "GET":
            request.reply(404, b"")
        else:
            request.stream(event(TASK), event(chunk("small")), event(large), event(DONE))

    async def read(way):
        return await way.read(getattr(way.client, method)("t"))

    limits = ClientLimits(framing=FramingLimits(sse_event=1_000))
    with web(answer) as (url, asked):
        *told, last = tell(kind, read, url, limits=limits)
    assert [each.kind for each in told] == ["task", "artifact"]
    assert (last.kind, last.done) == ("error", True)
    assert isinstance(last.error, LimitExceeded)
    assert "raise the limit sse_event" in str(last.error)
    assert [each.command for each in asked].count("POST") == 1


def test_a_page_without_an_end_is_no_card(call):
    def answer(request):
        if request.command == "GET":
            endless(request, "text/html", b"<p>" * 300_000)
        else:
            request.stream(event(TASK), event(DONE))

    with web(answer) as (url, asked):
        assert call(url, "card") is None
        assert call(url, "text", "Ada") == ""
        assert {request.headers["accept-encoding"] for request in asked} == {"identity"}


@pytest.mark.parametrize("method", ["send", "text"])
def test_a_compressed_answer_is_refused_unread(call, method):
    body = gzip.compress(event(TASK) + b"data: " + b"x" * 100_000_000)

    def answer(request):
        if request.command == "GET":
            request.reply(200, gzip.compress(b"{}"), content_encoding="gzip")
        else:
            request.reply(200, body, "text/event-stream", content_encoding="GZIP")

    with web(answer) as (url, _):
        with pytest.raises(ConnectionFailed, match="gave a body in 'gzip', where an uncompressed one was asked for"):
            call(url, method, "Ada")
        assert call(url, "card") is None


def test_an_answer_that_says_it_is_not_compressed(call):
    def answer(request):
        if request.command == "GET":
            request.reply(404, b"")
        else:
            request.reply(200, event(TASK) + event(DONE), "text/event-stream", content_encoding="identity")

    with web(answer) as (url, _):
        assert call(url, "text", "Ada") == ""
