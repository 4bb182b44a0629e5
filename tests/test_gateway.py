"""An agent behind a gateway: its events, how they are paced, and what is refused. Without I/O, in virtual time."""

import json
from itertools import pairwise

import pytest

from hocket.a2a import (
    AgentCapabilities,
    Item,
    Message,
    Part,
    Refused,
    Role,
    ServerLimits,
    TaskState,
    TaskStatus,
    TaskStatusUpdateEvent,
)
from hocket.a2a.dialects.gateway import GatewayDialect, progress_of
from hocket.a2a.dialects.gateway_parts import joined
from hocket.a2a.dialects.progress import PROGRESS
from hocket.errors import Code, ErrorObject
from hocket.http import Request
from hocket.http.gateway_body import GatewayBody, Place, numbered_events
from hocket.http.gateway_config import StreamConfig
from hocket.http.gateway_face import GatewayFace
from hocket.log import Entry, LogLimits
from support.gateway import ECHO, listened, posted, streamed, visit
from support.world import World

MESSAGE = {"messageId": "m-1", "role": "user", "parts": [{"type": "text", "text": "hi"}]}


def said(world, state, text):
    run = world.runs[-1]
    message = Message(message_id="a-1", role=Role.AGENT, parts=(Part(text=text),))
    world.emit(TaskStatusUpdateEvent(task_id=run.task.id, status=TaskStatus(state=state, message=message)))


# The events, as the source document has them ---------------------------------------------------------------------


def test_a_task_from_beginning_to_end():
    world = World.of(epoch=1_720_017_000.0)
    call = streamed(world)
    task_id = world.runs[0].task.id
    world.now = 1.234
    world.say("Here is the beginning ", append=False)
    world.say("of the response")
    world.now = 10.89
    world.finish()
    call.pump()
    assert call.status == 200
    assert dict(call.response.headers)["content-type"].startswith("text/event-stream")
    assert dict(call.response.headers)["cache-control"].startswith("no-cache")
    assert dict(call.response.headers)["x-task-id"] == task_id
    message_id = f"{task_id}:a"
    assert call.events == [
        {
            "type": "task.created",
            "task": {
                "id": task_id,
                "status": {"state": "working"},
                "agent": {"id": "echo-agent", "name": "Echo Agent"},
                "created": "2024-07-03T14:30:00.000Z",
            },
        },
        {
            "type": "task.status",
            "taskId": task_id,
            "status": {"state": "working", "timestamp": "2024-07-03T14:30:00.000Z"},
        },
        {
            "type": "task.progress",
            "taskId": task_id,
            "partialResult": "Here is the beginning ",
            "messageId": message_id,
            "append": False,
        },
        {
            "type": "task.progress",
            "taskId": task_id,
            "partialResult": "of the response",
            "messageId": message_id,
            "append": True,
        },
        {
            "type": "task.completed",
            "task": {
                "id": task_id,
                "status": {"state": "completed"},
                "result": {
                    "messages": [
                        {
                            "kind": "message",
                            "messageId": message_id,
                            "role": "agent",
                            "parts": [
                                {"kind": "text", "type": "text", "text": "Here is the beginning of the response"}
                            ],
                        }
                    ]
                },
                "completed": "2024-07-03T14:30:10.890Z",
            },
        },
    ]
    assert call.answer.is_closed
    assert "event:" not in call.text
    assert [line for line in call.text.split("\n") if line.startswith("id:")] == [f"id: {n}" for n in range(1, 6)]


@pytest.mark.parametrize(
    ("state", "text", "error"),
    [
        (TaskState.FAILED, "no luck", "no luck"),
        (TaskState.FAILED, "", "The task failed."),
        (TaskState.CANCELED, "", "The task was canceled."),
        (TaskState.REJECTED, "", "The agent rejected the task."),
    ],
)
def test_a_task_that_ends_badly(state, text, error):
    world = World.of()
    call = streamed(world)
    said(world, state, text)
    world.end()
    task_id = world.runs[0].task.id
    assert call.pump().events[-1] == {"type": "task.error", "taskId": task_id, "error": error, "state": state.value}
    assert call.answer.is_closed


def test_a_question_ends_the_stream_and_the_answer_to_it_is_a_stream_of_the_whole_task():
    world = World.of()
    call = streamed(world)
    said(world, TaskState.INPUT_REQUIRED, "Which quarter?")
    world.end()
    status = call.pump().events[-1]["status"]
    assert (status["state"], status["message"]["parts"][0]["text"]) == ("input-required", "Which quarter?")
    assert call.answer.is_closed
    answer = {**MESSAGE, "messageId": "m-2", "taskId": world.runs[0].task.id}
    again = posted(world, "message/stream", {"message": answer}, "bob")
    world.start()
    world.say("Q2", append=False)
    world.finish()
    kinds = again.pump().kinds
    assert "created" not in again.events[0]["task"], "when that was is not in the task"
    assert (kinds[0], kinds[-1], kinds.count("task.created")) == ("task.created", "task.completed", 1)


@pytest.mark.parametrize(
    ("said", "progress"),
    [(0, 0), (50, 50), (12.5, 12.5), (100, 100), (-1, None), (101, None), (True, None), ("50", None), (None, None)],
)
def test_what_counts_as_progress(said, progress):
    assert progress_of({"progress": said}) == progress
    assert progress_of(None) is None


def test_each_dialect_has_events_of_its_own_for_the_same_entry():
    world = World.of()
    streamed(world)
    entry = Entry(1, world.runs[0].task)
    other = GatewayDialect(agent_id="other", agent_name="Other")
    written = [each.write_entry(entry, lambda: entry.event, False) for each in (ECHO, other, PROGRESS, ECHO)]
    assert written[0] is written[3], "written once for all readers"
    assert len(set(written)) == 3


def test_text_that_came_with_something_of_its_own_stays_by_itself():
    parts = [Part(text="a"), Part(text="b"), Part(text="c", metadata={"m": 1}), Part(text="d", media_type="text/html")]
    assert joined(parts) == [Part(text="ab"), *parts[2:]]
    assert joined(parts[2:3]) == parts[2:3]


# Pace --------------------------------------------------------------------------------------------------------------


def test_heartbeats_break_a_silence_and_are_no_part_of_the_log():
    world = World.of(epoch=1_720_017_000.0)
    call = streamed(world, {"heartbeat": 10})
    assert call.answer.next_timeout() == 10.0
    world.now = 9.0
    world.say("x", append=False)
    call.pump()
    assert call.answer.next_timeout() == 19.0
    world.now = 19.0
    call.pump()
    assert call.writes[-1] == b'data: {"type":"heartbeat","timestamp":"2024-07-03T14:30:19.000Z"}\n\n'
    world.now = 29.0
    call.pump()
    assert call.kinds.count("heartbeat") == 2
    world.finish()
    call.pump()
    assert call.answer.next_timeout() is None
    listener = listened(world, f"taskId={world.runs[0].task.id}")
    assert "heartbeat" not in listener.kinds


def test_without_heartbeats_there_are_comments_all_the_same():
    world = World.of()
    call = streamed(world, {"heartbeat": 0}, face=GatewayFace(ECHO, keep_alive=15.0))
    for world.now in (15.0, 30.0):
        assert call.pump().writes.pop() == b": keep-alive\n\n"
    call = streamed(World.of(), {"heartbeat": 0})
    assert call.answer.next_timeout() is None


def test_a_comment_does_not_put_off_a_heartbeat():
    world = World.of()
    call = streamed(world, {"heartbeat": 20}, face=GatewayFace(ECHO, keep_alive=15.0))
    world.now = 15.0
    call.pump()
    assert call.answer.next_timeout() == 20.0
    world.now = 20.0
    assert call.pump().kinds[-1] == "heartbeat"
    assert call.answer.next_timeout() == 35.0


def test_by_default_there_is_a_heartbeat_after_30_seconds():
    assert streamed(World.of()).answer.next_timeout() == 30.0


@pytest.mark.parametrize("size", [1, 300, 1024, 100_000])
def test_ready_events_share_a_write_up_to_the_size_of_the_buffer(size):
    world = World.of()
    call = streamed(world, {"bufferSize": size})
    before = len(call.writes)
    for number in range(20):
        world.say(f"{number} ", append=number > 0)
    call.pump()
    writes = call.writes[before:]
    assert all(len(write) <= size or write.count(b"\n\n") == 1 for write in writes)
    fits = [len(first) + len(second.split(b"\n\n")[0]) + 2 for first, second in pairwise(writes)]
    assert all(together > size for together in fits), "no write is smaller than it had to be"
    assert call.text.count("task.progress") == 20


@pytest.mark.parametrize(("size", "writes"), [(8, [[b"aaaa", b"bbbb"], [b"c"]]), (7, [[b"aaaa"], [b"bbbb", b"c"]])])
def test_a_write_is_as_large_as_the_buffer_and_no_larger(size, writes):
    body = GatewayBody(0.0, StreamConfig(buffer_size=size))
    body.write([b"aaaa", b"bbbb", b"c"], 0.0)
    assert [body.data_to_send(), body.data_to_send()] == writes
    assert body.is_empty
    assert body.data_to_send() == []


def test_an_agent_that_is_silent_for_too_long_fails():
    world = World.of()
    call = streamed(world, {"timeout": 5})
    world.now = 4.0
    world.say("x", append=False)
    world.now = 8.9
    world.server.handle_timeout(world.now)
    assert "task.error" not in call.pump().kinds
    world.now = 9.0
    world.server.handle_timeout(world.now)
    assert call.pump().kinds[-1] == "task.error"
    assert "silent" in call.events[-1]["error"]
    assert call.answer.is_closed


# EventSource -------------------------------------------------------------------------------------------------------


def test_an_event_source_reads_a_task_from_its_beginning_to_its_end_or_after_what_it_has_seen():
    world = World.of()
    call = streamed(world)
    world.say("a", append=False)
    query = f"taskId={world.runs[0].task.id}"
    live = listened(world, query)
    assert live.kinds == ["task.created", "task.status", "task.progress"]
    world.finish()
    assert live.pump().events == call.pump().events
    assert live.answer.is_closed
    later = listened(world, query, "late", headers=(("Last-Event-ID", "3"),))
    assert later.kinds == ["task.completed"]
    nothing = listened(world, query, "done", headers=(("Last-Event-ID", "4"),))
    assert (nothing.status, nothing.writes) == (204, [])


def test_an_event_source_that_has_seen_all_there_is_so_far_is_kept():
    world = World.of()
    streamed(world)
    waiting = listened(world, f"taskId={world.runs[0].task.id}", headers=(("Last-Event-ID", "2"),))
    assert (waiting.status, waiting.text, waiting.answer.is_closed) == (200, "", False)
    assert waiting.answer.next_timeout() == 30.0
    world.finish()
    assert waiting.pump().kinds == ["task.completed"]


@pytest.mark.parametrize("event_id", ["9" * 5000, "1.2.3", "-1", "1.", "x", "½", "99"])
def test_an_id_that_is_none_of_ours_counts_as_none(event_id):
    world = World.of()
    streamed(world)
    told = listened(world, f"taskId={world.runs[0].task.id}", headers=(("Last-Event-ID", event_id),))
    assert told.kinds[0] == "task.created"


def test_a_place_within_an_entry():
    world = World.of()
    streamed(world)
    said(world, TaskState.COMPLETED, "all of it")
    world.end()
    query = f"taskId={world.runs[0].task.id}"
    whole = listened(world, query)
    assert "id: 3.1\n" in whole.text
    assert whole.kinds[-2:] == ["task.progress", "task.completed"]
    seen = (("Last-Event-ID", "3.1"),)
    assert listened(world, query, "late", headers=seen).kinds == ["task.completed"]
    again = posted(world, "tasks/resubscribe", {"id": world.runs[0].task.id}, "again", headers=seen)
    assert again.kinds == ["task.completed"]


def test_a_place_within_an_entry_says_nothing_of_the_entries_after_it():
    events = b'{"type":"task.progress","n":1}\n{"type":"task.progress","n":2}\n{"type":"task.progress","n":3}'
    entries = [Item(request_id="r", offset=offset, result=events) for offset in (7, 8)]
    first, second = (b"".join(numbered_events(entry, Place.of("7.2"))).count(b"data:") for entry in entries)
    assert (first, second) == (1, 3)


def test_a_task_whose_beginning_is_gone_is_told_as_it_stands_or_not_at_all():
    world = World.of(limits=ServerLimits(log=LogLimits(entries=2)))
    streamed(world)
    for number in range(5):
        world.say(f"{number} ", append=number > 0)
    query = f"taskId={world.runs[0].task.id}"
    told = listened(world, query)
    assert told.kinds == ["task.created", "task.progress", "task.status"]
    assert "created" not in told.events[0]["task"], "the time is not known any more"
    assert told.events[1]["partialResult"] == "0 1 2 3 4 "
    assert [line for line in told.text.split("\n") if line.startswith("id: ")] == ["id: 7"]
    world.say("5")
    assert listened(world, query, "late", headers=(("Last-Event-ID", "7"),)).kinds == ["task.progress"]
    assert listened(world, query, "later", headers=(("Last-Event-ID", "2.1"),)).kinds[0] == "task.created"


def test_an_event_source_hears_of_every_task_from_now_on():
    world = World.of()
    streamed(world)
    listener = listened(world, "")
    assert (listener.status, listener.text) == (200, ":\n\n")
    streamed(world, link="bob")
    world.say("x", append=False)
    world.finish()
    kinds = listener.pump().kinds
    assert (kinds[0], kinds[-1]) == ("task.created", "task.completed")
    assert {event.get("taskId") or event["task"]["id"] for event in listener.events} == {world.runs[1].task.id}
    assert "id:" not in listener.text
    error = ECHO.write_error(ErrorObject.of(Code.TASK_NOT_FOUND))
    listener.answer.deliver([Refused(request_id="t-1", error=error)], 0.0)
    assert listener.pump().events[-1].items() >= {"code": 4001, "taskId": "t-1"}.items()
    assert not listener.answer.is_closed


def test_who_hears_of_every_task_and_does_not_listen_is_told_so_and_may_come_back():
    world = World.of(limits=ServerLimits(calls=1))
    listener = listened(world, "")
    for number in range(4):
        streamed(world, link=f"caller {number}")
        world.finish()
    assert listener.pump().kinds == [4101]
    assert listener.text.startswith(":\n\nevent: error\n")
    assert "taskId" not in listener.events[0]
    assert (listener.answer.is_closed, listener.answer.is_cut) == (True, False)
    assert listener.answer.next_timeout() is None
    again = listened(world, "", link="eve again")
    streamed(world, link="bob")
    assert again.pump().kinds[0] == "task.created"


def test_an_unknown_task_is_not_found():
    refused = listened(World.of(epoch=1_720_017_000.0), "taskId=nope")
    expected = {"code": 4001, "message": "Task not found", "taskId": "nope", "timestamp": "2024-07-03T14:30:00.000Z"}
    assert (refused.status, refused.json()) == (404, expected)


def test_only_get():
    response = visit(World.of(), Request(method="POST", path="/a2a/stream")).response
    assert (response.status, dict(response.headers)["allow"]) == (405, "GET")


def test_what_the_agent_does_not_do_comes_before_the_parameters():
    refused = posted(World.of(), "tasks/pushNotificationConfig/set", {})
    assert (refused.status, refused.json()["error"]["code"]) == (400, Code.PUSH_NOTIFICATION_NOT_SUPPORTED)


def test_an_agent_that_does_not_stream():
    world = World.of(capabilities=AgentCapabilities(streaming=False))
    assert (refused := streamed(world)).json()["error"]["code"] == Code.UNSUPPORTED_OPERATION
    assert refused.status == 400
    watch = listened(world, "")
    assert (watch.status, watch.json()["code"]) == (400, Code.UNSUPPORTED_OPERATION)


# Failures ----------------------------------------------------------------------------------------------------------


def test_a_failure_in_the_midst_of_a_stream_is_an_event_of_its_own():
    world = World.of(epoch=1_720_017_000.0)
    call = streamed(world)
    error = ECHO.write_error(ErrorObject.of(Code.INTERNAL_ERROR, "the log is gone"))
    call.answer.deliver([Refused(request_id="r", error=error)], 5.0)
    call.pump()
    assert call.text.endswith(
        'event: error\ndata: {"code":4301,"message":"the log is gone",'
        f'"taskId":"{world.runs[0].task.id}","timestamp":"2024-07-03T14:30:05.000Z"}}\n\n'
    )
    assert call.answer.is_closed


def test_a_gateway_that_stops_cuts_its_streams_and_says_so_to_the_rest():
    world = World.of()
    call = streamed(world)
    call.answer.cut()
    assert (call.answer.is_closed, call.answer.is_cut) == (True, True)
    waiting = posted(world, "message/send", {"message": {**MESSAGE, "messageId": "m-2"}}, "bob")
    assert waiting.response is None
    waiting.answer.cut()
    waiting.pump()
    assert (waiting.status, waiting.json()["error"]["code"]) == (503, 4101)


CONFIGS = {
    "heartbeat": [-1, 3601, 1.5, "30", True, None, []],
    "bufferSize": [0, -5, 1024 * 1024 + 1, 1e3],
    "timeout": [0, -1, 86_401, "forever"],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in CONFIGS.items() for value in values])
def test_a_stream_config_that_cannot_be(name, value):
    world = World.of()
    refused = streamed(world, {name: value})
    error = refused.json()["error"]
    assert (refused.status, error["code"]) == (400, -32602)
    assert [each["field"] for each in error["data"]["fieldViolations"]] == [f"streamConfig.{name}"]
    assert world.runs == []


def test_all_that_is_wrong_with_a_stream_config_is_named():
    error = streamed(World.of(), {"heartbeat": -1, "timeout": 0, "other": 1}).json()["error"]
    fields = [each["field"] for each in error["data"]["fieldViolations"]]
    assert fields == ["streamConfig.heartbeat", "streamConfig.timeout"]
    assert streamed(World.of(), []).json()["error"]["code"] == -32602


PART = {"type": "image", "image": "?"}
REFUSED = [
    ("message/stream", {"message": {**MESSAGE, "parts": [PART]}}, 415, 4202, "message.parts[0]"),
    ("message/stream", {"message": {**MESSAGE, "parts": []}}, 400, 4201, "message.parts"),
    ("message/stream", {"message": {**MESSAGE, "parts": [{"text": 3}]}}, 400, 4201, "message.parts[0].text"),
    ("message/stream", {"message": {**MESSAGE, "role": 3}}, 400, 4201, "message.role"),
    ("message/stream", {}, 400, 4201, "message"),
    ("message/stream", {"message": {**MESSAGE, "taskId": "nope"}}, 404, 4001, None),
    ("message/send", {"message": {**MESSAGE, "parts": [PART]}}, 415, 4202, "message.parts[0]"),
    ("tasks/get", {"id": "nope"}, 404, 4001, None),
    ("tasks/get", {"id": "t", "historyLength": -1}, 400, -32602, "historyLength"),
    ("tasks/cancel", {"id": "nope"}, 404, 4001, None),
    ("tasks/resubscribe", {"id": "nope"}, 404, 4001, None),
    ("tasks/dance", {}, 404, -32601, None),
]


@pytest.mark.parametrize(("method", "params", "status", "code", "field"), REFUSED)
def test_what_is_refused(method, params, status, code, field):
    refused = posted(World.of(), method, params)
    body = refused.json()
    assert (refused.status, body["id"], body["error"]["code"]) == (status, "r", code)
    named = [each["field"] for each in body["error"].get("data", {}).get("fieldViolations", [])]
    assert named == ([] if field is None else [field])


@pytest.mark.parametrize(
    ("body", "headers", "status", "code"),
    [
        (b"{", (), 400, -32700),
        (b"[]", (), 400, -32600),
        (b"{}", (("Content-Type", "text/plain"),), 415, 4202),
    ],
)
def test_a_body_that_is_no_call(body, headers, status, code):
    refused = visit(World.of(), Request(method="POST", path="/a2a", headers=headers, body=body))
    assert (refused.status, refused.json()["error"]["code"]) == (status, code)


def test_what_only_tells_is_accepted():
    told = visit(World.of(), Request(method="POST", path="/a2a", body=b'{"jsonrpc":"2.0","method":"x"}'))
    assert (told.status, told.response.body) == (202, b"")


# Calls that do not stream ------------------------------------------------------------------------------------------


def test_a_task_has_parts_with_kind_and_type():
    world = World.of()
    call = posted(world, "message/send", {"message": MESSAGE})
    world.start()
    world.say("done", append=False)
    world.finish()
    task = call.pump().json()["result"]
    assert (call.status, task["kind"], task["status"]["state"]) == (200, "task", "completed")
    assert task["artifacts"][0]["parts"] == [{"kind": "text", "type": "text", "text": "done"}]
    assert task["history"][0]["parts"] == [{"kind": "text", "type": "text", "text": "hi"}]
    got = posted(world, "tasks/get", {"id": task["id"]}, "bob")
    assert got.json()["result"] == task
    late = posted(world, "tasks/cancel", {"id": task["id"]}, "eve")
    assert (late.status, late.json()["error"]["code"]) == (409, Code.TASK_NOT_CANCELABLE)


def test_a_cancel_ends_the_stream():
    world = World.of()
    call = streamed(world)
    canceled = posted(world, "tasks/cancel", {"id": world.runs[0].task.id}, "bob")
    world.end()
    assert canceled.pump().json()["result"]["status"]["state"] == "canceled"
    assert call.pump().events[-1]["state"] == "canceled"


def test_a_batch_is_answered_as_a_whole():
    world = World.of()
    calls = [
        {"jsonrpc": "2.0", "id": 1, "method": "tasks/get", "params": {"id": "nope"}},
        {"jsonrpc": "2.0", "id": 2, "method": "message/stream", "params": {"message": MESSAGE}},
    ]
    answered = visit(world, Request(method="POST", path="/a2a", body=json.dumps(calls).encode()))
    codes = {each["id"]: each["error"]["code"] for each in answered.json()}
    assert (answered.status, codes) == (200, {1: 4001, 2: -32600})
    assert world.runs == []


def test_resubscribe_is_a_stream_of_typed_events():
    world = World.of()
    streamed(world)
    again = posted(world, "tasks/resubscribe", {"id": world.runs[0].task.id}, "bob")
    world.finish()
    assert again.pump().kinds[0] == "task.created"
    assert again.kinds[-1] == "task.completed"


# Who is no client of a gateway -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "request_",
    [
        Request(method="POST", path="/a2a", headers=(("A2A-Version", "0.3"),), body=b"{}"),
        Request(method="POST", path="/a2a", query="A2A-Version=1.0", body=b"{}"),
        Request(method="POST", path="/a2a", headers=(("Accept-Profile", "a2a"),), body=b"{}"),
        Request(method="POST", path="/a2a", body=b'{"jsonrpc":"2.0","id":1,"method":"SendMessage"}'),
        Request(method="POST", path="/", body=b"{}"),
        Request(method="GET", path="/a2a"),
        Request(method="GET", path="/tasks"),
    ],
)
def test_a_caller_that_speaks_a2a_is_left_to_a2a(request_):
    world = World.of()
    assert GatewayFace(ECHO).receive("ada", request_, world.server, 0.0) is None
    assert world.server.take("ada") == []
