"""Taps at the seams: what passes is told message by message, however it was cut, and passes untouched."""

import asyncio
import logging
import socket

import anyio
import pytest
from attrs import define, evolve, field
from hypothesis import given, settings
from hypothesis import strategies as st

from hocket import Connection
from hocket.errors import ConnectionFailed
from hocket.framing import ContentLength, Ndjson
from hocket.jsonrpc import RequestReceived, RequestTimedOut, ResultReceived
from hocket.testing.strategies.cuts import cut_at
from hocket_io.asyncio import Driver
from hocket_io.tap import Tapped, TappedBlockingPipe, TappedEndpoint, TappedLink, TappedPipe, TapPoint, log_tap, taps
from hocket_io.tap.framed import Frames

HALF = settings(max_examples=settings().max_examples // 2)
TAPPED = Tapped(direction="in", time=1.0, frame=b"{}", transport="tcp", peer="10.0.0.1:7000", channel=3)
FRAMINGS = st.sampled_from([Ndjson, ContentLength])
MESSAGES = st.lists(st.integers().map(lambda number: b'{"n":%d}' % number), max_size=5)
PLACES = st.lists(st.integers(0, 80))


def short(tapped):
    """What was told, in short."""
    return (tapped.direction, tapped.frame, tapped.note, tapped.end)


def point(seen):
    return TapPoint(seen.append, "tcp", "10.0.0.1:7000")


@HALF
@given(framing=FRAMINGS, messages=MESSAGES, places=PLACES)
def test_the_frames_are_the_messages_however_they_were_cut(framing, messages, places):
    seen = []
    frames = Frames(point(seen), "in", framing())
    for piece in cut_at(b"".join(framing().encode(each) for each in messages), places):
        frames.data(piece)
    frames.end("end")
    frames.end("again")
    assert [short(each) for each in seen] == [
        *[("in", message, "", None) for message in messages],
        ("in", b"", "end", "orderly"),
    ]


def test_a_last_line_without_an_end_is_told_at_the_end():
    seen = []
    frames = Frames(point(seen), "in", Ndjson())
    frames.data(b'{"n":1}\n{"n"')
    assert len(seen) == 1
    frames.end("end")
    assert [each.frame for each in seen] == [b'{"n":1}', b'{"n"', b""]


def test_a_line_that_is_too_long_is_told_without_its_bytes():
    seen = []
    frames = Frames(point(seen), "in", Ndjson(evolve(Ndjson().limits, frame=10)))
    frames.data(b"x" * 30)
    (told,) = seen
    assert told.frame == b""
    assert told.note.startswith("no frame: ")
    frames.data(b"x\n{}\n")
    assert seen[-1].frame == b"{}", "the next line is told again"


def test_what_cannot_be_framed_is_told_as_it_is():
    seen = []
    frames = Frames(point(seen), "in", ContentLength())
    frames.data(b'{"jsonrpc":"2.0"}\r\n\r\n')
    frames.data(b"and more")
    assert seen[0].frame == b'{"jsonrpc":"2.0"}\r\n\r\n'
    assert seen[0].note.startswith("no frame: ")
    assert (seen[1].frame, seen[1].note) == (b"and more", "bytes")


@HALF
@given(framing=FRAMINGS, numbers=st.lists(st.integers(0, 999), min_size=1, max_size=4), places=PLACES)
def test_an_endpoint_with_a_tap_is_the_same_endpoint(framing, numbers, places):
    """Two pairs have the same conversation, one of them with a tap: all bytes and events are the same."""
    seen = []

    def converse(fit):
        client, server = Connection(framing()), Connection(framing())
        outer, wire, events = fit(client), [], []
        for number in numbers:
            client.send_request("double", [number], now=0.0)
        for piece in cut_at(b"".join(outer.data_to_send()), places):
            wire.append(piece)
            server.receive_data(piece, 0.0)
        while (event := server.next_event()) is not None:
            assert isinstance(event, RequestReceived)
            server.send_result(event.id, event.params[0] * 2, now=0.0)
        for piece in cut_at(b"".join(server.data_to_send()), places):
            wire.append(piece)
            outer.receive_data(piece, 0.0)
        outer.receive_eof(1.0)
        while (event := outer.next_event()) is not None:
            events.append(event)
        return b"".join(wire), events, outer.is_closed, outer.next_timeout()

    assert converse(lambda endpoint: endpoint) == converse(
        lambda endpoint: TappedEndpoint(endpoint, seen.append, framing, transport="tcp", peer="here")
    )
    told = [each for each in seen if each.frame]
    assert [each.direction for each in told] == ["out"] * len(numbers) + ["in"] * len(numbers)
    assert all(b"double" in each.frame for each in told[: len(numbers)])
    assert [each.end for each in seen][-1] == "orderly"
    assert {(each.transport, each.peer) for each in seen} == {("tcp", "here")}
    assert len({each.channel for each in seen}) == 1


def test_an_endpoint_that_is_closed_has_ended_both_ways():
    seen, endpoint = [], Connection(Ndjson())
    tapped = TappedEndpoint(endpoint, seen.append)
    tapped.receive_eof(0.0)
    while tapped.next_event() is not None:
        pass
    tapped.data_to_send()
    assert tapped.is_closed
    assert [short(each) for each in seen] == [("in", b"", "end", "orderly"), ("out", b"", "closed", "orderly")]


def test_a_timeout_of_an_endpoint_passes_the_tap():
    client = Connection(Ndjson())
    tapped = TappedEndpoint(client, [].append)
    client.send_request("add", [], now=0.0, timeout=5.0)
    assert tapped.next_timeout() == client.next_timeout() == 5.0
    tapped.handle_timeout(5.0)
    assert isinstance(tapped.next_event(), RequestTimedOut)


@define(eq=False)
class Pipe:
    """A pipe that gives what it was given, and then ends, or breaks when it is written."""

    arriving: list[bytes]
    breaks: bool = False
    sent: list[bytes] = field(factory=list)
    is_closed: bool = False

    def receive(self, timeout=None):
        if timeout == 0:
            raise TimeoutError
        if self.breaks:
            raise self.farewell()
        return self.arriving.pop(0) if self.arriving else b""

    def send(self, data):
        if self.breaks:
            raise self.farewell()
        self.sent.append(data)

    def farewell(self):
        return ConnectionFailed("gone with 3")

    def close(self):
        self.is_closed = True


@define(eq=False)
class AsyncPipe:
    """The same for event loops."""

    pipe: Pipe

    async def receive(self):
        return self.pipe.receive()

    async def send(self, data):
        self.pipe.send(data)

    async def farewell(self):
        return self.pipe.farewell()

    async def aclose(self):
        self.pipe.close()


def through(kind, pipe, seen, steps):
    """Do things with a pipe that has a tap, blocking or not; gives what they gave."""
    if kind == "blocking":
        tapped = TappedBlockingPipe(pipe, point(seen))
        return [getattr(tapped, name)(*args) for name, *args in steps]

    async def work():
        tapped = TappedPipe(AsyncPipe(pipe), point(seen))
        return [await getattr(tapped, "aclose" if name == "close" else name)(*args) for name, *args in steps]

    return anyio.run(work)


@pytest.mark.parametrize("kind", ["blocking", "async"])
def test_a_pipe_with_a_tap_is_the_same_pipe(kind):
    seen, pipe = [], Pipe([b'{"n":1}\n{"n"', b":2}\n"])
    steps = [("send", b'{"a":1}\n'), ("receive",), ("receive",), ("receive",), ("farewell",), ("close",)]
    _, first, second, end, farewell, _ = through(kind, pipe, seen, steps)
    assert [first, second, end] == [b'{"n":1}\n{"n"', b":2}\n", b""]
    assert str(farewell) == "gone with 3"
    assert pipe.sent == [b'{"a":1}\n']
    assert pipe.is_closed
    assert [short(each) for each in seen] == [
        ("out", b'{"a":1}', "", None),
        ("in", b'{"n":1}', "", None),
        ("in", b'{"n":2}', "", None),
        ("in", b"", "end", "orderly"),
        ("out", b"", "gone with 3", "broken"),
    ]


@pytest.mark.parametrize("kind", ["blocking", "async"])
def test_a_pipe_that_breaks_says_so_to_its_tap(kind):
    seen, pipe = [], Pipe([], breaks=True)
    with pytest.raises(ConnectionFailed, match="gone with 3"):
        through(kind, pipe, seen, [("send", b"{}\n")])
    assert [short(each) for each in seen] == [("out", b"{}", "", None), ("out", b"", "gone with 3", "broken")]


def test_a_pipe_on_which_nothing_comes_in_time_says_nothing_to_its_tap():
    seen = []
    with pytest.raises(TimeoutError):
        through("blocking", Pipe([b"{}\n"]), seen, [("receive", 0)])
    assert seen == []


def test_a_pipe_that_says_while_it_is_read_that_nobody_reads_at_the_other_end_says_so_to_its_tap():
    seen = []
    with pytest.raises(ConnectionFailed, match="gone with 3"):
        through("blocking", Pipe([], breaks=True), seen, [("receive",)])
    assert [short(each) for each in seen] == [("out", b"", "gone with 3", "broken")]


@pytest.mark.parametrize("kind", ["blocking", "async"])
def test_a_pipe_that_we_close_ends_both_ways(kind):
    seen = []
    through(kind, Pipe([]), seen, [("close",)])
    assert [short(each) for each in seen] == [("out", b"", "closed", "orderly"), ("in", b"", "closed", "orderly")]


@define(eq=False)
class Link:
    """A link that gives what it was given; the last may be an exception."""

    arriving: list
    sent: list[bytes] = field(factory=list)
    is_ordered: bool = True
    listens_apart: bool = False

    async def __aenter__(self):
        return self

    async def __aexit__(self, *args):
        return None

    async def send(self, *messages):
        self.sent += messages

    async def receive(self):
        found = self.arriving.pop(0)
        if isinstance(found, Exception):
            raise found
        return found

    def feed(self, stream_id, last_event_id=None):
        return stream_id, last_event_id

    async def aclose(self):
        await self.send(b"bye")


@pytest.mark.parametrize(
    ("last", "end"), [(b"", ("end", "orderly")), (ConnectionFailed("closed with 1011"), ("closed with 1011", "broken"))]
)
def test_a_link_with_a_tap_is_the_same_link(last, end):
    seen, link = [], Link([b'{"n":1}', last])

    async def work():
        async with TappedLink(link, point(seen)) as tapped:
            assert (tapped.is_ordered, tapped.listens_apart) == (True, False)
            assert tapped.feed("s1", 4) == ("s1", 4)
            await tapped.send(b'{"a":1}', b'{"a":2}')
            assert await tapped.receive() == b'{"n":1}'
            if isinstance(last, Exception):
                with pytest.raises(ConnectionFailed):
                    await tapped.receive()
            else:
                assert await tapped.receive() == b""
            await tapped.aclose()

    anyio.run(work)
    assert link.sent == [b'{"a":1}', b'{"a":2}', b"bye"]
    assert [short(each) for each in seen] == [
        ("out", b'{"a":1}', "", None),
        ("out", b'{"a":2}', "", None),
        ("in", b'{"n":1}', "", None),
        ("in", b"", *end),
        ("out", b"", "closed", "orderly"),
    ]


def test_each_connection_has_a_number_of_its_own():
    seen = []
    one, two = point(seen), point(seen)
    one.tell("in")
    two.tell("in")
    one.tell("out")
    assert seen[0].channel == seen[2].channel != seen[1].channel


def test_a_tap_that_raises_breaks_nothing_and_is_logged_once(caplog):
    told = []

    def tap(tapped):
        told.append(tapped)
        raise OSError("the disk is full")

    pipe = TappedBlockingPipe(Pipe([b"{}\n"]), TapPoint(tap, "stdio", "child"))
    pipe.send(b"{}\n")
    assert pipe.receive() == b"{}\n"
    assert len(told) == 2, "it is told on"
    (record,) = caplog.records
    assert (record.name, record.levelname) == ("hocket_io.tap.point", "ERROR")
    assert "the disk is full" in record.exc_text


def test_what_ends_the_process_passes_a_tap():
    def tap(tapped):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        TapPoint(tap, "stdio", "child").tell("in")


def test_of_several_taps_one_that_raises_does_not_keep_the_others_from_being_told(caplog):
    seen = []

    def tap(tapped):
        raise ValueError("a mistake")

    both = taps(tap, seen.append)
    both(TAPPED)
    both(TAPPED)
    assert seen == [TAPPED, TAPPED]
    assert len(caplog.records) == 1


def test_a_tap_may_log(caplog):
    caplog.set_level(logging.DEBUG, "hocket_io.frames")
    log_tap()(evolve(TAPPED, frame=b'{"jsonrpc":"2.0","id":1,"method":"add","params":{"text":"a\\u001b[1mb"}}'))
    assert caplog.messages == ['#3 10.0.0.1:7000 ← add 1 "a\\u001b[1mb"']
    caplog.set_level(logging.INFO, "hocket_io.frames")
    log_tap()(TAPPED)
    assert len(caplog.messages) == 1, "nobody listens to this level"
    log_tap(logging.getLogger("mine"), logging.WARNING)(TAPPED)
    assert (caplog.records[-1].name, caplog.records[-1].levelname) == ("mine", "WARNING")


def test_a_driver_runs_an_endpoint_with_a_tap_as_any_other():
    seen, answers = [], []
    client, server = Connection(Ndjson()), Connection(Ndjson())

    def serve(event):
        if isinstance(event, RequestReceived):
            server.send_result(event.id, sum(event.params), now=serving.now())

    def take(event):
        if isinstance(event, ResultReceived):
            answers.append(event.result)
            asking.close()

    serving = Driver(server, serve)
    asking = Driver(TappedEndpoint(client, seen.append, transport="unix", peer="here"), take)

    async def main():
        loop = asyncio.get_running_loop()
        ours, theirs = socket.socketpair()
        await loop.create_connection(lambda: serving, sock=theirs)
        await loop.create_connection(lambda: asking, sock=ours)
        client.send_request("add", [1, 2], now=asking.now())
        asking.pump()
        async with asyncio.timeout(10):
            await asking.run()
            await serving.run()

    asyncio.run(main())
    assert answers == [3]
    assert [each.direction for each in seen if each.frame] == ["out", "in"]
