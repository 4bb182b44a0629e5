"""The objects of A2A, as version 1.0 names them. One model for all wire versions; a dialect says how each looks.

What is asked of an agent, and answered, is in `requests`.

Everything is frozen, and without a slot for weak references: that is what makes it cheap to read from the wire
(see `hocket.codec.construction`). `text` properties are views for people: they join adjacent text parts,
while the stored parts stay as they were received. `generation` counts the changes of a task; a peer that speaks
1.1 sends it, and it is kept as it came.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any, TypeAlias

from attrs import frozen

from hocket.codec import UNSET, Unset

__all__ = [
    "Artifact",
    "Message",
    "Metadata",
    "Part",
    "Role",
    "SendResult",
    "StreamItem",
    "Task",
    "TaskArtifactUpdateEvent",
    "TaskState",
    "TaskStatus",
    "TaskStatusUpdateEvent",
]

Metadata: TypeAlias = Mapping[str, Any]


class Role(Enum):
    """Who speaks."""

    USER = "user"
    AGENT = "agent"


class TaskState(Enum):
    """Where a task stands; the values are the words of the command line and of A2A 0.3."""

    SUBMITTED = "submitted"
    WORKING = "working"
    INPUT_REQUIRED = "input-required"
    AUTH_REQUIRED = "auth-required"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELED = "canceled"
    REJECTED = "rejected"
    UNKNOWN = "unknown"


@frozen(kw_only=True, weakref_slot=False)
class Part:
    """A piece of content: exactly one of `text`, `raw`, `url` and `data` is there.

    Attributes:
        text: Text.
        raw: The bytes of a file.
        url: Where a file can be fetched.
        data: Any JSON value, None included; `UNSET` where this is not a data part.
        metadata: Whatever the sender adds.
        filename: Name of a file.
        media_type: MIME type of the content.
    """

    text: str | None = None
    raw: bytes | None = None
    url: str | None = None
    data: Any | Unset = UNSET
    metadata: Metadata | None = None
    filename: str | None = None
    media_type: str | None = None


@frozen(kw_only=True, weakref_slot=False)
class Message:
    """One utterance of a user or an agent."""

    message_id: str
    role: Role
    parts: tuple[Part, ...]
    context_id: str | None = None
    task_id: str | None = None
    metadata: Metadata | None = None
    extensions: tuple[str, ...] = ()
    reference_task_ids: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The text parts, joined."""
        return text_of(self.parts)


@frozen(kw_only=True, weakref_slot=False)
class TaskStatus:
    """A state, the message that explains it, and when it began (RFC 3339, UTC)."""

    state: TaskState
    message: Message | None = None
    timestamp: str | None = None


@frozen(kw_only=True, weakref_slot=False)
class Artifact:
    """A result of a task."""

    artifact_id: str
    parts: tuple[Part, ...]
    name: str | None = None
    description: str | None = None
    metadata: Metadata | None = None
    extensions: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The text parts, joined."""
        return text_of(self.parts)


@frozen(kw_only=True, weakref_slot=False)
class Task:
    """A piece of work of an agent, as it stands."""

    id: str
    status: TaskStatus
    context_id: str | None = None
    artifacts: tuple[Artifact, ...] = ()
    history: tuple[Message, ...] = ()
    metadata: Metadata | None = None
    generation: int | None = None

    @property
    def state(self) -> TaskState:
        """The state of its status."""
        return self.status.state

    @property
    def text(self) -> str:
        """The text of all artifacts; where there is none, of the status message."""
        joined = "".join(artifact.text for artifact in self.artifacts)
        if joined or self.status.message is None:
            return joined
        return self.status.message.text


@frozen(kw_only=True, weakref_slot=False)
class TaskStatusUpdateEvent:
    """The task's status changed."""

    task_id: str
    status: TaskStatus
    context_id: str | None = None
    metadata: Metadata | None = None
    generation: int | None = None


@frozen(kw_only=True, weakref_slot=False)
class TaskArtifactUpdateEvent:
    """An artifact was created or replaced, or (`append`) its list of parts grew; `last_chunk` seals it."""

    task_id: str
    artifact: Artifact
    context_id: str | None = None
    append: bool = False
    last_chunk: bool = False
    metadata: Metadata | None = None
    generation: int | None = None


StreamItem: TypeAlias = Task | Message | TaskStatusUpdateEvent | TaskArtifactUpdateEvent
"""What a stream carries (A2A 1.0 `StreamResponse`), and what a task's log is made of."""


SendResult: TypeAlias = Task | Message
"""The answer to a message that is not streamed (A2A 1.0 `SendMessageResponse`)."""


def text_of(parts: Sequence[Part]) -> str:
    """The text parts of a list of parts, joined; other parts are passed over."""
    if len(parts) == 1:  # as nearly always: 0.4 µs -> 0.1
        return parts[0].text or ""
    return "".join([part.text for part in parts if part.text is not None])
