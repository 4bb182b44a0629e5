"""The driver without an event loop: its server, commands of other threads, and nobody who is busy waiting."""

import contextlib
import errno
import functools
import logging
import os
import selectors
import socket
import struct
import threading

import pytest

import hocket_io.blocking
from hocket import Connection
from hocket.errors import ConnectionFailed
from hocket.framing import Ndjson
from hocket.jsonrpc import ConnectionClosed, NotificationReceived
from hocket_io.blocking.bell import Bell
from hocket_io.blocking.commands import Commands
from support.drivers import PATIENCE, echoing, json_line, line, read_all
from support.tls import client_context, server_context


@pytest.fixture
def no_thread_is_left():
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) == before


def connected(server):
    sock = socket.create_connection(server.listener.getsockname(), PATIENCE)
    sock.settimeout(PATIENCE)
    return sock


def asked(sock, text):
    sock.sendall(line("echo", [text], id=1))
    return json_line(sock)["result"]


@pytest.mark.usefixtures("no_thread_is_left")
def test_a_server_of_threads_attends_many_at_a_time_and_ends_all_of_them_when_it_is_closed():
    kind = hocket_io.blocking.Driver
    with hocket_io.blocking.serve(lambda: echoing(kind), "127.0.0.1", 0) as server:
        address = server.listener.getsockname()
        socks = [connected(server) for _ in range(5)]
        for number, sock in enumerate(socks):
            assert asked(sock, number) == [number]
        socks[0].close()
    for sock in socks[1:]:
        with sock, contextlib.suppress(ConnectionResetError):
            assert read_all(sock) == b""
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address)
    server.close()  # a second time does nothing


@pytest.mark.usefixtures("no_thread_is_left")
def test_whoever_is_one_too_many_waits_until_another_has_left():
    kind = hocket_io.blocking.Driver
    with hocket_io.blocking.serve(lambda: echoing(kind), "127.0.0.1", 0, connections=1) as server:
        first, second = connected(server), connected(server)
        with first, second:
            assert asked(first, "a") == ["a"]
            second.sendall(line("echo", ["b"], id=1))
            second.settimeout(0.05)
            with pytest.raises(TimeoutError):
                second.recv(1)
            second.settimeout(PATIENCE)
            first.close()
            assert json_line(second)["result"] == ["b"]


@pytest.mark.usefixtures("no_thread_is_left")
def test_a_mistake_in_one_connection_of_a_server_is_logged_and_the_others_go_on(caplog):
    kind, made = hocket_io.blocking.Driver, []

    def new_driver():
        made.append(len(made))
        match len(made):
            case 1:
                raise ValueError("no driver today")
            case 2:
                return kind(Connection(Ndjson()), lambda event: {}["key"])
            case _:
                return echoing(kind)

    with caplog.at_level(logging.ERROR), hocket_io.blocking.serve(new_driver, "127.0.0.1", 0) as server:
        for _ in range(2):
            with connected(server) as sock, contextlib.suppress(ConnectionResetError):
                sock.sendall(line("n"))
                assert read_all(sock) == b""
        with connected(server) as sock:
            assert asked(sock, "c") == ["c"]
    assert [type(record.exc_info[1]) for record in caplog.records] == [ValueError, KeyError]


def test_a_handshake_that_never_comes_keeps_no_server_from_closing():
    kind = hocket_io.blocking.Driver
    with hocket_io.blocking.serve(lambda: echoing(kind), "127.0.0.1", 0, tls=server_context()) as server:
        sock = connected(server)
    with sock, contextlib.suppress(ConnectionResetError):
        assert sock.recv(1) == b""


@pytest.mark.parametrize("tls", [None, server_context()], ids=["tcp", "tls"])
@pytest.mark.usefixtures("no_thread_is_left")
def test_whoever_leaves_at_once_keeps_nobody_waiting(tls, caplog):
    """Over TLS, that is found out before there is a driver, and is no want of file descriptors to be waited out."""
    kind = hocket_io.blocking.Driver
    listener = hocket_io.blocking.listen("127.0.0.1", 0)
    for _ in range(3):
        with socket.create_connection(listener.getsockname()) as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    with (
        socket.create_connection(listener.getsockname(), PATIENCE) as sock,
        caplog.at_level(logging.INFO),
        hocket_io.blocking.Server(listener, lambda: echoing(kind), tls=tls, new_selector=NoPause),
        client_context().wrap_socket(sock, server_hostname="127.0.0.1") if tls else sock as client,
    ):
        assert asked(client, "a") == ["a"]
    assert caplog.records == []


class NoPause(selectors.DefaultSelector):
    """Fails where a server waits for a time to pass."""

    def select(self, timeout=None):
        assert timeout is None
        return super().select(timeout)


class Crowded(socket.socket):
    """A listener whose system has no file descriptor left, once."""

    was_full = False

    def accept(self):
        if not self.was_full:
            self.was_full = True
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
        return super().accept()


@pytest.mark.usefixtures("no_thread_is_left")
def test_without_a_file_descriptor_a_server_waits_a_second_and_tries_again(caplog):
    class NoTime(selectors.DefaultSelector):
        def select(self, timeout=None):
            if timeout is None:
                return super().select()
            pauses.append(timeout)
            return []

    pauses, kind = [], hocket_io.blocking.Driver
    listener = Crowded(fileno=hocket_io.blocking.listen("127.0.0.1", 0).detach())
    with (
        hocket_io.blocking.Server(listener, lambda: echoing(kind), new_selector=NoTime) as server,
        connected(server) as sock,
    ):
        assert asked(sock, "a") == ["a"]
    assert pauses == [1.0]
    assert caplog.messages == ["cannot accept a connection: Too many open files"]


@pytest.mark.usefixtures("no_thread_is_left")
def test_without_a_thread_for_it_a_connection_is_dropped_and_the_next_one_has_its_place(monkeypatch, caplog):
    def start(thread):
        if thread.name == "hocket attends" and not refused:
            refused.append(thread)
            raise RuntimeError("can't start new thread")
        return really_start(thread)

    refused, really_start = [], threading.Thread.start
    monkeypatch.setattr(threading.Thread, "start", start)
    kind = hocket_io.blocking.Driver
    with hocket_io.blocking.serve(lambda: echoing(kind), "127.0.0.1", 0, connections=1) as server:
        with connected(server) as sock, contextlib.suppress(ConnectionResetError):
            assert read_all(sock) == b""
        with connected(server) as sock:
            assert asked(sock, "b") == ["b"]
    assert [str(record.exc_info[1]) for record in caplog.records] == ["can't start new thread"]


@pytest.mark.usefixtures("no_thread_is_left")
def test_a_server_may_be_closed_by_one_of_its_connections():
    def close(event):
        if not isinstance(event, ConnectionClosed):
            server.close()
            closed.append(server)

    closed, kind = [], hocket_io.blocking.Driver
    with (
        hocket_io.blocking.serve(lambda: kind(Connection(Ndjson()), close), "127.0.0.1", 0) as server,
        connected(server) as sock,
        contextlib.suppress(ConnectionResetError),
    ):
        sock.sendall(line("n"))
        assert read_all(sock) == b""
    for thread in threading.enumerate():
        if thread.name == "hocket attends":
            thread.join(PATIENCE)
    assert closed == [server]


@pytest.mark.usefixtures("no_thread_is_left")
def test_a_thread_that_is_ended_leaves_its_place_to_another(monkeypatch):
    def leave(event):
        raise SystemExit

    ended = []
    monkeypatch.setattr(threading, "excepthook", lambda end: ended.append(end.exc_type))
    kind = hocket_io.blocking.Driver
    drivers = [echoing(kind), kind(Connection(Ndjson()), leave)]
    new_driver = drivers.pop

    with hocket_io.blocking.serve(new_driver, "127.0.0.1", 0, connections=1) as server:
        with connected(server) as sock, contextlib.suppress(ConnectionResetError):
            sock.sendall(line("n"))
            assert read_all(sock) == b""
        with connected(server) as sock:
            assert asked(sock, "b") == ["b"]
    assert ended == [SystemExit]


def test_what_a_peer_says_before_it_leaves_is_told_though_it_takes_nothing_any_more():
    ours, theirs = socket.socketpair()
    told = []
    driver = hocket_io.blocking.Driver(Connection(Ndjson()), told.append)
    driver.endpoint.send_notification("n", ["x" * 1_000_000], now=0.0)
    with theirs:
        theirs.sendall(line("bye"))
    with pytest.raises(ConnectionFailed, match="the connection broke: Broken pipe"):
        driver.run(ours)
    assert told[0] == NotificationReceived(method="bye", params=[])


def test_where_nothing_can_wait_for_it_a_connection_is_closed():
    def no_selector():
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    ours, theirs = socket.socketpair()
    driver = hocket_io.blocking.Driver(Connection(Ndjson()), print, new_selector=no_selector)
    with theirs, pytest.raises(OSError, match="Too many open files"):
        driver.run(ours)
    assert ours.fileno() == -1


# --- commands of other threads


def test_a_command_that_asks_for_itself_again_leaves_time_for_the_connection():
    ours, theirs = socket.socketpair()
    told, times = [], []

    def again():
        times.append(len(told))
        if len(times) < 100 and not told:
            driver.call_soon(again)

    driver = hocket_io.blocking.Driver(Connection(Ndjson()), told.append)
    driver.call_soon(again)
    with theirs:
        theirs.sendall(line("n"))
    driver.run(ours)
    assert 1 < len(times) < 100


def test_another_thread_can_give_commands_to_a_blocking_driver():
    ours, theirs = socket.socketpair()
    driver = hocket_io.blocking.Driver(Connection(Ndjson()), lambda event: None)
    thread = threading.Thread(target=driver.run, args=[ours])
    thread.start()
    with theirs:
        theirs.settimeout(PATIENCE)
        for number in range(3):
            driver.call_soon(functools.partial(driver.endpoint.send_notification, "n", [number], now=0.0))
            assert json_line(theirs)["params"] == [number]
        driver.call_soon(driver.close)
        assert read_all(theirs) == b""
    thread.join(PATIENCE)
    with pytest.raises(ConnectionFailed, match="the connection is closed"):
        driver.call_soon(driver.close)


def test_what_a_command_of_another_thread_raises_comes_out_of_run():
    ours, theirs = socket.socketpair()
    driver = hocket_io.blocking.Driver(Connection(Ndjson()), lambda event: None)
    driver.call_soon(lambda: {}["key"])  # asked before it runs
    with theirs, pytest.raises(KeyError):
        driver.run(ours)
    assert ours.fileno() == -1


def test_after_a_command_that_has_raised_nothing_more_is_called():
    ours, theirs = socket.socketpair()
    called = []
    driver = hocket_io.blocking.Driver(Connection(Ndjson()), called.append)
    driver.call_soon(lambda: {}["key"])
    driver.call_soon(lambda: called.append("second"))
    with theirs, pytest.raises(KeyError):
        driver.run(ours)
    assert called == []


def test_a_pump_within_what_is_told_does_nothing_and_commands_wait_for_their_turn():
    ours, theirs = socket.socketpair()
    said = []

    def on_event(event):
        if isinstance(event, ConnectionClosed):
            return
        said.append("told")
        driver.call_soon(lambda: said.append("asked"))
        driver.pump()
        said.append("still told")

    driver = hocket_io.blocking.Driver(Connection(Ndjson()), on_event)
    with theirs:
        theirs.sendall(line("n"))
        theirs.shutdown(socket.SHUT_WR)
        driver.run(ours)
    assert said == ["told", "still told", "asked"]


# --- no thread is busy while there is nothing to do


class FewLooks(selectors.DefaultSelector):
    """Fails where somebody looks again and again, instead of waiting."""

    looks = 0

    def select(self, timeout=None):
        self.looks += 1
        assert self.looks < 200, "nobody waits here"
        return super().select(timeout)


def test_who_has_something_to_say_before_the_handshake_waits_for_it_and_says_all_of_it():
    ours, theirs = socket.socketpair()
    driver = hocket_io.blocking.Driver(Connection(Ndjson()), lambda event: None, new_selector=FewLooks)
    driver.endpoint.send_notification("n", ["x" * 1_000_000], now=0.0)
    secret = server_context().wrap_socket(ours, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=driver.run, args=[secret])
    thread.start()
    theirs.settimeout(PATIENCE)
    with client_context().wrap_socket(theirs, server_hostname="127.0.0.1") as client:
        assert len(json_line(client)["params"][0]) == 1_000_000
    thread.join(PATIENCE)
    assert not thread.is_alive()


@pytest.mark.usefixtures("no_thread_is_left")
def test_a_server_waits_for_the_next_connection_also_when_one_has_ended():
    listener = hocket_io.blocking.listen("127.0.0.1", 0)
    kind = hocket_io.blocking.Driver
    with hocket_io.blocking.Server(listener, lambda: echoing(kind), new_selector=FewLooks) as server:
        for number in range(10):
            with connected(server) as sock:
                assert asked(sock, number) == [number]
                sock.shutdown(socket.SHUT_WR)
                assert read_all(sock) == b""


def test_a_bell_may_be_rung_as_often_as_one_likes():
    with selectors.DefaultSelector() as selector, contextlib.closing(Bell(selector)) as bell:
        for _ in range(5_000):
            bell.ring()
        bell.hush()
        assert not selector.select(0)


def test_a_bell_that_was_heard_rings_no_more():
    with selectors.DefaultSelector() as selector, contextlib.closing(Bell(selector)) as bell:
        commands, done = Commands(), []
        commands.begin(bell)
        for number in range(3):
            commands.ask(functools.partial(done.append, number))
        assert selector.select(0)
        commands.perform(lambda command: command())
        assert done == [0, 1, 2]
        assert not selector.select(0)
