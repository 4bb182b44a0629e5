"""What A2A 0.3 writes differently in kind: configurations of push notifications, and cards.

`SendMessageConfiguration` holds a bare configuration; everywhere else it stands beside the id of its task. Where
1.0 knows one scheme of authentication, 0.3 offers a list.
"""

from __future__ import annotations

from typing import Any, Final

from attrs import evolve, frozen

from hocket.a2a.card import AgentCard
from hocket.a2a.dialects.cards import known_schemes
from hocket.a2a.dialects.forms import WireForm
from hocket.a2a.requests import (
    DeleteTaskPushNotificationConfigRequest,
    GetTaskPushNotificationConfigRequest,
    ListTaskPushNotificationConfigsRequest,
    ListTaskPushNotificationConfigsResponse,
    SendMessageConfiguration,
    SendMessageRequest,
    TaskPushNotificationConfig,
)

__all__ = ["OLD_FORMS"]

_TYPES: Final = ("apiKey", "http", "oauth2", "openIdConnect", "mutualTLS")


@frozen(kw_only=True, weakref_slot=False)
class _ConfigOfTask:
    """`TaskPushNotificationConfig` of 0.3."""

    task_id: str
    push_notification_config: TaskPushNotificationConfig


def _both(config: TaskPushNotificationConfig) -> TaskPushNotificationConfig:
    """With `scheme` and `schemes`, of which one was given."""
    shown = config.authentication
    if shown is None:
        return config
    schemes = shown.schemes or tuple([shown.scheme] if shown.scheme else [])
    scheme = shown.scheme or "".join(schemes[:1])
    return evolve(config, authentication=evolve(shown, scheme=scheme, schemes=schemes))


def _load_config(wire: _ConfigOfTask) -> TaskPushNotificationConfig:
    return evolve(_both(wire.push_notification_config), task_id=wire.task_id)


def _dump_config(config: TaskPushNotificationConfig) -> _ConfigOfTask:
    return _ConfigOfTask(task_id=config.task_id or "", push_notification_config=_both(config))


def _load_configs(wire: tuple[_ConfigOfTask, ...]) -> ListTaskPushNotificationConfigsResponse:
    return ListTaskPushNotificationConfigsResponse(configs=tuple([_load_config(each) for each in wire]))


def _dump_configs(answer: ListTaskPushNotificationConfigsResponse) -> tuple[_ConfigOfTask, ...]:
    return tuple([_dump_config(config) for config in answer.configs])


def _send(request: SendMessageRequest) -> SendMessageRequest:
    match request.configuration:
        case SendMessageConfiguration(task_push_notification_config=TaskPushNotificationConfig() as config) as chosen:
            return evolve(request, configuration=evolve(chosen, task_push_notification_config=_both(config)))
    return request


def _load_card(card: AgentCard) -> AgentCard:
    """0.3 says of a card what 1.0 says of its capabilities: that there is an extended one."""
    if card.supports_authenticated_extended_card is None:
        return card
    has_more = card.supports_authenticated_extended_card
    return evolve(card, capabilities=evolve(card.capabilities, extended_agent_card=has_more))


def _dump_card(card: AgentCard) -> AgentCard:
    if card.supports_authenticated_extended_card is not None or card.capabilities.extended_agent_card is None:
        return card
    return evolve(card, supports_authenticated_extended_card=card.capabilities.extended_agent_card)


def _tidy_card(value: Any) -> Any:
    return known_schemes(value, lambda scheme: scheme.get("type") in _TYPES)


OLD_FORMS: Final = {
    SendMessageRequest: WireForm(
        loaded=_send,
        dumped=_send,
        paths={"configuration.taskPushNotificationConfig": "configuration.pushNotificationConfig"},
    ),
    TaskPushNotificationConfig: WireForm(
        wire=_ConfigOfTask,
        loaded=_load_config,
        dumped=_dump_config,
        paths={"taskId": "taskId", "": "pushNotificationConfig."},
    ),
    GetTaskPushNotificationConfigRequest: WireForm(paths={"taskId": "id", "id": "pushNotificationConfigId"}),
    DeleteTaskPushNotificationConfigRequest: WireForm(paths={"taskId": "id", "id": "pushNotificationConfigId"}),
    ListTaskPushNotificationConfigsRequest: WireForm(paths={"taskId": "id"}),
    ListTaskPushNotificationConfigsResponse: WireForm(
        wire=tuple[_ConfigOfTask, ...], loaded=_load_configs, dumped=_dump_configs
    ),
    AgentCard: WireForm(tidied=_tidy_card, loaded=_load_card, dumped=_dump_card),
}
"""The forms of 0.3."""
