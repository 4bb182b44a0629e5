"""Asking: each thing that a client asks for and is answered at once, made from what a person gives."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Generic, TypeVar

from attrs import frozen

from hocket.a2a import (
    AgentCard,
    AuthenticationInfo,
    CancelTaskRequest,
    DeleteTaskPushNotificationConfigRequest,
    GetExtendedAgentCardRequest,
    GetTaskPushNotificationConfigRequest,
    GetTaskRequest,
    ListTaskPushNotificationConfigsRequest,
    ListTaskPushNotificationConfigsResponse,
    ListTasksRequest,
    ListTasksResponse,
    Message,
    Operation,
    Params,
    Result,
    SendMessageConfiguration,
    Task,
    TaskPushNotificationConfig,
    TaskState,
)
from hocket_io.client.answers import answer_as
from hocket_io.client.requests import Content, message_request, push_config

__all__ = [
    "Asking",
    "cancel",
    "delete_push",
    "extended_card",
    "get",
    "get_push",
    "list_push",
    "list_tasks",
    "send",
    "set_push",
]

T_co = TypeVar("T_co", covariant=True)


@frozen
class Asking(Generic[T_co]):
    """What is asked for.

    Attributes:
        operation: The method.
        params: Its parameters.
        read: Makes of the answer what it can only be, or raises CodecError.
    """

    operation: Operation
    params: Params
    read: Callable[[Result], T_co]


def send(
    content: Content,
    *,
    task_id: str | None,
    context_id: str | None,
    wait: bool,
    configuration: SendMessageConfiguration | None,
) -> Asking[Task | Message]:
    """That a message is sent, and answered in one piece."""
    params = message_request(content, task_id=task_id, context_id=context_id, wait=wait, configuration=configuration)
    return Asking(Operation.SEND, params, _sent)


def get(task_id: str, history_length: int | None) -> Asking[Task]:
    """For a task."""
    return Asking(Operation.GET, GetTaskRequest(id=task_id, history_length=history_length), _TASK)


def cancel(task_id: str) -> Asking[Task]:
    """For the end of a task."""
    return Asking(Operation.CANCEL, CancelTaskRequest(id=task_id), _TASK)


def list_tasks(
    *,
    context_id: str | None,
    status: TaskState | None,
    after: str | None,
    page_size: int | None,
    page_token: str | None,
    history_length: int | None,
    include_artifacts: bool,
) -> Asking[ListTasksResponse]:
    """For a page of tasks."""
    params = ListTasksRequest(
        context_id=context_id,
        status=status,
        status_timestamp_after=after,
        page_size=page_size,
        page_token=page_token,
        history_length=history_length,
        include_artifacts=include_artifacts,
    )
    return Asking(Operation.LIST, params, partial(answer_as, ListTasksResponse))


def set_push(
    task_id: str,
    url: str,
    config_id: str | None,
    token: str | None,
    authentication: AuthenticationInfo | str | None,
) -> Asking[TaskPushNotificationConfig]:
    """That the events of a task are posted somewhere."""
    return Asking(Operation.PUSH_CREATE, push_config(task_id, url, config_id, token, authentication), _PUSH)


def get_push(task_id: str, config_id: str | None) -> Asking[TaskPushNotificationConfig]:
    """Where they are posted."""
    return Asking(Operation.PUSH_GET, GetTaskPushNotificationConfigRequest(task_id=task_id, id=config_id), _PUSH)


def list_push(
    task_id: str, page_size: int | None, page_token: str | None
) -> Asking[ListTaskPushNotificationConfigsResponse]:
    """For all the places where they are posted."""
    params = ListTaskPushNotificationConfigsRequest(task_id=task_id, page_size=page_size, page_token=page_token)
    return Asking(Operation.PUSH_LIST, params, partial(answer_as, ListTaskPushNotificationConfigsResponse))


def delete_push(task_id: str, config_id: str) -> Asking[None]:
    """That they are posted there no more."""
    params = DeleteTaskPushNotificationConfigRequest(task_id=task_id, id=config_id)
    return Asking(Operation.PUSH_DELETE, params, _nothing)


def extended_card() -> Asking[AgentCard]:
    """For the card that is not for everybody."""
    return Asking(Operation.EXTENDED_CARD, GetExtendedAgentCardRequest(), partial(answer_as, AgentCard))


_TASK = partial(answer_as, Task)
_PUSH = partial(answer_as, TaskPushNotificationConfig)


def _sent(answer: Result) -> Task | Message:
    return answer if isinstance(answer, Message) else answer_as(Task, answer)


def _nothing(answer: Result) -> None:
    """Whatever a server says where there is nothing to say."""
