"""A call over HTTP+JSON from its client's side, fact by fact: what is asked, and what counts as an answer."""

import json

import pytest

from hocket.a2a import (
    V1_0,
    CancelTaskRequest,
    ClientCall,
    ClientLimits,
    DeleteTaskPushNotificationConfigRequest,
    GetTaskPushNotificationConfigRequest,
    GetTaskRequest,
    ListTasksRequest,
    Operation,
    Outcome,
    SubscribeToTaskRequest,
    TaskState,
)
from hocket.errors import (
    AuthenticationError,
    ConnectionFailed,
    LimitExceeded,
    LocalProtocolError,
    RpcError,
    StreamCut,
)
from hocket.framing import FramingLimits
from hocket.http import HttpCall, RestBinding, rest_request
from hocket.http.response_body import ResponseBody
from support.messages import user_says

SSE = (("content-type", "Text/Event-Stream; charset=utf-8"),)
DONE = {"id": "t", "status": {"state": "TASK_STATE_COMPLETED"}}
PARAMS = {
    Operation.GET: GetTaskRequest(id="t", history_length=0),
    Operation.CANCEL: CancelTaskRequest(id="t", metadata={"why": "so"}),
    Operation.SUBSCRIBE: SubscribeToTaskRequest(id="t"),
    Operation.STREAM: user_says(),
    Operation.SEND: user_says(),
    Operation.PUSH_DELETE: DeleteTaskPushNotificationConfigRequest(task_id="t", id="c"),
}


def call(operation=Operation.GET, params=None, url="http://agent/", limits=ClientLimits(), **options):
    asked = ClientCall(operation, params or PARAMS[operation], V1_0, "r", limits=limits)
    return HttpCall(asked, url, binding=RestBinding(), **options)


def finish(http, status, body=b"", headers=()):
    http.receive_head(status, headers, 0.0)
    http.receive_data(body if isinstance(body, bytes) else json.dumps(body).encode(), 0.0)
    http.receive_eof(0.0)
    return http.call


# What is asked


def test_a_call_asks_once_with_the_fields_of_the_binding_and_its_own():
    http = call(Operation.SUBSCRIBE, headers=(("authorization", "Bearer x"),), last_event_id=4)
    asked = http.next_request()
    assert (asked.method, asked.path, asked.body) == ("POST", "http://agent/tasks/t:subscribe", b"{}")
    assert dict(asked.headers) == {
        "content-type": "application/json",
        "accept": "text/event-stream, application/a2a+json, application/json",
        "accept-encoding": "identity",
        "a2a-version": "1.0",
        "last-event-id": "4",
        "authorization": "Bearer x",
    }
    assert http.next_request() is None


@pytest.mark.parametrize(
    ("operation", "method", "path", "body"),
    [
        (Operation.GET, "GET", "http://agent/tasks/t?historyLength=0", None),
        (Operation.CANCEL, "POST", "http://agent/tasks/t:cancel", {"metadata": {"why": "so"}}),
        (Operation.PUSH_DELETE, "DELETE", "http://agent/tasks/t/pushNotificationConfigs/c", None),
    ],
)
def test_parameters_are_in_the_path_and_in_the_query_or_the_body(operation, method, path, body):
    asked = call(operation).next_request()
    assert (asked.method, asked.path) == (method, path)
    assert (json.loads(asked.body) if asked.body else None) == body
    assert asked.header("content-type") == ("application/json" if body else None)
    assert asked.header("accept") == "application/a2a+json, application/json"


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("http://agent", "http://agent/tasks/t?historyLength=0"),
        ("http://agent/rest/", "http://agent/rest/tasks/t?historyLength=0"),
        ("http://agent/rest?key=1", "http://agent/rest/tasks/t?key=1&historyLength=0"),
    ],
)
def test_the_address_may_have_a_path_and_a_query_of_its_own(url, path):
    assert call(url=url).next_request().path == path


def test_a_query_is_percent_encoded():
    asked = call(Operation.LIST, ListTasksRequest(page_token="a b&ü", include_artifacts=True)).next_request()
    assert asked.path == "http://agent/tasks?pageToken=a%20b%26%C3%BC&includeArtifacts=true"


@pytest.mark.parametrize(
    ("operation", "params", "words"),
    [
        (Operation.GET, GetTaskRequest(id=""), "id is a part of the path"),
        (Operation.PUSH_GET, GetTaskPushNotificationConfigRequest(task_id="t"), "id is a part of the path"),
    ],
)
def test_what_cannot_be_said_is_our_callers_mistake_and_nothing_was_asked(operation, params, words):
    http = call(operation, params)
    for _ in range(2):
        with pytest.raises(LocalProtocolError, match=words):
            http.next_request()
    assert not http.is_closed


def test_what_is_no_scalar_cannot_be_said_in_a_query():
    with pytest.raises(LocalProtocolError, match="metadata cannot be sent over HTTP"):
        rest_request(Operation.GET, {"id": "t", "metadata": {"a": 1}}, "http://agent/")


# What comes back


def test_a_bare_result_is_the_answer():
    assert finish(call(), 200, DONE).result().state is TaskState.COMPLETED
    assert finish(call(Operation.SEND), 200, {"task": DONE}).result().id == "t"


@pytest.mark.parametrize(("status", "body"), [(200, b"{}"), (204, b""), (200, b"null")])
def test_a_call_without_a_result_is_answered_with_anything(status, body):
    http = call(Operation.PUSH_DELETE)
    assert finish(http, status, body).result() is None
    assert http.is_closed


@pytest.mark.parametrize(("status", "verb"), [(401, "wants credentials"), (403, "refuses these credentials")])
def test_credentials(status, verb):
    http = call()
    http.receive_head(status, (("www-authenticate", "Bearer realm=x"),), 0.0)
    assert http.is_closed
    with pytest.raises(AuthenticationError, match=rf"{verb}: HTTP {status} \(it asks for: Bearer realm=x\)"):
        http.call.result()


@pytest.mark.parametrize("body", [b"", b"<html>", b"{}", b'{"task": {}}', b'{"error": "gone"}'])
def test_a_page_of_some_kind_is_no_answer(body):
    with pytest.raises(ConnectionFailed, match="http://agent/ gave HTTP 502 and a body that is no answer of A2A"):
        finish(call(), 502, body).result()


def test_an_error_is_what_its_reason_says():
    info = {"reason": "TASK_NOT_CANCELABLE"}
    body = {"error": {"code": 409, "status": "FAILED_PRECONDITION", "message": "too late", "details": [info]}}
    with pytest.raises(RpcError, match=r"too late \(-32002\)") as caught:
        finish(call(Operation.CANCEL), 409, body).result()
    assert caught.value.error.data == [info]


def test_a_body_that_is_packed_is_not_unpacked():
    with pytest.raises(ConnectionFailed, match="'gzip', where an uncompressed one was asked for"):
        finish(call(), 200, b"\x1f\x8b", (("content-encoding", "gzip"),)).result()


@pytest.mark.parametrize("headers", [(), SSE])
def test_what_is_too_large_names_the_limit(headers):
    limits = ClientLimits(framing=FramingLimits(frame=40, sse_event=40))
    http = call(Operation.STREAM if headers else Operation.GET, limits=limits)
    http.receive_head(200, headers, 0.0)
    for _ in range(5):
        http.receive_data(b"data: 123456", 0.0)
    http.receive_data(b"\n\n", 0.0)
    assert http.is_closed
    error = http.call.next_event().error if headers else http.call.error
    assert isinstance(error, LimitExceeded)
    assert error.option == ("sse_event" if headers else "frame")


def test_a_stream_is_items_with_offsets_until_it_settles():
    http = call(Operation.STREAM)
    body = b"".join(
        b"id: %d\ndata: %b\n\n" % (number, json.dumps(item).encode())
        for number, item in enumerate([{"task": {**DONE, "status": {"state": 1}}}, {"task": DONE}], 1)
    )
    finish(http, 200, body, SSE)
    events = [http.call.next_event(), http.call.next_event()]
    assert [(event.offset, event.done) for event in events] == [(1, False), (2, True)]
    assert http.call.outcome is Outcome.SETTLED


def test_an_event_without_a_number_has_no_offset():
    http = call(Operation.STREAM)
    finish(http, 200, "id: \u0661\ndata: {}\n\n".format(json.dumps({"task": DONE})).encode(), SSE)
    event = http.call.next_event()
    assert (event.offset, event.done) == (None, True)


def test_a_stream_may_be_answered_with_one_task():
    http = call(Operation.STREAM)
    finish(http, 200, {"task": DONE})
    assert http.call.next_event().done
    assert http.call.outcome is Outcome.SETTLED


def test_a_connection_that_breaks_before_the_head_has_failed_and_after_it_is_cut():
    before, after = call(Operation.STREAM), call(Operation.STREAM)
    before.receive_failure(ConnectionFailed("no route"), 0.0)
    assert (before.is_answered, before.call.outcome) == (False, Outcome.FAILED)
    after.receive_head(200, SSE, 0.0)
    assert after.is_answered
    after.receive_failure(ConnectionFailed("reset"), 0.0)
    assert after.call.outcome is Outcome.CUT
    assert isinstance(after.call.next_event().error, StreamCut)


def test_what_comes_after_the_end_is_not_read():
    http = call()
    finish(http, 200, DONE)
    http.receive_data(b"more", 0.0)
    http.receive_eof(0.0)
    assert http.call.result().id == "t"


def test_after_an_event_that_is_too_large_nothing_is_read():
    body = ResponseBody("http://agent/", FramingLimits(sse_event=8))
    body.receive_head(200, SSE)
    body.receive_data(b"data: 1\n\ndata: 123456789\n\ndata: 2\n\n")
    assert [event.data for event in body.next_events()] == [b"1"]
    assert isinstance(body.refusal, LimitExceeded)
    assert not body.next_events()


def test_a_stream_says_how_long_its_readers_should_wait():
    body = ResponseBody("http://agent/", FramingLimits())
    assert (body.retry, body.is_stream) == (None, False)
    body.receive_head(200, SSE)
    body.receive_data(b"retry: 2500\n\ndata: 1\n\ndata: 2\n\n")
    assert (body.is_stream, body.retry) == (True, 2.5)
    assert [event.data for event in body.next_events()] == [b"1", b"2"]
    assert not body.next_events()
