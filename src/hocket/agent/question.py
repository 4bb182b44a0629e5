"""Question: what an agent asks in the middle of its work, and waits for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator
from typing import TYPE_CHECKING, Any, Never

from attrs import define

from hocket.a2a.model import Message, Part, Role, TaskState
from hocket.errors import LocalProtocolError

__all__ = ["HOW_TO_ASK", "Question"]

HOW_TO_ASK = "write `answer = yield task.ask(…)`, or `await` it"


@define(eq=False)
class Question:
    """What `task.ask(…)` makes: yield it or await it, and what comes back is the `Message` that answers it.

    Attributes:
        words: What is asked.
        state: INPUT_REQUIRED, or AUTH_REQUIRED where the caller has to authorise something.
    """

    words: Message
    state: TaskState
    _pose: Callable[[Question], Awaitable[Message]] | None = None

    @classmethod
    def of(
        cls,
        words: str | Message,
        *,
        auth: bool = False,
        message_id: str = "",
        pose: Callable[[Question], Awaitable[Message]] | None = None,
    ) -> Question:
        """A question in these words.

        Args:
            words: Text, or a whole Message, which may have data for a program that answers.
            auth: Whether the answer is an authorisation.
            message_id: The id of the message that is made of a text.
            pose: Asks it, where somebody runs the function.

        Raises:
            LocalProtocolError: `words` is neither text nor a Message, or empty.
        """
        if isinstance(words, str):
            words = Message(message_id=message_id, role=Role.AGENT, parts=(Part(text=str(words)),))
        elif not isinstance(words, Message):
            raise LocalProtocolError(f"a question is text or a Message, not {type(words).__name__}")
        if not any(part.text != "" for part in words.parts):
            raise LocalProtocolError('a question has words, as in task.ask("Which one?")')
        return cls(words, TaskState.AUTH_REQUIRED if auth else TaskState.INPUT_REQUIRED, pose)

    def __str__(self) -> str:
        return f"task.ask({self.words.text!r})"

    if not TYPE_CHECKING:  # a type checker finds the mistake by itself

        def __getattr__(self, name: str) -> Never:
            """Who looks for what the answer has is told how to get it."""
            raise AttributeError(f"a question has no {name!r}; for that of its answer {HOW_TO_ASK}")

    def __await__(self) -> Generator[Any, Any, Message]:
        if self._pose is None:
            raise LocalProtocolError(f"nobody runs the function that says {self}: there is nobody to answer")
        return self._pose(self).__await__()
