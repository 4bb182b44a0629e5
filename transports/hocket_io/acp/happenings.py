"""Happenings: what a hub tells, for one listener at its own pace. Bounded, and what is dropped is counted."""

from __future__ import annotations

from collections import deque

from attrs import define, field, frozen

from hocket.acp.events import StreamEvent
from hocket_io.acp.bell import Bell

__all__ = ["Happenings", "Missed"]


@frozen
class Missed:
    """The listener was too slow: so many events before the next one are gone."""

    count: int


@define(eq=False, repr=False)
class Happenings:
    """The events of a hub, as an async iterator. One task reads it; it ends when the hub's host does.

    Args:
        limit: Events that may wait.
    """

    limit: int
    _waiting: deque[StreamEvent] = field(factory=deque, init=False)
    _missed: int = field(default=0, init=False)
    _bell: Bell = field(factory=Bell, init=False)
    _is_over: bool = field(default=False, init=False)

    def put(self, event: StreamEvent) -> None:
        """Something happened."""
        if len(self._waiting) >= self.limit:
            self._waiting.popleft()
            self._missed += 1
        self._waiting.append(event)
        self._bell.ring()

    def end(self) -> None:
        """Nothing more will happen."""
        self._is_over = True
        self._bell.ring()

    def __aiter__(self) -> Happenings:
        return self

    async def __anext__(self) -> StreamEvent | Missed:
        while not self._waiting:
            if self._is_over:
                raise StopAsyncIteration
            await self._bell.wait()
        if self._missed:
            missed, self._missed = Missed(self._missed), 0
            return missed
        return self._waiting.popleft()
