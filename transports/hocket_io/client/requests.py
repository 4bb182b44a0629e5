"""What a client says, made from what a person gives: text, parts or a Message."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import TypeAlias

from attrs import evolve

from hocket.a2a import (
    AuthenticationInfo,
    Message,
    Part,
    Role,
    SendMessageConfiguration,
    SendMessageRequest,
    TaskPushNotificationConfig,
)
from hocket.errors import LocalProtocolError

__all__ = ["Content", "message_request", "push_config"]

Content: TypeAlias = str | Message | Part | Sequence[Part]
"""What can be sent: text, a part, several parts, or a whole Message."""


def message_request(
    content: Content,
    *,
    task_id: str | None = None,
    context_id: str | None = None,
    wait: bool = True,
    configuration: SendMessageConfiguration | None = None,
) -> SendMessageRequest:
    """The request that sends `content`.

    Args:
        content: What is said.
        task_id: The task it follows up.
        context_id: The conversation it belongs to.
        wait: Whether a call that does not stream waits until the task has settled.
        configuration: How to be answered otherwise.

    Raises:
        LocalProtocolError: The content is nothing that can be sent.
    """
    match content:
        case Message():
            message = evolve(content, task_id=task_id or content.task_id, context_id=context_id or content.context_id)
        case str():
            message = _message((Part(text=content),), task_id, context_id)
        case Part():
            message = _message((content,), task_id, context_id)
        case _:
            message = _message(_parts(content), task_id, context_id)
    if not wait:
        configuration = evolve(configuration or SendMessageConfiguration(), return_immediately=True)
    return SendMessageRequest(message=message, configuration=configuration)


def push_config(
    task_id: str, url: str, config_id: str | None, token: str | None, authentication: AuthenticationInfo | str | None
) -> TaskPushNotificationConfig:
    """Where the events of a task are to be posted.

    Args:
        task_id: The task.
        url: The address.
        config_id: A name for it, among those of the task.
        token: What the receiver knows the sender by.
        authentication: What goes into `Authorization`, as one text or in two parts.
    """
    if isinstance(authentication, str):
        scheme, _, credentials = authentication.partition(" ")
        authentication = AuthenticationInfo(scheme=scheme, credentials=credentials.strip() or None)
    return TaskPushNotificationConfig(
        task_id=task_id, url=url, id=config_id, token=token, authentication=authentication
    )


def _message(parts: tuple[Part, ...], task_id: str | None, context_id: str | None) -> Message:
    return Message(message_id=str(uuid.uuid4()), role=Role.USER, parts=parts, task_id=task_id, context_id=context_id)


def _parts(content: object) -> tuple[Part, ...]:
    if not isinstance(content, Sequence) or not all(isinstance(part, Part) for part in content):
        kind = type(content).__name__
        raise LocalProtocolError(f"{kind} cannot be sent: give text, a Part, a list of Parts, or a whole Message")
    if not content:
        raise LocalProtocolError("a message has one part at the least: there is none in the list")
    return tuple(content)
