"""Requests of every method, as clients send them (A2A 1.0 sections 3.1 and 9.4, 0.3 section 7).

Each frame stands here by hand beside the object that it means. What is marked as ours is written so as well; the rest
is only read: other people's spellings of the same thing.
"""

import pytest

from hocket.a2a import (
    V0_3,
    V1_0,
    AuthenticationInfo,
    CancelTaskRequest,
    DeleteTaskPushNotificationConfigRequest,
    GetExtendedAgentCardRequest,
    GetTaskPushNotificationConfigRequest,
    GetTaskRequest,
    ListTaskPushNotificationConfigsRequest,
    ListTasksRequest,
    Message,
    Operation,
    Part,
    Role,
    SendMessageConfiguration,
    SendMessageRequest,
    SubscribeToTaskRequest,
    TaskPushNotificationConfig,
    TaskState,
)

HOOK = "https://example.com/hook"
OURS, READ = True, False

HELLO = Message(message_id="m1", role=Role.USER, parts=(Part(text="hi"),))
HELLO_1_0 = {"messageId": "m1", "role": "ROLE_USER", "parts": [{"text": "hi"}]}
HELLO_0_3 = {"kind": "message", "messageId": "m1", "role": "user", "parts": [{"kind": "text", "text": "hi"}]}

CONFIG = TaskPushNotificationConfig(
    task_id="T",
    id="cfg1",
    url=HOOK,
    token="tok",
    authentication=AuthenticationInfo(scheme="Bearer", credentials="c"),
)
CONFIG_OF_0_3 = TaskPushNotificationConfig(
    task_id="T",
    id="cfg1",
    url=HOOK,
    token="tok",
    authentication=AuthenticationInfo(scheme="Bearer", schemes=("Bearer",), credentials="c"),
)
CONFIG_1_0 = {
    "taskId": "T",
    "id": "cfg1",
    "url": HOOK,
    "token": "tok",
    "authentication": {"scheme": "Bearer", "credentials": "c"},
}
BARE_0_3 = {
    "id": "cfg1",
    "url": HOOK,
    "token": "tok",
    "authentication": {"schemes": ["Bearer"], "credentials": "c"},
}
CONFIG_0_3 = {"taskId": "T", "pushNotificationConfig": BARE_0_3}

PARAMS = [
    # 1.0
    (
        V1_0,
        Operation.SEND,
        {
            "message": HELLO_1_0,
            "configuration": {
                "acceptedOutputModes": ["text/plain"],
                "historyLength": 0,
                "returnImmediately": True,
                "taskPushNotificationConfig": {"url": HOOK},
            },
            "tenant": "acme",
        },
        SendMessageRequest(
            message=HELLO,
            configuration=SendMessageConfiguration(
                accepted_output_modes=("text/plain",),
                history_length=0,
                return_immediately=True,
                task_push_notification_config=TaskPushNotificationConfig(url=HOOK),
            ),
            tenant="acme",
        ),
        OURS,
    ),
    (V1_0, Operation.STREAM, {"message": HELLO_1_0}, SendMessageRequest(message=HELLO), OURS),
    (V1_0, Operation.GET, {"id": "T", "historyLength": 10}, GetTaskRequest(id="T", history_length=10), OURS),
    (V1_0, Operation.GET, {"id": "T", "history_length": "10"}, GetTaskRequest(id="T", history_length=10), READ),
    (
        V1_0,
        Operation.LIST,
        {
            "contextId": "C",
            "status": "TASK_STATE_WORKING",
            "pageSize": 1,
            "pageToken": "eyJ0cyI6",
            "historyLength": 0,
            "statusTimestampAfter": "2026-01-01T00:00:00Z",
            "includeArtifacts": True,
        },
        ListTasksRequest(
            context_id="C",
            status=TaskState.WORKING,
            page_size=1,
            page_token="eyJ0cyI6",
            history_length=0,
            status_timestamp_after="2026-01-01T00:00:00Z",
            include_artifacts=True,
        ),
        OURS,
    ),
    (
        V1_0,
        Operation.LIST,
        {"includeArtifacts": False, "pageSize": "1", "status": 2, "contextId": None},
        ListTasksRequest(page_size=1, status=TaskState.WORKING),
        READ,
    ),
    (V1_0, Operation.LIST, None, ListTasksRequest(), READ),
    (V1_0, Operation.LIST, {"contextId": "", "pageToken": "", "tenant": ""}, ListTasksRequest(tenant=""), READ),
    # A text that is empty is one that is not there
    (
        V1_0,
        Operation.SEND,
        {
            "message": {**HELLO_1_0, "contextId": "", "taskId": ""},
            "configuration": {"taskPushNotificationConfig": {"id": "", "taskId": "", "token": "", "url": HOOK}},
        },
        SendMessageRequest(
            message=HELLO,
            configuration=SendMessageConfiguration(task_push_notification_config=TaskPushNotificationConfig(url=HOOK)),
        ),
        READ,
    ),
    (
        V1_0,
        Operation.PUSH_CREATE,
        {"id": "", "taskId": "T", "url": HOOK},
        TaskPushNotificationConfig(task_id="T", url=HOOK),
        READ,
    ),
    (V1_0, Operation.CANCEL, {"id": "T", "metadata": {}}, CancelTaskRequest(id="T", metadata={}), OURS),
    (V1_0, Operation.SUBSCRIBE, {"id": "T"}, SubscribeToTaskRequest(id="T"), OURS),
    (V1_0, Operation.PUSH_CREATE, CONFIG_1_0, CONFIG, OURS),
    (
        V1_0,
        Operation.PUSH_GET,
        {"taskId": "T", "id": "cfg1"},
        GetTaskPushNotificationConfigRequest(task_id="T", id="cfg1"),
        OURS,
    ),
    (
        V1_0,
        Operation.PUSH_LIST,
        {"taskId": "T", "pageSize": 2, "pageToken": "2"},
        ListTaskPushNotificationConfigsRequest(task_id="T", page_size=2, page_token="2"),
        OURS,
    ),
    (
        V1_0,
        Operation.PUSH_DELETE,
        {"taskId": "T", "id": "cfg1"},
        DeleteTaskPushNotificationConfigRequest(task_id="T", id="cfg1"),
        OURS,
    ),
    (V1_0, Operation.EXTENDED_CARD, {"tenant": "acme"}, GetExtendedAgentCardRequest(tenant="acme"), OURS),
    (V1_0, Operation.EXTENDED_CARD, None, GetExtendedAgentCardRequest(), READ),
    # 0.3
    (
        V0_3,
        Operation.SEND,
        {
            "message": HELLO_0_3,
            "configuration": {
                "acceptedOutputModes": ["text/plain"],
                "blocking": True,
                "pushNotificationConfig": BARE_0_3,
            },
        },
        SendMessageRequest(
            message=HELLO,
            configuration=SendMessageConfiguration(
                accepted_output_modes=("text/plain",),
                task_push_notification_config=TaskPushNotificationConfig(
                    id="cfg1", url=HOOK, token="tok", authentication=CONFIG_OF_0_3.authentication
                ),
            ),
        ),
        READ,
    ),
    (
        V0_3,
        Operation.SEND,
        {"message": HELLO_0_3, "configuration": {"blocking": False, "pushNotificationConfig": {"url": HOOK}}},
        SendMessageRequest(
            message=HELLO,
            configuration=SendMessageConfiguration(
                return_immediately=True, task_push_notification_config=TaskPushNotificationConfig(url=HOOK)
            ),
        ),
        OURS,
    ),
    (V0_3, Operation.STREAM, {"message": HELLO_0_3}, SendMessageRequest(message=HELLO), OURS),
    (V0_3, Operation.GET, {"id": "T", "historyLength": 5}, GetTaskRequest(id="T", history_length=5), OURS),
    (V0_3, Operation.CANCEL, {"id": "T"}, CancelTaskRequest(id="T"), OURS),
    (V0_3, Operation.SUBSCRIBE, {"id": "T"}, SubscribeToTaskRequest(id="T"), OURS),
    (V0_3, Operation.PUSH_CREATE, CONFIG_0_3, CONFIG_OF_0_3, OURS),
    (
        V0_3,
        Operation.PUSH_GET,
        {"id": "T", "pushNotificationConfigId": "cfg1"},
        GetTaskPushNotificationConfigRequest(task_id="T", id="cfg1"),
        OURS,
    ),
    (V0_3, Operation.PUSH_GET, {"id": "T"}, GetTaskPushNotificationConfigRequest(task_id="T"), OURS),
    (V0_3, Operation.PUSH_LIST, {"id": "T"}, ListTaskPushNotificationConfigsRequest(task_id="T"), OURS),
    (
        V0_3,
        Operation.PUSH_DELETE,
        {"id": "T", "pushNotificationConfigId": "cfg1", "metadata": {"a": 1}},
        DeleteTaskPushNotificationConfigRequest(task_id="T", id="cfg1"),
        READ,
    ),
    (V0_3, Operation.EXTENDED_CARD, {}, GetExtendedAgentCardRequest(), OURS),
]

METHODS = {
    "1.0": {
        "send": "SendMessage",
        "stream": "SendStreamingMessage",
        "get": "GetTask",
        "list": "ListTasks",
        "cancel": "CancelTask",
        "subscribe": "SubscribeToTask",
        "push-create": "CreateTaskPushNotificationConfig",
        "push-get": "GetTaskPushNotificationConfig",
        "push-list": "ListTaskPushNotificationConfigs",
        "push-delete": "DeleteTaskPushNotificationConfig",
        "extended-card": "GetExtendedAgentCard",
    },
    "0.3": {
        "send": "message/send",
        "stream": "message/stream",
        "get": "tasks/get",
        "cancel": "tasks/cancel",
        "subscribe": "tasks/resubscribe",
        "push-create": "tasks/pushNotificationConfig/set",
        "push-get": "tasks/pushNotificationConfig/get",
        "push-list": "tasks/pushNotificationConfig/list",
        "push-delete": "tasks/pushNotificationConfig/delete",
        "extended-card": "agent/getAuthenticatedExtendedCard",
    },
}


def name(value):
    return getattr(value, "version", getattr(value, "value", None))


@pytest.mark.parametrize("dialect", [V1_0, V0_3], ids=name)
def test_the_methods_have_these_names(dialect):
    assert {operation.value: method for operation, method in dialect.methods.items()} == METHODS[dialect.version]


@pytest.mark.parametrize(("dialect", "operation", "frame", "params", "is_ours"), PARAMS, ids=name)
def test_parameters(dialect, operation, frame, params, is_ours):
    assert dialect.read_params(operation, frame) == params
    if is_ours:
        assert dialect.write_params(operation, params) == frame
