"""What A2A 1.0 writes differently in kind: cards; and what ProtoJSON makes of a text that is empty.

A proto3 string without a value is an empty one, and some writers send it: an id that is empty is none.
"""

from __future__ import annotations

from typing import Final

from attrs import evolve

from hocket.a2a.card import AgentCard
from hocket.a2a.dialects.cards import dressed, tidied
from hocket.a2a.dialects.forms import WireForm
from hocket.a2a.requests import (
    ListTasksRequest,
    SendMessageConfiguration,
    SendMessageRequest,
    TaskPushNotificationConfig,
)

__all__ = ["NEW_FORMS"]


def _message(request: SendMessageRequest) -> SendMessageRequest:
    message, configuration = request.message, request.configuration
    if message.task_id == "" or message.context_id == "":
        message = evolve(message, task_id=message.task_id or None, context_id=message.context_id or None)
    match configuration:
        case SendMessageConfiguration(task_push_notification_config=TaskPushNotificationConfig() as config):
            configuration = evolve(configuration, task_push_notification_config=_config(config))
    if message is request.message and configuration is request.configuration:
        return request
    return evolve(request, message=message, configuration=configuration)


def _config(config: TaskPushNotificationConfig) -> TaskPushNotificationConfig:
    return evolve(config, id=config.id or None, task_id=config.task_id or None, token=config.token or None)


def _list(request: ListTasksRequest) -> ListTasksRequest:
    return evolve(request, context_id=request.context_id or None, page_token=request.page_token or None)


NEW_FORMS: Final = {
    SendMessageRequest: WireForm(loaded=_message),
    TaskPushNotificationConfig: WireForm(loaded=_config),
    ListTasksRequest: WireForm(loaded=_list),
    AgentCard: WireForm(tidied=tidied, dressed=dressed),
}
"""The forms of 1.0."""
