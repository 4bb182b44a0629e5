"""ResumingCall and servers that are not ours: what is asked next, when, and what the person is told."""

import json

import pytest

from hocket.a2a import (
    V0_3,
    V1_0,
    ClientCall,
    DeleteTaskPushNotificationConfigRequest,
    GetTaskRequest,
    Operation,
    Outcome,
    SubscribeToTaskRequest,
    TaskState,
)
from hocket.backoff import Backoff
from hocket.entropy import seeded
from hocket.errors import AuthenticationError, CodecError, ConnectionFailed, RpcError, StreamCut
from hocket.http import HttpCall, ResumingCall
from support.drain import drain
from support.messages import user_says
from support.wire import DONE, TASK, chunk, said

STEADY = Backoff(base=1.0, attempts=2, jitter=False)
SSE = (("content-type", "text/event-stream"),)
JSON_TYPE = (("content-type", "application/json"),)
TERMINAL = {"code": -32004, "message": "the task is over"}
UNKNOWN = {"code": -32001, "message": "Task not found"}


def task(state="WORKING", text="", **more):
    artifacts = [{"artifactId": "a", "parts": [{"text": text}]}] if text else []
    return {**TASK, "status": {"state": f"TASK_STATE_{state}"}, "artifacts": artifacts, **more}


def rpc(**members):
    return json.dumps({"jsonrpc": "2.0", "id": "r", **members}).encode()


def event(result, number=None):
    numbered = b"" if number is None else b"id: %d\n" % number
    return numbered + b"data: " + rpc(result=result) + b"\n\n"


class Foreign:
    """A machine whose server the test plays. `now` goes on by the waits of the machine."""

    def __init__(self, *, dialect=V1_0, backoff=STEADY, operation=Operation.STREAM, params=None, **options):
        call = ClientCall(operation, params or user_says(), dialect, "r", is_resumable=True, **options)
        self.machine = ResumingCall(
            call, lambda each: HttpCall(each, "http://agent/", (), each.last_event_id), backoff, seeded(1)
        )
        self.now = 0.0
        self.waits = []
        self.asked = None

    def ask(self):
        """The next request: what it asks for, in words. Waits for it if need be."""
        request = self.machine.next_request()
        if request is None:
            at = self.machine.next_timeout()
            self.waits.append(at - self.now)
            self.machine.handle_timeout(at - 0.001)
            assert self.machine.next_request() is None, "not before its time"
            self.now = at
            self.machine.handle_timeout(at)
            request = self.machine.next_request()
        self.asked = request
        return json.loads(request.body)["method"]

    def answer(self, body, *, status=200, headers=JSON_TYPE):
        self.machine.receive_head(status, headers, self.now)
        self.machine.receive_data(body, self.now)
        self.machine.receive_eof(self.now)

    def stream(self, *events, breaks=True):
        self.machine.receive_head(200, SSE, self.now)
        self.machine.receive_data(b"".join(events), self.now)
        if breaks:
            self.machine.receive_failure(ConnectionFailed("reset"), self.now)
        else:
            self.machine.receive_eof(self.now)

    def told(self):
        return [each.kind if each.item is None else each.text or each.kind for each in drain(self.machine)]

    @property
    def outcome(self):
        return self.machine.call.outcome

    @property
    def whole(self):
        return self.machine.call.reader.task.text


def cut(*events, **options):
    """A server that was asked for a stream, has told its task and these, and was lost."""
    server = Foreign(**options)
    assert server.ask() in ("SendStreamingMessage", "message/stream")
    server.stream(event({"task": TASK} if server.machine.call.dialect is V1_0 else OLD_TASK), *events)
    return server


# 1.0, without numbers: a snapshot, then what follows


def test_a_snapshot_shows_what_is_new_and_the_end_is_made_certain():
    server = cut(event(chunk("Hello ")))
    assert server.ask() == "SubscribeToTask"
    assert server.asked.header("last-event-id") is None
    server.stream(event({"task": task(text="Hello Ada, ")}), event(chunk("and ")), event(DONE))
    assert not server.machine.is_closed, "a server that numbers nothing may have told something twice"
    assert server.ask() == "GetTask"
    server.answer(rpc(result=task("COMPLETED", "Hello Ada, and so on")))
    assert server.told() == ["task", "Hello ", "cut", "resumed", "Ada, ", "and ", "status", "so on"]
    assert (server.outcome, server.whole) == (Outcome.SETTLED, "Hello Ada, and so on")


def test_with_numbers_the_end_is_the_end():
    server = cut(event(chunk("Hello "), 2))
    server.ask()
    assert server.asked.header("last-event-id") == "2"
    server.stream(event(chunk("Ada"), 3), event(DONE, 4))
    assert server.told() == ["task", "Hello ", "cut", "resumed", "Ada", "status"]
    assert server.outcome is Outcome.SETTLED


@pytest.mark.parametrize("number", [1, 2, None])
def test_numbers_that_do_not_go_on_are_not_trusted(number):
    server = cut(event(chunk("Hello "), 2))
    server.ask()
    server.stream(event(chunk("Ada"), number), event(DONE, 5))
    assert server.ask() == "GetTask"


def test_messages_that_nobody_heard_are_told():
    """An agent that answers with messages: those it said meanwhile are in the history."""
    old, missed, new = (said(text)["message"] for text in ("one ", "two ", "three"))
    first = {"statusUpdate": {"taskId": "t", "status": {"state": "TASK_STATE_WORKING", "message": old}}}
    server = cut(event(first))
    server.ask()
    snapshot = {**task(), "history": [old, missed], "status": {"state": "TASK_STATE_WORKING", "message": new}}
    server.stream(event({"task": snapshot}))
    assert server.told() == ["task", "one ", "cut", "resumed", "two three", "cut"]


# The task is over by now


@pytest.mark.parametrize("as_stream", [True, False])
def test_a_task_that_ended_meanwhile_is_got(as_stream):
    server = cut(event(chunk("Hello ")))
    server.ask()
    if as_stream:  # as the servers of 0.3 do
        server.stream(b"data: " + rpc(error=TERMINAL) + b"\n\n", breaks=False)
    else:
        server.answer(rpc(error=TERMINAL))
    assert server.ask() == "GetTask"
    assert server.waits == [1.0]
    server.answer(rpc(result=task("FAILED", "Hello Ada")))
    *_, resumed, last = drain(server.machine)
    assert (resumed.kind, last.kind, last.text, last.state, last.done) == (
        "resumed",
        "task",
        "Ada",
        TaskState.FAILED,
        True,
    )
    assert server.outcome is Outcome.SETTLED


def test_a_task_that_is_gone():
    server = cut()
    server.ask()
    server.answer(rpc(error=UNKNOWN))
    assert server.ask() == "GetTask", "some say so when only the stream is gone"
    server.answer(rpc(error=UNKNOWN))
    *_, last = drain(server.machine)
    assert (last.kind, last.done, server.outcome) == ("cut", True, Outcome.CUT)
    assert str(last.error) == "the stream was cut in state working: Task not found (-32001)"


def test_a_server_that_takes_no_subscription_is_asked_for_the_task_as_long_as_there_is_news():
    server = cut()
    for text in ("a", "ab", "abc"):
        assert server.ask() == "SubscribeToTask"
        server.answer(rpc(error={"code": -32601, "message": "no such method"}))
        assert server.ask() == "GetTask"
        server.answer(rpc(result=task(text=text)))
    assert server.waits == [1.0, 1.0, 1.0]
    for _ in range(STEADY.attempts):
        server.ask()
        server.answer(rpc(error={"code": -32601, "message": "no such method"}))
        server.ask()
        server.answer(rpc(result=task(text="abc")))
    assert server.told() == ["task", "cut", "resumed", "a", "cut", "resumed", "b", "cut", "resumed", "c", "cut", "cut"]
    assert server.outcome is Outcome.CUT


def test_after_a_look_at_the_task_the_number_from_before_it_counts_no_longer():
    """What followed that number is in the task already."""
    server = Foreign()
    server.ask()
    server.stream(event({"task": task()}, 1))
    server.ask()
    server.answer(rpc(error=TERMINAL))  # too many subscriptions, say
    assert server.ask() == "GetTask"
    server.answer(rpc(result=task(text="a b ")))
    assert server.ask() == "SubscribeToTask"
    assert "last-event-id" not in dict(server.asked.headers)
    server.stream(event({"task": task(text="a b ")}, 3), event(chunk("c "), 4), event(DONE, 5))
    assert server.told() == ["task", "cut", "resumed", "a b ", "cut", "resumed", "task", "c ", "status"]
    assert server.ask() == "GetTask"
    server.answer(rpc(result=task("COMPLETED", "a b c ")))
    assert server.told() == ["task"]
    assert server.outcome is Outcome.SETTLED


def test_a_subscription_that_ends_without_a_word_is_followed_by_a_look_at_the_task():
    params = SubscribeToTaskRequest(id="t")
    server = Foreign(operation=Operation.SUBSCRIBE, params=params, last_event_id=9)
    server.ask()
    server.stream(breaks=False)
    assert server.ask() == "GetTask"
    server.answer(rpc(result=task("COMPLETED", "all")))
    assert server.told() == ["all"]
    assert server.outcome is Outcome.SETTLED


def test_a_server_that_ends_every_stream_without_a_word_is_given_up():
    server = cut(backoff=STEADY)
    for _ in range(STEADY.attempts):
        assert server.ask() == "SubscribeToTask"
        server.stream(breaks=False)
        assert server.ask() == "GetTask"
        server.answer(rpc(result=task()))
    assert server.waits == [1.0, 2.0]
    *_, last = drain(server.machine)
    assert "the server ends the stream without a word; it could not be resumed in 2 attempts" in str(last.error)


def test_that_a_stream_goes_on_is_told_as_soon_as_the_server_answers():
    server = cut()
    server.ask()
    server.machine.receive_head(200, SSE, server.now)
    assert server.told() == ["task", "cut", "resumed"]


def test_what_follows_the_last_item_is_not_read():
    server = cut(event(chunk("x")))
    server.ask()
    server.machine.receive_head(200, SSE, server.now)
    server.machine.receive_data(event({"task": task()}) + event(DONE), server.now)
    assert not server.machine.is_reading
    assert server.ask() == "GetTask"


@pytest.mark.parametrize("is_one_piece", [True, False])
def test_what_follows_a_last_item_that_is_not_trusted_is_not_read_either(is_one_piece):
    server = cut(event(chunk("Hello ")))
    server.ask()
    pieces = [event({"task": task(text="Hello ")}), event(DONE), event(chunk("Ada"))]
    server.machine.receive_head(200, SSE, 0.0)
    for piece in [b"".join(pieces)] if is_one_piece else pieces:
        server.machine.receive_data(piece, 0.0)
    assert server.ask() == "GetTask"
    server.answer(rpc(result=task("COMPLETED", "Hello you")))
    assert server.told() == ["task", "Hello ", "cut", "resumed", "task", "status", "you"]


def test_the_whole_task_is_the_end_also_if_its_next_turn_has_begun():
    server = cut(event(chunk("x")))
    server.ask()
    asks = {"statusUpdate": {"taskId": "t", "status": {"state": "TASK_STATE_INPUT_REQUIRED"}}}
    server.stream(event({"task": task()}), event(asks))
    server.ask()
    server.answer(rpc(result=task("WORKING", "x")))
    assert server.outcome is Outcome.SETTLED


def test_the_whole_task_is_asked_for_again_if_it_could_not_be_had():
    server = cut(event(chunk("x")))
    server.ask()
    server.stream(event({"task": task()}), event(DONE))
    for _ in range(2):
        assert server.ask() == "GetTask"
        server.machine.receive_failure(ConnectionFailed("nobody is there"), server.now)
    assert server.ask() == "GetTask"
    server.answer(rpc(result=task("COMPLETED", "x")))
    assert server.outcome is Outcome.SETTLED


def test_a_settled_task_that_goes_on_is_not_asked_for_in_a_hurry():
    """A server whose streams end in a question that its task does not know: every round waits for longer."""
    server = cut()
    asks = {"statusUpdate": {"taskId": "t", "status": {"state": "TASK_STATE_AUTH_REQUIRED"}}}
    for _ in range(3):
        assert server.ask() == "SubscribeToTask"
        server.stream(event(asks), breaks=False)
        assert server.ask() == "GetTask"
        server.answer(rpc(result=task()))
    assert len(server.waits) == 3


# 0.3, without numbers: nothing says what was missed

OLD_TASK = {"kind": "task", "id": "t", "contextId": "c", "status": {"state": "working"}}


def old_chunk(text):
    artifact = {"artifactId": "a", "parts": [{"kind": "text", "text": text}]}
    return {"kind": "artifact-update", "taskId": "t", "contextId": "c", "append": True, "artifact": artifact}


def old_task(state, text):
    artifacts = [{"artifactId": "a", "parts": [{"kind": "text", "text": text}]}]
    return {**OLD_TASK, "status": {"state": state}, "artifacts": artifacts}


def old_status(state):
    return {"kind": "status-update", "taskId": "t", "contextId": "c", "final": True, "status": {"state": state}}


def test_in_0_3_the_task_is_got_before_and_after():
    server = cut(event(old_chunk("Hello ")), dialect=V0_3)
    assert server.ask() == "tasks/get"
    server.answer(rpc(result=old_task("working", "Hello Ada, ")))
    assert server.ask() == "tasks/resubscribe"
    server.stream(event(old_chunk("how ")), event(old_status("completed")), breaks=False)
    assert server.ask() == "tasks/get"
    server.answer(rpc(result=old_task("completed", "Hello Ada, how are you")))
    assert server.told() == ["task", "Hello ", "cut", "resumed", "Ada, ", "how ", "status", "are you"]
    assert (server.outcome, server.whole) == (Outcome.SETTLED, "Hello Ada, how are you")


def test_in_0_3_a_refusal_comes_as_a_stream_and_is_not_told_as_its_resumption():
    server = cut(event(old_chunk("one "), 2), dialect=V0_3)
    assert server.ask() == "tasks/resubscribe"
    server.stream(b"data: " + rpc(error=UNKNOWN) + b"\n\n", breaks=False)
    assert server.ask() == "tasks/get"
    server.answer(rpc(error=UNKNOWN))
    assert server.told() == ["task", "one ", "cut", "cut"]
    assert server.outcome is Outcome.CUT


def test_in_0_3_a_gap_that_nobody_saw_is_closed_at_the_end():
    server = cut(event(old_chunk("one ")), dialect=V0_3)
    server.ask()
    server.answer(rpc(result=old_task("working", "one ")))
    server.ask()
    server.stream(event(old_chunk("three")), event(old_status("completed")))
    server.ask()
    server.answer(rpc(result=old_task("completed", "one two three")))
    assert server.told()[-1] == "one two three", "rather twice than not at all"
    assert server.whole == "one two three"


def test_in_0_3_a_final_task_that_cannot_be_had_leaves_the_stream_cut():
    server = cut(dialect=V0_3)
    server.ask()
    server.answer(rpc(result=OLD_TASK))
    server.ask()
    server.stream(event(old_chunk("x")), event(old_status("completed")))
    for _ in range(STEADY.attempts + 1):
        assert server.ask() == "tasks/get"
        server.machine.receive_failure(ConnectionFailed("nobody is there"), server.now)
    assert server.outcome is Outcome.CUT
    *_, last = drain(server.machine)
    assert "the stream was cut in state completed: nobody is there" in str(last.error)


# Waiting


def test_the_server_may_name_the_delay():
    server = cut(b"retry: 4000\n\n")
    server.ask()
    server.machine.receive_failure(ConnectionFailed("no"), server.now)
    server.ask()
    assert server.waits == [4.0, 8.0]


def test_a_delay_of_nothing_is_next_to_nothing():
    server = cut(b"retry: 0\n\n")
    server.ask()
    assert server.waits == [0.001]


DATE = ("date", "Fri, 31 Dec 1999 23:59:59 GMT")


@pytest.mark.parametrize(
    ("value", "waits"),
    [
        ("7", 7.0),
        ("500", 30.0),
        ("0", 2.0),
        ("Sat, 01 Jan 2000 00:00:06 GMT", 7.0),
        ("Sat, 01 Jan 2000 01:00:00 GMT", 30.0),
        ("Fri, 31 Dec 1999 23:59:00 GMT", 2.0),
        ("soon", 2.0),
    ],
)
def test_retry_after(value, waits):
    server = cut()
    server.ask()
    fields = (*JSON_TYPE, DATE, ("retry-after", value))
    server.answer(rpc(error={"code": -32603, "message": "soon"}), status=503, headers=fields)
    server.ask()
    assert server.waits == [1.0, waits]


def test_retry_after_counts_once():
    server = cut(backoff=Backoff(base=1.0, attempts=3, jitter=False))
    server.ask()
    server.answer(b"", status=503, headers=(("retry-after", "7"),))
    server.ask()
    server.machine.receive_failure(ConnectionFailed("nobody is there"), server.now)
    server.ask()
    assert server.waits == [1.0, 7.0, 4.0]


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_server_that_is_not_there_for_the_moment(status):
    server = cut()
    for _ in range(STEADY.attempts):
        assert server.ask() == "SubscribeToTask"
        server.answer(b"<html>", status=status, headers=())
    *_, last = drain(server.machine)
    assert (last.kind, last.done) == ("cut", True)
    assert f"HTTP {status}" in str(last.error)
    assert "it could not be resumed in 2 attempts" in str(last.error)


def test_jitter_comes_from_entropy():
    waits = []
    for seed in (1, 2, 1):
        server = cut(backoff=Backoff())
        server.machine.entropy = seeded(seed)
        server.ask()
        server.machine.receive_failure(ConnectionFailed("no"), server.now)
        server.ask()
        waits.append(server.waits[1])
    assert waits[0] == waits[2] != waits[1]


# What is not resumed


def test_credentials_that_have_run_out():
    server = cut()
    server.ask()
    server.answer(b"", status=401)
    *_, last = drain(server.machine)
    assert (last.kind, last.done) == ("cut", True)
    assert "wants credentials: HTTP 401" in str(last.error)
    assert server.machine.next_timeout() is None


@pytest.mark.parametrize("body", [b"data: {\n\n", b"data: " + rpc(error={"code": -32603, "message": "boom"}) + b"\n\n"])
def test_what_cannot_be_read_and_what_the_server_says_is_final(body):
    server = cut()
    server.ask()
    server.stream(event({"task": task()}), body)
    *_, last = drain(server.machine)
    assert (last.kind, last.done, server.outcome) == ("error", True, Outcome.FAILED)
    assert isinstance(last.error, CodecError | RpcError)


def test_before_the_task_is_known_nothing_is_asked_again():
    server = Foreign()
    server.ask()
    server.stream()
    (last,) = drain(server.machine)
    assert (last.kind, last.done) == ("cut", True)
    assert str(last.error) == (
        "the stream was cut before its first event: reset; the agent may be at work on the message all the same"
    )
    assert server.machine.is_closed


def test_a_follow_up_is_not_resumed_before_its_first_event():
    """The task is known, but not whether the message has arrived: a subscription would tell of the turn before."""
    server = Foreign(params=user_says(task_id="t"))
    server.ask()
    server.stream()
    assert server.machine.is_closed
    assert server.outcome is Outcome.CUT


@pytest.mark.parametrize("backoff", [None, Backoff(attempts=0)])
def test_nothing_is_resumed_unless_it_is_wanted(backoff):
    server = cut(backoff=backoff)
    assert server.told() == ["task", "cut"]
    assert server.machine.is_closed
    assert server.machine.next_request() is None


def test_a_question_settles_a_stream_after_it_was_resumed_too():
    server = cut(event(chunk("Which? "), 2))
    server.ask()
    asks = {"statusUpdate": {"taskId": "t", "status": {"state": "TASK_STATE_INPUT_REQUIRED"}}}
    server.stream(event(asks, 3))
    assert server.outcome is Outcome.SETTLED


def test_who_cannot_be_reached_at_all_is_a_refusal():
    server = Foreign()
    server.ask()
    server.machine.receive_failure(ConnectionFailed("nobody is there"), 0.0)
    assert isinstance(server.machine.refusal, ConnectionFailed)
    assert server.machine.is_closed


def test_a_server_that_wants_credentials_from_the_first_is_a_refusal():
    server = Foreign()
    server.ask()
    server.machine.receive_head(401, (), 0.0)
    assert isinstance(server.machine.refusal, AuthenticationError)
    assert not server.machine.is_reading
    server.machine.receive_data(b"late", 0.0)
    server.machine.receive_eof(0.0)


def test_a_subscription_is_resumed_before_its_first_event_from_where_it_was_to_begin():
    server = Foreign(
        operation=Operation.SUBSCRIBE, params=SubscribeToTaskRequest(id="t", tenant="acme"), last_event_id=4
    )
    server.ask()
    server.stream()
    assert server.ask() == "SubscribeToTask"
    assert server.asked.header("last-event-id") == "4"
    assert json.loads(server.asked.body)["params"] == {"id": "t", "tenant": "acme"}
    server.stream(event(DONE, 5))
    assert server.outcome is Outcome.SETTLED


def subscribing(**options):
    server = Foreign(operation=Operation.SUBSCRIBE, params=SubscribeToTaskRequest(id="t"), **options)
    server.ask()
    return server


def test_a_subscription_that_cannot_be_had_for_the_moment_is_tried_again():
    server = subscribing(last_event_id=4)
    server.machine.receive_failure(ConnectionFailed("nobody is there"), server.now)
    assert server.machine.refusal is None
    assert server.ask() == "SubscribeToTask"
    server.answer(b"<html>", status=503, headers=(("retry-after", "7"),))
    assert server.ask() == "SubscribeToTask"
    assert server.asked.header("last-event-id") == "4"
    server.stream(event(chunk("Ada"), 5), event(DONE, 6))
    assert server.told() == ["cut", "resumed", "Ada", "status"]
    assert server.waits == [1.0, 7.0]


@pytest.mark.parametrize("status", [0, 429, 503])
def test_a_subscription_that_cannot_be_had_in_any_attempt_is_given_up(status):
    server = subscribing()
    for _ in range(STEADY.attempts + 1):
        if status:
            server.answer(b"", status=status, headers=())
        else:
            server.machine.receive_failure(ConnectionFailed("nobody is there"), server.now)
        if not server.machine.is_closed:
            assert server.ask() == "SubscribeToTask"
    *_, last = drain(server.machine)
    assert (last.kind, last.done, server.outcome) == ("cut", True, Outcome.CUT)
    assert "it could not be resumed in 2 attempts" in str(last.error)


@pytest.mark.parametrize("backoff", [None, Backoff(attempts=0)])
def test_a_subscription_is_not_tried_again_where_that_is_not_wanted(backoff):
    server = subscribing(backoff=backoff)
    server.machine.receive_failure(ConnectionFailed("nobody is there"), 0.0)
    assert isinstance(server.machine.refusal, ConnectionFailed)
    assert server.machine.next_timeout() is None


@pytest.mark.parametrize("status", [200, 404, 500])
def test_a_subscription_is_not_tried_again_where_no_agent_answers(status):
    server = subscribing()
    server.answer(b"<html>", status=status, headers=())
    assert isinstance(server.machine.call.ending.reason, ConnectionFailed)
    assert server.machine.next_timeout() is None
    assert server.machine.is_closed


def test_a_subscription_is_not_tried_again_where_it_is_refused():
    server = subscribing()
    server.answer(rpc(error=UNKNOWN))
    assert server.told() == ["error"]


# Agents that do not stream


def test_a_message_that_is_answered_at_once_is_told_as_one_event():
    server = Foreign(operation=Operation.SEND, as_stream=True)
    assert server.ask() == "SendMessage"
    server.answer(rpc(result={"task": task("COMPLETED", "all")}))
    assert server.told() == ["all"]
    assert server.outcome is Outcome.SETTLED


def test_a_task_that_was_answered_too_early_is_looked_at_until_it_has_settled():
    server = Foreign(operation=Operation.SEND, as_stream=True)
    server.ask()
    server.answer(rpc(result={"task": task()}))
    _, lost = drain(server.machine)
    assert str(lost.error).endswith("the agent does not stream, and answered before it was done")
    assert server.ask() == "GetTask"
    server.answer(rpc(result=task(text="a")))
    assert server.ask() == "GetTask"
    server.answer(rpc(result=task("COMPLETED", "ab")))
    assert server.whole == "ab"
    assert server.outcome is Outcome.SETTLED
    assert server.waits == [1.0, 1.0]


def test_a_call_that_does_not_stream_is_asked_once():
    server = Foreign(operation=Operation.GET, params=GetTaskRequest(id="t"))
    server.ask()
    server.answer(b"", status=503)
    assert server.machine.is_closed
    with pytest.raises(ConnectionFailed, match="HTTP 503"):
        server.machine.call.result()


@pytest.mark.parametrize("body", [rpc(result=None), rpc(), rpc(result={})])
def test_a_result_of_nothing_may_be_missing(body):
    params = DeleteTaskPushNotificationConfigRequest(task_id="t", id="c")
    server = Foreign(operation=Operation.PUSH_DELETE, params=params)
    server.ask()
    server.answer(body)
    assert server.machine.call.result() is None


def test_a_result_that_is_wanted_may_not_be_missing():
    server = Foreign(operation=Operation.GET, params=GetTaskRequest(id="t"))
    server.ask()
    server.answer(rpc())
    with pytest.raises(ConnectionFailed, match="neither a result nor an error"):
        server.machine.call.result()


def test_a_cut_that_is_not_the_end_says_why():
    *_, last = drain(cut().machine)
    assert isinstance(last.error, StreamCut)
    assert str(last.error) == "the stream was cut in state working: reset"
    assert not last.done


# A client that goes


def test_who_leaves_in_the_midst_of_a_response_reads_no_more_of_it():
    server = Foreign()
    server.ask()
    server.machine.receive_head(200, SSE, server.now)
    server.machine.receive_data(event({"task": TASK}, 1), server.now)
    server.machine.leave(server.now)
    assert not server.machine.is_reading
    server.machine.receive_data(event(chunk("late"), 2), server.now)
    server.machine.receive_failure(ConnectionFailed("reset"), server.now)
    assert server.told() == ["task", "cut"]
    assert (server.outcome, server.machine.next_request()) == (Outcome.CUT, None)


def test_who_leaves_while_it_waits_for_an_answer_has_none():
    server = Foreign(operation=Operation.GET, params=GetTaskRequest(id="t"))
    server.ask()
    server.machine.leave(server.now)
    assert server.machine.is_closed
    with pytest.raises(ConnectionFailed, match="the client was closed"):
        server.machine.call.result()


def test_who_leaves_after_the_end_changes_nothing():
    server = Foreign()
    server.ask()
    server.stream(event({"task": TASK}), event(DONE))
    server.machine.leave(server.now)
    assert server.told() == ["task", "status"]
    assert server.outcome is Outcome.SETTLED
