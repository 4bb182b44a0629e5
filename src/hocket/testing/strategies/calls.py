"""What is asked of an agent and what it answers: parameters and results of every operation of A2A."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from hocket.a2a import (
    V1_0,
    AuthenticationInfo,
    CancelTaskRequest,
    DeleteTaskPushNotificationConfigRequest,
    Dialect,
    GetExtendedAgentCardRequest,
    GetTaskPushNotificationConfigRequest,
    GetTaskRequest,
    ListTaskPushNotificationConfigsRequest,
    ListTaskPushNotificationConfigsResponse,
    ListTasksRequest,
    ListTasksResponse,
    Operation,
    Params,
    Result,
    SendMessageConfiguration,
    SendMessageRequest,
    SubscribeToTaskRequest,
    TaskPushNotificationConfig,
    TaskState,
)
from hocket.testing.strategies.a2a import METADATA, TEXTS, URIS, messages, tasks
from hocket.testing.strategies.cards import cards
from hocket.testing.strategies.values import names, timestamps

__all__ = ["params", "results"]

_IDS = st.none() | names()
_LENGTHS = st.none() | st.integers(0, 2**31 - 1)
_PUSH_URLS = st.sampled_from(["https://hooks.example.com/a", "http://h:8080/?q=\u00e9", "HTTPS://[::1]:9/x"])


@cache
def params(operation: Operation, dialect: Dialect) -> SearchStrategy[Params]:
    """Parameters that the version can say and a server must take.

    Args:
        operation: Of what; the version has it.
        dialect: The version.
    """
    tenant = {"tenant": st.none() | TEXTS} if dialect is V1_0 else {}
    match operation:
        case Operation.SEND | Operation.STREAM:
            return _sends(dialect, tenant)
        case Operation.GET | Operation.SUBSCRIBE | Operation.CANCEL:
            return _about_a_task(operation, dialect, tenant)
        case Operation.LIST:
            return _listings(tenant)
        case Operation.EXTENDED_CARD:
            return st.builds(GetExtendedAgentCardRequest, **tenant)
        case _:
            return _about_pushes(operation, dialect, tenant)


@cache
def results(operation: Operation, dialect: Dialect) -> SearchStrategy[Result]:
    """Results of an operation that does not stream.

    Args:
        operation: Of what; the version has it.
        dialect: The version.
    """
    match operation:
        case Operation.SEND | Operation.STREAM:
            return tasks(dialect) | messages(dialect)
        case Operation.GET | Operation.CANCEL | Operation.SUBSCRIBE:
            return tasks(dialect)
        case Operation.LIST:
            return st.builds(
                ListTasksResponse,
                tasks=st.lists(tasks(dialect), max_size=2).map(tuple),
                next_page_token=TEXTS,
                page_size=st.integers(1, 100),
                total_size=st.integers(0, 2**31 - 1),
            )
        case Operation.PUSH_LIST:
            more = {"next_page_token": TEXTS} if dialect is V1_0 else {}
            configs = st.lists(params(Operation.PUSH_CREATE, dialect), max_size=2).map(tuple)
            return st.builds(ListTaskPushNotificationConfigsResponse, configs=configs, **more)
        case Operation.PUSH_CREATE | Operation.PUSH_GET:
            return params(Operation.PUSH_CREATE, dialect)  # type: ignore[return-value]  # what was set is what is got
        case Operation.PUSH_DELETE:
            return st.none()
        case Operation.EXTENDED_CARD:
            return cards(dialect)


def _sends(dialect: Dialect, tenant: Mapping[str, Any]) -> SearchStrategy[Params]:
    configuration = st.builds(
        SendMessageConfiguration,
        accepted_output_modes=URIS,
        task_push_notification_config=st.none()
        | st.builds(TaskPushNotificationConfig, **_addresses(dialect), **tenant),
        history_length=_LENGTHS,
        return_immediately=st.booleans(),
    )
    return st.builds(
        SendMessageRequest,
        message=messages(dialect),
        configuration=st.none() | configuration,
        metadata=METADATA,
        **tenant,
    )


def _about_a_task(operation: Operation, dialect: Dialect, tenant: Mapping[str, Any]) -> SearchStrategy[Params]:
    cancel = {"id": names(), "metadata": METADATA, **tenant}
    others = {"id": names(), **tenant} if dialect is V1_0 else cancel
    if operation is Operation.CANCEL:
        return st.builds(CancelTaskRequest, **cancel)
    if operation is Operation.GET:
        return st.builds(GetTaskRequest, history_length=_LENGTHS, **others)
    return st.builds(SubscribeToTaskRequest, **others)


def _pages() -> Mapping[str, Any]:
    return {"page_size": st.none() | st.integers(1, 100), "page_token": _IDS}


def _listings(tenant: Mapping[str, Any]) -> SearchStrategy[Params]:
    return st.builds(
        ListTasksRequest,
        context_id=_IDS,
        status=st.none() | st.sampled_from(TaskState),
        status_timestamp_after=st.none() | timestamps(),
        history_length=_LENGTHS,
        include_artifacts=st.booleans(),
        **tenant,
        **_pages(),
    )


def _addresses(dialect: Dialect) -> Mapping[str, Any]:
    """Where events are to be posted, and as whom."""
    if dialect is V1_0:
        authentication = st.builds(AuthenticationInfo, scheme=TEXTS, credentials=st.none() | TEXTS)
    else:
        authentication = st.builds(
            lambda schemes, credentials: AuthenticationInfo(
                scheme=schemes[0] if schemes else "", schemes=tuple(schemes), credentials=credentials
            ),
            st.lists(names(), max_size=2),
            st.none() | TEXTS,
        )
    return {"url": _PUSH_URLS, "id": _IDS, "token": _IDS, "authentication": st.none() | authentication}


def _about_pushes(operation: Operation, dialect: Dialect, tenant: Mapping[str, Any]) -> SearchStrategy[Params]:
    match operation:
        case Operation.PUSH_CREATE:
            return st.builds(TaskPushNotificationConfig, task_id=names(), **_addresses(dialect), **tenant)
        case Operation.PUSH_GET:
            which = names() if dialect is V1_0 else _IDS
            return st.builds(GetTaskPushNotificationConfigRequest, task_id=names(), id=which, **tenant)
        case Operation.PUSH_LIST:
            pages = _pages() if dialect is V1_0 else {}
            return st.builds(ListTaskPushNotificationConfigsRequest, task_id=names(), **tenant, **pages)
        case _:
            return st.builds(DeleteTaskPushNotificationConfigRequest, task_id=names(), id=names(), **tenant)
