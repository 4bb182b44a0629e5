"""A chunk of text as an event: most of what agents say."""

from __future__ import annotations

from hocket.a2a.model import Artifact, Part, TaskArtifactUpdateEvent
from hocket.codec.making import maker

__all__ = ["text_chunk"]

_part = maker(Part, "text")
_artifact = maker(Artifact, "artifact_id", "parts")
_update = maker(TaskArtifactUpdateEvent, "task_id", "context_id", "artifact", "append", "last_chunk")


def text_chunk(
    task_id: str, context_id: str | None, artifact_id: str, text: str, *, append: bool, last_chunk: bool = False
) -> TaskArtifactUpdateEvent:
    """The event that begins an artifact with a text, or adds it: 0.9 µs, and 4.6 by the classes themselves."""
    return _update(task_id, context_id, _artifact(artifact_id, (_part(text),)), append, last_chunk)
