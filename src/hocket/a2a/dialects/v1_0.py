"""A2A 1.0: ProtoJSON. Wrapper members tell unions apart, enums shout, what equals its default is not written.

Source: specification/a2a.proto of A2A v1.0.0 (package lf.a2a.v1), mapped to JSON by its ADR-001.
"""

from __future__ import annotations

from hocket import codec
from hocket.a2a.card import AgentCard, AgentExtension, AgentInterface, AgentProvider, AgentSkill
from hocket.a2a.dialects.dialect import Dialect, Operation
from hocket.a2a.dialects.new_forms import NEW_FORMS
from hocket.a2a.model import (
    Message,
    Part,
    Role,
    SendResult,
    StreamItem,
    Task,
    TaskArtifactUpdateEvent,
    TaskState,
    TaskStatusUpdateEvent,
)
from hocket.a2a.requests import (
    AuthenticationInfo,
    GetTaskRequest,
    ListTaskPushNotificationConfigsResponse,
    ListTasksResponse,
    SubscribeToTaskRequest,
)
from hocket.a2a.security import (
    APIKeySecurityScheme,
    HTTPAuthSecurityScheme,
    MutualTlsSecurityScheme,
    OAuth2SecurityScheme,
    OAuthFlow,
    OpenIdConnectSecurityScheme,
    SecurityScheme,
)
from hocket.codec import Shape, Wrapper

__all__ = ["V1_0"]

_WIRE = codec.Dialect(
    name="A2A 1.0",
    shapes={
        Part: Shape(one_of=("text", "raw", "url", "data")),
        Task: Shape(quoted=("generation",)),
        TaskStatusUpdateEvent: Shape(quoted=("generation",)),
        TaskArtifactUpdateEvent: Shape(quoted=("generation",)),
        GetTaskRequest: Shape(omitted=("metadata",)),
        SubscribeToTaskRequest: Shape(omitted=("metadata",)),
        AuthenticationInfo: Shape(omitted=("schemes",), required=("scheme",), always=("scheme",)),
        ListTasksResponse: Shape(always=("next_page_token", "page_size", "total_size")),
        ListTaskPushNotificationConfigsResponse: Shape(always=("configs",)),
        OAuthFlow: Shape(always=("scopes",)),
        AgentExtension: Shape(always=("required",)),
        AgentInterface: Shape(always=("protocol_binding", "protocol_version")),
        AgentProvider: Shape(always=("organization", "url")),
        AgentSkill: Shape(names={"security": "securityRequirements"}, always=("name", "description", "tags")),
        AgentCard: Shape(
            names={"security": "securityRequirements"},
            omitted=(
                "url",
                "protocol_version",
                "preferred_transport",
                "additional_interfaces",
                "supports_authenticated_extended_card",
            ),
            always=(
                "description",
                "version",
                "supported_interfaces",
                "capabilities",
                "default_input_modes",
                "default_output_modes",
                "skills",
            ),
        ),
    },
    enums={
        Role: {
            Role.USER: ("ROLE_USER", 1, "user"),
            Role.AGENT: ("ROLE_AGENT", 2, "agent"),
        },
        TaskState: {
            TaskState.UNKNOWN: ("TASK_STATE_UNSPECIFIED", 0),
            TaskState.SUBMITTED: ("TASK_STATE_SUBMITTED", 1),
            TaskState.WORKING: ("TASK_STATE_WORKING", 2),
            TaskState.COMPLETED: ("TASK_STATE_COMPLETED", 3),
            TaskState.FAILED: ("TASK_STATE_FAILED", 4),
            TaskState.CANCELED: ("TASK_STATE_CANCELED", 5, "TASK_STATE_CANCELLED"),
            TaskState.INPUT_REQUIRED: ("TASK_STATE_INPUT_REQUIRED", 6),
            TaskState.REJECTED: ("TASK_STATE_REJECTED", 7),
            TaskState.AUTH_REQUIRED: ("TASK_STATE_AUTH_REQUIRED", 8),
        },
    },
    unions={
        StreamItem: Wrapper(
            {
                "task": Task,
                "message": Message,
                "statusUpdate": TaskStatusUpdateEvent,
                "artifactUpdate": TaskArtifactUpdateEvent,
            }
        ),
        SendResult: Wrapper({"task": Task, "message": Message}),
        SecurityScheme: Wrapper(
            {
                "apiKeySecurityScheme": APIKeySecurityScheme,
                "httpAuthSecurityScheme": HTTPAuthSecurityScheme,
                "oauth2SecurityScheme": OAuth2SecurityScheme,
                "openIdConnectSecurityScheme": OpenIdConnectSecurityScheme,
                "mtlsSecurityScheme": MutualTlsSecurityScheme,
            }
        ),
    },
)

V1_0 = Dialect(
    version="1.0",
    methods={
        Operation.SEND: "SendMessage",
        Operation.STREAM: "SendStreamingMessage",
        Operation.GET: "GetTask",
        Operation.CANCEL: "CancelTask",
        Operation.SUBSCRIBE: "SubscribeToTask",
        Operation.LIST: "ListTasks",
        Operation.PUSH_CREATE: "CreateTaskPushNotificationConfig",
        Operation.PUSH_GET: "GetTaskPushNotificationConfig",
        Operation.PUSH_LIST: "ListTaskPushNotificationConfigs",
        Operation.PUSH_DELETE: "DeleteTaskPushNotificationConfig",
        Operation.EXTENDED_CARD: "GetExtendedAgentCard",
    },
    wire=_WIRE,
    forms=NEW_FORMS,
    sends_version=True,
    streams_finished_tasks=False,
    boxes_data=False,
    pushes_tasks=False,
    details_errors=True,
)
"""A2A 1.0 and its patches."""
