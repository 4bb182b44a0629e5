"""Copies of what an agent says: what it changes later does not change what it has said."""

from __future__ import annotations

from typing import TypeVar

from hocket.a2a.dialects import V1_0
from hocket.a2a.model import TaskArtifactUpdateEvent, TaskStatusUpdateEvent
from hocket.codec import loads
from hocket.errors import CodecError, LocalProtocolError

__all__ = ["detached"]

Said = TypeVar("Said", TaskStatusUpdateEvent, TaskArtifactUpdateEvent)


def detached(item: Said) -> Said:
    """A copy by way of the wire.

    Raises:
        LocalProtocolError: It cannot be written as JSON, or not be read by those who would get it.
    """
    written = V1_0.write_item(item)
    assert written is not None, "an update can be written in every version"
    try:
        copy = V1_0.read_item(loads(written))
    except CodecError as error:
        raise LocalProtocolError(f"nobody could read what the agent says: {error}") from error
    assert isinstance(copy, type(item)), "the same kind of item is read back"
    return copy
