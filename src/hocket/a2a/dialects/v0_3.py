"""A2A 0.3, which is also 0.2.5 and 0.2.6: `kind` tells objects apart, files are objects of their own, enums whisper.

Source: specification/json/a2a.json of A2A v0.3.0. Read leniently (the specification's own examples leave `kind`
out), written strictly.
"""

from __future__ import annotations

from hocket import codec
from hocket.a2a.card import AgentCard, AgentInterface, AgentProvider, AgentSkill
from hocket.a2a.dialects.dialect import Dialect, Operation
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
    CancelTaskRequest,
    GetTaskRequest,
    SendMessageConfiguration,
    SendMessageRequest,
    SubscribeToTaskRequest,
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
        Task: Shape(constants={"kind": "task"}),
        TaskStatusUpdateEvent: Shape(constants={"kind": "status-update"}, derived={"final": _is_final}),
        TaskArtifactUpdateEvent: Shape(constants={"kind": "artifact-update"}, always=("append", "last_chunk")),
        SendMessageConfiguration: Shape(names={"return_immediately": "blocking"}, inverted=("return_immediately",)),
        SendMessageRequest: Shape(omitted=("tenant",)),
        GetTaskRequest: Shape(omitted=("tenant",)),
        CancelTaskRequest: Shape(omitted=("tenant",)),
        SubscribeToTaskRequest: Shape(omitted=("tenant",)),
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
    },
)

V0_3 = Dialect(
    version="0.3",
    methods={
        Operation.SEND: "message/send",
        Operation.STREAM: "message/stream",
        Operation.GET: "tasks/get",
        Operation.CANCEL: "tasks/cancel",
        Operation.SUBSCRIBE: "tasks/resubscribe",
    },
    wire=_WIRE,
    sends_version=False,
    streams_finished_tasks=True,
    boxes_data=True,
    details_errors=False,
)
"""A2A 0.3.0, 0.2.6 and 0.2.5: one dialect on the wire."""
