"""Alarm: the one timer of asyncio's driver."""

import asyncio

from hocket_io.asyncio.alarm import Alarm


def test_whoever_was_woken_too_early_is_woken_again():
    """Loops round: uvloop to milliseconds. What is due is not due yet then, and asks for the same time again."""

    async def main():
        due = asyncio.get_running_loop().time() - 1.0
        rings = asyncio.Queue()
        alarm = Alarm(lambda: rings.put_nowait(due))
        for _ in range(3):
            alarm.set(due)
            async with asyncio.timeout(20):
                assert await rings.get() == due

    asyncio.run(main())


def test_an_alarm_that_is_stopped_or_moved_does_not_ring_for_what_was_before():
    async def main():
        loop = asyncio.get_running_loop()
        rings = []
        alarm = Alarm(lambda: rings.append(loop.time()))
        alarm.set(loop.time())
        alarm.set(None)
        alarm.set(loop.time())
        alarm.set(loop.time() + 3_600)
        for _ in range(3):
            await asyncio.sleep(0)
        assert rings == []
        alarm.set(None)

    asyncio.run(main())
