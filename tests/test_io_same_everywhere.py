"""The same story from every client, over every way to an agent, whatever the colour of its function."""

import anyio
import pytest

from hocket import Agent
from hocket.a2a import TaskState
from hocket_io.http.asgi import App
from support.clients import KINDS, tell
from support.serving import serving


def in_a_thread(task):
    yield {"said": task.text}
    with task.artifact("report", name="Report"):
        yield "Revenue "
        answer = yield task.ask("Which quarter?")
        yield f"of {answer.text}"
    yield task.progress(50, "halfway")
    yield f"Thank you for {answer.text}"


async def yielding(task):
    yield {"said": task.text}
    with task.artifact("report", name="Report") as report:
        yield report.add("Revenue ")
        answer = yield task.ask("Which quarter?")
        yield f"of {answer.text}"
    yield task.progress(50, "halfway")
    yield f"Thank you for {answer.text}"


async def awaiting(task):
    yield {"said": task.text}
    with task.artifact("report", name="Report"):
        yield "Revenue "
        answer = await task.ask("Which quarter?")
        yield f"of {answer.text}"
    yield task.progress(50, "halfway")
    yield f"Thank you for {answer.text}"


def returning(task):
    return f"{task.text}!"


async def async_returning(task):
    return f"{task.text}!"


async def waiting(task):
    yield "waiting "
    await anyio.sleep_forever()


async def failing(task):
    yield "so far"
    raise ValueError("broken")


FUNCTIONS = {
    each.__name__: each for each in (in_a_thread, yielding, awaiting, returning, async_returning, waiting, failing)
}


def make_agent():
    agent = Agent("colours")

    @agent.stream
    def colours(task):
        """Answers in the colour that is asked for."""
        return FUNCTIONS[task.text](task)

    return agent


def told(events):
    """Events without what differs from one task to the next."""
    return [
        (event.kind, event.text, event.message, event.progress, event.state.value, event.done, event.offset)
        for event in events
    ]


async def story(way):
    """All that a client can see of an agent."""
    stream, ask = way.client.stream, way.ask
    told_of = {}
    for colour in ("in_a_thread", "yielding", "awaiting"):
        first = stream(colour)
        begun = await way.read(first)
        second = first.answer("Q2")
        told_of[colour] = [
            told(begun),
            [(each.artifact_id, each.text) for each in first.artifacts],
            told(await way.read(second)),
            [(each.artifact_id, each.name, each.text) for each in second.artifacts],
            [(each.role.value, each.text) for each in (await ask("get", first.task_id)).history],
            len((await ask("get", first.task_id, history_length=2)).history),
        ]
    for colour in ("returning", "async_returning"):
        task = await ask("send", colour)
        told_of[colour] = [told(await way.read(stream(colour))), task.state, task.text, await ask("text", colour)]
    told_of["failing"] = [each[:1] + each[3:] for each in told(await way.read(stream("failing")))]
    task = await ask("send", "waiting", wait=False)
    assert task.state in (TaskState.SUBMITTED, TaskState.WORKING)
    resumed = way.client.resume(task.id, after=0)
    until_text = await way.read(resumed, until=lambda event: event.text)
    canceled = await ask("cancel", task.id)
    rest = await way.read(way.client.resume(task.id, after=until_text[-1].offset))
    told_of["waiting"] = [told(until_text), canceled.state, told(rest)]
    return told_of


OPTIONS = {
    "in memory": None,
    "JSON-RPC 1.0": {"binding": "JSONRPC", "version": "1.0"},
    "HTTP+JSON": {"binding": "HTTP+JSON"},
    "JSON-RPC 0.3": {"version": "0.3"},
}


@pytest.fixture(scope="module")
def url():
    with serving(lambda url: App(make_agent())) as url:
        yield url


@pytest.fixture(scope="module")
def expected():
    return tell("blocking", story, make_agent())


def test_what_the_story_is(expected):
    first, report, second, artifacts, history, last = expected["yielding"]
    assert [each[:5] for each in first] == [
        ("task", "", "", None, "submitted"),
        ("status", "", "", None, "working"),
        ("artifact", "", "", None, "working"),
        ("artifact", "Revenue ", "", None, "working"),
        ("status", "Which quarter?", "Which quarter?", None, "input-required"),
    ]
    assert [each[1] for each in report] == ["", "Revenue "]
    assert "".join(each[1] for each in second) == "of Q2Thank you for Q2"
    assert [each[3] for each in second].count(50) == 1
    assert [each[1:] for each in artifacts] == [
        (None, ""),
        ("Report", "Revenue of Q2"),
        (None, "Thank you for Q2"),
    ]
    assert history[:3] == [("user", "yielding"), ("agent", "Which quarter?"), ("user", "Q2")]
    assert last == 2
    for colour in ("in_a_thread", "awaiting"):
        assert str(expected[colour]).replace(colour, "yielding") == str(expected["yielding"])
    assert expected["returning"][1:] == [TaskState.COMPLETED, "returning!", "returning!"]
    assert expected["failing"][-1][-3:-1] == ("failed", True)
    events, state, rest = expected["waiting"]
    assert (events[-1][1], state, rest[-1][4:6]) == ("waiting ", TaskState.CANCELED, ("canceled", True))


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
@pytest.mark.parametrize("kind", KINDS)
def test_every_cell_tells_it(kind, options, url, expected):
    found = tell(kind, story, make_agent()) if options is None else tell(kind, story, url, **options)
    for chapter, content in expected.items():
        assert found[chapter] == content, chapter
