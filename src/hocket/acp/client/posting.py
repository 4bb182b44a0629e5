"""Posting: what is said in passing in one stream, from `post` until the hub has it."""

from __future__ import annotations

from collections import deque

from attrs import define, field

from hocket.acp.batch import Batcher, Posted
from hocket.acp.client.requests import Asked

__all__ = ["Posting"]


@define(eq=False, repr=False)
class Posting:
    """The posted messages of one stream, and the requests that have to wait for them.

    One batch is under way at a time, so that what was posted arrives in order, also where a part of it is refused for
    the moment and sent again. (Unless the stream is paused and goes on while the batch is under way: what was refused
    meanwhile comes after what was taken.) A direct message, a chunk or the end of the stream waits (`behind`) until
    what was posted before it has arrived.

    Args:
        batcher: What collects the messages.
        window: How many requests may be under way at a time: 1 where the line does not keep their order.

    Attributes:
        behind: The requests that wait.
    """

    batcher: Batcher
    window: int
    behind: deque[Asked] = field(factory=deque, init=False)
    _is_hurried: bool = field(default=False, init=False)
    _ready: deque[Posted] = field(factory=deque, init=False)
    _flight: dict[str, Posted] = field(factory=dict, init=False)

    def __len__(self) -> int:
        return len(self._flight) + len(self._ready) + len(self.batcher)

    @property
    def is_idle(self) -> bool:
        """Whether everything that was posted has arrived, or was refused for good."""
        return not len(self)

    @property
    def is_quiet(self) -> bool:
        """Whether nothing is to be sent, now or later: neither what was posted nor what waits for it."""
        return not (self.behind or self._flight or self._ready or len(self.batcher))

    def hurry(self) -> None:
        """Let nothing that was posted wait for more, until all has arrived."""
        self._is_hurried = not self.is_idle

    def next_timeout(self) -> float | None:
        """When `take` will have something, as far as time alone decides."""
        return None if self._flight else self.batcher.next_timeout(is_urgent=self._is_urgent)

    def take(self, now: float) -> tuple[Posted, ...]:
        """What is to be sent now; `depart` says with which request."""
        if self._flight:
            return ()
        if not self._ready:
            self._ready.extend(self.batcher.due(now, is_urgent=self._is_urgent))
        return tuple([self._ready.popleft() for _ in range(min(self.window, len(self._ready)))])

    def depart(self, request_id: str, posted: Posted) -> None:
        """A message is under way."""
        self._flight[request_id] = posted

    def arrive(self, request_id: str) -> None:
        """The hub has answered: it has the message, or never wants it."""
        self._flight.pop(request_id, None)
        if self.is_idle:
            self._is_hurried = False

    @property
    def _is_urgent(self) -> bool:
        return self._is_hurried or bool(self.behind)

    def fail(self, request_id: str, *, now: float, delay: float) -> None:
        """A message did not arrive, or not yet: it is kept, and sent again in its order."""
        posted = self._flight.pop(request_id, None)
        if posted is not None:
            self.batcher.failed([posted, *self._ready], now=now, delay=delay)
            self._ready.clear()

    def release(self) -> list[Asked]:
        """The requests that have waited, in order."""
        released = list(self.behind)
        self.behind.clear()
        return released

    def drain(self) -> tuple[Posted, ...]:
        """Take everything that has not arrived: the stream is over."""
        taken = sorted([*self._flight.values(), *self._ready, *self.batcher.drain()], key=lambda posted: posted.number)
        self._flight.clear()
        self._ready.clear()
        return tuple(taken)
