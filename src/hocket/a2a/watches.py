"""Watches: links that read every task of an owner from its beginning."""

from __future__ import annotations

from attrs import define, evolve, field, frozen

from hocket.a2a.dialects import CallDialect, Operation
from hocket.a2a.live import LiveTask
from hocket.a2a.mailboxes import Mailboxes
from hocket.a2a.parameters import ServiceParameters
from hocket.a2a.ports import Link, Owner
from hocket.a2a.requests import SubscribeToTaskRequest
from hocket.a2a.subscription import Call, Subscription
from hocket.errors import LocalProtocolError
from hocket.log import Cursor

__all__ = ["Watch", "Watches"]


@frozen(kw_only=True)
class Watch:
    """Who reads along, and how the events look for them."""

    link: Link
    dialect: CallDialect
    service: ServiceParameters

    @property
    def owner(self) -> Owner:
        """Whose tasks are read."""
        return Owner(self.service.principal)

    def call(self, task_id: str) -> Call:
        """The reading of one task, from the start of what is kept, as a call that goes by the task's id."""
        return Call(
            request_id=task_id,
            dialect=self.dialect,
            operation=Operation.SUBSCRIBE,
            params=SubscribeToTaskRequest(id=task_id),
            service=evolve(self.service, last_event_id=self.service.last_event_id or 0),
        )


@define(eq=False)
class Watches:
    """The links that wait for what begins, by the owner whose tasks they read."""

    mailboxes: Mailboxes
    _watches: dict[Owner, dict[Link, Watch]] = field(factory=dict, init=False)
    _owners: dict[Link, Owner] = field(factory=dict, init=False)

    def __len__(self) -> int:
        return len(self._owners)

    def begin(self, watch: Watch) -> None:
        """From now on this link reads what begins.

        Raises:
            LocalProtocolError: It does already.
        """
        if watch.link in self._owners:
            raise LocalProtocolError("this link watches already: open another one")
        self.mailboxes.open(watch.link)
        self._owners[watch.link] = watch.owner
        self._watches.setdefault(watch.owner, {})[watch.link] = watch

    def end(self, link: Link) -> None:
        """The link is gone; no error if it has watched nothing."""
        owner = self._owners.pop(link, None)
        if owner is not None:
            del self._watches[owner][link]
            if not self._watches[owner]:
                del self._watches[owner]

    def open(self, live: LiveTask) -> None:
        """A task has begun: those who wait for it read it."""
        for watch in self._watches.get(live.owner, {}).values():
            self.mailboxes.open(watch.link).calls += 1
            self.mailboxes.read(Subscription(watch.link, watch.call(live.id), live, Cursor(live.log)))
