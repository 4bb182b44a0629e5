"""Capabilities: an agent does what its card declares, and refuses what it does not declare."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hocket.testing.conformance.a2a.caller import Caller, compact
from hocket.testing.conformance.a2a.rules import Line, a2a_rules

__all__ = ["CAPABILITY_RULES"]

_METHOD, _NOT_FOUND, _NO_PUSH, _UNSUPPORTED, _NO_CARD = -32601, -32001, -32003, -32004, -32007

_HOOK = "https://example.com/hocket-conformance"
"""Where notifications are asked to go. Only tasks that are over get such a configuration: nothing is ever sent."""

_CONFIG_ID = "hocket-conformance"


def _no_streams(caller: Caller) -> None:
    if caller.declares("streaming"):
        caller.trial.skip("its card declares streaming")
    params = {"message": caller.message()}
    caller.refusal(caller.call("stream", params), _UNSUPPORTED, *_missing(caller))
    task_id = caller.settled_task()["id"]
    caller.refusal(caller.call("subscribe", {"id": task_id}), _UNSUPPORTED, *_missing(caller))


def _missing(caller: Caller) -> tuple[int, ...]:
    """In 0.3 an agent may as well not have the method."""
    return () if caller.wire.is_new else (_METHOD,)


def _no_push(caller: Caller) -> None:
    if caller.declares("pushNotifications"):
        caller.trial.skip("its card declares pushNotifications")
    if caller.trial.probe.card is None:
        caller.trial.skip("the target has no agent card, and declares nothing")
    task_id = caller.settled_task()["id"]
    for operation in ("push-set", "push-get", "push-list", "push-delete"):
        caller.refusal(caller.call(operation, _push_params(caller, operation, task_id)), _NO_PUSH, *_missing(caller))


def _push_params(caller: Caller, operation: str, task_id: Any, config_id: str = _CONFIG_ID) -> dict[str, Any]:
    """The params of a push operation, in the form of the version."""
    if caller.wire.is_new:
        named = {} if operation == "push-list" else {"id": config_id}
        return {"taskId": task_id, **named, **({"url": _HOOK} if operation == "push-set" else {})}
    if operation == "push-set":
        return {"taskId": task_id, "pushNotificationConfig": {"id": config_id, "url": _HOOK}}
    return {"id": task_id, **({} if operation == "push-list" else {"pushNotificationConfigId": config_id})}


def _push(caller: Caller, operation: str, task_id: Any) -> Any:
    return caller.result(caller.call(operation, _push_params(caller, operation, task_id)))


def _task_with_push(caller: Caller) -> Any:
    """The id of a task that is over and takes configurations, as it need not: they live until their task is over."""
    caller.needs("pushNotifications")
    task_id = caller.ended_task()["id"]
    for operation in ("push-set", "push-get"):
        error = caller.call(operation, _push_params(caller, operation, task_id)).error
        if error is not None:
            caller.trial.skip(f"the agent keeps no configuration for a task that is over: {compact(error)}")
    return task_id


def _url_in(caller: Caller, config: Any) -> Any:
    """The URL that a configuration has."""
    if not isinstance(config, Mapping):
        return None
    inner = config if caller.wire.is_new else config.get("pushNotificationConfig")
    return inner.get("url") if isinstance(inner, Mapping) else None


def _push_round(caller: Caller) -> None:
    task_id = _task_with_push(caller)
    for operation in ("push-set", "push-get"):
        config = _push(caller, operation, task_id)
        is_same = _url_in(caller, config) == _HOOK and config.get("taskId") == task_id
        caller.trial.require(is_same, f"the configuration of {task_id} came back as {compact(config)}")
    listed = _push(caller, "push-list", task_id)
    configs = listed.get("configs") if caller.wire.is_new and isinstance(listed, Mapping) else listed
    if not isinstance(configs, list):
        caller.trial.fail(f"configurations are no list: {compact(listed)}")
    urls = [_url_in(caller, each) for each in configs]
    caller.trial.require(_HOOK in urls, f"a configuration was set, and the list has {urls}")


def _push_deleted(caller: Caller) -> None:
    task_id = _task_with_push(caller)
    _push(caller, "push-set", task_id)
    for _ in range(2):
        answer = caller.call("push-delete", _push_params(caller, "push-delete", task_id))
        caller.trial.require(answer.error is None, f"a configuration could not be deleted: {compact(answer.error)}")
    codes = (_NOT_FOUND,) if caller.wire.is_new else ()  # 0.3 does not say with which
    caller.refusal(caller.call("push-get", _push_params(caller, "push-get", task_id)), *codes)


def _push_unknown(caller: Caller) -> None:
    caller.needs("pushNotifications")
    for operation in ("push-set", "push-get", "push-list"):
        answer = caller.call(operation, _push_params(caller, operation, "no-such-task"))
        caller.refusal(answer, _NOT_FOUND)


def _declares_extended(caller: Caller) -> bool:
    if caller.wire.is_new:
        return caller.declares("extendedAgentCard")
    return caller.card.get("supportsAuthenticatedExtendedCard") is True


def _no_extended_card(caller: Caller) -> None:
    if _declares_extended(caller):
        caller.trial.skip("its card declares an extended card")
    codes = (_UNSUPPORTED,) if caller.wire.is_new else (_NO_CARD, _UNSUPPORTED, _METHOD)
    caller.refusal(caller.call("extended-card"), *codes)


def _extended_card(caller: Caller) -> None:
    if not _declares_extended(caller):
        caller.trial.skip("its card declares no extended card")
    answer = caller.call("extended-card")
    if answer.heard.status in (401, 403):
        caller.trial.skip(f"it wants credentials (status {answer.heard.status})")
    if answer.error is not None:
        caller.refusal(answer, _NO_CARD)
        return
    card = caller.result(answer)
    is_card = isinstance(card, Mapping) and isinstance(card.get("name"), str) and isinstance(card.get("skills"), list)
    caller.trial.require(is_card, f"the extended card is no card: {compact(card)}")


CAPABILITY_RULES = a2a_rules(
    "capabilities",
    (
        Line(
            name="streaming-undeclared",
            title="Streams are refused with -32004 where the card does not declare streaming",
            sections={"1.0": "§3.3.4", "0.3": "§8.2"},
            play=_no_streams,
        ),
        Line(
            name="push-undeclared",
            title="Push configurations are refused with -32003 where the card does not declare pushNotifications",
            sections={"1.0": "§3.3.4", "0.3": "§8.2"},
            play=_no_push,
        ),
        Line(
            name="push-kept",
            title="A push configuration that was set can be got and listed",
            sections={"1.0": "§3.1.7 to §3.1.9", "0.3": "§7.5 to §7.7"},
            play=_push_round,
        ),
        Line(
            name="push-deleted",
            title="A push configuration is deleted for good, and again without an error",
            sections={"1.0": "§3.1.10", "0.3": "§7.8"},
            play=_push_deleted,
        ),
        Line(
            name="push-unknown-task",
            title="Push configurations of a task that is not there are refused with -32001",
            sections={"1.0": "§3.1.7 to §3.1.9", "0.3": "§8.2"},
            play=_push_unknown,
        ),
        Line(
            name="extended-undeclared",
            title="The extended card is refused where it is not declared: with -32004; in 0.3 also -32007 or -32601",
            sections={"1.0": "§3.3.4", "0.3": "§7.10"},
            play=_no_extended_card,
        ),
        Line(
            name="extended-card",
            title="The extended card is a card, or not configured (-32007), where it is declared",
            sections={"1.0": "§3.1.11", "0.3": "§7.10"},
            play=_extended_card,
        ),
    ),
)
