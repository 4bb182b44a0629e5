"""Push configurations: who wants to be told of a task by HTTP, and the links by which the sender reads it.

A configuration whose task goes on is a reader of the task's log like any other: a cursor, so that a receiver that is
slow or down costs no memory and holds up nobody (A2A 1.0 sections 3.1.7 to 3.1.10 and 4.3). Those of tasks that are
over are kept while there is room, and nothing is posted for them.
"""

from __future__ import annotations

from collections import deque

from attrs import define, evolve, field

from hocket.a2a.dialects import V0_3, Dialect, Operation
from hocket.a2a.dialects.invalid import invalid_params
from hocket.a2a.limits import ServerLimits
from hocket.a2a.live import LiveTask
from hocket.a2a.mailboxes import Mailboxes
from hocket.a2a.parameters import ServiceParameters
from hocket.a2a.ports import Link, Output, PushLink, StartPush, StopPush
from hocket.a2a.push_dialect import PushDialect
from hocket.a2a.push_rules import PushRules
from hocket.a2a.requests import (
    DeleteTaskPushNotificationConfigRequest,
    GetTaskPushNotificationConfigRequest,
    ListTaskPushNotificationConfigsRequest,
    ListTaskPushNotificationConfigsResponse,
    SendMessageRequest,
    SubscribeToTaskRequest,
    TaskPushNotificationConfig,
)
from hocket.a2a.subscription import Call, Subscription
from hocket.errors import Code, ErrorObject
from hocket.log import Cursor

__all__ = ["PAGE", "PushConfigs", "forbidden"]

PAGE = 50
"""Configurations on a page, where the caller does not say how many."""


@define(eq=False)
class _Kept:
    """One configuration, its place among those of its task, and the link that reads for it while its task goes on."""

    config: TaskPushNotificationConfig
    place: int
    link: PushLink | None = None


@define(eq=False)
class PushConfigs:
    """The configurations of all tasks.

    Args:
        limits: How many there may be.
        mailboxes: What each link is to get.
        outputs: What the world is asked to do.
    """

    limits: ServerLimits
    mailboxes: Mailboxes
    outputs: deque[Output]
    _tasks: dict[str, dict[str, _Kept]] = field(factory=dict, init=False)
    _resting: dict[tuple[str, str], None] = field(factory=dict, init=False)
    _count: int = field(default=0, init=False)
    _serial: int = field(default=0, init=False)

    def __len__(self) -> int:
        return self._count

    # What callers ask -------------------------------------------------------------------------------------------

    def perform(self, link: Link, call: Call, live: LiveTask) -> None:
        """Answer a call about the configurations of a task."""
        match call.params:
            case TaskPushNotificationConfig() as config:
                if self.admits(link, call, live.id):
                    self.mailboxes.give(link, call, self.create(live, config, call))
            case GetTaskPushNotificationConfigRequest(id=config_id):
                kept = self._find(live.id, config_id)
                if kept is None:
                    which = "none" if config_id is None else f"none with the id {config_id[:64]!r}"
                    reason = f"the task has no such push notification configuration: {which} is set"
                    self.mailboxes.refuse(link, call, Code.TASK_NOT_FOUND, reason)
                else:
                    self.mailboxes.give(link, call, kept.config)
            case ListTaskPushNotificationConfigsRequest() as params:
                self._list(link, call, params)
            case DeleteTaskPushNotificationConfigRequest(id=config_id):
                self._remove(live.id, config_id)
                self.mailboxes.give(link, call, None)

    def admits(self, link: Link, call: Call, task_id: str | None) -> bool:
        """Whether there is room for the configuration that a call brings, if it brings one; else it is refused.

        Args:
            link: Who calls.
            call: The call.
            task_id: The task, or None for one that is to begin.
        """
        _, config = _brought(call)
        if config is None:
            return True
        kept = self._tasks.get(task_id or "", {})
        if (config.id or task_id) in kept:
            return True
        if len(kept) >= self.limits.push_configs:
            self.mailboxes.refuse_over_limit(link, call, "push_configs", self.limits.push_configs)
            return False
        if self._count >= self.limits.push_configs_in_all and not self._resting:
            self.mailboxes.refuse_over_limit(link, call, "push_configs_in_all", self.limits.push_configs_in_all)
            return False
        return True

    def create(self, live: LiveTask, config: TaskPushNotificationConfig, call: Call) -> TaskPushNotificationConfig:
        """Set a configuration: from now on the events of the task are there for the sender.

        One without an id gets that of its task, so that a message that is sent twice sets one configuration. The
        same once more changes nothing; another under an id that is taken replaces the one before.
        """
        config_id = config.id or live.id
        config = evolve(config, id=config_id, task_id=live.id)
        old = self._find(live.id, config_id)
        if old is not None and old.config == config:
            return config
        if old is None:
            self._make_room()
            self._count += 1
        else:
            self._stop(old)
            self._resting.pop((live.id, config_id), None)
        self._serial += 1
        kept = _Kept(config, self._serial if old is None else old.place)
        self._tasks.setdefault(live.id, {})[config_id] = kept
        if live.log.is_ended:
            self._resting[live.id, config_id] = None
        else:
            self._start(kept, live, call.dialect if isinstance(call.dialect, Dialect) else V0_3)
        return config

    def take_from(self, call: Call, live: LiveTask) -> None:
        """The message of this call was taken: so is the configuration that it brings, if it brings one."""
        _, config = _brought(call)
        if config is not None:
            self.create(live, config, call)

    # What becomes of them ---------------------------------------------------------------------------------------

    def finished(self, link: PushLink) -> None:
        """The sender was given the end of the task."""
        kept = self._of(link)
        if kept is not None:
            kept.link = None
            self._resting[link.task_id, link.config_id] = None

    def left(self, link: PushLink) -> None:
        """The sender is done with a link; if that was before the end of the task, it has given the receiver up."""
        if self._of(link) is not None:
            self._take_out(link.task_id, link.config_id)

    # Inside -----------------------------------------------------------------------------------------------------

    def _list(self, link: Link, call: Call, params: ListTaskPushNotificationConfigsRequest) -> None:
        token, size = params.page_token or "0", params.page_size or PAGE
        if not (token.isascii() and token.isdigit() and len(token) <= 18):
            reason = "is none of ours: begin again without it"
            error = invalid_params(("pageToken", reason))
            self.mailboxes.refuse(link, call, Code.INVALID_PARAMS, error.message, error.data)
            return
        rest = [kept for kept in self._tasks.get(params.task_id, {}).values() if kept.place > int(token)]
        page = rest[:size]
        answer = ListTaskPushNotificationConfigsResponse(
            configs=tuple([kept.config for kept in page]),
            next_page_token=str(page[-1].place) if len(rest) > size else "",
        )
        self.mailboxes.give(link, call, answer)

    def _find(self, task_id: str, config_id: str | None) -> _Kept | None:
        configs = self._tasks.get(task_id, {})
        return next(iter(configs.values()), None) if config_id is None else configs.get(config_id)

    def _of(self, link: PushLink) -> _Kept | None:
        """The configuration that a link reads for; None if it was deleted, replaced, or has had all there is."""
        kept = self._find(link.task_id, link.config_id)
        return kept if kept is not None and kept.link == link else None

    def _start(self, kept: _Kept, live: LiveTask, dialect: Dialect) -> None:
        config_id = kept.config.id
        assert config_id is not None, "every configuration that is kept has one"
        link = kept.link = PushLink(live.id, config_id, self._serial)
        call = Call(
            request_id=config_id,
            dialect=PushDialect(dialect),
            operation=Operation.SUBSCRIBE,
            params=SubscribeToTaskRequest(id=live.id),
            service=ServiceParameters(),
        )
        self.outputs.append(StartPush(link=link, config=kept.config, dialect=dialect.version))
        self.mailboxes.open(link).calls += 1
        self.mailboxes.read(Subscription(link, call, live, Cursor(live.log, live.log.last)))

    def _stop(self, kept: _Kept) -> None:
        if kept.link is not None:
            self.mailboxes.leave(kept.link)
            self.outputs.append(StopPush(link=kept.link))
            kept.link = None

    def _remove(self, task_id: str, config_id: str) -> None:
        kept = self._find(task_id, config_id)
        if kept is not None:
            self._stop(kept)
            self._take_out(task_id, config_id)

    def _take_out(self, task_id: str, config_id: str) -> None:
        configs = self._tasks[task_id]
        del configs[config_id]
        if not configs:
            del self._tasks[task_id]
        self._resting.pop((task_id, config_id), None)
        self._count -= 1

    def _make_room(self) -> None:
        """If there are too many, the one whose task has been over for longest is forgotten."""
        if self._count >= self.limits.push_configs_in_all and self._resting:
            self._take_out(*next(iter(self._resting)))


def forbidden(rules: PushRules, call: Call) -> ErrorObject | None:
    """The error of a call that brings a configuration which the rules do not allow, or None."""
    path, config = _brought(call)
    wrong = None if config is None else rules.violation(config)
    if wrong is None:
        return None
    path, reason = f"{path}{wrong[0]}", wrong[1]
    if isinstance(call.dialect, Dialect):
        path = call.dialect.own_path(type(call.params), path)
    return invalid_params((path, reason))


def _brought(call: Call) -> tuple[str, TaskPushNotificationConfig | None]:
    """The configuration that a call brings, by itself or with a message, and the path of its members."""
    match call.params:
        case TaskPushNotificationConfig() as config:
            return "", config
        case SendMessageRequest(configuration=configuration) if configuration is not None:
            return "configuration.taskPushNotificationConfig.", configuration.task_push_notification_config
    return "", None
