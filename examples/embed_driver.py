"""A driver for an event loop of one's own: here a small one, on which any number of connections run in one thread."""

import selectors
import socket
import time
from collections import deque
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from hocket import Connection, Endpoint
from hocket.framing import Ndjson
from hocket.jsonrpc import Event, RequestReceived, ResultReceived
from hocket.timers import soonest
from hocket_io.drivers.running import Bounds, Running, broken

EventT = TypeVar("EventT")


class Loop:
    """An event loop, as small as one can be: it has drivers, and what is to be called when it comes round again."""

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, selector: selectors.BaseSelector | None = None
    ) -> None:
        self.clock, self.selector = clock, selector or selectors.DefaultSelector()
        self.drivers: set[Driver[Any]] = set()
        self.soon: deque[Callable[[], object]] = deque()

    def run(self) -> None:
        while self.drivers:
            for _ in range(len(self.soon)):
                self.soon.popleft()()
            at = soonest(*(driver.timer for driver in self.drivers), self.clock() if self.soon else None)
            for key, mask in self.selector.select(None if at is None else min(max(0.0, at - self.clock()), 3_600.0)):
                if key.data in self.drivers:  # another one may have closed it just now
                    key.data.ready(mask)
            for driver in [*self.drivers]:
                if driver.timer is not None and driver.timer <= self.clock():
                    driver.time_out()
        self.selector.close()


class Driver(Generic[EventT]):
    """An Endpoint on that loop. All that is not the loop's is done by `Running`."""

    def __init__(
        self, loop: Loop, endpoint: Endpoint[EventT], on_event: Callable[[EventT], None] | None, **limits: Any
    ) -> None:
        self.endpoint, self.running = endpoint, Running(endpoint, on_event, Bounds(**limits))
        self.timer: float | None = None
        self.loop, self._unwritten, self._mask = loop, bytearray(), 0

    def begin(self, sock: socket.socket) -> None:
        self.running.begin()
        self._sock = sock
        sock.settimeout(0)
        self.loop.drivers.add(self)
        self.pump()

    def now(self) -> float:
        return self.loop.clock()

    def pump(self) -> None:
        if self in self.loop.drivers and self.running.tell(self.now()):
            while pieces := self.running.take(len(self._unwritten)):
                self._unwritten += b"".join(pieces)
            if self.running.is_dropped or (self.running.is_leaving and not self._unwritten):
                self._leave()
            else:
                wants, has = self.running.wants_more, bool(self._unwritten)
                self._watch(selectors.EVENT_READ * wants | selectors.EVENT_WRITE * has)
                self.timer = self.running.next_timeout()

    def close(self) -> None:
        self.running.close()
        self.pump()

    def abort(self) -> None:
        self.running.is_dropped = True
        self.pump()

    def ready(self, mask: int) -> None:
        try:
            if mask & selectors.EVENT_READ:
                self.running.receive(self._sock.recv(65_536), self.now())
            if mask & selectors.EVENT_WRITE:
                del self._unwritten[: self._sock.send(self._unwritten)]
        except OSError as error:
            self.running.fail(broken(error))
        self.pump()

    def time_out(self) -> None:
        self.running.handle_timeout(self.now())
        self.pump()

    def _leave(self) -> None:
        self._watch(0)
        self.loop.drivers.discard(self)
        self._sock.close()
        self.running.finish(self.now())

    def _watch(self, mask: int) -> None:
        if mask != self._mask:
            if self._mask:
                self.loop.selector.unregister(self._sock)
            if mask:
                self.loop.selector.register(self._sock, mask, self)
            self._mask = mask


def main() -> None:
    def add(event: Event) -> None:
        if isinstance(event, RequestReceived):
            there.send_result(event.id, sum(event.params), now=loop.clock())

    def show(event: Event) -> None:
        print(event)
        if isinstance(event, ResultReceived):
            asker.close()

    loop, here, there = Loop(), Connection(Ndjson()), Connection(Ndjson())
    here.send_request("add", [1, 2], now=loop.clock(), timeout=5.0)
    asker, adder = Driver[Event](loop, here, show), Driver[Event](loop, there, add)
    for driver, sock in zip([asker, adder], socket.socketpair(), strict=True):
        driver.begin(sock)
    loop.run()


if __name__ == "__main__":
    main()
