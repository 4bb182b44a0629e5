"""A2A 1.0: ProtoJSON. Wrapper members tell unions apart, enums shout, what equals its default is not written.

Source: specification/a2a.proto of A2A v1.0.0 (package lf.a2a.v1), mapped to JSON by its ADR-001.
"""

from __future__ import annotations

from hocket import codec
from hocket.a2a.card import AgentCard, AgentInterface, AgentProvider, AgentSkill
from hocket.a2a.dialects.dialect import Dialect, Operation
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
from hocket.codec import Shape, Wrapper

__all__ = ["V1_0"]

_WIRE = codec.Dialect(
    name="A2A 1.0",
    shapes={
        Part: Shape(one_of=("text", "raw", "url", "data")),
        AgentInterface: Shape(always=("protocol_binding", "protocol_version")),
        AgentProvider: Shape(always=("organization", "url")),
        AgentSkill: Shape(always=("name", "description", "tags")),
        AgentCard: Shape(
            omitted=("url", "protocol_version", "preferred_transport", "additional_interfaces"),
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
    },
    wire=_WIRE,
    sends_version=True,
    streams_finished_tasks=False,
    boxes_data=False,
    details_errors=True,
)
"""A2A 1.0 and its patches."""
