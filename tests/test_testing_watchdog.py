"""An agent that never waits is stopped, and who asked is told, on each event loop; nobody else is."""

import threading
import time

import anyio
import pytest

from hocket import Agent
from hocket.testing.probe import Ask
from hocket_io.testing.memory import Memory
from hocket_io.testing.watchdog import NeverWaits

BRIEFLY = 0.05  # seconds of the processor
HELLO = {"message": {"messageId": "1", "role": "ROLE_USER", "parts": [{"text": "hello"}]}}

both = pytest.mark.parametrize("loop", ["asyncio", "trio"])


async def spins(task):
    yield "begun"
    while True:
        pass


async def spins_whatever_it_is_told(task):
    while True:
        try:
            int("")
        except Exception:
            pass


async def spins_in_a_task_of_its_own(task):
    async with anyio.create_task_group() as group:
        group.start_soon(spins_whatever_it_is_told, task)


def in_memory(function, loop="asyncio", spins=10.0):
    agent = Agent("somebody")
    agent.stream(function)
    return Memory(agent, loop, spins=spins)


def asked(memory):
    conversation = memory.open(memory.url, Ask.call("SendStreamingMessage", HELLO))
    messages = list(iter(conversation.next, None))
    return messages, conversation.end


@both
@pytest.mark.parametrize("function", [spins, spins_whatever_it_is_told, spins_in_a_task_of_its_own])
def test_who_never_waits_is_stopped_and_it_is_told_where(loop, function):
    memory = in_memory(function, loop, spins=BRIEFLY)
    memory.start()
    messages, end = asked(memory)
    memory.stop()
    assert end == "complete"
    assert b"TASK_STATE_FAILED" in messages[-1]
    (error,) = memory.raised
    while isinstance(error, BaseExceptionGroup):
        (error,) = error.exceptions
    assert isinstance(error, NeverWaits)
    assert "without waiting" in str(error)


@both
def test_who_waits_now_and_then_may_be_at_work_for_long(loop):
    def at_work():
        until = time.thread_time() + BRIEFLY * 0.7
        while time.thread_time() < until:
            pass

    async def works(task):
        for _ in range(3):
            at_work()
            await anyio.sleep(0)
        return "done"

    memory = in_memory(works, loop, spins=BRIEFLY)
    memory.start()
    messages, end = asked(memory)
    at_work(), at_work()  # between two requests nobody is watched
    asked(memory)
    memory.stop()
    assert (end, memory.raised) == ("complete", [])
    assert b"COMPLETED" in messages[-1]


def test_the_watchdog_goes_with_the_agent():
    memory = in_memory(spins)
    memory.start()
    assert any(thread.name == "hocket watchdog" for thread in threading.enumerate())
    memory.stop()
    assert not any(thread.name == "hocket watchdog" for thread in threading.enumerate())


def test_who_was_stopped_once_has_less_time_from_then_on():
    memory = in_memory(spins, spins=0.6)
    memory.start()
    asked(memory)
    memory.stop()
    assert memory.spins == 0.5
