"""Prompts: what an agent is asked, as values that print as Python, so that a finding can be pasted into a test."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import field, frozen
from attrs.validators import min_len

from hocket.a2a import Message, Part, Role

__all__ = ["Dialogue", "Joining", "Prompt", "Several"]


@frozen(kw_only=True)
class Prompt:
    """Something said to an agent. Its id is given when it is said, for it may be said more than once.

    Attributes:
        parts: The content.
        metadata: Whatever goes with the message.
        version: The version of A2A in which it is said.
    """

    parts: tuple[Part, ...] = field(validator=min_len(1))
    metadata: Mapping[str, Any] | None = None
    version: str = "1.0"

    def message(self, message_id: str, *, task_id: str | None = None, context_id: str | None = None) -> Message:
        """The message, as the user's."""
        return Message(
            message_id=message_id,
            role=Role.USER,
            parts=self.parts,
            metadata=self.metadata,
            task_id=task_id,
            context_id=context_id,
        )


@frozen(kw_only=True)
class Joining:
    """A prompt, and something else that happens while it is answered.

    Attributes:
        prompt: What is said.
        after: How many events have come by then; if there are fewer, it happens at the end.
    """

    prompt: Prompt
    after: int = 0


@frozen(kw_only=True)
class Dialogue:
    """A prompt, and what is said to the same task after it.

    Attributes:
        prompt: What begins the task.
        replies: What is said when it has asked, or ended, one after the other.
        with_context: Whether the replies name the context as well, or only the task.
    """

    prompt: Prompt
    replies: tuple[Prompt, ...] = field(validator=min_len(1))
    with_context: bool = False


@frozen(kw_only=True)
class Several:
    """Prompts of different callers at one time.

    Attributes:
        prompts: What is said.
        turns: Whose next event is read, one after the other; then all are read to their ends.
    """

    prompts: tuple[Prompt, ...] = field(validator=min_len(2))
    turns: tuple[int, ...] = ()
