"""The WebSocket client: against a server's protocol over memory, byte by byte, and against real servers."""

import asyncio
import threading
from contextlib import asynccontextmanager, contextmanager

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.asyncio.server import serve
from websockets.frames import CloseCode, Frame, Opcode

from hocket.errors import AuthenticationError, ConnectionFailed, LocalProtocolError
from hocket.heartbeat import Heartbeat
from hocket_io import websocket
from hocket_io.websocket import open_websocket, speak_websocket
from support.streams import WebSocketPeer, stream_pair

URL = "ws://hub.example/jsonrpc"


@asynccontextmanager
async def joined(script, *, buffered=1_000, largest=65_536, **options):
    """A client that is open, and its peer, which follows the script in a task of its own, and is polite at the end."""
    near, far = stream_pair(buffered)
    near.largest = largest
    peer = WebSocketPeer(far)

    async def follow():
        await peer.accept()
        await script(peer)
        while await peer.read() is not None:
            pass

    async with anyio.create_task_group() as group:
        group.start_soon(follow)
        async with await speak_websocket(near, URL, **options) as socket:
            yield socket
        group.cancel_scope.cancel()
    assert near.is_closed


async def nothing(peer):
    pass


async def never(peer):
    await anyio.sleep_forever()


async def echo(peer):
    while (text := await peer.read_text()) is not None:
        await peer.say(text)


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
        async with joined(script, largest=largest) as socket:
            while message := await socket.receive():
                received.append(message)
        return received

    assert anyio.run(talk) == messages


def test_the_handshake_says_what_it_was_told_to(run):
    async def talk():
        near, far = stream_pair()
        peer = WebSocketPeer(far)
        async with anyio.create_task_group() as group:
            group.start_soon(peer.accept)
            headers = [("Authorization", "Bearer t"), ("X-Agent-Id", "ada")]
            socket = await speak_websocket(near, "ws://u:p@hub.example:81/a/b?c=d", headers=headers)
            await socket.aclose()
        assert peer.request.path == "/a/b?c=d"
        assert peer.request.headers["Host"] == "hub.example:81"
        assert peer.request.headers.get_all("Authorization") == ["Bearer t"]
        assert peer.request.headers["X-Agent-Id"] == "ada"
        assert "Sec-WebSocket-Extensions" not in peer.request.headers

    run(talk)


@pytest.mark.parametrize(
    ("status", "text", "error", "says"),
    [
        (401, "no token", AuthenticationError, "wants credentials: HTTP 401: no token$"),
        (403, "", AuthenticationError, "refuses these credentials: HTTP 403$"),
        (404, "no such path", ConnectionFailed, "gave HTTP 404 in place of a WebSocket: no such path"),
        (
            401,
            '{"jsonrpc":"2.0","id":null,"error":{"code":-40009,"message":"The token has expired"}}',
            AuthenticationError,
            "HTTP 401: The token has expired$",
        ),
        (500, "<html>" + "x" * 500, ConnectionFailed, "gave HTTP 500 in place of a WebSocket$"),
    ],
)
def test_a_handshake_that_is_refused(run, status, text, error, says):
    async def talk():
        near, far = stream_pair()
        async with anyio.create_task_group() as group:
            group.start_soon(WebSocketPeer(far).reject, status, text)
            with pytest.raises(error, match=says):
                await speak_websocket(near, URL)
        assert near.is_closed

    run(talk)


@pytest.mark.parametrize(
    "answer", [b"SSH-2.0-OpenSSH\r\n", b"HTTP/1.1 101 Well\r\n\r\n", b"HTTP/1.1 200 OK\r\n", b"", b"\0" * 100_000]
)
def test_what_is_no_handshake(run, answer):
    async def talk():
        near, far = stream_pair()
        if answer:
            await far.send(answer)
        await far.aclose()
        with pytest.raises(ConnectionFailed, match=r"hub\.example/jsonrpc (does not speak WebSocket|broke)"):
            await speak_websocket(near, URL)
        assert near.is_closed

    run(talk)


def test_a_server_that_never_answers_the_handshake(run):
    async def talk():
        near, _far = stream_pair()
        with pytest.raises(ConnectionFailed, match=r"does not answer in 0\.01 seconds"):
            await speak_websocket(near, URL, timeout=0.01)
        assert near.is_closed

    run(talk)


@pytest.mark.parametrize(
    ("code", "reason", "error", "says"),
    [
        (1001, "", ConnectionFailed, r"is going away \(1001\)$"),
        (1009, "too big", ConnectionFailed, r"more than it takes \(1009\): too big$"),
        (1011, "", ConnectionFailed, r"ended the connection \(1011\)$"),
        (1012, "back soon", ConnectionFailed, r"is being restarted \(1012\): back soon$"),
        (4001, "who are you", AuthenticationError, r"\(4001\): who are you$"),
        (4003, "", ConnectionFailed, r"does not allow this \(4003\)$"),
        (4004, "s-1", ConnectionFailed, r"knows no such stream \(4004\): s-1$"),
        (4999, "\x1b[31m", ConnectionFailed, r"ended the connection \(4999\)$"),
    ],
)
def test_what_a_farewell_means(run, code, reason, error, says):
    async def talk():
        async def script(peer):
            await peer.say(b"last words")
            await peer.close(code, reason)

        async with joined(script) as socket:
            assert await socket.receive() == b"last words"
            for _ in range(2):
                with pytest.raises(error, match=says):
                    await socket.receive()
            with pytest.raises(error, match=says):
                await socket.send(b"too late")

    run(talk)


def test_an_orderly_end(run):
    async def talk():
        async def script(peer):
            await peer.close(1000)

        async with joined(script) as socket:
            assert await socket.receive() == b""
            assert await socket.receive() == b""
            with pytest.raises(ConnectionFailed, match="is closed"):
                await socket.send(b"too late")

    run(talk)


def test_an_end_without_a_code(run):
    async def talk():
        async def script(peer):
            peer.protocol.send_close()
            await peer.flush()

        async with joined(script) as socket:
            with pytest.raises(ConnectionFailed, match="does not say why"):
                await socket.receive()

    run(talk)


@pytest.mark.parametrize("cut_at", [0, 1, 4])
def test_a_connection_that_is_cut(run, cut_at):
    async def talk():
        async def script(peer):
            await peer.say(b"whole")
            await peer.end.send(Frame(Opcode.TEXT, b"cut").serialize(mask=False)[:cut_at] or b"")
            await peer.end.aclose()

        async with joined(script) as socket:
            assert await socket.receive() == b"whole"
            with pytest.raises(ConnectionFailed, match="broke off without a farewell"):
                await socket.receive()

    run(talk)


def test_a_message_that_is_too_large(run):
    async def talk():
        async def script(peer):
            await peer.say(b"x" * 100)
            peer.protocol.send_text(b"x" * 60, fin=False)
            peer.protocol.send_continuation(b"x" * 41, fin=True)
            await peer.flush()
            assert (await peer.read()).opcode is Opcode.CLOSE
            assert peer.protocol.close_rcvd.code == 1009
            closed.set()

        closed = anyio.Event()
        async with joined(script, max_size=100) as socket:
            assert len(await socket.receive()) == 100
            with pytest.raises(ConnectionFailed, match="raise the limit message"):
                await socket.receive()
            await closed.wait()

    run(talk)


def test_a_peer_that_breaks_the_rules(run):
    async def talk():
        async def script(peer):
            await peer.end.send(b"\xff\xff\xff\xff")

        async with joined(script) as socket:
            with pytest.raises(ConnectionFailed, match="broke the rules of WebSocket"):
                await socket.receive()

    run(talk)


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
            for number in range(100):
                peer.protocol.send_ping(b"%d" % number)
                await peer.say(b"%d" % number)
            await all_read.wait()
            peer_reads.set()
            await echo(peer)

        all_read, peer_reads = anyio.Event(), anyio.Event()
        async with joined(script, buffered=0) as socket, anyio.create_task_group() as group:
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


def test_closing_does_not_wait_long_for_a_peer_that_says_nothing(run, monkeypatch):
    monkeypatch.setattr(websocket, "_FAREWELL", 0.01)

    async def talk():
        async with joined(never):
            pass

    run(talk)


def test_what_is_written_to_nobody(run):
    async def talk():
        async def script(peer):
            await peer.end.aclose()
            left.set()

        left = anyio.Event()
        async with joined(script) as socket:
            await left.wait()
            with pytest.raises(ConnectionFailed, match="broke"):
                await socket.send(b"hello?")

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


def test_what_we_do_wrong_is_refused(run):
    async def talk():
        async with joined(nothing) as socket:
            with pytest.raises(LocalProtocolError, match="an empty message"):
                await socket.send(b"")
        near, far = stream_pair()
        async with anyio.create_task_group() as group:
            group.start_soon(WebSocketPeer(far).accept)
            unused = await speak_websocket(near, URL)
            with pytest.raises(LocalProtocolError, match="async with"):
                await unused.send(b"hello")
            await unused.aclose()
        for value in "a\r\nX-More: b", "naïve":
            near, _ = stream_pair()
            with pytest.raises(LocalProtocolError, match="printable ASCII"):
                await speak_websocket(near, URL, headers=[("X-Agent-Id", value)])
            assert near.is_closed
        for url in "http://hub", "ws://", "ws://hub:port/", "ws://hub/#part":
            with pytest.raises(LocalProtocolError, match="is no WebSocket address"):
                await open_websocket(url)

    run(talk)


def test_nobody_is_there(run, free_tcp_port):
    async def talk():
        with pytest.raises(ConnectionFailed, match=f"cannot reach ws://127.0.0.1:{free_tcp_port}/"):
            await open_websocket(f"ws://127.0.0.1:{free_tcp_port}/")

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
