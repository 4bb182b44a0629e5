"""Mailboxes: what waits for each link. Answers, and the subscriptions it reads from at its own pace."""

from __future__ import annotations

from collections import deque
from typing import Any

from attrs import define, field

from hocket.a2a.live import LiveTask
from hocket.a2a.ports import Delivery, Link, Output, Ready, Refused
from hocket.a2a.subscription import Call, Subscription
from hocket.errors import Code, ErrorObject

__all__ = ["Mailbox", "Mailboxes"]


@define(eq=False)
class Mailbox:
    """One link: answers to hand out, subscriptions to read, and the tasks it waits for."""

    answers: deque[Delivery] = field(factory=deque)
    subscriptions: list[Subscription] = field(factory=list)
    waits_for: dict[str, LiveTask] = field(factory=dict)
    is_ready: bool = False


@define(eq=False)
class Mailboxes:
    """All links. A link is told once that it is `Ready`, and not again before it has taken everything.

    A link without a mailbox is one that was never heard of or has left: what comes for it is dropped.
    """

    outputs: deque[Output]
    _boxes: dict[Link, Mailbox] = field(factory=dict, init=False)

    def __len__(self) -> int:
        return len(self._boxes)

    def get(self, link: Link) -> Mailbox | None:
        """The link's mailbox, or None if it has none."""
        return self._boxes.get(link)

    def open(self, link: Link) -> Mailbox:
        """The link's mailbox, made if need be."""
        return self._boxes.setdefault(link, Mailbox())

    def close(self, link: Link) -> Mailbox | None:
        """Forget the link; what it read and waited for is returned."""
        return self._boxes.pop(link, None)

    def refuse(
        self, link: Link, call: Call, code: Code, message: str | None = None, data: Any = None
    ) -> None:
        """Answer a call with an error."""
        error = call.dialect.write_error(ErrorObject.of(code, message, data))
        self.deliver(link, Refused(request_id=call.request_id, error=error))

    def refuse_over_limit(self, link: Link, call: Call, limit: str, maximum: int) -> None:
        """Answer a call with the limit that it would exceed; the caller may try again."""
        self.refuse(link, call, Code.OVERLOADED, data={"limit": limit, "max": maximum, "retryable": True})

    def deliver(self, link: Link, delivery: Delivery) -> None:
        """Put an answer into the link's mailbox."""
        box = self._boxes.get(link)
        if box is not None:
            box.answers.append(delivery)
            self.ready(link)

    def ready(self, link: Link) -> None:
        """There is something for this link."""
        box = self._boxes.get(link)
        if box is not None and not box.is_ready:
            box.is_ready = True
            self.outputs.append(Ready(link=link))

    def take(self, link: Link, limit: int) -> tuple[list[Delivery], list[Subscription]]:
        """About `limit` deliveries, and the subscriptions that ended with them."""
        box = self._boxes.get(link)
        if box is None:
            return [], []
        out: list[Delivery] = []
        over: list[Subscription] = []
        while box.answers and len(out) < limit:
            out.append(box.answers.popleft())
        for subscription in box.subscriptions:
            if len(out) >= limit:
                break
            if subscription.has_more:
                out += subscription.read(limit - len(out))
            if subscription.is_over:
                over.append(subscription)
        for subscription in over:
            box.subscriptions.remove(subscription)
        if len(box.subscriptions) > 1:  # so that a busy stream does not keep the others from their turn
            box.subscriptions.append(box.subscriptions.pop(0))
        if not out:
            box.is_ready = False
        return out, over
