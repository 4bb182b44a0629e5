"""Artifacts that are filled bit by bit: `with task.artifact("report"): yield …`."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hocket.a2a import (
    Message,
    Part,
    Role,
    Run,
    Task,
    TaskArtifactUpdateEvent,
    TaskState,
    TaskStatus,
    fold,
)
from hocket.agent import AgentTask, Speech
from hocket.entropy import seeded
from hocket.errors import LocalProtocolError
from support.agents import events_of
from support.world import World

END = Part(text="")
MESSAGE = Message(message_id="m", role=Role.USER, parts=(Part(text="go"),))
BEGUN = Task(id="t", context_id="c", status=TaskStatus(state=TaskState.SUBMITTED), history=(MESSAGE,))
RUN = Run(task=BEGUN, run=1, message=MESSAGE)


class Stage:
    """A turn without anybody to run it: what a function says is kept."""

    def __init__(self, run=RUN):
        self.speech = Speech(run.task.id, run.task.context_id, 1, seeded(1))
        self.task = AgentTask.of(run, self)
        self.items = []

    async def ask(self, question):
        raise AssertionError("nobody is there to answer")

    def artifact_ended(self):
        self.items += self.speech.artifacts.take_ends()

    def play(self, function):
        """All events of a generator function."""
        for value in function(self.task):
            self.items += self.speech.say(value)
        self.items += self.speech.finish()
        return self.items


def played(function):
    return Stage().play(function)


def short(items):
    """(artifact, text, append, last) of a chunk; state of a status."""
    return [
        (item.artifact.artifact_id, item.artifact.text, item.append, item.last_chunk)
        if isinstance(item, TaskArtifactUpdateEvent)
        else item.status.state.value
        for item in items
    ]


def test_what_is_yielded_inside_goes_to_the_artifact():
    def says(task):
        yield "before "
        with task.artifact("report"):
            yield "one "
            yield "two"
        yield "after"

    assert short(played(says)) == [
        ("text-1", "before ", False, False),
        ("report", "one ", False, False),
        ("report", "two", True, False),
        ("report", "", True, True),
        ("text-1", "after", True, False),
        ("text-1", "", True, True),
        "completed",
    ]


def test_the_first_chunk_has_its_name_and_all():
    metadata = {"rows": [1]}

    def says(task):
        with task.artifact("report", name="Report", description="Sales", metadata=metadata, extensions=("urn:x",)):
            metadata["rows"].append(2)
            yield "one"
            yield "two"

    first, second, *_ = played(says)
    assert (first.artifact.name, first.artifact.description) == ("Report", "Sales")
    assert (first.artifact.metadata, first.artifact.extensions) == ({"rows": [1]}, ("urn:x",))
    assert second.artifact == type(second.artifact)(artifact_id="report", parts=(Part(text="two"),))
    folded = fold([BEGUN, *played(says)]).artifacts[0]
    assert (folded.name, folded.text) == ("Report", "onetwo")


def test_each_kind_of_content_is_a_part():
    def says(task):
        with task.artifact("report"):
            yield "text"
            yield {"n": [1]}
            yield b"\x00"
            yield Part(url="http://x", filename="f")
            yield None
            yield ""

    (report,) = fold([BEGUN, *played(says)]).artifacts
    assert report.parts == (
        Part(text="text"),
        Part(data={"n": [1]}),
        Part(raw=b"\x00", media_type="application/octet-stream"),
        Part(url="http://x", filename="f"),
        END,
    )


def test_progress_and_states_are_no_content():
    def says(task):
        with task.artifact("report"):
            yield "one"
            yield task.progress(50)
            yield TaskStatus(state=TaskState.WORKING)

    assert short(played(says))[1:3] == ["working", "working"]


def test_an_empty_block_makes_an_empty_artifact():
    def says(task):
        with task.artifact("report", name="Nothing to report"):
            pass
        yield from ()

    items = played(says)
    assert short(items) == [("report", "", False, True), "completed"]
    assert items[0].artifact.name == "Nothing to report"


def test_a_second_block_of_an_id_replaces_the_artifact():
    def says(task):
        for word in ("draft", "final"):
            with task.artifact("report"):
                yield word

    (report,) = fold([BEGUN, *played(says)]).artifacts
    assert report.parts == (Part(text="final"), END)


def test_a_block_can_be_entered_again():
    def says(task):
        report = task.artifact("report", name="Report")
        for word in ("draft", "final"):
            with report:
                yield word

    (report,) = fold([BEGUN, *played(says)]).artifacts
    assert (report.name, report.parts) == ("Report", (Part(text="final"), END))


def test_the_inner_block_has_it_and_then_the_outer_one_again():
    def says(task):
        with task.artifact("outer"):
            yield "a"
            with task.artifact("inner"):
                yield "b"
            yield "c"

    outer, inner = fold([BEGUN, *played(says)]).artifacts
    assert (outer.text, inner.text) == ("ac", "b")


def test_values_for_several_artifacts_in_turn():
    def says(task):
        with task.artifact("left") as left, task.artifact("right") as right:
            yield left.add("l1")
            yield right.add({"r": 1})
            yield left.add("l2")
            yield left.add(None)
            yield right.add("")

    left, right = fold([BEGUN, *played(says)]).artifacts
    assert left.parts == (Part(text="l1"), Part(text="l2"), END)
    assert right.parts == (Part(data={"r": 1}), END)


@pytest.mark.parametrize("way", ["raise", "return"])
def test_the_artifact_is_complete_however_the_block_is_left(way):
    stage = Stage()

    def says(task):
        with task.artifact("report"):
            yield "one"
            if way == "return":
                return
            raise ValueError("no")

    values = says(stage.task)
    items = stage.speech.say(next(values))
    with pytest.raises(ValueError if way == "raise" else StopIteration):
        next(values)
    assert short(items + stage.items) == [("report", "one", False, False), ("report", "", True, True)]


def test_a_final_state_seals_what_is_open():
    def says(task):
        yield "text"
        with task.artifact("outer"), task.artifact("inner"):
            yield "a"
            yield TaskStatus(state=TaskState.REJECTED)

    stage = Stage()
    for value in says(stage.task):
        if stage.speech.is_over:
            break
        stage.items += stage.speech.say(value)
    assert short(stage.items) == [
        ("text-1", "text", False, False),
        ("inner", "a", False, False),
        ("inner", "", True, True),
        ("outer", "", False, True),
        ("text-1", "", True, True),
        "rejected",
    ]


def test_a_block_that_nobody_left_ends_with_the_function():
    def says(task):
        task.artifact("report").__enter__()
        yield "one"

    assert short(played(says))[1:] == [("report", "", True, True), "completed"]


def test_a_value_without_a_meaning_at_the_end_changes_nothing():
    stage = Stage()
    with stage.task.artifact("first"):
        stage.speech.say("one")
    with stage.task.artifact("second"):
        with pytest.raises(LocalProtocolError, match="int is nothing an agent can say"):
            stage.speech.finish(42)
        assert short(stage.speech.say("two"))[-1] == ("second", "two", False, False)


def test_an_open_artifact_cannot_be_opened_again():
    def says(task):
        with task.artifact("report"), task.artifact("report"):
            yield "never"

    with pytest.raises(LocalProtocolError, match="artifact 'report' is open already"):
        played(says)


def test_nothing_is_added_to_a_block_that_is_not_open():
    def early(task):
        yield task.artifact("report").add("early")

    def late(task):
        with task.artifact("report") as report:
            yield "in time"
        yield report.add("late")

    for function in (early, late):
        with pytest.raises(LocalProtocolError, match="artifact 'report' is not open"):
            played(function)


def test_what_is_added_and_never_yielded_is_missed_where_the_block_ends():
    def forgets(task):
        with task.artifact("report") as report:
            yield report.add("said")
            report.add("forgotten")

    stage = Stage()
    with pytest.raises(
        LocalProtocolError, match=r"'forgotten' was added to artifact 'report' and never yielded: write"
    ):
        stage.play(forgets)
    assert short(stage.items) == [("report", "said", False, False), ("report", "", True, True)]


def test_an_error_in_a_block_is_not_hidden_by_what_was_not_yielded_because_of_it():
    def breaks(task):
        with task.artifact("report") as report:
            yield report.add("said"), report.add(1 / 0)

    with pytest.raises(ZeroDivisionError):
        played(breaks)


def test_a_block_that_is_entered_again_misses_only_what_is_its_own():
    stage = Stage()
    block = stage.task.artifact("report")
    with pytest.raises(LocalProtocolError, match="never yielded"), block:
        block.add("forgotten")
    with block:
        stage.speech.say(block.add("said"))
        later = block.add("twice")
        stage.speech.say(later)
        stage.speech.say(later)


@pytest.mark.parametrize(
    "value", [1, [], TaskStatus(state=TaskState.WORKING), {"a": object()}, Part(text="a", url="b")]
)
def test_what_is_no_content_is_refused_and_changes_nothing(value):
    stage = Stage()
    with stage.task.artifact("report", name="Report") as report:
        with pytest.raises(LocalProtocolError):
            stage.speech.say(report.add(value))
        (first,) = stage.speech.say("text")
    assert (first.append, first.artifact.name) == (False, "Report")


@pytest.mark.parametrize("metadata", [{"a": object()}, {1: 2}])
def test_metadata_that_nobody_could_read_is_refused_where_the_block_begins(metadata):
    block = Stage().task.artifact("report", metadata=metadata)
    with pytest.raises(LocalProtocolError), block:
        raise AssertionError("the block does not begin")


def test_a_block_is_itself_and_not_another_one_of_the_same_id():
    stage = Stage()
    with stage.task.artifact("report"):
        twin = stage.task.artifact("report")
        with pytest.raises(LocalProtocolError, match="artifact 'report' is not open"):
            stage.speech.say(twin.add("elsewhere"))
        twin.__exit__(None, None, None)
        assert short(stage.speech.say("inside")) == [("report", "inside", False, False)]


def test_an_artifact_has_an_id():
    with pytest.raises(LocalProtocolError, match="an artifact's id is not empty"):
        Stage().task.artifact("")


def test_no_artifact_begins_after_the_end():
    stage = Stage()
    stage.items += stage.speech.finish()
    with pytest.raises(LocalProtocolError, match="the task is over: artifact 'report' comes too late"):
        stage.task.artifact("report").__enter__()
    assert stage.speech.artifacts.take_ends() == []


def test_outside_of_a_run_a_block_does_nothing():
    task = AgentTask("t", "c", MESSAGE)
    with task.artifact("report") as report:
        assert report.artifact_id == "report"


# Any interleaving ---------------------------------------------------------------------------------------------------

IDS = ("a", "b", "c")
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("open"), st.sampled_from(IDS)),
        st.tuples(st.just("close"), st.sampled_from(IDS)),
        st.tuples(st.just("add"), st.sampled_from(IDS)),
        st.tuples(st.just("say"), st.just("")),
    ),
    max_size=30,
)


@settings(max_examples=60)
@given(STEPS)
def test_any_interleaving_of_blocks_is_a_life_of_a_task_and_folds_to_what_was_said(steps):
    """Blocks that open and close in any order, against a dict of lists."""
    world = World.of()
    task_id = world.begin()
    stage = Stage(world.runs[-1])
    opened, model, text = {}, {}, []
    for number, (step, artifact_id) in enumerate(steps):
        word = f"{number} "
        if step == "open" and artifact_id not in opened:
            opened[artifact_id] = stage.task.artifact(artifact_id).__enter__()
            model[artifact_id] = []
        elif step == "close" and artifact_id in opened:
            opened.pop(artifact_id).__exit__(None, None, None)
        elif step == "add" and artifact_id in opened:
            stage.items += stage.speech.say(opened[artifact_id].add(word))
            model[artifact_id].append(word)
        elif step == "say":
            stage.items += stage.speech.say(word)
            (model[list(opened)[-1]] if opened else text).append(word)
    stage.items += stage.speech.finish()
    for item in stage.items:  # the core takes each of them, in this order
        world.emit(item)
    task = world.store.load(task_id).task
    told = {each.artifact_id: [part.text for part in each.parts] for each in task.artifacts}
    model |= {"text-1": text} if text else {}
    assert told == {artifact_id: [*words, ""] for artifact_id, words in model.items()}
    lasts = {item.artifact.artifact_id: item.last_chunk for item in stage.items[:-1]}
    assert all(lasts.values())
    assert task.state is TaskState.COMPLETED


# In all colours -----------------------------------------------------------------------------------------------------


def in_a_thread(task):
    yield "a "
    with task.artifact("report") as report:
        yield report.add("r1 ")
        yield "r2"
    yield "b"


async def on_the_loop(task):
    for value in in_a_thread(task):
        yield value


@pytest.mark.parametrize("function", [in_a_thread, on_the_loop])
def test_artifacts_in_all_colours(run, function):
    events = run(events_of, function)
    assert short([event.item for event in events if event.kind == "artifact"]) == [
        ("text-1", "a ", False, False),
        ("report", "r1 ", False, False),
        ("report", "r2", True, False),
        ("report", "", True, True),
        ("text-1", "b", True, False),
        ("text-1", "", True, True),
    ]
