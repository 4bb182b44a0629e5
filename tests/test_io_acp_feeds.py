"""HttpLink: listening to streams, each by a GET of its own."""

from contextlib import AsyncExitStack

import anyio
import httpx2
import pytest

from hocket.errors import AuthenticationError, ConnectionFailed, RpcError
from hocket_io.acp.links.open import open_link
from support.http_hub import ASK, EXPIRED, GONE, Body, fail, feed, linked, reply
from support.web import web


def test_a_feed(run):
    async def talk():
        news = anyio.Event()
        pieces = [b": welcome\n\nid: 4\nda", b'ta: {"n":1}\n\nid: 5\ndata: {"n":2}\n\n', news, b'data: {"n":3}\n\n']
        async with linked(lambda _: feed(*pieces)) as (link, asked):
            async with link.feed("a/b ü", 3) as messages:
                assert [await anext(messages), await anext(messages)] == [b'{"n":1}', b'{"n":2}']
                news.set()
                assert [message async for message in messages] == [b'{"n":3}']
            async with link.feed("s") as messages:
                assert await anext(messages) == b'{"n":1}'
        first, second = asked
        assert first.url.raw_path == b"/base/streams/a%2Fb%20%C3%BC"
        assert first.headers["last-event-id"] == "3"
        assert first.headers["accept"] == "text/event-stream"
        assert first.headers["accept-encoding"] == "identity"
        assert "last-event-id" not in second.headers

    run(talk)


def test_a_feed_of_a_stream_that_has_ended_and_was_read(run):
    async def talk():
        async with linked(lambda _: reply(204)) as (link, _), link.feed("s", 7) as messages:
            assert [message async for message in messages] == []

    run(talk)


@pytest.mark.parametrize(
    ("answer", "error", "says"),
    [
        (lambda _: reply(404, GONE), RpcError, r"Stream not found \(-40003\)$"),
        (lambda _: reply(403, GONE), RpcError, r"Stream not found \(-40003\)$"),
        (lambda _: reply(200, GONE, content_type="application/json"), RpcError, "Stream not found"),
        (lambda _: reply(401, EXPIRED), AuthenticationError, "HTTP 401: The token has expired$"),
        (lambda _: reply(403, b"no"), AuthenticationError, "HTTP 403: no$"),
        (lambda _: reply(404, b"no such page"), ConnectionFailed, "in place of a feed: no such page$"),
        (
            lambda _: reply(200, b"{}", content_type="application/json"),
            ConnectionFailed,
            "HTTP 200 in place of a feed$",
        ),
        (lambda _: reply(503, httpx2.ReadError("cut")), ConnectionFailed, "HTTP 503 in place of a feed$"),
        (lambda _: reply(200, content_type="text/event-stream", content_encoding="br"), ConnectionFailed, "in 'br'"),
        (lambda _: fail(httpx2.ConnectError("refused")), ConnectionFailed, "refused"),
        (lambda _: fail(httpx2.ReadTimeout("")), ConnectionFailed, "silent"),
    ],
)
def test_a_feed_that_is_refused(run, answer, error, says):
    async def talk():
        bodies = []

        def remember(request):
            response = answer(request)
            bodies.append(response.stream)
            return response

        async with linked(remember) as (link, _):
            with pytest.raises(error, match=says):
                async with link.feed("s"):
                    raise AssertionError("there is none")
            assert all(body.is_closed for body in bodies if isinstance(body, Body))

    run(talk)


@pytest.mark.parametrize(
    ("pieces", "says"),
    [
        ([httpx2.ReadError("reset")], "broke: reset$"),
        ([httpx2.ReadTimeout("")], "silent for too long$"),
        ([b"data: cut in two\n"], "in the midst of an event$"),
        ([b"data: " + b"x" * 3_000 + b"\n\n"], "raise the limit message"),
    ],
)
def test_a_feed_that_breaks(run, pieces, says):
    async def talk():
        async with linked(lambda _: feed(b"data: {}\n\n", *pieces)) as (link, _), link.feed("s") as messages:
            assert await anext(messages) == b"{}"
            with pytest.raises(ConnectionFailed, match=says):
                await anext(messages)

    run(talk)


def test_closing_ends_the_feeds(run):
    async def talk():
        told = []
        async with linked(lambda _: feed(b"data: {}\n\n", anyio.Event())) as (link, _):

            async def read():
                async with link.feed("s") as messages:
                    assert await anext(messages) == b"{}"
                    with pytest.raises(ConnectionFailed, match="the link is closed"):
                        await anext(messages)
                    told.append(True)
                with pytest.raises(ConnectionFailed, match="the link is closed"):
                    await link.feed("s").__aenter__()

            async with anyio.create_task_group() as group:
                group.start_soon(read)
                await anyio.wait_all_tasks_blocked()
                await link.aclose()
            assert told == [True]

    run(talk)


def test_an_error_of_who_reads_a_feed_is_theirs(run):
    async def fail_in_feed(link):
        async with link.feed("s") as messages:
            await anext(messages)
            raise httpx2.ReadError("of another request")

    async def talk():
        async with linked(lambda _: feed(b"data: {}\n\n")) as (link, _):
            with pytest.raises(httpx2.ReadError, match="of another request"):
                await fail_in_feed(link)

    run(talk)


@pytest.mark.process
def test_many_feeds_leave_room_for_requests(run):
    def answer(request):
        if request.path.startswith("/streams/"):
            request.stream(b"data: {}\n\n")
        else:
            request.reply(200, b"{}")

    async def talk(url):
        async with await open_link(url) as link, AsyncExitStack() as stack:
            for _ in range(110):
                await stack.enter_async_context(link.feed("s"))
            await link.send(ASK)
            assert await link.receive() == b"{}"

    with web(answer) as (url, _):
        run(talk, url)
