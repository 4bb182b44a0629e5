"""PushDelivery: brings the events of one configuration to its receiver, one after the other."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

import anyio
from attrs import define, field

from hocket.a2a import Ended, Item, Items, PushTarget, Refused
from hocket.errors import ConnectionFailed
from hocket.http import Headers
from hocket.http.push import OFFSET, Again, GiveUp, Next, PushReceiver, Step
from hocket_io.push.ports import AddressRefused, Post, Source
from hocket_io.push.slots import ReceiverSlots

__all__ = ["PushDelivery"]

_log = logging.getLogger(__name__)


@define(eq=False)
class PushDelivery:
    """One configuration at work. The next event is taken when the one before has arrived, and not sooner.

    Args:
        name: What it is called in the log; it holds no secrets.
        source: Where the events come from.
        target: Where they go.
        headers: What goes with each.
        progress: How the receiver does.
        post: Posts.
        slots: How many may post at the same time.
        receiver_slots: Who may post to this receiver.
        random: For jitter, 0 <= random() < 1.
    """

    name: str
    source: Source
    target: PushTarget
    headers: Headers
    progress: PushReceiver
    post: Post
    slots: anyio.CapacityLimiter
    receiver_slots: ReceiverSlots
    random: Callable[[], float]
    _scope: anyio.CancelScope = field(factory=anyio.CancelScope, init=False)
    _is_owed: bool = field(default=False, init=False)
    _is_finishing: bool = field(default=False, init=False)

    async def run(self) -> None:
        """Until the task has ended, the receiver is given up, or one of the others is called."""
        try:
            with self._scope:
                await self._bring_all()
        except anyio.get_cancelled_exc_class():
            if self._is_owed:
                _log.warning("%s: cut short, the host has ended", self.name)
            raise

    def finish(self) -> None:
        """Bring what there is, then end."""
        self._is_finishing = True
        self.source.ring()

    def stop(self) -> None:
        """End now: nobody wants to be told any more."""
        self._scope.cancel()

    async def _bring_all(self) -> None:
        while True:
            taken = self.source.take(1)
            for delivery in taken:
                match delivery:
                    case Items():
                        for item in delivery:
                            if not await self._bring(item):
                                return
                    case Ended() | Refused():
                        return
            if not taken:
                if self._is_finishing:
                    return
                await self.source.wait()

    async def _bring(self, event: Item) -> bool:
        """Post an event until it has arrived, or was refused. Whether there may be another."""
        self._is_owed = True
        while isinstance(step := await self._attempt(event), Again):
            _log.info("%s: %s; again in %.1f s", self.name, step.reason, step.delay)
            await anyio.sleep(step.delay)
        self._is_owed = False
        match step:
            case GiveUp(reason=reason):
                _log.warning("%s: given up: %s", self.name, reason)
            case Next(refusal=str() as refusal):
                level = logging.WARNING if self.progress.failures == 1 else logging.INFO  # once for many in a row
                _log.log(level, "%s: %s; this event is not sent again", self.name, refusal)
        return isinstance(step, Next)

    async def _attempt(self, event: Item) -> Step:
        headers = (*self.headers, (OFFSET, str(event.offset)))
        try:
            async with self.receiver_slots.turn(), self.slots:
                answer = await self.post(self.target, headers, event.result)
        except AddressRefused as error:
            return GiveUp(reason=str(error))
        except ConnectionFailed as error:
            return self.progress.failed(str(error), random=self.random())
        self.receiver_slots.answered()
        return self.progress.answered(answer.status, answer.headers, unix_now=time.time(), random=self.random())
