"""Answers of probes: however bytes were cut, whoever shares a pipe, and whatever nonsense the other side writes."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hocket.a2a.pipe.wire import read_meta
from hocket.framing.sse_encoder import encode_event
from hocket.testing.answers import HttpAnswer, LinkAnswer, PipeAnswers, as_frame
from hocket.testing.probe import Ask, streaming_methods

STREAM = "SendStreamingMessage"


def drained(answer):
    messages = []
    while (message := answer.next_message()) is not None:
        messages.append(message)
    return messages


def response(request_id, **member):
    return json.dumps({"jsonrpc": "2.0", "id": request_id, **member}).encode()


def item(request_id, result, offset=1):
    params = {"id": request_id, "offset": offset, "result": result}
    return json.dumps({"jsonrpc": "2.0", "method": "$/stream", "params": params}).encode()


def ended(request_id):
    return response(request_id, result={"state": "TASK_STATE_COMPLETED", "offset": 3})


@given(st.lists(st.binary(min_size=1).filter(lambda data: not set(data) & {10, 13}), min_size=1), st.data())
def test_a_stream_is_its_events_however_it_was_cut(events, data):
    body = b"".join(b"data: " + each + b"\n\n" for each in events)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(body)), max_size=5)))
    answer = HttpAnswer()
    answer.receive_head(200, [("Content-Type", "Text/Event-Stream; charset=utf-8")])
    seen = []
    for begin, end in zip([0, *cuts], [*cuts, len(body)], strict=True):
        answer.receive_data(body[begin:end])
        seen += drained(answer)
        assert answer.end == "open"
    answer.receive_eof()
    assert seen + drained(answer) == events
    assert (answer.end, bytes(answer.raw)) == ("complete", body)


def test_what_our_encoder_writes_is_read():
    answer = HttpAnswer()
    answer.receive_head(200, {"content-type": "text/event-stream"})
    answer.receive_data(encode_event(b'{"a":"\xe2\x80\xa8"}', id="7"))
    assert json.loads(answer.next_message())["a"] == "\u2028"


def test_a_body_is_one_message_and_an_empty_one_is_none():
    for body, messages in ((b'{"a":1}\n', [b'{"a":1}\n']), (b"", [])):
        answer = HttpAnswer()
        answer.receive_head(200, {"content-type": "application/json"})
        answer.receive_data(body[:3])
        assert not answer.has_news
        answer.receive_data(body[3:])
        answer.receive_eof()
        assert (drained(answer), answer.end) == (messages, "complete")


def test_ends_are_told_apart():
    cut = HttpAnswer()
    cut.receive_head(200, {"content-type": "text/event-stream"})
    cut.receive_data(b"data: 1\n\ndata: 2")
    cut.receive_eof()
    assert (drained(cut), cut.end) == ([b"1"], "cut")
    assert "middle of an event" in cut.reason

    nothing = HttpAnswer()
    nothing.receive_eof()
    assert (nothing.end, nothing.status) == ("cut", None)

    broken = HttpAnswer()
    broken.receive_head(200, {})
    broken.silent()
    assert (broken.end, broken.has_news) == ("silent", False)
    broken.receive_data(b"{")
    assert broken.end == "open"
    broken.receive_failure("the line broke")
    broken.receive_failure("and again")
    broken.receive_eof()
    broken.silent()
    assert (broken.end, broken.reason, broken.has_news) == ("cut", "the line broke", True)


def test_a_failure_after_the_end_changes_nothing():
    answer = HttpAnswer()
    answer.receive_head(204, {})
    answer.receive_eof()
    answer.receive_failure("the connection was closed")
    assert (answer.end, answer.reason) == ("complete", "")


def test_header_fields_are_joined_and_lowered():
    answer = HttpAnswer()
    answer.receive_head(200, [("A2A-Extensions", "a"), ("a2a-extensions", "b")])
    assert answer.headers == {"a2a-extensions": "a, b"}


IDS = st.one_of(
    st.integers(-5, 5), st.text(max_size=3), st.booleans(), st.floats(allow_nan=False, allow_infinity=False)
)


@given(
    st.lists(IDS, min_size=1, max_size=6, unique_by=lambda each: json.dumps(each)), st.randoms(use_true_random=False)
)
def test_each_conversation_on_a_pipe_has_its_own(ids, random):
    """1, "1" and true are different ids; items and ends of several streams come in any order."""
    pipe = PipeAnswers()
    answers = {json.dumps(each): pipe.ask(Ask.call(STREAM, {}, id=each)) for each in ids}
    coming = [(each, number) for each in ids for number in range(3)]
    random.shuffle(coming)
    left = dict.fromkeys(answers, 3)
    for each, number in coming:
        assert pipe.receive(item(each, {"n": number})) is answers[json.dumps(each)]
        left[json.dumps(each)] -= 1
        if not left[json.dumps(each)]:
            pipe.receive(ended(each))
    for each in ids:
        answer = answers[json.dumps(each)]
        messages = [json.loads(message) for message in drained(answer)]
        assert [message["result"]["n"] for message in messages] == [n for other, n in coming if other is each]
        assert all(message["id"] == each and message["jsonrpc"] == "2.0" for message in messages)
        assert answer.end == "complete"
        assert answer.raw.count(b"$/stream") == 3


def test_the_end_of_a_stream_is_no_message_but_an_error_is():
    pipe = PipeAnswers()
    one, other = (pipe.ask(Ask.call(STREAM, {}, id=each)) for each in "ab")
    pipe.receive(ended("a"))
    pipe.receive(response("b", error={"code": -32603, "message": "no"}))
    assert (drained(one), one.end) == ([], "complete")
    assert (len(drained(other)), other.end) == (1, "complete")


def test_an_agent_that_repeats_responses_goes_on_until_the_last():
    pipe = PipeAnswers()
    answer = pipe.ask(Ask.call("message/stream", {}, id=1, version="0.3"))
    pipe.receive(response(1, result={"kind": "status-update", "final": False}))
    assert answer.end == "open"
    pipe.receive(response(1, result={"kind": "status-update", "final": True}))
    assert (len(drained(answer)), answer.end) == (2, "complete")


def test_an_answer_that_comes_twice_is_seen_twice():
    pipe = PipeAnswers()
    answer = pipe.ask(Ask.call("tasks/get", {}, id=1))
    pipe.receive(response(1, result={}))
    pipe.receive(response(1, result={}))
    assert (len(drained(answer)), answer.end) == (2, "complete")


def test_an_id_may_be_used_again_while_the_first_call_is_still_to_be_ended():
    pipe = PipeAnswers()
    first = pipe.ask(Ask.call(STREAM, {}, id=1))
    first.receive_failure("left")
    pipe.leave(first)
    second = pipe.ask(Ask.call(STREAM, {}, id=1))
    pipe.receive(item(1, {"n": "late"}))
    pipe.receive(response(1, error={"code": -32800, "message": "Request cancelled"}))
    assert drained(second) == []
    pipe.receive(item(1, {"n": "mine"}))
    assert json.loads(second.next_message())["result"] == {"n": "mine"}


@pytest.mark.parametrize("body", [b"{nonsense", b"[]", b"\xff", b"7", b'{"jsonrpc":"2.0","method":"x"}'])
def test_an_error_without_an_id_is_for_the_request_that_has_none(body):
    pipe = PipeAnswers()
    unreadable = pipe.ask(Ask(body=body))
    readable = pipe.ask(Ask.call("tasks/get", {}, id=1))
    pipe.receive(response(None, error={"code": -32700, "message": "?"}))
    assert (readable.end, unreadable.end, len(drained(unreadable))) == ("open", "complete", 1)


def test_where_all_have_ids_it_is_for_the_last_that_waits():
    pipe = PipeAnswers()
    first, second = (pipe.ask(Ask.call("tasks/get", {}, id=each)) for each in "ab")
    pipe.receive(response(None, error={"code": -32600, "message": "?"}))
    assert (first.end, second.end) == ("open", "complete")


def test_a_batch_is_answered_with_one_message():
    pipe = PipeAnswers()
    batch = pipe.ask(Ask(body=b'[{"jsonrpc":"2.0","id":1,"method":"x"},{"jsonrpc":"2.0","id":2,"method":"y"}]'))
    pipe.receive(b"[" + response(2, result={}) + b"," + response(1, result={}) + b"]")
    assert (len(drained(batch)), batch.end) == (1, "complete")


@pytest.mark.parametrize("noise", [b"Starting agent...", b"", b'{"jsonrpc":"2.0","method":"$/stream"}', response("?")])
def test_noise_is_seen_by_who_waits_or_else_by_who_asks_next(noise):
    pipe = PipeAnswers()
    assert pipe.receive(noise) is None
    answer = pipe.ask(Ask.call(STREAM, {}, id=1))
    assert pipe.receive(noise) is answer
    pipe.receive(ended(1))
    assert (drained(answer), answer.end) == ([noise, noise], "complete")
    for _ in range(200):
        assert pipe.receive(noise) is None
    assert len(drained(pipe.ask(Ask.call(STREAM, {}, id=2)))) == 100


def test_when_the_pipe_breaks_all_who_wait_are_told_and_nobody_else():
    pipe = PipeAnswers()
    done, waits, left = (pipe.ask(Ask.call("tasks/get", {}, id=each)) for each in "abc")
    pipe.receive(response("a", result={}))
    pipe.leave(left)
    pipe.receive_failure("the child is gone")
    assert [(each.end, each.reason) for each in (done, waits, left)] == [
        ("complete", ""),
        ("cut", "the child is gone"),
        ("open", ""),
    ]


@settings(max_examples=25)
@given(
    st.lists(
        st.one_of(
            st.binary(max_size=60),
            st.recursive(
                st.none() | st.booleans() | st.integers() | st.text(),
                lambda inner: (
                    st.lists(inner, max_size=3)
                    | st.dictionaries(
                        st.sampled_from(["id", "method", "params", "result", "error", "jsonrpc", "a"]),
                        inner,
                        max_size=5,
                    )
                ),
            ).map(lambda value: json.dumps(value).encode()),
        ),
        max_size=10,
    )
)
def test_whatever_comes_nothing_is_raised(messages):
    pipe = PipeAnswers(limit=3)
    for number in range(5):
        pipe.ask(Ask.call(STREAM, {}, id=number))
    for message in messages:
        pipe.receive(message)


def test_what_can_be_read_but_not_be_written_goes_as_it_came():
    pipe = PipeAnswers()
    answer = pipe.ask(Ask(body=b'{"jsonrpc":"2.0","id":1,"method":"SendStreamingMessage"}', method=STREAM))
    deep = b'{"jsonrpc":"2.0","method":"$/stream","params":{"id":1,"result":"\\ud800"}}'
    assert pipe.receive(deep) is answer
    assert answer.next_message() is not None


def test_what_comes_on_a_connection_is_the_conversation():
    link = LinkAnswer()
    link.receive_message(b"{}")
    link.receive_eof()
    assert (drained(link), link.end, link.status, bytes(link.raw)) == ([b"{}"], "complete", None, b"{}\n")
    link.receive_failure("late")
    assert link.end == "complete"


def test_service_parameters_are_in_the_frame_and_nothing_else_is_touched():
    ask = Ask.call("GetTask", {"id": "T"})
    frame = json.loads(as_frame(ask))
    assert read_meta(frame["params"]).version == "1.0"
    assert frame["params"]["id"] == "T"
    old = Ask.call("tasks/get", {"id": "T"}, version="0.3")
    assert as_frame(old) == old.body
    assert json.loads(as_frame(Ask.call("ListTasks")))["params"] == {"_meta": {"headers": {"A2A-Version": "1.0"}}}


@pytest.mark.parametrize(
    "body",
    [b"{nonsense", b"[]", b"", b'{"id":1}', b'{"method":"x","params":[1]}', b'{"method":"x","params":{"_meta":1}}'],
)
def test_what_has_no_place_for_them_goes_as_it_is(body):
    assert as_frame(Ask(body=body, headers={"A2A-Version": "1.0"})) == body


def test_which_methods_stream():
    assert Ask.call("message/stream").streams
    assert not Ask.call("message/send").streams
    assert streaming_methods() == {"message/stream", "tasks/resubscribe", "SendStreamingMessage", "SubscribeToTask"}


def test_what_is_kept_of_a_long_answer_is_bounded():
    answer = HttpAnswer()
    answer.receive_head(200, {"content-type": "text/event-stream"})
    piece = b": " + b"x" * 1_048_574
    for _ in range(6):
        answer.receive_data(piece)
    assert len(answer.raw) == 4 * 1_048_576


# Too much


def fed(answer, say):
    """What `say(answer)` leaves of an answer that may hold ten bytes."""
    say(answer)
    return answer.end, drained(answer)


def says_much_in_a_body(answer):
    answer.receive_head(200, {"Content-Type": "application/json"})
    for _ in range(3):
        answer.receive_data(b"12345678")
    answer.receive_eof()


def says_much_in_events(answer):
    answer.receive_head(200, {"Content-Type": "text/event-stream"})
    for _ in range(3):
        answer.receive_data(b"data: 12345678\n\n")
    answer.receive_eof()


def says_much_on_a_link(answer):
    for _ in range(3):
        answer.receive_message(b"12345678")


@pytest.mark.parametrize(
    ("answer", "say", "left"),
    [
        (HttpAnswer, says_much_in_a_body, []),
        (HttpAnswer, says_much_in_events, [b"12345678"]),
        (LinkAnswer, says_much_on_a_link, [b"12345678"]),
    ],
)
def test_what_nobody_takes_has_a_limit(answer, say, left):
    limited = answer(limit=10)
    assert fed(limited, say) == ("cut", left)
    assert limited.reason == "it is too long: more than 10 bytes came that nobody had taken"


def test_what_is_taken_does_not_count():
    answer = LinkAnswer(limit=10)
    for _ in range(5):
        answer.receive_message(b"12345678")
        assert drained(answer) == [b"12345678"]
    assert answer.end == "open"
