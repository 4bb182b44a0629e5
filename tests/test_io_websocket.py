"""The WebSocket client: messages, pings and waiting, against a server's protocol in memory and a real server."""

import asyncio
import threading
from contextlib import contextmanager

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.asyncio.server import serve
from websockets.frames import CloseCode, Opcode

from hocket.errors import AuthenticationError, ConnectionFailed
from hocket.heartbeat import Heartbeat
from hocket_io.websocket import connection as websocket
from hocket_io.websocket.connection import open_websocket
from support.websockets import echo, joined, never


def test_messages_come_back_as_they_were_sent(run):
    async def talk():
        sent = [b"{}", "träumerei ♪".encode(), b"x" * 200_000]
        async with joined(echo) as socket:
            for message in sent:
                await socket.send(message)
            assert [await socket.receive() for _ in sent] == sent

    run(talk)


@settings(max_examples=30)
@given(st.lists(st.binary(min_size=1, max_size=300), max_size=5), st.integers(1, 40), st.booleans())
def test_however_the_bytes_are_cut_and_the_messages_fragmented(messages, largest, is_fragmented):
    async def script(peer):
        for message in messages:
            if is_fragmented:
                middle = len(message) // 2
                peer.protocol.send_text(message[:middle], fin=False)
                peer.protocol.send_ping(b"in between")
                peer.protocol.send_continuation(message[middle:], fin=True)
            else:
                peer.protocol.send_text(message)
        await peer.flush()
        await peer.close(CloseCode.NORMAL_CLOSURE)

    async def talk():
        received = []
        with anyio.fail_after(20):
            async with joined(script, largest=largest) as socket:
                while message := await socket.receive():
                    received.append(message)
        return received

    assert anyio.run(talk) == messages


def test_messages_without_anything_in_them_are_passed_over(run):
    async def talk():
        async def script(peer):
            await peer.say(b"", b"something")

        async with joined(script) as socket:
            assert await socket.receive() == b"something"

    run(talk)


def test_pings_are_answered_while_somebody_reads(run):
    async def talk():
        async def script(peer):
            peer.protocol.send_ping(b"42")
            await peer.flush()
            frame = await peer.read()
            assert (frame.opcode, bytes(frame.data)) == (Opcode.PONG, b"42")
            await peer.say(b"well done")

        async with joined(script) as socket:
            assert await socket.receive() == b"well done"

    run(talk)


def test_a_reader_does_not_wait_for_a_writer(run):
    """The peer reads nothing until everything that it says was read; between its words it asks for a sign of life."""

    async def talk():
        async def script(peer):
            for _ in range(600):  # answered long ago: these count no more
                peer.protocol.send_ping(b"x" * 125)
                await peer.flush()
                assert (await peer.read()).opcode is Opcode.PONG
            await peer.say(b"now")
            for number in range(100):
                peer.protocol.send_ping(b"%d" % number)
                await peer.say(b"%d" % number)
            await all_read.wait()
            peer_reads.set()
            await echo(peer)

        all_read, peer_reads = anyio.Event(), anyio.Event()
        async with joined(script, buffered=0) as socket, anyio.create_task_group() as group:
            assert await socket.receive() == b"now"
            group.start_soon(socket.send, b"x" * 100_000)
            await anyio.wait_all_tasks_blocked()
            assert [await socket.receive() for _ in range(100)] == [b"%d" % number for number in range(100)]
            assert not peer_reads.is_set()
            all_read.set()
            assert await socket.receive() == b"x" * 100_000

    run(talk)


def test_who_pings_without_reading_is_not_read_either(run, monkeypatch):
    monkeypatch.setattr(websocket, "_FAREWELL", 0.01)

    async def talk():
        async def script(peer):
            while True:
                peer.protocol.send_ping(b"x" * 125)
                await peer.flush()
                nonlocal pings
                pings += 1

        pings = 0
        async with joined(script, buffered=0) as socket, anyio.create_task_group() as group:
            group.start_soon(socket.receive)
            await anyio.wait_all_tasks_blocked()
            assert 500 < pings < 1_000
            assert socket.outgoing.held < 2 * websocket._OWED
            group.cancel_scope.cancel()

    run(talk)


def test_a_sender_that_is_cancelled_cuts_no_message_in_two(run):
    async def talk():
        async with joined(echo) as socket:
            socket.stream.may_send = anyio.Event()
            async with anyio.create_task_group() as group:
                group.start_soon(socket.send, b"first")
                await anyio.wait_all_tasks_blocked()
                group.cancel_scope.cancel()
            socket.stream.may_send.set()
            await socket.send(b"second")
            assert [await socket.receive() for _ in range(2)] == [b"first", b"second"]

    run(talk)


def test_a_receiver_that_is_cancelled_loses_nothing(run):
    async def talk():
        async with joined(echo) as socket:
            for number in range(3):
                async with anyio.create_task_group() as group:
                    group.start_soon(socket.receive)
                    await anyio.wait_all_tasks_blocked()
                    group.cancel_scope.cancel()
                await socket.send(b"%d" % number)
                assert await socket.receive() == b"%d" % number

    run(talk)


def test_closing_says_farewell_and_wakes_the_reader(run):
    async def talk():
        async def script(peer):
            assert (await peer.read()).opcode is Opcode.CLOSE
            assert peer.protocol.close_rcvd.code == 1000
            said.set()

        said, received = anyio.Event(), []

        async def read(socket):
            received.append(await socket.receive())

        async with joined(script) as socket, anyio.create_task_group() as group:
            group.start_soon(read, socket)
            await anyio.wait_all_tasks_blocked()
            await socket.aclose()
            await socket.aclose()
            await said.wait()
        assert received == [b""]
        with pytest.raises(ConnectionFailed, match="is closed"):
            await socket.send(b"late")

    run(talk)


def test_silence_is_questioned_and_then_taken_for_death(run):
    async def talk():
        async def script(peer):
            assert (await peer.read()).opcode is Opcode.PING
            await peer.flush()  # a pong, which is a sign of life
            await peer.say(b"here")
            await never(peer)

        async with joined(script, heartbeat=Heartbeat(interval=0.01, timeout=5.0)) as socket:
            assert await socket.receive() == b"here"
            socket.heartbeat = Heartbeat(interval=0.01, timeout=0.01)
            with pytest.raises(ConnectionFailed, match=r"silent for 0\.02 seconds"):
                await socket.receive()

    run(talk)


@contextmanager
def real_server(script):
    """A server of `websockets` on asyncio, in a thread; gives its address."""
    port, started, loop = [], threading.Event(), asyncio.new_event_loop()

    async def main():
        stopped.append(asyncio.Event())
        async with serve(script, "127.0.0.1", 0, process_request=knock) as server:
            port.append(server.sockets[0].getsockname()[1])
            started.set()
            await stopped[0].wait()

    def knock(connection, request):
        return connection.respond(401, "no token\n") if request.path == "/closed" else None

    stopped = []
    thread = threading.Thread(target=loop.run_until_complete, args=(main(),))
    thread.start()
    started.wait(10)
    try:
        yield f"ws://127.0.0.1:{port[0]}"
    finally:
        loop.call_soon_threadsafe(stopped[0].set)
        thread.join()
        loop.close()


@pytest.mark.process
def test_a_real_server(run):
    async def script(connection):
        async for message in connection:
            if message == "bye":
                await connection.close(4004, "gone")
            else:
                await connection.send(message)
                await connection.ping()

    async def talk(url):
        async with await open_websocket(url) as socket:
            messages = [b"%d" % number + b"x" * number * 1_000 for number in range(100)]
            async with anyio.create_task_group() as group:

                async def send():
                    for message in messages:
                        await socket.send(message)
                    await socket.send(b"bye")

                group.start_soon(send)
                assert [await socket.receive() for _ in messages] == messages
                with pytest.raises(ConnectionFailed, match=r"knows no such stream \(4004\): gone"):
                    await socket.receive()
        async with await open_websocket(url) as socket:
            await socket.send(b"unread")
        with pytest.raises(AuthenticationError, match="HTTP 401: no token"):
            await open_websocket(f"{url}/closed")

    with real_server(script) as url:
        run(talk, url)
