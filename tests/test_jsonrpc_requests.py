"""The requests of a Peer, one behaviour at a time: sending, deadlines, cancelling."""

import json

import pytest

from hocket import Connection
from hocket.codec import Raw
from hocket.errors import (
    ErrorObject,
    LocalProtocolError,
)
from hocket.framing import FramingLimits, Ndjson
from hocket.jsonrpc import (
    LSP,
    MCP,
    Cancellation,
    CancelReceived,
    ErrorReceived,
    Notification,
    NotificationReceived,
    Peer,
    PeerLimits,
    Request,
    RequestReceived,
    RequestTimedOut,
    ResultReceived,
    UnexpectedResponse,
)
from support.drain import drain
from support.jsonrpc import request, result, sent

# --- sending


def test_what_is_sent_is_written_compactly_and_in_order():
    peer = Peer()
    assert peer.send_request("add", [1, 2], now=0.0) == "1"
    peer.send_notification("tick", {"é": None}, now=0.0)
    assert peer.send_request("none", now=0.0, id=7) == 7
    assert peer.send_request("empty", [], now=0.0) == "2"
    assert peer.messages_to_send() == [
        b'{"jsonrpc":"2.0","id":"1","method":"add","params":[1,2]}',
        '{"jsonrpc":"2.0","method":"tick","params":{"é":null}}'.encode(),
        b'{"jsonrpc":"2.0","id":7,"method":"none"}',
        b'{"jsonrpc":"2.0","id":"2","method":"empty","params":[]}',
    ]
    assert peer.messages_to_send() == []


def test_text_that_is_json_already_is_sent_as_it_is():
    peer = Peer()
    peer.send_notification("n", Raw(b'{"a": 1}'), now=0.0)
    peer.receive_message(request(5), now=0.0)
    peer.send_result(5, {"kept": Raw(b"[ ]")}, now=0.0)
    assert peer.messages_to_send() == [
        b'{"jsonrpc":"2.0","method":"n","params":{"a": 1}}',
        b'{"jsonrpc":"2.0","id":5,"result":{"kept":[ ]}}',
    ]
    with pytest.raises(LocalProtocolError, match="params"):
        peer.send_notification("n", Raw(b"1"), now=0.0)


@pytest.mark.parametrize("texts", [[], [b'{"a": 1}'], [b"[]", b"{}", b'["\xc3\xa9"]']])
def test_several_notifications_are_sent_as_one_after_the_other(texts):
    together, one_by_one = Peer(), Peer()
    together.send_notifications("n", [Raw(text) for text in texts], now=0.0)
    for text in texts:
        one_by_one.send_notification("n", Raw(text), now=0.0)
    assert together.messages_to_send() == one_by_one.messages_to_send()


def test_where_one_of_several_notifications_cannot_be_framed_none_is_sent():
    connection = Connection(Ndjson(FramingLimits(frame=80)))
    with pytest.raises(LocalProtocolError, match="frame"):
        connection.send_notifications("n", [Raw(b"[]"), Raw(b"[" + b" " * 60 + b"]")], now=0.0)
    assert connection.data_to_send() == []
    connection.send_notifications("n", [Raw(b"[]"), Raw(b"[1]")], now=0.0)
    assert [json.loads(data)["params"] for data in connection.data_to_send()] == [[], [1]]


def nested(levels):
    value = []
    for _ in range(levels - 1):
        value = [value]
    return value


def test_what_the_peer_could_not_read_for_its_depth_is_not_sent():
    peer, other = Peer(), Peer()
    peer.send_notification("n", nested(63), now=0.0)
    peer.send_batch([Notification("n", nested(62))], now=0.0)
    for message in peer.messages_to_send():
        other.receive_message(message, now=0.0)
    assert [type(event) for event in drain(other)] == [NotificationReceived, NotificationReceived]
    with pytest.raises(LocalProtocolError, match="deep"):
        peer.send_notification("n", nested(64), now=0.0)
    with pytest.raises(LocalProtocolError, match="deep"):
        peer.send_batch([Notification("n", nested(63))], now=0.0)


def test_an_answer_in_a_batch_may_be_one_level_less_deep():
    peer = Peer()
    peer.receive_message(b"[" + request(1) + b"]", now=0.0)
    with pytest.raises(LocalProtocolError, match="deep"):
        peer.send_result(1, nested(63), now=0.0)
    peer.send_result(1, nested(62), now=0.0)
    other = Peer()
    for message in peer.messages_to_send():
        other.receive_message(message, now=0.0)
    assert [type(event) for event in drain(other)] == [UnexpectedResponse]


def test_a_new_id_is_never_one_that_is_pending():
    peer = Peer()
    peer.send_request("m", now=0.0, id="2")
    assert peer.send_batch([Request("m"), Request("m", id="4"), Request("m")], now=0.0) == ["1", "4", "3"]
    assert peer.send_request("m", now=0.0) == "5"
    assert peer.pending == ("2", "1", "4", "3", "5")


@pytest.mark.parametrize("bad", [7, "", None, "x" * 300, "$/ping:9"])
def test_a_source_of_ids_that_gives_no_ids_is_our_own_mistake(bad):
    peer = Peer(new_id=lambda: bad)
    if bad == "":
        assert peer.send_request("m", now=0.0) == ""
    with pytest.raises(LocalProtocolError, match="new_id"):
        peer.send_request("m", now=0.0)
    assert len(peer.messages_to_send()) == (bad == "")


def test_a_message_over_the_limit_is_not_sent_and_the_limit_is_named():
    peer = Peer(limits=PeerLimits(message=64))
    peer.send_notification("m", ["x" * 20], now=0.0)
    assert len(peer.messages_to_send()[0]) == 64
    with pytest.raises(LocalProtocolError, match="message"):
        peer.send_notification("m", ["x" * 21], now=0.0)


def test_our_own_requests_in_flight_are_limited():
    peer = Peer(limits=PeerLimits(in_flight=2))
    first = peer.send_request("m", now=0.0)
    with pytest.raises(LocalProtocolError, match="in_flight"):
        peer.send_batch([Request("m"), Request("m")], now=0.0)
    peer.send_request("m", now=0.0)
    with pytest.raises(LocalProtocolError, match="in_flight"):
        peer.send_request("m", now=0.0)
    peer.receive_message(result(first), now=0.0)
    peer.send_request("m", now=0.0)


# --- deadlines


def test_a_request_without_an_answer_times_out_once():
    peer = Peer()
    late = peer.send_request("late", now=10.0, timeout=5.0)
    soon = peer.send_request("soon", now=10.0, timeout=2.0)
    peer.send_request("ever", now=10.0)
    assert peer.next_timeout() == 12.0
    peer.handle_timeout(11.9)
    assert drain(peer) == []
    peer.handle_timeout(20.0)
    peer.handle_timeout(21.0)
    assert drain(peer) == [RequestTimedOut(id=soon, method="soon"), RequestTimedOut(id=late, method="late")]
    assert peer.next_timeout() is None
    peer.messages_to_send()
    peer.receive_message(result(late, 1), now=22.0)
    assert drain(peer) == [UnexpectedResponse(id=late, result=1)]
    assert peer.pending == ("3",)


def test_an_answer_stops_the_clock():
    peer = Peer()
    asked = peer.send_request("m", now=0.0, timeout=1.0)
    peer.receive_message(result(asked), now=0.5)
    assert peer.next_timeout() is None
    peer.handle_timeout(2.0)
    assert [type(event) for event in drain(peer)] == [ResultReceived]


def test_an_answer_that_comes_before_the_timer_counts_though_it_is_late():
    peer = Peer()
    asked = peer.send_request("m", now=0.0, timeout=1.0)
    peer.receive_message(result(asked, 1), now=5.0)
    peer.handle_timeout(5.0)
    assert drain(peer) == [ResultReceived(id=asked, method="m", result=1)]


def test_a_second_answer_is_unexpected():
    peer = Peer()
    asked = peer.send_request("m", now=0.0)
    peer.receive_message(result(asked, 1), now=0.0)
    peer.receive_message(result(asked, 2), now=0.0)
    assert drain(peer)[1:] == [UnexpectedResponse(id=asked, result=2)]


def test_a_timeout_tells_the_peer_where_there_is_a_way_to():
    peer = Peer(cancellation=LSP)
    asked = peer.send_request("m", now=0.0, timeout=0.0)
    peer.messages_to_send()
    peer.handle_timeout(0.0)
    assert sent(peer) == [{"jsonrpc": "2.0", "method": "$/cancelRequest", "params": {"id": asked}}]


# --- cancelling


def test_under_lsp_a_cancelled_request_waits_for_its_answer():
    client, server = Peer(cancellation=LSP), Peer(cancellation=LSP)
    asked = client.send_request("m", now=0.0)
    client.cancel(asked, now=0.0)
    client.cancel(asked, now=0.0)
    assert client.pending == (asked,)
    for message in client.messages_to_send():
        server.receive_message(message, now=0.0)
    assert drain(server) == [RequestReceived(id=asked, method="m"), CancelReceived(id=asked)]
    server.send_error(asked, ErrorObject(LSP.code, "Request cancelled"), now=0.0)
    for message in server.messages_to_send():
        client.receive_message(message, now=0.0)
    assert drain(client) == [ErrorReceived(id=asked, method="m", error=ErrorObject(-32800, "Request cancelled"))]


def test_under_mcp_a_cancelled_request_is_over():
    client, server = Peer(cancellation=MCP), Peer(cancellation=MCP)
    asked = client.send_request("m", now=0.0, timeout=9.0)
    client.cancel(asked, now=0.0)
    assert client.pending == ()
    assert client.next_timeout() is None
    assert drain(client) == [ErrorReceived(id=asked, method="m", error=ErrorObject(-32800, "Request cancelled"))]
    for message in client.messages_to_send():
        server.receive_message(message, now=0.0)
    assert drain(server)[1:] == [CancelReceived(id=asked)]
    client.receive_message(result(asked, 1), now=1.0)
    assert drain(client) == [UnexpectedResponse(id=asked, result=1)]


def test_without_a_convention_nothing_can_be_cancelled_and_nothing_is_special():
    peer = Peer()
    asked = peer.send_request("m", now=0.0)
    with pytest.raises(LocalProtocolError, match="convention"):
        peer.cancel(asked, now=0.0)
    peer.receive_message(b'{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":1}}', now=0.0)
    assert drain(peer) == [NotificationReceived(method="$/cancelRequest", params={"id": 1})]


def test_a_convention_that_cannot_be_written_is_refused_at_once():
    with pytest.raises(LocalProtocolError, match="method"):
        Peer(cancellation=Cancellation("x" * 300, "id"))
