"""Requests that are refused before all of them is here: their clients get to read why, and keep no server busy."""

import socket
from urllib.parse import urlsplit

import anyio
import pytest

from hocket.acp.limits import HubLimits
from hocket.errors import LocalProtocolError
from hocket.http import HeadLimits, bearer_tokens
from hocket_io.acp.host import HubHost
from hocket_io.http.asgi import App
from hocket_io.http.bodies import LINGER
from hocket_io.http.hub_app import HubApp
from support.agents import greeter
from support.asgi import Request
from support.serving import serving

CHUNKED = (b"transfer-encoding", b"chunked")
EVIL = (b"origin", b"https://evil.example")


def app_of(**options):
    return App(greeter(), body_limit=100, allowed_hosts=["agent.example"], **options)


def hub_of(**options):
    return HubApp(HubHost(HubLimits(message=100)), allowed_hosts=["agent.example"], **options)


def long_field(size):
    return (b"x-long", b"x" * size)


DOORS = pytest.mark.parametrize("make", [app_of, hub_of], ids=["App", "HubApp"])
REFUSALS = [
    pytest.param(413, {"headers": [(b"content-length", b"101")]}, id="says it is too large"),
    pytest.param(413, {"headers": [CHUNKED], "pieces": [b"x" * 60] * 3}, id="is too large"),
    pytest.param(414, {"query": b"q" * 8192, "headers": [CHUNKED]}, id="query"),
    pytest.param(414, {"path": "/" + "é" * 1366, "headers": [CHUNKED]}, id="path, encoded"),
    pytest.param(421, {"host": b"evil.example", "headers": [CHUNKED]}, id="host"),
    pytest.param(431, {"headers": [CHUNKED, *[(b"x", b"")] * 99]}, id="fields"),
    pytest.param(431, {"headers": [CHUNKED, long_field(16_384)]}, id="size of fields"),
]


def to(app, *, host=b"agent.example", headers=(), path="/jsonrpc", **options):
    request = Request(app, headers=headers, path=path, **options)
    request.scope["headers"][0] = (b"host", host)
    return request


@DOORS
@pytest.mark.parametrize(("status", "asked"), REFUSALS)
def test_who_is_refused_early_is_told_at_once_and_the_rest_is_taken(run_in_no_time, make, status, asked):
    async def talk():
        request = to(make(), **{"pieces": [b"x" * 60] * 3, **asked})
        seen = []
        receive = request.receive

        async def receive_later():
            await anyio.sleep(1.0)
            if request.sent:
                seen.append(request.content)
            return await receive()

        request.receive = receive_later
        await request.perform()
        assert request.status == status
        assert request.headers[b"connection"] == b"close"
        assert int(request.headers[b"content-length"]) == len(request.content)
        assert set(seen) == {request.content}  # the answer was whole before the rest was taken
        assert request.pieces == []
        assert request.is_complete
        assert anyio.current_time() <= LINGER

    run_in_no_time(talk)


@DOORS
@pytest.mark.parametrize(
    ("status", "asked"),
    [
        (413, {"headers": [CHUNKED], "pieces": [b"x" * 60] * 2}),
        (421, {"host": b"evil.example", "headers": []}),
        (421, {"host": b"evil.example", "headers": [(b"content-length", b"0")]}),
        (431, {"headers": [(b"x", b"")] * 100}),
    ],
)
def test_a_connection_on_which_nothing_more_comes_stays_open(run_in_no_time, make, status, asked):
    request = run_in_no_time(to(make(), **asked).perform)
    assert request.status == status
    assert b"connection" not in request.headers
    assert request.is_complete


@DOORS
def test_a_rest_without_an_end_is_taken_for_a_few_seconds(run_in_no_time, make):
    async def talk():
        request = to(make(), host=b"evil.example", headers=[CHUNKED])

        async def receive():
            await anyio.sleep(0.5)
            return {"type": "http.request", "body": b"x" * 65_536, "more_body": True}

        request.receive = receive
        await request.perform()
        assert anyio.current_time() == LINGER
        assert request.is_complete

    run_in_no_time(talk)


@DOORS
def test_a_rest_is_not_waited_for_when_the_client_or_the_server_goes(run_in_no_time, make):
    async def talk():
        app = make()
        request = to(app, host=b"evil.example", headers=[CHUNKED], pieces=[])
        async with anyio.create_task_group() as group:
            group.start_soon(request.perform)
            await request.until(b"\n")
            request.leaves.set()
        assert anyio.current_time() == 0.0
        again = to(app, host=b"evil.example", headers=[CHUNKED], pieces=[])
        async with anyio.create_task_group() as group:
            group.start_soon(again.perform)
            await again.until(b"\n")
            app.close_calls()
        assert anyio.current_time() == 0.0

    run_in_no_time(talk)


@DOORS
def test_a_body_that_says_it_is_too_large_is_not_waited_for(run_in_no_time, make):
    async def talk():
        request = to(make(), headers=[(b"content-length", b"101")], pieces=[])
        async with anyio.create_task_group() as group:
            group.start_soon(request.perform)
            while not request.sent:
                await request.news.wait()
            assert (request.status, anyio.current_time()) == (413, 0.0)
            group.cancel_scope.cancel()

    run_in_no_time(talk)


@DOORS
def test_a_body_that_is_half_here_when_the_server_stops_is_not_waited_for(run_in_no_time, make):
    async def talk():
        app = make()
        request = to(app, headers=[CHUNKED], pieces=[])
        async with anyio.create_task_group() as group:
            group.start_soon(request.perform)
            await anyio.sleep(1.0)
            app.close_calls()
        assert (request.status, request.is_complete, anyio.current_time()) == (503, True, 1.0)

    run_in_no_time(talk)


@DOORS
@pytest.mark.parametrize(
    "length", [b"100", b"5, 5", b"x", b"9" * 5_000], ids=["small enough", "a list", "no number", "a long one"]
)
def test_what_a_length_says_is_believed_only_if_it_is_too_much(run_in_no_time, make, length):
    headers = [(b"content-length", length)]
    request = run_in_no_time(to(make(), body=b"{}", headers=headers).perform)
    assert request.status != 413
    assert request.pieces == []


@DOORS
def test_limits_of_the_head_say_how_to_raise_them(run_in_no_time, make):
    app = make(head_limits=HeadLimits(target=20, fields=3, size=60))
    for asked, says in [
        ({"query": b"q" * 13}, b"path and query have more than 20 bytes; send less, or raise the limit target"),
        ({"headers": [(b"x", b"")] * 3}, b"there are more than 3 header fields; send less, or raise the limit fields"),
        ({"headers": [(b"x", b"y" * 50)]}, b"the header fields have more than 60 bytes; send less, or raise the limit"),
    ]:
        assert says in run_in_no_time(to(app, **asked).perform).content
    most = to(app, query=b"q" * 13, path="/health", headers=[(b"x", b"y" * 41), (b"z", b"")], method="GET")
    assert run_in_no_time(most.perform).status == 200


@DOORS
@pytest.mark.parametrize("limits", [{}, 5, HeadLimits])
def test_limits_that_are_none(make, limits):
    with pytest.raises(LocalProtocolError, match="head_limits must be HeadLimits"):
        make(head_limits=limits)


@pytest.mark.parametrize("name", ["target", "fields", "size"])
@pytest.mark.parametrize("limit", [0, -1, 1.5, "9"])
def test_a_limit_that_is_none(name, limit):
    with pytest.raises(LocalProtocolError, match=f"{name} must be a number over 0"):
        HeadLimits(**{name: limit})


# On sockets --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def address():
    with serving(lambda url: App(greeter(), body_limit=1_000_000, authenticate=bearer_tokens({"t": "ada"}))) as url:
        yield urlsplit(url).hostname, urlsplit(url).port


def asked_of(address, head, body):
    """What comes back on a connection until it is closed, by which all of the body was sent."""
    with socket.create_connection(address, timeout=20) as client:
        client.sendall(head + b"\r\n\r\n" + body)
        answer = b""
        while piece := client.recv(65_536):
            answer += piece
    return answer


@pytest.mark.parametrize(
    ("field", "status"),
    [
        (b"Host: localhost", b"401 Unauthorized"),
        (b"Host: localhost\r\nAuthorization: Bearer t", b"413 "),
        (b"Host: localhost\r\nOrigin: https://evil.example", b"403 Forbidden"),
        (b"Host: evil.example", b"421 "),
    ],
)
def test_a_client_that_sends_on_gets_the_answer_and_no_reset(address, field, status):
    """Millions of bytes are on their way when the answer is: more than the buffers between the two hold."""
    body = b"x" * 8_000_000
    for _ in range(3):
        length = b"\r\nContent-Length: %d" % len(body)
        head, _, text = asked_of(address, b"POST / HTTP/1.1\r\n" + field + length, body).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 " + status)
        assert head.lower().count(b"connection: close") == 1
        assert len(text) > 20
