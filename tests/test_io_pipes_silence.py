"""Pipes whose other end is silent: the call ends in time, with and without an event loop, and the pipe goes on."""

import json
from types import SimpleNamespace

import anyio
import httpx2
import pytest

from hocket import Agent
from hocket.a2a import GetTaskRequest, Operation
from hocket.errors import RequestTimeout, StreamCut
from hocket_io import AsyncClient, Client
from hocket_io.pipes.blocking import BlockingPipeTransport
from hocket_io.pipes.options import PipeOptions
from support.arrivals import blocking_events_of
from support.messages import user_says

agent = Agent("sleepy")


@agent.stream
async def sleepy(task):
    match task.text.split():
        case ["sleep", *seconds]:
            for each in seconds:
                await anyio.sleep(float(each))
                yield f"{each} "
        case _:
            yield "awake"


@pytest.mark.parametrize("client", [Client, AsyncClient])
@pytest.mark.parametrize(("given", "seconds"), [(None, 300.0), (7, 7), (httpx2.Timeout(1.0, read=5.0), 5.0)])
def test_the_timeout_of_a_client_is_that_of_its_pipe(client, given, seconds):
    def check(transport):
        assert transport.options.timeout == seconds
        assert transport.options.peer == "the agent 'sleepy'"

    async def on_a_loop():
        async with AsyncClient(agent, timeout=given) as entered:
            check(entered.transport)

    if client is AsyncClient:
        anyio.run(on_a_loop)
    else:
        with Client(agent, timeout=given) as entered:
            check(entered.transport)


def test_a_call_to_which_nothing_comes_is_given_up_and_the_next_is_answered(run_in_no_time):
    async def talk():
        async with AsyncClient(agent, timeout=10) as client:
            began = anyio.current_time()
            with pytest.raises(RequestTimeout, match=r"the agent 'sleepy' was silent for 10 seconds"):
                await client.send("sleep 11")
            assert anyio.current_time() - began == pytest.approx(10)
            return await client.text("hello")

    assert run_in_no_time(talk) == "awake"


def test_a_stream_that_falls_silent_is_cut_by_it(run_in_no_time):
    async def talk():
        async with AsyncClient(agent, timeout=10) as client:
            events = [event async for event in client.stream("sleep 9 9 11")]
            assert "".join(event.text for event in events) == "9 9 "
            assert events[-1].kind == "cut"
            with pytest.raises(StreamCut, match="silent for 10 seconds"):
                await client.text("sleep 11")
            return events[-1].error.__cause__

    assert isinstance(run_in_no_time(talk), RequestTimeout)


def test_a_slow_agent_is_not_a_silent_one_and_a_slow_reader_is_none_either(run_in_no_time):
    async def talk():
        async with AsyncClient(agent, timeout=10) as client, client.stream("sleep 9 9 9 9") as stream:
            texts = []
            async for event in stream:
                texts.append(event.text)
                await anyio.sleep(60)
            return "".join(texts)

    assert run_in_no_time(talk) == "9 9 9 9 "


def test_each_of_several_calls_has_a_silence_of_its_own(run_in_no_time):
    async def talk():
        ends = {}

        async def ask(text):
            try:
                ends[text] = await client.text(text)
            except StreamCut:
                ends[text] = anyio.current_time() - began

        async with AsyncClient(agent, timeout=10) as client:
            began = anyio.current_time()
            async with anyio.create_task_group() as group:
                for text in ("sleep 12", "sleep 3 9 9 9", "sleep 5 20"):
                    group.start_soon(ask, text)
        return ends

    ends = run_in_no_time(talk)
    assert ends == {"sleep 12": pytest.approx(10), "sleep 3 9 9 9": "3 9 9 9 ", "sleep 5 20": pytest.approx(15)}


class TimedPipe:
    """A `BlockingPipe` on a clock of its own: each arrival comes at its time."""

    def __init__(self, monkeypatch, *arrivals):
        self.now, self.arrivals, self.sent = 100.0, list(arrivals), []
        monkeypatch.setattr("hocket_io.pipes.blocking.time", SimpleNamespace(monotonic=lambda: self.now))

    def receive(self, timeout=None):
        at, data = self.arrivals[0]
        if timeout is not None and at > self.now + timeout:
            self.now += timeout
            raise TimeoutError
        self.now = max(self.now, at)
        del self.arrivals[0]
        return data

    def send(self, data):
        self.sent += [json.loads(line) for line in data.splitlines()]

    def close(self):
        pass


def line(**message):
    return json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n"


TASK = {"id": "t", "status": {"state": "TASK_STATE_WORKING"}}
DONE = {"id": "t", "status": {"state": "TASK_STATE_COMPLETED"}}


def test_without_an_event_loop_it_is_the_same(monkeypatch):
    noise = [
        (100.0 + second, line(method="$/stream", params={"id": "1", "result": {"task": TASK}})) for second in range(9)
    ]
    pipe = TimedPipe(monkeypatch, *noise, (111.0, line(id="3", result=DONE)))
    with BlockingPipeTransport(pipe, PipeOptions(timeout=10.0, peer="the child")) as transport:
        stream = transport.start(Operation.STREAM, user_says("go"))
        get = transport.start(Operation.GET, GetTaskRequest(id="t"))
        with pytest.raises(RequestTimeout, match="the child was silent for 10 seconds"):
            transport.answer(get)
        assert pipe.now == 110.0
        assert pipe.sent[-1]["method"] == "$/cancelRequest"
        assert transport.answer(transport.start(Operation.GET, GetTaskRequest(id="t"))).id == "t"
        pipe.now = 500.0  # the reader has taken its time
        pipe.arrivals.append((509.0, line(id="1", result={"state": "working", "offset": 1})))
        kinds = [event.kind for event in blocking_events_of(transport, stream)]
        assert (set(kinds), len(kinds), pipe.now) == ({"task", "cut"}, 10, 509.0)
