"""Questions as A2A events: what is sealed, what the task becomes, and what can be said when."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hocket.a2a import (
    Artifact,
    Message,
    Part,
    Role,
    TaskArtifactUpdateEvent,
    TaskState,
    TaskStatus,
    TaskStatusUpdateEvent,
)
from hocket.agent import ArtifactBlock, Progress, Question, Speech
from hocket.entropy import seeded
from hocket.errors import LocalProtocolError
from support.world import World


def speech():
    return Speech("t", "c", 1, seeded(1))


def asking(speaker, words="Which?", **options):
    return speaker.ask(speaker.question(words, **{"auth": False, **options}))


def short(items):
    """(artifact, text, append, last) of a chunk; state of a status."""
    return [
        (item.artifact.artifact_id, item.artifact.text, item.append, item.last_chunk)
        if isinstance(item, TaskArtifactUpdateEvent)
        else item.status.state.value
        for item in items
    ]


def test_the_text_is_sealed_and_then_the_task_asks():
    speaker = speech()
    items = speaker.say("Well, ") + asking(speaker)
    assert short(items) == [("text-1", "Well, ", False, False), ("text-1", "", True, True), "input-required"]
    status = items[-1].status
    assert (status.message.text, status.message.role, status.message.task_id) == ("Which?", Role.AGENT, "t")
    assert status.message.message_id


def test_after_the_answer_there_is_another_text():
    speaker = speech()
    asking(speaker)
    speaker.answered()
    assert short(speaker.say("Then ") + speaker.finish("so be it")) == [
        ("text-1-2", "Then ", False, False),
        ("text-1-2", "so be it", True, False),
        ("text-1-2", "", True, True),
        "completed",
    ]


def test_an_authorisation():
    assert short(asking(speech(), auth=True)) == ["auth-required"]


def test_a_message_asks_with_more_than_words():
    words = Message(message_id="mine", role=Role.AGENT, parts=(Part(data={"form": []}),), context_id="wrong")
    (event,) = asking(speech(), words)
    assert event.status.message.parts == words.parts
    assert (event.status.message.message_id, event.status.message.context_id) == ("mine", "c")


def test_an_open_artifact_stays_open():
    speaker = speech()
    with ArtifactBlock(Artifact(artifact_id="report", parts=()), speaker.artifacts):
        items = speaker.say("one ") + asking(speaker)
        speaker.answered()
        items += speaker.say("two")
    assert short(items + speaker.finish()) == [
        ("report", "one ", False, False),
        "input-required",
        ("report", "two", True, False),
        ("report", "", True, True),
        "completed",
    ]


@pytest.mark.parametrize("value", ["more", None, {"a": 1}, Progress(50), TaskStatus(state=TaskState.COMPLETED)])
def test_nothing_is_said_while_it_waits(value):
    speaker = speech()
    asking(speaker)
    with pytest.raises(LocalProtocolError, match=r"the task waits for the answer to task.ask\('Which\?'\)"):
        speaker.say(value)


def test_the_function_does_not_end_while_it_waits():
    speaker = speech()
    asking(speaker)
    with pytest.raises(LocalProtocolError, match=r"the function ended, and task.ask\('Which\?'\) is not answered yet"):
        speaker.finish()


def test_who_waits_no_longer_is_working_again_once_it_speaks():
    speaker = speech()
    asking(speaker)
    speaker.unanswered()
    assert short(speaker.say("Then I guess.")) == ["working", ("text-1-2", "Then I guess.", False, False)]
    assert short(speaker.say(" So.")) == [("text-1-2", " So.", True, False)]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, ["working", "completed"]),
        (TaskStatus(state=TaskState.REJECTED), ["working", "rejected"]),
        (TaskStatus(state=TaskState.INPUT_REQUIRED), ["working", "input-required"]),
    ],
)
def test_it_may_also_end_unanswered(value, expected):
    speaker = speech()
    asking(speaker)
    speaker.unanswered()
    assert short(speaker.say(value) + speaker.finish()) == expected


def test_the_next_question_needs_no_answer_to_the_one_before():
    speaker = speech()
    asking(speaker)
    speaker.unanswered()
    assert short(asking(speaker, "Or which?")) == ["working", "input-required"]


def test_a_question_that_is_returned_is_the_end():
    speaker = speech()
    items = speaker.say("Well") + speaker.finish(speaker.question("Which?", auth=False))
    assert short(items) == [("text-1", "Well", False, False), ("text-1", "", True, True), "input-required"]


@pytest.mark.parametrize("words", [Message(message_id="m", role=Role.AGENT, parts=(Part(data=object()),))])
def test_what_nobody_could_read_is_not_asked(words):
    speaker = speech()
    question = speaker.question(words, auth=False)
    speaker.say("text")
    with pytest.raises(LocalProtocolError):
        speaker.ask(question)
    assert short(speaker.say("goes on")) == [("text-1", "goes on", True, False)]


@pytest.mark.parametrize("words", ["", Message(message_id="m", role=Role.AGENT, parts=())])
def test_a_question_has_words(words):
    speaker = speech()
    with pytest.raises(LocalProtocolError, match=r"a question has words, as in task.ask\(\"Which one\?\"\)"):
        speaker.question(words, auth=False)
    assert speaker.question("Which?", auth=False)


def test_who_takes_a_question_for_its_answer_is_told_how_to_get_the_answer():
    with pytest.raises(AttributeError) as caught:
        _ = speech().question("Which?", auth=False).text
    assert str(caught.value) == (
        "a question has no 'text'; for that of its answer write `answer = yield task.ask(…)`, or `await` it"
    )


def test_after_the_end_nothing_is_asked():
    speaker = speech()
    question = speaker.question("Which?", auth=False)
    speaker.fail("c0ffee")
    with pytest.raises(LocalProtocolError, match="the task is failed: nothing can be asked after that"):
        speaker.ask(question)


def test_a_question_is_asked_once():
    speaker = speech()
    question = speaker.question("Which?", auth=False)
    speaker.ask(question)
    for settle in (lambda: None, speaker.answered):
        settle()
        with pytest.raises(LocalProtocolError, match=r"task.ask\('Which\?'\) was asked before"):
            speaker.ask(question)


def test_a_question_of_another_run_is_refused():
    with pytest.raises(LocalProtocolError, match="is of another run"):
        speech().ask(Question.of("Which?"))


STEPS = st.lists(st.sampled_from(["say", "progress", "ask", "answered", "unanswered"]), max_size=12)


@settings(max_examples=60)
@given(STEPS)
def test_however_it_goes_it_is_a_life_of_a_task(steps):
    """The core takes all of it, and the texts of the sections are what was said in each."""
    world = World.of()
    task_id = world.begin()
    speaker, items, sections, waits = Speech(task_id, world.runs[-1].task.context_id, 1, seeded(1)), [], [""], False
    for number, step in enumerate(steps):
        if step == "ask" and not waits:
            items += asking(speaker)
            sections.append("")
            waits = True
        elif step in ("answered", "unanswered") and waits:
            getattr(speaker, step)()
            if step == "answered":
                items.append(TaskStatusUpdateEvent(task_id=task_id, status=TaskStatus(state=TaskState.WORKING)))
            waits = False
        elif step == "say" and not waits:
            items += speaker.say(f"{number} ")
            sections[-1] += f"{number} "
        elif step == "progress" and not waits:
            items += speaker.say(Progress(number))
    if waits:
        speaker.answered()
    items += speaker.finish()
    for item in items:
        world.emit(item)
    task = world.store.load(task_id).task
    assert [artifact.text for artifact in task.artifacts] == [text for text in sections if text]
    assert task.state is TaskState.COMPLETED
    statuses = [item.status.state for item in items if isinstance(item, TaskStatusUpdateEvent)]
    for state, following in itertools.pairwise(statuses):
        assert state is not TaskState.INPUT_REQUIRED or following in (TaskState.WORKING, TaskState.COMPLETED)
    assert statuses.count(TaskState.INPUT_REQUIRED) == len(sections) - 1
