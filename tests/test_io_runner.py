"""Runner: functions of every colour, and everything that can go wrong in them."""

import asyncio
import functools
import logging
import re
import threading

import anyio
import pytest
import trio.testing

from hocket import Agent
from hocket.a2a import Ended, Item, Message, Part, Role, ServiceParameters, TaskState, TaskStatus
from hocket.errors import AgentError, RpcError
from hocket_io import AsyncClient
from hocket_io.host import Host
from hocket_io.stores import MemoryStore


@pytest.fixture(params=["asyncio", "trio"])
def run(request):
    def run(function, *args):
        async def guarded():
            with anyio.fail_after(10):
                return await function(*args)

        return anyio.run(guarded, backend=request.param)

    return run


def agent_of(function, **options):
    agent = Agent("under test", **options)
    agent.stream(function)
    return agent


async def events_of(function, text="Ada", **options):
    async with AsyncClient(agent_of(function, **options)) as client:
        return [event async for event in client.stream(text)]


async def text_of(function, text="Ada", **options):
    return "".join(event.text for event in await events_of(function, text, **options))


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


# Failure ----------------------------------------------------------------------------------------------------------


def raises_at_once(task):
    raise ValueError("my password is 12345")


def raises_later(task):
    yield "as far "
    yield "as I got"
    raise ValueError("my password is 12345")


async def async_raises_at_once(task):
    raise ValueError("my password is 12345")


async def async_raises_later(task):
    yield "as far "
    yield "as I got"
    raise ValueError("my password is 12345")


async def raises_while_closing(task):
    try:
        yield "as far "
        yield "as I got"
        yield object()
    finally:
        raise ValueError("my password is 12345")


FAILING = [raises_at_once, raises_later, async_raises_at_once, async_raises_later, raises_while_closing]


@pytest.mark.parametrize("function", FAILING)
def test_an_exception_fails_the_task_and_stays_at_home(run, function, caplog):
    events = run(events_of, function)
    assert events[-1].state is TaskState.FAILED
    assert events[-1].done
    assert "12345" not in repr(events)
    correlation_id = re.search(r"under ([0-9a-f-]{36})\.$", events[-1].message).group(1)
    (record,) = [record for record in caplog.records if correlation_id in record.getMessage()]
    assert record.levelno == logging.ERROR
    assert "my password is 12345" in logging.Formatter().formatException(record.exc_info)
    assert function.__name__ in logging.Formatter().formatException(record.exc_info)


@pytest.mark.parametrize("function", FAILING)
def test_debug_tells_the_caller(run, function):
    events = run(functools.partial(events_of, debug=True), function)
    assert events[-1].message.endswith("ValueError: my password is 12345")


@pytest.mark.parametrize("function", [raises_later, async_raises_later, raises_while_closing])
def test_what_was_said_before_the_failure_is_told(run, function):
    events = run(events_of, function)
    assert "".join(event.text for event in events if event.kind == "artifact") == "as far as I got"


def nonsense_after(values, task):
    yield "first"
    yield from values


async def async_nonsense_after(values, task):
    yield "first"
    for value in values:
        yield value


UNSAYABLE = {
    "int": 42,
    "object": object(),
    "nan": {"a": float("nan")},
    "object inside": {"a": object()},
    "name that is no string": {1: "one"},
    "empty part": Part(),
    "text that is none": Part(text=5),
    "list": ["a", "b"],
}


@pytest.mark.parametrize("function", [nonsense_after, async_nonsense_after])
@pytest.mark.parametrize("value", UNSAYABLE.values(), ids=UNSAYABLE)
def test_a_value_without_a_meaning_fails_the_task_and_nobody_else(run, function, value):
    async def talk():
        agent = agent_of(lambda task: function([value] if task.text == "nonsense" else [" second"], task))
        async with AsyncClient(agent) as client:
            events = [event async for event in client.stream("nonsense")]
            return events, await client.text("sense")

    events, answer = run(talk)
    assert [event.text for event in events if event.kind == "artifact"] == ["first"]
    assert events[-1].state is TaskState.FAILED
    assert answer == "first second"


async def async_exit(task):
    yield "so far"
    raise SystemExit(3)


def blocking_exit(task):
    yield "so far"
    raise SystemExit(3)


def plain_exit(task):
    raise SystemExit(3)


@pytest.mark.parametrize("function", [async_exit, blocking_exit, plain_exit])
def test_sys_exit_ends_the_task_not_the_server(run, function, caplog):
    async def talk():
        async with AsyncClient(agent_of(function)) as client:
            for _ in range(2):
                with pytest.raises(AgentError):
                    await client.text("go")

    run(talk)
    assert len([record for record in caplog.records if record.levelno == logging.ERROR]) == 2


def test_a_cancellation_of_the_agents_own_making_fails_the_task_only():
    async def leaks(task):
        yield "so far"
        inner = asyncio.ensure_future(asyncio.Event().wait())
        asyncio.get_running_loop().call_soon(inner.cancel)
        await inner

    async def talk():
        async with AsyncClient(agent_of(leaks)) as client:
            for _ in range(2):
                events = [event async for event in client.stream("go")]
                assert events[-1].state is TaskState.FAILED
                assert "its log has the reason" in events[-1].message

    anyio.run(talk, backend="asyncio")


def test_an_agent_without_a_function_fails_its_tasks(run):
    async def talk():
        async with AsyncClient(Agent("mute")) as client:
            with pytest.raises(AgentError, match="is failed"):
                await client.text("hello?")

    run(talk)


def over(task):
    yield "done"
    yield TaskStatus(state=TaskState.COMPLETED)
    yield "too much"


async def async_over(task):
    yield "done"
    yield TaskStatus(state=TaskState.COMPLETED)
    yield "too much"


@pytest.mark.parametrize("function", [over, async_over])
def test_nothing_follows_a_settled_task(run, function, caplog):
    events = run(events_of, function)
    assert "".join(event.text for event in events) == "done"
    assert events[-1].state is TaskState.COMPLETED
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


def test_a_message_is_said_as_a_status(run):
    async def chatty(task):
        yield Message(message_id="m", role=Role.AGENT, parts=(Part(text="thinking"),))
        yield "done"

    events = run(events_of, chatty)
    assert [event.message for event in events if event.message] == ["thinking"]


# Cancelling -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("first", ["", "first"])
def test_cancelling_closes_an_async_generator(run, first):
    closed = []

    async def waits(task):
        try:
            yield first
            await anyio.sleep_forever()
        except anyio.get_cancelled_exc_class() as error:
            closed.append(type(error).__name__)
            raise
        finally:
            closed.append("finally")

    async def talk():
        async with AsyncClient(agent_of(waits)) as client:
            stream = client.stream("go")
            await anext(stream)
            task = await stream.cancel()
            assert task.state is TaskState.CANCELED
            rest = [event async for event in stream]
            assert rest[-1].state is TaskState.CANCELED
            assert rest[-1].done
            assert (await stream.cancel()).state is TaskState.CANCELED  # once more does no harm

    run(talk)
    assert closed == [closed[0], "finally"]
    assert closed[0] in ("Cancelled", "CancelledError")


def test_cancelling_a_generator_closes_it_at_its_next_yield(run):
    go_on, is_closed = threading.Event(), threading.Event()

    def blocks(task):
        try:
            yield "first"
            go_on.wait(10)
            yield "second"
        except GeneratorExit:
            is_closed.set()
            raise

    async def talk():
        async with AsyncClient(agent_of(blocks)) as client:
            stream = client.stream("go")
            async for event in stream:
                if event.text == "first":
                    break
            task = await stream.cancel()  # while its thread blocks: nobody waits for it
            assert task.state is TaskState.CANCELED
            assert not go_on.is_set()
            go_on.set()
            rest = [event async for event in stream]
            assert "".join(event.text for event in rest) == ""

    run(talk)
    assert is_closed.wait(10)


def test_cancelling_leaves_a_blocking_function_behind(run):
    go_on = threading.Event()
    began = threading.Event()

    def blocks(task):
        began.set()
        go_on.wait(10)
        return "too late"

    async def talk():
        async with AsyncClient(agent_of(blocks)) as client:
            task = await client.send("go", wait=False)
            await anyio.to_thread.run_sync(began.wait, 10)
            canceled = await client.cancel(task.id)
            assert canceled.state is TaskState.CANCELED
            go_on.set()
            assert (await client.get(task.id)).text == ""

    run(talk)


def test_an_agent_may_finish_instead_of_being_cancelled(run):
    async def stubborn(task):
        yield "first "
        try:
            is_waiting.set()
            await anyio.sleep_forever()
        except anyio.get_cancelled_exc_class():
            pass
        yield "and last"

    async def talk():
        nonlocal is_waiting
        is_waiting = anyio.Event()
        async with AsyncClient(agent_of(stubborn)) as client:
            stream = client.stream("go")
            await anext(stream)
            await is_waiting.wait()
            with pytest.raises(RpcError, match="completed already"):
                await stream.cancel()
            return [event async for event in stream]

    is_waiting = None
    rest = run(talk)
    assert "".join(event.text for event in rest) == "first and last"
    assert rest[-1].state is TaskState.COMPLETED


def test_an_interrupt_can_come_before_the_run_has_begun(run):
    called = []

    def function(task):
        called.append(task.id)

    async def talk():
        async with Host(agent_of(function)) as host:
            link = host.open_link()
            opened, _task = ask(host, link, "message/stream", MESSAGE)
            (answer,) = await answers(host, link, 2, "tasks/cancel", {"id": opened.task_id})
            assert b"canceled" in answer.result
            assert host.server.next_timeout() is None

    run(talk)
    assert called == []


MESSAGE = {"message": {"messageId": "m", "role": "user", "parts": [{"kind": "text", "text": "go"}]}}


def ask(host, link, method, params, request_id=1):
    """Ask without giving the event loop a turn."""
    host.server.receive(link.name, request_id, method, params, ServiceParameters(), host.now())
    host.pump()
    return link.take()


async def answers(host, link, request_id, method, params):
    taken = ask(host, link, method, params, request_id)
    while not (found := [each for each in taken if each.request_id == request_id]):
        if not taken:
            await link.wait()
        taken = link.take()
    return found


# Time: a clock of the test's own -----------------------------------------------------------------------------------


@pytest.fixture
def run_in_virtual_time(monkeypatch):
    monkeypatch.setattr(Host, "now", lambda host: anyio.current_time())

    def run(function):
        clock = trio.testing.MockClock(autojump_threshold=0)
        return anyio.run(function, backend="trio", backend_options={"clock": clock})

    return run


def test_an_agent_that_does_not_stop_is_left_behind(run_in_virtual_time):
    async def shielded(task):
        yield "before"
        with anyio.CancelScope(shield=True):
            await anyio.sleep(60)
        yield "after"

    async def talk():
        async with AsyncClient(agent_of(shielded)) as client:
            async with client.stream("go") as stream:
                async for event in stream:
                    if event.text:
                        break
                began = anyio.current_time()
                task = await stream.cancel()
            assert task.state is TaskState.CANCELED
            assert anyio.current_time() - began == pytest.approx(5.0)
            await anyio.sleep(120)
            task = await client.get(task.id)
            assert (task.state, task.text) == (TaskState.CANCELED, "before")

    run_in_virtual_time(talk)


def test_cleaning_up_does_not_take_for_ever(run_in_virtual_time):
    cleanup = []

    async def never_tidy(task):
        try:
            yield "said"
            yield TaskStatus(state=TaskState.COMPLETED)
        finally:
            began = anyio.current_time()
            try:
                await anyio.sleep_forever()
            finally:
                cleanup.append(anyio.current_time() - began)

    async def talk():
        async with AsyncClient(agent_of(never_tidy)) as client:
            assert await client.text("go") == "said"

    run_in_virtual_time(talk)
    assert cleanup == [pytest.approx(10.0)]


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
    def __init__(self):
        super().__init__()
        self.appended = []

    def append(self, task_id, expect, items):
        self.appended.append(len(items))
        return super().append(task_id, expect, items)


async def read_all(host, link):
    """Read one streaming call to its end."""
    taken = ask(host, link, "message/stream", MESSAGE)
    while not any(isinstance(each, Ended) for each in taken):
        if not taken:
            await link.wait()
        taken = link.take()


def test_values_that_are_ready_together_are_handed_on_together(run, monkeypatch):
    monkeypatch.setattr("hocket_io.runner._SLICE", 600.0)  # however slow this machine is

    async def bursts(task):
        for _ in range(3):
            for _ in range(50):
                yield "x"
            await anyio.lowlevel.checkpoint()

    async def talk():
        store = CountingStore()
        async with Host(agent_of(bursts), store) as host:
            await read_all(host, host.open_link())
        return store.appended

    assert run(talk) == [1, 1, 50, 50, 50, 2]  # the task, WORKING, the bursts, and the end


def test_a_settled_run_does_not_wait_for_its_generator(run):
    go_on = threading.Event()

    def lingers(task):
        yield "done"
        yield TaskStatus(state=TaskState.COMPLETED)
        go_on.wait(10)
        yield "too much"

    async def talk():
        async with Host(agent_of(lingers)) as host:
            await read_all(host, host.open_link())
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


@pytest.mark.parametrize(
    ("function", "backend", "count"),
    [
        (async_flood, "asyncio", 100_000),
        (async_flood, "trio", 20_000),
        (flood, "asyncio", 20_000),
        (flood, "trio", 20_000),
    ],
)
def test_readers_get_turns_from_an_agent_that_never_waits(function, backend, count):
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
            taken = ask(host, link, "message/stream", MESSAGE)
            seen_at, texts = None, []
            while not any(isinstance(each, Ended) for each in taken):
                if not taken:
                    await link.wait()
                taken = link.take()
                texts += [each.result for each in taken if isinstance(each, Item)]
                if seen_at is None and len(texts) > 10:
                    seen_at = PRODUCED[0]
            group.cancel_scope.cancel()
        return turns, seen_at, texts

    turns, seen_at, texts = anyio.run(talk, backend=backend)
    assert seen_at < 0.99 * count  # reading began long before the agent was through
    assert turns > count / 1_000
    numbers = [int(match) for text in texts for match in re.findall(rb'"text":"(\d+) "', text)]
    assert numbers == list(range(count))
