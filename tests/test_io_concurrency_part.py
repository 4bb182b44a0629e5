"""A part of a task that ends from outside, or in time: the task goes on, unless somebody wants all of it to end."""

import asyncio

import anyio
import pytest

from hocket_io.concurrency.part import for_at_most
from hocket_io.testing.clocks import run_virtually


@pytest.fixture(params=["asyncio", "trio"])
def virtually(request):
    def run(function, *args):
        return run_virtually(function, *args, backend=request.param)

    return run


async def begin_in(seconds, waits):
    """When a part is over that waits for so long, and may last so many seconds; and whether it has come to its end."""
    begun, whole = anyio.current_time(), False
    with for_at_most(seconds):
        await anyio.sleep(waits)
        whole = True
    await anyio.lowlevel.checkpoint()  # nobody has cancelled what comes after it
    return anyio.current_time() - begun, whole


@pytest.mark.parametrize(
    ("seconds", "waits", "expected"),
    [(5, 3, (3, True)), (5, 7, (5, False)), (None, 100, (100, True)), (5, 0, (0, True))],
)
def test_a_part_lasts_as_long_as_it_may(virtually, seconds, waits, expected):
    assert virtually(begin_in, seconds, waits) == (pytest.approx(expected[0]), expected[1])


def test_a_part_ends_when_it_is_told_to_and_later_it_cannot_be_told_anything(virtually):
    async def talk():
        parts = []

        async def other():
            await anyio.sleep(1)
            parts[0].cancel()
            await anyio.sleep(1)
            parts[0].cancel()

        begun = anyio.current_time()
        async with anyio.create_task_group() as group:
            group.start_soon(other)
            with for_at_most(60) as part:
                parts.append(part)
                await anyio.sleep_forever()
            ended = anyio.current_time() - begun
            await anyio.sleep(5)
        return ended, anyio.current_time() - begun

    assert virtually(talk) == pytest.approx((1, 6))


def test_a_part_that_is_over_is_ended_by_nobody(virtually):
    async def talk():
        begun = anyio.current_time()
        with for_at_most(5) as part:
            await anyio.sleep(1)
        part.cancel()
        await anyio.sleep(9)
        return anyio.current_time() - begun

    assert virtually(talk) == pytest.approx(10)


@pytest.mark.parametrize("is_first", [True, False])
def test_who_wants_the_whole_task_to_end_gets_that(virtually, is_first):
    async def talk():
        after = []
        with anyio.CancelScope() as whole:
            with for_at_most(60) as part:
                for each in (part, whole) if is_first else (whole, part):
                    each.cancel()
                await anyio.sleep_forever()
            await anyio.lowlevel.checkpoint()
            after.append(True)
        return after

    assert virtually(talk) == []


def test_errors_go_on_as_they_are(virtually):
    async def talk():
        with for_at_most(1):
            try:
                await anyio.sleep_forever()
            finally:
                raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        virtually(talk)


def test_a_task_that_is_cancelled_by_its_owner_ends_while_a_part_of_it_does():
    async def talk():
        after = []

        async def work():
            with for_at_most(60) as part:
                parts.append(part)
                await asyncio.sleep(3600)
            after.append(True)

        parts = []
        task = asyncio.create_task(work())
        await asyncio.sleep(0)
        parts[0].cancel()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return after

    assert asyncio.run(talk()) == []
