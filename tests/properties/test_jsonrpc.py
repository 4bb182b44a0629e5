"""Properties of the Peer: it survives anything, ends every request once, and refuses without a trace."""

import json
from collections import Counter

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hocket.codec import Raw
from hocket.errors import Code, ErrorObject, LocalProtocolError
from hocket.jsonrpc import (
    LSP,
    MCP,
    CancelReceived,
    ConnectionClosed,
    ErrorReceived,
    MessageRejected,
    Notification,
    NotificationReceived,
    Peer,
    PeerLimits,
    Request,
    RequestReceived,
    RequestTimedOut,
    ResultReceived,
)
from hocket.testing.strategies.values import json_values
from support.drain import drain

OUTCOMES = (ResultReceived, ErrorReceived, RequestTimedOut)

values = json_values(st.text(max_size=4))
ids = st.sampled_from(["1", "2", "3", 1, 1.0, 2, 0, -0.0, None, True, "$/ping:1", "x" * 300, [], {}]) | values


@st.composite
def envelopes(draw):
    """Objects that look like JSON-RPC to a varying degree."""
    members = {
        "jsonrpc": st.sampled_from(["2.0", "2.0", "2.0", "2.0", 2.0, "1.0", None]),
        "id": ids,
        "method": st.sampled_from(["m", "$/ping", "$/cancelRequest", "", "m" * 300, 7, None]),
        "params": st.none() | st.lists(values, max_size=2) | st.fixed_dictionaries({"id": ids}) | values,
        "result": values,
        "error": st.fixed_dictionaries({"code": st.integers(), "message": st.text(max_size=3)}) | values,
    }
    names = draw(st.lists(st.sampled_from(sorted(members)), unique=True))
    if draw(st.integers(0, 3)):
        names = sorted({*names, "jsonrpc"})
    return {name: draw(members[name]) for name in names}


@st.composite
def texts(draw):
    """JSON-RPC text, at times damaged."""
    message = draw(envelopes() | st.lists(envelopes() | values, max_size=6) | values)
    text = json.dumps(message).encode()
    if draw(st.integers(0, 4)) == 0:
        at = draw(st.integers(0, len(text)))
        text = text[:at] + draw(st.binary(max_size=3)) + text[at + draw(st.integers(0, 3)) :]
    return text


@given(st.lists(texts() | st.binary(max_size=20), max_size=12))
def test_no_input_raises_and_what_comes_out_is_bounded_by_what_went_in(inputs):
    peer = Peer(cancellation=LSP, limits=PeerLimits(batch=4, in_flight=5))
    for _ in range(3):
        peer.send_request("asked", now=0.0)
    peer.messages_to_send()
    peer.send_ping(now=0.0)
    assert len(peer.messages_to_send()) == 1
    for data in inputs:
        peer.receive_message(data, now=1.0)
        events, replies = drain(peer), peer.messages_to_send()
        assert len(events) <= 4
        assert len(replies) <= 1
        assert sum(map(len, replies)) <= 4 * (600 + len(data))
        for reply in replies:
            answers = json.loads(reply)
            for answer in answers if isinstance(answers, list) else [answers]:
                assert answer["jsonrpc"] == "2.0"
                assert ("error" in answer) != ("result" in answer)
        assert len(peer.unanswered) <= 5
        for event in events:
            if isinstance(event, MessageRejected):
                assert len(event.raw) <= 256
    for request_id in peer.unanswered:
        peer.send_result(request_id, None, now=2.0)
    assert peer.unanswered == ()


@given(st.lists(texts(), max_size=8))
def test_what_one_peer_answers_is_never_answered_by_another(inputs):
    """Errors about errors would go to and fro for ever."""
    peer, other = Peer(), Peer()
    for data in inputs:
        peer.receive_message(data, now=0.0)
        for request_id in peer.unanswered:
            peer.send_error(request_id, ErrorObject.of(Code.METHOD_NOT_FOUND), now=0.0)
    for message in peer.messages_to_send():
        other.receive_message(message, now=0.0)
    assert other.messages_to_send() == []


# --- two peers who talk


methods = st.sampled_from(["alpha", "beta", "gamma"])
calls = st.builds(Request, methods, st.just([1])) | st.builds(Notification, methods)
explicit_ids = st.none() | st.sampled_from([1, 1.0, "1", "2", "a"])
commands = st.one_of(
    st.tuples(st.just("request"), methods, explicit_ids, st.none() | st.integers(0, 5)),
    st.tuples(st.just("notification"), methods),
    st.tuples(st.just("batch"), st.lists(calls, max_size=5), st.none() | st.integers(0, 5)),
    st.tuples(st.just("cancel"), st.integers(0, 9)),
    st.tuples(st.just("answer"), st.integers(0, 9), st.booleans()),
    st.tuples(st.just("deliver")),
    st.tuples(st.just("wait"), st.integers(0, 3)),
)
scripts = st.lists(st.tuples(st.integers(0, 1), commands), max_size=40)


class Talk:
    """Two peers and two wires that lose nothing; keeps book of what must happen."""

    def __init__(self, cancellation):
        self.peers = [Peer(cancellation=cancellation) for _ in range(2)]
        self.wires = [[], []]
        self.now = 0.0
        self.asked = [{}, {}]
        self.ever = [{}, {}]
        self.open = [{}, {}]
        self.outcomes = [Counter(), Counter()]
        self.received = [Counter(), Counter()]

    def flush(self, side):
        self.wires[side] += self.peers[side].messages_to_send()
        for event in drain(self.peers[side]):
            self.note(side, event)

    def note(self, side, event):
        if isinstance(event, RequestReceived):
            assert event.method in self.ever[1 - side][key(event.id)]
            self.open[side][key(event.id)] = event
        elif isinstance(event, ErrorReceived) and event.id is None:
            # The other end of the case below: whoever reused the id is told, and its request is open still.
            assert "duplicateId" in event.error.data
        elif isinstance(event, OUTCOMES):
            assert self.asked[side].pop(key(event.id)) == event.method
            self.outcomes[side]["ended"] += 1
            if isinstance(event, ResultReceived):
                assert event.result == {"answers": event.method}
        elif isinstance(event, ConnectionClosed):
            for request_id in event.pending:
                self.asked[side].pop(key(request_id))
                self.outcomes[side]["ended"] += 1
        elif isinstance(event, MessageRejected):
            # The peer may reuse an id whose request timed out on its side but is still open on ours.
            assert event.error.data is not None
            assert "duplicateId" in event.error.data
        else:
            self.received[side][type(event)] += 1

    def run(self, side, command):
        peer = self.peers[side]
        match command:
            case "request", method, request_id, timeout:
                used = request_id is not None and any(
                    key(request_id) in each for each in (self.asked[side], self.open[1 - side])
                )
                if not used:
                    self.expect(
                        side,
                        peer.send_request(method, [1], now=self.now, timeout=timeout, id=request_id),
                        method,
                    )
            case "notification", method:
                peer.send_notification(method, now=self.now)
            case "batch", calls, timeout if calls:
                ids = peer.send_batch(calls, now=self.now, timeout=timeout)
                requested = [call for call in calls if isinstance(call, Request)]
                for request_id, call in zip(ids, requested, strict=True):
                    self.expect(side, request_id, call.method)
            case "cancel", which if peer.pending and peer.cancellation:
                peer.cancel(peer.pending[which % len(peer.pending)], now=self.now)
            case "answer", which, well if peer.unanswered:
                request_id = peer.unanswered[which % len(peer.unanswered)]
                method = self.open[side].pop(key(request_id)).method
                if well:
                    peer.send_result(request_id, {"answers": method}, now=self.now)
                else:
                    peer.send_error(request_id, ErrorObject.of(Code.INTERNAL_ERROR), now=self.now)
            case ("deliver",):
                waiting, self.wires[1 - side] = self.wires[1 - side], []
                for message in waiting:
                    peer.receive_message(message, now=self.now)
                    self.flush(side)
            case "wait", seconds:
                self.now += seconds
                peer.handle_timeout(self.now)
            case _:
                pass
        self.flush(side)

    def expect(self, side, request_id, method):
        assert key(request_id) not in self.asked[side]
        self.asked[side][key(request_id)] = method
        self.ever[side].setdefault(key(request_id), []).append(method)
        self.outcomes[side]["asked"] += 1

    def settle(self):
        for _ in range(2):
            for side in (0, 1):
                self.run(side, ("deliver",))
                while self.peers[side].unanswered:
                    self.run(side, ("answer", 0, True))


def key(request_id):
    return (type(request_id), request_id)


@given(scripts, st.sampled_from([None, LSP]))
def test_over_a_lossless_wire_every_request_ends_once_and_with_its_own_answer(script, cancellation):
    talk = Talk(cancellation)
    # Default ids are never reused. Ids given by hand are, which is fair only with no timeouts about, and not for an id
    # that a request with a timeout was given by default.
    for side, command in script:
        if command[0] == "request" and command[2] is not None:
            by_hand = f"{command[2]} by hand" if isinstance(command[2], str) else command[2]
            command = (*command[:2], by_hand, None)
        talk.run(side, command)
    talk.settle()
    for side in (0, 1):
        assert talk.peers[side].pending == ()
        assert talk.asked[side] == {}
        assert talk.outcomes[side]["ended"] == talk.outcomes[side]["asked"]
        assert talk.peers[side].next_timeout() is None


@example(
    [
        (0, ("request", "alpha", "2", 0)),
        (0, ("wait", 1)),
        (0, ("request", "gamma", "2", None)),
        (1, ("deliver",)),
        (0, ("deliver",)),
    ]
)
@given(scripts)
def test_with_a_close_in_the_middle_every_request_still_ends_once(script):
    talk = Talk(LSP)
    for side, command in script:
        talk.run(side, command)
    for side in (0, 1):
        talk.peers[side].close(talk.now)
        talk.peers[side].close(talk.now)
        talk.flush(side)
        assert talk.asked[side] == {}
        assert talk.outcomes[side]["ended"] == talk.outcomes[side]["asked"]
        assert talk.peers[side].is_closed


@given(st.lists(calls, min_size=1, max_size=8), st.randoms(use_true_random=False))
def test_a_batch_is_answered_once_in_its_order_whatever_the_order_of_the_answers(batch, random):
    client, server = Peer(), Peer()
    ids = client.send_batch(batch, now=0.0)
    (message,) = client.messages_to_send()
    server.receive_message(message, now=0.0)
    told = drain(server)
    assert [type(event) for event in told] == [
        RequestReceived if isinstance(call, Request) else NotificationReceived for call in batch
    ]
    shuffled = list(ids)
    random.shuffle(shuffled)
    for request_id in shuffled:
        assert server.messages_to_send() == []
        server.send_result(request_id, request_id, now=0.0)
    answers = [json.loads(text) for text in server.messages_to_send()]
    assert answers == ([[{"jsonrpc": "2.0", "id": each, "result": each} for each in ids]] if ids else [])


# --- refused commands


BAD_COMMANDS = [
    lambda peer: peer.send_request("m", "text", now=0.0),
    lambda peer: peer.send_request("m", [object()], now=0.0),
    lambda peer: peer.send_request("m", {"a": float("nan")}, now=0.0),
    lambda peer: peer.send_request("m" * 300, now=0.0),
    lambda peer: peer.send_request(7, now=0.0),
    lambda peer: peer.send_request("m", now=0.0, timeout=-1.0),
    lambda peer: peer.send_request("m", now=0.0, timeout=float("nan")),
    lambda peer: peer.send_request("m", now=0.0, timeout=float("inf")),
    lambda peer: peer.send_request("m", now=0.0, id=True),
    lambda peer: peer.send_request("m", now=0.0, id=float("inf")),
    lambda peer: peer.send_request("m", now=0.0, id=[1]),
    lambda peer: peer.send_request("m", now=0.0, id="i" * 257),
    lambda peer: peer.send_request("m", now=0.0, id=10**256),
    lambda peer: peer.send_request("m", now=0.0, id="$/ping:1"),
    lambda peer: peer.send_request("m", ["x" * 2000], now=0.0),
    lambda peer: peer.send_request("m", [[[]] * 500], now=0.0),
    lambda peer: peer.send_notification("m", 1, now=0.0),
    lambda peer: peer.send_notification("m", ["x" * 2000], now=0.0),
    lambda peer: peer.send_notifications("m", [Raw(b"[1]"), Raw(b"1")], now=0.0),
    lambda peer: peer.send_notifications("m", [Raw(b"[1]"), [1]], now=0.0),
    lambda peer: peer.send_notifications("m" * 300, [Raw(b"[1]")], now=0.0),
    lambda peer: peer.send_notifications("m", [Raw(b"[1]"), Raw(b"[" + b" " * 2000 + b"]")], now=0.0),
    lambda peer: peer.send_batch([], now=0.0),
    lambda peer: peer.send_batch([Notification("m")] * 101, now=0.0),
    lambda peer: peer.send_batch([Request("m"), Request("m", 3)], now=0.0, timeout=1),
    lambda peer: peer.send_batch([Request("m"), Request("m", id=8), Request("m", id=8)], now=0.0),
    lambda peer: peer.send_batch([Request("m", ["x" * 700]), Request("m", ["x" * 700])], now=0.0, timeout=1),
    lambda peer: peer.send_batch([Request("m")] * 20, now=0.0, timeout=1),
    lambda peer: peer.send_result("nobody", 1, now=0.0),
    lambda peer: peer.send_error("nobody", ErrorObject(1, "m"), now=0.0),
    lambda peer: peer.send_result(*first_unanswered(peer), object(), now=0.0),
    lambda peer: peer.send_result(*first_unanswered(peer), "x" * 2000, now=0.0),
    lambda peer: peer.send_error(*first_unanswered(peer), ErrorObject("1", "m"), now=0.0),
    lambda peer: peer.send_error(*first_unanswered(peer), ErrorObject(1, None), now=0.0),
    lambda peer: peer.cancel("nobody", now=0.0),
    lambda peer: [peer.send_request("m", now=0.0, id=each) for each in peer.pending or ([],)],
]


def first_unanswered(peer):
    return peer.unanswered[:1] or ("nobody",)


good_commands = st.sampled_from(
    [
        lambda peer: peer.send_request("m", [1], now=0.0, timeout=3.0),
        lambda peer: peer.send_request("m", now=0.0),
        lambda peer: peer.send_batch([Request("m"), Notification("n"), Request("o")], now=0.0, timeout=2.0),
        lambda peer: peer.send_notification("n", {"a": 1}, now=0.0),
        lambda peer: [peer.send_result(each, "done", now=0.0) for each in peer.unanswered[:1]],
        lambda peer: [peer.cancel(each, now=0.0) for each in peer.pending[-1:]],
        lambda peer: [peer.receive_message(answer(each), now=0.0) for each in peer.pending[:1]],
        lambda peer: peer.receive_message(b'{"jsonrpc":"2.0","method":"m","id":1}', now=0.0),
        lambda peer: peer.receive_message(
            b'[{"jsonrpc":"2.0","method":"m","id":2},{"jsonrpc":"2.0","method":"m","id":3}]', now=0.0
        ),
        lambda peer: peer.handle_timeout(2.5),
        lambda peer: peer.receive_end(now=0.0),
        lambda peer: peer.close(now=0.0),
    ]
)


def answer(request_id):
    return json.dumps({"jsonrpc": "2.0", "id": request_id, "result": 1}).encode()


def observe(peer):
    return (
        drain(peer),
        peer.messages_to_send(),
        peer.pending,
        peer.unanswered,
        peer.next_timeout(),
        peer.is_closed,
    )


def attempt(command, peer):
    try:
        command(peer)
    except LocalProtocolError:
        return False
    return True


@pytest.mark.parametrize("command", BAD_COMMANDS)
def test_what_the_refused_commands_below_have_in_common(command):
    peer = Peer(limits=PeerLimits(in_flight=15, message=1200), cancellation=LSP)
    peer.send_request("m", now=0.0)
    peer.receive_message(b'{"jsonrpc":"2.0","method":"m","id":1}', now=0.0)
    assert not attempt(command, peer)


@given(
    st.lists(st.tuples(st.booleans(), good_commands, st.sampled_from(BAD_COMMANDS)), max_size=25),
    st.sampled_from([None, LSP, MCP]),
)
def test_a_refused_command_leaves_no_trace(steps, cancellation):
    """Two peers get the same commands, one of them bad ones in between as well: nobody can tell them apart."""
    limits = PeerLimits(in_flight=15, message=1200)
    tried, spared = (Peer(limits=limits, cancellation=cancellation) for _ in range(2))
    for with_bad, good, bad in steps:
        if with_bad:
            assert not attempt(bad, tried)
        assert attempt(good, tried) == attempt(good, spared)
        assert observe(tried) == observe(spared)


@given(scripts, st.sampled_from([None, LSP, MCP]))
def test_the_same_inputs_give_the_same_bytes(script, cancellation):
    def replay():
        talk = Talk(cancellation)
        written = []
        for side, command in script:
            if cancellation is MCP and command[0] == "cancel":
                continue
            talk.run(side, command)
            written.append([list(wire) for wire in talk.wires])
        return written

    assert replay() == replay()


def test_a_cancellation_that_crosses_the_answer_is_no_event():
    client, server = Peer(cancellation=LSP), Peer(cancellation=LSP)
    asked = client.send_request("m", now=0.0)
    for message in client.messages_to_send():
        server.receive_message(message, now=0.0)
    client.cancel(asked, now=0.0)
    server.send_result(asked, 1, now=0.0)
    for message in client.messages_to_send():
        server.receive_message(message, now=0.0)
    assert not any(isinstance(event, CancelReceived) for event in drain(server))
