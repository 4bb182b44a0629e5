"""StreamReader: the events of a stream, and the three ways in which it ends. Ended is not cut."""

import pytest

from hocket.a2a import (
    Artifact,
    ClientLimits,
    Message,
    Outcome,
    Part,
    Role,
    StreamReader,
    Task,
    TaskArtifactUpdateEvent,
    TaskState,
    TaskStatus,
    TaskStatusUpdateEvent,
)
from hocket.errors import ConnectionFailed, ErrorObject, LimitExceeded, RpcError, StreamCut

TERMINAL = [TaskState.COMPLETED, TaskState.FAILED, TaskState.CANCELED, TaskState.REJECTED]
ACTIVE = [TaskState.SUBMITTED, TaskState.WORKING, TaskState.UNKNOWN]


def message(text="words"):
    return Message(message_id="m", role=Role.AGENT, parts=(Part(text=text),), context_id="c")


def status(state, said=None, **more):
    return TaskStatusUpdateEvent(task_id="t", context_id="c", status=TaskStatus(state=state, message=said), **more)


def task(state):
    return Task(id="t", context_id="c", status=TaskStatus(state=state))


CHUNK = TaskArtifactUpdateEvent(task_id="t", artifact=Artifact(artifact_id="a", parts=(Part(text="Hello"),)))


def events(reader):
    told = []
    while (event := reader.next_event()) is not None:
        told.append(event)
    return told


def read(*items, **options):
    reader = StreamReader(**options)
    for item in items:
        reader.receive(item)
    return reader


@pytest.mark.parametrize("state", TERMINAL)
@pytest.mark.parametrize("is_subscription", [True, False])
@pytest.mark.parametrize("make", [status, task])
def test_a_terminal_state_settles_at_once(state, is_subscription, make):
    reader = read(task(TaskState.WORKING), make(state), is_subscription=is_subscription)
    assert reader.outcome is Outcome.SETTLED
    assert [event.done for event in events(reader)] == [False, True]


def test_a_question_settles_a_stream_and_not_a_subscription():
    stream = read(status(TaskState.INPUT_REQUIRED))
    subscription = read(status(TaskState.INPUT_REQUIRED), is_subscription=True)
    assert (stream.outcome, subscription.outcome) == (Outcome.SETTLED, None)
    assert [event.done for event in events(stream) + events(subscription)] == [True, False]


@pytest.mark.parametrize("state", [TaskState.INPUT_REQUIRED, TaskState.AUTH_REQUIRED])
def test_an_end_in_an_interrupted_state_is_settled(state):
    reader = read(status(state), is_subscription=True)
    reader.receive_end()
    first, last = events(reader)
    assert (first.done, last.done, last.state, last.item) == (False, True, state, None)
    assert reader.outcome is Outcome.SETTLED


@pytest.mark.parametrize("state", ACTIVE)
def test_an_end_while_the_agent_works_is_a_cut(state):
    reader = read(task(state), CHUNK)
    reader.receive_end(ConnectionFailed("reset"))
    *_, last = events(reader)
    assert (last.kind, last.done, last.item) == ("cut", True, None)
    assert isinstance(last.error, StreamCut)
    assert str(last.error) == f"the stream was cut in state {state.value}: reset"
    assert reader.outcome is Outcome.CUT
    assert reader.task.artifacts[0].text == "Hello", "what was received can be looked at"


def test_an_empty_stream_is_a_cut():
    reader = StreamReader()
    reader.receive_end()
    (event,) = events(reader)
    assert str(event.error) == "the stream was cut before its first event"
    assert (event.task_id, event.state, reader.task) == (None, None, None)


def test_a_stream_of_messages_is_settled_by_its_end():
    reader = read(message("pong"))
    assert reader.outcome is None
    reader.receive_end()
    first, last = events(reader)
    assert (first.kind, first.text, first.message, first.context_id, first.state) == (
        "message",
        "pong",
        "pong",
        "c",
        None,
    )
    assert (last.kind, last.done, last.text) == ("message", True, "")
    assert reader.messages == [message("pong")]


def test_a_message_does_not_settle_a_task_that_works():
    reader = read(task(TaskState.WORKING), message())
    reader.receive_end()
    assert reader.outcome is Outcome.CUT


def test_an_error_is_a_failure():
    reader = read(task(TaskState.WORKING))
    reader.receive_error(ErrorObject(-32603, "boom"))
    *_, last = events(reader)
    assert (last.kind, last.done, last.error.code) == ("error", True, -32603)
    assert isinstance(last.error, RpcError)
    assert reader.outcome is Outcome.FAILED


def test_what_comes_after_the_end_is_ignored():
    reader = read(status(TaskState.COMPLETED), status(TaskState.WORKING), CHUNK)
    reader.receive_end()
    reader.receive_error(ErrorObject(-1, "late"))
    reader.fail(ConnectionFailed("late"))
    assert [event.state for event in events(reader)] == [TaskState.COMPLETED]
    assert reader.task.state is TaskState.COMPLETED
    assert reader.outcome is Outcome.SETTLED


def test_a_stream_without_its_task_tells_it_all_the_same():
    reader = read(CHUNK, status(TaskState.COMPLETED))
    assert [(event.task_id, event.state) for event in events(reader)] == [
        ("t", TaskState.UNKNOWN),
        ("t", TaskState.COMPLETED),
    ]
    assert (reader.task.id, reader.task.artifacts[0].text) == ("t", "Hello")


def test_offsets_are_told_and_the_last_one_is_remembered():
    reader = StreamReader()
    reader.receive(task(TaskState.WORKING), 3)
    reader.receive(CHUNK)
    reader.receive(CHUNK, 5)
    assert [event.offset for event in events(reader)] == [3, None, 5]
    assert reader.offset == 5


def test_unread_events_are_counted():
    reader = read(task(TaskState.WORKING), CHUNK)
    assert reader.unread == 2
    reader.next_event()
    assert reader.unread == 1


@pytest.mark.parametrize(
    ("metadata", "progress"),
    [
        ({"progress": 50}, 50),
        ({"progress": 0.5}, 0.5),
        ({"progress": True}, None),
        ({"progress": "x"}, None),
        (None, None),
    ],
)
def test_progress(metadata, progress):
    reader = read(status(TaskState.WORKING, message("half"), metadata=metadata))
    (event,) = events(reader)
    assert (event.progress, event.message) == (progress, "half")
    assert event.text == ("" if "progress" in (metadata or {}) else "half")


def test_what_has_no_status_has_no_progress_and_no_message():
    (event,) = events(read(CHUNK))
    assert (event.progress, event.message, event.text) == (None, "", "Hello")


def chunk(text, *, append=True, last=False):
    artifact = Artifact(artifact_id="a", parts=(Part(text=text),))
    return TaskArtifactUpdateEvent(task_id="t", artifact=artifact, append=append, last_chunk=last)


def test_an_update_after_the_last_chunk_is_taken_and_reported():
    reader = read(task(TaskState.WORKING), chunk("Hel", append=False), chunk("lo", last=True), chunk("!"))
    told = events(reader)
    assert [event.after_last_chunk for event in told] == [False, False, False, True]
    assert "".join(event.text for event in told) == reader.task.text == "Hello!"


def test_a_follow_up_that_opens_with_the_question_before_it_goes_on():
    reader = read(
        task(TaskState.INPUT_REQUIRED), status(TaskState.WORKING), task(TaskState.INPUT_REQUIRED), is_follow_up=True
    )
    assert [event.done for event in events(reader)] == [False, False, True]
    ended = read(task(TaskState.INPUT_REQUIRED), is_follow_up=True)
    assert ended.outcome is None
    ended.receive_end()
    assert ended.outcome is Outcome.SETTLED


def test_a_stream_that_is_too_large_fails_with_the_name_of_the_limit():
    reader = StreamReader(limits=ClientLimits(task_size=10_000))
    reader.receive(task(TaskState.WORKING))
    for _ in range(100):
        reader.receive(chunk("x" * 1_000))
    told = events(reader)
    assert reader.outcome is Outcome.FAILED
    assert 5 < len(told) < 12
    assert "task_size = 10000" in str(told[-1].error)
    assert isinstance(told[-1].error, LimitExceeded)


def test_a_task_that_replaces_everything_is_weighed_alone():
    reader = StreamReader(limits=ClientLimits(task_size=10_000))
    for _ in range(100):
        reader.receive(task(TaskState.WORKING))
    assert reader.outcome is None


def test_a_stream_that_nobody_reads_fails_with_the_name_of_the_limit():
    reader = StreamReader(limits=ClientLimits(unread=10))
    reader.receive(task(TaskState.WORKING))
    for _ in range(100):
        reader.receive(chunk("x"))
    told = events(reader)
    assert (len(told), reader.outcome) == (11, Outcome.FAILED)
    assert "unread = 10" in str(told[-1].error)


# A stream that goes on after it was cut


def test_a_cut_that_is_tried_again_is_told_once_and_so_is_what_follows():
    reader = read(task(TaskState.WORKING))
    reader.interrupt(ConnectionFailed("reset"))
    reader.interrupt(ConnectionFailed("refused"))
    assert reader.is_waiting
    reader.resume()
    reader.resume()
    assert reader.is_waiting
    reader.receive(CHUNK)
    assert not reader.is_waiting
    told = events(reader)
    assert [event.kind for event in told] == ["task", "cut", "resumed", "artifact"]
    assert [event.done for event in told] == [False] * 4
    assert str(told[1].error) == "the stream was cut in state working: reset"


def test_an_item_says_by_itself_that_the_stream_goes_on():
    reader = read(task(TaskState.WORKING))
    reader.interrupt()
    reader.receive(CHUNK)
    assert [event.kind for event in events(reader)] == ["task", "cut", "resumed", "artifact"]


@pytest.mark.parametrize(
    ("before", "after", "is_patchy"),
    [(2, 3, False), (2, 5, False), (2, 2, True), (2, 1, True), (None, 3, True), (2, None, True)],
)
def test_two_ends_meet_if_their_numbers_say_so(before, after, is_patchy):
    reader = StreamReader()
    reader.receive(task(TaskState.WORKING), before)
    reader.interrupt()
    reader.resume()
    reader.receive(CHUNK, after)
    assert reader.is_patchy == is_patchy
    reader.receive(status(TaskState.COMPLETED), 6)
    assert (reader.wants_task, reader.is_closed) == (is_patchy, not is_patchy)


def test_a_gap_stays_a_gap():
    reader = read(task(TaskState.WORKING))
    for number in (None, 5):
        reader.interrupt()
        reader.receive(CHUNK, number)
    reader.interrupt()
    reader.receive(CHUNK, 6)
    assert reader.is_patchy


def test_where_they_do_not_the_whole_task_is_the_end():
    reader = read(task(TaskState.WORKING), CHUNK)
    reader.interrupt()
    reader.receive(status(TaskState.COMPLETED))
    whole = Task(
        id="t",
        status=TaskStatus(state=TaskState.COMPLETED),
        artifacts=(Artifact(artifact_id="a", parts=(Part(text="Hello Ada"),)),),
    )
    reader.conclude(whole)
    *_, last_item, end = events(reader)
    assert (last_item.done, end.done, end.text, end.item) == (False, True, " Ada", whole)
    assert (reader.outcome, reader.task, reader.wants_task) == (Outcome.SETTLED, whole, False)
    reader.conclude(task(TaskState.FAILED))
    assert reader.task == whole


def test_what_comes_after_a_last_item_that_is_not_trusted_was_to_come():
    reader = read(task(TaskState.WORKING))
    reader.interrupt()
    reader.receive(status(TaskState.COMPLETED))
    assert reader.wants_task
    reader.receive(CHUNK)
    assert not reader.wants_task


def test_a_whole_task_that_is_too_large_fails():
    reader = StreamReader(limits=ClientLimits(task_size=1_000))
    reader.conclude(Task(id="t", status=TaskStatus(state=TaskState.COMPLETED, message=message("x" * 1_000))))
    assert reader.outcome is Outcome.FAILED


def test_an_end_that_may_have_a_gap_before_it_is_a_cut():
    reader = read(task(TaskState.WORKING))
    reader.interrupt()
    reader.receive(status(TaskState.AUTH_REQUIRED))
    assert reader.is_settled
    reader.receive_end("gone")
    assert reader.outcome is Outcome.CUT


def test_news_is_what_was_not_known():
    reader = read(task(TaskState.WORKING), task(TaskState.WORKING), CHUNK)
    assert reader.news == 2


def test_what_was_known_from_the_start():
    reader = StreamReader(True, task_id="t", offset=4)
    assert (reader.task_id, reader.offset) == ("t", 4)
    reader.receive_end()
    (event,) = events(reader)
    assert (event.task_id, str(event.error)) == ("t", "the stream was cut before its first event")
