"""A hub at the end of byte pipes: any pipe, TCP, child processes, our own stdin and stdout."""

import json
import logging
import os
import socket
import sys

import anyio
import pytest

from hocket.acp.events import FrameRejected
from hocket.acp.limits import HubLimits
from hocket.errors import ConnectionFailed
from hocket.heartbeat import Heartbeat
from hocket_io.acp import AcpClient, serving
from hocket_io.acp.host import HubHost
from hocket_io.acp.serving import serve_pipe, serve_stdio, serve_tcp, start_agent
from hocket_io.http.listening import AddressInUse
from hocket_io.pipes.tcp import open_tcp
from hocket_io.stdio import StandardStreams
from support.hubs import ask, body, call, say, start


class Pipe:
    """A byte pipe in memory, and the agent at its other end."""

    def __init__(self):
        self.to_hub, self.inbox = anyio.create_memory_object_stream(1_000)
        self.written = b""
        self.reads = 0
        self.news = anyio.Event()
        self.may_write = anyio.Event()
        self.may_write.set()
        self.broken = None
        self.is_closed = False

    async def receive(self):
        try:
            data = await self.inbox.receive()
        except anyio.EndOfStream:
            return b""
        self.reads += 1
        return data

    async def send(self, data):
        await self.may_write.wait()
        if self.broken is not None:
            raise self.broken
        self.written += data
        self.news.set()
        self.news = anyio.Event()

    async def farewell(self):
        return ConnectionFailed("it has ended")

    async def aclose(self):
        await anyio.lowlevel.checkpoint()
        self.is_closed = True
        self.inbox.close()
        self.to_hub.close()

    def say(self, *messages):
        self.to_hub.send_nowait(b"".join(body(message) + b"\n" for message in messages))

    def end(self):
        self.to_hub.close()

    async def until(self, text):
        while text not in self.written:
            await self.news.wait()

    @property
    def messages(self):
        return [json.loads(line) for line in self.written.splitlines()]


async def begin(host):
    """A stream of ada and bob; gives ada's link and the name of the stream."""
    ada = host.open_link(principal="ada")
    answer = await ask(ada, start("ada", "bob"))
    return ada, answer["result"]["stream"]["streamId"]


def test_an_agent_on_a_pipe(run):
    async def talk():
        async with HubHost() as host, anyio.create_task_group() as group:
            ada, stream_id = await begin(host)
            pipe = Pipe()
            group.start_soon(lambda: serve_pipe(host, pipe, agent="bob"))
            await pipe.until(b"STREAM_STARTED")
            await ask(ada, say(stream_id, "hi"))
            await pipe.until(b'"hi"')
            pipe.say(
                call("stream.get", {"streamId": stream_id, "agentId": "eve"}), call("stream.get", {"streamId": "x"})
            )
            pipe.end()
        assert [each["error"]["code"] for each in pipe.messages[2:]] == [-40006, -40003]  # what was asked is answered
        assert pipe.is_closed
        assert host.hub._delivery.links == {ada.name: host.hub._delivery.links[ada.name]}

    run(talk)


def test_an_agent_on_a_pipe_may_say_who_it_is(run):
    async def talk():
        async with HubHost() as host:
            pipe = Pipe()
            pipe.say(start("bob", agentId="ada"))
            pipe.end()
            await serve_pipe(host, pipe)
            return pipe.messages

    (answer,) = run(talk)
    assert answer["result"]["stream"]["participants"] == ["ada", "bob"]


def test_a_pipe_that_breaks_while_it_is_written_to(run):
    async def talk():
        async with HubHost() as host:
            pipe = Pipe()
            pipe.broken = ConnectionFailed("the agent is gone")
            pipe.say(start("ada"))
            await serve_pipe(host, pipe)
            assert pipe.is_closed
            assert host._links == {}

    run(talk)


def test_a_hub_that_is_full_closes_the_pipe(run, caplog):
    async def talk():
        async with HubHost(HubLimits(links=0)) as host:
            pipe = Pipe()
            await serve_pipe(host, pipe)
            assert (pipe.is_closed, pipe.written) == (True, b"")

    run(talk)
    assert "turned away: this hub has all the connections it can hold" in caplog.text


def test_an_agent_that_does_not_read_is_not_read_from_either(run):
    async def talk():
        async with HubHost(HubLimits(unread=1_000)) as host, anyio.create_task_group() as group:
            pipe = Pipe()
            pipe.may_write = anyio.Event()
            group.start_soon(serve_pipe, host, pipe)
            for number in range(100):
                pipe.say(call("stream.nonsense", request_id=number))
            await anyio.wait_all_tasks_blocked()
            assert 3 < pipe.reads < 20
            pipe.may_write.set()
            await pipe.until(b'"id":99')
            assert [each["id"] for each in pipe.messages] == list(range(100))
            pipe.end()

    run(talk)


def test_a_line_over_the_limit_is_refused_and_the_next_one_read(run):
    async def talk():
        async with HubHost(HubLimits(message=1_000)) as host:
            pipe = Pipe()
            pipe.say(start("ada", metadata={"note": "x" * 1_000}), start("ada"))
            pipe.end()
            await serve_pipe(host, pipe)
            return pipe.messages

    refused, answer = run(talk)
    assert refused["error"]["data"] == {"limit": "frame", "max": 1_000}
    assert answer["id"] == 1


def test_an_agent_that_gives_no_sign_of_life_is_let_go(run):
    async def talk():
        async with HubHost() as host:
            pipe = Pipe()
            await serve_pipe(host, pipe, agent="ada", heartbeat=Heartbeat(interval=0.001, timeout=0.001))
            assert [each["method"] for each in pipe.messages] == ["$/ping"]
            assert pipe.is_closed
            assert host._links == {}

    run(talk)


def test_a_pipe_is_closed_when_its_host_is_left(run):
    async def talk():
        pipe = Pipe()
        async with HubHost() as host:
            host.start_soon(serve_pipe, host, pipe)
            await anyio.wait_all_tasks_blocked()
        assert pipe.is_closed

    run(talk)


# TCP ---------------------------------------------------------------------------------------------------------------


def test_agents_over_tcp(run):
    async def talk():
        async with HubHost() as host, anyio.create_task_group() as group:
            address, port = await group.start(serve_tcp, host, "127.0.0.1", 0)
            assert (address, port > 0) == ("127.0.0.1", True)
            ada, stream_id = await begin(host)
            bob = await open_tcp(address, port)
            await bob.send(body(call("stream.get", {"streamId": stream_id, "agentId": "bob"}, "me")) + b"\n")
            await ask(ada, say(stream_id, "hi"))
            heard = b""
            while b'"hi"' not in heard:
                heard += await bob.receive()
            first = json.loads(heard.splitlines()[0])
            assert first["id"] == "me"
            await bob.aclose()
            while len(host._links) > 1:
                await anyio.lowlevel.checkpoint()
            group.cancel_scope.cancel()

    run(talk)


def test_one_connection_that_fails_does_not_end_the_others(run, caplog, monkeypatch):
    async def talk():
        async with HubHost() as host, anyio.create_task_group() as group:
            address, port = await group.start(serve_tcp, host, "127.0.0.1", 0)
            receive, calls = host.hub.receive, []

            def fail_once(*args):
                calls.append(args)
                if len(calls) == 1:
                    raise ZeroDivisionError("a mistake of ours")
                receive(*args)

            monkeypatch.setattr(type(host.hub), "receive", lambda hub, *args: fail_once(*args))
            for _ in range(2):
                agent = await open_tcp(address, port)
                await agent.send(body(start("ada")) + b"\n")
                answer = await agent.receive()
                await agent.aclose()
            assert b'"result"' in answer
            group.cancel_scope.cancel()

    run(talk)
    (record,) = [each for each in caplog.records if each.levelno >= logging.ERROR]
    assert record.getMessage() == "a connection of somebody has failed"
    assert "ZeroDivisionError: a mistake of ours" in caplog.text


def test_a_port_that_is_taken(run):
    async def talk():
        async with HubHost() as host:
            with socket.create_server(("127.0.0.1", 0)) as taken:
                port = taken.getsockname()[1]
                with pytest.raises(AddressInUse, match=f"cannot listen on 127.0.0.1:{port}: .*try another port"):
                    await serve_tcp(host, "127.0.0.1", port)

    run(talk)


# Our own stdin and stdout ------------------------------------------------------------------------------------------


def test_a_hub_on_stdin_and_stdout(run):
    async def talk():
        (hub_reads, agent_writes), (agent_reads, hub_writes) = os.pipe(), os.pipe()
        try:
            os.write(agent_writes, body(start("ada")) + b"\n" + body(call("stream.nonsense", request_id=2)) + b"\n")
            os.close(agent_writes)
            async with HubHost() as host:
                await serve_stdio(host, streams=StandardStreams(hub_reads, hub_writes))
            return os.read(agent_reads, 65_536).splitlines()
        finally:
            for fd in hub_reads, agent_reads, hub_writes:
                os.close(fd)

    assert [json.loads(line)["id"] for line in run(talk)] == [1, 2]


# Child processes ---------------------------------------------------------------------------------------------------

CHILD = """
import json, sys
for line in sys.stdin:
    told = json.loads(line)
    if told.get("method") == "stream.message":
        said = {"role": "agent", "parts": [{"type": "TextPart", "content": "echo"}], "agentId": sys.argv[1]}
        params = {"streamId": told["params"]["streamId"], "message": said}
        print(json.dumps({"jsonrpc": "2.0", "id": 1, "method": "stream.message", "params": params}), flush=True)
"""


@pytest.mark.process
def test_an_agent_that_is_a_child_process(run):
    async def talk():
        async with HubHost() as host:
            ada, stream_id = await begin(host)
            await start_agent(host, [sys.executable, "-c", CHILD, "bob"], agent="bob")
            assert (await ask(ada, say(stream_id, "hi")))["result"]["type"] == "success"
            while not (heard := [send.message for send in ada.take()]):
                await ada.wait()
            assert b"echo" in heard[0]

    run(talk)


@pytest.mark.process
def test_a_child_process_speaks_for_nobody_else(run):
    async def talk():
        async with HubHost() as host:
            events = host.events()
            ada, stream_id = await begin(host)
            await start_agent(host, [sys.executable, "-c", CHILD, "ada"], agent="bob")
            await ask(ada, say(stream_id, "hi"))
            async for event in events:
                if isinstance(event, FrameRejected):
                    assert (event.error.code, event.answered) == (-40006, True)
                    return

    run(talk)


def test_a_child_that_cannot_be_started(run):
    async def talk():
        async with HubHost() as host:
            with pytest.raises(ConnectionFailed, match="cannot start '/nonexistent/agent'"):
                await start_agent(host, ["/nonexistent/agent"], agent="bob")
            assert host._links == {}

    run(talk)


def test_where_no_file_can_be_opened_those_who_are_there_go_on_and_others_come_later(run, monkeypatch, caplog):
    class Listener:
        """It fails once; and before, it takes one connection."""

        def __init__(self, listener):
            self.listener, self.fails = listener, 1

        def __getattr__(self, name):
            return getattr(self.listener, name)

        async def __aenter__(self):
            return self

        async def __aexit__(self, *exc_info):
            await self.listener.aclose()

        async def serve(self, connected, group):
            async def connected_once(stream):
                group.start_soon(connected, stream)
                raise OSError(24, "Too many open files")

            self.fails -= 1
            await self.listener.serve(
                connected if self.fails < 0 else connected_once, None if self.fails >= 0 else group
            )

    async def listen(**options):
        return Listener(await create(**options))

    async def talk():
        async with HubHost() as host, anyio.create_task_group() as group:
            address, port = await group.start(serve_tcp, host, "127.0.0.1", 0)
            target = f"tcp://{address}:{port}"
            async with AcpClient(target, agent="ada") as ada, AcpClient(target, agent="bob") as bob:
                stream = await ada.start(["bob"])
                await bob.join(stream.stream_id)
                assert stream.participants == ("ada", "bob")
            group.cancel_scope.cancel()

    create = anyio.create_tcp_listener
    monkeypatch.setattr(serving, "_BREATH", 0.0)
    monkeypatch.setattr(anyio, "create_tcp_listener", listen)
    run(talk)
    assert "Too many open files" in caplog.text
