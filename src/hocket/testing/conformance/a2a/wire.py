"""The wire of A2A, version by version, as the specification has it: our own tables are tested here, and not used."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

from attrs import frozen

__all__ = ["SETTLED", "TERMINAL", "V0_3", "V1_0", "WAITING", "Item", "Kind", "Wire", "state_of"]

Kind: TypeAlias = Literal["task", "message", "status", "artifact"]

TERMINAL = frozenset({"completed", "failed", "canceled", "rejected"})
WAITING = frozenset({"input-required", "auth-required"})
"""States that wait for the caller: a stream may end in them, and in 1.0 it may as well stay open."""

SETTLED = TERMINAL | WAITING
"""States in which a blocking call returns and a stream may end."""


@frozen(kw_only=True)
class Item:
    """One result of a stream, or the result of a call that sends a message.

    Attributes:
        kind: What it is.
        value: The object itself, without what is around it in 1.0.
    """

    kind: Kind
    value: Mapping[str, Any]

    @property
    def task_id(self) -> Any:
        """The task that it belongs to."""
        return self.value.get("id" if self.kind == "task" else "taskId")


@frozen(kw_only=True)
class Wire:
    """How one version is written.

    Attributes:
        version: As the header says it, `1.0`.
        methods: The method of each operation.
        states: The states, by what they are called on the wire.
        user: The role of whoever asks.
        agent: The role of the agent.
        kinds: What says what an object is: the member around it, or its `kind`.
        extensions: The header field that names extensions.
    """

    version: str
    methods: Mapping[str, str]
    states: Mapping[str, str]
    user: str
    agent: str
    kinds: Mapping[str, Kind]
    extensions: str

    @property
    def is_new(self) -> bool:
        """Whether it is 1.0."""
        return self.version == "1.0"

    def text_part(self, text: str) -> dict[str, Any]:
        """A Part that is a text."""
        return {"text": text} if self.is_new else {"kind": "text", "text": text}

    def message(self, message_id: str, text: str, **more: Any) -> dict[str, Any]:
        """A Message from a user."""
        kind = {} if self.is_new else {"kind": "message"}
        return {**kind, "messageId": message_id, "role": self.user, "parts": [self.text_part(text)], **more}

    def waiting(self, *, waits: bool) -> dict[str, Any]:
        """The configuration of a call that waits for its task to settle, or does not."""
        return {"returnImmediately": not waits} if self.is_new else {"blocking": waits}

    def item(self, result: Any) -> Item | None:
        """What a result is; None where that cannot be said: it must be one thing, and say which."""
        if not isinstance(result, Mapping):
            return None
        if not self.is_new:
            kind = self.kinds.get(str(result.get("kind")))
            return None if kind is None else Item(kind=kind, value=result)
        names = [name for name in self.kinds if result.get(name) is not None]
        if len(names) != 1 or not isinstance(result[names[0]], Mapping):
            return None
        return Item(kind=self.kinds[names[0]], value=result[names[0]])

    def state(self, holder: Mapping[str, Any]) -> str:
        """The state that a task or a status update is in, as 0.3 spells it; "" where it has none that is known."""
        return self.states.get(str(state_of(holder)), "")


def state_of(holder: Mapping[str, Any]) -> Any:
    """The state as it is on the wire; None where there is none."""
    status = holder.get("status")
    return status.get("state") if isinstance(status, Mapping) else None


_STATES = (
    "submitted",
    "working",
    "input-required",
    "completed",
    "canceled",
    "failed",
    "rejected",
    "auth-required",
)

V1_0 = Wire(
    version="1.0",
    methods={
        "send": "SendMessage",
        "stream": "SendStreamingMessage",
        "get": "GetTask",
        "list": "ListTasks",
        "cancel": "CancelTask",
        "subscribe": "SubscribeToTask",
        "push-set": "CreateTaskPushNotificationConfig",
        "push-get": "GetTaskPushNotificationConfig",
        "push-list": "ListTaskPushNotificationConfigs",
        "push-delete": "DeleteTaskPushNotificationConfig",
        "extended-card": "GetExtendedAgentCard",
    },
    states={f"TASK_STATE_{each.replace('-', '_').upper()}": each for each in _STATES},
    user="ROLE_USER",
    agent="ROLE_AGENT",
    kinds={"task": "task", "message": "message", "statusUpdate": "status", "artifactUpdate": "artifact"},
    extensions="A2A-Extensions",
)

V0_3 = Wire(
    version="0.3",
    methods={
        "send": "message/send",
        "stream": "message/stream",
        "get": "tasks/get",
        "cancel": "tasks/cancel",
        "subscribe": "tasks/resubscribe",
        "push-set": "tasks/pushNotificationConfig/set",
        "push-get": "tasks/pushNotificationConfig/get",
        "push-list": "tasks/pushNotificationConfig/list",
        "push-delete": "tasks/pushNotificationConfig/delete",
        "extended-card": "agent/getAuthenticatedExtendedCard",
    },
    states={each: each for each in (*_STATES, "unknown")},
    user="user",
    agent="agent",
    kinds={"task": "task", "message": "message", "status-update": "status", "artifact-update": "artifact"},
    extensions="X-A2A-Extensions",
)
