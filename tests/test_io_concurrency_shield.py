"""shielded: what is begun is done, in each of the ways to be cancelled, and the cancellation is not lost."""

import asyncio

import anyio
import pytest

from hocket_io.concurrency.shield import shielded
from support.cancelling import WAYS, cancel_everywhere


async def three_turns(done):
    for _ in range(3):
        await anyio.sleep(0)
    done.append("work")
    return "result"


@pytest.mark.parametrize("way", WAYS)
def test_it_is_done_to_its_end_and_the_caller_is_cancelled_at_its_next_wait(way):
    done = []

    async def body():
        assert await shielded(lambda: three_turns(done)) == "result"
        done.append("returned")
        await anyio.sleep(0)
        done.append("went on")

    rounds = cancel_everywhere(body, way)
    assert done == ["work", "returned", "went on"] + ["work", "returned"] * rounds + ["work", "returned", "went on"]


@pytest.mark.parametrize("way", WAYS)
def test_its_error_is_the_callers(way):
    failed = []

    async def work():
        await anyio.sleep(0)
        await anyio.sleep(0)
        raise OSError("no")

    async def body():
        with pytest.raises(OSError, match="no"):
            await shielded(work)
        failed.append(True)
        await anyio.sleep(0)

    rounds = cancel_everywhere(body, way)
    assert len(failed) == rounds + 2


def test_a_timeout_of_asyncio_is_told_from_a_cancellation():
    async def main():
        done = []

        async def in_time():
            async with asyncio.timeout(0):
                await shielded(lambda: three_turns(done))
                await asyncio.sleep(0)

        with pytest.raises(TimeoutError):
            await in_time()
        assert done == ["work"]
        assert asyncio.current_task().cancelling() == 0

    asyncio.run(main())


def test_whoever_is_cancelled_twice_is_cancelled_once():
    async def main():
        done = []

        async def work():
            for _ in range(6):
                await asyncio.sleep(0)
            done.append("work")

        async def caller():
            try:
                await shielded(work)
                await asyncio.sleep(0)
            except asyncio.CancelledError:
                await asyncio.sleep(0)
                done.append("cleaned up")
                raise

        task = asyncio.create_task(caller())
        for _ in range(2):
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()
        assert task.cancelling() == 2
        assert done == ["work", "cleaned up"]

    asyncio.run(main())
