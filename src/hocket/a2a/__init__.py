"""A2A (Agent2Agent): tasks, artifacts and their streams, in the versions 0.2.5 to 1.0.

`model` has the objects, `states` the life of a task as tables, `fold` makes a Task of its events, `server`
and `call` are the two ends, `dialects` says how each version looks on the wire, `pipe` is the binding for pipes.
"""

from hocket.a2a.call import ClientCall
from hocket.a2a.card import AgentCapabilities, AgentCard, AgentInterface, AgentProvider, AgentSkill
from hocket.a2a.dialects import (
    DIALECTS,
    V0_3,
    V1_0,
    Dialect,
    Operation,
    Params,
    dialect_for,
    is_streaming,
    negotiate,
)
from hocket.a2a.discovery import card_json, choose_interface, read_card
from hocket.a2a.fold import Fold, fold, trim_history, weigh
from hocket.a2a.limits import ClientLimits, ServerLimits
from hocket.a2a.model import (
    Artifact,
    Message,
    Part,
    Role,
    SendResult,
    StreamItem,
    Task,
    TaskArtifactUpdateEvent,
    TaskState,
    TaskStatus,
    TaskStatusUpdateEvent,
    text_of,
)
from hocket.a2a.parameters import ServiceParameters
from hocket.a2a.pipe import PIPE_BINDING, PipeClient, PipeServer
from hocket.a2a.ports import (
    Answered,
    Append,
    Checkpoint,
    Delivery,
    Ended,
    Interrupt,
    Item,
    Link,
    Load,
    Opened,
    Output,
    Ready,
    Refused,
    Run,
    Stored,
)
from hocket.a2a.push_rules import PushRules, PushTarget
from hocket.a2a.reader import Kind, Outcome, StreamEvent, StreamReader
from hocket.a2a.requests import (
    CancelTaskRequest,
    GetTaskRequest,
    SendMessageConfiguration,
    SendMessageRequest,
    SubscribeToTaskRequest,
)
from hocket.a2a.server import Server
from hocket.a2a.subscription import Call
from hocket.a2a.text import TextView

__all__ = [
    "DIALECTS",
    "PIPE_BINDING",
    "V0_3",
    "V1_0",
    "AgentCapabilities",
    "AgentCard",
    "AgentInterface",
    "AgentProvider",
    "AgentSkill",
    "Answered",
    "Append",
    "Artifact",
    "Call",
    "CancelTaskRequest",
    "Checkpoint",
    "ClientCall",
    "ClientLimits",
    "Delivery",
    "Dialect",
    "Ended",
    "Fold",
    "GetTaskRequest",
    "Interrupt",
    "Item",
    "Kind",
    "Link",
    "Load",
    "Message",
    "Opened",
    "Operation",
    "Outcome",
    "Output",
    "Params",
    "Part",
    "PipeClient",
    "PipeServer",
    "PushRules",
    "PushTarget",
    "Ready",
    "Refused",
    "Role",
    "Run",
    "SendMessageConfiguration",
    "SendMessageRequest",
    "SendResult",
    "Server",
    "ServerLimits",
    "ServiceParameters",
    "Stored",
    "StreamEvent",
    "StreamItem",
    "StreamReader",
    "SubscribeToTaskRequest",
    "Task",
    "TaskArtifactUpdateEvent",
    "TaskState",
    "TaskStatus",
    "TaskStatusUpdateEvent",
    "TextView",
    "card_json",
    "choose_interface",
    "dialect_for",
    "fold",
    "is_streaming",
    "negotiate",
    "read_card",
    "text_of",
    "trim_history",
    "weigh",
]
