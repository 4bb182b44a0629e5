"""Properties of the Connection: cuts do not matter, nothing raises, and over a bad network every request ends once."""

import json
from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from hocket.connection import Connection
from hocket.errors import Code, ErrorObject, LocalProtocolError
from hocket.framing import ContentLength, FramingLimits, Ndjson
from hocket.heartbeat import Heartbeat
from hocket.jsonrpc import (
    LSP,
    ConnectionClosed,
    ErrorReceived,
    Notification,
    Request,
    RequestReceived,
    RequestTimedOut,
    ResultReceived,
)
from hocket.testing.strategies.cuts import cut_at

LIMITS = FramingLimits(frame=200, header=60)
framings = st.sampled_from([lambda: Ndjson(LIMITS), lambda: ContentLength(LIMITS)])

messages = st.sampled_from(
    [
        b'{"jsonrpc":"2.0","id":1,"method":"m"}',
        b'{"jsonrpc":"2.0","id":2,"method":"m","params":["\\n\xe2\x80\xa8\xc2\x85"]}',
        b'{"jsonrpc":"2.0","method":"n"}',
        b'{"jsonrpc":"2.0","id":"p","method":"$/ping"}',
        b'{"jsonrpc":"2.0","id":"1","result":[]}',
        b'{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":1}}',
        b'[{"jsonrpc":"2.0","id":7,"method":"a"},1,{"jsonrpc":"2.0","id":8,"method":"$/ping"}]',
        b"[]",
        b"{",
        b"\xff",
        b"[" * 70,
        b"x" * 300,
    ]
)


@st.composite
def streams(draw):
    """Framed messages one after another, at times with rubbish between."""
    framed = draw(st.booleans())
    pieces = [
        b"Content-Length: %d\r\n\r\n%b" % (len(message), message) if framed else message + b"\n"
        for message in draw(st.lists(messages | st.binary(max_size=12), max_size=8))
    ]
    if draw(st.integers(0, 3)) == 0:
        pieces.insert(draw(st.integers(0, len(pieces))), draw(st.binary(max_size=8)))
    return b"".join(pieces)


def everything(framing, pieces, drained_at_once):
    connection = Connection(framing, cancellation=LSP, heartbeat=Heartbeat())
    connection.send_request("asked", now=0.0)
    events, output = [], []
    for piece in pieces:
        connection.receive_data(piece, now=1.0)
        if drained_at_once:
            events += iter(connection.next_event, None)
            output += connection.data_to_send()
    connection.receive_eof(now=2.0)
    events += iter(connection.next_event, None)
    output += connection.data_to_send()
    for request_id in connection.unanswered:
        connection.send_result(request_id, 0, now=3.0)
    output += connection.data_to_send()
    assert connection.is_closed
    assert [type(event) for event in events].count(ConnectionClosed) == 1
    assert type(events[-1]) is ConnectionClosed
    return events, output


@given(
    framings,
    streams() | st.binary(max_size=100),
    st.lists(st.integers(0, 10_000), max_size=12),
    st.booleans(),
)
def test_however_the_bytes_were_cut_the_events_and_the_answers_are_the_same(framing, data, places, drained):
    whole = everything(framing(), [data], drained_at_once=False)
    assert everything(framing(), cut_at(data, places), drained_at_once=drained) == whole


@given(framings, streams())
def test_one_byte_at_a_time_is_no_different(framing, data):
    whole = everything(framing(), [data], drained_at_once=False)
    assert everything(framing(), [data[at : at + 1] for at in range(len(data))], drained_at_once=True) == whole


@given(framings, st.lists(streams() | st.binary(max_size=100), max_size=5))
def test_events_and_answers_are_bounded_by_the_input(framing, inputs):
    connection = Connection(framing())
    taken = 0
    for data in inputs:
        connection.receive_data(data, now=0.0)
        taken += len(data)
        assert len(list(iter(connection.next_event, None))) <= len(data) + 1
    assert sum(map(len, connection.data_to_send())) <= 200 * (taken + 1)


class Network(RuleBasedStateMachine):
    """Two connections, and between them wires that delay, merge, split and in the end may be cut.

    The book says which requests are open. Every accepted request must end exactly once, and in its own answer.
    """

    def __init__(self):
        super().__init__()
        self.ends = [
            Connection(Ndjson(), cancellation=LSP, heartbeat=Heartbeat(interval=20.0, timeout=20.0)) for _ in range(2)
        ]
        self.wires = [b"", b""]  # wires[side] is on its way to that side
        self.open = [{}, {}]
        self.asked_of = [{}, {}]
        self.received = Counter()
        self.closed = [False, False]
        self.was_cut = False
        self.now = 0.0
        for end in self.ends:
            end.handle_timeout(0.0)

    def collect(self, side):
        end = self.ends[side]
        for event in iter(end.next_event, None):
            match event:
                case RequestReceived():
                    assert event.params == {"of": 1 - side, "method": event.method}
                    assert event.id not in self.asked_of[side]
                    self.received[side, event.id] += 1
                    self.asked_of[side][event.id] = event.method
                case ResultReceived():
                    assert self.open[side].pop(event.id) == event.method
                    assert event.result == {"done": event.method}
                case ErrorReceived(id=None, method=None, error=error):
                    assert error.code == Code.PARSE_ERROR  # our message was cut
                    assert self.was_cut
                case ErrorReceived(error=error):
                    assert self.open[side].pop(event.id) == event.method
                    assert error.message == event.method
                case RequestTimedOut():
                    assert self.open[side].pop(event.id) == event.method
                case ConnectionClosed():
                    assert not self.closed[side]
                    self.closed[side] = True
                    assert list(event.pending) == list(self.open[side])
                    self.open[side].clear()
        self.wires[1 - side] += b"".join(end.data_to_send())

    sides = st.integers(0, 1)
    methods = st.sampled_from(["alpha", "beta", "gamma"])

    @rule(side=sides, method=methods, timeout=st.none() | st.integers(0, 30))
    def request(self, side, method, timeout):
        end = self.ends[side]
        params = {"of": side, "method": method}
        if self.closed[side]:
            self.refused(side, lambda: end.send_request(method, params, now=self.now))
            return
        self.open[side][end.send_request(method, params, now=self.now, timeout=timeout)] = method
        self.collect(side)

    @rule(side=sides, names=st.lists(methods | st.none(), min_size=1, max_size=4))
    def batch(self, side, names):
        end = self.ends[side]
        calls = [Notification("n") if name is None else Request(name, {"of": side, "method": name}) for name in names]
        if self.closed[side]:
            self.refused(side, lambda: end.send_batch(calls, now=self.now))
            return
        ids = end.send_batch(calls, now=self.now)
        self.open[side].update(zip(ids, [name for name in names if name], strict=True))
        self.collect(side)

    @rule(side=sides, which=st.integers(0, 100), well=st.booleans())
    def answer(self, side, which, well):
        end = self.ends[side]
        if not end.unanswered:
            self.refused(side, lambda: end.send_result("nobody", 1, now=self.now))
            return
        request_id = end.unanswered[which % len(end.unanswered)]
        method = self.asked_of[side].pop(request_id)
        if well:
            end.send_result(request_id, {"done": method}, now=self.now)
        else:
            end.send_error(request_id, ErrorObject.of(Code.INTERNAL_ERROR, method), now=self.now)
        self.collect(side)
        self.refused(side, lambda: end.send_result(request_id, 1, now=self.now))

    @rule(side=sides, size=st.integers(1, 400))
    def deliver(self, side, size):
        """Some of what is on the way arrives, cut and merged as it happens."""
        data, self.wires[side] = self.wires[side][:size], self.wires[side][size:]
        self.ends[side].receive_data(data, now=self.now)
        self.collect(side)

    @rule(side=sides)
    def cancel(self, side):
        end = self.ends[side]
        for request_id in end.pending[:1]:
            end.cancel(request_id, now=self.now)
            self.collect(side)

    @rule(seconds=st.integers(0, 12))
    def wait(self, seconds):
        self.now += seconds
        for side in (0, 1):
            self.ends[side].handle_timeout(self.now)
            self.collect(side)

    @precondition(lambda self: self.now > 10)
    @rule(side=sides)
    def cut(self, side):
        """What is on the way is lost, and the stream ends."""
        self.wires[side] = b""
        self.was_cut = True
        self.ends[side].receive_eof(self.now)
        self.collect(side)

    @precondition(lambda self: self.now > 20)
    @rule(side=sides)
    def close(self, side):
        self.ends[side].close(self.now)
        self.asked_of[side].clear()
        self.collect(side)

    def refused(self, side, command):
        end = self.ends[side]
        before = (end.pending, end.unanswered, end.next_timeout(), end.is_closed)
        try:
            command()
        except LocalProtocolError:
            assert (end.pending, end.unanswered, end.next_timeout(), end.is_closed) == before
            assert end.next_event() is None
            assert end.data_to_send() == []
        else:
            raise AssertionError("a command was taken that had to be refused")

    @invariant()
    def every_request_is_open_or_has_ended(self):
        for side in (0, 1):
            assert list(self.ends[side].pending) == list(self.open[side])
            assert all(count == 1 for count in self.received.values())

    def teardown(self):
        for side in (0, 1):
            self.ends[side].close(self.now)
            self.collect(side)
            assert self.closed[side]
            assert self.open[side] == {}
            assert self.ends[side].is_closed


Network.TestCase.settings = settings(stateful_step_count=40, max_examples=100, deadline=None)
TestNetwork = Network.TestCase


@given(streams())
def test_every_answer_is_one_line_of_json(data):
    connection = Connection(Ndjson())
    connection.receive_data(data, now=0.0)
    for line in connection.data_to_send():
        assert line.endswith(b"\n")
        assert line.count(b"\n") == 1
        json.loads(line)
