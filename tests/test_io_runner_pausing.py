"""A generator that threads run one after the other: what it pauses at, and who closes it."""

import contextvars
import threading

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hocket_io.runner.pausing import PausingGenerator
from hocket_io.runner.threads import iterate_in_thread


class Pause:
    """A value at which the generator waits."""


def values(script, seen):
    """A generator that yields numbers and pauses, and writes down what it is sent and how it ends."""
    try:
        for step in script:
            sent = yield (Pause() if step == "pause" else step)
            if sent is not None:
                seen.append(sent)
    except GeneratorExit:
        seen.append("closed")
        raise
    return "returned"


@given(st.lists(st.sampled_from([1, 2, "pause"]), max_size=6), st.integers(0, 7))
def test_whenever_it_is_stopped_it_is_closed_once_by_who_has_it(script, wanted):
    """A thread is a call here. It is stopped as it hands over value number `wanted`, or at last."""
    seen, put, done, was_at_rest = [], [], [], []

    def take(value):
        if len(put) == wanted:
            was_at_rest.append(source.stop())
            return False
        put.append(value)
        return True

    source = PausingGenerator(values(script, seen), contextvars.copy_context(), Pause, take, lambda: done.append(True))
    source.work()
    while put and isinstance(put[-1], Pause) and not done and not was_at_rest:
        source.work("answer")
    was_at_rest = was_at_rest or [source.stop()]
    assert was_at_rest == [not done]
    if was_at_rest == [True]:
        source.work("a thread that was on its way")
        source.close()
    assert done == [True]
    assert source.values.gi_frame is None, "it is over"
    assert seen.count("closed") == (0 if source.returned else 1)


def test_one_that_was_stopped_before_it_began_never_begins():
    began = []

    def never():
        began.append(True)
        yield 1

    done = []
    source = PausingGenerator(never(), contextvars.copy_context(), (), lambda value: True, lambda: done.append(True))
    assert source.stop()
    source.work()
    assert done == []
    source.close()
    assert (began, done) == ([], [True])


def test_stopped_while_it_runs_it_is_closed_at_its_pause():
    seen, put = [], []

    def stops_itself():
        assert not source.stop()
        try:
            yield Pause()
        except GeneratorExit:
            seen.append("closed")
            raise

    source = PausingGenerator(
        stops_itself(), contextvars.copy_context(), Pause, put.append, lambda: seen.append("done")
    )
    source.work()
    assert (seen, put) == (["closed", "done"], [])


# Read from a task ---------------------------------------------------------------------------------------------------


def test_a_pause_is_the_last_of_its_list_and_worth_what_it_is_sent(run):
    async def read():
        lists, seen = [], []
        async with iterate_in_thread(values([1, "pause", 2, "pause"], seen), 256, pauses=Pause) as iteration:
            async for batch in iteration:
                lists.append([type(value) for value in batch])
                if isinstance(batch[-1], Pause):
                    iteration.resume(f"answer {len(lists)}")
        return lists, seen, iteration.returned

    lists, seen, returned = run(read)
    assert [kind for batch in lists for kind in batch] == [int, Pause, int, Pause]
    assert all(Pause not in each[:-1] for each in lists)
    assert len(seen) == 2
    assert returned == "returned"


def test_it_sees_the_same_context_variables_in_every_thread(run):
    variable = contextvars.ContextVar("variable")

    def generate():
        variable.set("mine")
        first = threading.get_ident()
        yield Pause()
        return variable.get(), first

    async def read():
        async with iterate_in_thread(generate(), 256, pauses=Pause) as iteration:
            async for _ in iteration:
                iteration.resume()
        return iteration.returned

    assert run(read)[0] == "mine"


def test_leaving_at_a_pause_waits_until_a_thread_has_closed_it(run):
    closed = []

    def generate():
        try:
            yield Pause()
        finally:
            closed.append(threading.get_ident())

    async def read():
        async with iterate_in_thread(generate(), 256, pauses=Pause) as iteration:
            await anext(iteration)

    run(read)
    assert len(closed) == 1
    assert closed[0] != threading.get_ident()


def test_what_closing_at_a_pause_raises_is_told(run):
    def generate():
        try:
            yield Pause()
        finally:
            raise ValueError("while closing")

    async def read():
        with pytest.raises(ValueError, match="while closing"):
            async with iterate_in_thread(generate(), 256, pauses=Pause) as iteration:
                await anext(iteration)

    run(read)


def test_a_value_may_be_put_in_between_by_the_thread_itself(run):
    go_on = threading.Event()

    async def read():
        def generate():
            yield 1
            iteration.put("between")
            assert go_on.wait(10), "it was kept back until the next value"
            yield 2

        async with iterate_in_thread(generate(), 256) as iteration:
            seen = await anext(iteration)
            while seen[-1] != "between":
                seen += await anext(iteration)
            go_on.set()
            async for batch in iteration:
                seen += batch
        return seen

    assert run(read) == [1, "between", 2]


def test_nobody_waits_for_room_where_nobody_reads(run, monkeypatch):
    monkeypatch.setattr("hocket_io.runner.threads._AHEAD", 1)
    is_closed = threading.Event()

    async def read():
        def generate():
            try:
                while True:
                    yield 1
            finally:
                for _ in range(3):
                    assert not iteration.put("too late")
                is_closed.set()

        async with iterate_in_thread(generate(), 1) as iteration:
            await anext(iteration)

    run(read)
    assert is_closed.wait(10)


def test_cleaning_up_at_a_pause_does_not_take_for_ever(monkeypatch):
    monkeypatch.setattr("hocket_io.runner.threads._CLEANUP", 0.01)
    go_on, has_cleaned_up = threading.Event(), threading.Event()

    def generate():
        try:
            yield Pause()
        finally:
            go_on.wait(20)
            has_cleaned_up.set()

    async def read():
        async with iterate_in_thread(generate(), 256, pauses=Pause) as iteration:
            await anext(iteration)

    anyio.run(read)
    assert not has_cleaned_up.is_set()
    go_on.set()
    assert has_cleaned_up.wait(20)
