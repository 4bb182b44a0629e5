"""Connection: framing, Peer and heartbeat together, and how a connection ends."""

import json

import pytest

from hocket.connection import Connection
from hocket.endpoint import Endpoint
from hocket.errors import CodecError, ConnectionFailed, FramingError, LimitExceeded, LocalProtocolError
from hocket.framing import ContentLength, FramingLimits, Ndjson, Whole
from hocket.heartbeat import Heartbeat
from hocket.jsonrpc import (
    ConnectionClosed,
    ErrorReceived,
    Event,
    MessageRejected,
    NotificationReceived,
    RequestReceived,
    ResultReceived,
)
from support.drain import drain


def sent(connection):
    return [json.loads(line) for line in b"".join(connection.data_to_send()).splitlines()]


def carry(source, target, now=0.0):
    for data in source.data_to_send():
        target.receive_data(data, now=now)


REQUEST = b'{"jsonrpc":"2.0","id":5,"method":"m"}'


def test_the_example_of_the_first_page():
    client, server = Connection(Ndjson()), Connection(Ndjson())
    asked = client.send_request("add", [1, 2], now=0.0, timeout=5.0)
    for byte in b"".join(client.data_to_send()):
        server.receive_data(bytes([byte]), now=0.1)
    assert server.next_event() == RequestReceived(id=asked, method="add", params=[1, 2])


def test_a_connection_is_an_endpoint():
    endpoint: Endpoint[Event] = Connection(Ndjson())
    assert endpoint.next_event() is None
    assert endpoint.data_to_send() == []
    assert endpoint.next_timeout() is None
    assert endpoint.is_closed is False


@pytest.mark.parametrize("framing", [Ndjson, ContentLength, Whole])
def test_there_and_back_in_every_framing(framing):
    client, server = Connection(framing()), Connection(framing())
    asked = client.send_request("m", {"text": "line\nend\u2028"}, now=0.0)
    client.send_notification("n", now=0.0)
    carry(client, server)
    assert drain(server) == [
        RequestReceived(id=asked, method="m", params={"text": "line\nend\u2028"}),
        NotificationReceived(method="n"),
    ]
    assert server.unanswered == (asked,)
    server.send_result(asked, [], now=0.0)
    carry(server, client)
    assert drain(client) == [ResultReceived(id=asked, method="m", result=[])]
    assert client.pending == ()


def test_each_connection_has_its_own_ids():
    ids = iter(["x", "y"])
    connection = Connection(Ndjson(), new_id=ids.__next__)
    assert [connection.send_request("m", now=0.0) for _ in range(2)] == ["x", "y"]


def test_errors_are_answered_though_nobody_drains_the_events():
    connection = Connection(Ndjson())
    connection.receive_data(b"junk\n" + REQUEST + b"\n", now=0.0)
    assert [message["error"]["code"] for message in sent(connection)] == [-32700]
    assert [type(event) for event in drain(connection)] == [MessageRejected, RequestReceived]


def test_a_frame_over_the_limit_is_answered_and_the_next_one_is_read():
    connection = Connection(Ndjson(FramingLimits(frame=64)))
    connection.receive_data(b"x" * 100 + b"\n" + REQUEST + b"\n", now=0.0)
    rejected, request = drain(connection)
    assert rejected.error.data == {"limit": "frame", "max": 64}
    assert request.id == 5


def test_a_message_that_cannot_be_framed_is_refused_when_it_is_sent():
    connection = Connection(Ndjson(FramingLimits(frame=64)))
    with pytest.raises(LocalProtocolError, match="frame"):
        connection.send_request("m", ["x" * 100], now=0.0)
    assert connection.pending == ()
    assert connection.data_to_send() == []


def test_lost_framing_ends_the_connection():
    connection = Connection(ContentLength())
    asked = connection.send_request("m", now=0.0)
    connection.data_to_send()
    connection.receive_data(b"Content-Length: %d\r\n\r\n%bGET / HTTP/1.1\r\n\r\n" % (len(REQUEST), REQUEST), now=0.0)
    request, rejected, closed = drain(connection)
    assert request.id == 5
    assert isinstance(closed.error, FramingError)
    assert rejected.error.message == f"Parse error: {closed.error}"
    assert closed.pending == (asked,)
    (told,) = connection.data_to_send()
    assert json.loads(told.partition(b"\r\n\r\n")[2])["error"]["message"] == rejected.error.message
    assert connection.is_closed
    connection.receive_data(b"Content-Length: 2\r\n\r\n{}", now=0.0)
    connection.receive_eof(now=0.0)
    assert drain(connection) == []
    with pytest.raises(LocalProtocolError, match="closed"):
        connection.send_result(5, 0, now=0.0)


def test_an_orderly_end_has_no_error():
    connection = Connection(Ndjson())
    connection.receive_eof(now=0.0)
    connection.receive_eof(now=0.0)
    assert drain(connection) == [ConnectionClosed(error=None, pending=())]
    assert connection.is_closed


def test_an_end_that_leaves_us_without_answers_is_an_error():
    connection = Connection(Ndjson())
    asked = [connection.send_request("m", now=0.0) for _ in range(2)]
    connection.data_to_send()
    connection.receive_eof(now=0.0)
    (closed,) = drain(connection)
    assert isinstance(closed.error, ConnectionFailed)
    assert "2 requests" in str(closed.error)
    assert closed.pending == tuple(asked)


def test_an_end_inside_a_frame_is_an_error():
    connection = Connection(ContentLength())
    connection.receive_data(b"Content-Length: 10\r\n\r\n{", now=0.0)
    connection.receive_eof(now=0.0)
    _, closed = drain(connection)
    assert isinstance(closed.error, FramingError)
    connection.data_to_send()
    assert connection.is_closed


def test_an_end_inside_a_line_is_an_error():
    connection = Connection(Ndjson())
    connection.receive_data(b'junk\n{"jsonrpc":"2.0","id":', now=0.0)
    connection.receive_eof(now=0.0)
    *rejected, closed = drain(connection)
    assert [type(event) for event in rejected] == [MessageRejected, MessageRejected]
    assert isinstance(closed.error, CodecError)


def test_junk_before_an_orderly_end_is_no_cut():
    connection = Connection(Ndjson())
    connection.receive_data(b"junk\n", now=0.0)
    connection.receive_eof(now=0.0)
    assert drain(connection)[-1] == ConnectionClosed(error=None, pending=())


def test_a_last_frame_that_only_the_end_completes_is_read():
    connection = Connection(Ndjson())
    connection.receive_data(REQUEST, now=0.0)
    assert drain(connection) == []
    connection.receive_eof(now=0.0)
    assert drain(connection) == [RequestReceived(id=5, method="m"), ConnectionClosed(error=None, pending=())]
    assert not connection.is_closed
    connection.send_result(5, "still", now=0.0)
    assert [message["result"] for message in sent(connection)] == ["still"]
    assert connection.is_closed


def test_we_can_end_it():
    connection = Connection(Ndjson())
    asked = connection.send_request("m", now=0.0, timeout=1.0)
    connection.close(0.0)
    connection.receive_data(REQUEST + b"\n", now=0.0)
    assert drain(connection) == [ConnectionClosed(error=None, pending=(asked,))]
    assert [message["id"] for message in sent(connection)] == [asked]
    assert connection.is_closed
    assert connection.next_timeout() is None


# --- the heartbeat

BEAT = Heartbeat(interval=10.0, timeout=4.0)


def beating():
    connection = Connection(Ndjson(), heartbeat=BEAT)
    connection.handle_timeout(0.0)
    return connection


def test_without_a_heartbeat_silence_is_fine():
    connection = Connection(Ndjson())
    connection.handle_timeout(1e9)
    assert connection.next_timeout() is None
    assert connection.data_to_send() == []


def test_a_heartbeat_wants_to_be_started_at_once():
    connection = Connection(Ndjson(), heartbeat=BEAT)
    assert connection.next_timeout() < 0
    connection.handle_timeout(50.0)
    assert connection.next_timeout() == 60.0
    assert connection.data_to_send() == []


@pytest.mark.parametrize(
    "answer",
    [
        b'{"jsonrpc":"2.0","id":"$/ping:1","result":null}\n',
        b'{"jsonrpc":"2.0","id":"$/ping:1","error":{"code":-32601,"message":"Method not found"}}\n',
        b"\n",
        b'{"half of a mess',
    ],
)
def test_any_byte_is_a_sign_of_life(answer):
    connection = beating()
    connection.handle_timeout(10.0)
    assert sent(connection) == [{"jsonrpc": "2.0", "id": "$/ping:1", "method": "$/ping"}]
    connection.receive_data(answer, now=13.0)
    connection.handle_timeout(14.0)
    assert drain(connection) == []
    assert connection.next_timeout() == 23.0


def test_no_bytes_are_no_sign_of_life():
    connection = beating()
    connection.receive_data(b"", now=9.0)
    assert connection.next_timeout() == 10.0


def test_a_peer_that_is_silent_too_long_is_given_up():
    connection = beating()
    asked = connection.send_request("m", now=0.0)
    connection.handle_timeout(10.0)
    connection.handle_timeout(14.0)
    (closed,) = drain(connection)
    assert isinstance(closed.error, ConnectionFailed)
    assert "14 s" in str(closed.error)
    assert closed.pending == (asked,)
    assert connection.next_timeout() is None


def test_two_hockets_keep_each_other_alive():
    client, server = beating(), Connection(Ndjson())
    for now in range(1, 100):
        client.handle_timeout(float(now))
        carry(client, server, now)
        carry(server, client, now)
    assert drain(client) == drain(server) == []
    assert not client.is_closed


def test_the_sooner_of_deadline_and_heartbeat_is_named():
    connection = beating()
    connection.send_request("m", now=0.0, timeout=3.0)
    assert connection.next_timeout() == 3.0
    connection.send_request("m", now=0.0, timeout=30.0)
    connection.handle_timeout(3.0)
    assert connection.next_timeout() == 10.0


def test_after_the_end_of_input_the_heartbeat_rests():
    connection = beating()
    connection.receive_data(REQUEST + b"\n", now=1.0)
    connection.receive_eof(now=2.0)
    assert connection.next_timeout() is None
    connection.handle_timeout(100.0)
    assert connection.data_to_send() == []
    assert [type(event) for event in drain(connection)] == [RequestReceived, ConnectionClosed]


def test_after_lost_framing_the_heartbeat_rests():
    connection = Connection(ContentLength(), heartbeat=BEAT)
    connection.receive_data(b"GET / HTTP/1.1\r\n\r\n", now=0.0)
    assert connection.next_timeout() is None


def test_an_error_for_nobody_is_told():
    connection = Connection(Ndjson())
    connection.receive_data(b'{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"?"}}\n', now=0.0)
    (event,) = drain(connection)
    assert isinstance(event, ErrorReceived)
    assert (event.id, event.method) == (None, None)


def test_a_header_without_end_names_its_limit():
    connection = Connection(ContentLength(FramingLimits(header=20)))
    connection.receive_data(b"x" * 30, now=0.0)
    _, closed = drain(connection)
    assert isinstance(closed.error, LimitExceeded)
    assert closed.error.option == "header"
