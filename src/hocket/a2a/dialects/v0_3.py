"""A2A 0.3, which is also 0.2.5 and 0.2.6: `kind` tells objects apart, files are objects of their own, enums whisper.

Source: specification/json/a2a.json of A2A v0.3.0. Read leniently (the specification's own examples leave `kind`
out), written strictly.
"""

from __future__ import annotations

from hocket import codec
from hocket.a2a.card import AgentCard, AgentExtension, AgentInterface, AgentProvider, AgentSkill
from hocket.a2a.dialects.dialect import Dialect, Operation
from hocket.a2a.dialects.old_forms import OLD_FORMS
from hocket.a2a.model import (
    Message,
    Part,
    SendResult,
    StreamItem,
    Task,
    TaskArtifactUpdateEvent,
    TaskState,
    TaskStatusUpdateEvent,
)
from hocket.a2a.requests import (
    AuthenticationInfo,
    CancelTaskRequest,
    DeleteTaskPushNotificationConfigRequest,
    GetExtendedAgentCardRequest,
    GetTaskPushNotificationConfigRequest,
    GetTaskRequest,
    ListTaskPushNotificationConfigsRequest,
    SendMessageConfiguration,
    SendMessageRequest,
    SubscribeToTaskRequest,
    TaskPushNotificationConfig,
)
from hocket.a2a.security import (
    APIKeySecurityScheme,
    HTTPAuthSecurityScheme,
    MutualTlsSecurityScheme,
    OAuth2SecurityScheme,
    OAuthFlow,
    OAuthFlows,
    OpenIdConnectSecurityScheme,
    SecurityScheme,
)
from hocket.a2a.states import is_terminal
from hocket.codec import Shape, Tagged

__all__ = ["V0_3"]


def _is_final(event: TaskStatusUpdateEvent) -> bool:
    """`final`: the last event of this stream (our decision: also after INPUT_REQUIRED)."""
    return is_terminal(event.status.state) or event.status.state is TaskState.INPUT_REQUIRED


_WIRE = codec.Dialect(
    name="A2A 0.3",
    shapes={
        Part: Shape(
            names={
                "raw": "file.bytes",
                "url": "file.uri",
                "filename": "file.name",
                "media_type": "file.mimeType",
            },
            one_of=("text", "raw", "url", "data"),
            objects=("data",),
            tag="kind",
            tags={"text": "text", "raw": "file", "url": "file", "data": "data"},
        ),
        Message: Shape(constants={"kind": "message"}),
        Task: Shape(constants={"kind": "task"}, omitted=("generation",)),
        TaskStatusUpdateEvent: Shape(
            constants={"kind": "status-update"}, derived={"final": _is_final}, omitted=("generation",)
        ),
        TaskArtifactUpdateEvent: Shape(
            constants={"kind": "artifact-update"}, always=("append", "last_chunk"), omitted=("generation",)
        ),
        SendMessageConfiguration: Shape(
            names={
                "return_immediately": "blocking",
                "task_push_notification_config": "pushNotificationConfig",
            },
            inverted=("return_immediately",),
        ),
        SendMessageRequest: Shape(omitted=("tenant",)),
        GetTaskRequest: Shape(omitted=("tenant",)),
        CancelTaskRequest: Shape(omitted=("tenant",)),
        SubscribeToTaskRequest: Shape(omitted=("tenant",)),
        TaskPushNotificationConfig: Shape(omitted=("task_id", "tenant")),
        AuthenticationInfo: Shape(omitted=("scheme",), always=("schemes",)),
        GetTaskPushNotificationConfigRequest: Shape(
            names={"task_id": "id", "id": "pushNotificationConfigId"}, omitted=("tenant",)
        ),
        ListTaskPushNotificationConfigsRequest: Shape(
            names={"task_id": "id"}, omitted=("page_size", "page_token", "tenant")
        ),
        DeleteTaskPushNotificationConfigRequest: Shape(
            names={"task_id": "id", "id": "pushNotificationConfigId"}, omitted=("tenant",)
        ),
        GetExtendedAgentCardRequest: Shape(omitted=("tenant",)),
        APIKeySecurityScheme: Shape(constants={"type": "apiKey"}, names={"location": "in"}),
        HTTPAuthSecurityScheme: Shape(constants={"type": "http"}),
        OAuth2SecurityScheme: Shape(constants={"type": "oauth2"}),
        OpenIdConnectSecurityScheme: Shape(constants={"type": "openIdConnect"}),
        MutualTlsSecurityScheme: Shape(constants={"type": "mutualTLS"}),
        OAuthFlow: Shape(omitted=("device_authorization_url", "pkce_required"), always=("scopes",)),
        OAuthFlows: Shape(omitted=("device_code",)),
        AgentExtension: Shape(always=("required",)),
        AgentInterface: Shape(
            names={"protocol_binding": "transport"},
            omitted=("protocol_version", "tenant"),
            always=("protocol_binding",),
        ),
        AgentProvider: Shape(always=("organization", "url")),
        AgentSkill: Shape(always=("name", "description", "tags")),
        AgentCard: Shape(
            omitted=("supported_interfaces",),
            always=(
                "description",
                "version",
                "capabilities",
                "default_input_modes",
                "default_output_modes",
                "skills",
            ),
        ),
    },
    unions={
        StreamItem: Tagged(
            "kind",
            {
                "task": Task,
                "message": Message,
                "status-update": TaskStatusUpdateEvent,
                "artifact-update": TaskArtifactUpdateEvent,
            },
        ),
        SendResult: Tagged("kind", {"task": Task, "message": Message}),
        SecurityScheme: Tagged(
            "type",
            {
                "apiKey": APIKeySecurityScheme,
                "http": HTTPAuthSecurityScheme,
                "oauth2": OAuth2SecurityScheme,
                "openIdConnect": OpenIdConnectSecurityScheme,
                "mutualTLS": MutualTlsSecurityScheme,
            },
        ),
    },
)

_OPEN = codec.Dialect(
    name="A2A 0.3, and the stream goes on",
    shapes={
        **_WIRE.shapes,
        TaskStatusUpdateEvent: Shape(
            constants={"kind": "status-update"}, derived={"final": lambda event: False}, omitted=("generation",)
        ),
    },
    unions=_WIRE.unions,
)

V0_3 = Dialect(
    version="0.3",
    methods={
        Operation.SEND: "message/send",
        Operation.STREAM: "message/stream",
        Operation.GET: "tasks/get",
        Operation.CANCEL: "tasks/cancel",
        Operation.SUBSCRIBE: "tasks/resubscribe",
        Operation.PUSH_CREATE: "tasks/pushNotificationConfig/set",
        Operation.PUSH_GET: "tasks/pushNotificationConfig/get",
        Operation.PUSH_LIST: "tasks/pushNotificationConfig/list",
        Operation.PUSH_DELETE: "tasks/pushNotificationConfig/delete",
        Operation.EXTENDED_CARD: "agent/getAuthenticatedExtendedCard",
    },
    wire=_WIRE,
    open_wire=_OPEN,
    forms=OLD_FORMS,
    sends_version=False,
    streams_finished_tasks=True,
    boxes_data=True,
    pushes_tasks=True,
    details_errors=False,
)
"""A2A 0.3.0, 0.2.6 and 0.2.5: one dialect on the wire."""
