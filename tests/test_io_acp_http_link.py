"""HttpLink: what is asked, and what each kind of answer, refusal and accident means."""

import json

import anyio
import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hocket.errors import AuthenticationError, ConnectionFailed, LocalProtocolError
from hocket_io.acp.links import http
from hocket_io.acp.links.http import open_http_link
from hocket_io.acp.links.open import open_link
from support.http_hub import ASK, EXPIRED, GONE, fail, linked, reply
from support.web import web

ANSWER = b'{"jsonrpc":"2.0","id":"a","result":{}}'


def test_what_is_posted(run):
    async def talk():
        headers = {"Authorization": "Bearer t", "X-Connection-Id": "c"}
        async with linked(lambda _: reply(200, ANSWER), headers=headers, query={"agent": "Zoë"}) as (link, asked):
            await link.send(ASK)
            assert await link.receive() == ANSWER
        (request,) = asked
        assert (request.method, request.url) == ("POST", "http://hub/base/jsonrpc?agent=Zo%C3%AB")
        assert request.content == ASK
        wanted = {
            "content-type": "application/json",
            "accept": "application/json",
            "accept-encoding": "identity",
            "authorization": "Bearer t",
            "x-connection-id": "c",
        }
        assert wanted.items() <= dict(request.headers).items()

    run(talk)


# --- messages that share a POST


@pytest.mark.parametrize(
    ("told", "bodies"),
    [
        ({}, [b"{1}", b"{2}", b"[3]", b"{4}"]),
        ({"x_jsonrpc_batch": "100"}, [b"[{1},{2}]", b"[3]", b"{4}"]),
        ({"x_jsonrpc_batch": "1"}, [b"{1}", b"{2}", b"[3]", b"{4}"]),
        ({"x_jsonrpc_batch": "0"}, [b"{1}", b"{2}", b"[3]", b"{4}"]),
        ({"x_jsonrpc_batch": "many"}, [b"{1}", b"{2}", b"[3]", b"{4}"]),
        ({"x_jsonrpc_batch": "9999"}, [b"{1}", b"{2}", b"[3]", b"{4}"]),
    ],
)
def test_what_is_sent_together_is_posted_together_where_the_hub_takes_that(run, told, bodies):
    async def talk():
        async with linked(lambda _: reply(200, ANSWER), healthy=lambda: reply(200, b"{}", **told)) as (link, asked):
            await link.send(b"{1}", b"{2}", b"[3]", b"{4}")
            for _ in bodies:
                await link.receive()
        assert sorted(request.content for request in asked) == sorted(bodies)

    run(talk)


MESSAGES = st.lists(
    st.binary(max_size=2).map(lambda data: b"{" + data)
    | st.just(b"[]")
    | st.integers(32_765, 32_770).map(lambda size: b"{" * size)
)


@given(MESSAGES, st.integers(1, 4))
def test_all_that_is_sent_goes_out_in_its_order_in_as_few_posts_as_may_be(messages, batch):
    rest = list(messages)
    for body in http.joined(messages, batch):
        count = next(count for count in range(1, batch + 1) if body in (rest[0], b"[%b]" % b",".join(rest[:count])))
        together, rest = rest[:count], rest[count:]
        assert count == 1 or (b"[]" not in together and len(body) <= 65_536)
        joined = b"[%b]" % b",".join([*together, *rest[:1]])
        could_go_along = rest and b"[]" not in (rest[0], together[0]) and len(joined) <= 65_536
        assert count == batch or not could_go_along
    assert rest == []


# --- what is answered


@pytest.mark.parametrize("status", [200, 400, 403, 404, 409, 413, 500, 503])
def test_a_json_rpc_answer_is_one_on_any_status(run, status):
    async def talk():
        async with linked(lambda _: reply(status, b"\n" + GONE + b"\n")) as (link, _):
            await link.send(ASK)
            assert await link.receive() == GONE
            assert link.lost == 0

    run(talk)


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (lambda _: reply(401, EXPIRED), "http://hub/base wants credentials: HTTP 401: The token has expired$"),
        (lambda _: reply(401, b""), "http://hub/base wants credentials: HTTP 401$"),
        (lambda _: reply(403, b"not you"), "http://hub/base refuses these credentials: HTTP 403: not you$"),
    ],
)
def test_credentials(run, answer, says):
    async def talk():
        async with linked(answer) as (link, _):
            await link.send(ASK)
            for _ in range(2):
                with pytest.raises(AuthenticationError, match=says):
                    await link.receive()
            for _ in range(20):
                with pytest.raises(AuthenticationError, match=says):
                    await link.send(ASK)

    run(talk)


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (
            lambda _: reply(404, b"nothing here"),
            "gave HTTP 404 and no JSON-RPC answer: it may be no hub: nothing here$",
        ),
        (lambda _: reply(404, b"\x1b[31mred"), "it may be no hub$"),
        (lambda _: reply(405, b"<h1>No</h1>"), "gave HTTP 405 and no JSON-RPC answer: it may be no hub$"),
        (lambda _: reply(307, b"", location="/elsewhere"), "gave HTTP 307 and no JSON-RPC answer"),
        (lambda _: reply(200, b"<html>welcome"), "gave HTTP 200 and no JSON-RPC answer"),
        (lambda _: reply(200, b"..", content_encoding="gzip"), "gave a body in 'gzip'"),
    ],
)
def test_what_is_no_hub(run, answer, says):
    async def talk():
        async with linked(answer) as (link, _):
            await link.send(ASK)
            with pytest.raises(ConnectionFailed, match=says):
                await link.receive()

    run(talk)


@pytest.mark.parametrize(
    "accident",
    [
        lambda: fail(httpx2.ConnectError("refused")),
        lambda: fail(httpx2.ReadTimeout("silent")),
        lambda: reply(200, ANSWER[:10], httpx2.RemoteProtocolError("cut")),
        lambda: reply(200, ANSWER[:10], httpx2.ReadError("cut")),
        lambda: reply(502, b"<html>Bad gateway"),
        lambda: reply(429, b"slowly"),
        lambda: reply(200, b" " * 1_001),
    ],
)
def test_an_accident_is_counted_and_passed_over(run, accident):
    async def talk():
        answers = [accident, lambda: reply(200, ANSWER)]
        async with linked(lambda _: answers.pop(0)()) as (link, asked):
            await link.send(ASK)
            await anyio.wait_all_tasks_blocked()
            assert link.lost == 1
            await link.send(ASK)
            assert await link.receive() == ANSWER
            assert (link.lost, len(asked)) == (1, 2)

    run(talk)


def test_a_notification_has_no_answer(run):
    async def talk():
        answers = [reply(202), reply(200, b""), reply(200, ANSWER)]
        async with linked(lambda _: answers.pop(0)) as (link, _):
            for _ in range(3):
                await link.send(ASK)
                await anyio.wait_all_tasks_blocked()
            assert await link.receive() == ANSWER
            assert link.lost == 0

    run(talk)


def test_no_more_than_sixteen_at_a_time(run):
    async def talk():
        may_answer = anyio.Event()

        async def answer(request):
            await may_answer.wait()
            return reply(200, request.content)

        async def send_all(link):
            for number in range(40):
                await link.send(b"[%d]" % number)
            done.set()

        done = anyio.Event()
        async with linked(answer) as (link, asked), anyio.create_task_group() as group:
            group.start_soon(send_all, link)
            await anyio.wait_all_tasks_blocked()
            assert len(asked) == 16
            assert sorted(json.loads(request.content)[0] for request in asked) == list(range(16))
            may_answer.set()
            await anyio.wait_all_tasks_blocked()
            assert len(asked) == 16, "an answer that nobody took counts"
            answers = [json.loads(await link.receive())[0] for _ in range(40)]
            assert sorted(answers) == list(range(40))
            await done.wait()

    run(talk)


def test_what_is_under_way_is_done_before_the_link_is_closed(run, monkeypatch):
    monkeypatch.setattr(http, "_FAREWELL", 60)  # more than a test may take: nothing is waited for in vain

    async def talk():
        delivered = []

        async def answer(request):
            for _ in range(10):
                await anyio.lowlevel.checkpoint()
            delivered.append(request.content)
            return reply(200, ANSWER)

        async with linked(answer) as (link, _):
            await link.send(ASK)
            assert delivered == []
        assert delivered == [ASK]

    run(talk)


def test_closing_does_not_wait_for_ever(run, monkeypatch):
    monkeypatch.setattr(http, "_FAREWELL", 0.01)

    async def answer(_):
        await anyio.sleep_forever()

    async def talk():
        is_over = []
        async with linked(answer) as (link, _):
            await link.send(ASK)
            await link.aclose()
            await anyio.wait_all_tasks_blocked()
            is_over.append(not link._posting)
        assert is_over == [True]

    run(talk)


def test_closing_does_not_wait_for_answers_that_nobody_took(run, monkeypatch):
    monkeypatch.setattr(http, "_FAREWELL", 60)

    async def talk():
        async with linked(lambda _: reply(200, ANSWER)) as (link, _):
            await link.send(ASK)
            await anyio.wait_all_tasks_blocked()

    run(talk)


@pytest.mark.parametrize("status", [200, 404, 500])
def test_whoever_answers_at_all_is_there(run, status):
    async def talk():
        async with linked(lambda _: reply(200, ANSWER), healthy=lambda: reply(status, b"?")):
            pass

    run(talk)


@pytest.mark.parametrize(
    ("healthy", "error", "says"),
    [
        (lambda: fail(httpx2.ConnectError("refused")), ConnectionFailed, "cannot reach http://hub/base: refused"),
        (lambda: fail(httpx2.ConnectTimeout("")), ConnectionFailed, "cannot reach http://hub/base in time"),
        (lambda: fail(httpx2.ReadTimeout("")), ConnectionFailed, "silent"),
        (lambda: reply(401), AuthenticationError, "wants credentials: HTTP 401"),
    ],
)
def test_nobody_to_be_reached(run, healthy, error, says):
    async def talk():
        with pytest.raises(error, match=says):
            async with linked(None, healthy=healthy):
                raise AssertionError("there is nobody")

    run(talk)


def test_only_a_link_that_works_sends(run):
    async def talk():
        transport = httpx2.MockTransport(lambda _: httpx2.Response(200))
        link = await open_http_link("http://hub", headers={}, limit=10, transport=transport)
        with pytest.raises(LocalProtocolError, match="async with link"):
            await link.send(b"{}")
        await link.aclose()

    run(talk)


@pytest.mark.process
def test_over_real_connections(run):
    """A feed and requests at once; then the feed is cut."""

    def answer(request):
        if request.path.startswith("/streams/"):
            request.stream(*[b"id: %d\ndata: {}\n\n" % number for number in range(1, 4)], b"da")
        elif request.command == "POST":
            request.reply(200, request.body)
        else:
            request.reply(200, b"{}")

    async def talk(url):
        async with await open_link(url, agent="ada", token="t") as link, link.feed("s", 0) as messages:
            for number in range(20):
                sent = [b"[%d,%d]" % (number, each) for each in range(3)]  # more connections overrun this server
                for message in sent:
                    await link.send(message)
                assert sorted([await link.receive() for _ in sent]) == sent
            assert [await anext(messages) for _ in range(3)] == [b"{}"] * 3
            with pytest.raises(ConnectionFailed, match="in the midst of an event"):
                await anext(messages)

    with web(answer) as (url, asked):
        run(talk, url)
    assert {(request.headers["x-agent-id"], request.headers["authorization"]) for request in asked} == {
        ("ada", "Bearer t")
    }
    assert len({request.headers["x-connection-id"] for request in asked}) == 1


def test_a_hub_on_this_machine_is_not_asked_through_a_proxy_of_the_environment(run, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.delenv("no_proxy", raising=False)

    async def talk():
        with web(lambda request: request.reply(200, b"{}")) as (url, asked):
            async with await open_http_link(url.rstrip("/"), headers={}, limit=1_000):
                pass
            assert [request.path for request in asked] == ["/health"]

    run(talk)


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer t"}])
def test_a_user_in_the_address_is_told_the_hub_and_nobody_else(run, headers):
    asked = []

    def serve(request):
        asked.append(request)
        return reply(200 if request.url.path == "/health" else 404)

    async def talk():
        link = await open_http_link(
            "http://ad%40:s3cret@hub", headers=headers, limit=1_000, transport=httpx2.MockTransport(serve)
        )
        assert "s3cret" not in repr(link)
        async with link:
            await link.send(ASK)
            with pytest.raises(ConnectionFailed, match=r"^http://hub gave HTTP 404"):
                await link.receive()
        basic = httpx2.BasicAuth("ad@", "s3cret")._auth_header
        for request in asked:
            assert request.url.host == "hub"
            assert request.headers["authorization"] == headers.get("Authorization", basic)

    run(talk)


def test_whoever_is_cancelled_does_not_wait_for_a_post_that_was_cancelled_too(run_in_no_time):
    took = []

    async def talk():
        began = anyio.current_time()
        with anyio.CancelScope() as scope:
            async with linked(lambda _: anyio.sleep_forever()) as (link, asked):
                await link.send(ASK)
                while not asked:
                    await anyio.lowlevel.checkpoint()
                scope.cancel()
                await anyio.lowlevel.checkpoint()
        took.append(anyio.current_time() - began)

    run_in_no_time(talk)
    assert took == [0.0]
