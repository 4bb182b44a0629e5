"""The alarm of a driver of asyncio: one timer, set anew again and again."""

import asyncio

from hocket_io.asyncio.alarm import Alarm
from support.virtual_time import VirtualTime


def rung(*times, again=0):
    """When an alarm rings that was set to these times, one after the other; `again` times to the same when it rings."""

    async def main():
        def ring():
            heard.append(loop.time() - start)
            if len(heard) <= again:
                alarm.set(loop.time())

        loop, heard = asyncio.get_running_loop(), []
        start, alarm = loop.time(), Alarm(ring)
        for at in times:
            alarm.set(None if at is None else start + at)
        await asyncio.sleep(100)
        return heard

    with asyncio.Runner(loop_factory=VirtualTime().event_loop) as runner:
        return runner.run(main())


def test_the_last_time_that_it_was_set_to_counts():
    assert rung(10) == [10]
    assert rung(10, 10) == [10]
    assert rung(10, 20) == [20]
    assert rung(20, 10) == [10]
    assert rung(10, None) == []
    assert rung(None, 10) == [10]


def test_it_may_be_set_to_the_time_at_which_it_rings():
    """A loop may be a little early, and then it is not time yet."""
    assert rung(10, again=2) == [10, 10, 10]
