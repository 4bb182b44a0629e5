"""The fold of a task's log: cut anywhere, it goes on to the same task; and it never copies what it has."""

from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

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
    trim_history,
    weigh,
)

TEXT = st.text(max_size=3)
METADATA = st.none() | st.dictionaries(st.sampled_from("ab"), st.integers(), max_size=2)
PARTS = st.lists(st.builds(Part, text=TEXT) | st.builds(Part, data=st.integers()), max_size=3).map(tuple)
EXTENSIONS = st.lists(st.sampled_from(["u:1", "u:2", "u:3"]), max_size=2, unique=True).map(tuple)
MESSAGES = st.builds(Message, message_id=TEXT, role=st.sampled_from(Role), parts=PARTS)
STATUSES = st.builds(TaskStatus, state=st.sampled_from(TaskState), message=st.none() | MESSAGES)
ARTIFACTS = st.builds(
    Artifact,
    artifact_id=st.sampled_from("xyz"),
    parts=PARTS,
    name=st.none() | TEXT,
    description=st.none() | TEXT,
    metadata=METADATA,
    extensions=EXTENSIONS,
)
UNIQUE_ARTIFACTS = st.lists(ARTIFACTS, max_size=3, unique_by=lambda each: each.artifact_id).map(tuple)
TASKS = st.builds(
    Task,
    id=st.just("t"),
    context_id=st.just("c"),
    status=STATUSES,
    artifacts=UNIQUE_ARTIFACTS,
    history=st.lists(MESSAGES, max_size=3).map(tuple),
    metadata=METADATA,
)
STATUS_EVENTS = st.builds(TaskStatusUpdateEvent, task_id=st.just("t"), status=STATUSES, metadata=METADATA)
ARTIFACT_EVENTS = st.builds(
    TaskArtifactUpdateEvent,
    task_id=st.just("t"),
    artifact=ARTIFACTS,
    append=st.booleans(),
    last_chunk=st.booleans(),
)
ITEMS = st.one_of(ARTIFACT_EVENTS, ARTIFACT_EVENTS, STATUS_EVENTS, MESSAGES, TASKS)
LOGS = st.tuples(TASKS, st.lists(ITEMS, max_size=12)).map(lambda log: [log[0], *log[1]])


def by_the_book(items):
    """The rules once more, in the slowest and plainest way: every step a new Task."""
    task = items[0]
    for item in items[1:]:
        match item:
            case Task():
                task = item
            case Message():
                task = evolve(task, history=(*task.history, item))
            case TaskStatusUpdateEvent():
                said = () if task.status.message is None else (task.status.message,)
                metadata = {**(task.metadata or {}), **(item.metadata or {})} or None
                task = evolve(
                    task,
                    status=item.status,
                    history=task.history + said,
                    metadata=metadata if item.metadata else task.metadata,
                )
            case TaskArtifactUpdateEvent(artifact=chunk):
                places = {artifact.artifact_id: artifact for artifact in task.artifacts}
                old = places.get(chunk.artifact_id)
                places[chunk.artifact_id] = grown(old, chunk) if old and item.append else chunk
                task = evolve(task, artifacts=tuple(places.values()))
    return task


def grown(old, chunk):
    new = [uri for uri in chunk.extensions if uri not in old.extensions]
    return Artifact(
        artifact_id=old.artifact_id,
        parts=old.parts + chunk.parts,
        name=old.name if chunk.name is None else chunk.name,
        description=old.description if chunk.description is None else chunk.description,
        metadata={**(old.metadata or {}), **(chunk.metadata or {})} if chunk.metadata else old.metadata,
        extensions=old.extensions + tuple(new),
    )


def without_empty_metadata(task):
    """`{}` and nothing are the same on the wire."""
    artifacts = [evolve(each, metadata=each.metadata or None) for each in task.artifacts]
    return evolve(task, metadata=task.metadata or None, artifacts=tuple(artifacts))


@given(LOGS)
def test_the_fold_follows_the_rules(log):
    assert without_empty_metadata(fold(log)) == without_empty_metadata(by_the_book(log))


@given(LOGS, st.data())
def test_a_snapshot_and_the_events_after_it_are_as_good_as_all_events(log, data):
    cut = data.draw(st.integers(1, len(log)))
    snapshot = fold(log[:cut])
    assert without_empty_metadata(fold(log[cut:], snapshot)) == without_empty_metadata(fold(log))


@given(LOGS)
def test_snapshots_on_the_way_change_nothing_and_do_not_change_afterwards(log):
    machine, taken = Fold(), []
    for item in log:
        machine.apply(item)
        snapshot = machine.snapshot()
        taken.append((snapshot, repr(snapshot)))
        assert machine.snapshot() is snapshot
    assert machine.snapshot() == fold(log)
    assert all(repr(snapshot) == before for snapshot, before in taken)


@given(LOGS, st.data())
def test_events_may_come_many_at_a_time(log, data):
    cut = data.draw(st.integers(1, len(log)))
    machine = Fold()
    machine.extend(log[:cut])
    assert machine.snapshot() == fold(log[:cut])
    machine.extend(log[cut:])
    assert machine.snapshot() == fold(log)


@given(LOGS)
def test_state_status_and_history_are_told_without_a_snapshot(log):
    machine = Fold()
    assert machine.is_empty
    for item in log:
        machine.apply(item)
    task = machine.snapshot()
    assert (machine.state, machine.status, machine.context_id) == (task.state, task.status, task.context_id)
    assert all(machine.has_message(message.message_id) for message in task.history)
    assert not machine.has_message("of nobody")


@given(TASKS, st.none() | st.integers(0, 5))
def test_a_trimmed_history_is_the_latest_messages(task, length):
    kept = trim_history(task, length)
    assert kept.history == (task.history if length is None else task.history[::-1][:length][::-1])
    assert evolve(kept, history=task.history) == task


@given(ITEMS, st.text(max_size=50))
def test_the_weight_of_an_event_is_at_least_that_of_its_text(item, text):
    base = weigh(item)
    assert base >= 200
    match item:
        case TaskArtifactUpdateEvent():
            parts = (*item.artifact.parts, Part(text=text))
            heavier = evolve(item, artifact=evolve(item.artifact, parts=parts))
        case Message():
            heavier = evolve(item, parts=(*item.parts, Part(raw=text.encode())))
        case TaskStatusUpdateEvent():
            message = Message(message_id="m", role=Role.AGENT, parts=(Part(data={"k": [text]}),))
            heavier = evolve(item, status=evolve(item.status, message=message))
            base = weigh(evolve(item, status=evolve(item.status, message=None)))
        case Task():
            message = Message(message_id="m", role=Role.AGENT, parts=(Part(text=text),))
            heavier = evolve(item, history=(*item.history, message))
    assert weigh(heavier) - base >= len(text)
