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
    """The links that wait for what begins, by the owner whose tasks they read.

    A task that is over stays in memory until they have read it. Who does not read on would in the end keep them all:
    such a watch is ended, with a `Refused` that names no task.
    """

    mailboxes: Mailboxes
    limits: ServerLimits
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

    def open(self, live: LiveTask) -> list[LiveTask]:
        """A task has begun: those who wait for it read it. The tasks that are no longer read by who was too slow."""
        left: list[LiveTask] = []
        for watch in list(self._watches.get(live.owner, {}).values()):
            finished = self._finished(watch)
            if len(finished) > self.limits.calls:
                left += self._give_up(watch, len(finished), "calls", self.limits.calls)
            elif sum(each.weight for each in finished) > self.limits.idle_size:
                left += self._give_up(watch, len(finished), "idle_size", self.limits.idle_size)
            else:
                self.mailboxes.open(watch.link).calls += 1
                self.mailboxes.read(Subscription(watch.link, watch.call(live.id), live, Cursor(live.log)))
        return left

    def make_room(self) -> list[LiveTask]:
        """There is no room for one more task: end the watch that leaves most unread. The tasks that it read."""
        watches = [watch for each in self._watches.values() for watch in each.values()]
        slowest = max(watches, key=lambda watch: len(self._finished(watch)), default=None)
        unread = 0 if slowest is None else len(self._finished(slowest))
        if slowest is None or not unread:
            return []
        return self._give_up(slowest, unread, "tasks", self.limits.tasks)

    def _finished(self, watch: Watch) -> list[LiveTask]:
        """The tasks that are over, and that it has not read to their end."""
        return [each.live for each in self.mailboxes.open(watch.link).subscriptions if each.live.log.is_ended]

    def _give_up(self, watch: Watch, unread: int, limit: str, maximum: int) -> list[LiveTask]:
        """End the watch of a link that leaves so many tasks unread; the tasks that it read."""
        self.end(watch.link)
        reason = f"read too slowly: {unread} tasks are over and were not read to their end"
        data = {"limit": limit, "max": maximum, "retryable": True}
        error = watch.dialect.write_error(ErrorObject.of(Code.OVERLOADED, reason, data))
        return self.mailboxes.stop_reading(watch.link, Refused(request_id=None, error=error))
