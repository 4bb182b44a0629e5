"""The drivers' ways to a connection: TCP, Unix sockets, TLS; and how connections of a server end."""

import asyncio
import contextlib
import errno
import functools
import logging
import os
import socket
import ssl
import threading

import anyio
import pytest
import trio
import trio.testing

import hocket_io.asyncio
import hocket_io.blocking
import hocket_io.trio
from hocket import Connection
from hocket.errors import ConnectionFailed, LocalProtocolError
from hocket.framing import Ndjson
from hocket.jsonrpc import ConnectionClosed, NotificationReceived, RequestReceived, ResultReceived
from hocket_io.drivers.connecting import reaching
from support.drivers import PATIENCE, answers, echoing, json_line, line, read_all
from support.tls import client_context, server_context


def asking(kind, results, size):
    def on_event(event):
        if isinstance(event, ResultReceived):
            results.append(len(event.result[0]))
            driver.endpoint.close(driver.now())

    driver = kind(Connection(Ndjson()), on_event)
    driver.endpoint.send_request("echo", ["x" * size], now=0.0)
    return driver


def ask_on_asyncio(path, server_tls, client_tls, size, new_loop=asyncio.SelectorEventLoop):
    kind, results = hocket_io.asyncio.Driver, []

    async def main():
        driver = asking(kind, results, size)
        async with asyncio.timeout(PATIENCE):
            if path:
                server = await hocket_io.asyncio.serve_unix(lambda: echoing(kind), path)
                await hocket_io.asyncio.connect_unix(driver, path)
            else:
                server = await hocket_io.asyncio.serve(lambda: echoing(kind), "127.0.0.1", 0, tls=server_tls)
                port = server.sockets[0].getsockname()[1]
                await hocket_io.asyncio.connect(driver, "127.0.0.1", port, tls=client_tls)
            await driver.run()
            server.close()
            await server.wait_closed()

    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(main())
    return results


def ask_on_uvloop(path, server_tls, client_tls, size):
    uvloop = pytest.importorskip("uvloop")
    return ask_on_asyncio(path, server_tls, client_tls, size, uvloop.new_event_loop)


def ask_on_trio(path, server_tls, client_tls, size):
    kind, results = hocket_io.trio.Driver, []

    async def main():
        driver = asking(kind, results, size)
        with trio.fail_after(PATIENCE):
            async with trio.open_nursery() as nursery:
                if path:
                    await nursery.start(hocket_io.trio.serve_unix, lambda: echoing(kind), path)
                    stream = await hocket_io.trio.connect_unix(path)
                else:
                    serve = functools.partial(hocket_io.trio.serve, tls=server_tls)
                    (listener,) = await nursery.start(serve, lambda: echoing(kind), "127.0.0.1", 0)
                    port = listener.socket.getsockname()[1]
                    stream = await hocket_io.trio.connect("127.0.0.1", port, tls=client_tls)
                await driver.run(stream)
                nursery.cancel_scope.cancel()

    trio.run(main)
    return results


def ask_on_threads(path, server_tls, client_tls, size):
    kind, results = hocket_io.blocking.Driver, []
    driver = asking(kind, results, size)
    if path:
        with hocket_io.blocking.serve_unix(lambda: echoing(kind), path):
            driver.run(hocket_io.blocking.connect_unix(path), deadline=driver.now() + PATIENCE)
    else:
        with hocket_io.blocking.serve(lambda: echoing(kind), "127.0.0.1", 0, tls=server_tls) as server:
            sock = hocket_io.blocking.connect("127.0.0.1", server.listener.getsockname()[1], tls=client_tls)
            driver.run(sock, deadline=driver.now() + PATIENCE)
    return results


ASK = [ask_on_asyncio, ask_on_uvloop, ask_on_trio, ask_on_threads]


@pytest.mark.parametrize("way", ["tcp", "unix", "tls"])
@pytest.mark.parametrize("ask", ASK)
def test_a_large_question_goes_there_and_back(ask, way, tmp_path):
    path = str(tmp_path / "s") if way == "unix" else None
    tls = (server_context(), client_context()) if way == "tls" else (None, None)
    assert ask(path, *tls, 2_000_000) == [2_000_000]


@pytest.mark.parametrize("loop", ["asyncio", "trio", "blocking"])
@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("nobody", "127.0.0.1:{port}: Connection refused: nothing listens there"),
        ("nobody, IPv6", r"\[::1\]:1: .*"),
        ("not trusted", "127.0.0.1:{port}: its certificate is not to be trusted: .*"),
        ("no path", "{path}: No such file or directory"),
        ("no name", "{name}:1: .*(label|long|IDNA|idna).*"),
    ],
)
def test_where_there_is_no_connection_to_be_had_the_error_says_why(loop, kind, reason, tmp_path):
    path, name = str(tmp_path / "nothing"), "x" * 64 + ".example"

    def attend():
        with contextlib.suppress(OSError):
            sock, _ = listener.accept()
            with sock, contextlib.suppress(OSError):
                server_context().wrap_socket(sock, server_side=True)

    async def connect(port):
        tls = ssl.create_default_context() if kind == "not trusted" else None
        host, port = {"no name": (name, 1), "nobody, IPv6": ("::1", 1)}.get(kind, ("127.0.0.1", port))
        module = {"asyncio": hocket_io.asyncio, "trio": hocket_io.trio, "blocking": hocket_io.blocking}[loop]
        driver = [hocket_io.asyncio.Driver(Connection(Ndjson()))] if loop == "asyncio" else []
        made = module.connect_unix(*driver, path) if kind == "no path" else module.connect(*driver, host, port, tls=tls)
        if loop != "blocking":
            await made

    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        thread = threading.Thread(target=attend)
        if kind == "not trusted":
            thread.start()
        else:
            listener.close()
        expected = "cannot reach " + reason.format(port=port, path=path, name=name)
        with pytest.raises(ConnectionFailed, match=f"^{expected}$"):
            (trio if loop == "trio" else anyio).run(connect, port)
        if kind == "not trusted":
            thread.join(PATIENCE)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (TimeoutError(), "cannot reach there in 3 seconds"),
        (TimeoutError(errno.ETIMEDOUT, "timed out"), f"cannot reach there: {os.strerror(errno.ETIMEDOUT)}"),
    ],
    ids=["ours", "that of the operating system"],
)
def test_whose_patience_was_at_an_end_is_said(error, said):
    with pytest.raises(ConnectionFailed) as caught, reaching("there", 3.0):
        raise error
    assert str(caught.value) == said


def test_without_an_event_loop_small_messages_are_not_held_back_either():
    with (
        hocket_io.blocking.listen("127.0.0.1", 0) as listener,
        hocket_io.blocking.connect(*listener.getsockname()) as ours,
        hocket_io.blocking.accept(listener) as theirs,
    ):
        for sock in (ours, theirs):
            assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_a_socket_that_somebody_has_left_is_replaced_and_a_file_is_not(tmp_path):
    left, file = tmp_path / "socket", tmp_path / "file"
    for _ in range(2):
        hocket_io.blocking.listen_unix(str(left)).close()
    file.write_text("of somebody else")
    with pytest.raises(OSError, match="Address already in use"):
        hocket_io.blocking.listen_unix(str(file))
    assert file.read_text() == "of somebody else"


# --- mistakes, and ends


@pytest.mark.parametrize(
    ("on_event", "mistake"),
    [(lambda event: {}["key"], KeyError), (None, LocalProtocolError)],
    ids=["raises", "missing"],
)
@pytest.mark.parametrize("loop", ["asyncio", "trio"])
def test_a_mistake_in_one_connection_is_logged_on_event_loops_too(loop, on_event, mistake, caplog):
    module, made = {"asyncio": hocket_io.asyncio, "trio": hocket_io.trio}[loop], []

    def new_driver():
        made.append(module.Driver(Connection(Ndjson()), on_event))
        return made[-1]

    async def visit(address):
        async with await anyio.connect_tcp(*address) as stream:
            await stream.send(line("n"))
            with pytest.raises((anyio.EndOfStream, anyio.BrokenResourceError)):
                await stream.receive()

    async def main():
        with anyio.fail_after(PATIENCE):
            if loop == "asyncio":
                server = await module.serve(new_driver, "127.0.0.1", 0)
                await visit(server.sockets[0].getsockname())
                while not caplog.records:
                    await asyncio.sleep(0)
                server.close()
                return
            async with trio.open_nursery() as nursery:
                (listener,) = await nursery.start(module.serve, new_driver, "127.0.0.1", 0)
                await visit(listener.socket.getsockname())
                while not caplog.records:  # the peer knows of it first
                    await trio.lowlevel.checkpoint()
                nursery.cancel_scope.cancel()

    with caplog.at_level(logging.ERROR):
        anyio.run(main, backend=loop)
    assert [type(record.exc_info[1]) for record in caplog.records] == [mistake]


def test_at_the_end_of_the_loop_the_connections_of_a_server_are_dropped():
    """A served driver has nobody who waits for it; it leaks no transport all the same."""

    async def main():
        server = await hocket_io.asyncio.serve(lambda: echoing(hocket_io.asyncio.Driver), "127.0.0.1", 0)
        sock.connect(server.sockets[0].getsockname())
        sock.sendall(line("echo", [1], id=1))
        await asyncio.get_running_loop().run_in_executor(None, json_line, sock)
        server.close()

    with socket.socket() as sock:
        sock.settimeout(PATIENCE)
        asyncio.run(main())
        with contextlib.suppress(ConnectionResetError):
            assert sock.recv(1) == b""


def on_asyncio(driver_of, sock, tls, new_loop=asyncio.SelectorEventLoop):
    async def main():
        driver = driver_of(hocket_io.asyncio.Driver)
        async with asyncio.timeout(PATIENCE):
            await asyncio.get_running_loop().connect_accepted_socket(lambda: driver, sock, ssl=tls)
            await driver.run()

    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(main())


def on_uvloop(driver_of, sock, tls):
    on_asyncio(driver_of, sock, tls, pytest.importorskip("uvloop").new_event_loop)


def on_trio(driver_of, sock, tls):
    async def main():
        plain = trio.SocketStream(trio.socket.from_stdlib_socket(sock))
        with trio.fail_after(PATIENCE):
            await driver_of(hocket_io.trio.Driver).run(trio.SSLStream(plain, tls, server_side=True))

    trio.run(main)


def on_a_thread(driver_of, sock, tls):
    driver = driver_of(hocket_io.blocking.Driver)
    secret = tls.wrap_socket(sock, server_side=True, do_handshake_on_connect=False)
    driver.run(secret, deadline=driver.now() + PATIENCE)


RUN = [on_asyncio, on_uvloop, on_trio, on_a_thread]


@contextlib.contextmanager
def tls_peer(theirs, talk):
    """A client of TLS in a thread, which minds whether an end was said or only came; gives what `talk` returns."""

    def attend():
        secret = client_context().wrap_socket(theirs, server_hostname="127.0.0.1", suppress_ragged_eofs=False)
        with secret:
            returned.append(talk(secret))

    returned = []
    theirs.settimeout(PATIENCE)
    thread = threading.Thread(target=attend)
    thread.start()
    try:
        yield returned
    finally:
        thread.join(PATIENCE)


@pytest.mark.parametrize("run", RUN)
def test_over_tls_the_end_of_the_peer_is_the_end_of_the_connection(run, caplog):
    """There is no half of it to be closed: a question that is not answered yet will not be."""

    def talk(secret):
        secret.sendall(line("m", id=1))
        with contextlib.suppress(OSError):
            secret.unwrap()

    ours, theirs = socket.socketpair()
    told = []
    with tls_peer(theirs, talk):
        run(lambda kind: kind(Connection(Ndjson()), told.append), ours, server_context())
    assert [type(event) for event in told] == [RequestReceived, ConnectionClosed]
    assert caplog.records == []  # asyncio warns of a protocol that wants to go on


@pytest.mark.parametrize("run", RUN)
def test_over_tls_a_peer_that_ends_without_a_farewell_has_ended(run):
    def talk(secret):
        secret.sendall(line("n"))
        way_out.shutdown(socket.SHUT_WR)
        with contextlib.suppress(OSError):
            read_all(secret)

    ours, theirs = socket.socketpair()
    told = []
    with theirs.dup() as way_out, tls_peer(theirs, talk):
        run(lambda kind: kind(Connection(Ndjson()), told.append), ours, server_context())
    assert told == [NotificationReceived(method="n", params=[]), ConnectionClosed(error=None, pending=())]


@pytest.mark.parametrize("run", RUN)
def test_over_tls_close_says_that_this_is_the_end(run):
    """Without it a client of Go or Rust, for two, takes the end for a cut."""

    def talk(secret):
        secret.sendall(line("close"))
        return answers(read_all(secret))

    def driver_of(kind):
        def on_event(event):
            if isinstance(event, NotificationReceived):
                driver.endpoint.send_notification("last", ["x" * 1_000_000], now=driver.now())
                driver.close()

        driver = kind(Connection(Ndjson()), on_event)
        return driver

    ours, theirs = socket.socketpair()
    with tls_peer(theirs, talk) as said:
        run(driver_of, ours, server_context())
    assert [each["method"] for each in said[0]] == ["last"]


@pytest.mark.parametrize("run", RUN)
def test_over_tls_abort_is_a_cut_and_no_end(run):
    def talk(secret):
        secret.sendall(line("abort"))
        with pytest.raises((ssl.SSLEOFError, ConnectionResetError)):
            read_all(secret)

    def driver_of(kind):
        driver = kind(Connection(Ndjson()), lambda event: driver.abort())
        return driver

    ours, theirs = socket.socketpair()
    with tls_peer(theirs, talk) as returned:
        run(driver_of, ours, server_context())
    assert returned == [None]


def test_over_tls_a_farewell_that_nobody_takes_is_given_up_in_time():
    """To close TLS is to write, too. These streams hold nothing: what is written was read."""

    async def peer(stream):
        secret = trio.SSLStream(stream, client_context(), server_hostname="127.0.0.1")
        assert b"last" in await secret.receive_some(10_000)
        driver.close()
        await trio.sleep_forever()

    async def main():
        ours, theirs = trio.testing.lockstep_stream_pair()
        driver.endpoint.send_notification("last", now=0.0)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(peer, theirs)
            with trio.fail_after(60), pytest.raises(ConnectionFailed, match=r"in 7 seconds \(linger\)"):
                await driver.run(trio.SSLStream(ours, server_context(), server_side=True))
            assert trio.current_time() == 7
            nursery.cancel_scope.cancel()

    driver = hocket_io.trio.Driver(Connection(Ndjson()), lambda event: None, linger=7.0)
    trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0))
