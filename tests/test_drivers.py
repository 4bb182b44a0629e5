"""The drivers of hocket_io: one contract for asyncio, trio and sockets. The peer is a plain socket in a thread."""

import asyncio
import contextlib
import datetime as dt
import functools
import ipaddress
import json
import random
import socket
import ssl
import struct
import threading

import anyio
import pytest
import trio
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

import hocket_io.asyncio
import hocket_io.blocking
import hocket_io.trio
from hocket import Connection
from hocket.errors import ConnectionFailed
from hocket.framing import Ndjson
from hocket.jsonrpc import ConnectionClosed, NotificationReceived, RequestReceived, RequestTimedOut, ResultReceived

PATIENCE = 10.0
"""Seconds after which a test that hangs fails."""


class CountedSocket(socket.socket):
    """Knows how often it was written to."""

    writes = 0

    def send(self, *args):
        self.writes += 1
        return super().send(*args)

    def sendmsg(self, *args):
        self.writes += 1
        return super().sendmsg(*args)


class CountedSending(trio.abc.SendStream):
    """The way out of a stream of trio, which takes no socket of another class."""

    def __init__(self, stream, sock):
        self.stream, self.sock = stream, sock

    async def send_all(self, data):
        self.sock.writes += 1
        await self.stream.send_all(data)

    async def wait_send_all_might_not_block(self):
        await self.stream.wait_send_all_might_not_block()

    async def aclose(self):
        await self.stream.aclose()


def counted(sock):
    stream = trio.SocketStream(trio.socket.from_stdlib_socket(socket.socket(fileno=sock.detach())))
    return trio.StapledStream(CountedSending(stream, sock), stream)


def on_asyncio(new_driver, sock):
    async def main():
        driver = new_driver(hocket_io.asyncio.Driver)
        async with asyncio.timeout(PATIENCE):
            await asyncio.get_running_loop().create_connection(lambda: driver, sock=sock)
            await driver.run()

    asyncio.run(main())


def on_trio(new_driver, sock):
    async def main():
        driver = new_driver(hocket_io.trio.Driver)
        with trio.fail_after(PATIENCE):
            await driver.run(counted(sock))

    trio.run(main)


def on_a_thread(new_driver, sock):
    new_driver(hocket_io.blocking.Driver).run(sock)


LOOPS = {"asyncio": on_asyncio, "trio": on_trio, "blocking": on_a_thread}


@pytest.fixture(params=LOOPS)
def drive(request):
    """drive(peer, on_event, begin): runs a driver of a Connection; `peer` gets the other end in a thread."""

    def drive(peer, on_event=None, begin=lambda driver: None, ends=None, **options):
        ours, theirs = ends or socket.socketpair()
        ours = CountedSocket(fileno=ours.detach())
        theirs.settimeout(PATIENCE)
        events, told = [], []

        def new_driver(kind):
            driver = kind(
                Connection(Ndjson()),
                lambda event: (events.append(event), on_event and on_event(driver, event)),
                **options,
            )
            begin(driver)
            return driver

        def attend():
            with theirs:
                told.append(peer(theirs))

        thread = threading.Thread(target=attend)
        thread.start()
        try:
            LOOPS[request.param](new_driver, ours)
        finally:
            thread.join(PATIENCE)
            assert not thread.is_alive()
            assert ours.fileno() == -1, "the socket is closed"
        drive.writes = ours.writes
        return events, told[0]

    return drive


def tcp_pair():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        ours = socket.create_connection(listener.getsockname())
        return ours, listener.accept()[0]


def line(method, params=None, **members):
    return json.dumps({"jsonrpc": "2.0", "method": method, "params": params or [], **members}).encode() + b"\n"


def read_all(sock):
    data = bytearray()
    while piece := sock.recv(65_536):
        data += piece
    return bytes(data)


def answers(data):
    return [json.loads(each) for each in data.splitlines()]


def echo(driver, event):
    if isinstance(event, RequestReceived):
        driver.endpoint.send_result(event.id, event.params, now=driver.now())


def test_every_event_arrives_in_order_however_the_bytes_are_cut(drive):
    def peer(sock):
        data, dice = b"".join(line("n", [number]) for number in range(200)), random.Random(1)
        while data:
            size = dice.choice([1, 2, 7, 50, 1000])
            sock.sendall(data[:size])
            data = data[size:]

    events, _ = drive(peer)
    assert events == [
        *[NotificationReceived(method="n", params=[number]) for number in range(200)],
        ConnectionClosed(error=None, pending=()),
    ]


def later(driver, command):
    """Have a command given once the loop has come round, as by an agent that needs time."""

    def give():
        command()
        driver.pump()

    async def rest():
        await trio.sleep(0.01)
        give()

    match driver:
        case hocket_io.asyncio.Driver():
            asyncio.get_running_loop().call_later(0.01, give)
        case hocket_io.trio.Driver():
            trio.lowlevel.spawn_system_task(rest)
        case hocket_io.blocking.Driver():
            threading.Timer(0.01, driver.call_soon, [command]).start()


def test_a_peer_that_has_said_all_still_gets_its_answer(drive):
    def peer(sock):
        sock.sendall(line("echo", ["late"], id=1))
        sock.shutdown(socket.SHUT_WR)
        return read_all(sock)

    held = []

    def on_event(driver, event):
        held.append(event)
        if isinstance(event, ConnectionClosed):
            later(driver, lambda: echo(driver, held[0]))

    _, data = drive(peer, on_event)
    assert answers(data) == [{"jsonrpc": "2.0", "id": 1, "result": ["late"]}]


def test_a_timer_fires_and_its_event_is_told(drive):
    def begin(driver):
        driver.endpoint.send_request("m", now=driver.now(), timeout=0.01)

    def on_event(driver, event):
        if isinstance(event, RequestTimedOut):
            driver.close()

    events, data = drive(read_all, on_event, begin)
    assert [type(event) for event in events] == [RequestTimedOut, ConnectionClosed]
    assert [each["method"] for each in answers(data)] == ["m"]


def test_a_connection_that_is_reset_is_a_typed_error_after_its_last_events(drive):
    told = []

    def peer(sock):
        sock.recv(1)  # it has begun
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    with pytest.raises(ConnectionFailed, match="the connection broke: Connection reset by peer"):
        drive(
            peer,
            lambda driver, event: told.append(event),
            lambda driver: driver.endpoint.send_request("m", now=driver.now()),
            ends=tcp_pair(),
        )
    assert [type(event) for event in told] == [ConnectionClosed]
    assert told[0].pending == ("1",)


def test_what_on_event_raises_drops_the_connection_and_comes_out_of_run(drive):
    told = []

    def on_event(driver, event):
        told.append(event)
        raise OSError(5, "of the application's own")

    def peer(sock):
        sock.sendall(line("n"))
        with contextlib.suppress(ConnectionResetError):
            assert read_all(sock) == b""

    with pytest.raises(OSError, match="of the application's own") as caught:
        drive(peer, on_event)
    assert type(caught.value) is OSError
    assert len(told) == 1


def test_a_peer_that_reads_no_answers_can_ask_for_no_more(drive):
    offered = 2_000

    def peer(sock):
        asked = b"".join(line("echo", ["x" * 4_000], id=number) for number in range(offered))
        sock.settimeout(0.2)
        sent = 0
        with contextlib.suppress(TimeoutError):
            while sent < len(asked):
                sent += sock.send(asked[sent : sent + 4_096])
        sock.settimeout(PATIENCE)
        sock.shutdown(socket.SHUT_WR)
        return asked[:sent].count(b"\n"), answers(read_all(sock))

    _, (asked, answered) = drive(peer, echo, unsent=65_536)
    assert asked < offered / 2
    assert [each["id"] for each in answered if "result" in each] == list(range(asked))


def test_what_was_written_before_close_arrives_however_slowly_it_is_read(drive):
    def begin(driver):
        for number in range(64):
            driver.endpoint.send_notification("n", [number, "x" * 65_536], now=driver.now())

    def on_event(driver, event):
        if isinstance(event, NotificationReceived):
            driver.endpoint.send_notification("last", now=driver.now())
            driver.close()

    def peer(sock):
        sock.sendall(line("close"))
        return read_all(sock)

    _, data = drive(peer, on_event, begin)
    assert [each["method"] for each in answers(data)] == ["n"] * 64 + ["last"]


def test_a_thousand_small_messages_are_few_writes(drive):
    def begin(driver):
        for _ in range(1_000):
            driver.endpoint.send_notification("n", now=driver.now())

    def on_event(driver, event):
        driver.close()

    def peer(sock):
        data = b""
        while data.count(b"\n") < 1_000:
            data += sock.recv(65_536)
        sock.sendall(line("enough"))
        return len(data + read_all(sock))

    drive(peer, on_event, begin)
    assert 1 <= drive.writes < 10


def test_abort_waits_for_nobody(drive):
    def begin(driver):
        driver.endpoint.send_notification("n", ["x" * 4_000_000], now=driver.now())

    def peer(sock):
        sock.sendall(line("go"))
        over.wait(PATIENCE)

    over = threading.Event()

    def on_event(driver, event):
        if isinstance(event, NotificationReceived):
            driver.abort()
        else:
            over.set()

    events, _ = drive(peer, on_event, begin, unsent=8_000_000)
    assert isinstance(events[-1], ConnectionClosed)


# --- what only the event loops have: drain, and cancellation


async def write_on(driver):
    """Write ten megabytes, and wait after each message until there is room."""
    for number in range(160):
        driver.endpoint.send_notification("n", [number, "x" * 65_536], now=driver.now())
        driver.pump()
        await driver.drain()


def new_driver_of(kind):
    return kind(Connection(Ndjson()), lambda event: None, unsent=65_536)


def stuck_on_asyncio(ours):
    async def main():
        driver = new_driver_of(hocket_io.asyncio.Driver)
        loop = asyncio.get_running_loop()
        await loop.create_connection(lambda: driver, sock=ours)
        running, writing = asyncio.create_task(driver.run()), asyncio.create_task(write_on(driver))
        done, _ = await asyncio.wait([running, writing], timeout=0.1)
        assert not done
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        with pytest.raises(ConnectionFailed, match="the connection is closed"):
            await asyncio.wait_for(writing, PATIENCE)
        assert driver.is_closed

    asyncio.run(main())


def stuck_on_trio(ours):
    async def main():
        driver = new_driver_of(hocket_io.trio.Driver)
        stream = trio.SocketStream(trio.socket.from_stdlib_socket(ours))
        with trio.move_on_after(0.1) as scope:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(driver.run, stream)
                await write_on(driver)
        assert scope.cancelled_caught
        assert driver.is_closed
        with pytest.raises(ConnectionFailed, match="the connection is closed"):
            await driver.drain()

    trio.run(main)


@pytest.mark.parametrize("stuck", [stuck_on_asyncio, stuck_on_trio])
def test_drain_waits_for_a_peer_that_reads_nothing_and_cancelling_run_drops_the_connection(stuck):
    ours, theirs = socket.socketpair()
    with theirs:
        stuck(ours)
        theirs.settimeout(PATIENCE)
        assert 0 < len(read_all(theirs)) < 5_000_000


def test_another_thread_can_give_commands_to_a_blocking_driver():
    ours, theirs = socket.socketpair()
    driver = hocket_io.blocking.Driver(Connection(Ndjson()), lambda event: None)
    thread = threading.Thread(target=driver.run, args=[ours])
    thread.start()
    with theirs:
        theirs.settimeout(PATIENCE)
        for number in range(3):
            driver.call_soon(lambda: driver.endpoint.send_notification("n", [number], now=driver.now()))  # noqa: B023  -- read before the next
            assert answers(theirs.recv(1_000))[0]["params"] == [number]
        driver.call_soon(driver.close)
        assert read_all(theirs) == b""
    thread.join(PATIENCE)
    with pytest.raises(ConnectionFailed, match="the connection is closed"):
        driver.call_soon(driver.close)


# --- the ways to a connection: TCP, Unix sockets, TLS


@pytest.fixture(scope="module")
def contexts(tmp_path_factory):
    """TLS for a server at 127.0.0.1, and for a client that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "hocket tests")])
    now = dt.datetime.now(dt.UTC)
    here = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(here, critical=False)
        .sign(key, hashes.SHA256())
        .public_bytes(serialization.Encoding.PEM)
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    path.write_bytes(certificate + secret)
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(path)
    return server, ssl.create_default_context(cadata=certificate.decode())


def echoing(kind):
    driver = kind(Connection(Ndjson()), lambda event: echo(driver, event))
    return driver


def asking(kind, results, size):
    def on_event(event):
        if isinstance(event, ResultReceived):
            results.append(len(event.result[0]))
            driver.endpoint.close(driver.now())

    driver = kind(Connection(Ndjson()), on_event)
    return driver, lambda: driver.endpoint.send_request("echo", ["x" * size], now=driver.now())


def ask_on_asyncio(way, path, contexts, size):
    kind, results = hocket_io.asyncio.Driver, []
    tls = contexts if way == "tls" else (None, None)

    async def main():
        driver, ask = asking(kind, results, size)
        ask()
        if way == "unix":
            server = await hocket_io.asyncio.serve_unix(lambda: echoing(kind), path)
            await hocket_io.asyncio.connect_unix(driver, path)
        else:
            server = await hocket_io.asyncio.serve(lambda: echoing(kind), "127.0.0.1", 0, tls=tls[0])
            port = server.sockets[0].getsockname()[1]
            await hocket_io.asyncio.connect(driver, "127.0.0.1", port, tls=tls[1])
        async with asyncio.timeout(PATIENCE):
            await driver.run()
            server.close()
            await server.wait_closed()

    asyncio.run(main())
    return results


def ask_on_trio(way, path, contexts, size):
    kind, results = hocket_io.trio.Driver, []
    tls = contexts if way == "tls" else (None, None)

    async def main():
        driver, ask = asking(kind, results, size)
        ask()
        with trio.fail_after(PATIENCE):
            async with trio.open_nursery() as nursery:
                if way == "unix":
                    await nursery.start(hocket_io.trio.serve_unix, lambda: echoing(kind), path)
                    stream = await hocket_io.trio.connect_unix(path)
                else:
                    serve = functools.partial(hocket_io.trio.serve, tls=tls[0])
                    (listener,) = await nursery.start(serve, lambda: echoing(kind), "127.0.0.1", 0)
                    port = listener.socket.getsockname()[1]
                    stream = await hocket_io.trio.connect("127.0.0.1", port, tls=tls[1])
                await driver.run(stream)
                nursery.cancel_scope.cancel()

    trio.run(main)
    return results


def ask_on_a_thread(way, path, contexts, size):
    kind, results = hocket_io.blocking.Driver, []
    tls = contexts if way == "tls" else (None, None)
    driver, ask = asking(kind, results, size)
    ask()
    with hocket_io.blocking.listen_unix(path) if way == "unix" else hocket_io.blocking.listen("127.0.0.1", 0) as listener:
        peer = threading.Thread(target=lambda: echoing(kind).run(hocket_io.blocking.accept(listener, tls=tls[0])))
        peer.start()
        if way == "unix":
            sock = hocket_io.blocking.connect_unix(path)
        else:
            sock = hocket_io.blocking.connect("127.0.0.1", listener.getsockname()[1], tls=tls[1])
        driver.run(sock)
        peer.join(PATIENCE)
    return results


@pytest.mark.parametrize("way", ["tcp", "unix", "tls"])
@pytest.mark.parametrize("ask", [ask_on_asyncio, ask_on_trio, ask_on_a_thread])
def test_a_large_question_goes_there_and_back(ask, way, tmp_path, contexts):
    assert ask(way, str(tmp_path / "s"), contexts, 3_000_000) == [3_000_000]


@pytest.mark.parametrize("name", LOOPS)
@pytest.mark.parametrize("is_listening", [True, False])
def test_where_there_is_no_connection_to_be_had_the_error_says_why(name, is_listening, contexts):
    """Nothing listens, or the one who does cannot show a certificate that is trusted."""

    def attend():
        with contextlib.suppress(OSError):
            sock, _ = listener.accept()
            with sock, contextlib.suppress(OSError):
                contexts[0].wrap_socket(sock, server_side=True)

    async def on_loop(port, tls):
        match name:
            case "asyncio":
                driver = new_driver_of(hocket_io.asyncio.Driver)
                await hocket_io.asyncio.connect(driver, "127.0.0.1", port, tls=tls)
            case "trio":
                await hocket_io.trio.connect("127.0.0.1", port, tls=tls)
            case "blocking":
                hocket_io.blocking.connect("127.0.0.1", port, tls=tls)

    reason = "certificate is not to be trusted" if is_listening else "Connection refused: nothing listens there"
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        thread = threading.Thread(target=attend)
        if is_listening:
            thread.start()
        else:
            listener.close()
        with pytest.raises(ConnectionFailed, match=rf"cannot reach 127\.0\.0\.1:{port}: .*{reason}"):
            (trio if name == "trio" else anyio).run(on_loop, port, ssl.create_default_context())
        if is_listening:
            thread.join(PATIENCE)
