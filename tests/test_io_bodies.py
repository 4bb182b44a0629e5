"""Bodies of requests that arrive too slowly, in virtual time."""

import anyio
import pytest

from hocket.errors import LocalProtocolError
from hocket_io.http.asgi import App
from hocket_io.http.bodies import LINGER
from hocket_io.http.hub_app import HubApp
from support.agents import agent_of, greeter
from support.asgi import Request, message, post

(GREETING,) = post(None, "message/send", message()).pieces


def dripping(app, pieces, every, **more):
    """A request whose body comes in pieces, one after each so many seconds; without the last there is no end of it."""
    request = Request(app, headers=[(b"transfer-encoding", b"chunked")], **more)
    request.pieces = list(pieces)

    async def receive():
        if not request.pieces:
            return await anyio.sleep_forever()
        await anyio.sleep(every)
        piece = request.pieces.pop(0)
        return {"type": "http.request", "body": piece or b"", "more_body": piece is not None}

    request.receive = receive
    return request


async def timed(request):
    """Performs a request; gives the seconds until its answer, and until nothing more of it was taken."""
    began = anyio.current_time()
    async with anyio.create_task_group() as group:
        group.start_soon(request.perform)
        while not request.sent:
            await request.news.wait()
        answered = anyio.current_time() - began
    return answered, anyio.current_time() - began


@pytest.mark.parametrize("make", [App, lambda agent, **options: HubApp(**options)])
@pytest.mark.parametrize(("options", "seconds"), [({}, 60.0), ({"body_timeout": 7.5}, 7.5)])
@pytest.mark.parametrize("pieces", [[], [b"{"] * 1_000])
def test_a_body_that_takes_too_long_is_not_waited_for(run_in_no_time, make, options, seconds, pieces):
    """Also not if a little of it comes every second: it is the whole that has to be there."""
    app = make(greeter(), **options)
    request = dripping(app, pieces, every=1.0, path="/jsonrpc")
    assert run_in_no_time(timed, request) == (seconds, seconds + LINGER)
    assert request.status == 408
    assert request.content.decode() == (
        f"the body was not complete after {seconds:g} seconds; "
        "send it faster, or raise the limit body_timeout on the server\n"
    )
    assert request.headers[b"connection"] == b"close"
    assert request.is_complete
    entrance = app._entrance if isinstance(app, HubApp) else app._site.entrance
    assert entrance.bodies._arriving == {}


def test_a_body_that_is_there_just_in_time(run_in_no_time):
    request = dripping(App(greeter(), body_timeout=10.0), [GREETING[:9], GREETING[9:], None], every=3.0)
    assert run_in_no_time(timed, request) == (9.0, 9.0)
    assert request.status == 200
    assert "result" in request.json()


def test_a_body_may_take_for_ever_if_that_is_said(run_in_no_time):
    request = dripping(App(greeter(), body_timeout=None), [GREETING, None], every=100_000.0)
    assert run_in_no_time(timed, request) == (200_000.0, 200_000.0)
    assert request.status == 200


def test_a_stream_may_take_longer_than_its_body(run_in_no_time):
    async def slow(task):
        await anyio.sleep(100.0)
        yield "at last"

    request = Request(App(agent_of(slow), body_timeout=1.0), body=GREETING)
    run_in_no_time(request.perform)
    assert b"at last" in request.content


@pytest.mark.parametrize("version", ["2", "3"])
def test_only_http_1_has_connections_to_close(run_in_no_time, version):
    """Over HTTP/2 the header field is an error (RFC 9113 section 8.2.2)."""
    request = dripping(App(greeter()), [], every=1.0)
    request.scope["http_version"] = version
    assert run_in_no_time(timed, request) == (60.0, 60.0)
    assert request.status == 408
    assert b"connection" not in request.headers


@pytest.mark.parametrize("seconds", [0, -1.0, "60"])
def test_a_time_that_is_none(seconds):
    with pytest.raises(LocalProtocolError, match="body_timeout must be a number of seconds over 0, or None for never"):
        App(greeter(), body_timeout=seconds)
