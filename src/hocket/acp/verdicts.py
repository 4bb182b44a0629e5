"""What a lane says about the chunks it is given."""

from __future__ import annotations

from typing import TypeAlias

from attrs import field, frozen

from hocket.acp.model import Message
from hocket.errors import ErrorObject

__all__ = ["Completed", "Delivered", "Failed", "LaneEvent", "Verdict"]


@frozen
class Delivered:
    """A chunk whose turn it is.

    Attributes:
        chunk: The piece.
        sequence: Its number.
        is_last: Whether the message ends with it.
        is_first: Whether the message begins with it.
        weight: What it counts against limits, in bytes.
    """

    chunk: Message
    sequence: int
    is_last: bool = False
    is_first: bool = False
    weight: int = field(default=0, eq=False)


@frozen
class Completed:
    """All chunks of a message were delivered: these, in order."""

    chunks: tuple[Message, ...]


@frozen
class Failed:
    """A message will never be complete.

    Attributes:
        reason: `gap`, `stalled`, `restarted`, `inconsistent_last`, `too_large`, `resync`, or what the owner said.
        expected: The number of the chunk that was missing.
    """

    reason: str
    expected: int | None = None


LaneEvent: TypeAlias = Delivered | Completed | Failed
"""What can happen in a lane."""


@frozen
class Verdict:
    """What became of something that was given to a lane.

    Attributes:
        events: What happened, in order; also where there is an error.
        error: What the sender is answered, if it was refused.
    """

    events: tuple[LaneEvent, ...] = ()
    error: ErrorObject | None = None
