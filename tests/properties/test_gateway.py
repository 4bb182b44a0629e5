"""The gateway's typed events amount to the task, whatever happened to it, and from whatever place they are read."""

import json

from hypothesis import given
from hypothesis import strategies as st

from hocket.a2a import (
    Artifact,
    Item,
    Message,
    Part,
    Role,
    Task,
    TaskArtifactUpdateEvent,
    TaskState,
    TaskStatus,
    TaskStatusUpdateEvent,
    fold,
)
from hocket.a2a.dialects.gateway import GatewayDialect
from hocket.a2a.dialects.progress import PROGRESS
from hocket.framing import SseParser
from hocket.http.gateway_body import Place, numbered_events
from hocket.log import Entry

ECHO = GatewayDialect(agent_id="echo-agent", agent_name="Echo Agent")
ENDS = (TaskState.COMPLETED, TaskState.FAILED, TaskState.CANCELED, TaskState.REJECTED)
OTHERS = (TaskState.WORKING, TaskState.INPUT_REQUIRED, TaskState.AUTH_REQUIRED, TaskState.SUBMITTED)

TEXTS = st.text(max_size=4) | st.sampled_from(["\u2028", "a\nb", "é"])
PARTS = st.one_of(
    st.builds(Part, text=TEXTS),
    st.builds(Part, data=st.none() | st.integers(0, 9) | st.dictionaries(st.sampled_from("xy"), st.integers(0, 9))),
    st.builds(Part, raw=st.binary(max_size=3), filename=st.none() | st.just("f")),
    st.builds(Part, text=TEXTS, metadata=st.just({"m": 1})),
)
MESSAGES = st.builds(
    Message, message_id=st.uuids().map(str), role=st.just(Role.AGENT), parts=st.lists(PARTS, max_size=3).map(tuple)
)
USER = Message(message_id="u-1", role=Role.USER, parts=(Part(text="go"),))
BEGINNING = Task(id="t", status=TaskStatus(state=TaskState.SUBMITTED, timestamp="then"), history=(USER,))


def status(states):
    return st.builds(
        TaskStatusUpdateEvent,
        task_id=st.just("t"),
        status=st.builds(TaskStatus, state=states, message=st.none() | MESSAGES, timestamp=st.none() | st.just("now")),
        metadata=st.none() | st.builds(dict, progress=st.integers(-1, 101) | st.booleans() | st.just("half")),
    )


PIECES = st.builds(
    TaskArtifactUpdateEvent,
    task_id=st.just("t"),
    artifact=st.builds(Artifact, artifact_id=st.sampled_from("xyz"), parts=st.lists(PARTS, max_size=3).map(tuple)),
    append=st.booleans(),
)
MIDDLES = st.lists(PIECES | PIECES | status(st.sampled_from(OTHERS)) | MESSAGES, max_size=10)
LOGS = st.tuples(MIDDLES, status(st.sampled_from(ENDS))).map(lambda log: [BEGINNING, *log[0], log[1]])


def events_of(log, dialect=ECHO, task=None):
    """All events of a log, as objects."""
    written = [dialect.write_entry(Entry(1, item), lambda: task or fold(log), False) for item in log]
    return [json.loads(line) for result in written if result is not None for line in result.split(b"\n")]


def joined(contents):
    """Adjacent texts as one; empty ones are nothing."""
    out = []
    for each in contents:
        if isinstance(each, str) and out and isinstance(out[-1], str):
            out[-1] += each
        else:
            out.append(each)
    return [each for each in out if each != ""]


def pieced_together(events):
    """What a client has that keeps the pieces: for each message what it amounts to."""
    messages = {}
    for event in events:
        if "messageId" in event:
            if not event["append"]:
                messages[event["messageId"]] = []
            messages.setdefault(event["messageId"], []).append(event["partialResult"])
    return {name: said for name, contents in messages.items() if (said := joined(contents))}


def content(part):
    assert part["type"] == part["kind"]
    if part["kind"] == "text":
        return part["text"]
    if part["kind"] == "file":
        return part
    is_boxed = part.get("metadata", {}).get("data_part_compat")
    return part["data"]["value"] if is_boxed else part["data"]


def told_at_the_end(events):
    messages = events[-1]["task"]["result"]["messages"]
    told = {message["messageId"]: joined([content(part) for part in message["parts"]]) for message in messages}
    return {name: said for name, said in told.items() if said}


@given(LOGS)
def test_a_task_is_created_first_and_over_last_and_the_pieces_are_the_result(log):
    events = events_of(log)
    kinds = [event["type"] for event in events]
    assert kinds[0] == "task.created"
    assert kinds.count("task.created") == 1
    assert kinds[-1] == ("task.completed" if log[-1].status.state is TaskState.COMPLETED else "task.error")
    assert set(kinds[1:-1]) <= {"task.status", "task.progress"}
    assert {event.get("taskId") or event["task"]["id"] for event in events} == {"t"}
    if kinds[-1] == "task.completed":
        assert pieced_together(events) == told_at_the_end(events)
    else:
        assert events[-1]["error"]
        assert events[-1]["state"] == log[-1].status.state.value


@given(st.lists(st.lists(st.builds(Part, text=TEXTS), min_size=1, max_size=3), min_size=1, max_size=4))
def test_where_messages_come_one_after_the_other_the_pieces_put_end_to_end_are_the_text(artifacts):
    log = [BEGINNING]
    for number, parts in enumerate(artifacts):
        for index, part in enumerate(parts):
            piece = Artifact(artifact_id=str(number), parts=(part,))
            log.append(TaskArtifactUpdateEvent(task_id="t", artifact=piece, append=index > 0))
    log.append(TaskStatusUpdateEvent(task_id="t", status=TaskStatus(state=TaskState.COMPLETED)))
    events = events_of(log)
    heard = "".join(event["partialResult"] for event in events if event["type"] == "task.progress")
    result = events[-1]["task"]["result"]["messages"]
    assert heard == "".join(part["text"] for message in result for part in message["parts"])
    assert heard == fold(log).text


@given(LOGS, st.data())
def test_a_task_that_is_told_from_a_snapshot_comes_to_the_same_result(log, data):
    at = data.draw(st.integers(1, len(log)))
    events = events_of([fold(log[:at]), *log[at:]], task=fold(log))
    assert [event["type"] for event in events].count("task.created") == 1
    if log[-1].status.state is TaskState.COMPLETED:
        assert events[-1] == events_of(log)[-1]
        assert pieced_together(events) == told_at_the_end(events)


def parsed(pieces):
    parser = SseParser()
    parser.receive_data(b"".join(pieces))
    events = []
    while (event := parser.next_event()) is not None:
        events.append(event)
    return events


@given(LOGS, st.data())
def test_whoever_comes_back_with_any_id_gets_the_rest(log, data):
    items = []
    for offset, item in enumerate(log, 1):
        result = ECHO.write_entry(Entry(offset, item), lambda: fold(log), False)
        if result is not None:
            items.append(Item(request_id="r", offset=offset, result=result))
    whole = parsed([piece for item in items for piece in numbered_events(item, Place())])
    assert all(event.id for event in whole)
    seen = data.draw(st.integers(0, len(whole) - 1))
    place = Place.of(whole[seen].id)
    rest = parsed([piece for item in items if item.offset > place.offset for piece in numbered_events(item, place)])
    assert [event.data for event in rest] == [event.data for event in whole[seen + 1 :]]


@given(st.text(max_size=30) | st.from_regex(r"\A[0-9]{1,20}(\.[0-9]{1,20}){0,3}\Z"))
def test_a_last_event_id_of_any_kind_is_a_place(text):
    place = Place.of(text)
    assert place.offset >= 0
    assert place.events >= 0


@given(LOGS)
def test_progress_events_say_all_there_is_each_time(log):
    events = events_of(log, PROGRESS)
    assert all(set(event) <= {"task_id", "status", "progress", "message", "result"} for event in events)
    assert all(0 <= event["progress"] <= 100 for event in events)
    assert events[0] == {"task_id": "t", "status": "running", "progress": 0}
    assert {event["status"] for event in events[:-1]} == {"running"}
    words = {TaskState.COMPLETED: "completed", TaskState.CANCELED: "cancelled"}
    assert events[-1]["status"] == words.get(log[-1].status.state, "failed")
    if events[-1]["status"] == "completed":
        assert events[-1]["progress"] == 100
        if isinstance(events[-1]["result"], str) and not log[-1].status.message:
            assert events[-1]["result"] == "".join(each.text for each in fold(log).artifacts)
    else:
        assert events[-1]["message"]
