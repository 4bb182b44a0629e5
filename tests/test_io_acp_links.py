"""What holds for every link of an agent to a hub, whatever it runs over: one contract, four worlds."""

import json
from contextlib import asynccontextmanager

import anyio
import httpx2
import pytest

from hocket.acp.limits import HubLimits
from hocket.errors import ConnectionFailed, LocalProtocolError
from hocket_io.acp.host import HubHost
from hocket_io.acp.links.http import open_http_link
from hocket_io.acp.links.memory import open_memory_link
from hocket_io.acp.links.open import open_link
from hocket_io.acp.links.pipe import PipeLink
from hocket_io.acp.links.websocket import WebSocketLink
from hocket_io.pipes.tcp import TcpPipe
from hocket_io.websocket.connection import speak_websocket
from support.http_hub import reply
from support.streams import stream_pair
from support.websockets import WebSocketPeer

LIMIT = 10_000


def request(number, size=0):
    return json.dumps({"jsonrpc": "2.0", "id": f"r{number}", "method": "no.such", "params": ["x" * size]}).encode()


def answer(message):
    """A refusal, as a hub gives it."""
    error = {"code": -32601, "message": "Method not found"}
    return json.dumps({"jsonrpc": "2.0", "id": json.loads(message)["id"], "error": error}).encode()


def number_in(message):
    return int(json.loads(message)["id"][1:])


class World:
    """A link, and a hub at its other end that refuses every request. `hub_leaves` breaks the link from that side."""

    def __init__(self, link, *, near=None, leave=None):
        self.link = link
        self.near = near
        self.hub_leaves = leave


@asynccontextmanager
async def pipe_world():
    near, far = stream_pair()

    async def serve():
        rest = b""
        while True:
            *lines, rest = (rest + await far.receive()).split(b"\n")
            for line in lines:
                await far.send(answer(line) + b"\n")

    async def guarded():
        try:
            await serve()
        except (anyio.EndOfStream, anyio.ClosedResourceError, anyio.BrokenResourceError):
            await far.aclose()

    async with anyio.create_task_group() as group:
        group.start_soon(guarded)
        yield World(PipeLink(TcpPipe(near, "tcp://hub"), LIMIT), near=near, leave=far.aclose)
        group.cancel_scope.cancel()


@asynccontextmanager
async def websocket_world():
    near, far = stream_pair()
    peer = WebSocketPeer(far)

    async def serve():
        await peer.accept()
        while (message := await peer.read_text()) is not None:
            await peer.say(answer(message))

    async with anyio.create_task_group() as group:
        group.start_soon(serve)
        socket = await speak_websocket(near, "ws://hub/jsonrpc", max_size=LIMIT)
        yield World(WebSocketLink(socket, LIMIT), near=near, leave=far.aclose)
        group.cancel_scope.cancel()


@asynccontextmanager
async def http_world():
    async def serve(asked):
        await anyio.lowlevel.checkpoint()
        return reply(200, answer(asked.content) if asked.method == "POST" else b"{}")

    link = await open_http_link("http://hub", headers={}, limit=LIMIT, transport=httpx2.MockTransport(serve))
    yield World(link)


@asynccontextmanager
async def memory_world():
    host, started, stopped, ended = HubHost(), anyio.Event(), anyio.Event(), anyio.Event()

    async def live():
        async with host:
            started.set()
            await stopped.wait()
        ended.set()

    async def leave():
        stopped.set()
        await ended.wait()

    async with anyio.create_task_group() as group:
        group.start_soon(live)
        await started.wait()
        yield World(open_memory_link(host, "ada", LIMIT), leave=leave)
        stopped.set()


WORLDS = {"pipe": pipe_world, "websocket": websocket_world, "http": http_world, "memory": memory_world}


@pytest.fixture(params=WORLDS)
def world(request):
    return WORLDS[request.param]


def test_every_request_gets_its_answer(run, world):
    async def talk():
        async with world() as here, here.link as link, anyio.create_task_group() as group:

            async def ask(numbers):
                for number in numbers:
                    await link.send(request(number, size=number))

            if link.is_ordered:
                group.start_soon(ask, range(60))
            else:
                for each in range(3):
                    group.start_soon(ask, range(each, 60, 3))
            answered = [number_in(await link.receive()) for _ in range(60)]
            assert sorted(answered) == list(range(60))
            if link.is_ordered:
                assert answered == list(range(60))

    run(talk)


def test_messages_that_are_sent_together_arrive_one_by_one(run, world):
    async def talk():
        async with world() as here, here.link as link:
            await link.send(*[request(number) for number in range(10)])
            answered = [number_in(await link.receive()) for _ in range(10)]
            assert (answered if link.is_ordered else sorted(answered)) == list(range(10))

    run(talk)


def test_what_cannot_be_sent_is_refused_and_changes_nothing(run, world):
    async def talk():
        async with world() as here, here.link as link:
            for bad, says in (b"", "an empty message"), (b"x" * (LIMIT + 1), "raise the limit message"):
                with pytest.raises(LocalProtocolError, match=says):
                    await link.send(request(0), bad)
            largest = request(1).ljust(LIMIT)
            await link.send(largest)
            assert number_in(await link.receive()) == 1

    run(talk)


def test_closing_wakes_who_waits_and_ends_everything(run, world):
    async def talk():
        received, goes_on = [], False

        async def read(link):
            received.append(await link.receive())

        async with world() as here, here.link as link, anyio.create_task_group() as group:
            group.start_soon(read, link)
            await anyio.wait_all_tasks_blocked()
            await link.aclose()
            await link.aclose()
            assert await link.receive() == b""
            with pytest.raises(ConnectionFailed, match="closed"):
                await link.send(request(1))
            await anyio.lowlevel.checkpoint()
            goes_on = True
        assert received == [b""]
        assert goes_on, "closing cancels nobody else"

    run(talk)


def test_a_link_that_was_never_entered_can_be_closed(run, world):
    async def talk():
        async with world() as here:
            await here.link.aclose()
            assert await here.link.receive() == b""

    run(talk)


def test_a_receiver_that_is_cancelled_loses_nothing(run, world):
    async def talk():
        async with world() as here, here.link as link:
            for number in range(3):
                async with anyio.create_task_group() as group:
                    group.start_soon(link.receive)
                    await anyio.wait_all_tasks_blocked()
                    group.cancel_scope.cancel()
                await link.send(request(number))
                assert number_in(await link.receive()) == number

    run(talk)


@pytest.mark.parametrize("world", [pipe_world, websocket_world])
def test_a_sender_that_is_cancelled_cuts_no_message_in_two(run, world):
    async def talk():
        async with world() as here, here.link as link:
            here.near.may_send = anyio.Event()
            async with anyio.create_task_group() as group:
                group.start_soon(link.send, request(1))
                await anyio.wait_all_tasks_blocked()
                group.cancel_scope.cancel()
            here.near.may_send.set()
            await link.send(request(2))
            assert [number_in(await link.receive()) for _ in range(2)] == [1, 2]

    run(talk)


def test_closing_a_pipe_wakes_a_sender(run):
    async def talk():
        async with pipe_world() as here, here.link as link:
            here.near.may_send = anyio.Event()

            async def send():
                with pytest.raises(ConnectionFailed, match="the link is closed"):
                    await link.send(request(1))

            async with anyio.create_task_group() as group:
                group.start_soon(send)
                await anyio.wait_all_tasks_blocked()
                await link.aclose()

    run(talk)


@pytest.mark.parametrize("world", [pipe_world, websocket_world, memory_world])
def test_a_hub_that_leaves(run, world):
    async def talk():
        async with world() as here, here.link as link:
            await link.send(request(1))
            assert number_in(await link.receive()) == 1
            await here.hub_leaves()
            for _ in range(2):
                with pytest.raises(ConnectionFailed, match=r"hub.* (closed|broke off|ended)"):
                    await link.receive()
            with pytest.raises(ConnectionFailed):
                await link.send(request(2))

    run(talk)


@pytest.mark.parametrize("world", [memory_world])
def test_a_hub_that_leaves_wakes_who_waits(run, world):
    async def talk():
        async with world() as here, here.link as link, anyio.create_task_group() as group:

            async def read():
                with pytest.raises(ConnectionFailed, match="has ended"):
                    await link.receive()

            group.start_soon(read)
            await anyio.wait_all_tasks_blocked()
            await here.hub_leaves()

    run(talk)


def test_a_hub_in_memory_makes_wait_who_takes_no_answers(run):
    async def talk():
        async with HubHost(HubLimits(unread=100)) as host, open_memory_link(host, "ada", LIMIT) as link:
            sent = 0

            async def ask():
                nonlocal sent
                for number in range(1_000):
                    await link.send(request(number))
                    sent += 1

            async def ask_until_it_is_closed():
                with pytest.raises(ConnectionFailed, match="closed"):
                    await ask()

            async with anyio.create_task_group() as group:
                group.start_soon(ask_until_it_is_closed)
                await anyio.wait_all_tasks_blocked()
                assert 1 <= sent < 4
                for number in range(20):
                    assert number_in(await link.receive()) == number
                await anyio.wait_all_tasks_blocked()
                assert 20 <= sent < 300
                await link.aclose()

    run(talk)


def test_an_error_of_the_body_goes_on_as_itself(run, world):
    async def use_and_fail(link):
        async with link:
            await link.send(request(1))
            raise KeyError

    async def talk():
        async with world() as here:
            with pytest.raises(KeyError):
                await use_and_fail(here.link)

    run(talk)


def test_where_there_are_no_feeds(run, world):
    async def talk():
        async with world() as here, here.link as link:
            assert link.listens_apart == (not link.is_ordered)
            if not link.listens_apart:
                with pytest.raises(LocalProtocolError, match="no feed of 's-1'"):
                    link.feed("s-1")

    run(talk)


def test_a_pipe_link_refuses_what_is_no_line_and_tells_what_it_cannot_take(run):
    async def talk():
        near, far = stream_pair()
        async with PipeLink(TcpPipe(near, "tcp://hub"), 20) as link:
            with pytest.raises(LocalProtocolError, match="line feed"):
                await link.send(b"{}", b"{\n}")
            await link.send(b"[1]", b"[2]")
            assert await far.receive() == b"[1]\n[2]\n", "both in one write, and nothing of what was refused"
            await far.send(b'{"id":1}\n\n' + b"x" * 21 + b"\n{}\n")
            assert await link.receive() == b'{"id":1}'
            with pytest.raises(ConnectionFailed, match="more than message = 20 allows"):
                await link.receive()

    run(talk)


def test_a_pipe_whose_end_is_an_orderly_end(run):
    async def talk():
        near, far = stream_pair()
        async with PipeLink(TcpPipe(near, "tcp://hub"), 20, ends_well=True) as link:
            await far.send(b"{}\n{}")
            await far.aclose()
            assert [await link.receive() for _ in range(4)] == [b"{}", b"{}", b"", b""]

    run(talk)


def test_a_line_that_is_cut_is_lost_with_its_connection(run):
    async def talk():
        near, far = stream_pair()
        async with PipeLink(TcpPipe(near, "tcp://hub"), 20) as link:
            await far.send(b'{}\n{"id":')
            await far.aclose()
            assert await link.receive() == b"{}"
            with pytest.raises(ConnectionFailed, match="closed the connection"):
                await link.receive()

    run(talk)


def test_only_links_that_work_send(run):
    async def talk():
        near, _far = stream_pair()
        link = PipeLink(TcpPipe(near, "tcp://hub"), 20)
        with pytest.raises(LocalProtocolError, match="async with link"):
            await link.send(b"{}")
        async with HubHost() as host:
            pass
        with pytest.raises(LocalProtocolError, match="is not running"):
            await open_link(host)

    run(talk)
