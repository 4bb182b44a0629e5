"""event.text: whichever way a peer puts text on the wire, a person reads it once."""

import tracemalloc

import pytest
from attrs import evolve

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
)


def said(text, message_id=None):
    return Message(message_id=message_id or f"m-{text}", role=Role.AGENT, parts=(Part(text=text),))


def status(text="", state=TaskState.WORKING, message_id=None, metadata=None):
    message = said(text, message_id) if text else None
    return TaskStatusUpdateEvent(task_id="t", status=TaskStatus(state=state, message=message), metadata=metadata)


def done(text="", message_id=None):
    return status(text, TaskState.COMPLETED, message_id)


def first(text, artifact_id="a"):
    artifact = Artifact(artifact_id=artifact_id, parts=(Part(text=text),))
    return TaskArtifactUpdateEvent(task_id="t", artifact=artifact)


def more(text, artifact_id="a", *, last=False):
    artifact = Artifact(artifact_id=artifact_id, parts=(Part(text=text),))
    return TaskArtifactUpdateEvent(task_id="t", artifact=artifact, append=True, last_chunk=last)


def task(*artifacts, message=None, state=TaskState.WORKING):
    return Task(
        id="t",
        status=TaskStatus(state=state, message=message),
        artifacts=tuple(Artifact(artifact_id=artifact_id, parts=(Part(text=text),)) for artifact_id, text in artifacts),
    )


def shown(*items):
    view = TextView()
    return [view.take(item) for item in items]


@pytest.mark.parametrize(
    ("items", "texts"),
    [
        # the three ways
        ([task(), status(), first("Hel"), more("lo"), done()], ["", "", "Hel", "lo", ""]),
        ([task(), status("Hel"), status("lo"), done()], ["", "Hel", "lo", ""]),
        ([said("Hello")], ["Hello"]),
        ([said("Hel"), said("lo")], ["Hel", "lo"]),
        # chunks that all say append, and chunks that each hold everything so far
        ([task(), more("Hel"), more("lo"), done()], ["", "Hel", "lo", ""]),
        ([task(), first("Hel"), first("Hello"), done()], ["", "Hel", "lo", ""]),
        # repetitions
        ([first("Hel"), more("lo"), first("Hello"), done()], ["Hel", "lo", "", ""]),
        ([first("Hel"), more("lo"), done("Hello")], ["Hel", "lo", ""]),
        ([first("Hello"), done("Hello")], ["Hello", ""]),
        ([status("Hel"), status("lo"), done("Hello")], ["Hel", "lo", ""]),
        ([status("Hel"), status("lo"), first("Hello"), done()], ["Hel", "lo", "", ""]),
        ([first("Hel"), more("lo"), task(("a", "Hello"), state=TaskState.COMPLETED)], ["Hel", "lo", ""]),
        ([status("one", message_id="m"), status("one", message_id="m")], ["one", ""]),
        ([said("one", "m"), task(message=said("one", "m"))], ["one", ""]),
        # not repetitions
        ([status("ha", message_id="1"), status("ha", message_id="2")], ["ha", "ha"]),
        ([first("Hello"), done("That was all.")], ["Hello", "That was all."]),
        ([first("one", "a"), first("two", "b"), more("!", "a")], ["one", "two", "!"]),
        # replaced artifacts
        ([first("draft"), first("final")], ["draft", "final"]),
        (
            [first("draft"), first("final"), more("!"), first("final! Really.")],
            ["draft", "final", "!", " Really."],
        ),
        # a Task snapshot, as after a resume: only what is new
        ([first("Hel"), task(("a", "Hello"), ("b", " Ada"))], ["Hel", "lo Ada"]),
        ([task(("a", "Hel")), more("lo")], ["Hel", "lo"]),
        ([task(("a", "Hello"), message=said("Bye."))], ["HelloBye."]),
        ([task(message=said("What colour?"), state=TaskState.INPUT_REQUIRED)], ["What colour?"]),
        # progress is no part of the answer
        ([status("half way", metadata={"progress": 50}), status("x", metadata={"other": 1})], ["", "x"]),
        # nothing
        ([first(""), more(""), done()], ["", "", ""]),
    ],
)
def test_what_a_person_reads(items, texts):
    assert shown(*items) == texts


def test_only_text_parts_are_text():
    parts = (Part(text="a"), Part(data={"text": "b"}), Part(raw=b"c"), Part(text="d"))
    message = Message(message_id="m", role=Role.AGENT, parts=parts)
    assert shown(message) == ["ad"]


def test_what_was_shown_is_not_joined_again_for_every_message():
    """Cost per chunk does not grow with the stream: a word after 1 MB of words allocates no megabyte."""
    view = TextView()
    for number in range(1_000):
        assert view.take(status("word " * 200, message_id=str(number))) == "word " * 200
    tracemalloc.start()
    try:
        assert view.take(status("one more")) == "one more"
        assert view.take(first("and more", "new")) == "and more"
        assert tracemalloc.get_traced_memory()[1] < 100_000
    finally:
        tracemalloc.stop()
    assert view.take(done("word " * 200_000 + "one moreand more")) == ""


@pytest.mark.parametrize(
    ("items", "texts"),
    [
        # what earlier turns said comes with the Task, and is not told again
        ([task(("a", "before ")), first("now", "b"), done()], ["", "now", ""]),
        ([task(("a", "before "), message=said("question?")), status("Hel"), status("lo")], ["", "Hel", "lo"]),
        # an artifact of an earlier turn that goes on
        ([task(("a", "before ")), more("now"), first("before now and then")], ["", "now", " and then"]),
        # a Task in mid-stream is news again
        ([task(("a", "before")), task(("a", "before"), ("b", "now"))], ["", "now"]),
        # a message that was sent before, to a task that has settled since: the Task is all there is
        ([task(("a", "all of it"), state=TaskState.COMPLETED)], ["all of it"]),
    ],
)
def test_what_a_follow_up_adds(items, texts):
    view = TextView(is_follow_up=True)
    assert [view.take(item) for item in items] == texts


def test_progress_in_a_snapshot_is_no_text():
    snapshot = evolve(task(("a", "Hel"), message=said("half way")), metadata={"progress": 50})
    assert shown(snapshot, more("lo")) == ["Hel", "lo"]
    settled = evolve(task(message=said("Which?"), state=TaskState.INPUT_REQUIRED), metadata={"progress": 50})
    assert shown(settled) == ["Which?"]


def test_a_follow_up_is_not_told_again_what_earlier_turns_said():
    view = TextView(is_follow_up=True)
    earlier = task(("old", "Hello."), message=said("Which colour?"))
    items = [
        earlier,
        first("Blue", "new"),
        more(" then.", "new"),
        task(("old", "Hello."), ("new", "Blue then. Bye.")),
    ]
    assert [view.take(item) for item in items] == ["", "Blue", " then.", " Bye."]


def test_a_follow_up_that_is_answered_with_the_whole_task_is_told_all_of_it():
    view = TextView(is_follow_up=True)
    assert view.take(task(("old", "Hello."), ("new", "Blue."), state=TaskState.COMPLETED)) == "Hello.Blue."


def with_history(*messages, **options):
    return evolve(task(**options), history=messages)


def test_what_was_said_while_nobody_listened_is_told_once():
    user = evolve(said("question"), role=Role.USER)
    view = TextView()
    assert view.take(with_history(user, said("of an earlier turn"))) == ""
    assert view.take(status("one ")) == "one "
    assert view.take(status("half way", metadata={"progress": 50})) == ""
    view.is_resumed = True
    heard = (user, said("of an earlier turn"), said("one "), said("half way"))
    assert view.take(with_history(*heard, said("two "), message=said("three "))) == "two three "
    assert view.take(with_history(*heard, said("two "), said("three "))) == ""
    assert view.take(status("four")) == "four"


def test_a_task_in_mid_stream_tells_no_history_where_nothing_was_missed():
    view = TextView()
    view.take(status("one "))
    assert view.take(with_history(said("one "), said("in another wording"))) == ""


def test_the_text_of_the_artifacts_is_that_of_the_turn():
    view = TextView(is_follow_up=True)
    view.take(task(("a", "before "), ("b", "other")))
    assert view.of_artifacts(task(("a", "before and after"), ("b", "replaced"), ("c", "new"))) == "and afterreplacednew"
    assert TextView().of_artifacts(task(("a", "all"))) == "all"
