"""MemoryStore against a model: what a store promises to the server."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hocket.a2a import (
    Artifact,
    Checkpoint,
    Owner,
    Part,
    Stored,
    Task,
    TaskArtifactUpdateEvent,
    TaskState,
    TaskStatus,
    fold,
)
from hocket.log import LogConflict
from hocket_io.stores import MemoryStore


def begin(task_id):
    return Task(id=task_id, context_id="c", status=TaskStatus(state=TaskState.WORKING))


def chunk(task_id, text):
    artifact = Artifact(artifact_id="a", parts=(Part(text=text),))
    return TaskArtifactUpdateEvent(task_id=task_id, context_id="c", artifact=artifact, append=True)


def whole(stored):
    return fold([entry.event for entry in stored.entries], stored.task)


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("append"), st.sampled_from("tu"), st.integers(0, 3)),
        st.tuples(st.just("stale append"), st.sampled_from("tu"), st.integers(1, 5)),
        st.tuples(st.just("checkpoint"), st.sampled_from("tu"), st.integers(0, 20)),
        st.tuples(st.just("load"), st.sampled_from("tu"), st.none()),
    ),
    max_size=20,
)


@given(STEPS)
def test_it_has_what_was_appended(steps):
    store = MemoryStore()
    logs = {"t": [], "u": []}
    for action, task_id, number in steps:
        log = logs[task_id]
        match action:
            case "append":
                items = [
                    chunk(task_id, f"{len(log) + each} ") if log or each else begin(task_id) for each in range(number)
                ]
                entries = store.append(task_id, len(log), items)
                assert [entry.offset for entry in entries] == list(range(len(log) + 1, len(log) + number + 1))
                assert [entry.event for entry in entries] == items
                log += items
            case "stale append":
                for expect in (len(log) + number, len(log) - number):
                    with pytest.raises(LogConflict):
                        store.append(task_id, expect, [chunk(task_id, "lost")])
            case "checkpoint" if log:
                offset = min(number, len(log)) or 1
                task = fold(log[:offset])
                store.checkpoint(Checkpoint(task_id=task_id, offset=offset, task=task, is_final=False))
        stored = store.load(task_id)
        if not log:
            assert stored is None
        else:
            assert isinstance(stored, Stored)
            assert whole(stored) == fold(log)
            assert [entry.offset for entry in stored.entries] == list(range(stored.offset + 1, len(log) + 1))


def test_a_checkpoint_frees_what_it_replaces():
    store = MemoryStore()
    log = [begin("t"), *(chunk("t", str(number)) for number in range(9))]
    store.append("t", 0, log)
    store.checkpoint(Checkpoint(task_id="t", offset=8, task=fold(log[:8]), is_final=False))
    assert [entry.offset for entry in store.load("t").entries] == [9, 10]
    store.checkpoint(Checkpoint(task_id="t", offset=3, task=fold(log[:3]), is_final=False))  # an older one is late
    assert store.load("t").offset == 8
    store.checkpoint(Checkpoint(task_id="nobody", offset=3, task=fold(log[:3]), is_final=True))
    assert store.load("nobody") is None


def test_what_was_loaded_does_not_change():
    store = MemoryStore()
    store.append("t", 0, [begin("t")])
    stored = store.load("t")
    store.append("t", 1, [chunk("t", "more")])
    assert whole(stored).artifacts == ()
    assert whole(store.load("t")).text == "more"


@pytest.mark.parametrize("weights", [None, ()])
def test_what_was_not_weighed_is_weighed(weights):
    store = MemoryStore()
    assert [entry.weight > 0 for entry in store.append("t", 0, [begin("t")], Owner(), weights)] == [True]
    assert store.load("t") is not None
