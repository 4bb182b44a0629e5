"""Generators in worker threads, read from a task."""

import threading

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hocket_io.runner.threads import ThreadedIteration, call_in_daemon, iterate_in_thread


async def read(values, limit=256):
    async with iterate_in_thread(values, limit) as iteration:
        batches = [batch async for batch in iteration]
    return batches, iteration.returned


@given(st.lists(st.integers(), max_size=50), st.integers(1, 7), st.one_of(st.none(), st.text()))
def test_all_values_arrive_in_order_and_in_small_lists(values, limit, result):
    def generate():
        yield from values
        return result

    batches, returned = anyio.run(read, generate(), limit)
    assert [value for batch in batches for value in batch] == values
    assert all(0 < len(batch) <= limit for batch in batches)
    assert returned == result


@given(st.lists(st.integers(), max_size=20), st.integers(1, 7))
def test_an_error_comes_after_the_values_before_it(values, limit):
    def generate():
        yield from values
        raise ValueError("at the end")

    seen = []

    async def read():
        async with iterate_in_thread(generate(), limit) as iteration:
            async for batch in iteration:
                seen.extend(batch)

    with pytest.raises(ValueError, match="at the end"):  # itself, in no group
        anyio.run(read)
    assert seen == values


def test_a_value_is_given_before_the_next_is_there(run):
    go_on = threading.Event()

    def generate():
        yield 1
        assert go_on.wait(10), "the first value was kept back"
        yield 2

    async def read():
        async with iterate_in_thread(generate(), 256) as iteration:
            assert await anext(iteration) == [1]
            go_on.set()
            assert await anext(iteration) == [2]
            with pytest.raises(StopAsyncIteration):
                await anext(iteration)

    run(read)


def test_leaving_early_closes_the_generator_in_its_own_thread(run):
    threads = []
    is_closed = threading.Event()

    def generate():
        threads.append(threading.get_ident())
        try:
            while True:
                yield 1
        finally:
            threads.append(threading.get_ident())
            is_closed.set()

    async def read():
        async with iterate_in_thread(generate(), 16) as iteration:
            assert await anext(iteration)

    run(read)
    assert is_closed.wait(10)
    assert threads[0] == threads[1] != threading.get_ident()


def test_a_body_that_raises_raises_just_that(run):
    def generate():
        yield 1

    async def read():
        async with iterate_in_thread(generate(), 16):
            raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        run(read)


def test_a_thread_waits_when_it_is_too_far_ahead():
    produced = []
    is_far = threading.Event()

    def generate():
        for number in range(5_000):
            produced.append(number)
            if number == 1_024:
                is_far.set()
            yield number

    threads = []

    def start(work):
        threads.append(threading.Thread(target=work))
        threads[-1].start()

    iteration = ThreadedIteration.of(generate(), 256, lambda call: None, start)
    iteration.resume()
    assert is_far.wait(10)
    iteration.stop()
    threads[0].join(10)
    assert not threads[0].is_alive()
    assert len(produced) == 1_025  # 1,024 that wait to be read, and the one it stopped with


def test_it_goes_on_once_there_is_room(run):
    async def read_slowly():
        seen = 0
        async with iterate_in_thread(iter_to(5_000), 100) as iteration:
            async for batch in iteration:
                seen += len(batch)
                await anyio.lowlevel.checkpoint()
        return seen

    assert run(read_slowly) == 5_000


def iter_to(end):
    yield from range(end)


def test_what_closing_raises_is_told(run):
    def generate():
        try:
            yield 1
        finally:
            raise ValueError("while closing")

    async def read_all():
        return await read(generate())

    with pytest.raises(ValueError, match="while closing"):
        run(read_all)


@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt()])
def test_no_exception_is_lost_in_the_thread(run, error):
    def generate():
        yield 1
        raise error

    async def read_all():
        with pytest.raises(type(error)):
            await read(generate())

    run(read_all)


def test_the_loop_may_be_gone_before_the_thread_is():
    release, is_closed = threading.Event(), threading.Event()

    def generate():
        try:
            yield 1
            release.wait(10)
            yield 2
        finally:
            is_closed.set()

    async def read_one():
        async with iterate_in_thread(generate(), 1) as iteration:
            assert await anext(iteration) == [1]

    anyio.run(read_one, backend="trio")  # trio does not wait for abandoned threads
    release.set()
    assert is_closed.wait(10)


class TestCallInDaemon:
    def test_it_gives_the_result(self, run):
        async def call():
            return await call_in_daemon(lambda: (threading.current_thread().daemon, threading.get_ident()))

        is_daemon, ident = run(call)
        assert is_daemon
        assert ident != threading.get_ident()

    def test_it_raises_what_the_function_raised(self, run):
        def fail():
            raise BrokenPipeError("gone")

        async def call():
            with pytest.raises(BrokenPipeError, match="gone"):
                await call_in_daemon(fail)

        run(call)

    def test_cancellation_does_not_wait_for_it(self, run):
        release = threading.Event()

        async def call():
            with anyio.CancelScope() as scope:
                async with anyio.create_task_group() as group:
                    group.start_soon(call_in_daemon, lambda: release.wait(10))
                    await anyio.lowlevel.checkpoint()
                    scope.cancel()
            return scope.cancelled_caught

        run(call)
        assert not release.is_set()
        release.set()  # the thread now finds that the loop is gone
