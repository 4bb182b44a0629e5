"""Runner: functions of every colour, and when what they say is out."""

import functools
import re
import threading

import anyio
import pytest

from hocket.a2a import Items, TaskState, TaskStatus
from hocket_io import AsyncClient
from hocket_io.host import Host
from hocket_io.stores import MemoryStore
from support.agents import agent_of, events_of, text_of
from support.hosts import ask, has_ended, read

# Colours ----------------------------------------------------------------------------------------------------------


def plain(task):
    return f"Hello {task.text}"


def generator(task):
    yield "Hello "
    yield task.text


def generator_that_returns(task):
    yield "Hello "
    return task.text


async def coroutine(task):
    await anyio.lowlevel.checkpoint()
    return f"Hello {task.text}"


async def async_generator(task):
    yield "Hello "
    await anyio.lowlevel.checkpoint()
    yield task.text


def returns_generator(task):
    return generator(task)


def returns_coroutine(task):
    return coroutine(task)


def returns_async_generator(task):
    return async_generator(task)


async def coroutine_that_returns_generator(task):
    return generator(task)


async def coroutine_that_returns_async_generator(task):
    return async_generator(task)


class Callable:
    def __call__(self, task):
        yield "Hello "
        yield task.text


class AsyncCallable:
    async def __call__(self, task):
        yield "Hello "
        yield task.text


class Bound:
    async def method(self, task):
        yield "Hello "
        yield task.text


def with_greeting(greeting, task):
    yield greeting
    yield task.text


async def async_with_greeting(greeting, task):
    yield greeting
    yield task.text


COLOURS = [
    plain,
    generator,
    generator_that_returns,
    coroutine,
    async_generator,
    returns_generator,
    returns_coroutine,
    returns_async_generator,
    coroutine_that_returns_generator,
    coroutine_that_returns_async_generator,
    Callable(),
    AsyncCallable(),
    Bound().method,
    functools.partial(with_greeting, "Hello "),
    functools.partial(async_with_greeting, "Hello "),
]


@pytest.mark.parametrize(
    "function", COLOURS, ids=lambda function: getattr(function, "__name__", type(function).__name__)
)
def test_every_colour_answers(run, function):
    events = run(events_of, function)
    assert "".join(event.text for event in events) == "Hello Ada"
    assert [event.done for event in events] == [False] * (len(events) - 1) + [True]
    assert events[-1].state is TaskState.COMPLETED


def test_blocking_functions_run_in_a_thread_and_async_ones_do_not(run):
    async def where(function):
        return await text_of(function)

    def blocking(task):
        yield str(threading.get_ident())

    async def on_the_loop(task):
        yield str(threading.get_ident())

    assert run(where, blocking) != str(threading.get_ident())
    assert run(where, on_the_loop) == str(threading.get_ident())


@pytest.mark.parametrize("nothing", [None, ""])
def test_saying_nothing_is_an_answer(run, nothing):
    def silent(task):
        yield nothing

    events = run(events_of, silent)
    assert [event.kind for event in events] == ["task", "status", "status"]
    assert events[-1].state is TaskState.COMPLETED


def test_several_turns(run):
    async def asks(task):
        if len(task.history) == 1:
            yield "Which month? "
            yield TaskStatus(state=TaskState.INPUT_REQUIRED)
        else:
            yield f"{task.text} it is"

    async def talk():
        async with AsyncClient(agent_of(asks)) as client:
            first = client.stream("a calendar")
            asked = [event async for event in first]
            second = [event async for event in client.stream("May", task_id=first.task_id)]
            return asked, second, await client.get(first.task_id)

    asked, second, task = run(talk)
    assert asked[-1].state is TaskState.INPUT_REQUIRED
    assert asked[-1].done
    assert second[0].kind == "task"
    assert second[-1].state is TaskState.COMPLETED
    assert [artifact.text for artifact in task.artifacts] == ["Which month? ", "May it is"]
    assert [message.text for message in task.history] == ["a calendar", "May"]


# Turns ------------------------------------------------------------------------------------------------------------


def test_a_value_is_out_before_the_agent_waits(run):
    async def waits(task):
        yield "before "
        await is_seen.wait()
        yield "after"

    async def talk():
        nonlocal is_seen
        is_seen = anyio.Event()
        async with AsyncClient(agent_of(waits)) as client:
            said = []
            async for event in client.stream("go"):
                said.append(event.text)
                if event.text:
                    is_seen.set()
            return said

    is_seen = None
    assert "".join(run(talk)) == "before after"


class CountingStore(MemoryStore):
    """Notes how many items each append brought."""

    def __init__(self):
        super().__init__()
        self.appended = []

    def append(self, task_id, expect, items, *more):
        self.appended.append(len(items))
        return super().append(task_id, expect, items, *more)


def test_values_that_are_ready_together_are_handed_on_together(run, monkeypatch):
    monkeypatch.setattr("hocket_io.runner.runner._SLICE", 600.0)  # however slow this machine is

    async def bursts(task):
        for _ in range(3):
            for _ in range(50):
                yield "x"
            await anyio.lowlevel.checkpoint()

    async def talk():
        store = CountingStore()
        async with Host(agent_of(bursts), store) as host:
            link = host.open_link()
            ask(host, link)
            await read(link, has_ended)
        return store.appended

    assert run(talk) == [1, 51, 50, 50, 2]  # the task, WORKING with the first burst, the others, and the end


def test_a_settled_run_does_not_wait_for_its_generator(run):
    go_on = threading.Event()

    def lingers(task):
        try:
            yield "done"
            yield TaskStatus(state=TaskState.COMPLETED)
            yield "too much"
        finally:
            go_on.wait(10)

    async def talk():
        async with Host(agent_of(lingers)) as host:
            link = host.open_link()
            ask(host, link)
            await read(link, has_ended)
            await anyio.wait_all_tasks_blocked()
            return dict(host._runner._running)

    assert run(talk) == {}
    assert not go_on.is_set()
    go_on.set()


PRODUCED = [0]


async def async_flood(count, task):
    for PRODUCED[0] in range(count):
        yield f"{PRODUCED[0]} "


def flood(count, task):
    for PRODUCED[0] in range(count):
        yield f"{PRODUCED[0]} "


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
@pytest.mark.parametrize("function", [async_flood, flood])
def test_readers_get_turns_from_an_agent_that_never_waits(function, backend):
    count = 20_000

    async def talk():
        turns = 0

        async def metronome():
            nonlocal turns
            while True:
                turns += 1
                await anyio.lowlevel.checkpoint()

        async with (
            Host(agent_of(functools.partial(function, count))) as host,
            anyio.create_task_group() as group,
        ):
            group.start_soon(metronome)
            link = host.open_link()
            ask(host, link)
            taken = link.take()
            seen_at, texts = None, []
            while not any(has_ended(each) for each in taken):
                if not taken:
                    await link.wait()
                taken = link.take()
                texts += [result for each in taken if isinstance(each, Items) for result in each.results]
                if seen_at is None and len(texts) > 10:
                    seen_at = PRODUCED[0]
            group.cancel_scope.cancel()
        return turns, seen_at, texts

    turns, seen_at, texts = anyio.run(talk, backend=backend)
    assert seen_at < 0.99 * count  # reading began long before the agent was through
    assert turns > count / 1_000
    numbers = [int(match) for text in texts for match in re.findall(rb'"text":"(\d+) "', text)]
    assert numbers == list(range(count))
