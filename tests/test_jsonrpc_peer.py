"""The Peer, one behaviour at a time: batches, pings, what is no message, a transport that refuses, and the end."""

import pytest

from hocket.errors import (
    CodecError,
    ConnectionFailed,
    ErrorObject,
    FramingError,
    LimitExceeded,
    LocalProtocolError,
)
from hocket.jsonrpc import (
    LSP,
    ConnectionClosed,
    ErrorReceived,
    MessageRejected,
    Notification,
    NotificationReceived,
    Peer,
    PeerLimits,
    Request,
    RequestReceived,
    ResultReceived,
    UnexpectedResponse,
)
from support.drain import drain
from support.jsonrpc import request, result, sent

# --- batches


def test_a_batch_is_one_message_and_its_answers_come_one_by_one():
    client, server = Peer(), Peer()
    ids = client.send_batch([Request("a", [1]), Notification("n"), Request("b", id="x")], now=0.0, timeout=3.0)
    assert ids == ["1", "x"]
    (message,) = client.messages_to_send()
    assert client.next_timeout() == 3.0
    server.receive_message(message, now=0.0)
    assert drain(server) == [
        RequestReceived(id="1", method="a", params=[1]),
        NotificationReceived(method="n"),
        RequestReceived(id="x", method="b"),
    ]
    server.send_error("x", ErrorObject(5, "no"), now=0.0)
    assert server.messages_to_send() == []
    server.send_result("1", "yes", now=0.0)
    (answers,) = server.messages_to_send()
    client.receive_message(answers, now=0.0)
    assert drain(client) == [
        ResultReceived(id="1", method="a", result="yes"),
        ErrorReceived(id="x", method="b", error=ErrorObject(5, "no")),
    ]


def test_two_batches_do_not_mix():
    peer = Peer()
    peer.receive_message(b"[" + request(1) + b"," + request(2) + b"]", now=0.0)
    peer.receive_message(b"[" + request(3) + b"]", now=0.0)
    peer.receive_message(request(4), now=0.0)
    for request_id in (4, 2, 3):
        peer.send_result(request_id, None, now=0.0)
    assert [
        [each["id"] for each in message] if isinstance(message, list) else message["id"] for message in sent(peer)
    ] == [4, [3]]
    peer.send_result(1, None, now=0.0)
    assert [[each["id"] for each in message] for message in sent(peer)] == [[1, 2]]


def test_the_answers_to_a_batch_are_limited_together_but_a_short_error_always_fits():
    peer = Peer(limits=PeerLimits(message=5000))
    peer.receive_message(b"[" + request(1) + b"," + request(2) + b"]", now=0.0)
    peer.send_result(1, "x" * 3800, now=0.0)
    with pytest.raises(LocalProtocolError, match="message"):
        peer.send_result(2, "x" * 1200, now=0.0)
    assert peer.unanswered == (2,)
    peer.send_error(2, ErrorObject(1, "too much"), now=0.0)
    (message,) = peer.messages_to_send()
    assert len(message) <= 5000


def test_one_answer_leaves_room_for_the_others():
    peer = Peer(limits=PeerLimits(message=5000))
    peer.receive_message(b"[" + request(1) + b"," + request(2) + b"]", now=0.0)
    with pytest.raises(LocalProtocolError, match="message"):
        peer.send_result(1, "x" * 4500, now=0.0)
    assert peer.unanswered == (1, 2)


# --- pings


def test_a_ping_is_answered_though_nobody_drains_the_events():
    peer = Peer()
    peer.receive_message(request("p", "$/ping"), now=0.0)
    peer.receive_message(b"[" + request(1, "$/ping") + b"," + request(2) + b"]", now=0.0)
    assert sent(peer) == [{"jsonrpc": "2.0", "id": "p", "result": None}]
    peer.send_result(2, 0, now=0.0)
    assert [[each["id"] for each in message] for message in sent(peer)] == [[1, 2]]
    assert drain(peer) == [RequestReceived(id=2, method="m")]


@pytest.mark.parametrize(
    "answer", ['"result":null', '"error":{"code":-32601,"message":"Method not found"}', '"void":1']
)
def test_whatever_answers_a_ping_is_no_event(answer):
    peer = Peer()
    peer.send_ping(now=0.0)
    (ping,) = sent(peer)
    assert ping == {"jsonrpc": "2.0", "id": "$/ping:1", "method": "$/ping"}
    assert peer.pending == ()
    peer.receive_message(f'{{"jsonrpc":"2.0","id":"$/ping:1",{answer}}}'.encode(), now=0.0)
    assert drain(peer) == []
    assert sent(peer) == []
    assert peer.send_request("m", now=0.0) == "1"


def test_an_answer_to_a_ping_never_sent_is_unexpected():
    peer = Peer()
    peer.receive_message(result("$/ping:1"), now=0.0)
    assert drain(peer) == [UnexpectedResponse(id="$/ping:1")]


# --- frames that are no messages


@pytest.mark.parametrize(
    ("error", "code", "data"),
    [
        (FramingError("no end"), -32700, None),
        (CodecError("not JSON"), -32700, None),
        (LimitExceeded("frame", 10, 11), -32600, {"limit": "frame", "max": 10}),
    ],
)
def test_a_frame_that_is_no_message_is_answered_and_reported(error, code, data):
    peer = Peer()
    peer.refuse_frame(error, now=0.0)
    (event,) = drain(peer)
    assert (event.error.code, event.error.data, event.answered) == (code, data, True)
    (reply,) = sent(peer)
    assert (reply["id"], reply["error"]["code"], reply["error"].get("data")) == (None, code, data)
    peer.close(0.0)
    drain(peer)
    peer.refuse_frame(error, now=0.0)
    assert drain(peer) == []
    assert sent(peer) == []


# --- a transport that refuses


def narrow(message):
    if len(message) > 50:
        raise LocalProtocolError("too wide for the wire")
    return b"<" + message + b">"


def test_messages_are_wrapped_before_they_count_as_sent():
    peer = Peer(wrap=narrow)
    asked = peer.send_request("m", now=0.0)
    with pytest.raises(LocalProtocolError, match="wire"):
        peer.send_request("m" * 50, now=0.0)
    assert peer.messages_to_send() == [b'<{"jsonrpc":"2.0","id":"1","method":"m"}>']
    assert peer.pending == (asked,)
    assert peer.send_request("m", now=0.0) == "2"


def test_a_batch_too_wide_for_the_wire_can_still_get_a_shorter_answer():
    def wrap(message):
        if len(message) > 120:
            raise LocalProtocolError("too wide for the wire")
        return message

    peer = Peer(wrap=wrap)
    peer.receive_message(b"[" + request(1) + b"," + request(2) + b"]", now=0.0)
    peer.send_result(1, 0, now=0.0)
    with pytest.raises(LocalProtocolError, match="wire"):
        peer.send_result(2, "x" * 100, now=0.0)
    assert peer.unanswered == (2,)
    peer.send_result(2, "x", now=0.0)
    assert [[each["result"] for each in message] for message in sent(peer)] == [[0, "x"]]


def test_an_error_too_wide_for_the_wire_is_not_sent_and_that_is_told():
    peer = Peer(wrap=narrow)
    peer.receive_message(b"{", now=0.0)
    peer.receive_message(b"[1]", now=0.0)
    assert [(type(event), event.answered) for event in drain(peer)] == [
        (MessageRejected, False),
        (MessageRejected, True),
        (MessageRejected, False),
    ]
    assert peer.messages_to_send() == []


# --- the end

COMMANDS = [
    lambda peer: peer.send_request("m", now=0.0),
    lambda peer: peer.send_notification("m", now=0.0),
    lambda peer: peer.send_batch([Notification("m")], now=0.0),
    lambda peer: peer.send_result(5, 0, now=0.0),
    lambda peer: peer.send_error(5, ErrorObject(1, "m"), now=0.0),
    lambda peer: peer.cancel("1", now=0.0),
    lambda peer: peer.send_notifications("m", [], now=0.0),
]


@pytest.mark.parametrize("command", COMMANDS)
def test_after_close_no_command_is_taken_and_no_input_read(command):
    peer = Peer(cancellation=LSP)
    peer.send_request("m", now=0.0, timeout=1.0)
    peer.receive_message(request(5), now=0.0)
    drain(peer)
    error = ConnectionFailed("pulled out")
    peer.close(0.0, error)
    peer.close(0.0)
    assert not peer.is_closed  # there is something left to take
    assert drain(peer) == [ConnectionClosed(error=error, pending=("1",))]
    assert len(peer.messages_to_send()) == 1
    assert peer.is_closed
    with pytest.raises(LocalProtocolError, match="closed"):
        command(peer)
    peer.receive_message(request(6), now=0.0)
    peer.receive_message(b"{", now=0.0)
    peer.handle_timeout(9.0)
    peer.send_ping(now=9.0)
    assert drain(peer) == []
    assert peer.messages_to_send() == []
    assert (peer.pending, peer.unanswered, peer.next_timeout()) == ((), (), None)


def test_after_the_end_of_input_what_was_asked_is_still_answered():
    """As in `echo … | agent`: the shell closes one direction only."""
    peer = Peer(cancellation=LSP)
    asked = peer.send_request("m", now=0.0, timeout=1.0)
    peer.receive_message(request(5), now=0.0)
    peer.receive_message(b"[" + request(6) + b"," + request(7) + b"]", now=0.0)
    drain(peer)
    peer.messages_to_send()
    peer.receive_end(now=1.0)
    peer.receive_end(now=1.0, error=ConnectionFailed("told once"))
    assert drain(peer) == [ConnectionClosed(error=None, pending=(asked,))]
    assert peer.next_timeout() is None
    peer.receive_message(request(8), now=1.0)
    assert drain(peer) == []
    for command in (COMMANDS[0], COMMANDS[2], COMMANDS[5]):
        with pytest.raises(LocalProtocolError, match="nothing more"):
            command(peer)
    peer.send_notification("chunk", now=1.0)
    for request_id in (7, 5, 6):
        assert not peer.is_closed
        peer.send_result(request_id, 0, now=1.0)
    assert len(peer.messages_to_send()) == 3
    assert peer.is_closed
    with pytest.raises(LocalProtocolError, match="closed"):
        peer.send_notification("chunk", now=1.0)


def test_at_the_end_of_input_with_nothing_to_answer_all_is_over():
    peer = Peer()
    peer.receive_end(now=0.0)
    assert drain(peer) == [ConnectionClosed(error=None, pending=())]
    assert peer.is_closed


def test_close_ends_what_the_end_of_input_left_open():
    peer = Peer()
    peer.receive_message(request(5), now=0.0)
    peer.receive_end(now=0.0)
    peer.close(1.0)
    assert [type(event) for event in drain(peer)] == [RequestReceived, ConnectionClosed]
    assert peer.is_closed
