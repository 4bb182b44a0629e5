"""Virtual time: an hour takes none, threads of agents live in it, and the world outside is waited for as it is."""

import asyncio
import logging
import pickle
import socket
import sys
import threading
import time
from concurrent.futures import Executor, Future
from contextvars import copy_context
from types import ModuleType

import anyio
import anyio.from_thread
import anyio.lowlevel
import anyio.to_thread
import pytest
import trio
from hypothesis import given, settings
from hypothesis import strategies as st

from hocket_io.runner.threads import call_in_daemon
from hocket_io.testing import run_virtually
from hocket_io.testing.clocks import VirtualClock, WorldEnded, enter_world, standard_time, time_in

BACKENDS = ["asyncio", "trio"]
REAL_SLEEP, REAL_TIME, REAL_MONOTONIC = time.sleep, time.time, time.monotonic
NEW_YEAR = 1_767_225_600.0  # 2026-01-01T00:00:00Z

both = pytest.mark.parametrize("backend", BACKENDS)


def really_took(function):
    began = REAL_MONOTONIC()
    function()
    return REAL_MONOTONIC() - began


async def sleepers(delays):
    """What happens when, where each of several tasks sleeps for so long, time and again."""
    seen = []

    async def sleep(name, delay):
        for _ in range(3):
            await anyio.sleep(delay)
            seen.append((round(time.monotonic() - began, 6), name))

    began = time.monotonic()
    async with anyio.create_task_group() as group:
        for name, delay in enumerate(delays):
            group.start_soon(sleep, name, delay)
    return seen


@both
@settings(max_examples=20)
@given(delays=st.lists(st.integers(1, 86_400), min_size=1, max_size=5))
def test_everything_happens_at_its_time_and_takes_none(backend, delays):
    expected = sorted((round(float(delay * turn), 6), name) for name, delay in enumerate(delays) for turn in (1, 2, 3))
    assert sorted(run_virtually(sleepers, delays, backend=backend)) == expected
    assert [when for when, _ in run_virtually(sleepers, delays, backend=backend)] == [when for when, _ in expected]


@both
def test_days_take_no_time(backend):
    assert really_took(lambda: run_virtually(anyio.sleep, 1e6, backend=backend)) < 5


@both
def test_all_clocks_agree_and_begin_at_the_new_year(backend):
    async def clocks():
        first = time.time(), time.monotonic(), time.perf_counter(), time.time_ns()
        await anyio.sleep(60)
        second = time.time(), time.monotonic(), time.perf_counter(), time.time_ns()
        return first[0], [later - earlier for earlier, later in zip(first, second, strict=True)]

    assert run_virtually(clocks, backend=backend) == (NEW_YEAR, [60.0, 60.0, 60.0, 60_000_000_000])


@both
def test_outside_nothing_has_changed(backend):
    seen = []

    async def look():
        watching = threading.Thread(target=lambda: seen.append(time.time()))  # it inherits no world
        watching.start()
        watching.join()

    before = REAL_TIME()
    run_virtually(look, backend=backend)
    assert before <= seen[0] <= REAL_TIME()
    assert (time.sleep, time.time, time.monotonic) == (REAL_SLEEP, REAL_TIME, REAL_MONOTONIC)


@both
def test_a_thread_that_sleeps_lets_the_time_pass(backend):
    async def call():
        began = time.time()
        await call_in_daemon(lambda: time.sleep(3_600))
        return time.time() - began

    assert run_virtually(call, backend=backend) == 3_600


@both
def test_threads_go_on_one_after_the_other_always_in_the_same_order(backend):
    def work(name, delay):
        for _ in range(5):
            time.sleep(delay)
            seen.append((name, time.monotonic()))

    async def several():
        async with anyio.create_task_group() as group:
            for name, delay in (("a", 2), ("b", 3), ("c", 1), ("d", 6)):
                group.start_soon(call_in_daemon, lambda name=name, delay=delay: work(name, delay))
                await anyio.sleep(0)

    runs = []
    for _ in range(3):
        seen = []
        run_virtually(several, backend=backend)
        assert [when for _, when in seen] == sorted(when for _, when in seen)
        runs.append(seen)
    assert backend == "trio" or runs[0] == runs[1] == runs[2]  # trio shuffles its tasks on purpose


def count():
    """Something that takes its time, and none on any clock."""
    return sum(range(300_000))


@both
@pytest.mark.parametrize(
    "in_thread", [call_in_daemon, lambda function: anyio.to_thread.run_sync(function)], ids=["of an agent", "of anyio"]
)
def test_while_a_thread_is_at_work_the_clock_stands_still(backend, in_thread):
    async def race():
        with anyio.move_on_after(10) as scope:
            total = await in_thread(count)
        return total, scope.cancelled_caught, time.time()

    assert run_virtually(race, backend=backend) == (count(), False, NEW_YEAR)


def test_while_a_job_of_an_executor_is_at_work_the_clock_stands_still():
    async def race():
        async with asyncio.timeout(10):
            return await asyncio.to_thread(count), time.time()

    assert run_virtually(race) == (count(), NEW_YEAR)


def test_jobs_of_an_executor_sleep_in_this_time():
    async def jobs():
        loop = asyncio.get_running_loop()
        return await asyncio.gather(*(loop.run_in_executor(None, slept, delay) for delay in (3_600, 10, 100)))

    assert run_virtually(jobs) == [NEW_YEAR + delay for delay in (3_600, 10, 100)]


def slept(delay):
    time.sleep(delay)
    return time.time()


def test_what_runs_in_a_process_is_only_waited_for():
    async def job(executor):
        return await asyncio.get_running_loop().run_in_executor(executor, abs, -1)

    class Elsewhere(Executor):
        """Takes only what can be sent to another process."""

        def submit(self, function, /, *args, **named):
            pickle.dumps((function, args, named))
            future = Future()
            future.set_result(function(*args, **named))
            return future

    assert run_virtually(job, Elsewhere()) == 1


@both
def test_a_thread_that_waits_for_the_loop_lets_the_time_pass(backend):
    def ask():
        anyio.from_thread.run(anyio.sleep, 3_600)
        return anyio.from_thread.run_sync(time.time), slept(10)

    async def call():
        return await anyio.to_thread.run_sync(ask)

    assert run_virtually(call, backend=backend) == (NEW_YEAR + 3_600, NEW_YEAR + 3_610)


@both
def test_after_a_thread_has_waited_for_the_loop_it_is_at_work_again(backend):
    def ask():
        anyio.from_thread.run_sync(time.time)
        return count()

    async def race():
        with anyio.move_on_after(10):
            return await anyio.to_thread.run_sync(ask), time.time()

    assert run_virtually(race, backend=backend) == (count(), NEW_YEAR)


@both
def test_who_looks_again_and_again_whether_it_is_time_gets_there(backend):
    async def poll():
        while time.monotonic() < began + 3:
            await anyio.lowlevel.checkpoint()
        return time.time()

    async def spin():
        while time.time() < NEW_YEAR + 3:
            pass
        return time.time()

    async def rest():
        with anyio.move_on_after(3):
            while True:
                await anyio.lowlevel.checkpoint()
        return time.time()

    began = VirtualClock().now
    for wait in (poll, spin, rest):
        assert run_virtually(wait, backend=backend) == pytest.approx(NEW_YEAR + 3, abs=0.01)


@both
def test_time_stands_still_for_who_does_much_in_an_instant(backend):
    async def work():
        for _ in range(1_000):
            await anyio.lowlevel.checkpoint()
            time.time()
        return time.time()

    assert run_virtually(work, backend=backend) == NEW_YEAR


def test_trio_threads_count_too():
    async def race():
        with trio.fail_after(10):
            return await trio.to_thread.run_sync(count), time.time()

    assert run_virtually(race, backend="trio") == (count(), NEW_YEAR)


@both
def test_while_a_socket_is_waited_for_time_passes_as_it_does(backend):
    here, there = socket.socketpair()

    async def race():
        here.setblocking(False)
        writer = threading.Thread(target=lambda: (count(), there.send(b"x")))
        writer.start()
        with anyio.fail_after(3_600):
            await anyio.wait_readable(here)
        writer.join()
        return time.time()

    with here, there:
        assert run_virtually(race, backend=backend) - NEW_YEAR < 60


@both
def test_what_sleeps_on_the_loop_holds_it_up(backend):
    seen = []

    async def tick(has_begun):
        has_begun.set()
        await anyio.sleep(1)
        seen.append(time.time() - NEW_YEAR)

    async def block():
        async with anyio.create_task_group() as group:
            has_begun = anyio.Event()
            group.start_soon(tick, has_begun)
            await has_begun.wait()
            time.sleep(100)

    run_virtually(block, backend=backend)
    assert seen == [100.0]


def test_a_sleep_of_less_than_nothing_is_refused_as_ever():
    async def sleep():
        time.sleep(-1)

    with pytest.raises(ValueError, match="non-negative"):
        run_virtually(sleep)


def test_a_thread_that_sleeps_when_the_world_ends_ends_with_it():
    ended, ends = [], threading.Event()

    def sleep_for_ever():
        try:
            while True:
                time.sleep(1e9)
        except WorldEnded as end:
            ended.append(end)
            ends.set()
            raise

    async def leave():
        with anyio.move_on_after(10):
            await call_in_daemon(sleep_for_ever)

    run_virtually(leave)
    assert ends.wait(20)
    assert len(ended) == 1


def test_who_has_imported_the_functions_sees_the_clock_too():
    module = ModuleType("an_agent")
    module.sleep, module.now, module.log = REAL_SLEEP, REAL_TIME, logging
    sys.modules["an_agent"] = module

    async def call():
        module.sleep(50)
        return module.now()

    try:
        with time_in("an_agent"):
            assert run_virtually(call) == NEW_YEAR + 50
        assert (module.sleep, module.now, module.log) == (REAL_SLEEP, REAL_TIME, logging)
    finally:
        del sys.modules["an_agent"]
    with time_in("no such module"):
        pass


def test_worlds_may_be_nested_and_the_last_puts_the_real_time_back():
    with standard_time():
        with standard_time():
            assert time.sleep is not REAL_SLEEP
        assert time.sleep is not REAL_SLEEP
    assert time.sleep is REAL_SLEEP
    assert anyio.to_thread.run_sync.__module__ == "anyio.to_thread"


@settings(max_examples=30)
@given(st.lists(st.floats(0, 1e6), max_size=8), st.lists(st.floats(0, 1e6), max_size=8))
def test_a_clock_never_goes_back(jumps, passed):
    clock, seen = VirtualClock(), [VirtualClock().now]
    for at in jumps:
        clock.jump(at)
        seen.append(clock.now)
    for seconds in passed:
        clock.passed(seconds - 10)
        seen.append(clock.now)
    assert seen == sorted(seen)


def test_there_is_nothing_to_jump_to_where_nobody_waits():
    clock = VirtualClock()
    assert not clock.jump(float("inf"))
    assert clock.now == VirtualClock().now


def test_who_enters_no_world_is_in_none():
    with standard_time():
        assert abs(time.time() - REAL_TIME()) < 60
        context = copy_context()
        context.run(enter_world, VirtualClock())
        assert context.run(time.time) == NEW_YEAR
        assert abs(time.time() - REAL_TIME()) < 60
