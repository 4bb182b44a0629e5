"""Agents in threads, when their readers or the whole process leave: nothing waits for ever, what can close does."""

import asyncio
import contextvars
import subprocess
import sys
import threading

import anyio
import pytest

from hocket import Agent
from hocket_io import AsyncClient, Client
from hocket_io.runner.threads import call_in_daemon

BLOCKED = """
import threading
from hocket import Agent
from hocket_io import Client

agent = Agent("blocked")

@agent.stream
def blocked(task):
    yield "first"
    threading.Event().wait()

with Client(agent) as client:
    print(next(event.text for event in client.stream("x") if event.text))
"""

CLOSING = """
import threading
from hocket import Agent
from hocket_io import Client

agent = Agent("closing")
left = threading.Event()

@agent.stream
def closing(task):
    try:
        yield "first"
        left.wait()
        yield "second"
    finally:
        print("closed", flush=True)

with Client(agent) as client:
    print(next(event.text for event in client.stream("x") if event.text), flush=True)
left.set()
"""

INTERRUPTED = """
import os, signal, threading
from hocket import Agent
from hocket_io import Client, serve

agent = Agent("blocked")

@agent.stream
def blocked(task):
    yield "first"
    os.kill(os.getpid(), signal.SIGINT)
    threading.Event().wait()

def ask(url):
    with Client(url, resume=None) as client:
        print([event.kind for event in client.stream("x")][-1], flush=True)

asking = []

def ready(url):
    asking.append(threading.Thread(target=ask, args=(url,)))
    asking[0].start()

serve(agent, port=0, on_ready=ready)
asking[0].join()
print("over")
"""


def output_of(program):
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=False)
    return done.stdout.split(), done.stderr


def test_a_program_ends_although_an_agent_is_blocked_for_ever():
    assert output_of(BLOCKED) == (["first"], "")


def test_a_generator_that_can_be_closed_is_closed_before_the_process_ends():
    assert output_of(CLOSING) == (["first", "closed"], "")


def test_ctrl_c_ends_a_server_whose_agent_is_blocked_for_ever_and_its_streams_are_cut_without_a_word():
    assert output_of(INTERRUPTED) == (["cut", "over"], "")


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_thread_left_behind_counts_until_it_ends(backend):
    release, began = threading.Event(), threading.Event()

    def block():
        began.set()
        release.wait(20)

    async def main():
        limiter = anyio.CapacityLimiter(1)
        with anyio.fail_after(20):
            async with anyio.create_task_group() as group:
                group.start_soon(call_in_daemon, block, limiter)
                while not began.is_set():
                    await anyio.lowlevel.checkpoint()
                group.cancel_scope.cancel()
            assert limiter.borrowed_tokens == 1
            release.set()
            assert await call_in_daemon(lambda: "next", limiter) == "next"
        assert limiter.borrowed_tokens == 0

    anyio.run(main, backend=backend)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_blocking_function_sees_the_callers_context_and_no_event_loop(backend):
    place = contextvars.ContextVar("place")

    def look():
        return place.get(), asyncio.run(here()), anyio.run(here), anyio.run(here, backend="trio")

    async def here():
        return place.get()

    async def main():
        place.set("caller's")
        return await call_in_daemon(look)

    assert anyio.run(main, backend=backend) == ("caller's",) * 4


@pytest.mark.parametrize("error", [ValueError("no"), KeyboardInterrupt(), SystemExit(3)], ids=repr)
def test_whatever_a_blocking_function_raises_reaches_its_caller(error):
    def fail():
        raise error

    async def main():
        with pytest.raises(type(error)) as caught:
            await call_in_daemon(fail)
        assert caught.value is error

    anyio.run(main)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_plain_function_may_give_back_what_is_to_be_awaited(backend):
    agent = Agent("delegating")

    @agent.stream
    def delegate(task):
        async def answer():
            await anyio.lowlevel.checkpoint()
            return task.text

        return answer()

    async def main():
        async with AsyncClient(agent) as client:
            assert await client.text("echo") == "echo"

    anyio.run(main, backend=backend)
    with Client(agent) as client:
        assert client.text("echo") == "echo"
