"""`hocket hub` as a process: real sockets, feeds and WebSockets, and what they see when it ends."""

import json
import os
import resource
import signal
import socket
import subprocess
import sys

import httpx2
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from support import forks
from support.hubs import body, call, said, say, start

pytestmark = pytest.mark.process


class ServedHub:
    """A hub in a process of its own."""

    def __init__(self, *words):
        command = [sys.executable, "-m", "hocket", "hub", "--port", "0", *words]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.process.stdout.readline()
        self.url = self.process.stdout.readline().split()[1].rstrip("/")
        self.web = httpx2.Client(base_url=self.url, timeout=20)

    def rpc(self, message, agent):
        return self.web.post("/jsonrpc", content=body(message), headers={"X-Agent-Id": agent}).json()

    def begin(self, *participants):
        return self.rpc(start(*participants), participants[0])["result"]["stream"]["streamId"]

    def feed(self, stream_id, agent, **headers):
        fields = {"Accept": "text/event-stream", "X-Agent-Id": agent}
        fields |= {name.replace("_", "-"): value for name, value in headers.items()}
        return self.web.stream("GET", f"/streams/{stream_id}", headers=fields)

    def socket(self, path, agent, **options):
        return connect(f"ws{self.url.removeprefix('http')}{path}?agent={agent}", open_timeout=20, **options)

    def end(self, number):
        """Tell it to stop, and give its exit code and what it complained about."""
        self.process.send_signal(number)
        return self.wait()

    def wait(self):
        _, complaints = self.process.communicate(timeout=20)
        return self.process.returncode, complaints


@pytest.fixture(scope="module")
def served(importable):
    """One for all tests that leave it as it was; it has complained about nothing."""
    hub = ServedHub()
    yield hub
    hub.web.close()
    assert hub.end(signal.SIGINT) == (0, "")


@pytest.fixture
def own(importable):
    """One that a test may end."""
    hub = ServedHub()
    yield hub
    hub.web.close()
    hub.process.kill()
    hub.process.communicate()


def events(response):
    """The notifications of a feed, with their ids."""
    event_id = None
    for line in response.iter_lines():
        name, _, value = line.partition(": ")
        if name == "id":
            event_id = value
        elif name == "data":
            yield event_id, json.loads(value)


def read_on(socket):
    """Read until it is closed, which raises."""
    while True:
        socket.recv(timeout=20)


def test_a_feed_a_socket_and_posts(served):
    stream_id = served.begin("ada", "bob", "eve")
    with served.feed(stream_id, "bob", last_event_id="1") as response, served.socket("/jsonrpc", "eve") as eve:
        feed = events(response)
        served.rpc(say(stream_id, "from ada"), "ada")
        assert next(feed)[1]["params"]["message"]["parts"][0]["content"] == "from ada"
        eve.send(body({"type": "stream.message", "streamId": stream_id, "message": said("from eve")}).decode())
        event_id, told = next(feed)
        assert (event_id, told["params"]["message"]["agentId"]) == ("3", "eve")
        heard = [json.loads(eve.recv(timeout=20)) for _ in range(2)]
        assert [each["params"]["eventId"] for each in heard] == ["1", "2"]
        served.rpc(call("stream.end", {"streamId": stream_id}, 3), "ada")
        assert [told["method"] for _, told in feed] == ["stream.end"]


def test_a_socket_for_one_stream_is_closed_with_it(served):
    stream_id = served.begin("ada", "bob")
    headers = {"Last-Event-ID": "1"}
    with served.socket(f"/streams/{stream_id}", "bob", additional_headers=headers) as bob:
        served.rpc(call("stream.end", {"streamId": stream_id}, 2), "ada")
        assert json.loads(bob.recv(timeout=20))["method"] == "stream.end"
        with pytest.raises(ConnectionClosed) as closed:
            bob.recv(timeout=20)
    assert closed.value.rcvd.code == 1000


@pytest.mark.parametrize(("path", "code"), [("/streams/none", 4004), ("/streams/STREAM", 4003)])
def test_a_socket_that_is_refused_is_told_why(served, path, code):
    stream_id = served.begin("ada", "bob")
    with served.socket(path.replace("STREAM", stream_id), "eve") as eve, pytest.raises(ConnectionClosed) as closed:
        eve.recv(timeout=20)
    assert closed.value.rcvd.code == code


def say_too_much(socket):
    socket.send("x" * (16 * 1024 * 1024 + 1))
    read_on(socket)


def test_a_message_over_the_limit_closes_the_socket_and_no_other(served):
    with served.socket("/jsonrpc", "max", max_size=None) as big, served.socket("/jsonrpc", "moritz") as small:
        with pytest.raises(ConnectionClosed) as closed:
            say_too_much(big)
        assert closed.value.rcvd.code == 1009
        small.send(body(start("moritz")).decode())
        assert "result" in json.loads(small.recv(timeout=20))


def test_text_that_is_no_text_closes_the_socket_and_needs_no_traceback(own):
    with own.socket("/jsonrpc", "ada") as ada:
        ada.send(b"\xff", text=True)
        with pytest.raises(ConnectionClosed) as closed:
            read_on(ada)
        assert closed.value.rcvd.code == 1007
    code, complaints = own.end(signal.SIGINT)
    assert code == 0
    assert complaints.splitlines() == ["ERROR:    Invalid UTF-8 sequence received from client."]


def test_a_large_message_comes_through_whole(served):
    stream_id = served.begin("ada", "bob")
    text = "é\u2028x" * 100_000
    with served.feed(stream_id, "bob", last_event_id="1") as response:
        assert served.rpc(say(stream_id, text), "ada")["result"]["type"] == "success"
        _, told = next(events(response))
        assert told["params"]["message"]["parts"][0]["content"] == text


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_hub_that_is_told_to_stop_stops_in_good_order(own, number):
    stream_id = own.begin("ada", "bob")
    with own.feed(stream_id, "bob") as response, own.socket("/jsonrpc", "bob") as bob:
        feed = events(response)
        next(feed)
        own.process.send_signal(number)
        with pytest.raises(httpx2.RemoteProtocolError):  # cut, and not ended: a client can tell, and comes back
            list(feed)
        with pytest.raises(ConnectionClosed) as closed:
            read_on(bob)
        assert closed.value.rcvd.code == 1012
    code, complaints = own.wait()
    assert code == (0 if number == signal.SIGINT else -signal.SIGTERM)
    assert complaints == ""


def test_a_request_that_never_becomes_whole_does_not_keep_a_hub_that_is_told_to_stop(own):
    host, port = own.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.sendall(
            b"POST /jsonrpc HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n"
        )
        assert b"100" in connection.recv(100)  # it waits for the body
        assert own.end(signal.SIGINT) == (0, "")


def line_from(address):
    with socket.create_connection(address, timeout=20) as connection:
        connection.sendall(body(call("stream.get", {"streamId": "none"})) + b"\n")
        return json.loads(connection.makefile().readline())


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="the limits of another process can be set on Linux only")
def test_a_hub_that_can_open_no_more_files_goes_on_once_it_can(importable, monkeypatch):
    monkeypatch.setattr(sys, "executable", forks.REAL)  # its limits are those of the process that is started
    hub = ServedHub("--tcp", "0")
    try:
        hub.process.stdout.readline()
        host, port = hub.process.stdout.readline().split()[1].removeprefix("tcp://").split(":")
        with socket.create_connection((host, int(port))) as first:
            resource.prlimit(hub.process.pid, resource.RLIMIT_NOFILE, (24, 24))
            crowd = [socket.create_connection((host, int(port))) for _ in range(32)]
            assert "no connection can be taken" in hub.process.stderr.readline()
            first.sendall(body(call("stream.get", {"streamId": "none"})) + b"\n")
            assert json.loads(first.makefile().readline())["id"] == 1
            for connection in crowd:
                connection.close()
            assert line_from((host, int(port)))["id"] == 1
    finally:
        hub.web.close()
        hub.process.kill()
        hub.process.communicate()


def send_one_by_one(connection, request, size):
    for _ in range(size // len(request)):
        connection.sendall(request)


def test_who_takes_no_answers_is_not_read_any_further(importable):
    """Small pieces, so that there is always one more to read: that is how a hub was filled without an end."""
    hub = ServedHub("--tcp", "0")
    try:
        hub.process.stdout.readline()
        host, port = hub.process.stdout.readline().split()[1].removeprefix("tcp://").split(":")
        request = body(call("stream.get", {"streamId": "none", "agentId": "ada"})) + b"\n"
        with socket.create_connection((host, int(port)), timeout=1) as greedy, pytest.raises(TimeoutError):
            send_one_by_one(greedy, request, 128 * 1024 * 1024)
        assert line_from((host, int(port)))["id"] == 1
    finally:
        hub.web.close()
        hub.process.kill()
        hub.process.communicate()


def test_a_client_that_is_killed_is_lost_to_the_others(served):
    stream_id = served.begin("ada", "bob")
    program = (
        "import sys, time; from websockets.sync.client import connect\n"
        "socket = connect(sys.argv[1]); print(socket.recv(), flush=True); time.sleep(600)"
    )
    address = f"ws{served.url.removeprefix('http')}/streams/{stream_id}?agent=bob"
    with subprocess.Popen([sys.executable, "-c", program, address], stdout=subprocess.PIPE) as bob:
        bob.stdout.readline()
        with served.feed(stream_id, "ada", last_event_id="1") as response:
            os.kill(bob.pid, signal.SIGKILL)
            _, told = next(events(response))
    assert (told["params"]["event"], told["params"]["agentId"]) == ("PARTICIPANT_LOST", "bob")


def test_a_child_that_is_a_hub(importable):
    command = [sys.executable, "-m", "hocket", "hub", "--stdio"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        child.stdin.write(body(start("ada", "bob")) + b"\n")
        child.stdin.flush()
        assert json.loads(child.stdout.readline())["result"]["type"] == "stream"
        child.stdin.close()
        assert child.stdout.read() == b""
        assert child.wait(20) == 0
