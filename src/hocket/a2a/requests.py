"""What is asked of an agent, and the answers that are no objects of `model`: the parameters and results of A2A 1.0.

`tenant` is opaque: a client repeats the one of the interface it talks to (A2A 1.0 section 4.4.6).
"""

from __future__ import annotations

from typing import TypeAlias

from attrs import field, frozen

from hocket.a2a.model import Message, Metadata, Task, TaskState

__all__ = [
    "AuthenticationInfo",
    "CancelTaskRequest",
    "DeleteTaskPushNotificationConfigRequest",
    "GetExtendedAgentCardRequest",
    "GetTaskPushNotificationConfigRequest",
    "GetTaskRequest",
    "ListTaskPushNotificationConfigsRequest",
    "ListTaskPushNotificationConfigsResponse",
    "ListTasksRequest",
    "ListTasksResponse",
    "Params",
    "SendMessageConfiguration",
    "SendMessageRequest",
    "SubscribeToTaskRequest",
    "TaskPushNotificationConfig",
]


@frozen(kw_only=True, weakref_slot=False)
class AuthenticationInfo:
    """How a sender of notifications shows who it is.

    Attributes:
        scheme: Of the `Authorization` header: "Bearer", "Basic" …
        credentials: What follows the scheme.
        schemes: What a 0.3 client offers; the first one is `scheme`.
    """

    scheme: str = ""
    credentials: str | None = field(default=None, repr=False)
    schemes: tuple[str, ...] = ()


@frozen(kw_only=True, weakref_slot=False)
class TaskPushNotificationConfig:
    """Where the events of a task are to be posted (A2A 1.0 section 4.3.1).

    Attributes:
        url: The address that gets them.
        id: Of this configuration, among those of its task; the server chooses one where the client does not.
        task_id: The task; None while the message that starts it is on its way.
        token: What the receiver knows the sender by, in `X-A2A-Notification-Token`.
        authentication: What goes into `Authorization`.
        tenant: See the module.
    """

    url: str
    id: str | None = None
    task_id: str | None = None
    token: str | None = field(default=None, repr=False)
    authentication: AuthenticationInfo | None = None
    tenant: str | None = None


@frozen(kw_only=True, weakref_slot=False)
class SendMessageConfiguration:
    """How the caller wants to be answered. `return_immediately` is 0.3's `blocking`, turned round."""

    accepted_output_modes: tuple[str, ...] = ()
    task_push_notification_config: TaskPushNotificationConfig | None = None
    history_length: int | None = None
    return_immediately: bool = False


@frozen(kw_only=True, weakref_slot=False)
class SendMessageRequest:
    """Parameters of `SendMessage` and `SendStreamingMessage`."""

    message: Message
    configuration: SendMessageConfiguration | None = None
    metadata: Metadata | None = None
    tenant: str | None = None


@frozen(kw_only=True, weakref_slot=False)
class GetTaskRequest:
    """Parameters of `GetTask`."""

    id: str
    history_length: int | None = None
    metadata: Metadata | None = None
    tenant: str | None = None


@frozen(kw_only=True, weakref_slot=False)
class ListTasksRequest:
    """Parameters of `ListTasks`: which tasks, and which page of them (A2A 1.0 section 3.1.4).

    Attributes:
        context_id: Only tasks of this conversation.
        status: Only tasks in this state.
        status_timestamp_after: Only tasks whose status is of this time (RFC 3339) or later.
        page_size: How many at the most, 1 to 100; None for 50.
        page_token: Where to go on: `next_page_token` of the page before.
        history_length: So many messages of the history of each; None for all of it.
        include_artifacts: Whether the artifacts come with them.
        tenant: See the module.
    """

    context_id: str | None = None
    status: TaskState | None = None
    status_timestamp_after: str | None = None
    page_size: int | None = None
    page_token: str | None = None
    history_length: int | None = None
    include_artifacts: bool = False
    tenant: str | None = None


@frozen(kw_only=True, weakref_slot=False)
class ListTasksResponse:
    """A page of tasks, the one that changed last first.

    Attributes:
        tasks: The tasks.
        next_page_token: Where the next page begins; "" on the last one.
        page_size: How many a page may have.
        total_size: How many tasks there are on all pages.
    """

    tasks: tuple[Task, ...]
    next_page_token: str = ""
    page_size: int = 50
    total_size: int = 0


@frozen(kw_only=True, weakref_slot=False)
class CancelTaskRequest:
    """Parameters of `CancelTask`."""

    id: str
    metadata: Metadata | None = None
    tenant: str | None = None


@frozen(kw_only=True, weakref_slot=False)
class SubscribeToTaskRequest:
    """Parameters of `SubscribeToTask`."""

    id: str
    metadata: Metadata | None = None
    tenant: str | None = None


@frozen(kw_only=True, weakref_slot=False)
class GetTaskPushNotificationConfigRequest:
    """Parameters of `GetTaskPushNotificationConfig`. Without an id (0.3 allows it): the task's first one."""

    task_id: str
    id: str | None = None
    tenant: str | None = None


@frozen(kw_only=True, weakref_slot=False)
class ListTaskPushNotificationConfigsRequest:
    """Parameters of `ListTaskPushNotificationConfigs`."""

    task_id: str
    page_size: int | None = None
    page_token: str | None = None
    tenant: str | None = None


@frozen(kw_only=True, weakref_slot=False)
class ListTaskPushNotificationConfigsResponse:
    """The configurations of a task, as many as there are on a page."""

    configs: tuple[TaskPushNotificationConfig, ...] = ()
    next_page_token: str = ""


@frozen(kw_only=True, weakref_slot=False)
class DeleteTaskPushNotificationConfigRequest:
    """Parameters of `DeleteTaskPushNotificationConfig`."""

    task_id: str
    id: str
    tenant: str | None = None


@frozen(kw_only=True, weakref_slot=False)
class GetExtendedAgentCardRequest:
    """Parameters of `GetExtendedAgentCard`; they may be left out."""

    tenant: str | None = None


Params: TypeAlias = (
    SendMessageRequest
    | GetTaskRequest
    | ListTasksRequest
    | CancelTaskRequest
    | SubscribeToTaskRequest
    | TaskPushNotificationConfig
    | GetTaskPushNotificationConfigRequest
    | ListTaskPushNotificationConfigsRequest
    | DeleteTaskPushNotificationConfigRequest
    | GetExtendedAgentCardRequest
)
"""The parameters of any call."""
