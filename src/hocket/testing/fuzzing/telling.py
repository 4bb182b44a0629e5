"""Telling: what was said and heard, one line each, as a report shows it."""

from __future__ import annotations

from collections.abc import Sequence

from hocket.a2a import (
    Artifact,
    Message,
    Part,
    StreamItem,
    Task,
    TaskArtifactUpdateEvent,
    TaskState,
    TaskStatusUpdateEvent,
)
from hocket.codec import UNSET
from hocket.testing.fuzzing.answer import Answer

__all__ = ["clipped", "tell_answer", "tell_item", "tell_state"]

_WIDTH = 200
"""Characters of a text that are shown."""

_LINES = 12
"""Messages of an answer that are shown."""


def clipped(text: str, width: int = _WIDTH) -> str:
    """The beginning of a text that is too long to be shown, and how long it is.

    >>> clipped("a" * 300, 3)
    'aaa… (300 characters)'
    """
    return text if len(text) <= width else f"{text[:width]}… ({len(text)} characters)"


def tell_state(state: TaskState) -> str:
    """A state as the protocol calls it."""
    return state.value.upper()


def tell_item(item: StreamItem) -> str:
    r"""An event in one line.

    >>> from hocket.a2a import TaskStatus
    >>> tell_item(Task(id="T", status=TaskStatus(state=TaskState.WORKING)))
    'task WORKING'
    """
    match item:
        case Task():
            growing = "".join([f", artifact {_artifact(artifact)}" for artifact in item.artifacts])
            return f"task {tell_state(item.state)}{_saying(item.status.message)}{growing}"
        case TaskStatusUpdateEvent():
            return f"status {tell_state(item.status.state)}{_saying(item.status.message)}"
        case TaskArtifactUpdateEvent():
            flags = [name for name, is_so in (("append", item.append), ("last chunk", item.last_chunk)) if is_so]
            more = f" ({', '.join(flags)})" if flags else ""
            return f"artifact {_artifact(item.artifact)}{more}"
        case Message():
            return f"message{_saying(item)}"


def tell_answer(answer: Answer) -> list[str]:
    """What came, and how it ended."""
    items = iter(answer.items)
    lines = []
    for number, message in enumerate(answer.heard[:_LINES], 1):
        is_item = number <= len(answer.items)
        lines.append(tell_item(next(items)) if is_item else clipped(message.decode("utf-8", "backslashreplace")))
    if len(answer.heard) > _LINES:
        lines.append(f"… and {len(answer.heard) - _LINES} more")
    return [*lines, _ending(answer)]


def _ending(answer: Answer) -> str:
    status = answer.conversation.status
    http = f" (HTTP {status})" if status is not None and status != _OK else ""
    match answer.end:
        case "complete":
            return f"the end{http}"
        case "silent":
            return f"nothing more for {answer.patience:g} seconds{http}"
        case "cut":
            return f"cut{http}: {answer.conversation.reason or 'the connection is gone'}"
        case "open":
            return f"left{http}"


_OK = 200


def _saying(message: Message | None) -> str:
    return f" {_parts(message.parts)}" if message is not None else ""


def _artifact(artifact: Artifact) -> str:
    return f"{clipped(artifact.artifact_id, 40)!r} {_parts(artifact.parts)}"


def _parts(parts: Sequence[Part]) -> str:
    return " + ".join([_part(part) for part in parts]) or "nothing"


def _part(part: Part) -> str:
    if part.text is not None:
        return repr(clipped(part.text, 60))
    if part.raw is not None:
        return f"{len(part.raw)} bytes"
    return "data" if part.data is not UNSET else f"the file {clipped(part.url or '', 60)!r}"
