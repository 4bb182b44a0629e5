"""What an agent says, value by value, as A2A events: first, append, lastChunk, and the one end."""

import enum
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hocket.a2a import (
    Artifact,
    Message,
    Part,
    Role,
    Task,
    TaskArtifactUpdateEvent,
    TaskState,
    TaskStatus,
    TaskStatusUpdateEvent,
    TextView,
    fold,
)
from hocket.agent import Progress, Speech
from hocket.entropy import seeded
from hocket.errors import LocalProtocolError


class Word(enum.StrEnum):
    HELLO = "Hello"


def speech(run=1):
    return Speech("t", "c", run, seeded(1))


def said(*values, returned=None, run=1):
    speaker = speech(run)
    items = [item for value in values for item in speaker.say(value)]
    return items + speaker.finish(returned)


def short(items):
    """(artifact, text, append, last) of a chunk; state of a status."""
    return [
        (item.artifact.artifact_id, item.artifact.text, item.append, item.last_chunk)
        if isinstance(item, TaskArtifactUpdateEvent)
        else item.status.state.value
        for item in items
    ]


def message(text="words", **more):
    return Message(message_id="m", role=Role.AGENT, parts=(Part(text=text),), **more)


def test_text_is_one_artifact_first_then_appended_then_sealed():
    assert short(said("Hel", "lo")) == [
        ("text-1", "Hel", False, False),
        ("text-1", "lo", True, False),
        ("text-1", "", True, True),
        "completed",
    ]


def test_what_a_plain_function_returns_is_the_whole_text_at_once():
    assert short(said(returned="Hello")) == [("text-1", "Hello", False, True), "completed"]


def test_what_a_generator_returns_is_said_last():
    assert short(said("Hel", returned="lo"))[1:] == [
        ("text-1", "lo", True, False),
        ("text-1", "", True, True),
        "completed",
    ]


@pytest.mark.parametrize("values", [(), (None,), ("", "", None)])
@pytest.mark.parametrize("returned", [None, ""])
def test_an_agent_that_says_nothing_completes(values, returned):
    assert short(said(*values, returned=returned)) == ["completed"]


def test_empty_strings_between_words_are_no_chunks():
    assert len(said("a", "", "b")) == 4


def test_a_string_of_another_class_is_text():
    chunk, *_ = said(Word.HELLO)
    assert type(chunk.artifact.parts[0].text) is str
    assert chunk.artifact.text == "Hello"


def test_every_turn_has_artifacts_of_its_own():
    first = said("a", {"n": 1}, run=1)
    second = said("b", {"n": 2}, run=4)
    task = Task(id="t", context_id="c", status=TaskStatus(state=TaskState.SUBMITTED))
    assert [each.artifact_id for each in fold([task, *first, *second]).artifacts] == [
        "text-1",
        "data-1-1",
        "text-4",
        "data-4-1",
    ]


@pytest.mark.parametrize(
    ("value", "part"),
    [
        ({"a": [1]}, Part(data={"a": [1]})),
        ({}, Part(data={})),
        (b"\x00", Part(raw=b"\x00", media_type="application/octet-stream")),
        (bytearray(b"x"), Part(raw=b"x", media_type="application/octet-stream")),
        (memoryview(b"x"), Part(raw=b"x", media_type="application/octet-stream")),
        (Part(url="http://x", filename="f"), Part(url="http://x", filename="f")),
    ],
)
def test_data_and_files_are_whole_artifacts_of_their_own(value, part):
    first, second, end = said(value, value)
    assert first.artifact.parts == second.artifact.parts == (part,)
    assert first.artifact.artifact_id != second.artifact.artifact_id
    assert (first.append, first.last_chunk) == (False, True)
    assert end.status.state is TaskState.COMPLETED


def test_an_artifact_is_given_whole_under_its_own_name():
    artifact = Artifact(artifact_id="report", parts=(Part(text="x"),), name="Report")
    update, _ = said(artifact)
    assert update == TaskArtifactUpdateEvent(
        task_id="t", context_id="c", artifact=artifact, append=False, last_chunk=True
    )


def test_progress_is_a_working_status_with_a_number():
    quiet, loud, _ = said(Progress(25), Progress(50, "half way"))
    assert (quiet.status.state, quiet.metadata, quiet.status.message) == (
        TaskState.WORKING,
        {"progress": 25},
        None,
    )
    assert (loud.status.message.text, loud.status.message.role) == ("half way", Role.AGENT)
    assert loud.status.message.task_id == "t"


def test_a_message_is_addressed_and_said_while_working():
    event, _ = said(message(context_id="wrong"))
    assert event.status.state is TaskState.WORKING
    assert (event.status.message.task_id, event.status.message.context_id) == ("t", "c")


def test_update_events_are_handed_on_as_they_are():
    status = TaskStatusUpdateEvent(task_id="t", status=TaskStatus(state=TaskState.WORKING), metadata={"a": 1})
    chunk = TaskArtifactUpdateEvent(
        task_id="t", artifact=Artifact(artifact_id="a", parts=(Part(text="x"),)), append=True
    )
    assert said(status, chunk)[:2] == [status, chunk]


@pytest.mark.parametrize("state", ["completed", "failed", "canceled", "rejected"])
def test_a_terminal_status_is_the_end_and_seals_the_text(state):
    speaker = speech()
    items = speaker.say("Hello") + speaker.say(TaskStatus(state=TaskState(state), message=message()))
    assert short(items) == [("text-1", "Hello", False, False), ("text-1", "", True, True), state]
    assert speaker.is_over
    with pytest.raises(LocalProtocolError, match=f"the task is {state}: nothing can follow that"):
        speaker.say("more")
    assert speaker.finish("more") == []


@pytest.mark.parametrize("state", ["input-required", "auth-required"])
def test_a_question_is_not_overwritten_by_the_end_of_the_function(state):
    items = said("Well", TaskStatus(state=TaskState(state), message=message("Which?")))
    assert short(items) == [("text-1", "Well", False, False), state, ("text-1", "", True, True)]


@pytest.mark.parametrize("then", [Progress(50), message(), TaskStatus(state=TaskState.WORKING)])
def test_an_agent_that_goes_on_after_its_question_completes(then):
    question = TaskStatus(state=TaskState.AUTH_REQUIRED)
    assert short(said(question, then)) == ["auth-required", "working", "completed"]


def test_a_timestamp_of_the_agent_is_kept():
    (event,) = said(TaskStatus(state=TaskState.COMPLETED, timestamp="2000-01-01T00:00:00Z"))
    assert event.status.timestamp == "2000-01-01T00:00:00Z"


@pytest.mark.parametrize("value", [True, 1, 2.5, [], ("a",), {1}, object(), Role.USER, Task])
def test_what_has_no_meaning_is_refused_and_changes_nothing(value):
    speaker = speech()
    with pytest.raises(LocalProtocolError, match=f"{type(value).__name__} is nothing an agent can say"):
        speaker.say(value)
    with pytest.raises(LocalProtocolError, match="is nothing an agent can say"):
        speaker.finish(value)
    assert short(speaker.finish()) == ["completed"]


def deep(levels):
    return {"a": deep(levels - 1)} if levels else {}


@pytest.mark.parametrize(
    "value", [{"a": object()}, {"a": float("nan")}, {1: 2}, Part(), Part(text="a", url="b"), deep(100)]
)
def test_what_nobody_could_read_is_refused_and_changes_nothing(value):
    speaker = speech()
    with pytest.raises(LocalProtocolError):
        speaker.say(value)
    assert [item.artifact.artifact_id for item in speaker.say({"fine": 1})] == ["data-1-1"]


def test_what_the_agent_changes_later_does_not_change_what_it_said():
    speaker, found = speech(), {"rows": [1]}
    (first,) = speaker.say(found)
    found["rows"].append(2)
    (second,) = speaker.say(found)
    assert (first.artifact.parts[0].data, second.artifact.parts[0].data) == ({"rows": [1]}, {"rows": [1, 2]})


def test_a_failure_names_the_log_entry_and_nothing_of_the_exception():
    (event,) = speech().fail("c0ffee")
    assert event.status.state is TaskState.FAILED
    assert event.status.message.text == "The agent failed; its log has the reason under c0ffee."
    assert event.status.message.role is Role.AGENT


def test_when_debugging_a_failure_says_what_it_is_told_to_say():
    (event,) = speech().fail("c0ffee", "ValueError: no")
    assert event.status.message.text.endswith("under c0ffee. ValueError: no")


def test_a_failure_is_the_end():
    speaker = speech()
    speaker.say("Hel")
    speaker.fail("c0ffee")
    assert speaker.is_over
    assert speaker.finish() == []


VALUES = st.one_of(
    st.none(),
    st.text(max_size=3),
    st.dictionaries(st.text(max_size=2), st.integers(), max_size=2),
    st.binary(max_size=2),
    st.builds(Progress, st.integers(0, 100)),
    st.sampled_from(TaskState).map(lambda state: TaskStatus(state=state)),
)


@given(st.lists(VALUES, max_size=8), st.none() | st.text(max_size=3))
def test_whatever_is_said_there_is_one_end_and_it_is_the_last(values, returned):
    speaker, items = speech(), []
    for value in values:
        if speaker.is_over:
            break
        items += speaker.say(value)
    items += speaker.finish(returned)
    states = [item.status.state for item in items if isinstance(item, TaskStatusUpdateEvent)]
    final = [state for state in states if state.value in ("completed", "failed", "canceled", "rejected")]
    assert len(final) <= 1
    if final:
        assert items[-1].status.state is final[0]
    else:
        assert states[-1] in (TaskState.INPUT_REQUIRED, TaskState.AUTH_REQUIRED)
    assert not any(item.append and before.last_chunk for before, item in zip_chunks(items))


def zip_chunks(items):
    """Each chunk of the text with the one before it."""
    chunks = [item for item in items if isinstance(item, TaskArtifactUpdateEvent)]
    chunks = [chunk for chunk in chunks if chunk.artifact.artifact_id.startswith("text")]
    return list(itertools.pairwise(chunks))


@given(st.lists(st.text(max_size=3), max_size=6), st.none() | st.text(max_size=3))
def test_all_of_the_text_arrives_once(words, returned):
    view = TextView()
    assert "".join(map(view.take, said(*words, returned=returned))) == "".join(words) + (returned or "")
