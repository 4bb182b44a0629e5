"""HTTP+JSON: what its client asks is what its server hears, and it means what it means in JSON-RPC; so do errors."""

import json
from urllib.parse import unquote, urlsplit

from attrs import define, field
from hypothesis import given
from hypothesis import strategies as st

from hocket.a2a import (
    V1_0,
    AgentCapabilities,
    AuthenticationInfo,
    CancelTaskRequest,
    ClientCall,
    DeleteTaskPushNotificationConfigRequest,
    GetExtendedAgentCardRequest,
    GetTaskPushNotificationConfigRequest,
    GetTaskRequest,
    ListTaskPushNotificationConfigsRequest,
    ListTasksRequest,
    Message,
    Operation,
    Outcome,
    Part,
    Refused,
    Role,
    SendMessageConfiguration,
    SendMessageRequest,
    ServerLimits,
    SubscribeToTaskRequest,
    TaskPushNotificationConfig,
    TaskState,
)
from hocket.a2a.dialects.invalid import invalid_params
from hocket.errors import Code, ErrorObject
from hocket.http import Exchange, HttpCall, Request, Response, RestBinding
from hocket.http.rest import RestEnvelope, receive_rest
from hocket.http.rest_paths import read_path, write_path
from hocket.testing.strategies.cuts import cut_at
from support.messages import user_says
from support.scripted import Scripted

SSE = (("content-type", "text/event-stream"),)
JSON = (("content-type", "application/json"),)

IDS = st.text(min_size=1, max_size=6) | st.sampled_from(
    ["..", ".", "a/b", "a:cancel", "%2F", "x:subscribe", "tasks", "message:send", "a b+c", "?", "#", "\u2028", "ünï"]
)
TENANTS = st.none() | IDS
TOKENS = st.none() | IDS
LENGTHS = st.none() | st.integers(0, 2**31 - 1)
METADATA = st.none() | st.dictionaries(st.text(max_size=3), st.integers(), max_size=2)
MESSAGES = st.builds(
    Message, message_id=IDS, role=st.just(Role.USER), parts=st.builds(lambda text: (Part(text=text),), st.text())
)
CONFIGS = st.builds(
    TaskPushNotificationConfig,
    url=st.just("https://example.com/hook?a=b"),
    id=TOKENS,
    task_id=IDS,
    token=TOKENS,
    authentication=st.none() | st.just(AuthenticationInfo(scheme="Bearer", credentials="c")),
    tenant=TENANTS,
)
SENT = st.builds(
    SendMessageRequest,
    message=MESSAGES,
    configuration=st.none() | st.builds(SendMessageConfiguration, history_length=LENGTHS),
    metadata=METADATA,
    tenant=TENANTS,
)
PARAMS = {
    Operation.SEND: SENT,
    Operation.STREAM: SENT,
    Operation.GET: st.builds(GetTaskRequest, id=IDS, history_length=LENGTHS, tenant=TENANTS),
    Operation.LIST: st.builds(
        ListTasksRequest,
        context_id=TOKENS,
        status=st.none() | st.sampled_from([state for state in TaskState if state is not TaskState.UNKNOWN]),
        status_timestamp_after=st.sampled_from([None, "2025-11-09T10:30:00Z", "2025-11-09T10:30:00.5+02:00"]),
        page_size=st.none() | st.integers(1, 100),
        page_token=TOKENS,
        history_length=LENGTHS,
        include_artifacts=st.booleans(),
        tenant=TENANTS,
    ),
    Operation.CANCEL: st.builds(CancelTaskRequest, id=IDS, metadata=METADATA, tenant=TENANTS),
    Operation.SUBSCRIBE: st.builds(SubscribeToTaskRequest, id=IDS, metadata=METADATA, tenant=TENANTS),
    Operation.PUSH_CREATE: CONFIGS,
    Operation.PUSH_GET: st.builds(GetTaskPushNotificationConfigRequest, task_id=IDS, id=IDS, tenant=TENANTS),
    Operation.PUSH_LIST: st.builds(
        ListTaskPushNotificationConfigsRequest,
        task_id=IDS,
        page_size=st.none() | st.integers(1, 100),
        page_token=TOKENS,
        tenant=TENANTS,
    ),
    Operation.PUSH_DELETE: st.builds(DeleteTaskPushNotificationConfigRequest, task_id=IDS, id=IDS, tenant=TENANTS),
    Operation.EXTENDED_CARD: st.builds(GetExtendedAgentCardRequest, tenant=TENANTS),
}
CALLS = st.one_of(*[st.tuples(st.just(operation), params) for operation, params in PARAMS.items()])


ABLE = AgentCapabilities(streaming=True, push_notifications=True, extended_agent_card=True)


@define(eq=False)
class Notes:
    """A server that writes down what it is asked."""

    calls: list = field(factory=list)
    limits: ServerLimits = ServerLimits()
    capabilities: AgentCapabilities = ABLE

    def perform(self, link, call, now):
        self.calls.append(call)


def arrived(request, mount=""):
    """A client's request as it comes to a server."""
    parts = urlsplit(request.path)
    return Request(
        method=request.method,
        path=unquote(parts.path),
        raw_path=parts.path,
        query=parts.query,
        headers=request.headers,
        body=request.body,
    ).below(mount)


def rest(operation, params, url="http://agent/", **options):
    return HttpCall(ClientCall(operation, params, V1_0, "r", **options), url, binding=RestBinding())


def finish(http, status, headers, pieces):
    http.receive_head(status, headers, 0.0)
    for piece in pieces:
        http.receive_data(piece, 0.0)
    http.receive_eof(0.0)
    events = []
    while (event := http.call.next_event()) is not None:
        events.append((event.kind, event.text, event.done, event.offset, event.state, str(event.error)))
    return events, http.call.outcome, http.call.answer, str(http.call.error)


ADDRESSES = st.sampled_from([("http://agent/", ""), ("http://agent", ""), ("http://a/b/c", "/b/c"), ("//x/?k=v", "")])


@given(CALLS, ADDRESSES)
def test_a_server_hears_what_its_client_asked_and_what_it_would_have_heard_in_json_rpc(asked, where):
    operation, params = asked
    url, mount = where
    notes = Notes()
    answer = receive_rest("link", arrived(rest(operation, params, url).next_request(), mount), notes, 0.0)
    told = V1_0.read_params(operation, V1_0.write_params(operation, params))
    assert isinstance(answer, Exchange)
    (call,) = notes.calls
    assert (call.operation, call.params, call.dialect) == (operation, told, V1_0)
    assert call.service.version == "1.0"


@given(CALLS)
def test_a_path_leads_back_to_the_ids_that_it_was_made_of(asked):
    operation, params = asked
    written = V1_0.write_params(operation, params)
    path, rest_of_them = write_path(operation, written)
    place = read_path(path)
    assert operation in place.verbs.values()
    assert {**rest_of_them, **place.ids} == written
    assert {"id", "taskId"}.isdisjoint(rest_of_them) or operation is Operation.PUSH_CREATE


@given(st.text(max_size=12) | st.from_regex(r"/?([^/]*/)?(tasks|message:|extendedAgentCard)[^ ]*", fullmatch=True))
def test_any_path_and_any_query_is_answered(text):
    for method in ("GET", "POST", "DELETE", "PUT", "HEAD", "BREW"):
        notes = Notes()
        fields = (("a2a-version", "1.0"),)
        request = Request(method=method, path="/" + text, query=text, headers=fields, body=text.encode())
        answer = receive_rest("link", request, notes, 0.0)
        if isinstance(answer, Response):
            assert 400 <= answer.status < 500
            assert json.loads(answer.body)["error"]["code"] == answer.status
        assert isinstance(answer, Exchange) == bool(notes.calls)


# Errors


@given(
    st.sampled_from(Code),
    st.text(),
    st.none() | st.tuples(st.text(max_size=3), st.text(max_size=3)).map(lambda wrong: invalid_params(wrong).data),
    st.booleans(),
)
def test_an_error_comes_back_as_it_was_sent_whether_it_is_the_answer_or_breaks_a_stream(code, text, data, in_stream):
    error = V1_0.write_error(ErrorObject.of(code, f"about {text}", data))
    refused, envelope = Refused(request_id=0, error=error), RestEnvelope("application/json")
    http = rest(Operation.STREAM, user_says())
    if in_stream:
        events, outcome, _, _ = finish(http, 200, SSE, [envelope.broken(refused)])
    else:
        response = envelope.answer(refused, 0.0)
        assert response.status >= 400
        events, outcome, _, _ = finish(http, response.status, response.headers, [response.body])
    words = f"{error.message} ({int(code)})"
    if not in_stream and response.status in (401, 403):  # what clients say of any server that wants credentials
        words = events[0][-1]
        assert "credentials" in words
    assert outcome is Outcome.FAILED
    assert events == [("error", "", True, None, None, words)]


# Answers


@given(st.lists(st.text(max_size=5), max_size=6), st.lists(st.integers(0, 10_000), max_size=8), st.integers(1, 10))
def test_a_stream_is_told_as_over_json_rpc_however_its_bytes_were_cut(words, places, mouthful):
    http = rest(Operation.STREAM, user_says())
    scripted = Scripted(words)
    exchange = receive_rest("link", arrived(http.next_request()), scripted.server, 0.0)
    scripted.pump()
    sent = []
    while taken := scripted.server.take("link", mouthful):
        exchange.deliver(taken, 0.0)
        sent += exchange.data_to_send()
    head = exchange.next_response()
    assert exchange.is_closed
    told = finish(http, head.status, head.headers, cut_at(b"".join(sent), places))

    rpc = HttpCall(ClientCall(Operation.STREAM, user_says(), V1_0, "r"), "http://agent/")
    _, head, sent = Scripted(words).respond(rpc.next_request().body)
    assert told == finish(rpc, head.status, head.headers, [b"".join(sent)])
    assert told[1] is Outcome.SETTLED


NEAR_MISSES = st.sampled_from(
    [
        b"",
        b"{}",
        b"null",
        b"data: {}\n\n",
        b"data: null\n\n",
        b'data: {"task": {"id": 1}}\n\n',
        b'event: error\ndata: {"error": 5}\n\n',
        b'event: error\ndata: {"error": {"code": "x", "message": 1}}\n\n',
        b'data: {"error": {"code": 404, "message": "no", "details": [1, {"reason": []}]}}\n\n',
        b'{"error": {"code": 404, "status": [], "message": "no", "details": {}}}',
        b'{"status": 404, "title": "no", "type": 5}',
        b"id: 99999999999999999999999\n",
        b"[" * 100_000,
        b'{"task": {"id": "t", "status": {"state": "TASK_STATE_COMPLETED"}}}',
        b'{"message": {"messageId": "m", "role": 2, "parts": [{"text": "x"}]}}',
        b"data: \xff\xfe\n\n",
        b"<html>",
    ]
)


@given(
    CALLS,
    st.sampled_from([200, 200, 200, 202, 204, 301, 400, 401, 403, 404, 500, 503]),
    st.sampled_from([SSE, JSON, (), (("content-encoding", "gzip"),)]),
    st.lists(st.binary(max_size=12) | NEAR_MISSES, max_size=4),
)
def test_any_bytes_at_all_end_in_events_or_a_typed_error(asked, status, headers, pieces):
    operation, params = asked
    http = rest(operation, params)
    events, outcome, answer, error = finish(http, status, headers, pieces)
    assert http.is_closed
    if http.call.is_streaming:
        assert [event[2] for event in events] == [False] * (len(events) - 1) + [True]
        assert outcome is not None
    elif operation is Operation.PUSH_DELETE:
        assert answer is None, "it has no result"
    else:
        assert (answer is None) != (error == "None")
