"""One call over HTTP: how the bytes were cut never matters, and no bytes at all make either end raise."""

import json

from attrs import frozen
from hypothesis import given
from hypothesis import strategies as st

from hocket import codec
from hocket.a2a import (
    DIALECTS,
    V1_0,
    Artifact,
    ClientCall,
    ClientLimits,
    Operation,
    Outcome,
    Part,
    Task,
    TaskArtifactUpdateEvent,
    TaskState,
    TaskStatus,
    TaskStatusUpdateEvent,
)
from hocket.errors import ErrorObject
from hocket.framing import FramingLimits
from hocket.http import HttpCall
from hocket.testing.strategies.cuts import cut_at
from support.messages import user_says
from support.scripted import Scripted

SSE = (("content-type", "text/event-stream"),)
JSON_TYPE = (("content-type", "application/json"),)
HELLO = user_says("hi")

TEXT = st.text(max_size=5) | st.sampled_from(["\u2028", "\x85", "a\r\nb"])
STATUSES = st.builds(TaskStatus, state=st.sampled_from(TaskState))
ITEMS = st.one_of(
    st.builds(Task, id=st.just("t"), context_id=st.just("c"), status=STATUSES),
    st.builds(TaskStatusUpdateEvent, task_id=st.just("t"), status=STATUSES),
    st.builds(
        TaskArtifactUpdateEvent,
        task_id=st.just("t"),
        artifact=st.builds(
            Artifact,
            artifact_id=st.sampled_from("ab"),
            parts=st.lists(st.builds(Part, text=TEXT), min_size=1, max_size=2).map(tuple),
        ),
        append=st.booleans(),
    ),
)
LINE_ENDS = st.sampled_from([b"\n", b"\r\n", b"\r"])


@frozen
class Seen:
    """What a client saw, in values that can be compared."""

    events: list
    outcome: Outcome | None
    answer: object
    error: str


def call_for(operation=Operation.STREAM, dialect=V1_0, limits=None):
    limits = ClientLimits(framing=limits or FramingLimits())
    return HttpCall(ClientCall(operation, HELLO, dialect, "r1", limits=limits), "http://agent/")


def observe(http, status, headers, pieces):
    http.receive_head(status, headers, 0.0)
    for piece in pieces:
        http.receive_data(piece, 0.0)
    http.receive_eof(0.0)
    call = http.call
    events = []
    while (event := call.next_event()) is not None:
        events.append((event.kind, event.text, event.done, event.offset, event.state, event.item, str(event.error)))
    return Seen(events, call.outcome, call.answer, str(call.error))


@st.composite
def bodies(draw):
    """The body of a stream, in all the ways that servers write one."""
    end = draw(LINE_ENDS)
    pieces = [draw(st.sampled_from([b"", b"\xef\xbb\xbf"]))]
    for number, item in enumerate(draw(st.lists(ITEMS, max_size=6)), 1):
        if draw(st.booleans()):
            pieces.append(b": ping" + end + end)
        result = V1_0.write_item(item)
        data = b'{"jsonrpc": "2.0", "id": "r1", "result": %b}' % result
        numbered = b"id: %d%b" % (number, end) if draw(st.booleans()) else b""
        named = b"event: message" + end if draw(st.booleans()) else b""
        pieces.append(numbered + named + b"data: " + data + end + end)
    if draw(st.booleans()):
        error = b'data: {"jsonrpc":"2.0","id":"r1","error":{"code":-32603,"message":"boom"}}'
        pieces.append(error + end + end)
    return b"".join(pieces)


@given(bodies(), st.lists(st.integers(0, 10_000), max_size=8))
def test_a_stream_cut_anywhere_gives_the_same_events(body, places):
    whole = observe(call_for(), 200, SSE, [body])
    assert observe(call_for(), 200, SSE, cut_at(body, places)) == whole
    assert [event[2] for event in whole.events] == [False] * (len(whole.events) - 1) + [True]


@given(bodies())
def test_a_stream_byte_by_byte_gives_the_same_events(body):
    pieces = [body[place : place + 1] for place in range(len(body))]
    assert observe(call_for(), 200, SSE, pieces) == observe(call_for(), 200, SSE, [body])


@given(bodies(), st.integers(0, 10_000))
def test_a_broken_stream_gives_a_prefix_and_says_so(body, place):
    whole = observe(call_for(), 200, SSE, [body])
    part = observe(call_for(), 200, SSE, [body[: place % (len(body) + 1)]])
    *told, last = part.events
    assert told == whole.events[: len(told)]
    assert last == whole.events[len(told)] or part.outcome in (Outcome.CUT, Outcome.SETTLED)
    if part.outcome is Outcome.CUT:
        assert last[0] == "cut"
        state = told[-1][4] if told else None
        assert state in (None, TaskState.SUBMITTED, TaskState.WORKING, TaskState.UNKNOWN)


HEADS = st.tuples(
    st.sampled_from([200, 200, 200, 202, 204, 301, 400, 401, 403, 404, 500]),
    st.sampled_from([SSE, JSON_TYPE, (), (("content-type", "TEXT/Event-Stream; charset=utf-8"),)]),
)
NEAR_MISSES = st.sampled_from(
    [
        b"data: {}\n\n",
        b"data: null\n\n",
        b'data: {"result": {"task": {"id": 1}}}\n\n',
        b'data: {"error": 5}\n\n',
        b'data: {"error": {"code": "x", "message": 1}}\n\n',
        b'data: {"error": {"code": -32001, "message": "no"}}\n\n',
        b"id: 99999999999999999999999\n",
        "id: \u0661\n".encode(),
        b"[" * 100_000,
        b'{"jsonrpc":"2.0","id":"r1","result":null}',
        b'{"jsonrpc":"2.0","id":"r1","result":{"message":{"messageId":"m","role":2,"parts":[{"text":"x"}]}}}',
        b"data: \xff\xfe\n\n",
        b"<html>",
    ]
)


@given(
    st.sampled_from([(dialect, operation) for dialect in DIALECTS for operation in dialect.methods]),
    HEADS,
    st.lists(st.binary(max_size=12) | NEAR_MISSES, max_size=5),
)
def test_any_bytes_at_all_end_in_events_or_a_typed_error(asked, head, pieces):
    dialect, operation = asked
    http = call_for(operation, dialect)
    seen = observe(http, *head, pieces)
    assert http.is_closed
    if http.call.is_streaming:
        assert [event[2] for event in seen.events] == [False] * (len(seen.events) - 1) + [True]
        assert seen.outcome is not None
    elif operation is Operation.PUSH_DELETE:
        assert seen.answer is None, "it has no result"
    else:
        assert (seen.answer is None) != (seen.error == "None")


@given(st.booleans(), st.lists(st.binary(min_size=1, max_size=30), min_size=1, max_size=20))
def test_a_client_holds_no_more_than_its_limits(is_stream, pieces):
    limits = FramingLimits(frame=40, sse_event=40)
    http = call_for(Operation.STREAM if is_stream else Operation.GET, limits=limits)
    http.receive_head(200, SSE if is_stream else JSON_TYPE, 0.0)
    for piece in pieces:
        http.receive_data(piece.replace(b"\n", b".").replace(b"\r", b"."), 0.0)
        assert len(http._body.whole) <= 40
    if not is_stream and sum(map(len, pieces)) > 40:
        assert "raise the limit frame" in str(http.call.error)


# The server's side


@given(st.sampled_from(DIALECTS), st.lists(TEXT, max_size=6), st.integers(1, 9), st.integers(1, 10))
def test_what_the_server_streams_the_client_reads(dialect, chunks, piece, mouthful):
    http = call_for(dialect=dialect)
    request = http.next_request()
    exchange, response, sent = Scripted(chunks).respond(request.body, dialect.version, mouthful)
    assert exchange.is_closed
    assert response.body is None
    stream = b"".join(sent)
    pieces = [stream[begin : begin + piece] for begin in range(0, len(stream), piece)]
    seen = observe(http, response.status, response.headers, pieces)
    assert "".join(event[1] for event in seen.events) == "".join(chunks)
    offsets = [event[3] for event in seen.events]
    assert offsets == list(range(1, len(offsets) + 1))
    assert seen.outcome is Outcome.SETTLED
    assert http.call.reader.task.state is TaskState.COMPLETED


METHODS = st.sampled_from(
    [
        "SendMessage",
        "SendStreamingMessage",
        "GetTask",
        "CancelTask",
        "SubscribeToTask",
        "message/stream",
        "tasks/resubscribe",
        "tasks/get",
        "nonsense",
    ]
)
VALUES = st.sampled_from([None, 1, "x", [], {}, {"id": "t"}, {"id": 5}, codec.loads(codec.dumps({}))]) | st.just(
    V1_0.write_params(Operation.SEND, HELLO)
)
REQUESTS = st.builds(
    lambda ident, method, params: {"jsonrpc": "2.0", **ident, "method": method, "params": params},
    st.sampled_from([{"id": 1}, {"id": "a"}, {"id": None}, {}, {"id": [1]}]),
    METHODS,
    VALUES,
)
BODIES = st.one_of(
    st.binary(max_size=40),
    REQUESTS.map(lambda request: json.dumps(request).encode()),
    st.lists(REQUESTS | VALUES, max_size=4).map(lambda batch: json.dumps(batch).encode()),
)


@given(BODIES, st.sampled_from([None, "", "0.3", "1.0", "1.0.1", "2.0", "x" * 5_000]))
def test_any_body_at_all_is_answered(body, version):
    """One response, JSON-RPC or a stream or 202, and after it the exchange is over."""
    exchange, response, sent = Scripted(["one"]).respond(body, version)
    assert response is not None
    assert exchange.next_response() is None
    assert exchange.is_closed
    if response.body is None:
        assert b"".join(sent).endswith(b"\n\n")
    elif dict(response.headers).get("content-type", "").startswith("text/event-stream"):
        assert "error" in json.loads(response.body.removeprefix(b"data: "))
    elif response.body:
        answer = json.loads(response.body)
        for each in answer if isinstance(answer, list) else [answer]:
            assert each["jsonrpc"] == "2.0"
            assert ("result" in each) != ("error" in each)
    else:
        assert response.status == 202


def test_an_error_of_the_server_is_an_error_of_the_client():
    error = ErrorObject(-32001, "Task not found", {"any": "thing"})
    body = codec.dumps(
        {
            "jsonrpc": "2.0",
            "id": "r1",
            "error": {"code": -32001, "message": error.message, "data": error.data},
        }
    )
    http = call_for(Operation.GET)
    observe(http, 200, JSON_TYPE, [body])
    assert http.call.error.error == error
