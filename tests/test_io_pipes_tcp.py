"""TCP: bytes both ways over real sockets, and what happens at their ends."""

import socket
from contextlib import asynccontextmanager

import anyio
import pytest

from hocket.errors import ConnectionFailed
from hocket_io.pipes.tcp import TcpPipe, open_tcp


@asynccontextmanager
async def connected():
    """Two pipes that are joined."""
    arrived = anyio.Event()
    streams = []

    async def keep(stream):
        async with stream:
            streams.append(stream)
            arrived.set()
            await anyio.sleep_forever()

    async with await anyio.create_tcp_listener(local_host="127.0.0.1") as listener, anyio.create_task_group() as group:
        group.start_soon(listener.serve, keep)
        port = listener.extra(anyio.abc.SocketAttribute.local_port)
        pipe = await open_tcp("127.0.0.1", port)
        await arrived.wait()
        yield pipe, TcpPipe(streams[0], "tcp://client")
        group.cancel_scope.cancel()
        await pipe.aclose()


async def write_for_ever(pipe):
    while True:
        await pipe.send(b"x" * 100_000)


async def read_all(pipe):
    pieces = []
    while data := await pipe.receive():
        pieces.append(data)
    return b"".join(pieces)


def test_bytes_both_ways(run):
    async def talk():
        async with connected() as (near, far):
            sent = bytes(range(256)) * 4_000

            async def write():
                await near.send(sent)
                await near.aclose()

            await far.send(b"hello")
            assert await near.receive() == b"hello"
            async with anyio.create_task_group() as group:
                group.start_soon(write)
                assert await read_all(far) == sent

    run(talk)


def test_the_other_side_leaves(run):
    async def talk():
        async with connected() as (near, far):
            await far.aclose()
            assert await near.receive() == b""
            assert str(await near.farewell()) == f"{near.peer} closed the connection"
            with pytest.raises(ConnectionFailed, match=r"tcp://127\.0\.0\.1:\d+ closed the connection"):
                await write_for_ever(near)

    run(talk)


def test_a_pipe_that_was_closed(run):
    async def talk():
        async with connected() as (near, _far):
            await near.aclose()
            assert await near.receive() == b""
            with pytest.raises(ConnectionFailed):
                await near.send(b"late")

    run(talk)


def test_nobody_listens(run, free_tcp_port):
    async def talk():
        with pytest.raises(ConnectionFailed, match=rf"cannot reach tcp://127\.0\.0\.1:{free_tcp_port}: "):
            await open_tcp("127.0.0.1", free_tcp_port)
        with pytest.raises(ConnectionFailed, match=r"cannot reach tcp://\[::1\]:"):
            await open_tcp("::1", free_tcp_port)

    run(talk)


def test_a_name_that_nobody_has(run):
    async def talk():
        with pytest.raises(ConnectionFailed, match=r"cannot reach tcp://no-such-host\.invalid:80: "):
            await open_tcp("no-such-host.invalid", 80)

    run(talk)


def test_an_answer_takes_too_long(run, monkeypatch):
    async def never(*_):
        await anyio.sleep_forever()

    monkeypatch.setattr(anyio, "connect_tcp", never)

    async def talk():
        with pytest.raises(ConnectionFailed, match=r"cannot reach tcp://hub:80 in 0\.01 seconds"):
            await open_tcp("hub", 80, timeout=0.01)

    run(talk)


def test_the_system_looks_after_a_silent_connection(run):
    async def talk():
        async with connected() as (near, _):
            raw = near.stream.extra(anyio.abc.SocketAttribute.raw_socket)
            assert raw.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)

    run(talk)


def test_whoever_is_cancelled_closes_all_the_same_also_where_nobody_reads(run):
    async def talk():
        async with connected() as (near, far):
            await near.send(b"x")
            await far.receive()  # asyncio reads ahead until then
            raw = near.stream.extra(anyio.abc.SocketAttribute.raw_socket)

            async def write_and_close():
                try:
                    await write_for_ever(near)
                finally:
                    await near.aclose()

            async with anyio.create_task_group() as group:
                group.start_soon(write_and_close)
                await anyio.wait_all_tasks_blocked()
                group.cancel_scope.cancel()
            await anyio.wait_all_tasks_blocked()
            assert raw.fileno() == -1

    run(talk)
