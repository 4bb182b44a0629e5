"""Whatever a server answers, a call of a client comes to an end that it can tell: servers that are not ours."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hocket.a2a import (
    V0_3,
    V1_0,
    CancelTaskRequest,
    ClientCall,
    GetTaskRequest,
    ListTasksRequest,
    Operation,
    Outcome,
    SubscribeToTaskRequest,
)
from hocket.backoff import Backoff
from hocket.entropy import seeded
from hocket.errors import AgentError, ConnectionFailed, HocketError, RequestTimeout
from hocket.http import AgentCall, HttpCall, RestBinding, ResumingCall, RpcBinding
from hocket_io.client.answers import StreamView
from support.drain import drain
from support.messages import user_says
from support.wire import TASK, chunk, said

ATTEMPTS = 3
BINDINGS = {"1.0": (V1_0, RpcBinding()), "1.0 REST": (V1_0, RestBinding()), "0.3": (V0_3, RpcBinding())}
ASKED = {
    Operation.STREAM: user_says(),
    Operation.SUBSCRIBE: SubscribeToTaskRequest(id="t"),
    Operation.SEND: user_says(),
    Operation.GET: GetTaskRequest(id="t"),
    Operation.CANCEL: CancelTaskRequest(id="t"),
    Operation.LIST: ListTasksRequest(),
}
NONSENSE = [None, [], {}, 5, {"tasks": [], "nextPageToken": ""}, {"result": {"task": 1}}]
STATES = ["submitted", "working", "input-required", "auth-required", "completed", "failed", "canceled"]


def new_state(state):
    return f"TASK_STATE_{state.upper().replace('-', '_')}"


def new_items(state, text):
    status = {"state": new_state(state)}
    whole = {**TASK, "status": status, "artifacts": [{"artifactId": "a", "parts": [{"text": text}]}]}
    update = {"taskId": "t", "contextId": "c", "status": {**status, "message": said(text)["message"]}}
    return [{"task": whole}, {"statusUpdate": update}, chunk(text), said(text), whole]


def old_items(state, text):
    parts = [{"kind": "text", "text": text}]
    ids = {"taskId": "t", "contextId": "c"}
    message = {"kind": "message", "messageId": text, "role": "agent", "parts": parts}
    artifact = {"artifactId": "a", "parts": parts}
    status = {"state": state}
    return [
        {"kind": "task", "id": "t", "contextId": "c", "status": status, "artifacts": [artifact]},
        {"kind": "status-update", **ids, "status": status, "final": state == "completed"},
        {"kind": "artifact-update", **ids, "append": True, "artifact": artifact},
        message,
    ]


@st.composite
def messages(draw):
    """What may stand in a body: an item of either version, in an envelope or bare, an error, a page, or nonsense."""
    make = draw(st.sampled_from([new_items, new_items, old_items]))
    item = draw(st.sampled_from(make(draw(st.sampled_from(STATES)), draw(st.sampled_from(["", "one ", "two "])))))
    code = draw(st.sampled_from([-32001, -32004, -32603, -32700, 404]))
    match draw(st.sampled_from(["result", "result", "result", "bare", "error", "problem", "nothing", "nonsense"])):
        case "result":
            value = {"jsonrpc": "2.0", "id": "r", "result": item}
        case "bare":
            value = item
        case "error":
            value = {"jsonrpc": "2.0", "id": "r", "error": {"code": code, "message": "no"}}
        case "problem":
            value = {"error": {"code": 404, "status": "NOT_FOUND", "message": "no", "details": []}}
        case "nothing":
            value = {"jsonrpc": "2.0", "id": "r"}
        case "nonsense":
            value = draw(
                st.sampled_from([None, [], {}, 5, {"tasks": [], "nextPageToken": ""}, {"result": {"task": 1}}])
            )
    return json.dumps(value).encode()


@st.composite
def bodies(draw):
    """A body: events, numbered or not, or one message; sometimes cut short."""
    if draw(st.booleans()):
        numbers = draw(st.sampled_from([[], [1, 2, 3, 4], [5, 6, 7, 8], [0, 0, 2, 1], [3, 3, 4, 4]]))
        pieces = []
        for place, message in enumerate(draw(st.lists(messages(), max_size=4))):
            number = (
                b"id: %d\n" % numbers[place] if numbers else draw(st.sampled_from([b"", b"id: x\n", b"retry: 0\n"]))
            )
            pieces.append(number + b"data: " + message + b"\n\n")
        body = b"".join(pieces)
    else:
        body = draw(messages())
    return body[: draw(st.integers(0, len(body)))] if draw(st.integers(0, 3)) == 0 else body


STATUSES = st.sampled_from([200, 200, 200, 200, 200, 202, 204, 302, 400, 401, 403, 404, 429, 500, 503])
TYPES = st.sampled_from(["text/event-stream"] * 3 + ["application/json", "text/html; charset=utf-8", ""])
ENDS = st.sampled_from(["eof", "eof", "reset", "silence"])
ANSWERS = st.lists(st.tuples(STATUSES, TYPES, bodies(), ENDS) | st.none(), max_size=7)


def talk(machine, answers):
    """Give the machine these answers, and then none; returns its events and how often it has asked."""
    events, answers, now, asked = [], list(answers), 0.0, 0
    while not machine.is_closed:
        if machine.next_request() is None:
            at = machine.next_timeout()
            assert at is not None, "it waits for something"
            assert at >= now
            now = at
            machine.handle_timeout(now)
            continue
        asked += 1
        assert asked < 40, "it asks for ever"
        answer = answers.pop(0) if answers else None
        if answer is None:
            machine.receive_failure(ConnectionFailed("nobody is there"), now)
        else:
            status, kind, body, end = answer
            machine.receive_head(status, (("content-type", kind), ("retry-after", "1"), ("location", "/x")), now)
            events += drain(machine)
            machine.receive_data(body, now)
            events += drain(machine)
            match end:
                case "eof":
                    machine.receive_eof(now)
                case "reset":
                    machine.receive_failure(ConnectionFailed("reset"), now)
                case "silence":
                    machine.receive_failure(RequestTimeout("silence"), now)
        events += drain(machine)
    return events + drain(machine), asked


def machine_for(binding, operation, *, resume, as_stream=False):
    dialect, form = BINDINGS[binding]
    backoff = Backoff(attempts=ATTEMPTS) if resume else None
    call = ClientCall(operation, ASKED[operation], dialect, "r", is_resumable=True, as_stream=as_stream)
    return ResumingCall(
        call, lambda each: HttpCall(each, "http://agent/", (), each.last_event_id, form), backoff, seeded(3)
    )


@given(st.sampled_from(list(BINDINGS)), st.sampled_from(["stream", "subscribe", "as stream"]), ANSWERS, st.booleans())
def test_a_stream_ends_once_and_says_how(binding, way, answers, resume):
    operation = {"stream": Operation.STREAM, "subscribe": Operation.SUBSCRIBE, "as stream": Operation.SEND}[way]
    machine = machine_for(binding, operation, resume=resume, as_stream=way == "as stream")
    events, asked = talk(machine, answers)
    assert [event.done for event in events] == [False] * (len(events) - 1) + [True]
    assert asked == 1 or resume
    outcome, last = machine.call.outcome, events[-1]
    assert (outcome is Outcome.CUT) == (last.kind == "cut")
    assert (outcome is Outcome.FAILED) == (last.kind == "error")
    assert (last.error is None) == (outcome is Outcome.SETTLED)
    told = [event.kind for event in events[:-1] if event.kind in ("cut", "resumed")]
    assert told[::2] == ["cut"] * len(told[::2])
    assert told[1::2] == ["resumed"] * len(told[1::2])
    machine.receive_data(b"data: {}\n\n", 99.0)  # what comes too late changes nothing
    machine.receive_eof(99.0)
    assert (drain(machine), machine.next_request(), machine.next_timeout()) == ([], None, None)
    view = StreamView()
    view._call = machine.call
    view._end(events[-1])
    with suppress(AgentError):
        if last.error is None:
            assert isinstance(view._whole_text(), str)
            assert view._whole_result() is not None
        else:
            with pytest.raises(type(last.error)):
                view._whole_text()


CARDS = st.sampled_from(
    [
        {"url": "http://agent/", "preferredTransport": "JSONRPC"},
        {"supportedInterfaces": [{"url": "http://agent/", "protocolBinding": "HTTP+JSON", "protocolVersion": "1.0"}]},
        {"supportedInterfaces": [{"url": "http://agent/", "protocolBinding": "GRPC"}]},
        {"url": "http://agent/", "capabilities": {"streaming": False}},
        {"url": "http://agent/", "capabilities": {"extensions": [{"uri": "urn:x", "required": True}]}},
        {"name": 5},
        [],
    ]
)
PAGES = st.builds(
    lambda card, status, end: (status, "application/json", json.dumps({"name": "a", **dict(card)}).encode(), end),
    CARDS,
    STATUSES,
    ENDS,
)


@given(st.sampled_from([Operation.STREAM, Operation.GET]), st.lists(PAGES, max_size=2), ANSWERS, st.booleans())
def test_whatever_is_found_where_an_agent_is_looked_for_there_is_an_end(operation, pages, answers, resume):
    backoff = Backoff(attempts=ATTEMPTS) if resume else None
    call = AgentCall("http://agent/", operation, ASKED[operation], seeded(3), resume=backoff)
    events, asked = talk(call, [*pages, *answers])
    assert asked <= 3 * 6 or resume  # each may be sent on five times
    if operation is Operation.STREAM:
        assert [event.done for event in events] == [False] * (len(events) - 1) + [True]
    else:
        assert events == []
        with suppress(HocketError):
            assert call.result() is not None
    for _ in range(2):  # what comes too late changes nothing
        call.receive_head(200, (), 99.0)
        call.receive_data(b"data: {}\n\n", 99.0)
        call.receive_eof(99.0)
        call.handle_timeout(99.0)
    assert (drain(call), call.next_request(), call.next_timeout(), call.is_reading) == ([], None, None, False)


@given(st.sampled_from(list(BINDINGS)), st.sampled_from([*ASKED][2:]), ANSWERS)
def test_a_question_is_asked_once_and_answered_or_refused(binding, operation, answers):
    if operation not in BINDINGS[binding][0].methods:
        return
    machine = machine_for(binding, operation, resume=True)
    _, asked = talk(machine, answers)
    assert asked == 1
    with suppress(HocketError):  # said in a way that callers know
        assert machine.call.result() is not None
