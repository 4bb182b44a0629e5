"""The fold, fact by fact (A2A 1.0 sections 3.1.2 and 4.2 and our decisions where they are silent)."""

import tracemalloc

import pytest
from attrs import evolve

from hocket.a2a import (
    Artifact,
    Fold,
    Message,
    Part,
    Role,
    Task,
    TaskArtifactUpdateEvent,
    TaskState,
    TaskStatus,
    TaskStatusUpdateEvent,
    fold,
    weigh,
)
from hocket.a2a.fold import HISTORY_LIMIT

TASK = Task(id="t", context_id="c", status=TaskStatus(state=TaskState.SUBMITTED))


def message(message_id, text="words"):
    return Message(message_id=message_id, role=Role.AGENT, parts=(Part(text=text),))


def status(state, said=None, **more):
    return TaskStatusUpdateEvent(task_id="t", status=TaskStatus(state=state, message=said), **more)


def chunk(text, *, append=False, last=False, artifact_id="a", **more):
    artifact = Artifact(artifact_id=artifact_id, parts=(Part(text=text),), **more)
    return TaskArtifactUpdateEvent(task_id="t", artifact=artifact, append=append, last_chunk=last)


def test_the_first_item_must_be_the_task():
    with pytest.raises(ValueError, match="begins with the Task, not with a TaskStatusUpdateEvent"):
        fold([status(TaskState.WORKING)])
    with pytest.raises(ValueError, match="no task"):
        fold([])


def test_a_refused_first_item_leaves_the_fold_empty():
    machine = Fold()
    with pytest.raises(ValueError, match="begins with the Task"):
        machine.apply(message("m"))
    assert machine.is_empty
    machine.apply(TASK)
    assert machine.snapshot() == TASK


def test_append_extends_the_list_of_parts_and_joins_no_text():
    task = fold([TASK, chunk("Hel"), chunk("lo", append=True)])
    assert task.artifacts[0].parts == (Part(text="Hel"), Part(text="lo"))
    assert task.artifacts[0].text == "Hello"


def test_without_append_an_artifact_is_replaced_where_it_stands():
    task = fold([TASK, chunk("1"), chunk("2", artifact_id="b"), chunk("3")])
    assert [(each.artifact_id, each.text) for each in task.artifacts] == [("a", "3"), ("b", "2")]


def test_append_to_an_unknown_artifact_creates_it():
    assert fold([TASK, chunk("first", append=True)]).artifacts[0].text == "first"


def test_append_merges_metadata_and_extensions_and_takes_over_names():
    first = chunk("1", metadata={"a": 1, "b": 1}, extensions=("u:1",), name="old", description="kept")
    second = chunk("2", append=True, metadata={"b": 2}, extensions=("u:2", "u:1"), name="new")
    (artifact,) = fold([TASK, first, second]).artifacts
    assert artifact.metadata == {"a": 1, "b": 2}
    assert artifact.extensions == ("u:1", "u:2")
    assert (artifact.name, artifact.description) == ("new", "kept")


def test_last_chunk_seals_until_the_artifact_is_replaced():
    machine = Fold.of(TASK)
    machine.apply(chunk("1", last=True))
    assert machine.is_sealed("a")
    assert not machine.is_sealed("b")
    machine.apply(chunk("2"))
    assert not machine.is_sealed("a")


def test_the_message_of_a_status_goes_to_the_history_with_the_next_status():
    first = fold([TASK, status(TaskState.WORKING, message("m1"))])
    assert first.history == ()
    second = fold([status(TaskState.COMPLETED, message("m2"))], first)
    assert [each.message_id for each in second.history] == ["m1"]
    assert second.status.message == message("m2")


def test_the_metadata_of_statuses_is_merged_into_the_tasks():
    task = fold([TASK, status(TaskState.WORKING, metadata={"a": 1}), status(TaskState.WORKING, metadata={"b": 2})])
    assert task.metadata == {"a": 1, "b": 2}


def test_a_task_in_mid_stream_replaces_everything():
    other = Task(id="t", context_id="c2", status=TaskStatus(state=TaskState.WORKING), metadata={"x": 1})
    task = fold([TASK, chunk("gone"), message("gone"), status(TaskState.WORKING, message("gone")), other])
    assert task == other


def test_the_history_keeps_the_latest_messages_only():
    task = fold([TASK, *[message(f"m{number}") for number in range(HISTORY_LIMIT + 5)]])
    assert len(task.history) == HISTORY_LIMIT
    assert task.history[-1].message_id == f"m{HISTORY_LIMIT + 4}"


def allocated_by(machine, events):
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        for event in events:
            machine.apply(event)
        return tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()


def test_a_chunk_costs_the_same_however_long_the_stream_is():
    """An event never copies the task: 100 chunks after 20,000 allocate no more than 100 chunks after 100."""
    short, long = Fold.of(TASK), Fold.of(TASK)
    for machine, length in ((short, 100), (long, 20_000)):
        for event in [chunk("x", append=True)] * length:
            machine.apply(event)
    events = [chunk("x", append=True) for _ in range(100)]
    allocated_by(short, events)
    assert allocated_by(long, events) < 100 * 20_000 * 8 / 50  # one copy of the list of parts is 160 kB


@pytest.mark.parametrize(
    ("item", "weight"),
    [
        (chunk("12345"), 205),
        (status(TaskState.WORKING), 200),
        (status(TaskState.WORKING, message("m", "123")), 203),
        (message("m", "1234"), 204),
        (status(TaskState.WORKING, metadata={"key": "value"}), 272),
        (chunk("12", metadata={"key": 1}), 277),
        (TASK, 500),
        (Task(id="t", status=TASK.status, history=(message("m", "12"),)), 502),
        (Task(id="t", status=TaskStatus(state=TaskState.WORKING, message=message("m", "123"))), 503),
        (fold([TASK, chunk("1234")]), 504),
        (fold([TASK, chunk("12"), chunk("34", append=True)]), 604),
    ],
)
def test_weights(item, weight):
    assert weigh(item) == weight


def test_every_kind_of_part_weighs():
    parts = (
        Part(text="12"),
        Part(raw=b"123"),
        Part(data={"key": ["1", 2, None], "": (True,)}),
        Part(text="", metadata={"k": "v"}),
    )
    assert weigh(Message(message_id="m", role=Role.USER, parts=parts)) == 500 + 2 + 3 + (64 * 3 + 3 + 1 + 8 + 8 + 8) + (
        64 + 2
    )


def test_what_is_empty_weighs_what_it_takes():
    empty = message("m", "")
    assert weigh(evolve(empty, parts=(Part(data=[[], {}] * 1_000),))) > 100_000
    assert weigh(evolve(empty, parts=(Part(text=""),) * 1_000)) > 90_000


def test_a_url_and_a_name_weigh_too():
    part = Part(url="http://x/" + "a" * 91, filename="f" * 50)
    assert weigh(Message(message_id="m", role=Role.USER, parts=(part,))) == 350
