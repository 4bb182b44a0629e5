"""Runner: functions that ask in the middle of their work, and wait for the answer."""

import contextvars
import re
import threading
from contextlib import suppress

import anyio
import httpx2
import pytest

from hocket import AgentTask, LocalProtocolError
from hocket.a2a import Message, Part, Role, ServerLimits, TaskState, TaskStatus, TaskStatusUpdateEvent
from hocket.errors import RpcError
from hocket_io import AsyncClient, Client
from hocket_io.host import Host
from hocket_io.testing import run_virtually
from support.agents import agent_of
from support.hosts import NotingStore, ask, has_ended, read


def generator(task):
    yield f"{task.text}? "
    quarter = yield task.ask("Which quarter?")
    year = yield task.ask("Which year?")
    yield f"{task.text} of {quarter.text} {year.text}"


async def async_generator(task):
    yield f"{task.text}? "
    quarter = yield task.ask("Which quarter?")
    year = yield task.ask("Which year?")
    yield f"{task.text} of {quarter.text} {year.text}"


async def awaiting_generator(task):
    yield f"{task.text}? "
    quarter = await task.ask("Which quarter?")
    year = await task.ask("Which year?")
    yield f"{task.text} of {quarter.text} {year.text}"


async def coroutine(task):
    quarter = await task.ask("Which quarter?")
    year = await task.ask("Which year?")
    return f"{task.text} of {quarter.text} {year.text}"


def inner(task):
    return (yield task.ask("Which quarter?")), (yield task.ask("Which year?"))


def delegating(task):
    quarter, year = yield from inner(task)
    return f"{task.text} of {quarter.text} {year.text}"


COLOURS = [generator, async_generator, awaiting_generator, coroutine, delegating]


BEGUN = TaskStatus(state=TaskState.SUBMITTED)


async def converse(client, *texts):
    """The Task after each message of a conversation on one task."""
    tasks = [await client.send(texts[0])]
    for text in texts[1:]:
        tasks.append(await client.send(text, task_id=tasks[0].id))
    return tasks


@pytest.mark.parametrize("function", COLOURS)
def test_a_conversation_is_one_run_of_the_function(run, function):
    async def talk():
        async with AsyncClient(agent_of(function)) as client:
            return await converse(client, "revenue", "Q2", "1999")

    first, second, third = run(talk)
    assert (first.state, first.status.message.text) == (TaskState.INPUT_REQUIRED, "Which quarter?")
    assert (second.state, second.status.message.text) == (TaskState.INPUT_REQUIRED, "Which year?")
    assert third.state is TaskState.COMPLETED
    assert third.artifacts[-1].text == "revenue of Q2 1999"
    said = [(message.role, message.text) for message in third.history]
    assert said == [
        (Role.USER, "revenue"),
        (Role.AGENT, "Which quarter?"),
        (Role.USER, "Q2"),
        (Role.AGENT, "Which year?"),
        (Role.USER, "1999"),
    ]


@pytest.mark.parametrize("function", [generator, async_generator, awaiting_generator])
def test_each_section_between_two_questions_has_a_text_of_its_own(run, function):
    async def talk():
        async with AsyncClient(agent_of(function)) as client:
            return (await converse(client, "revenue", "Q2", "1999"))[-1]

    assert [(each.artifact_id, each.text) for each in run(talk).artifacts] == [
        ("text-1", "revenue? "),
        ("text-1-3", "revenue of Q2 1999"),
    ]


@pytest.mark.parametrize("function", [generator, async_generator, awaiting_generator])
def test_a_stream_ends_with_the_question_and_the_next_tells_only_what_is_new(run, function):
    async def talk():
        async with AsyncClient(agent_of(function)) as client:
            first = client.stream("revenue")
            asked = [event async for event in first]
            rest = [[event async for event in client.stream(text, task_id=first.task_id)] for text in ("Q2", "1999")]
            return asked, *rest

    asked, again, told = run(talk)
    assert ["".join(event.text for event in events) for events in (asked, again, told)] == [
        "revenue? Which quarter?",
        "Which year?",
        "revenue of Q2 1999",
    ]
    assert [events[-1].state for events in (asked, again, told)] == [
        TaskState.INPUT_REQUIRED,
        TaskState.INPUT_REQUIRED,
        TaskState.COMPLETED,
    ]
    assert (told[0].kind, told[0].state, told[0].text) == ("task", TaskState.WORKING, "")
    sealed = [event.item for event in asked if event.kind == "artifact"][-1]
    assert sealed.last_chunk


def test_the_client_without_a_loop_converses_too():
    with Client(agent_of(generator)) as client:
        asked = client.send("revenue")
        client.send("Q2", task_id=asked.id)
        assert client.send("1999", task_id=asked.id).artifacts[-1].text == "revenue of Q2 1999"


def test_what_the_function_was_called_for_stays_and_the_answer_is_a_message(run):
    seen = []

    async def keeps(task):
        answer = await task.ask(Message(message_id="mine", role=Role.AGENT, parts=(Part(data={"pick": ["a", "b"]}),)))
        seen.append((task.text, task.message.text, type(answer), answer.text, answer.task_id == task.id))

    async def talk():
        async with AsyncClient(agent_of(keeps)) as client:
            return await converse(client, "first", "second")

    asked, done = run(talk)
    assert (asked.status.message.message_id, asked.status.message.parts) == ("mine", (Part(data={"pick": ["a", "b"]}),))
    assert (asked.status.message.task_id, asked.status.message.context_id) == (asked.id, asked.context_id)
    assert done.state is TaskState.COMPLETED
    assert seen == [("first", "first", Message, "second", True)]


@pytest.mark.parametrize("is_async", [True, False])
def test_an_authorisation_leaves_the_stream_open(run, is_async):
    def blocking(task):
        grant = yield task.ask("May I?", auth=True)
        yield f"You said {grant.text}"

    async def on_the_loop(task):
        grant = await task.ask("May I?", auth=True)
        yield f"You said {grant.text}"

    async def talk():
        async with AsyncClient(agent_of(on_the_loop if is_async else blocking)) as client:
            stream = client.stream("go")
            states = []
            async for event in stream:
                states.append(event.state)
                if event.state is TaskState.AUTH_REQUIRED and states.count(TaskState.AUTH_REQUIRED) == 1:
                    await client.send("yes", task_id=stream.task_id, wait=False)
            return states, (await client.get(stream.task_id)).text

    states, text = run(talk)
    assert states[-1] is TaskState.COMPLETED
    assert TaskState.AUTH_REQUIRED in states
    assert text == "You said yes"


@pytest.mark.parametrize("is_async", [True, False])
def test_an_answer_that_came_before_its_question_is_there_at_once(run, is_async):
    async def on_the_loop(task):
        yield TaskStatus(state=TaskState.AUTH_REQUIRED)
        await is_sent.wait()
        grant = await task.ask("May I now?", auth=True)
        yield f"You said {grant.text}"

    def blocking(task):
        yield TaskStatus(state=TaskState.AUTH_REQUIRED)
        assert is_known.wait(10)
        grant = yield task.ask("May I now?", auth=True)
        yield f"You said {grant.text}"

    async def talk():
        nonlocal is_sent
        is_sent = anyio.Event()
        async with AsyncClient(agent_of(on_the_loop if is_async else blocking)) as client:
            stream = client.stream("go")
            async for event in stream:
                if event.state is TaskState.AUTH_REQUIRED and not is_known.is_set():
                    await client.send("yes", task_id=stream.task_id, wait=False)
                    is_sent.set()
                    is_known.set()
            return (await client.get(stream.task_id)).text

    is_sent, is_known = None, threading.Event()
    assert run(talk) == "You said yes"


def test_a_question_that_is_returned_ends_the_run_and_the_answer_begins_another(run):
    def asks(task):
        if len(task.history) == 1:
            return task.ask("Which colour?")
        return f"Painted in {task.text}."

    async def talk():
        async with AsyncClient(agent_of(asks)) as client:
            return await converse(client, "Paint the door", "blue")

    asked, painted = run(talk)
    assert (asked.state, asked.status.message.text) == (TaskState.INPUT_REQUIRED, "Which colour?")
    assert (painted.state, painted.text) == (TaskState.COMPLETED, "Painted in blue.")


def test_a_waiting_generator_holds_no_thread_and_keeps_its_variables(run):
    language = contextvars.ContextVar("language")
    seen = []

    def asks(task):
        language.set(task.text)
        seen.append(threading.current_thread())
        yield task.ask("?")
        seen.append(language.get())

    async def talk():
        async with AsyncClient(agent_of(asks)) as client:
            task = await client.send("en")
            while seen[0].is_alive():
                await anyio.lowlevel.checkpoint()
            await client.send("go on", task_id=task.id)

    run(talk)
    assert seen[1:] == ["en"]


# Giving up --------------------------------------------------------------------------------------------------------


def waits_in_thread(closed, task):
    try:
        yield "so far"
        yield task.ask("?")
    except GeneratorExit as error:
        closed.append(type(error).__name__)
        raise
    finally:
        closed.append("finally")


async def waits_yielding(closed, task):
    try:
        yield "so far"
        yield task.ask("?")
    except GeneratorExit as error:
        closed.append(type(error).__name__)
        raise
    finally:
        closed.append("finally")


async def waits_awaiting(closed, task):
    try:
        await task.ask("?")
    except anyio.get_cancelled_exc_class() as error:
        closed.append(type(error).__name__)
        raise
    finally:
        closed.append("finally")


WAITING = [
    (waits_in_thread, "GeneratorExit"),
    (waits_yielding, "GeneratorExit"),
    (waits_awaiting, "Cancelled"),
]


@pytest.mark.parametrize(("function", "raised"), WAITING)
def test_a_cancel_closes_the_function_where_it_asks(run, function, raised):
    closed = []

    async def talk():
        async with AsyncClient(agent_of(lambda task: function(closed, task))) as client:
            asked = await client.send("go")
            assert (await client.cancel(asked.id)).state is TaskState.CANCELED

    run(talk)
    assert closed[0].startswith(raised)
    assert closed[1:] == ["finally"]


@pytest.mark.parametrize(("function", "raised"), WAITING)
def test_a_host_that_ends_closes_what_waits(run, function, raised):
    closed = []

    async def talk():
        async with AsyncClient(agent_of(lambda task: function(closed, task))) as client:
            await client.send("go")

    run(talk)
    assert closed[0].startswith(raised)
    assert closed[1:] == ["finally"]


def test_closing_where_it_asks_is_no_reason_to_fail_but_an_exception_is(run, caplog):
    def trips(task):
        try:
            yield task.ask("?")
        finally:
            raise ValueError("while closing")

    async def talk():
        async with AsyncClient(agent_of(trips)) as client:
            asked = await client.send("go")
            with pytest.raises(RpcError, match="failed already"):
                await client.cancel(asked.id)

    run(talk)
    assert "ValueError: while closing" in caplog.text


def test_whoever_waits_no_longer_goes_on_without_an_answer(run):
    async def impatient(task):
        with anyio.move_on_after(0):
            await task.ask("?")
        yield "Then I guess."

    async def talk():
        async with AsyncClient(agent_of(impatient)) as client:
            stream = client.stream("go")
            asked = [event async for event in stream]
            task = await client.get(stream.task_id)
            while task.state is not TaskState.COMPLETED:
                await anyio.lowlevel.checkpoint()
                task = await client.get(stream.task_id)
            return asked[-1].state, task

    state, task = run(talk)
    assert state is TaskState.INPUT_REQUIRED
    assert [artifact.text for artifact in task.artifacts] == ["Then I guess."]


async def completed(store):
    """Wait until a status says so."""
    while not any(getattr(item, "status", BEGUN).state is TaskState.COMPLETED for item in store.items):
        await anyio.lowlevel.checkpoint()


def test_it_may_also_end_without_an_answer(run):
    async def silent(task):
        with anyio.move_on_after(0):
            await task.ask("?")

    async def talk():
        store = NotingStore()
        async with Host(agent_of(silent), store) as host:
            link = host.open_link()
            ask(host, link)
            await completed(store)
        return [item.status.state.value for item in store.items]

    assert run(talk) == ["submitted", "working", "input-required", "working", "completed"]


def test_an_answer_is_given_once(run):
    """What another `yield` gives is None, and a later question has no answer yet."""
    given = []

    def in_thread(task):
        given.append((yield task.ask("?")))
        given.append((yield "more"))

    async def on_the_loop(task):
        given.append((yield task.ask("?")))
        given.append((yield "more"))
        with anyio.move_on_after(0):
            given.append(await task.ask("Again?"))

    async def talk(function):
        async with Host(agent_of(function), NotingStore()) as host:
            link = host.open_link()
            ask(host, link)
            opened, *_ = await read(link, has_ended)
            message = {"messageId": "m2", "role": "user", "parts": [{"kind": "text", "text": "answer"}]}
            ask(host, link, params={"message": {**message, "taskId": opened.task_id}}, request_id=2)
            await completed(host.store)
            return [item.status.state.value for item in host.store.items if isinstance(item, TaskStatusUpdateEvent)]

    assert run(talk, in_thread)[-2:] == ["working", "completed"]
    assert run(talk, on_the_loop)[-4:] == ["working", "input-required", "working", "completed"]
    assert [getattr(each, "text", None) for each in given] == ["answer", None, "answer", None]


# Time: a clock of the test's own -----------------------------------------------------------------------------------


def test_a_run_that_nobody_answers_is_let_go_and_a_later_answer_begins_another():
    calls = []

    async def asks(task):
        calls.append(task.text)
        try:
            answer = await task.ask("Which colour?")
            yield f"Painted in {answer.text}."
        finally:
            calls.append("closed")

    async def talk():
        async with AsyncClient(agent_of(asks)) as client:
            asked = await client.send("Paint the door")
            await anyio.sleep(ServerLimits().patience - 1)
            assert calls == ["Paint the door"]
            await anyio.sleep(2)
            assert calls == ["Paint the door", "closed"]
            assert (await client.get(asked.id)).state is TaskState.INPUT_REQUIRED
            again = await client.send("blue", task_id=asked.id)
            assert again.state is TaskState.INPUT_REQUIRED
            assert (await client.send("red", task_id=asked.id)).text == "Painted in red."

    run_virtually(talk, backend="trio")
    assert calls == ["Paint the door", "closed", "blue", "closed"]


def test_a_generator_in_a_thread_is_let_go_too():
    closed = threading.Event()

    def asks(task):
        try:
            yield task.ask("Which colour?")
        finally:
            closed.set()

    async def talk():
        unhurried = httpx2.Timeout(None)  # the clock does not wait for a thread: it jumps to the end of any timeout
        async with AsyncClient(agent_of(asks), timeout=unhurried) as client:
            await client.send("Paint the door")
            await anyio.sleep(ServerLimits().patience - 1)
            assert not closed.is_set()
            await anyio.sleep(2)
            assert await anyio.to_thread.run_sync(closed.wait, 10)

    run_virtually(talk, backend="trio")


def test_a_function_that_says_it_asks_and_then_hangs_is_closed_when_an_answer_waits():
    calls = []

    async def hangs(task):
        calls.append(task.text)
        try:
            if task.text == "red":
                yield "Painted."
                return
            yield TaskStatusUpdateEvent(task_id=task.id, status=TaskStatus(state=TaskState.INPUT_REQUIRED))
            await anyio.sleep_forever()
        finally:
            calls.append("closed")

    async def talk():
        async with AsyncClient(agent_of(hangs)) as client:
            asked = await client.send("Paint the door")
            assert asked.state is TaskState.INPUT_REQUIRED
            begun = anyio.current_time()
            answer = await client.send("red", task_id=asked.id)
            assert answer.text == "Painted."
            assert anyio.current_time() - begun < ServerLimits().answer_grace + 1

    run_virtually(talk, backend="trio")
    assert calls == ["Paint the door", "closed", "red", "closed"]


# Mistakes ---------------------------------------------------------------------------------------------------------


async def forgets(task):
    task.ask("Which quarter?")
    yield "All of them."


def forgets_in_thread(task):
    task.ask("Which quarter?")
    yield "All of them."


async def asks_two_at_once(task):
    first, second = task.ask("Which quarter?"), task.ask("Which year?")
    yield first
    yield second


async def asks_the_same_again(task):
    question = task.ask("Which quarter?")
    yield question
    yield question


async def talks_while_it_waits(task):
    is_asking = anyio.Event()

    async def in_the_background():
        is_asking.set()
        await task.ask("Which quarter?")

    async with anyio.create_task_group() as group:
        group.start_soon(in_the_background)
        await is_asking.wait()
        task.ask("Which year?")
    yield "never"


async def wait_for(awaitable):
    return await awaitable


async def asks_for_a_number(task):
    yield task.ask(5)


def awaits_in_another_thread(task):
    async def elsewhere():
        await task.ask("Which quarter?")

    anyio.run(elsewhere)


MISTAKES = [
    (forgets, r"task.ask\('Which quarter\?'\) was made but not asked: write `answer = yield"),
    (forgets_in_thread, r"task.ask\('Which quarter\?'\) was made but not asked"),
    (asks_two_at_once, r"one thing at a time: task.ask\('Which quarter\?'\) was made but not asked"),
    (asks_the_same_again, r"task.ask\('Which quarter\?'\) was asked before"),
    (talks_while_it_waits, r"one thing at a time: task.ask\('Which quarter\?'\) is not answered yet"),
    (asks_for_a_number, r"a question is text or a Message, not int"),
    (awaits_in_another_thread, r"await task.ask\('Which quarter\?'\) on the event loop that runs the agent"),
]


@pytest.mark.parametrize(("function", "reason"), MISTAKES)
def test_mistakes_with_questions_are_told_in_the_log(run, function, reason, caplog):
    async def talk():
        async with AsyncClient(agent_of(function)) as client:
            task = await client.send("go")
            while task.state is TaskState.INPUT_REQUIRED:
                with suppress(RpcError):  # it has failed meanwhile
                    await client.send("Q2", task_id=task.id)
                task = await client.get(task.id)
            return task

    assert run(talk).state is TaskState.FAILED
    assert re.search(reason, caplog.text)


def test_a_question_outside_of_a_run_has_nobody_to_answer_it():
    task = AgentTask("t", "c", Message(message_id="m", role=Role.USER, parts=()))
    with pytest.raises(LocalProtocolError, match=r"nobody runs the function that says task.ask\('Which quarter\?'\)"):
        anyio.run(wait_for, task.ask("Which quarter?"))
