"""StreamReader: what each event says follows from the items up to it, whichever way the reader came to say it."""

from hypothesis import given
from hypothesis import strategies as st

from hocket.a2a import (
    Artifact,
    Message,
    Outcome,
    Part,
    Role,
    StreamEvent,
    StreamReader,
    Task,
    TaskArtifactUpdateEvent,
    TaskState,
    TaskStatus,
    TaskStatusUpdateEvent,
    fold,
)
from hocket.a2a.states import is_terminal
from hocket.a2a.text import TextView

PARTS = st.lists(st.builds(Part, text=st.text(max_size=2)) | st.builds(Part, data=st.none()), max_size=2).map(tuple)
CONTEXTS = st.none() | st.sampled_from(["c", "d"])
MESSAGES = st.builds(
    Message, message_id=st.sampled_from("mn"), role=st.just(Role.AGENT), parts=PARTS, context_id=CONTEXTS
)
STATUSES = st.builds(TaskStatus, state=st.sampled_from(TaskState), message=st.none() | MESSAGES)
ARTIFACTS = st.builds(Artifact, artifact_id=st.sampled_from("xy"), parts=PARTS, name=st.none() | st.just("n"))
TASKS = st.builds(
    Task,
    id=st.just("t"),
    context_id=CONTEXTS,
    status=STATUSES,
    artifacts=st.lists(ARTIFACTS, max_size=2, unique_by=lambda each: each.artifact_id).map(tuple),
)
UPDATES = st.builds(
    TaskArtifactUpdateEvent,
    task_id=st.sampled_from("tu"),
    context_id=CONTEXTS,
    artifact=ARTIFACTS,
    append=st.booleans(),
    last_chunk=st.booleans(),
)
CHANGES = st.builds(
    TaskStatusUpdateEvent,
    task_id=st.just("t"),
    context_id=CONTEXTS,
    status=STATUSES,
    metadata=st.none() | st.just({"progress": 5}),
)
ITEMS = st.lists(
    st.tuples(st.one_of(UPDATES, UPDATES, UPDATES, CHANGES, MESSAGES, TASKS), st.none() | st.integers(1, 99)),
    max_size=12,
)
KINDS = {Task: "task", Message: "message", TaskStatusUpdateEvent: "status", TaskArtifactUpdateEvent: "artifact"}


def ends(item):
    state = item.status.state if isinstance(item, Task | TaskStatusUpdateEvent) else TaskState.WORKING
    return is_terminal(state) or state is TaskState.INPUT_REQUIRED


def known(items):
    """The task as far as it is known; where a peer leaves the Task out, an update names it."""
    told = [item for item in items if not isinstance(item, Message)]
    if not told:
        return None
    first = told[0]
    if not isinstance(first, Task):
        unknown = TaskStatus(state=TaskState.UNKNOWN)
        told.insert(0, Task(id=first.task_id, context_id=first.context_id, status=unknown))
    return fold(told)


def sealed(items):
    """The artifacts that are said to be complete."""
    names = set()
    for item in items:
        if isinstance(item, Task):
            names.clear()
        elif isinstance(item, TaskArtifactUpdateEvent):
            names.discard(item.artifact.artifact_id)
            names.update([item.artifact.artifact_id] if item.last_chunk else [])
    return names


def last_of(values):
    return next((value for value in reversed(values) if value), None)


def by_the_book(items):
    """The events, each made anew from all that came up to it."""
    view = TextView()
    for number, (item, offset) in enumerate(items):
        before, so_far = [each for each, _ in items[:number]], [each for each, _ in items[: number + 1]]
        task = known(so_far)
        contexts = []
        for each in so_far:  # a Task says it of itself, also that there is none
            contexts = [each.context_id] if isinstance(each, Task) else [*contexts, each.context_id]
        yield StreamEvent(
            kind=KINDS[type(item)],
            text=view.take(item),
            task_id=last_of([None if isinstance(each, Message) else getattr(each, "task_id", "t") for each in so_far]),
            context_id=last_of(contexts),
            state=None if task is None else task.state,
            done=ends(item),
            offset=offset,
            item=item,
            after_last_chunk=isinstance(item, TaskArtifactUpdateEvent) and item.artifact.artifact_id in sealed(before),
        )
        if ends(item):
            return


@given(ITEMS)
def test_each_event_follows_from_the_items_up_to_it(items):
    reader = StreamReader()
    for item, offset in items:
        reader.receive(item, offset)
    told = []
    while (event := reader.next_event()) is not None:
        told.append(event)
    assert told == list(by_the_book(items))
    assert (reader.outcome is Outcome.SETTLED) == any(ends(item) for item, _ in items)
    assert reader.text == "".join([event.text for event in told])
    seen = [item for item, _ in items[: len(told)]]
    assert reader.offset == last_of([offset for _, offset in items[: len(told)]])
    assert reader.task == known(seen)
