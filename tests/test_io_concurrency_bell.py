"""The bell that a link sleeps by: on a clock that jumps, whatever is rung and whenever."""

import asyncio
import threading

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hocket_io.concurrency.bell import LinkBell
from hocket_io.testing.clocks import run_virtually


@pytest.fixture(params=["asyncio", "trio"])
def virtually(request):
    def run(function, *args):
        return run_virtually(function, *args, backend=request.param)

    return run


async def ring_at(bell, at):
    await anyio.sleep(at - anyio.current_time())
    bell.ring()


def test_a_ring_before_the_sleep_ends_it_at_once_and_only_that_one(virtually):
    async def talk():
        bell, times = LinkBell(), []
        bell.ring()
        bell.ring()
        begun = anyio.current_time()
        for _ in range(2):
            await bell.sleep(5)
            times.append(anyio.current_time() - begun)
        bell.close()
        return times

    assert virtually(talk) == pytest.approx([0, 5])


SLEEPS = st.none() | st.integers(0, 100) | st.integers(1, 5).map(lambda number: 1_000 * number + 101)
"""However eight of them are added up, no time comes in the moment of a ring, which is at full thousands."""


def awakenings(rings, sleeps):
    """When each sleep is over, said once more in a simpler way; one that nothing ends is the last."""
    now = 0
    for seconds in sleeps:
        ends = [at for at in rings if at > now] + ([] if seconds is None else [now + seconds])
        if not ends:
            return
        now = min(ends)
        yield now


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
@given(
    rings=st.lists(st.integers(1, 9).map(lambda number: 1_000 * number), max_size=8),
    sleeps=st.lists(SLEEPS, min_size=1, max_size=8),
)
@settings(max_examples=25)
def test_a_sleep_ends_at_the_next_ring_or_when_its_time_has_come(backend, rings, sleeps):
    """However long the sleep before was to be: its timer neither ends the next one nor lets it go on for ever."""

    async def talk():
        bell, woken, begun = LinkBell(), [], anyio.current_time()
        async with anyio.create_task_group() as group:
            for at in set(rings):
                group.start_soon(ring_at, bell, begun + at)
            with anyio.move_on_after(100_000):
                for seconds in sleeps:
                    await bell.sleep(seconds)
                    woken.append(anyio.current_time() - begun)
            group.cancel_scope.cancel()
        bell.close()
        return woken

    woken = run_virtually(talk, backend=backend)
    assert woken == pytest.approx([*awakenings(rings, sleeps)])


def test_a_ring_that_comes_when_the_sleeper_was_cancelled_is_for_the_next_sleep(virtually):
    async def talk():
        bell = LinkBell()
        with anyio.move_on_after(1):
            await bell.sleep(None)
        bell.ring()
        begun = anyio.current_time()
        await bell.sleep(9)
        bell.close()
        return anyio.current_time() - begun

    assert virtually(talk) == pytest.approx(0)


def test_what_nobody_sleeps_by_any_more_leaves_no_timer():
    async def talk():
        bell = LinkBell()
        with anyio.move_on_after(1):
            await bell.sleep(100)
        bell.close()
        return bell._timer

    assert run_virtually(talk, backend="asyncio") is None


def test_a_timer_of_one_thread_does_not_keep_that_of_another_from_ringing():
    """What timers have in common is not what only one thread at a time can have."""

    class Future(asyncio.Future):
        def set_result(self, result):  # in the midst of a timer's ringing
            thread = threading.Thread(target=asyncio.run, args=(sleep_a_moment(others),))
            thread.start()
            thread.join(20)
            super().set_result(result)

    async def sleep_a_moment(woken):
        bell = LinkBell()
        async with asyncio.timeout(5):
            await bell.sleep(0.0)
        woken.append(True)

    async def talk():
        loop = asyncio.get_running_loop()
        loop.create_future = lambda: Future(loop=loop)
        await LinkBell().sleep(0.0)

    others = []
    asyncio.run(talk())
    assert others == [True]
