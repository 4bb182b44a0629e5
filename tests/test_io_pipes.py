"""PipeTransport and BlockingPipeTransport over pipes of the test's own: what is written, and who waits for whom."""

import json
import queue
import threading

import anyio
import pytest

from hocket.a2a import (
    GetTaskRequest,
    Operation,
    SubscribeToTaskRequest,
)
from hocket.errors import ConnectionFailed
from hocket_io.pipes.blocking import BlockingPipeTransport
from hocket_io.pipes.transport import _BACKLOG, PipeTransport
from support.arrivals import blocking_events_of, events_of
from support.messages import user_says
from support.wire import TASK, chunk

MESSAGE = user_says("go")


def item(request_id, result):
    params = {"id": request_id, "offset": 1, "result": result}
    return json.dumps({"jsonrpc": "2.0", "method": "$/stream", "params": params}).encode() + b"\n"


class FakePipe:
    """The other end is the test: `arrive` gives bytes, `written` has what was sent."""

    def __init__(self):
        self.written = []
        self.received = 0
        self.is_open = True
        self.give, self.inbox = anyio.create_memory_object_stream(float("inf"))
        self.may_write = anyio.Event()
        self.may_write.set()

    def arrive(self, data):
        self.give.send_nowait(data)

    async def receive(self):
        data = await self.inbox.receive()
        self.received += 1
        return data

    async def send(self, data):
        for byte in data:  # as slow as can be, so that a cancellation finds it in mid-frame
            await self.may_write.wait()
            await anyio.lowlevel.checkpoint()
            self.written.append(byte)

    async def farewell(self):
        return ConnectionFailed("the test has had enough")

    async def aclose(self):
        self.is_open = False
        self.give.close()
        self.inbox.close()

    def requests(self):
        return [json.loads(line) for line in bytes(self.written).splitlines()]


async def begin_stream(transport, pipe):
    """A streaming call, and its events after the first."""
    call = await transport.start(Operation.STREAM, MESSAGE)
    events = events_of(transport, call)
    pipe.arrive(item(call.request_id, {"task": TASK}))
    assert (await anext(events)).kind == "task"
    return call, events


def test_a_cancelled_caller_does_not_cut_a_frame_in_two(run):
    async def talk():
        pipe = FakePipe()
        async with PipeTransport(pipe) as transport:

            async def ask():
                call = await transport.start(Operation.STREAM, MESSAGE)
                async for _ in events_of(transport, call):
                    pass

            for _ in range(3):
                async with anyio.create_task_group() as group:
                    group.start_soon(ask)
                    for _ in range(5):
                        await anyio.lowlevel.checkpoint()
                    group.cancel_scope.cancel()
            await anyio.wait_all_tasks_blocked()
            return pipe.requests()

    requests = run(talk)
    asked = [each["id"] for each in requests if each["method"] == "SendStreamingMessage"]
    cancelled = [each["params"]["id"] for each in requests if each["method"] == "$/cancelRequest"]
    assert asked == cancelled
    assert len(asked) == 3


def test_a_stream_that_is_closed_early_is_cancelled_at_once(run):
    async def talk():
        pipe = FakePipe()
        async with PipeTransport(pipe) as transport:
            _, events = await begin_stream(transport, pipe)
            await anyio.wait_all_tasks_blocked()
            await events.aclose()
            await anyio.wait_all_tasks_blocked()
            return pipe.requests()

    assert [each["method"] for each in run(talk)] == ["SendStreamingMessage", "$/cancelRequest"]


def test_an_answer_that_nobody_waits_for_any_more_is_cancelled(run):
    async def talk():
        pipe = FakePipe()
        async with PipeTransport(pipe) as transport:
            call = await transport.start(Operation.SEND, MESSAGE)
            with anyio.CancelScope() as scope:
                scope.cancel()
                await transport.answer(call)
            await anyio.wait_all_tasks_blocked()
            return pipe.requests()

    assert [each["method"] for each in run(talk)] == ["SendMessage", "$/cancelRequest"]


def test_a_stream_that_was_read_to_its_end_is_not_cancelled(run):
    async def talk():
        pipe = FakePipe()
        async with PipeTransport(pipe) as transport:
            call = await transport.start(Operation.STREAM, MESSAGE)
            pipe.arrive(item(call.request_id, {"task": TASK}))
            pipe.arrive(
                b'{"jsonrpc":"2.0","id":%s,"result":{"state":"completed","offset":1}}\n'
                % json.dumps(call.request_id).encode()
            )
            kinds = [event.kind async for event in events_of(transport, call)]
            await anyio.wait_all_tasks_blocked()
            return kinds, pipe.requests()

    kinds, requests = run(talk)
    assert kinds[0] == "task"
    assert [each["method"] for each in requests] == ["SendStreamingMessage"]


def test_reading_stops_when_nobody_wants_what_is_there(run):
    async def talk():
        pipe = FakePipe()
        async with PipeTransport(pipe) as transport:
            call, events = await begin_stream(transport, pipe)
            for number in range(3 * _BACKLOG):
                pipe.arrive(item(call.request_id, chunk(f"{number} ")))
            await anyio.wait_all_tasks_blocked()
            assert pipe.received <= _BACKLOG + 3
            texts = [(await anext(events)).text for _ in range(3 * _BACKLOG)]
            assert texts == [f"{number} " for number in range(3 * _BACKLOG)]
            await events.aclose()

    run(talk)


def test_a_peer_that_writes_before_it_reads_is_read(run):
    """Both ends full: whoever writes must go on reading, or nobody ever moves again."""

    async def talk():
        pipe = FakePipe()
        async with PipeTransport(pipe) as transport:
            call, events = await begin_stream(transport, pipe)
            await anyio.wait_all_tasks_blocked()
            pipe.may_write = anyio.Event()  # from now on the peer reads only when all of its words are out
            for number in range(3 * _BACKLOG):
                pipe.arrive(item(call.request_id, chunk(f"{number} ")))
            await anyio.wait_all_tasks_blocked()
            assert pipe.inbox.statistics().current_buffer_used > 0
            await transport.start(Operation.GET, GetTaskRequest(id="t"))
            await anyio.wait_all_tasks_blocked()
            assert pipe.inbox.statistics().current_buffer_used == 0
            pipe.may_write.set()
            await anyio.wait_all_tasks_blocked()
            assert pipe.requests()[-1]["method"] == "GetTask"
            await events.aclose()

    run(talk)


def test_the_end_of_the_pipe_ends_every_call_and_refuses_new_ones(run):
    async def talk():
        pipe = FakePipe()
        async with PipeTransport(pipe) as transport:
            stream = await transport.start(Operation.STREAM, MESSAGE)
            get = await transport.start(Operation.GET, GetTaskRequest(id="t"))
            pipe.arrive(b"")
            events = [event async for event in events_of(transport, stream)]
            assert [event.kind for event in events] == ["cut"]
            with pytest.raises(ConnectionFailed, match="the test has had enough"):
                await transport.answer(get)
            with pytest.raises(ConnectionFailed, match="the test has had enough"):
                await transport.start(Operation.GET, GetTaskRequest(id="t"))
        assert not pipe.is_open

    run(talk)


def test_nothing_is_read_any_more_from_a_pipe_that_cannot_be_understood(run):
    async def talk():
        pipe = FakePipe()
        async with PipeTransport(pipe) as transport:
            call = await transport.start(Operation.GET, GetTaskRequest(id="t"))
            for data in (b"Content-Length: 2\n", *[b"more\n"] * 10):
                pipe.arrive(data)
            with pytest.raises(ConnectionFailed, match="does the peer write headers"):
                await transport.answer(call)
            await anyio.wait_all_tasks_blocked()
            assert pipe.received == 1
            with pytest.raises(ConnectionFailed, match="does the peer write headers"):
                await transport.start(Operation.GET, GetTaskRequest(id="t"))

    run(talk)


def test_a_pipe_that_cannot_be_written_to_ends_what_was_asked(run):
    class Broken(FakePipe):
        async def send(self, data):
            raise ConnectionFailed("no reader")

    async def talk():
        async with PipeTransport(Broken()) as transport:
            call = await transport.start(Operation.GET, GetTaskRequest(id="t"))
            with pytest.raises(ConnectionFailed, match="no reader"):
                await transport.answer(call)

    run(talk)


def test_where_to_go_on_from_is_said(run):
    async def talk():
        pipe = FakePipe()
        async with PipeTransport(pipe) as transport:
            await transport.start(Operation.SUBSCRIBE, SubscribeToTaskRequest(id="t"), 17)
            await anyio.wait_all_tasks_blocked()
            return pipe.requests()

    (request,) = run(talk)
    assert request["params"]["_meta"]["headers"]["Last-Event-ID"] == "17"


class BlockingFakePipe:
    def __init__(self, *arrivals):
        self.arrivals = queue.SimpleQueue()
        for data in arrivals:
            self.arrivals.put(data)
        self.written = b""
        self.is_open = True

    def receive(self, timeout=None):
        return self.arrivals.get(timeout=10)

    def send(self, data):
        self.written += data

    def farewell(self):
        return ConnectionFailed("the test has had enough")

    def close(self):
        self.is_open = False


def test_a_blocking_client_gives_each_event_as_it_comes():
    pipe = BlockingFakePipe()
    with BlockingPipeTransport(pipe) as transport:
        call = transport.start(Operation.STREAM, MESSAGE)
        events = blocking_events_of(transport, call)
        line = item(call.request_id, {"task": TASK})
        for byte in line[:-1]:
            pipe.arrivals.put(bytes([byte]))
        timer = threading.Thread(target=pipe.arrivals.put, args=(line[-1:],))
        timer.start()
        assert next(events).kind == "task"
        timer.join()
        events.close()
        assert json.loads(pipe.written.splitlines()[-1])["method"] == "$/cancelRequest"
        pipe.arrivals.put(item(call.request_id, chunk("for nobody")))
        pipe.arrivals.put(b"")
        other = transport.start(Operation.GET, GetTaskRequest(id="t"))
        with pytest.raises(ConnectionFailed, match="the test has had enough"):
            transport.answer(other)
        with pytest.raises(ConnectionFailed, match="the test has had enough"):
            transport.start(Operation.GET, GetTaskRequest(id="t"))
    assert not pipe.is_open
