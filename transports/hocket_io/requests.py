"""What a client says, made from what a person gives: text, parts or a Message."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import TypeAlias

from hocket.a2a import Message, Part, Role, SendMessageConfiguration, SendMessageRequest

__all__ = ["Content", "message_request"]

Content: TypeAlias = str | Message | Part | Sequence[Part]
"""What can be sent: text, a part, several parts, or a whole Message."""


def message_request(
    content: Content, *, task_id: str | None = None, context_id: str | None = None, wait: bool = True
) -> SendMessageRequest:
    """The request that sends `content`.

    Args:
        content: What is said.
        task_id: The task it follows up.
        context_id: The conversation it belongs to.
        wait: Whether a call that does not stream waits until the task has settled.
    """
    match content:
        case Message():
            message = content
        case str():
            message = _message((Part(text=content),), task_id, context_id)
        case Part():
            message = _message((content,), task_id, context_id)
        case _:
            message = _message(tuple(content), task_id, context_id)
    configuration = None if wait else SendMessageConfiguration(return_immediately=True)
    return SendMessageRequest(message=message, configuration=configuration)


def _message(parts: tuple[Part, ...], task_id: str | None, context_id: str | None) -> Message:
    return Message(message_id=str(uuid.uuid4()), role=Role.USER, parts=parts, task_id=task_id, context_id=context_id)
