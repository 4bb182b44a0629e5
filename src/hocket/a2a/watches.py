"""Watches: links that read every task of an owner from its beginning."""

from __future__ import annotations

from attrs import define, evolve, field, frozen

from hocket.a2a.dialects import CallDialect, Operation
from hocket.a2a.limits import ServerLimits
from hocket.a2a.live import LiveTask
from hocket.a2a.mailboxes import Mailboxes
from hocket.a2a.parameters import ServiceParameters
from hocket.a2a.ports import Link, Owner, Refused
from hocket.a2a.requests import SubscribeToTaskRequest
from hocket.a2a.subscription import Call, Subscription
from hocket.errors import Code, ErrorObject, LocalProtocolError
from hocket.log import Cursor

__all__ = ["Watch", "Watches"]


@frozen(kw_only=True)
class Watch:
    """Who reads along, and how the events look for them."""

    link: Link
    dialect: CallDialect
    service: ServiceParameters
    tenant: str = ""

    @property
    def owner(self) -> Owner:
        """Whose tasks are read."""
        return Owner(self.service.principal, self.tenant)

    def call(self, task_id: str) -> Call:
        """The reading of one task, from the start of what is kept, as a call that goes by the task's id."""
        return Call(
            request_id=task_id,
            dialect=self.dialect,
            operation=Operation.SUBSCRIBE,
            params=SubscribeToTaskRequest(id=task_id, tenant=self.tenant or None),
            service=evolve(self.service, last_event_id=self.service.last_event_id or 0),
        )


@define(eq=False)
class Watches:
    """The links that wait for what begins, by the owner whose tasks they read.

    A task that is over stays in memory until they have read it. Who does not read on would in the end keep them all:
    such a watch is ended, with a `Refused` that names no task.
    """

    mailboxes: Mailboxes
    limits: ServerLimits
    _watches: dict[Owner, dict[Link, Watch]] = field(factory=dict, init=False)
    _owners: dict[Link, Owner] = field(factory=dict, init=False)
    _unread: dict[Link, dict[str, int]] = field(factory=dict, init=False)
    """The tasks that are over, and that a link has not read to their end, and what each of them weighs."""

    def __len__(self) -> int:
        return len(self._owners)

    def begin(self, watch: Watch) -> None:
        """From now on this link reads what begins.

        Raises:
            LocalProtocolError: It does already.
        """
        if watch.link in self._owners:
            raise LocalProtocolError("this link watches already: open another one")
        self._owners[watch.link] = watch.owner
        self._watches.setdefault(watch.owner, {})[watch.link] = watch
        self._unread[watch.link] = {}

    def end(self, link: Link) -> None:
        """The link is gone; no error if it has watched nothing."""
        owner = self._owners.pop(link, None)
        if owner is not None:
            del self._unread[link]
            del self._watches[owner][link]
            if not self._watches[owner]:
                del self._watches[owner]

    def open(self, live: LiveTask) -> list[LiveTask]:
        """A task has begun: those who wait for it read it. The tasks that are no longer read by who was too slow."""
        left: list[LiveTask] = []
        for watch in list(self._watches.get(live.owner, {}).values()):
            unread = self._unread[watch.link]
            if len(unread) > self.limits.calls:
                left += self._give_up(watch, "calls", self.limits.calls)
            elif sum(unread.values()) > self.limits.idle_size:
                left += self._give_up(watch, "idle_size", self.limits.idle_size)
            else:
                self.mailboxes.open(watch.link).calls += 1
                self.mailboxes.read(Subscription(watch.link, watch.call(live.id), live, Cursor(live.log)))
        return left

    def over(self, live: LiveTask) -> None:
        """A task has ended: those who read it have still to read its end."""
        for subscription in live.subscriptions:
            if subscription.link in self._unread:
                self._unread[subscription.link][live.id] = live.weight

    def done(self, link: Link, live: LiveTask) -> None:
        """A link reads a task no more."""
        self._unread.get(link, {}).pop(live.id, None)

    def make_room(self) -> list[LiveTask]:
        """There is no room for one more task: end the watch that leaves most unread. The tasks that it read."""
        watches = [watch for each in self._watches.values() for watch in each.values()]
        slowest = max(watches, key=lambda watch: len(self._unread[watch.link]), default=None)
        if slowest is None or not self._unread[slowest.link]:
            return []
        return self._give_up(slowest, "tasks", self.limits.tasks)

    def _give_up(self, watch: Watch, limit: str, maximum: int) -> list[LiveTask]:
        """End the watch of a link that leaves too much unread; the tasks that it read."""
        reason = f"read too slowly: {len(self._unread[watch.link])} tasks are over and were not read to their end"
        data = {"limit": limit, "max": maximum, "retryable": True}
        self.end(watch.link)
        error = watch.dialect.write_error(ErrorObject.of(Code.OVERLOADED, reason, data))
        return self.mailboxes.stop_reading(watch.link, Refused(request_id=None, error=error))
