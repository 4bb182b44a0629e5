"""Time that passes as soon as nobody has anything to do, for what waits in a selector: asyncio, and threads.

Under trio, `trio.testing.MockClock(autojump_threshold=0)` is the same.
"""

import asyncio
import selectors

from attrs import define


@define
class VirtualTime:
    """A clock, and a selector that moves it: it looks for what is ready, and else lets the time pass at once."""

    now: float = 1_000.0

    def __call__(self):
        return self.now

    def selector(self):
        return _VirtualSelector(self)

    def event_loop(self):
        return _VirtualLoop(self)


class _VirtualSelector(selectors.DefaultSelector):
    def __init__(self, time):
        super().__init__()
        self._time = time

    def select(self, timeout=None):
        if timeout is None or (ready := super().select(0)):
            return super().select(timeout) if timeout is None else ready
        self._time.now += timeout
        return []


class _VirtualLoop(asyncio.SelectorEventLoop):
    def __init__(self, time):
        self._virtual_time = time
        super().__init__(time.selector())

    def time(self):
        return self._virtual_time.now
