"""Mailboxes: what waits for each link. Answers, and the subscriptions it reads from at its own pace."""

from __future__ import annotations

from collections import deque

from attrs import define, field

from hocket.a2a.live import LiveTask
from hocket.a2a.ports import Delivery, Link, Output, Ready
from hocket.a2a.subscription import Subscription

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
    """All links. A link is told once that it is `Ready`, and not again before it has taken everything."""

    outputs: deque[Output]
    _boxes: dict[Link, Mailbox] = field(factory=dict, init=False)

    def get(self, link: Link) -> Mailbox | None:
        """The link's mailbox, or None if nothing was ever put there."""
        return self._boxes.get(link)

    def open(self, link: Link) -> Mailbox:
        """The link's mailbox, made if need be."""
        return self._boxes.setdefault(link, Mailbox())

    def close(self, link: Link) -> Mailbox | None:
        """Forget the link; what it read and waited for is returned."""
        return self._boxes.pop(link, None)

    def deliver(self, link: Link, delivery: Delivery) -> None:
        """Put an answer into the link's mailbox."""
        self.open(link).answers.append(delivery)
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
