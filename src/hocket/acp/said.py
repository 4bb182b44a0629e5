"""Said: one message of a stream's history, whole."""

from __future__ import annotations

from functools import cached_property

from attrs import frozen

from hocket.acp.assembly import assemble
from hocket.acp.model import Message

__all__ = ["Said"]


@frozen(kw_only=True, slots=False)
class Said:
    """Something that was said in full, in one piece or in chunks.

    Attributes:
        agent: Who said it.
        chunks: The pieces, in order; a message that came in one piece is its only one.
        event_id: The event that completed it.
    """

    agent: str
    chunks: tuple[Message, ...]
    event_id: int

    @cached_property
    def message(self) -> Message:
        """The whole message, put together when it is first asked for (spec section 4)."""
        return self.chunks[0] if len(self.chunks) == 1 else assemble(self.chunks)

    @property
    def text(self) -> str:
        """The text of it."""
        return "".join([chunk.text for chunk in self.chunks])
