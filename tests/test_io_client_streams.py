"""Stream and AsyncStream over a transport of the test's own: what is given of what has come, and what is not."""

import json
from types import SimpleNamespace

import anyio
import httpx2
import pytest

from hocket.a2a import V1_0, ClientCall, Operation
from hocket.errors import ConnectionFailed, LocalProtocolError
from hocket_io.client.streams import AsyncStream, Stream
from hocket_io.http.client import BlockingHttpTransport, HttpTransport
from support.messages import user_says
from support.wire import DONE, TASK, chunk

ITEMS = [{"task": TASK}, chunk("one "), chunk("two "), DONE]
BROKEN = ConnectionFailed("the test has had enough")


class Way:
    """A client and its transport: so many items come at a time; then perhaps an error."""

    def __init__(self, *batches, error=None):
        self.batches, self.error, self.is_left = batches, error, False
        self.transport = self

    def start(self, operation, params, last_event_id=None):
        return ClientCall(operation, params, V1_0, "1")

    def arrivals(self, call):
        try:
            for batch in self.batches:
                for item in batch:
                    call.receive_item(V1_0.read_item(item))
                yield
            if self.error is not None:
                call.fail(self.error)
                raise self.error
        finally:
            self.is_left = True


class AsyncWay(Way):
    async def start(self, *asked):
        return super().start(*asked)

    async def arrivals(self, call):
        arrivals = super().arrivals(call)
        try:
            for _ in arrivals:
                yield
        finally:
            arrivals.close()


class Later:
    """A Stream as an AsyncStream."""

    def __init__(self, way, operation, params):
        self.stream = Stream(way, operation, params)

    def __aiter__(self):
        return self

    async def __anext__(self):
        for event in self.stream:
            return event
        raise StopAsyncIteration

    async def aclose(self):
        self.stream.close()

    async def text(self):
        return self.stream.text()


both = pytest.mark.parametrize(("kind", "stream"), [(Way, Later), (AsyncWay, AsyncStream)])


@both
def test_what_comes_together_is_given_one_by_one(kind, stream):
    async def read():
        told = stream(kind(ITEMS[:1], [], ITEMS[1:]), Operation.STREAM, user_says())
        return [(event.text, event.done) async for event in told]

    assert anyio.run(read) == [("", False), ("one ", False), ("two ", False), ("", True)]


@both
def test_of_a_stream_that_is_closed_nothing_more_is_given(kind, stream):
    async def read():
        way = kind(ITEMS)
        told = stream(way, Operation.STREAM, user_says())
        assert (await anext(told)).kind == "task"
        await told.aclose()
        assert way.is_left
        return [event.kind async for event in told]

    assert anyio.run(read) == []


@both
def test_what_came_before_an_error_is_given_before_it_and_then_nothing(kind, stream):
    async def read():
        told = stream(kind(ITEMS[:2], error=BROKEN), Operation.STREAM, user_says())
        assert [(await anext(told)).kind for _ in range(2)] == ["task", "artifact"]
        with pytest.raises(ConnectionFailed, match="the test has had enough"):
            await anext(told)
        return [event.kind async for event in told]

    assert anyio.run(read) == []


@both
def test_a_stream_that_is_closed_has_no_whole_answer(kind, stream):
    async def read():
        told = stream(kind(ITEMS), Operation.STREAM, user_says())
        async for event in told:
            if event.text:
                break
        await told.aclose()
        with pytest.raises(LocalProtocolError, match="closed before its end"):
            await told.text()

    anyio.run(read)


@both
def test_the_text_is_the_same_however_much_was_read_before(kind, stream):
    async def read():
        for before in range(5):
            told = stream(kind(ITEMS[:2], ITEMS[2:]), Operation.STREAM, user_says())
            for _ in range(before):
                if (await anext(told)).done:
                    break
            assert await told.text() == "one two "

    anyio.run(read)


# Over HTTP: what is not taken is not read


class Body(httpx2.AsyncByteStream, httpx2.SyncByteStream):
    """The body of a stream, in pieces of two events; how many were read, and whether it was left."""

    def __init__(self, pieces):
        self.pieces, self.read, self.is_closed = pieces, 0, False

    def __iter__(self):
        yield self.piece({"task": TASK}, chunk("0 "))
        for number in range(1, self.pieces):
            if self.is_closed:
                return  # as from a connection that is
            yield self.piece(chunk(f"{number} "), chunk("and "))
        yield self.piece(DONE)

    async def __aiter__(self):
        for piece in self:
            yield piece

    def piece(self, *items):
        self.read += 1
        events = [json.dumps({"jsonrpc": "2.0", "id": "1", "result": item}) for item in items]
        return "".join([f"data: {event}\n\n" for event in events]).encode()

    def close(self):
        self.is_closed = True

    async def aclose(self):
        self.close()


class Web(httpx2.AsyncBaseTransport, httpx2.BaseTransport):
    """No card, and to every call that body."""

    def __init__(self, body):
        self.body = body

    def handle_request(self, request):
        if request.method == "GET":
            return httpx2.Response(404, stream=httpx2.ByteStream(b""))
        return httpx2.Response(200, headers={"content-type": "text/event-stream"}, stream=self.body)

    async def handle_async_request(self, request):
        return self.handle_request(request)


async def read_some_blocking(body, count):
    with BlockingHttpTransport("http://agent/", transport=Web(body)) as transport:
        stream = Stream(SimpleNamespace(transport=transport), Operation.STREAM, user_says())
        seen = [(next(stream).text, body.read) for _ in range(count)]
        stream.close()
        return seen


async def read_some(body, count):
    async with HttpTransport("http://agent/", transport=Web(body)) as transport:
        stream = AsyncStream(SimpleNamespace(transport=transport), Operation.STREAM, user_says())
        seen = [((await anext(stream)).text, body.read) for _ in range(count)]
        await stream.aclose()
        return seen


@pytest.mark.parametrize("read", [read_some, read_some_blocking])
@pytest.mark.parametrize("count", [1, 2, 3, 9])
def test_no_more_is_read_than_is_taken_and_who_leaves_closes_the_connection(run, read, count):
    body = Body(pieces=1_000)
    seen = run(read, body, count)
    assert [pieces for _, pieces in seen] == [number // 2 + 1 for number in range(count)]
    assert body.is_closed
    assert body.read <= count // 2 + 1
