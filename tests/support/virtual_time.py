"""Virtual time where both ends of a socket are the test's own, so that nobody outside is waited for.

Under trio, `trio.testing.MockClock(autojump_threshold=0)` is the same.
"""

from hocket_io.testing.clocks import VirtualClock, VirtualLoop, VirtualSelector


class VirtualTime(VirtualClock):
    """A clock as drivers want it, and what moves it: an event loop of asyncio, and a selector for a thread."""

    def __call__(self):
        return self.now

    def selector(self):
        return VirtualSelector(self, alone=True)

    def event_loop(self):
        return VirtualLoop(self, alone=True)
