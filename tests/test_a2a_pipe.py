"""The pipe binding, message by message: the words of its wire, and what its two ends make of a foreign one."""

import json

import pytest

from hocket.a2a import (
    V0_3,
    V1_0,
    Answered,
    ClientLimits,
    Ended,
    GetTaskRequest,
    Opened,
    Operation,
    Outcome,
    PipeClient,
    PipeServer,
    Refused,
    Server,
    TaskState,
)
from hocket.entropy import seeded
from hocket.errors import (
    ConnectionFailed,
    ErrorObject,
    LimitExceeded,
    LocalProtocolError,
    RequestTimeout,
    RpcError,
    WrongFraming,
)
from hocket.framing import ContentLength, FramingLimits, Ndjson
from support.items import run_of
from support.messages import user_says

HELLO = user_says("hi")
WORKING = {"task": {"id": "t", "status": {"state": "TASK_STATE_WORKING"}}}
COMPLETED = {"statusUpdate": {"taskId": "t", "status": {"state": "TASK_STATE_COMPLETED"}}}


def line(value):
    return json.dumps({"jsonrpc": "2.0", **value}).encode() + b"\n"


def sent(end):
    return [json.loads(data) for data in end.data_to_send()]


def client(operation=Operation.STREAM, dialect=V1_0, **options):
    pipe = PipeClient(Ndjson(), dialect)
    params = HELLO if operation in (Operation.STREAM, Operation.SEND) else GetTaskRequest(id="t")
    return pipe, pipe.call(operation, params, 0.0, **options)


def item(result, call="1", offset=1):
    return line({"method": "$/stream", "params": {"id": call, "offset": offset, "result": result}})


def events(call):
    told = []
    while (event := call.next_event()) is not None:
        told.append((event.kind, event.done, event.offset))
    return told


@pytest.mark.parametrize(("dialect", "method"), [(V1_0, "SendStreamingMessage"), (V0_3, "message/stream")])
def test_a_request_carries_its_version_in_meta(dialect, method):
    pipe, _ = client(dialect=dialect, headers={"Last-Event-ID": "3"})
    (asked,) = sent(pipe)
    assert asked["method"] == method
    assert asked["params"]["_meta"] == {"headers": {"A2A-Version": dialect.version, "Last-Event-ID": "3"}}


def test_items_are_notifications_and_the_response_is_the_end():
    pipe, call = client()
    pipe.receive_data(item(WORKING, offset=4), 0.0)
    pipe.receive_data(line({"id": "1", "result": {"state": "working", "offset": 4}}), 0.0)
    assert events(call) == [("task", False, 4), ("cut", True, None)]
    assert call.outcome is Outcome.CUT


def test_the_terminal_status_settles_and_the_response_after_it_is_no_event():
    pipe, call = client()
    pipe.receive_data(item(WORKING) + item(COMPLETED, offset=2), 0.0)
    pipe.receive_data(line({"id": "1", "result": {"state": "completed", "offset": 2}}), 0.0)
    assert events(call) == [("task", False, 1), ("status", True, 2)]
    assert call.outcome is Outcome.SETTLED
    assert not pipe.is_closed


def test_a_peer_that_repeats_responses_with_one_id_is_understood():
    pipe, call = client()
    for result in (WORKING, WORKING, COMPLETED):
        pipe.receive_data(line({"id": "1", "result": result}), 0.0)
    assert events(call) == [("task", False, None), ("task", False, None), ("status", True, None)]


def test_a_repeated_response_may_be_an_error():
    pipe, call = client()
    pipe.receive_data(line({"id": "1", "result": WORKING}), 0.0)
    pipe.receive_data(line({"id": "1", "error": {"code": -32603, "message": "boom"}}), 0.0)
    first, last = call.next_event(), call.next_event()
    assert (first.kind, last.kind, last.done) == ("task", "error", True)
    assert "boom (-32603)" in str(last.error)


def test_a_call_whose_response_came_can_be_dropped():
    pipe, call = client()
    sent(pipe)
    pipe.receive_data(line({"id": "1", "result": WORKING}), 0.0)
    pipe.drop(call, 0.0)
    assert sent(pipe) == [], "there is nothing to cancel"
    pipe.receive_data(line({"id": "1", "result": WORKING}), 0.0)
    assert events(call) == [("task", False, None)]


def refusal(code, call="1"):
    return line({"id": call, "error": {"code": code, "message": "no"}})


@pytest.mark.parametrize(
    ("dialect", "method", "task"),
    [
        (V1_0, "SendMessage", {"task": {**WORKING["task"], "status": {"state": "TASK_STATE_COMPLETED"}}}),
        (V0_3, "message/send", {"kind": "task", "id": "t", "contextId": "c", "status": {"state": "completed"}}),
    ],
)
def test_an_agent_that_does_not_stream_is_sent_the_message_and_answers_in_one_event(dialect, method, task):
    pipe, call = client(dialect=dialect, headers={"A2A-Extensions": "urn:x"})
    (refused,) = sent(pipe)
    pipe.receive_data(refusal(-32004), 0.0)
    assert (pipe.next_event(), events(call), call.is_closed) == (call, [], False)
    (asked,) = sent(pipe)
    assert (asked["id"], asked["method"], asked["params"]) == ("2", method, refused["params"])
    pipe.receive_data(line({"id": "2", "result": task}), 0.0)
    assert pipe.next_event() is call
    assert events(call) == [("task", True, None)]
    assert call.outcome is Outcome.SETTLED


def test_a_message_that_is_refused_twice_is_refused():
    pipe, call = client()
    pipe.receive_data(refusal(-32004) + refusal(-32004, "2"), 0.0)
    assert events(call) == [("error", True, None)]
    assert len(sent(pipe)) == 2


def test_a_message_that_was_sent_without_a_stream_can_be_dropped():
    pipe, call = client()
    pipe.receive_data(refusal(-32004), 0.0)
    sent(pipe)
    pipe.drop(call, 0.0)
    assert [each["params"] for each in sent(pipe)] == [{"id": "2"}]


@pytest.mark.parametrize(
    ("operation", "before", "code"),
    [
        (Operation.STREAM, b"", -32603),
        (Operation.STREAM, item(WORKING), -32004),
        (Operation.GET, b"", -32004),
        (Operation.SEND, b"", -32004),
    ],
)
def test_nothing_else_is_sent_twice(operation, before, code):
    pipe, call = client(operation)
    pipe.receive_data(before + refusal(code), 0.0)
    assert call.is_closed
    assert len(sent(pipe)) == 1


def test_calls_on_one_pipe_do_not_mix():
    pipe, first = client()
    second = pipe.call(Operation.STREAM, HELLO, 0.0)
    pipe.receive_data(item(WORKING, "2") + item(COMPLETED, "1") + item(COMPLETED, "2"), 0.0)
    assert (len(events(first)), len(events(second))) == (1, 2)


def test_each_touched_call_is_told_once():
    pipe, call = client()
    pipe.receive_data(item(WORKING) * 3, 0.0)
    assert pipe.next_event() is call
    assert pipe.next_event() is None
    assert pipe.unread == 3


def test_an_item_that_cannot_be_read_ends_its_call_only():
    pipe, first = client()
    second = pipe.call(Operation.STREAM, HELLO, 0.0)
    pipe.receive_data(item({"task": 5}, "1") + item(COMPLETED, "2"), 0.0)
    assert events(first) == [("error", True, None)]
    assert events(second) == [("status", True, 1)]


def test_dropping_a_call_tells_the_server_once_and_ignores_what_still_comes():
    pipe, call = client()
    sent(pipe)
    pipe.drop(call, 0.0)
    pipe.drop(call, 0.0)
    assert [(each["method"], each["params"]) for each in sent(pipe)] == [("$/cancelRequest", {"id": "1"})]
    pipe.receive_data(item(WORKING), 0.0)
    assert events(call) == []


def test_when_the_pipe_ends_every_open_call_ends():
    pipe, stream = client()
    get = pipe.call(Operation.GET, GetTaskRequest(id="t"), 0.0)
    pipe.receive_data(item(WORKING), 0.0)
    pipe.receive_eof(0.0)
    assert events(stream) == [("task", False, 1), ("cut", True, None)]
    with pytest.raises(ConnectionFailed, match="the connection to the agent ended"):
        get.result()


# Silence, and the end of the client


def listened(timeout=5.0, **options):
    pipe = PipeClient(Ndjson(), V1_0, timeout=timeout, peer="the child", **options)
    calls = [pipe.call(operation, params, 0.0) for operation, params in ((Operation.STREAM, HELLO), (Operation.GET, T))]
    pipe.data_to_send()
    return pipe, *calls


T = GetTaskRequest(id="t")


def test_a_call_that_is_silent_for_too_long_is_given_up_and_the_next_is_answered():
    pipe, stream, get = listened()
    pipe.listen(get, 10.0)
    assert pipe.next_timeout() == 15.0
    pipe.handle_timeout(14.9)
    assert not get.is_closed
    pipe.handle_timeout(15.0)
    with pytest.raises(RequestTimeout, match=r"the child was silent for 5 seconds \(timeout=, its read phase\)"):
        get.result()
    assert pipe.next_event() is get
    assert [(each["method"], each["params"]) for each in sent(pipe)] == [("$/cancelRequest", {"id": "2"})]
    assert (stream.is_closed, pipe.failure, pipe.next_timeout()) == (False, None, None)
    again = pipe.call(Operation.GET, T, 15.0)
    pipe.receive_data(line({"id": "2", "result": {"id": "late"}}) + line({"id": "3", "result": WORKING["task"]}), 16.0)
    assert again.result().id == "t"


def test_who_listens_to_a_call_that_was_dropped_waits_for_nothing():
    pipe, stream, _ = listened()
    pipe.drop(stream, 1.0)
    pipe.listen(stream, 2.0)
    assert pipe.next_timeout() is None


def test_only_the_silence_counts_that_somebody_listens_to():
    pipe, stream, _ = listened()
    assert pipe.next_timeout() is None
    pipe.listen(stream, 100.0)
    pipe.listen(stream, 104.0)  # for the second time, which changes nothing
    assert pipe.next_timeout() == 105.0
    pipe.receive_data(item(WORKING), 104.9)
    assert pipe.next_timeout() is None
    pipe.handle_timeout(1_000.0)
    pipe.listen(stream, 1_000.0)
    pipe.receive_data(item(WORKING, "2"), 1_004.0)  # of another call
    pipe.drop(stream, 1_004.0)
    assert pipe.next_timeout() is None


def test_what_came_of_a_stream_before_the_silence_is_the_beginning_of_an_answer():
    pipe, stream, _ = listened()
    pipe.receive_data(item(WORKING), 0.0)
    pipe.listen(stream, 0.0)
    pipe.handle_timeout(5.0)
    assert stream.next_event().kind == "task"
    cut = stream.next_event()
    assert (cut.kind, cut.done, type(cut.error.__cause__)) == ("cut", True, RequestTimeout)


def test_a_stream_that_never_began_fails_with_the_reason():
    pipe, stream, _ = listened()
    pipe.listen(stream, 0.0)
    pipe.handle_timeout(5.0)
    event = stream.next_event()
    assert (event.kind, event.done, type(event.error)) == ("error", True, RequestTimeout)


def test_without_a_timeout_silence_has_no_end():
    pipe, stream, _ = listened(timeout=None)
    pipe.listen(stream, 0.0)
    assert pipe.next_timeout() is None


def test_a_client_that_leaves_ends_its_calls_and_says_so():
    pipe, stream, get = listened()
    pipe.listen(stream, 0.0)
    pipe.leave(1.0)
    assert events(stream) == [("cut", True, None)]
    with pytest.raises(ConnectionFailed, match="the client was closed"):
        get.result()
    assert [each["params"]["id"] for each in sent(pipe)] == ["1", "2"]
    assert pipe.next_timeout() is None
    assert str(pipe.failure) == "the client was closed"
    pipe.leave(2.0)
    assert sent(pipe) == []


def test_whoever_writes_anything_but_messages_is_no_agent():
    limits = ClientLimits(rejected=3)
    pipe = PipeClient(Ndjson(), V1_0, limits)
    stream = pipe.call(Operation.STREAM, HELLO, 0.0)
    pipe.receive_data(b"hello\n" * 3 + item(WORKING) + b"hello\n" * 3, 0.0)
    assert pipe.failure is None
    pipe.receive_data(b"hello\n" * 2, 0.0)
    assert isinstance(pipe.failure.__cause__, LimitExceeded)
    assert "what it writes is no message, more than rejected = 3 allows; raise the limit rej" in str(pipe.failure)
    assert events(stream)[-1] == ("cut", True, None)


def test_the_first_reason_is_the_one_that_is_told_of_a_pipe():
    pipe, *_ = listened()
    pipe.receive_data(b"Content-Length: 2\r\n\r\n{}", 0.0)
    pipe.fail(ConnectionFailed("it has ended"))
    assert isinstance(pipe.failure.__cause__, WrongFraming)
    assert str(pipe.failure).startswith("the connection to the child ended: a Content-Length header as a line")


# The server's side


def served(**options):
    pipe = PipeServer(Server(entropy=seeded(1)), "link", Ndjson(**options))
    for number, method in ((1, "SendStreamingMessage"), (2, "GetTask")):
        params = {"id": "t", "message": {"messageId": "m", "role": "ROLE_USER", "parts": [{"text": "x"}]}}
        params["_meta"] = {"headers": {"a2a-version": "1.0"}}
        pipe.receive_data(line({"id": number, "method": method, "params": params}), 0.0)
    return pipe


def test_what_the_server_writes():
    pipe = served()
    pipe.deliver(
        [
            Opened(request_id=1, task_id="t"),
            run_of(b'{"a":1}'),
            Answered(request_id=2, result=b'{"b":2}'),
            Ended(request_id=1, offset=1, state=TaskState.INPUT_REQUIRED),
        ],
        0.0,
    )
    assert sent(pipe) == [
        {"jsonrpc": "2.0", "method": "$/stream", "params": {"id": 1, "offset": 1, "result": {"a": 1}}},
        {"jsonrpc": "2.0", "id": 2, "result": {"b": 2}},
        {"jsonrpc": "2.0", "id": 1, "result": {"state": "input-required", "offset": 1}},
    ]


@pytest.mark.parametrize(
    "last",
    [
        Ended(request_id=1, offset=2, state=TaskState.COMPLETED),
        Refused(request_id=1, error=ErrorObject(-32800, "Request cancelled")),
    ],
)
def test_an_item_too_large_ends_its_stream_with_the_reason_and_no_later_item(last, monkeypatch):
    pipe = served(limits=FramingLimits(frame=400))
    withdrawn = []
    monkeypatch.setattr(Server, "cancel_call", lambda self, link, call, now: withdrawn.append((link, call)))
    items = run_of(*[b'"%b"' % (b"x" * size) for size in (1, 500, 1)])
    pipe.deliver([items, last, Answered(request_id=2, result=b"{}")], 0.0)
    first, error, other = sent(pipe)
    assert first["params"]["offset"] == 1
    assert (error["id"], error["error"]["code"]) == (1, -32603)
    assert "raise the limit frame" in error["error"]["message"]
    assert other["id"] == 2
    assert withdrawn == [("link", 1)]


@pytest.mark.parametrize("framing", [Ndjson, ContentLength])
def test_a_message_may_be_as_large_as_the_limit_allows(framing, monkeypatch):
    size = 17 * 1024 * 1024  # more than by default
    limits = FramingLimits(frame=size + 1_000)
    client = PipeClient(framing(limits), V1_0, ClientLimits(task_size=size + 1_000, framing=limits))
    server = PipeServer(Server(entropy=seeded(1), epoch=0.0), "link", framing(limits))
    asked = []
    monkeypatch.setattr(Server, "receive", lambda _, link, call, method, params, service, now: asked.append(params))
    text = "x" * size
    call = client.call(Operation.SEND, user_says(text), 0.0)
    (request,) = client.data_to_send()
    for start in range(0, len(request), 1_000_000):
        server.receive_data(request[start : start + 1_000_000], 0.0)
    assert asked[0]["message"]["parts"][0]["text"] == text

    answer = b'{"message":{"messageId":"a","role":"ROLE_AGENT","parts":[{"text":"%b"}]}}' % text.encode()
    server.deliver([Answered(request_id=call.request_id, result=answer)], 0.0)
    (response,) = server.data_to_send()
    client.receive_data(response, 0.0)
    assert call.result().parts[0].text == text


@pytest.mark.parametrize("framing", [Ndjson, ContentLength])
def test_a_message_beyond_the_limit_is_refused_with_the_option_that_raises_it(framing):
    limits = FramingLimits(frame=400)
    client = PipeClient(framing(limits), V1_0, ClientLimits(framing=limits))
    with pytest.raises(LocalProtocolError, match="raise the limit frame"):
        client.call(Operation.SEND, user_says("x" * 400), 0.0)
    assert client.data_to_send() == []
    client.call(Operation.SEND, user_says("x"), 0.0)


def test_a_request_that_the_server_cannot_read_ends_what_is_not_answered():
    pipe, begun = client()
    silent = pipe.call(Operation.GET, GetTaskRequest(id="t"), 0.0)
    pipe.receive_data(item(WORKING), 0.0)
    pipe.receive_data(line({"id": None, "error": {"code": -32600, "message": "too long"}}), 0.0)
    with pytest.raises(RpcError, match="too long"):
        silent.result()
    pipe.receive_data(line({"id": None, "result": {}}), 0.0)  # answers nothing
    assert not begun.is_closed
    pipe.receive_data(item(COMPLETED, offset=2), 0.0)
    assert events(begun)[-1] == ("status", True, 2)


def test_an_answer_too_long_to_be_read_ends_the_calls_with_the_limit():
    pipe = PipeClient(Ndjson(FramingLimits(frame=500)), V1_0)
    stream, silent = pipe.call(Operation.STREAM, HELLO, 0.0), pipe.call(Operation.GET, GetTaskRequest(id="t"), 0.0)
    pipe.receive_data(item(WORKING), 0.0)
    pipe.data_to_send()
    pipe.receive_data(line({"id": "2", "result": {"id": "x" * 500}}), 0.0)
    with pytest.raises(LimitExceeded, match="raise the limit frame"):
        silent.result()
    assert events(stream)[-1] == ("cut", True, None)
    assert [told["params"] for told in sent(pipe) if "method" in told] == [{"id": "1"}, {"id": "2"}]
    later = pipe.call(Operation.GET, GetTaskRequest(id="t"), 0.0)
    assert not later.is_closed
