"""Clients read on where their stream was cut: under both event loops and without one."""

import json
from contextlib import contextmanager

import anyio
import httpx2
import pytest
import trio.testing

from hocket import Agent
from hocket.a2a import Operation, Outcome, TaskState
from hocket.backoff import Backoff
from hocket.entropy import Entropy
from hocket.errors import StreamCut
from hocket_io import AsyncClient, Client
from hocket_io.http.asgi import App
from hocket_io.http.client import BlockingHttpTransport, HttpTransport
from hocket_io.http.options import HttpOptions
from support.arrivals import blocking_events_of, events_of
from support.messages import user_says
from support.serving import serving
from support.web import web
from support.wire import DONE, TASK, chunk

QUICK = Backoff(base=0.001, attempts=3)
LOG = [{"task": TASK}, chunk("Hello "), chunk("Ada, "), chunk("and "), chunk("so on"), DONE]


def sse(number, result):
    return b"id: %d\ndata: %b\n\n" % (number, json.dumps({"jsonrpc": "2.0", "id": "1", "result": result}).encode())


@contextmanager
def agent_that_breaks(at_a_time):
    """An agent whose every connection carries so many events, from the one after Last-Event-ID on."""

    def answer(request):
        if request.command == "GET":
            request.reply(404, b"")
            return
        seen = int(request.headers.get("last-event-id", "0"))
        request.send_response(200)
        request.send_header("content-type", "text/event-stream")
        request.send_header("content-length", "1000000")  # never reached: the connection breaks
        request.end_headers()
        for number in range(seen + 1, min(seen + at_a_time, len(LOG)) + 1):
            request.wfile.write(sse(number, LOG[number - 1]))
        request.close_connection = True

    with web(answer) as (url, asked):
        yield url, asked


@pytest.fixture(params=["blocking", "asyncio", "trio"])
def read(request):
    """Read a stream with every kind of client: its events, its text and its outcome."""

    def blocking(url, method, argument, **options):
        with Client(url, **options) as client, getattr(client, method)(argument) as stream:
            events = list(stream)
            return events, stream

    async def on_a_loop(url, method, argument, options):
        with anyio.fail_after(20):
            async with AsyncClient(url, **options) as client, getattr(client, method)(argument) as stream:
                return [event async for event in stream], stream

    if request.param == "blocking":
        return blocking
    return lambda *args, **options: anyio.run(on_a_loop, *args, options, backend=request.param)


@pytest.mark.parametrize("at_a_time", [1, 4])
def test_a_stream_goes_on_where_it_was_cut(read, at_a_time):
    with agent_that_breaks(at_a_time) as (url, asked):
        events, stream = read(url, "stream", "Ada", resume=QUICK)
    assert [event.offset for event in events if event.item is not None] == [1, 2, 3, 4, 5, 6]
    assert "".join(event.text for event in events) == "Hello Ada, and so on"
    assert stream.outcome is Outcome.SETTLED
    posts = [json.loads(each.body)["method"] for each in asked if each.command == "POST"]
    assert posts == ["SendStreamingMessage"] + ["SubscribeToTask"] * (len(posts) - 1)
    assert [event.kind for event in events].count("resumed") == len(posts) - 1


def test_a_subscription_goes_on_too(read):
    with agent_that_breaks(2) as (url, _):
        events, stream = read(url, "resume", "t", resume=QUICK)
    assert "".join(event.text for event in events) == "Hello Ada, and so on"
    assert stream.outcome is Outcome.SETTLED


def test_a_stream_is_not_resumed_where_that_is_not_wanted(read):
    with agent_that_breaks(3) as (url, _):
        events, stream = read(url, "stream", "Ada", resume=None)
    assert [event.kind for event in events] == ["task", "artifact", "artifact", "cut"]
    assert stream.outcome is Outcome.CUT


def test_text_and_result_are_whole_in_spite_of_cuts():
    with agent_that_breaks(2) as (url, _), Client(url, resume=QUICK) as client:
        assert client.text("Ada") == "Hello Ada, and so on"
        assert client.stream("Ada").result().artifacts[0].text == "Hello Ada, and so on"


def test_text_and_result_raise_where_the_attempts_are_used_up():
    with agent_that_breaks(2) as (url, _), Client(url, resume=Backoff(attempts=0)) as client:
        for method in ("text", "result"):
            with pytest.raises(StreamCut, match=r"cut in state working.*it could not be resumed in 0 attempts"):
                getattr(client.stream("Ada"), method)()


def numberless(result):
    return b"data: " + json.dumps({"jsonrpc": "2.0", "id": "1", "result": result}).encode() + b"\n\n"


def test_the_text_of_a_follow_up_is_exact_where_the_server_tells_things_twice():
    """A server without numbers, which repeats the chunk that was on its way when it was asked to go on."""
    before = {**TASK, "artifacts": [{"artifactId": "a", "parts": [{"text": "first turn. "}]}]}
    halfway = {**TASK, "artifacts": [{"artifactId": "a", "parts": [{"text": "first turn. second "}]}]}
    whole = {**halfway, "status": {"state": "TASK_STATE_COMPLETED"}}

    def answer(request):
        if request.command == "GET":
            request.reply(404, b"")
            return
        match json.loads(request.body)["method"]:
            case "SendStreamingMessage":
                request.stream(numberless({"task": before}))
            case "SubscribeToTask":
                request.stream(numberless({"task": halfway}), numberless(chunk("second ")), numberless(DONE))
            case "GetTask":
                request.reply(200, json.dumps({"jsonrpc": "2.0", "id": "1", "result": whole}).encode())

    with web(answer) as (url, _), Client(url, resume=QUICK) as client:
        stream = client.stream("go on", task_id="t")
        assert "".join(event.text for event in stream) == "second second first turn. second "
        assert stream.text() == "second "
        assert stream.result().text == "first turn. second "


# Servers of ours, over connections that break


class Breaking(httpx2.BaseTransport):
    """Real connections, of which each carries so many bytes of a body and then breaks."""

    def __init__(self, limit):
        self.inner, self.limit, self.requests = httpx2.HTTPTransport(), limit, 0

    def handle_request(self, request):
        response = self.inner.handle_request(request)
        if request.method == "GET" and b".well-known" in request.url.raw_path:
            return response
        self.requests += 1
        return httpx2.Response(response.status_code, headers=response.headers, stream=Body(response.stream, self.limit))

    def close(self):
        self.inner.close()


class Body(httpx2.SyncByteStream):
    def __init__(self, stream, limit):
        self.stream, self.limit = stream, limit

    def __iter__(self):
        left = self.limit
        for data in self.stream:
            yield data[:left]
            left -= len(data)
            if left <= 0:
                raise httpx2.ReadError("broken")

    def close(self):
        self.stream.close()


@pytest.fixture(scope="module")
def counter():
    agent = Agent("counter")

    @agent.stream
    async def count(task):
        for number in range(20):
            yield f"{number} "
            await anyio.sleep(0)

    with serving(lambda url: App(agent)) as url:
        yield url


@pytest.mark.parametrize("options", [{}, {"binding": "HTTP+JSON"}, {"version": "0.3"}])
def test_a_server_of_ours_is_read_to_the_end_whatever_the_connections_do(counter, options):
    breaking = Breaking(1_500)
    with BlockingHttpTransport(counter, HttpOptions(resume=QUICK, **options), breaking) as transport:
        events = list(blocking_events_of(transport, transport.start(Operation.STREAM, user_says())))
    offsets = [event.offset for event in events if event.item is not None]
    assert offsets == list(range(1, len(offsets) + 1))
    assert "".join(event.text for event in events) == "".join(f"{number} " for number in range(20))
    assert events[-1].state is TaskState.COMPLETED
    assert breaking.requests > 2


# The pauses, on a clock of the test

STEADY = Entropy(new_id=lambda: "unused", random=lambda: 0.5)


class Lost(httpx2.AsyncBaseTransport, httpx2.BaseTransport):
    """No card; one stream with a task; then nobody is there any more."""

    def __init__(self, clock):
        self.clock, self.times = clock, []

    def respond(self, request):
        if request.method == "GET":
            return httpx2.Response(404, stream=httpx2.ByteStream(b""))
        self.times.append(self.clock())
        if len(self.times) > 1:
            raise httpx2.ConnectError("nobody is there")
        body = httpx2.ByteStream(sse(1, {"task": TASK}))
        return httpx2.Response(200, headers={"content-type": "text/event-stream"}, stream=body)

    async def handle_async_request(self, request):
        return self.respond(request)

    def handle_request(self, request):
        return self.respond(request)


HALVES = [0.0, 0.5, 1.5, 3.5, 7.5, 15.5]
"""When the attempts are made: after half of 1, 2, 4, 8 and 16 seconds."""


def test_the_pauses_under_an_event_loop():
    async def main():
        lost = Lost(trio.current_time)
        async with HttpTransport("http://agent/", HttpOptions(entropy=STEADY), lost) as transport:
            call = await transport.start(Operation.STREAM, user_says())
            kinds = [event.kind async for event in events_of(transport, call)]
        return kinds, [time - lost.times[0] for time in lost.times]

    kinds, times = trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0))
    assert kinds == ["task", "cut", "cut"]
    assert times == pytest.approx(HALVES)


def test_the_pauses_without_one(monkeypatch):
    now = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    monkeypatch.setattr("threading.Event.wait", lambda self, seconds: now.append(now.pop() + seconds))
    lost = Lost(lambda: now[0])
    with BlockingHttpTransport("http://agent/", HttpOptions(entropy=STEADY), lost) as transport:
        call = transport.start(Operation.STREAM, user_says())
        assert [event.kind for event in blocking_events_of(transport, call)] == ["task", "cut", "cut"]
    assert lost.times == pytest.approx(HALVES)


def test_a_stream_can_be_left_while_it_waits():
    async def main():
        lost = Lost(trio.current_time)
        async with HttpTransport("http://agent/", HttpOptions(entropy=STEADY), lost) as transport:
            call = await transport.start(Operation.STREAM, user_says())
            with anyio.move_on_after(1.0) as scope:
                async for _ in events_of(transport, call):
                    pass
            assert scope.cancelled_caught
        return len(lost.times)

    assert trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0)) == 2
