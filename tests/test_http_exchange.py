"""One HTTP call from both sides, fact by fact: heads, keep-alive, refusals, and what is too large."""

import json

import pytest

from hocket.a2a import (
    V0_3,
    V1_0,
    Answered,
    ClientCall,
    DeleteTaskPushNotificationConfigRequest,
    Ended,
    GetTaskRequest,
    Opened,
    Operation,
    Outcome,
    Refused,
    Server,
    ServiceParameters,
    SubscribeToTaskRequest,
    TaskState,
)
from hocket.entropy import seeded
from hocket.errors import AuthenticationError, ConnectionFailed, ErrorObject, StreamCut
from hocket.http import Exchange, HttpCall, Request, RpcEnvelope
from hocket.jsonrpc import PeerLimits
from support.items import run_of

SERVICE = ServiceParameters(version="1.0")
MESSAGE = {"messageId": "m", "role": "ROLE_USER", "parts": [{"text": "hi"}]}
OPENED = Opened(request_id=1, task_id="t")
ITEM = run_of(b"{}", after=6)
ENDED = Ended(request_id=1, offset=7, state=TaskState.COMPLETED)


def received(body, limits=PeerLimits(), **options):
    """An exchange whose body is with the server."""
    envelope = RpcEnvelope("link", limits)
    exchange = Exchange(envelope, **options)
    exchange.respond(envelope.receive_body(body, SERVICE, Server(entropy=seeded(1)), 0.0))
    return exchange


def asked(method="SendStreamingMessage", **options):
    """An exchange whose request is with the server."""
    body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": {"message": MESSAGE}}
    return received(json.dumps(body).encode(), **options)


def test_the_head_of_a_stream_comes_before_its_first_item():
    exchange = asked()
    assert exchange.next_response() is None
    exchange.deliver([OPENED], 0.0)
    head = exchange.next_response()
    assert (head.status, head.body) == (200, None)
    assert dict(head.headers) == {
        "content-type": "text/event-stream; charset=utf-8",
        "cache-control": "no-cache, no-transform",
        "x-accel-buffering": "no",
    }
    assert exchange.data_to_send() == []


def test_events_that_are_ready_together_are_one_chunk_with_their_offsets_as_ids():
    exchange = asked()
    exchange.deliver([OPENED, ITEM, ITEM, ENDED], 0.0)
    event = b'id: 7\ndata: {"jsonrpc":"2.0","id":1,"result":{}}\n\n'
    assert exchange.data_to_send() == [event * 2]
    assert exchange.data_to_send() == []
    assert exchange.is_closed


def test_a_silent_stream_is_kept_alive_until_it_ends():
    exchange = asked(keep_alive=15.0)
    assert exchange.next_timeout() is None
    exchange.deliver([OPENED], 100.0)
    assert exchange.next_timeout() == 115.0
    exchange.handle_timeout(114.9)
    assert exchange.data_to_send() == []
    exchange.handle_timeout(115.0)
    assert exchange.data_to_send() == [b": keep-alive\n\n"]
    assert exchange.next_timeout() == 130.0
    exchange.deliver([ITEM], 129.0)
    assert exchange.next_timeout() == 144.0
    exchange.deliver([ENDED], 130.0)
    exchange.data_to_send()
    assert exchange.next_timeout() is None
    exchange.handle_timeout(1_000.0)
    assert exchange.data_to_send() == []


def test_to_look_in_vain_is_no_sign_of_life():
    """Whoever writes an answer looks for more before it lets time pass: when a comment is due, too."""
    exchange = asked(keep_alive=15.0)
    exchange.deliver([OPENED], 100.0)
    exchange.next_response()
    exchange.deliver([], 107.0)
    exchange.deliver([], 115.0)
    exchange.handle_timeout(115.0)
    assert exchange.data_to_send() == [b": keep-alive\n\n"]
    assert exchange.next_timeout() == 130.0


def test_without_keep_alive_there_are_no_comments():
    exchange = asked(keep_alive=None)
    exchange.deliver([OPENED], 0.0)
    assert exchange.next_timeout() is None
    exchange.handle_timeout(1e9)
    assert exchange.data_to_send() == []


def test_a_refusal_before_the_stream_is_an_ordinary_answer():
    exchange = asked()
    exchange.deliver([Refused(request_id=1, error=ErrorObject(-32050, "later", {"n": 1}))], 0.0)
    answer = exchange.next_response()
    assert json.loads(answer.body)["error"] == {"code": -32050, "message": "later", "data": {"n": 1}}
    assert exchange.is_closed


@pytest.mark.parametrize("data", [None, [1]])
def test_a_refusal_in_the_stream_is_its_last_event(data):
    exchange = asked()
    exchange.deliver([OPENED, ITEM, Refused(request_id=1, error=ErrorObject(-32001, "gone", data))], 0.0)
    (chunk,) = exchange.data_to_send()
    last = json.loads(chunk.split(b"data: ")[-1])
    assert last == {
        "jsonrpc": "2.0",
        "id": 1,
        "error": {"code": -32001, "message": "gone"} | ({"data": data} if data else {}),
    }
    assert exchange.is_closed


def test_a_notification_is_accepted_and_asks_for_nothing():
    exchange = received(b'{"jsonrpc":"2.0","method":"x"}')
    assert exchange.next_response().status == 202
    assert exchange.is_closed


def test_a_batch_is_answered_when_all_of_it_is():
    batch = [{"jsonrpc": "2.0", "id": n, "method": "GetTask", "params": {"id": f"t{n}"}} for n in (1, 2)]
    exchange = received(json.dumps(batch).encode())
    exchange.deliver([Answered(request_id=2, result=b"{}")], 0.0)
    assert exchange.next_response() is None
    exchange.deliver([Refused(request_id=1, error=ErrorObject(-32001, "no"))], 0.0)
    answers = {each["id"]: each for each in json.loads(exchange.next_response().body)}
    assert answers[2]["result"] == {}
    assert answers[1]["error"]["code"] == -32001


def test_an_answer_over_the_limit_is_an_error_that_names_it():
    exchange = asked("SendMessage", limits=PeerLimits(message=300))
    exchange.deliver([Answered(request_id=1, result=b'"%b"' % (b"x" * 400))], 0.0)
    error = json.loads(exchange.next_response().body)["error"]
    assert error["code"] == -32603
    assert "message" in error["message"]
    assert exchange.is_closed


# The client's side


PARAMS = {
    Operation.GET: GetTaskRequest(id="t"),
    Operation.SUBSCRIBE: SubscribeToTaskRequest(id="t"),
    Operation.PUSH_DELETE: DeleteTaskPushNotificationConfigRequest(task_id="t", id="c"),
}


def call(operation=Operation.SUBSCRIBE, dialect=V1_0, **options):
    return HttpCall(ClientCall(operation, PARAMS[operation], dialect, "r"), "http://agent/", **options)


def test_a_call_asks_once():
    http = call(headers=(("authorization", "Bearer x"),), last_event_id=4)
    asked = http.next_request()
    assert (asked.header("authorization"), asked.header("last-event-id")) == ("Bearer x", "4")
    assert http.next_request() is None


def test_a_call_that_does_not_stream_wants_json_and_0_3_says_no_version():
    asked = call(Operation.GET, V0_3).next_request()
    assert asked.header("accept") == "application/json"
    assert asked.header("a2a-version") is None


@pytest.mark.parametrize(("status", "words"), [(401, "wants credentials"), (403, "refuses these credentials")])
def test_credentials(status, words):
    http = call(Operation.GET)
    http.receive_head(status, (("www-authenticate", "Bearer realm=x"),), 0.0)
    http.receive_data(b'{"result": 1}', 0.0)
    http.receive_eof(0.0)
    with pytest.raises(AuthenticationError, match=rf"{words}: HTTP {status} \(it asks for: Bearer realm=x\)"):
        http.call.result()


@pytest.mark.parametrize("body", [b"", b"<html>", b"{}", b'{"result":{}}'])
def test_a_page_of_some_kind_is_no_answer(body):
    http = call(Operation.GET)
    http.receive_head(502, (), 0.0)
    http.receive_data(body, 0.0)
    http.receive_eof(0.0)
    with pytest.raises(ConnectionFailed, match="http://agent/ gave HTTP 502"):
        http.call.result()


@pytest.mark.parametrize(
    ("status", "operation", "error"),
    [
        (200, Operation.PUSH_DELETE, None),
        (502, Operation.PUSH_DELETE, ConnectionFailed),
        (200, Operation.GET, ConnectionFailed),
    ],
)
def test_a_deletion_may_be_answered_without_a_result(status, operation, error):
    http = call(operation)
    http.receive_head(status, (), 0.0)
    http.receive_data(b'{"jsonrpc":"2.0","id":"r"}', 0.0)
    http.receive_eof(0.0)
    assert http.is_closed
    assert type(http.call.error) is (error or type(None))


def test_an_error_counts_whatever_the_status():
    http = call(Operation.GET)
    http.receive_head(404, (), 0.0)
    http.receive_data(b'{"jsonrpc":"2.0","id":"r","error":{"code":-32001,"message":"no"}}', 0.0)
    http.receive_eof(0.0)
    assert http.call.error.code == -32001


def test_a_connection_that_breaks_before_the_head_has_failed_and_after_it_is_cut():
    before, after = call(), call()
    before.receive_failure(ConnectionFailed("no route"), 0.0)
    assert not before.is_answered
    assert before.call.outcome is Outcome.FAILED
    after.receive_head(200, (("content-type", "text/event-stream"),), 0.0)
    assert after.is_answered
    after.receive_failure(ConnectionFailed("reset"), 0.0)
    assert after.call.outcome is Outcome.CUT
    event = after.call.next_event()
    assert isinstance(event.error, StreamCut)
    assert str(event.error) == "the stream was cut before its first event: reset"


def test_a_streaming_call_answered_with_one_task_is_that_task():
    http = call()
    http.receive_head(200, (("content-type", "application/json"),), 0.0)
    task = {"id": "t", "status": {"state": "TASK_STATE_COMPLETED"}}
    http.receive_data(json.dumps({"jsonrpc": "2.0", "id": "r", "result": {"task": task}}).encode(), 0.0)
    http.receive_eof(0.0)
    event = http.call.next_event()
    assert (event.kind, event.state, event.done) == ("task", TaskState.COMPLETED, True)
    assert http.call.outcome is Outcome.SETTLED


def test_requests_are_values():
    request = Request(method="GET", path="/", query="A2A-Version=1.0&x=&x=2", headers=(("X-A", "1"), ("x-a", "2")))
    assert request.header("x-a") == "1, 2"
    assert request.header("x-b") is None
    assert (request.parameter("A2A-Version"), request.parameter("x"), request.parameter("y")) == (
        "1.0",
        "",
        None,
    )


def test_a_stream_that_is_cut_ends_where_it_is():
    exchange = asked()
    exchange.deliver([OPENED, ITEM], 0.0)
    assert exchange.next_response().body is None
    exchange.cut()
    assert exchange.is_closed
    assert exchange.is_cut
    assert exchange.next_response() is None
    assert b"".join(exchange.data_to_send()).startswith(b"id: 7\ndata: ")
    assert exchange.next_timeout() is None


def test_a_call_that_is_cut_before_its_answer_is_told_to_come_back():
    exchange = asked("SendMessage")
    exchange.cut()
    exchange.cut()
    response = exchange.next_response()
    error = json.loads(response.body)["error"]
    assert (exchange.is_closed, response.status, error["code"]) == (True, 503, -32603)
    assert error["data"] == {"retryable": True}
    assert exchange.next_response() is None


def test_an_answer_that_was_given_is_not_taken_back():
    exchange = asked("SendMessage")
    exchange.deliver([Answered(request_id=1, result=b"{}")], 0.0)
    exchange.cut()
    assert exchange.next_response().status == 200
