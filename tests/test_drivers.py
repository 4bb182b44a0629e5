"""The drivers: one contract for all loops and kinds of connection. The peer has the other end, in a thread."""

import contextlib
import json
import random
import socket
import struct
import threading

import pytest
from attrs import define

from hocket.a2a import V1_0, Operation, PipeClient, PipeServer, Server
from hocket.acp import Hub
from hocket.acp.hub.pipe import HubPipe
from hocket.entropy import seeded
from hocket.errors import ConnectionFailed
from hocket.framing import Ndjson
from hocket.jsonrpc import ConnectionClosed, NotificationReceived, RequestTimedOut
from support.drivers import (
    PATIENCE,
    WORLDS,
    Drive,
    answers,
    echo,
    later,
    line,
    pipe_pairs,
    read_all,
    socket_pair,
    tcp_pair,
)
from support.messages import user_says


@pytest.fixture(params=WORLDS, ids=str)
def drive(request):
    return Drive(request.param)


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
        driver.endpoint.send_request("m", now=0.0, timeout=3_600.0)

    def on_event(driver, event):
        if isinstance(event, RequestTimedOut):
            driver.close()

    events, data = drive(read_all, on_event, begin, is_virtual=True)
    assert [type(event) for event in events] == [RequestTimedOut, ConnectionClosed]
    assert [each["method"] for each in answers(data)] == ["m"]


def test_a_timer_may_be_as_far_away_as_one_likes(drive):
    def begin(driver):
        driver.endpoint.send_request("m", now=driver.now(), timeout=1e9)  # some thirty years

    events, _ = drive(lambda sock: sock.recv(1_000), begin=begin)
    assert [type(event) for event in events] == [ConnectionClosed]


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
        sock.settimeout(0.1)
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

    if drive.world.loop == "uvloop":
        pytest.skip("uvloop writes to a socket past its methods, which count")
    drive(peer, on_event, begin, ends=socket_pair())
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


def test_a_peer_that_never_reads_what_is_left_is_dropped_when_its_time_is_over(drive):
    def begin(driver):
        driver.endpoint.send_notification("n", ["x" * 4_000_000], now=0.0)

    def peer(sock):
        sock.sendall(line("close"))
        over.wait(PATIENCE)

    over = threading.Event()

    def on_event(driver, event):
        if isinstance(event, NotificationReceived):
            driver.close()
        else:
            over.set()

    with pytest.raises(ConnectionFailed, match=r"the peer did not take what was left in 7 seconds \(linger\)"):
        drive(peer, on_event, begin, is_virtual=True, unsent=8_000_000, linger=7.0)
    assert over.is_set()


def test_after_close_nothing_more_is_told(drive):
    def peer(sock):
        sock.sendall(line("n") + line("close"))
        data = read_all(sock)  # there is something to be read: it has come to close()
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            sock.sendall(line("late"))
        return data

    def on_event(driver, event):
        if event == NotificationReceived(method="close", params=[]):
            driver.endpoint.send_notification("last", now=driver.now())
            driver.close()

    events, data = drive(peer, on_event)
    assert [each["method"] for each in answers(data)] == ["last"]
    assert [event.method for event in events[:-1]] == ["n", "close"]
    assert isinstance(events[-1], ConnectionClosed) or drive.world.reads


def test_a_hub_with_more_to_say_than_fits_says_all_of_it_at_the_pace_of_the_reader(drive):
    """`HubPipe` gives its bytes piece by piece: whoever drives it has to come back for more when some are written."""
    count = 100
    hub = Hub(entropy=seeded(1))
    for name in ("ada", "grace"):
        hub.connect(name, 0.0, principal=name)
    say(hub, "ada", "start", "stream.start", participants=["grace"])
    stream_id = json.loads(hub.take("ada", 1)[0].message)["result"]["stream"]["streamId"]
    for number in range(count):
        text = {"role": "agent", "parts": [{"type": "TextPart", "content": f"{number} " + "x" * 5_000}]}
        say(hub, "ada", number, "stream.message", streamId=stream_id, message=text)

    def peer(sock):
        sock.shutdown(socket.SHUT_WR)
        return read_all(sock)

    _, data = drive(peer, endpoint=HubPipe(hub, "grace", Ndjson()), unsent=20_000)
    said = [
        each["params"]["message"]["parts"][0]["content"] for each in answers(data) if each["method"] == "stream.message"
    ]
    assert [int(text.partition(" ")[0]) for text in said] == list(range(count))


def test_a_client_of_an_agent_is_an_endpoint_like_any_other(drive):
    """Its events are the calls to which something has happened."""
    client = PipeClient(Ndjson(), V1_0)
    call = client.call(Operation.STREAM, user_says("hi"), 0.0)
    told = []

    def peer(sock):
        asked = json.loads(sock.recv(65_536))
        done = {"statusUpdate": {"taskId": "t", "status": {"state": "TASK_STATE_COMPLETED"}}}
        sock.sendall(line("$/stream", {"id": asked["id"], "offset": 1, "result": done}))
        sock.sendall(
            json.dumps({"jsonrpc": "2.0", "id": asked["id"], "result": {"state": "completed"}}).encode() + b"\n"
        )

    def on_event(driver, event):
        while (each := event.next_event()) is not None:
            told.append((each.kind, each.done))

    events, _ = drive(peer, on_event, endpoint=client)
    assert {*events} == {call}
    assert told == [("status", True)]


@define
class Answering:
    """A server of an agent that nobody needs to look after: what it is asked, it can answer by itself."""

    pipe: PipeServer

    def receive_data(self, data, now):
        self.pipe.receive_data(data, now)
        self.pipe.deliver(self.pipe.server.take("link"), now)

    def __getattr__(self, name):
        return getattr(self.pipe, name)


def test_a_server_of_an_agent_has_no_events_and_is_an_endpoint_all_the_same(drive):
    def peer(sock):
        sock.sendall(line("nothing", id=1) + line("nowhere", id=2))
        sock.shutdown(socket.SHUT_WR)
        return answers(read_all(sock))

    pipe = PipeServer(Server(entropy=seeded(1)), "link", Ndjson())
    events, answered = drive(peer, endpoint=Answering(pipe))
    assert [(each["id"], each["error"]["code"]) for each in answered] == [(1, -32601), (2, -32601)]
    assert events == []
    assert pipe.is_closed


def say(hub, link, number, method, **params):
    hub.receive(link, line(method, params, id=number), 0.0)


@pytest.mark.parametrize("drive", [world for world in WORLDS if world.pair is pipe_pairs], ids=str, indirect=True)
@pytest.mark.parametrize("is_early", [True, False], ids=["before", "while"])
def test_a_peer_that_reads_no_more_breaks_the_connection_once_something_is_written_though_it_could_still_speak(
    drive, is_early
):
    def peer(ends):
        if is_early:
            ends.reading.close()
        ends.sendall(line("go"))
        if not is_early:
            ends.recv(1)
            ends.reading.close()
        assert over.wait(PATIENCE)

    def on_event(driver, event):
        if isinstance(event, NotificationReceived):
            driver.endpoint.send_notification("n", ["x" * 1_000_000], now=driver.now())
        else:
            over.set()

    over = threading.Event()
    with pytest.raises(ConnectionFailed, match="the connection broke: Broken pipe"):
        drive(peer, on_event)
    assert over.is_set()


# --- who takes the events


@pytest.mark.parametrize("drive", [world for world in WORLDS if world.reads], ids=str, indirect=True)
def test_who_stops_reading_the_events_drops_the_connection(drive):
    def peer(sock):
        sock.sendall(line("n") * 3)
        with contextlib.suppress(ConnectionResetError):
            assert read_all(sock) == b""

    events, _ = drive(peer, lambda driver, event: True)
    assert events == [NotificationReceived(method="n", params=[])]


@pytest.mark.parametrize("drive", [world for world in WORLDS if world.reads], ids=str, indirect=True)
def test_events_that_came_before_the_connection_broke_are_read_before_the_error(drive):
    def peer(sock):
        sock.sendall(line("n") * 3)
        sock.recv(1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    told = []

    def on_event(driver, event):
        told.append(type(event))
        if len(told) == 3:
            driver.endpoint.send_notification("enough", now=driver.now())

    with pytest.raises(ConnectionFailed, match="the connection broke"):
        drive(peer, on_event, ends=tcp_pair())
    assert told == [NotificationReceived] * 3 + [ConnectionClosed]
