"""Entries that are written ahead: the same bytes for every reader, the same events for who asks for them again."""

from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from hocket.a2a import V0_3, V1_0, Artifact, Part, Task, TaskArtifactUpdateEvent, TaskState, TaskStatus
from hocket.a2a import TaskStatusUpdateEvent as StatusUpdate
from hocket.a2a.dialects.gateway import GatewayDialect
from hocket.a2a.dialects.progress import PROGRESS
from hocket.a2a.writing import Writing
from hocket.log import Entry, numbered

TASK = Task(id="t", status=TaskStatus(state=TaskState.WORKING))
DIALECTS = [V1_0, V0_3, GatewayDialect(agent_id="e", agent_name="E"), PROGRESS]

TEXTS = st.text(max_size=3)
PARTS = st.builds(Part, text=TEXTS) | st.builds(Part, text=TEXTS, filename=TEXTS) | st.builds(Part, data=st.integers())
ARTIFACTS = st.builds(
    Artifact,
    artifact_id=st.sampled_from("ab"),
    parts=st.lists(PARTS, min_size=1, max_size=2).map(tuple),
    name=st.none() | TEXTS,
)
CHUNKS = st.builds(
    TaskArtifactUpdateEvent,
    task_id=st.sampled_from("tu"),
    context_id=st.sampled_from(["c", "d", None]),
    artifact=ARTIFACTS
    | st.builds(Artifact, artifact_id=st.sampled_from("ab"), parts=st.tuples(st.builds(Part, text=TEXTS))),
    append=st.booleans(),
    last_chunk=st.booleans(),
)
STATUSES = st.builds(StatusUpdate, task_id=st.just("t"), status=st.builds(TaskStatus, state=st.sampled_from(TaskState)))


@given(st.lists(CHUNKS | STATUSES, max_size=8), st.lists(st.sampled_from(DIALECTS), max_size=4), st.integers(0, 8))
def test_what_was_written_ahead_reads_as_what_was_not(items, dialects, begin):
    writing = Writing(lambda: TASK)
    for dialect in dialects:
        writing.writer(dialect)
    entries = numbered(items, [1] * len(items), 0)
    for run in (slice(begin), slice(begin, None)):
        writing.write_ahead(entries[run], items[run])
    assert [(entry.offset, entry.event, entry.weight) for entry in entries] == [
        (offset, item, 1) for offset, item in enumerate(items, 1)
    ]
    for dialect in DIALECTS:
        expected = [dialect.write_entry(Entry(1, item), lambda: TASK, True) for item in items]
        assert [dialect.write_entry(entry, lambda: TASK, True) for entry in entries] == expected


def test_chunks_that_differ_in_one_id_are_each_kept_as_they_were():
    said = Artifact(artifact_id="a", parts=(Part(text="x"),))
    chunk = TaskArtifactUpdateEvent(task_id="t", context_id="c", artifact=said, append=True)
    other = Artifact(artifact_id="b", parts=said.parts)
    items = [chunk, evolve(chunk, context_id="d"), evolve(chunk, task_id="u"), evolve(chunk, artifact=other), chunk]
    entries = numbered(items, [1] * 5, 0)
    writing = Writing(lambda: TASK)
    writing.writer(V1_0)
    writing.write_ahead(entries, items)
    assert all(entry.is_short for entry in entries)
    assert [entry.event for entry in entries] == items


def test_an_empty_chunk_is_nothing_to_a_gateway_also_after_another():
    write = GatewayDialect(agent_id="e", agent_name="E").item_writer(lambda: TASK)
    chunks = [
        TaskArtifactUpdateEvent(task_id="t", artifact=Artifact(artifact_id="a", parts=(Part(text=text),)), append=True)
        for text in ("word", "", "words")
    ]
    assert [write(chunk) is None for chunk in chunks] == [False, True, False]


def test_a_chunk_of_text_that_somebody_reads_is_kept_short_and_nothing_else_is():
    said = Artifact(artifact_id="a", parts=(Part(text="x"),))
    named = Artifact(artifact_id="a", parts=(Part(text="x"),), name="n")
    items = [
        TaskArtifactUpdateEvent(task_id="t", artifact=artifact, append=append, last_chunk=last)
        for artifact, append, last in [
            (said, False, False),
            (said, True, False),
            (named, True, False),
            (said, True, True),
        ]
    ]
    entries = numbered(items, [1] * 4, 0)
    writing = Writing(lambda: TASK)
    writing.writer(V1_0)
    writing.write_ahead(entries, items)
    assert [entry.is_short for entry in entries] == [False, True, False, False]
    assert entries[1].event is not items[1]
