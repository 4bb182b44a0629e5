"""Checks of parameters that no shape can say: lengths, ranges, times and addresses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias
from urllib.parse import urlsplit

from hocket.a2a.requests import (
    DeleteTaskPushNotificationConfigRequest,
    GetExtendedAgentCardRequest,
    GetTaskPushNotificationConfigRequest,
    GetTaskRequest,
    ListTaskPushNotificationConfigsRequest,
    ListTasksRequest,
    Params,
    SendMessageRequest,
    TaskPushNotificationConfig,
)
from hocket.timestamps import moment

__all__ = ["ID_BYTES", "MAXIMUM_PAGE", "Violation", "violations"]

ID_BYTES = 256
"""Bytes of a task, context or message id, unless a server has another limit."""

MAXIMUM_PAGE = 100
"""Objects on a page (A2A 1.0 section 3.1.4)."""

Violation: TypeAlias = tuple[str, str]
"""The path of something wrong, below the parameters and in the words of 1.0, and the reason."""


def violations(params: Params, id_bytes: int = ID_BYTES) -> list[Violation]:
    """Everything that is wrong; [] if nothing is.

    Args:
        params: What was read.
        id_bytes: How long an id may be.

    A2A 1.0 section 4.1.4 (at least one part), 3.2.4 (historyLength), 3.1.4 (pages) and 4.3.1 (push notifications).
    """
    return [*_wrong_ids(params, id_bytes), *_wrong_lengths(params), *_wrong_others(params)]


def _wrong_ids(params: Params, id_bytes: int) -> Iterator[Violation]:
    for path, value in _ids(params).items():
        if value is not None and not 0 < len(value.encode("utf-8", "surrogatepass")) <= id_bytes:
            yield path, f"must have 1 to {id_bytes} bytes"


def _ids(params: Params) -> dict[str, str | None]:
    """Every id by its path, in the words of 1.0."""
    match params:
        case SendMessageRequest(message=message, configuration=configuration):
            push = configuration.task_push_notification_config if configuration else None
            return {
                "message.messageId": message.message_id,
                "message.taskId": message.task_id,
                "message.contextId": message.context_id,
                "configuration.taskPushNotificationConfig.id": push.id if push else None,
            }
        case ListTasksRequest():
            return {"contextId": params.context_id}
        case TaskPushNotificationConfig():
            return {"taskId": params.task_id or "", "id": params.id}
        case GetTaskPushNotificationConfigRequest() | DeleteTaskPushNotificationConfigRequest():
            return {"taskId": params.task_id, "id": params.id}
        case ListTaskPushNotificationConfigsRequest():
            return {"taskId": params.task_id}
        case GetExtendedAgentCardRequest():
            return {}
        case _:
            return {"id": params.id}


def _wrong_lengths(params: Params) -> Iterator[Violation]:
    match params:
        case SendMessageRequest(configuration=configuration):
            length, where = (configuration.history_length if configuration else None), "configuration.historyLength"
        case GetTaskRequest(history_length=length) | ListTasksRequest(history_length=length):
            where = "historyLength"
        case _:
            return
    if length is not None and length < 0:
        yield where, f"must not be negative, got {length}"


def _wrong_others(params: Params) -> Iterator[Violation]:
    match params:
        case SendMessageRequest(message=message, configuration=configuration):
            if not message.parts:
                yield "message.parts", "must have at least one part"
            if configuration and configuration.task_push_notification_config:
                push = configuration.task_push_notification_config
                yield from _wrong_url(push, "configuration.taskPushNotificationConfig.url")
        case TaskPushNotificationConfig():
            yield from _wrong_url(params, "url")
        case ListTasksRequest(page_size=size) | ListTaskPushNotificationConfigsRequest(page_size=size):
            if size is not None and not 1 <= size <= MAXIMUM_PAGE:
                yield "pageSize", f"must be 1 to {MAXIMUM_PAGE}, got {size}"
            after = params.status_timestamp_after if isinstance(params, ListTasksRequest) else None
            if after is not None and moment(after) is None:
                yield "statusTimestampAfter", "must be a time as 2024-07-03T14:30:00Z (RFC 3339)"


def _wrong_url(config: TaskPushNotificationConfig, path: str) -> Iterator[Violation]:
    try:
        parts = urlsplit(config.url)
        is_absolute = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_absolute = False
    if not is_absolute or not config.url.isprintable() or " " in config.url:
        yield path, "must be an absolute http or https URL"
