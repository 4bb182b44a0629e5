"""MemoryPipe: the bytes of a pipe, without a pipe."""

import _thread
import itertools
import json
import sys
import threading
import traceback

import anyio
import pytest

from hocket import Agent
from hocket.a2a import Task
from hocket.errors import LocalProtocolError
from hocket_io import AsyncClient, Client
from hocket_io.pipes.memory import MemoryPipe
from hocket_io.pipes.portal import PortalPipe
from support.agents import greeter


async def read_lines(pipe, count):
    data = b""
    while data.count(b"\n") < count:
        data += await pipe.receive()
    return [json.loads(line) for line in data.splitlines()]


def test_bytes_in_bytes_out(run):
    async def talk():
        async with MemoryPipe(greeter()) as pipe:
            for byte in b'garbage\n{"jsonrpc":"2.0","id":1,"method":"nope"}\n':
                await pipe.send(bytes([byte]))
            return await read_lines(pipe, 2)

    answers = run(talk)
    assert [(answer["id"], answer["error"]["code"]) for answer in answers] == [(None, -32700), (1, -32601)]


def test_closing_wakes_whoever_waits_for_bytes(run):
    async def talk():
        received = []

        async def wait():
            received.append(await pipe.receive())

        async with MemoryPipe(greeter()) as pipe, anyio.create_task_group() as group:
            group.start_soon(wait)
            await anyio.wait_all_tasks_blocked()
            await pipe.aclose()
        assert received == [b""]
        assert await pipe.receive() == b""
        assert str(await pipe.farewell()) == "the agent's pipe was closed"

    run(talk)


def test_leaving_with_a_stream_open_leaves_nothing(run):
    ended = []
    agent = Agent("waits")

    @agent.stream
    async def waits(task):
        try:
            yield "here"
            await anyio.sleep_forever()
        finally:
            ended.append(True)

    async def talk():
        async with AsyncClient(agent) as client:
            await client.send("go", wait=False)
            async with client.stream("go") as stream:
                assert (await anext(stream)).kind == "task"
                await anyio.wait_all_tasks_blocked()

    run(talk)
    assert ended == [True, True]


def test_several_clients_of_one_agent_do_not_share_tasks(run):
    async def talk():
        agent = greeter()
        async with AsyncClient(agent) as one, AsyncClient(agent) as two:
            answers = {}

            async def send(name, client):
                answers[name] = await client.send(name)

            async with anyio.create_task_group() as group:
                group.start_soon(send, "one", one)
                group.start_soon(send, "two", two)
            return answers

    answers = run(talk)
    assert {name: task.text for name, task in answers.items()} == {"one": "Hello one", "two": "Hello two"}


def test_without_an_event_loop_and_many_times():
    agent = greeter()
    for _ in range(3):
        with Client(agent) as client:
            task = client.send("Ada")
            assert isinstance(task, Task)
            assert task.text == "Hello Ada"


def test_an_agent_that_cannot_begin_leaves_no_thread_behind():
    before = threading.enumerate()
    with pytest.raises(LocalProtocolError, match="has no function"), Client(Agent("mute")):
        pass
    assert threading.enumerate() == before


def where_the_main_thread_is():
    frame = sys._current_frames()[threading.main_thread().ident]
    return [each.f_code.co_name for each, _ in itertools.islice(traceback.walk_stack(frame), 3)]


def test_what_came_at_the_moment_of_an_interrupt_is_not_lost(monkeypatch):
    """It may be another stream's, which is read on."""
    receive, interrupts = MemoryPipe.receive, [True]

    async def and_interrupt(self):
        data = await receive(self)
        if interrupts:
            interrupts.pop()
            with anyio.fail_after(10):
                while where_the_main_thread_is() != ["wait", "result", "receive"]:
                    await anyio.lowlevel.checkpoint()
            _thread.interrupt_main()
        return data

    monkeypatch.setattr(MemoryPipe, "receive", and_interrupt)
    pipe = PortalPipe(greeter())
    try:
        pipe.send(b"garbage\n")
        with pytest.raises(KeyboardInterrupt):
            pipe.receive()
        pipe.send(b'{"jsonrpc":"2.0","id":1,"method":"nope"}\n')
        assert json.loads(pipe.receive().splitlines()[0])["id"] is None
    finally:
        pipe.close()
