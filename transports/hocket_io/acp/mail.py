"""Mail: what one agent was sent, sorted by stream, and the invitations."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from weakref import WeakValueDictionary

import anyio
from attrs import define, field

from hocket.acp.events import Invited
from hocket.acp.limits import ClientLimits
from hocket_io.acp.bell import Bell
from hocket_io.acp.unread import AcpEvent, Unread

__all__ = ["Mail"]

_log = logging.getLogger(__name__)

_STRANGE = 64
"""Streams that send us events although nobody here has opened them; of more, the first goes."""


@define(eq=False, repr=False)
class Mail:
    """The queues of all streams of one agent, and when more should be read into them.

    Args:
        agent_id: Whose mail it is.
        limits: How much of it may wait.

    Attributes:
        invitations: Those that nobody has looked at yet; the oldest go where they are more than `limits.unread`.
        invited: Rung for each.
        hunger: Rung when somebody wants more to be read.
    """

    agent_id: str
    limits: ClientLimits
    invitations: deque[Invited] = field(factory=deque, init=False)
    invited: Bell = field(factory=Bell, init=False)
    hunger: Bell = field(factory=Bell, init=False)
    _boxes: WeakValueDictionary[str, Unread] = field(factory=WeakValueDictionary, init=False)
    _strange: dict[str, Unread] = field(factory=dict, init=False)
    _full: WeakValueDictionary[str, Unread] = field(factory=WeakValueDictionary, init=False)
    _readers: int = field(default=0, init=False)

    def open(self, stream_id: str) -> Unread:
        """The queue of a stream that somebody here takes part in. It is there as long as they keep it."""
        box = self._boxes.get(stream_id) or self._new_box(stream_id)
        self._strange.pop(stream_id, None)
        return box

    def forget(self, stream_id: str) -> None:
        """What comes for a stream from now on is not for those who have its queue: it was over for them."""
        self._boxes.pop(stream_id, None)
        self._strange.pop(stream_id, None)

    def put(self, event: AcpEvent) -> None:
        """Sort an event in. One that is about the whole connection goes to all streams."""
        if isinstance(event, Invited):
            self._invite(event)
        elif event.stream_id:
            self._deliver(self._boxes.get(event.stream_id) or self._stranger(event.stream_id), event)
        else:
            for box in list(self._boxes.values()):
                self._deliver(box, event)

    def take(self, box: Unread) -> AcpEvent | None:
        """The next event of a stream, None if there is none for now."""
        event = box.take()
        if self._full:
            self.hunger.ring()
        return event

    def ring(self) -> None:
        """Wake everybody who waits: there is nothing more to wait for."""
        for box in list(self._boxes.values()):
            box.bell.ring()
        self.invited.ring()
        self.hunger.ring()

    async def wait(self, bell: Bell) -> None:
        """Sleep until there may be something to take: a reader at an empty queue."""
        self._readers += 1
        self.hunger.ring()
        try:
            await bell.wait()
        finally:
            self._readers -= 1

    async def room(self, is_awaited: Callable[[], bool], stream_id: str | None = None) -> None:
        """Sleep while whoever reads the streams is too far behind.

        Nobody is held up by a reader that does not come back: where others wait, it counts as gone after as many
        seconds as a request may take.

        Args:
            is_awaited: Whether somebody waits for an answer, which may come after the events.
            stream_id: The only stream that what is read can be for; None where it can be any.
        """
        while (full := self._crowded(stream_id)) and not is_awaited():
            with anyio.move_on_after(self.limits.request) as patience:
                await self.hunger.wait()  # rung whenever something is taken
            if patience.cancelled_caught and self._readers:
                for box in full:
                    box.give_up()

    def _crowded(self, stream_id: str | None) -> list[Unread]:
        if not self._full:
            return []
        self._full = WeakValueDictionary({name: box for name, box in self._full.items() if box.is_full})
        return [box for name, box in self._full.items() if stream_id in (None, name)]

    def _deliver(self, box: Unread, event: AcpEvent) -> None:
        box.put(event)
        if box.is_full:
            self._full[box.stream_id] = box

    def _invite(self, invitation: Invited) -> None:
        if len(self.invitations) >= self.limits.unread:
            _log.warning("an invitation to %r was dropped: nobody looks at them", self.invitations.popleft().stream_id)
        self.invitations.append(invitation)
        self.invited.ring()

    def _new_box(self, stream_id: str) -> Unread:
        box = Unread(stream_id, self.agent_id, self.limits.unread, self.limits.unread_size)
        self._boxes[stream_id] = box
        return box

    def _stranger(self, stream_id: str) -> Unread:
        if len(self._strange) >= _STRANGE:
            del self._strange[next(iter(self._strange))]
        box = self._strange[stream_id] = self._new_box(stream_id)
        return box
