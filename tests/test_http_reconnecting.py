"""ReconnectingClient: what is asked on which connection, and when. Without I/O."""

import json

import pytest

from hocket.a2a import ClientLimits, GetTaskRequest, Operation
from hocket.backoff import Backoff
from hocket.entropy import seeded
from hocket.errors import ConnectionFailed, LocalProtocolError, RequestTimeout
from hocket.http import ReconnectingClient
from support.drain import drain
from support.messages import user_says
from support.wire import TASK, chunk

CUT = ConnectionFailed("cut")
STREAM = (Operation.STREAM, user_says("Ada"))
GET = (Operation.GET, GetTaskRequest(id="t"))


PATIENT = Backoff()


def machine(*, backoff=PATIENT, seed=3, **options):
    return ReconnectingClient(ClientLimits(), backoff, seeded(seed), **options)


def said(client):
    """What was sent, as objects."""
    return [json.loads(line) for data in client.data_to_send() for line in data.splitlines()]


def methods(client):
    return [each["method"] for each in said(client)]


def item(call, offset, result):
    params = {"id": call.request_id, "offset": offset, "result": result}
    return json.dumps({"jsonrpc": "2.0", "method": "$/stream", "params": params}).encode() + b"\n"


def answer(call, result):
    return json.dumps({"jsonrpc": "2.0", "id": call.request_id, "result": result}).encode() + b"\n"


def begun(client, now=0.0):
    """A stream whose task is known."""
    call = client.call(*STREAM, now)
    client.connect(now)
    client.receive_data(item(call, 1, {"task": TASK}), now)
    assert methods(client) == ["SendStreamingMessage"]
    assert [event.kind for event in drain(call)] == ["task"]
    drain(client)
    return call


def test_nothing_is_asked_before_there_is_a_connection_and_then_all_of_it_in_order():
    client = machine()
    assert not client.wants_connection
    client.call(*STREAM, 0.0)
    get = client.call(*GET, 0.0)
    assert client.wants_connection
    assert client.data_to_send() == []
    client.connect(1.0)
    assert not client.wants_connection
    assert methods(client) == ["SendStreamingMessage", "GetTask"]
    client.receive_data(answer(get, TASK), 1.0)
    assert get in drain(client)
    assert client.is_over(get)
    assert get.result().id == "t"


def test_a_call_that_is_dropped_is_cancelled_and_heard_of_no_more():
    client = machine()
    call = begun(client)
    client.receive_data(item(call, 2, chunk("one")), 0.0)
    client.drop(call, 0.0)
    assert methods(client) == ["$/cancelRequest"]
    client.receive_data(item(call, 3, chunk("two")), 0.0)
    assert drain(client) == []
    assert client.is_idle
    client.drop(call, 0.0)
    assert said(client) == []


def test_a_call_that_is_dropped_before_it_was_asked_is_not_asked():
    client = machine()
    client.drop(client.call(*GET, 0.0), 0.0)
    assert not client.wants_connection
    client.connect(0.0)
    assert said(client) == []


def test_a_call_that_is_dropped_while_it_waits_is_not_tried_again():
    client = machine()
    call = begun(client)
    client.receive_end(CUT, 0.0)
    assert client.next_timeout() is not None
    client.drop(call, 0.0)
    assert client.next_timeout() is None
    client.handle_timeout(100.0)
    assert not client.wants_connection
    assert drain(client) == []


def test_what_was_asked_for_others_meanwhile_is_forgotten_with_the_call():
    client = machine(backoff=Backoff(jitter=False))
    call = begun(client)
    client.receive_end(CUT, 0.0)
    client.handle_timeout(1.0)
    assert client.wants_connection
    client.drop(call, 1.0)
    assert not client.wants_connection
    assert (client._askers, client._unasked, client._touched) == ({}, {}, {})


def test_a_stream_that_is_over_leaves_nothing_behind():
    client = machine()
    call = begun(client)
    client.receive_end(CUT, 0.0)
    client.handle_timeout(100.0)
    client.connect(100.0)
    (asked,) = said(client)
    done = {"statusUpdate": {"taskId": "t", "contextId": "c", "status": {"state": "TASK_STATE_COMPLETED"}}}
    params = {"id": asked["id"], "offset": 2, "result": done}
    client.receive_data(json.dumps({"jsonrpc": "2.0", "method": "$/stream", "params": params}).encode() + b"\n", 100.0)
    assert [event.kind for event in drain(call)] == ["cut", "resumed", "status"]
    assert client.is_over(call)
    assert client._askers == {}


def waits(seed):
    """How long two streams of one client wait after each of three breaks."""
    client, now, told = machine(seed=seed), 0.0, []
    first = begun(client)
    client.call(*STREAM, now)
    client.receive_data(item(next(iter(set(client._open) - {first})), 1, {"task": TASK}), now)
    for _ in range(3):
        client.receive_end(CUT, now)
        at = client.next_timeout()
        told.append(at - now)
        now = at
        client.handle_timeout(now)
        assert len(client._unasked) == 2, "both have waited for the same time"
    return told


def test_the_streams_of_a_connection_wait_together_and_each_time_anew():
    first, again, other = waits(1), waits(1), waits(2)
    assert first == again != other
    shares = [wait / longest for wait, longest in zip(first, [1.0, 2.0, 4.0], strict=True)]
    assert len(set(shares)) == 3
    assert all(0 < share < 1 for share in shares)


def test_the_delay_between_two_looks_at_a_task_is_drawn_anew_too():
    client, now, shares = machine(), 0.0, []
    call = client.call(*STREAM, now)
    client.connect(now)
    (asked,) = said(client)
    refusal = {"jsonrpc": "2.0", "id": asked["id"], "error": {"code": -32004, "message": "does not stream"}}
    client.receive_data(json.dumps(refusal).encode() + b"\n", now)
    result = {"task": TASK}
    for longest in (1.0, 2.0, 4.0):
        (asked,) = said(client)
        client.receive_data(json.dumps({"jsonrpc": "2.0", "id": asked["id"], "result": result}).encode() + b"\n", now)
        at = client.next_timeout()
        shares.append((at - now) / longest)
        now, result = at, TASK
        client.handle_timeout(now)
    assert len(set(shares)) == 3
    assert not client.is_over(call)


def test_what_is_too_much_for_a_connection_is_refused():
    client = machine()
    calls = [client.call(*GET, 0.0) for _ in range(1_025)]
    client.connect(0.0)
    assert [client.is_over(call) for call in calls] == [False] * 1_024 + [True]
    assert calls[-1] in drain(client)
    with pytest.raises(LocalProtocolError, match="in_flight"):
        calls[-1].result()
    with pytest.raises(LocalProtocolError, match="in_flight"):
        client.call(*GET, 0.0)
    assert len(client._open) == 1_025


def test_a_stream_that_finds_too_much_on_the_next_connection_is_told_so():
    client = machine(backoff=Backoff(jitter=False))
    call = begun(client)
    client.receive_end(CUT, 0.0)
    for _ in range(1_024):
        client.call(*GET, 0.5)
    client.handle_timeout(1.0)
    client.connect(1.0)
    *_, last = drain(call)
    assert (last.kind, last.done) == ("error", True)
    assert "in_flight" in str(last.error)
    assert client.is_over(call)


def test_what_was_not_read_is_counted():
    client = machine()
    call = begun(client)
    client.receive_data(item(call, 2, chunk("one")) + item(call, 3, chunk("two")), 0.0)
    assert client.unread == 2
    drain(call)
    assert client.unread == 0


def test_a_question_that_nobody_answers_ends_after_the_timeout_once_somebody_waits():
    client = machine(timeout=5.0, peer="the peer")
    call = client.call(*GET, 0.0)
    client.listen(call, 0.0)
    client.connect(1.0)
    assert client.next_timeout() is None
    assert drain(client) == [call], "who waits may say so now"
    client.listen(call, 2.0)
    assert client.next_timeout() == 7.0
    client.handle_timeout(7.0)
    with pytest.raises(RequestTimeout, match="the peer was silent for 5 seconds"):
        call.result()
    assert methods(client) == ["GetTask", "$/cancelRequest"]


def test_a_stream_that_goes_on_may_be_silent():
    client = machine(timeout=5.0)
    call = begun(client)
    client.listen(call, 0.0)
    assert client.next_timeout() is None


def test_what_comes_when_there_is_no_connection_is_nobody_s():
    client = machine()
    call = begun(client)
    client.receive_end(CUT, 0.0)
    drain(client)
    client.receive_data(item(call, 2, chunk("late")), 0.0)
    assert drain(client) == []
    assert [event.kind for event in drain(call)] == ["cut"]


def test_who_leaves_ends_every_call_and_nothing_is_asked_any_more():
    client = machine()
    stream = begun(client)
    waiting = client.call(*GET, 1.0)
    client.data_to_send()
    client.leave(2.0)
    assert drain(client) == [stream, waiting]
    assert [(event.kind, event.done) for event in drain(stream)] == [("cut", True)]
    for call in stream, waiting:
        assert client.is_over(call)
        client.drop(call, 2.0)
    with pytest.raises(ConnectionFailed, match="the client was closed"):
        waiting.result()
    assert client.is_idle
    assert not client.wants_connection
    assert client.data_to_send() == []


def test_who_leaves_while_a_stream_waits_does_not_wait_for_it():
    client = machine()
    stream = begun(client)
    client.receive_end(CUT, 1.0)
    assert client.next_timeout() is not None
    client.leave(2.0)
    assert client.next_timeout() is None
    assert [event.kind for event in drain(stream)] == ["cut", "cut"]
    client.leave(3.0)
    assert drain(stream) == []


def test_who_leaves_before_there_was_a_connection_wants_none():
    client = machine()
    asked = client.call(*GET, 0.0)
    client.leave(1.0)
    assert not client.wants_connection
    assert client.is_over(asked)
