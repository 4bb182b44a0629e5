"""Runner: everything that can go wrong in an agent's function."""

import asyncio
import functools
import logging
import re

import anyio
import pytest

from hocket.a2a import Message, Part, Role, ServerLimits, TaskState, TaskStatus
from hocket.errors import AgentError
from hocket_io import AsyncClient
from hocket_io.host import Host
from support.agents import agent_of, events_of
from support.hosts import ask, has_ended, read


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


async def fails_in_tasks_of_its_own(task):
    async with anyio.create_task_group() as outer, anyio.create_task_group() as inner:
        inner.start_soon(async_raises_at_once, task)
        outer.start_soon(anyio.sleep_forever)
    yield "never said"


def test_debug_tells_what_failed_in_the_tasks_of_a_function(run):
    events = run(functools.partial(events_of, debug=True), fails_in_tasks_of_its_own)
    assert events[-1].message.endswith(". ValueError: my password is 12345")


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


class Panic(BaseException):
    """What a library raises that does not want to be caught."""


async def async_exit(error, task):
    yield "so far"
    raise error


def blocking_exit(error, task):
    yield "so far"
    raise error


def plain_exit(error, task):
    raise error


async def exit_while_closing(error, task):
    try:
        yield "so far"
        yield object()
    finally:
        raise error


def blocking_exit_while_closing(error, task):
    try:
        yield "so far"
        yield object()
    finally:
        raise error


IN_A_THREAD = [plain_exit, blocking_exit, blocking_exit_while_closing]
EVERYWHERE = [*IN_A_THREAD, async_exit, exit_while_closing]
EXITS = [SystemExit(3), GeneratorExit(), Panic("now"), BaseExceptionGroup("all", [Panic("now"), ValueError("too")])]


@pytest.mark.parametrize(
    ("function", "error"),
    [(function, error) for function in EVERYWHERE for error in EXITS]
    + [(function, KeyboardInterrupt()) for function in IN_A_THREAD],
)
def test_whatever_is_raised_ends_the_task_not_the_server(run, function, error, caplog):
    """A KeyboardInterrupt on the event loop is the exception: it is Ctrl-C."""

    async def talk():
        async with AsyncClient(agent_of(functools.partial(function, error))) as client:
            for _ in range(2):
                with pytest.raises(AgentError):
                    await client.text("go")

    run(talk)
    assert len([record for record in caplog.records if record.levelno == logging.ERROR]) == 2


def test_ctrl_c_on_the_event_loop_is_not_the_agents(run):
    async def talk():
        async with AsyncClient(agent_of(functools.partial(async_exit, KeyboardInterrupt()))) as client:
            await client.text("go")

    with pytest.raises(BaseException) as ended:
        run(talk)
    assert ended.type is KeyboardInterrupt or ended.group_contains(KeyboardInterrupt)


def test_what_fails_while_the_host_ends_is_the_agents(run, caplog):
    async def complains():
        try:
            await anyio.sleep_forever()
        finally:
            raise ValueError("not now")

    async def busy(task):
        async with anyio.create_task_group() as group:
            group.start_soon(complains)
            group.start_soon(anyio.sleep_forever)

    async def talk():
        async with AsyncClient(agent_of(busy)) as client:
            await client.send("go", wait=False)
            await anyio.wait_all_tasks_blocked()

    run(talk)
    assert any("not now" in logging.Formatter().formatException(each.exc_info) for each in caplog.records)


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


def test_what_is_refused_where_the_agent_waits_ends_its_wait_and_fails_the_task(run, caplog):
    ended = []

    async def says_too_much(task):
        try:
            yield "x" * 2_000
            await anyio.sleep(20)
        except BaseException as error:
            ended.append(isinstance(error, anyio.get_cancelled_exc_class()))
            raise

    async def talk():
        async with Host(agent_of(says_too_much), limits=ServerLimits(task_size=1_000)) as host:
            link = host.open_link()
            ask(host, link)
            return (await read(link, has_ended))[-1].state, dict(host._runner._running)

    assert run(talk) == (TaskState.FAILED, {})
    assert ended == [True]
    assert "raise the limit task_size" in caplog.text
