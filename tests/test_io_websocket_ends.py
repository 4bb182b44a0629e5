"""The WebSocket client: how a connection begins, or does not, and what its end means."""

from contextlib import suppress

import anyio
import pytest
import trio.testing
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode

from hocket.errors import AuthenticationError, ConnectionFailed, LocalProtocolError
from hocket_io.websocket import connection as websocket
from hocket_io.websocket.connection import open_websocket, speak_websocket
from support.streams import stream_pair
from support.websockets import URL, WebSocketPeer, joined, never, nothing


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
        (421, "set allowed_hosts", ConnectionFailed, "gave HTTP 421 in place of a WebSocket: set allowed_hosts$"),
        (200, "a page", ConnectionFailed, "gave HTTP 200 in place of a WebSocket"),
        (302, "", ConnectionFailed, "gave HTTP 302 in place of a WebSocket$"),
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


def test_what_could_be_a_secret_in_an_address_is_not_told(run, free_tcp_port):
    async def talk():
        near, far = stream_pair()
        async with anyio.create_task_group() as group:
            group.start_soon(WebSocketPeer(far).reject, 404, "")
            with pytest.raises(ConnectionFailed, match=r"^ws://hub\.example/a gave HTTP 404"):
                await speak_websocket(near, "ws://ada:s3cret@hub.example/a?token=s3cret")
        with pytest.raises(ConnectionFailed, match=f"^cannot reach ws://127.0.0.1:{free_tcp_port}/a: "):
            await open_websocket(f"ws://ada:s3cret@127.0.0.1:{free_tcp_port}/a?token=s3cret")

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
        with pytest.raises(
            ConnectionFailed, match=r"does not answer in 0\.01 seconds \(timeout=, its connect phase\)$"
        ):
            await speak_websocket(near, URL, timeout=0.01)
        assert near.is_closed

    run(talk)


@pytest.mark.parametrize(
    ("code", "reason", "error", "says"),
    [
        (1001, "", ConnectionFailed, r"is going away \(1001\)$"),
        (1002, "", ConnectionFailed, r"does not understand our WebSocket \(1002\)$"),
        (1003, "text only", ConnectionFailed, r"takes no such messages \(1003\): text only$"),
        (1007, "", ConnectionFailed, r"cannot read what it was sent \(1007\)$"),
        (1008, "", ConnectionFailed, r"does not allow this \(1008\)$"),
        (1009, "too big", ConnectionFailed, r"more than it takes \(1009\): too big$"),
        (1011, "", ConnectionFailed, r"has failed \(1011\)$"),
        (1012, "back soon", ConnectionFailed, r"is being restarted \(1012\): back soon$"),
        (1013, "", ConnectionFailed, r"has too much to do \(1013\)$"),
        (1014, "", ConnectionFailed, r"cannot reach what is behind it \(1014\)$"),
        (3000, "", ConnectionFailed, r"ended the connection \(3000\)$"),
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


OPCODES = st.sampled_from([*Opcode]) | st.integers(0, 15)


@st.composite
def frames(draw):
    """A frame as nobody should write it: with any opcode, any flags, a mask or none, any length that it says it has."""
    data, length = draw(st.binary(max_size=130)), draw(st.none() | st.integers(0, 127))
    first = draw(st.sampled_from([0x80, 0x00, 0xC0])) | draw(OPCODES)
    second = draw(st.sampled_from([0x00, 0x80])) | (min(len(data), 125) if length is None else length)
    return bytes([first, second]) + data


@settings(max_examples=50)
@given(st.lists(st.binary(min_size=1, max_size=20) | frames(), max_size=4))
def test_whatever_a_server_says_is_a_message_or_an_end(pieces):
    async def script(peer):
        with suppress(anyio.BrokenResourceError):  # the client has heard enough
            for piece in pieces:
                await peer.end.send(piece)
        await peer.end.aclose()

    async def talk():
        async with joined(script) as socket:
            with anyio.fail_after(20), suppress(ConnectionFailed, AuthenticationError):
                while await socket.receive():
                    pass

    clock = trio.testing.MockClock(autojump_threshold=0)
    anyio.run(talk, backend="trio", backend_options={"clock": clock})


def test_json_in_a_binary_frame_is_read_all_the_same(run):
    async def talk():
        async def script(peer):
            peer.protocol.send_binary(b"{}")
            await peer.flush()

        async with joined(script) as socket:
            assert await socket.receive() == b"{}"

    run(talk)


def test_a_masked_frame_is_against_the_rules(run):
    async def talk():
        async def script(peer):
            await peer.end.send(Frame(Opcode.TEXT, b"{}").serialize(mask=True))

        async with joined(script) as socket:
            with pytest.raises(ConnectionFailed, match="broke the rules of WebSocket: incorrect masking"):
                await socket.receive()

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


def test_closing_does_not_wait_long_for_a_peer_that_says_nothing(run_in_no_time):
    async def talk():
        async with joined(never):
            pass
        assert anyio.current_time() == websocket._FAREWELL

    run_in_no_time(talk)


def test_nobody_is_there(run, free_tcp_port):
    async def talk():
        with pytest.raises(ConnectionFailed, match=f"cannot reach ws://127.0.0.1:{free_tcp_port}/"):
            await open_websocket(f"ws://127.0.0.1:{free_tcp_port}/")

    run(talk)


def test_what_we_do_wrong_is_refused(run):
    async def talk():
        async with joined(nothing) as socket:
            with pytest.raises(LocalProtocolError, match="an empty message"):
                await socket.send(b"{}", b"")
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
