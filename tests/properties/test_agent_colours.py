"""Whatever a function says and asks comes out the same in each colour of function, and folds to what was said."""

import itertools
import json

import anyio
from hypothesis import given, settings
from hypothesis import strategies as st

from hocket.a2a import Message, Task, TaskArtifactUpdateEvent, TaskState, TaskStatusUpdateEvent, fold
from hocket_io.host import Host
from support.agents import agent_of
from support.hosts import NotingStore, ask, read

SCRIPTS = st.lists(st.sampled_from(["say", "ask", "fill", "wait"]), max_size=8)


def in_a_thread(script):
    def play(task):
        answer = task.message
        for number, step in enumerate(script):
            match step:
                case "say":
                    yield f"{number}: {answer.text} "
                case "ask":
                    answer = yield task.ask(f"{number}?")
                case "fill":
                    with task.artifact("filled"):
                        yield f"{number}! "
        yield f"{answer.text}."

    return play


def yielding(script):
    async def play(task):
        answer = task.message
        for number, step in enumerate(script):
            match step:
                case "say":
                    yield f"{number}: {answer.text} "
                case "ask":
                    answer = yield task.ask(f"{number}?")
                case "fill":
                    with task.artifact("filled"):
                        yield f"{number}! "
                case "wait":
                    await anyio.lowlevel.checkpoint()
        yield f"{answer.text}."

    return play


def awaiting(script):
    async def play(task):
        answer = task.message
        for number, step in enumerate(script):
            match step:
                case "say":
                    yield f"{number}: {answer.text} "
                case "ask":
                    answer = await task.ask(f"{number}?")
                case "fill":
                    with task.artifact("filled"):
                        yield f"{number}! "
                case "wait":
                    await anyio.lowlevel.checkpoint()
        yield f"{answer.text}."

    return play


def coroutine(script):
    async def play(task):
        answer = task.message
        for number, step in enumerate(script):
            if step == "ask":
                answer = await task.ask(f"{number}?")
            elif step == "wait":
                await anyio.lowlevel.checkpoint()
        return f"{answer.text}."

    return play


def short(item):
    """An event without the ids that differ from run to run."""
    match item:
        case Task():
            return "task", item.status.state.value
        case Message():
            return item.role.value, item.text
        case TaskStatusUpdateEvent():
            return item.status.state.value, item.status.message.text if item.status.message else ""
        case TaskArtifactUpdateEvent():
            return item.artifact.artifact_id, item.artifact.text, item.append, item.last_chunk


async def played(function, answers):
    """All that is in the log of a task whose agent is answered until it asks no more."""
    store = NotingStore()
    async with Host(agent_of(function), store) as host:
        link, task_id = host.open_link(), None
        for number, text in enumerate(answers):
            message = {"messageId": f"m{number}", "role": "user", "parts": [{"kind": "text", "text": text}]}
            message |= {"taskId": task_id} if task_id else {}
            ask(host, link, "message/send", {"message": message, "configuration": {"blocking": True}}, number)
            (answered,) = await read(link, lambda each: True)
            task_id = json.loads(answered.result)["id"]
    return store.items


@settings(max_examples=30)
@given(SCRIPTS)
def test_each_colour_says_the_same_and_the_fold_is_what_was_said(script):
    answers = [f"answer {number}" for number in range(1 + script.count("ask"))]

    async def play():
        return [await played(colour(script), answers) for colour in (in_a_thread, yielding, awaiting, coroutine)]

    threaded, *generators, short_spoken = anyio.run(play)
    for items in generators:
        assert list(map(short, items)) == list(map(short, threaded))
    task = fold(threaded)
    assert task.state is TaskState.COMPLETED
    sections, filled, questions = model(script, answers)
    told = {each.artifact_id: "".join(part.text for part in each.parts) for each in task.artifacts}
    assert told == {f"text-1{'-' + str(n) if n > 1 else ''}": text for n, text in sections.items()} | filled
    assert conversation(fold(short_spoken)) == conversation(task) == list(zip_longest_flat(answers, questions))
    assert fold(short_spoken).text == f"{answers[-1]}."


def model(script, answers):
    """The text of each section between two questions, the artifact, and the questions."""
    sections, filled, questions, heard = {}, {}, [], iter(answers)
    answer = next(heard)
    for number, step in enumerate(script):
        match step:
            case "say":
                section = len(questions) + 1
                sections[section] = sections.get(section, "") + f"{number}: {answer} "
            case "ask":
                questions.append(f"{number}?")
                answer = next(heard)
            case "fill":
                filled["filled"] = f"{number}! "
    section = len(questions) + 1
    sections[section] = sections.get(section, "") + f"{answer}."
    return sections, filled, questions


def conversation(task):
    return [message.text for message in task.history]


def zip_longest_flat(answers, questions):
    """First an answer (the message that began it all), then a question, and so on."""
    for answer, question in itertools.zip_longest(answers, questions):
        yield answer
        if question is not None:
            yield question
