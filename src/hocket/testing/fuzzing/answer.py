"""Answer: what an agent says to one request, message by message, as far as it can be read.

Nothing here raises for what a target does: each check decides what of it is its own business.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import define, field

from hocket import codec
from hocket.a2a import Dialect, Fold, Message, Operation, StreamItem, Task, TaskState, TaskStatus
from hocket.a2a.states import is_terminal, settles
from hocket.errors import CodecError, ErrorObject
from hocket.testing.probe import Ask, Conversation, End

__all__ = ["MOST_EVENTS", "Answer"]

MOST_EVENTS = 1_000
"""Messages of one answer that are read. A stream that has more is left: it may be meant to go on."""

_REFUSED = 400


@define(eq=False)
class Answer:
    """The answer to one request.

    Args:
        ask: What was asked.
        operation: What that means; None where it means nothing.
        request_id: The id that the answer must have; None where that cannot be said.
        dialect: The version of A2A in which it was asked.
        conversation: What comes.
        patience: Seconds that are waited for each message.
        said: The message that was sent, if it was one.

    Attributes:
        heard: The messages that came, as they came.
        items: What they carried, as far as they could be read.
        error: The JSON-RPC error that came.
        flaw: What is wrong with the first message that could not be read; nothing is read after it.
        is_endless: Whether there were more messages than anybody reads.
    """

    ask: Ask
    operation: Operation | None
    request_id: Any
    dialect: Dialect
    conversation: Conversation
    patience: float
    said: Message | None = None
    heard: list[bytes] = field(factory=list, init=False)
    items: list[StreamItem] = field(factory=list, init=False)
    error: ErrorObject | None = field(default=None, init=False)
    flaw: str | None = field(default=None, init=False)
    is_endless: bool = field(default=False, init=False)
    _left_at: End | None = field(default=None, init=False)
    _fold: Fold = field(factory=Fold, init=False)

    # What there is so far.

    @property
    def end(self) -> End:
        """How it has ended so far, or had when we left."""
        return self._left_at or self.conversation.end

    @property
    def has_begun(self) -> bool:
        """Whether there was an answer at all: a message, or at least the head of a response."""
        return bool(self.heard) or self.conversation.status is not None

    @property
    def is_refused(self) -> bool:
        """Whether the target would not do it, and said so: with an error, or with an HTTP status."""
        status = self.conversation.status
        return (self.error is not None and not self.items) or (status is not None and status >= _REFUSED)

    @property
    def is_whole(self) -> bool:
        """Whether all that came could be read, and nothing more will come: what most checks start from."""
        return self.end == "complete" and self.flaw is None and self.error is None and bool(self.items)

    @property
    def task(self) -> Task | None:
        """The task as far as it was told; None if no event was of one."""
        return None if self._fold.is_empty else self._fold.snapshot()

    @property
    def task_id(self) -> str | None:
        """The id in the first event that has one."""
        return self.task.id if self.task is not None else None

    @property
    def context_id(self) -> str | None:
        """The context in the latest event that has one."""
        found = [item.context_id for item in self.items if item.context_id]
        return found[-1] if found else None

    @property
    def state(self) -> TaskState:
        """The state in the latest event that has one; UNKNOWN before there is one."""
        return self._fold.state

    @property
    def has_settled(self) -> bool:
        """Whether an end would be one by now, rather than a cut."""
        return settles(self.state) or (self._fold.is_empty and bool(self.items))

    @property
    def has_finished(self) -> bool:
        """Whether nothing may follow by now: the task has ended, or the answer is a Message."""
        return is_terminal(self.state) or (self._fold.is_empty and bool(self.items))

    # Reading.

    def next(self) -> bool:
        """Read one more message.

        Returns:
            Whether there was one, and it could be read.
        """
        if self.flaw is not None or self._left_at is not None:
            return False
        message = self.conversation.next(self.patience)
        if message is None:
            return False
        self.heard.append(message)
        try:
            self._take(message)
        except CodecError as error:
            self.flaw = f"message {len(self.heard)} cannot be read: {error}"
            return False
        if len(self.heard) >= MOST_EVENTS:
            self.is_endless = True
            self.leave()
            return False
        return True

    def read(self, count: int) -> None:
        """Read on until there are `count` messages, or no more."""
        while len(self.heard) < count and self.next():
            pass

    def read_all(self) -> None:
        """Read on to the end."""
        while self.next():
            pass

    def read_until_settled(self) -> None:
        """Read on until the task has settled, or to the end if it does not: who subscribes may be kept longer."""
        while not self.has_settled and self.next():
            pass

    def leave(self) -> None:
        """Close the conversation, if it is open."""
        if self._left_at is None and self.end in ("open", "silent"):
            self._left_at = self.end
            self.conversation.close()

    def _take(self, message: bytes) -> None:
        response = codec.loads(message, envelope=True)
        match response:
            case {"jsonrpc": "2.0", "error": {"code": int() as code, "message": str() as said, **more}, **rest} if (
                "result" not in rest
            ):
                self._know(rest, is_error=True)
                self.error = ErrorObject(code, said, more.get("data"))
            case {"jsonrpc": "2.0", "result": result, **rest} if "error" not in rest:
                self._know(rest, is_error=False)
                self._take_result(result)
            case _:
                raise CodecError("it is no JSON-RPC response, which has jsonrpc, id, and either result or error")

    def _know(self, response: Mapping[Any, Any], *, is_error: bool) -> None:
        """The id must be the request's; an error that cannot know it has null, or leaves it out."""
        found = response.get("id")
        if self.request_id is None:
            return
        if found == self.request_id and type(found) is type(self.request_id):
            return
        if is_error and found is None:
            return
        raise CodecError(f"its id is {found!r}, and that of the request was {self.request_id!r}", "id")

    def _take_result(self, result: Any) -> None:
        match self.operation:
            case Operation.STREAM | Operation.SUBSCRIBE:
                self._add(self.dialect.read_item(result))
            case None:
                return
            case _:
                answer = self.dialect.read_result(self.operation, result)
                if isinstance(answer, Task | Message):
                    self._add(answer)

    def _add(self, item: StreamItem) -> None:
        self.items.append(item)
        if isinstance(item, Message):
            return
        if self._fold.is_empty and not isinstance(item, Task):  # allowed in 0.3; the update names the task
            status = TaskStatus(state=TaskState.UNKNOWN)
            self._fold.apply(Task(id=item.task_id, context_id=item.context_id, status=status))
        self._fold.apply(item)
