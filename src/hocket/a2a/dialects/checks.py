"""Checks of parameters that no shape can say: lengths, and numbers that must not be negative."""

from __future__ import annotations

from hocket.a2a.requests import CancelTaskRequest, GetTaskRequest, SendMessageRequest, SubscribeToTaskRequest

__all__ = ["ID_BYTES", "violation"]

ID_BYTES = 256
"""Bytes of a task, context or message id, unless a server has another limit."""


def violation(
    params: SendMessageRequest | GetTaskRequest | CancelTaskRequest | SubscribeToTaskRequest,
    id_bytes: int = ID_BYTES,
) -> tuple[str, str] | None:
    """The path and the reason of the first thing wrong, or None.

    Args:
        params: What was read.
        id_bytes: How long an id may be.

    A2A 1.0 section 4.1.4 (at least one part) and 3.2.4 (historyLength).
    """
    ids: dict[str, str | None] = {}
    length: int | None = None
    match params:
        case SendMessageRequest(message=message, configuration=configuration):
            ids = {
                "params.message.messageId": message.message_id,
                "params.message.taskId": message.task_id,
                "params.message.contextId": message.context_id,
            }
            length, where = (
                (configuration.history_length if configuration else None),
                "params.configuration.historyLength",
            )
            if not message.parts:
                return "params.message.parts", "must have at least one part"
        case GetTaskRequest(id=task_id, history_length=length):
            ids, where = {"params.id": task_id}, "params.historyLength"
        case _:
            ids = {"params.id": params.id}
    for path, value in ids.items():
        if value is not None and not 0 < len(value.encode("utf-8", "surrogatepass")) <= id_bytes:
            return path, f"must have 1 to {id_bytes} bytes"
    if length is not None and length < 0:
        return where, f"must not be negative, got {length}"
    return None
