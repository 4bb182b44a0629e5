"""A writer that remembers writes what a writer without memory writes, whatever it has written before."""

from itertools import product
from unittest.mock import patch

import pytest
from attrs import evolve
from hypothesis import example, given
from hypothesis import strategies as st

from hocket import codec
from hocket.a2a import (
    DIALECTS,
    V1_0,
    Artifact,
    Message,
    Part,
    Role,
    Task,
    TaskArtifactUpdateEvent,
    TaskState,
    TaskStatus,
    TaskStatusUpdateEvent,
)
from hocket.a2a.dialects import item_writer
from hocket.a2a.dialects.gateway import GatewayDialect
from hocket.a2a.dialects.progress import PROGRESS
from hocket.errors import LocalProtocolError
from hocket.log import Entry

ENGINES = [each for each in (codec.STDLIB, codec.MSGSPEC) if each is not None]
VERSIONS = pytest.mark.parametrize("version", DIALECTS, ids=lambda each: each.version)
GATEWAYS = [GatewayDialect(agent_id="e", agent_name="E"), PROGRESS]

TEXTS = st.text(max_size=3) | st.sampled_from([":", ",", "a", '"', "\\", "\u2028", "\x85", "é", "text", "\ud800"])
"""Also what stands elsewhere in the text of an item, so that there is a doubt where the text begins."""

MESSAGE = Message(message_id="m", role=Role.AGENT, parts=(Part(text="a"),))
DONE = TaskStatusUpdateEvent(task_id="t", status=TaskStatus(state=TaskState.COMPLETED))


def chunk(text, *, part=None, artifact=None, **more):
    """A chunk of text, with something else about its part, its artifact or itself."""
    said = evolve(Part(text=text), **(part or {}))
    made = evolve(Artifact(artifact_id="a", parts=(said,)), **(artifact or {}))
    return TaskArtifactUpdateEvent(**{"task_id": "t", "context_id": "c", "artifact": made, "append": True, **more})


VARIANTS = [
    lambda text: chunk(text),
    lambda text: chunk(text, task_id="u"),
    lambda text: chunk(text, task_id=""),
    lambda text: chunk(text, context_id="d"),
    lambda text: chunk(text, context_id=None),
    lambda text: chunk(text, append=False),
    lambda text: chunk(text, last_chunk=True),
    lambda text: chunk(text, metadata={"m": 1}),
    lambda text: chunk(text, generation=3),
    lambda text: chunk(text, artifact={"artifact_id": "b"}),
    lambda text: chunk(text, artifact={"name": "n"}),
    lambda text: chunk(text, artifact={"description": "d"}),
    lambda text: chunk(text, artifact={"metadata": {"m": 1}}),
    lambda text: chunk(text, artifact={"extensions": ("urn:e",)}),
    lambda text: chunk(text, artifact={"parts": ()}),
    lambda text: chunk(text, artifact={"parts": (Part(text=text), Part(text="b"))}),
    lambda text: chunk(text, part={"metadata": {"m": 1}}),
    lambda text: chunk(text, part={"filename": "f"}),
    lambda text: chunk(text, part={"media_type": "text/plain"}),
    lambda text: chunk(text, part={"text": None, "raw": text.encode("utf-8", "replace")}),
    lambda text: chunk(text, part={"text": None, "url": text}),
    lambda text: chunk(text, part={"text": None, "data": {"text": text}}),
    lambda text: chunk(text, part={"text": None, "data": None}),
    lambda text: DONE,
    lambda text: MESSAGE,
]
"""Chunks of one artifact, and everything in which another item can differ from one."""


def no_task():
    raise AssertionError("these versions do not need the Task")


@VERSIONS
def test_no_item_is_taken_for_another_one(version):
    for first, second in product(VARIANTS, VARIANTS):
        write = version.item_writer(no_task)
        for item in (first("one"), first("two"), second("three"), first("four")):
            assert write(item) == version.write_item(item)


@VERSIONS
@given(
    engine=st.sampled_from(ENGINES),
    items=st.lists(st.builds(lambda make, text: make(text), st.sampled_from(VARIANTS), TEXTS), max_size=6),
)
@example(engine=codec.default, items=[chunk(":"), chunk("one"), chunk(","), chunk("two")])
def test_a_writer_with_a_memory_writes_what_one_without_writes(version, engine, items):
    with patch.object(item_writer, "_escape", engine.escape):
        write = version.item_writer(no_task)
        assert [write(item) for item in items] == [version.write_item(item) for item in items]


@pytest.mark.parametrize("dialect", GATEWAYS, ids=lambda each: each.name)
def test_the_other_dialects_write_an_item_as_they_write_its_entry(dialect):
    task = Task(id="t", status=TaskStatus(state=TaskState.COMPLETED))
    write = dialect.item_writer(lambda: task)
    for item in [task, *[make("text") for make in VARIANTS]]:
        assert write(item) == dialect.write_entry(Entry(1, item), lambda: task, True)


def test_only_the_first_chunk_of_an_artifact_is_written_member_by_member():
    written = []
    writer = item_writer.ItemWriter(lambda item: written.append(item) or V1_0.write_item(item))
    chunks = [chunk(text) for text in ("one", "two", "\u2028", "four")]
    assert [writer(each) for each in chunks] == [V1_0.write_item(each) for each in chunks]
    assert written == chunks[:1]


@VERSIONS
@pytest.mark.parametrize("more", [{"raw": b"a"}, {"url": "a"}, {"data": 1}], ids=lambda more: next(iter(more)))
def test_a_part_of_two_kinds_is_refused_also_after_one_that_is_not(version, more):
    write = version.item_writer(no_task)
    assert write(chunk("one")) is not None
    with pytest.raises(LocalProtocolError, match="exactly one"):
        write(chunk("two", part=more))
