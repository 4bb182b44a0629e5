"""Taps on HTTP: an exchange from either side, clients of httpx2, and ASGI applications."""

import json

import anyio
import httpx2
import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from hocket.framing import encode_comment, encode_event
from hocket.testing.strategies.cuts import cut_at
from hocket_io.http.asgi import App
from hocket_io.tap import TappedApp, TapPoint
from hocket_io.tap.exchange import Exchange
from hocket_io.tap.http_client import tap_client
from support.agents import greeter
from support.asgi import Request, message, rpc
from support.hubs import WebSocket
from support.web import web

HALF = settings(max_examples=settings().max_examples // 2)
PLACES = st.lists(st.integers(0, 80))
STREAM = b"".join([encode_comment("alive"), encode_event(b'{"n":1}', id="1"), encode_event(b'{"n":2}', event="odd")])


def short(seen):
    """What was told, in short."""
    return [(each.direction, each.frame, each.note, each.end) for each in seen]


def exchange(asks="out", **options):
    seen = []
    return seen, Exchange(TapPoint(seen.append, "http", "http://agent.example/"), asks, **options)


# The exchange


@HALF
@given(PLACES, PLACES)
def test_bodies_are_told_whole_however_they_were_cut(asked, answered):
    seen, told = exchange()
    told.request("POST", "/rpc")
    for piece in cut_at(b'{"id":1}', asked):
        told.request_data(piece)
    told.request_end()
    assert short(seen) == [("out", b'{"id":1}', "POST /rpc", None)]
    told.head(200, "application/json")
    for piece in cut_at(b'{"result":1}', answered):
        told.data(piece)
    assert len(seen) == 1
    told.end()
    assert short(seen)[1:] == [("in", b'{"result":1}', "200", "orderly")]


@HALF
@given(PLACES)
def test_events_are_told_as_they_come_however_they_were_cut(places):
    seen, told = exchange("in")
    told.request("GET", "/feed")
    told.head(200, "Text/Event-Stream; charset=utf-8")
    for piece in cut_at(STREAM, places):
        told.data(piece)
    assert short(seen) == [
        ("in", b"", "GET /feed", None),
        ("out", b"", "200 text/event-stream", None),
        ("out", b'{"n":1}', "id 1", None),
        ("out", b'{"n":2}', "odd id 1", None),
    ]
    told.end()
    assert short(seen)[4:] == [("out", b"", "end", "orderly")]
    told.data(STREAM)
    told.end()
    told.break_off("late")
    assert len(seen) == 5


def test_a_stream_that_ends_inside_an_event_is_broken():
    seen, told = exchange()
    told.head(200, "text/event-stream")
    told.data(STREAM[:-1])
    told.end()
    assert short(seen)[-1] == ("in", b"", "the stream ended inside an event", "broken")


def test_an_event_that_is_too_long_is_told_without_its_data():
    seen, told = exchange()
    told.head(200, "text/event-stream")
    told.data(b"data: " + b"x" * (16 * 1024 * 1024) + b"\n\n" + STREAM)
    assert seen[1].note.startswith("no event: ")
    assert seen[2].frame == b'{"n":1}'


def test_a_long_body_is_told_in_pieces_none_of_it_twice():
    seen, told = exchange(limit=10)
    told.request("POST", "/")
    told.request_data(b"0123456")
    told.request_data(b"789abc")
    told.request_data(b"def")
    told.request_end()
    told.request_end()
    assert short(seen) == [("out", b"0123456789abc", "POST /, a piece", None), ("out", b"def", "POST /", None)]


def test_an_answer_that_breaks_off_is_told_as_far_as_it_came():
    seen, told = exchange()
    told.request("POST", "/")
    told.head(500, "text/plain")
    told.data(b"It was")
    told.break_off("gone")
    assert short(seen)[-1] == ("in", b"It was", "500, gone", "broken")


def test_after_an_answer_has_broken_off_nothing_of_it_is_told():
    seen, told = exchange()
    told.request("GET", "/feed")
    told.head(200, "text/event-stream")
    told.break_off("left", how="orderly")
    told.data(STREAM)
    told.end()
    assert [each.note for each in seen] == ["GET /feed", "200 text/event-stream", "left"]


def test_a_request_that_nobody_answers_is_told():
    seen, told = exchange()
    told.request("POST", "/")
    told.break_off("refused")
    assert short(seen) == [("out", b"", "POST /", None), ("in", b"", "refused", "broken")]


# Clients of httpx2


def ask(kind, answer, seen, *, path="/rpc", body=b"{}", read=None):
    """POST with a client that has a tap, to an `answer(request)`; read so many pieces, or all."""

    def stream(response):
        for number, piece in enumerate(response.iter_raw()):
            if number + 1 == read:
                break
            assert piece

    async def stream_async(response):
        pieces = response.aiter_raw()
        number = 0
        async for piece in pieces:
            number += 1
            if number == read:
                break
            assert piece
        await pieces.aclose()

    url = f"http://ada:s3cret@agent.example{path}?token=s3cret"
    headers = {"authorization": "Bearer s3cret"}
    if kind == "sync":
        with httpx2.Client(transport=httpx2.MockTransport(answer)) as client:
            tap_client(client, seen.append)
            with client.stream("POST", url, content=body, headers=headers, follow_redirects=True) as response:
                stream(response)
        return

    async def work():
        async with httpx2.AsyncClient(transport=httpx2.MockTransport(answer)) as client:
            tap_client(client, seen.append)
            options = {"content": body, "headers": headers, "follow_redirects": True}
            async with client.stream("POST", url, **options) as response:
                await stream_async(response)

    anyio.run(work, backend=kind)


KINDS = ["sync", "asyncio", "trio"]


class Pieces(httpx2.SyncByteStream, httpx2.AsyncByteStream):
    def __init__(self, *pieces, breaks=False):
        self.pieces, self.breaks = pieces, breaks

    def __iter__(self):
        yield from self.pieces
        if self.breaks:
            raise httpx2.ReadError("cut")

    async def __aiter__(self):
        for piece in self:
            yield piece


@pytest.mark.parametrize("kind", KINDS)
def test_a_client_tells_what_it_asks_and_what_is_answered(kind):
    seen = []
    ask(kind, lambda request: httpx2.Response(200, stream=Pieces(b'{"result"', b":1}")), seen)
    assert short(seen) == [("out", b"{}", "POST /rpc", None), ("in", b'{"result":1}', "200", "orderly")]
    assert {(each.peer, each.transport) for each in seen} == {("http://agent.example/", "http")}
    assert "s3cret" not in repr(seen)


@pytest.mark.parametrize("kind", KINDS)
def test_a_client_that_reads_a_stream_tells_its_events(kind):
    seen = []
    fields = {"content-type": "text/event-stream"}
    ask(kind, lambda request: httpx2.Response(200, headers=fields, stream=Pieces(STREAM[:20], STREAM[20:])), seen)
    assert [each[1:] for each in short(seen)[1:]] == [
        (b"", "200 text/event-stream", None),
        (b'{"n":1}', "id 1", None),
        (b'{"n":2}', "odd id 1", None),
        (b"", "end", "orderly"),
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_a_client_that_leaves_a_stream_says_so(kind):
    seen = []
    fields = {"content-type": "text/event-stream"}
    ask(kind, lambda request: httpx2.Response(200, headers=fields, stream=Pieces(STREAM, STREAM)), seen, read=1)
    assert short(seen)[-1] == ("in", b"", "left", "orderly")
    assert len(seen) == 5


@pytest.mark.parametrize("kind", KINDS)
def test_a_stream_that_breaks_says_how_and_still_breaks(kind):
    seen = []
    fields = {"content-type": "text/event-stream"}
    with pytest.raises(httpx2.ReadError):
        ask(kind, lambda request: httpx2.Response(200, headers=fields, stream=Pieces(STREAM, breaks=True)), seen)
    assert short(seen)[-1] == ("in", b"", "ReadError: cut", "broken")


@pytest.mark.parametrize("kind", KINDS)
def test_a_redirect_is_an_exchange_of_its_own(kind):
    seen = []

    def answer(request):
        if request.url.path == "/rpc":
            return httpx2.Response(307, headers={"location": "/there?token=s3cret"}, stream=Pieces())
        return httpx2.Response(200, stream=Pieces(b"{}"))

    ask(kind, answer, seen)
    assert [each[2] for each in short(seen)] == ["POST /rpc", "307", "POST /there", "200"]
    assert [each.channel - seen[0].channel for each in seen] == [0, 0, 1, 1]
    assert "s3cret" not in repr(seen)


@pytest.mark.parametrize("kind", ["sync", "asyncio", "trio"])
def test_what_cannot_be_reached_is_told(kind, free_port):
    seen, url = [], f"http://127.0.0.1:{free_port}/"

    def get():
        with httpx2.Client() as client:
            tap_client(client, seen.append)
            client.get(url)

    async def get_async():
        async with httpx2.AsyncClient() as client:
            tap_client(client, seen.append)
            await client.get(url)

    with pytest.raises(httpx2.ConnectError):
        get() if kind == "sync" else anyio.run(get_async, backend=kind)
    assert short(seen)[0] == ("out", b"", "GET /", None)
    direction, frame, note, end = short(seen)[1]
    assert (direction, frame, end) == ("in", b"", "broken")
    assert note.startswith("ConnectError: ")
    assert len(seen) == 2


def test_a_redirect_to_where_nobody_is_is_told(free_port):
    seen = []

    def answer(request):
        request.reply(307, b"", location=f"http://127.0.0.1:{free_port}/there")

    with web(answer) as (url, _), httpx2.Client(follow_redirects=True) as client:
        tap_client(client, seen.append)
        with pytest.raises(httpx2.ConnectError):
            client.get(url)
    assert [(each.note.partition(":")[0], each.end) for each in seen] == [
        ("GET /", None),
        ("307", "orderly"),
        ("GET /there", None),
        ("ConnectError", "broken"),
    ]


def test_who_traces_requests_already_is_called_on():
    seen, traced = [], []
    with web(lambda request: request.reply(200, b"{}")) as (url, _), httpx2.Client() as client:
        tap_client(client, seen.append)
        client.get(url, extensions={"trace": lambda name, info: traced.append(name)})
    assert traced
    assert [each.note for each in seen] == ["GET /", "200"]


@pytest.fixture
def free_port():
    """A port at which nothing listens."""
    import socket

    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        yield sock.getsockname()[1]  # bound, and not listening: nobody else gets it meanwhile


def test_the_hooks_that_a_client_has_stay():
    asked, seen = [], []
    answers = httpx2.MockTransport(lambda request: httpx2.Response(200, content=b"{}"))
    with httpx2.Client(transport=answers, event_hooks={"request": [asked.append]}) as client:
        tap_client(client, seen.append)
        client.get("http://agent.example/")
    assert len(asked) == 1
    assert short(seen)[1] == ("in", b"{}", "200", "orderly"), "what was there as a whole is told as well"


# ASGI


@pytest.mark.parametrize("pieces", [None, [b"{", b'"jsonrpc":"2.0"', b"}"]])
def test_an_application_tells_what_it_was_asked_and_what_it_answers(run, pieces):
    seen = []
    body = b"".join(pieces or [b'{"jsonrpc":"2.0"}'])

    async def main():
        bare = await Request(App(greeter()), body=body, pieces=pieces).perform()
        secret = [(b"authorization", b"Bearer s3cret")]
        request = Request(
            TappedApp(App(greeter()), seen.append), body=body, pieces=pieces, query=b"token=s3cret", headers=secret
        )
        request.scope["client"] = ("::1", 50_000)
        await request.perform()
        assert (request.status, request.content) == (bare.status, bare.content)
        return request

    request = run(main)
    assert short(seen) == [("in", body, "POST /", None), ("out", request.content, "200", "orderly")]
    assert {each.peer for each in seen} == {"[::1]:50000"}
    assert "s3cret" not in repr(seen)


def test_an_application_tells_the_events_of_a_stream(run):
    seen = []

    async def main():
        app = TappedApp(App(greeter()), seen.append)
        return await Request(app, body=json.dumps(rpc("message/stream", message("Ada"))).encode()).perform()

    request = run(main)
    told = [each.frame for each in seen if each.frame]
    assert told[1:] == [line[6:] for line in request.content.split(b"\n") if line.startswith(b"data: ")]
    assert [each.note for each in seen[:3]] == ["POST /", "200 text/event-stream", "id 1"]
    assert (seen[-1].note, seen[-1].end) == ("end", "orderly")


def test_a_request_that_is_refused_unread_is_told(run):
    seen = []

    async def main():
        request = Request(TappedApp(App(greeter()), seen.append), method="DELETE", path="/nowhere", pieces=[b"x"] * 3)
        await request.perform()
        return request.status

    status = run(main)
    assert short(seen)[0][2] == "DELETE /nowhere"
    assert short(seen)[1][2] == str(status)


def test_a_client_that_leaves_is_told(run):
    seen = []

    async def app(scope, receive, send):
        await receive()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/event-stream")]})
        await send({"type": "http.response.body", "body": STREAM, "more_body": True})
        assert (await receive())["type"] == "http.disconnect"

    async def main():
        request = Request(TappedApp(app, seen.append))
        request.leaves.set()
        await request.perform()

    run(main)
    assert short(seen)[-2:] == [("in", b"", "the client has left", None), ("out", b"", "cut", "broken")]


def test_an_application_that_raises_still_raises_and_its_answer_is_broken(run):
    seen = []

    async def app(scope, receive, send):
        await receive()
        raise ValueError("a mistake")

    async def main():
        with pytest.raises(ValueError, match="a mistake"):
            await Request(TappedApp(app, seen.append)).perform()

    run(main)
    assert short(seen) == [("in", b"", "POST /", None), ("out", b"", "cut", "broken")]


def test_the_messages_of_a_websocket_are_told(run):
    seen = []

    async def app(scope, receive, send):
        assert (await receive())["type"] == "websocket.connect"
        await send({"type": "websocket.accept"})
        told = await receive()
        await send({"type": "websocket.send", "text": told["text"]})
        await send({"type": "websocket.send", "bytes": b"\x00"})
        await send({"type": "websocket.close", "code": 1011, "reason": "so"})

    async def main():
        socket = WebSocket(TappedApp(app, seen.append), "/jsonrpc", query=b"token=s3cret")
        socket.say(b'{"id":1}')
        await socket.perform()

    run(main)
    assert short(seen) == [
        ("in", b"", "WebSocket /jsonrpc", None),
        ("out", b"", "accepted", None),
        ("in", b'{"id":1}', "", None),
        ("out", b'{"id":1}', "", None),
        ("out", b"\x00", "", None),
        ("out", b"", "closed with 1011: so", "orderly"),
    ]
    assert {each.transport for each in seen} == {"websocket"}
    assert "s3cret" not in repr(seen)


@pytest.mark.parametrize(
    ("message", "note", "how", "ours"),
    [
        ({"code": 1001, "reason": "bye"}, "closed with 1001: bye", "orderly", "closed"),
        ({"code": 1006}, "closed with 1006", "broken", "cut"),
        ({}, "closed with 1005", "orderly", "closed"),
    ],
)
def test_a_websocket_that_the_client_closes_says_with_what(run, message, note, how, ours):
    seen = []

    async def app(scope, receive, send):
        await receive()
        await send({"type": "websocket.accept"})
        await receive()

    async def main():
        messages = [{"type": "websocket.connect"}, {"type": "websocket.disconnect", **message}]

        async def receive():
            return messages.pop(0)

        async def send(message):
            pass

        await TappedApp(app, seen.append)({"type": "websocket", "path": "/"}, receive, send)

    run(main)
    assert short(seen)[2:] == [("in", b"", note, how), ("out", b"", ours, how)]
    assert seen[0].peer == "a client"


def test_a_websocket_whose_application_leaves_it_without_a_word_is_cut(run):
    seen = []

    async def app(scope, receive, send):
        await receive()
        await send({"type": "websocket.accept"})

    async def main():
        await WebSocket(TappedApp(app, seen.append), "/").perform()

    run(main)
    assert short(seen)[2:] == [("out", b"", "cut", "broken")]


def test_a_websocket_that_is_refused_is_told(run):
    seen = []

    async def main():
        socket = WebSocket(TappedApp(App(greeter(), allowed_hosts=["other.example"]), seen.append), "/")
        socket.scope["extensions"] = {"websocket.http.response": {}}
        await socket.perform()

    run(main)
    assert seen[-1].note.startswith("refused with HTTP 4")
    assert [evolve(each, note="").end for each in seen] == [None, "orderly"]


def test_the_lifespan_passes(run):
    begun = []

    async def app(scope, receive, send):
        begun.append((scope, receive, send))

    async def main():
        await TappedApp(app, [].append)({"type": "lifespan"}, 1, 2)

    run(main)
    assert begun == [({"type": "lifespan"}, 1, 2)]
