"""Reading: one call of a client, and everything it was told, held against the book."""

from __future__ import annotations

from attrs import define, evolve, field

from hocket.a2a import (
    ClientCall,
    Message,
    Operation,
    Outcome,
    SendMessageRequest,
    StreamEvent,
    Task,
    TaskState,
)
from hocket.errors import Code, HocketError, RpcError
from hocket.testing.violation import Violation
from hocket.testing.worlds.a2a.book import FINAL, QUESTIONS, Book, Page, told

__all__ = ["Reading"]

_NEVER = (Code.PARSE_ERROR, Code.INVALID_REQUEST, Code.METHOD_NOT_FOUND, Code.INVALID_PARAMS)
"""What no call of a world deserves to be told."""


@define(eq=False)
class Reading:
    """One call.

    Args:
        call: What was asked, and where the answer comes.
        book: What happened at the server.
        caller: Who asks.
        agent: Who is asked.
        is_over_http: Whether it resumes by itself where it was cut.

    Attributes:
        after: The offset that it was given last, or said it had seen.
        is_disturbed: Whether something broke that it depends on: then it may end without an end.
        is_dropped: Whether its caller wants nothing more of it.
    """

    call: ClientCall
    book: Book
    caller: str
    agent: str
    is_over_http: bool = False
    after: int | None = None
    is_disturbed: bool = False
    is_dropped: bool = False
    _told: list[StreamEvent] = field(factory=list, init=False)
    _first: int | None = field(default=None, init=False)
    _is_seamless: bool = field(default=True, init=False)
    _is_judged: bool = field(default=False, init=False)
    _is_again: bool = field(init=False)
    """Whether the server has the message already that is sent here."""

    def __attrs_post_init__(self) -> None:
        self._is_again = self._is_taken

    @property
    def name(self) -> str:
        """What it is called in a violation."""
        about = self.page.id[:8] if self.page is not None else "a new task"
        way = "HTTP" if self.is_over_http else "pipe"
        return f"{self.caller}'s {self.call.operation.value} of {about} ({self.call.dialect.version}, {way})"

    @property
    def page(self) -> Page | None:
        """The task that it is about, as soon as that is known."""
        params = self.call.params
        task_id = self.call.reader.task_id or getattr(params, "id", None)
        return self.book.pages.get(task_id) if isinstance(task_id, str) else None

    @property
    def _is_taken(self) -> bool:
        """Whether the server has taken the message that is sent here, a follow-up, now or from another call."""
        params = self.call.params
        if not isinstance(params, SendMessageRequest) or params.message.task_id is None:
            return False
        page = self.book.pages.get(params.message.task_id)
        return page is not None and params.message.message_id in page.taken

    @property
    def events(self) -> int:
        """How many events it was told."""
        return len(self._told)

    @property
    def _is_done(self) -> bool:
        return bool(self._told) and self._told[-1].done

    @property
    def _error(self) -> HocketError | None:
        """The error that it was told last."""
        return next((event.error for event in reversed(self._told) if event.error is not None), None)

    @property
    def was_refused(self) -> bool:
        """Whether it was the server that has said no, in the end."""
        error = self._error
        return isinstance(error, RpcError) or (error is not None and isinstance(error.__cause__, RpcError))

    @property
    def is_waiting(self) -> bool:
        """Whether its end is not known yet."""
        if self.is_dropped:
            return False
        return not (self.call.reader.is_closed if self.call.is_streaming else self.call.is_closed)

    def look(self) -> None:
        """Take what it was told since the last time.

        Raises:
            Violation: It is not so.
        """
        if self.is_dropped:
            return
        while (event := self.call.next_event()) is not None:
            if self._is_done:
                raise self._violation("one-terminal", f"an event came after the last one: {event}")
            self._told.append(event)
            if event.item is not None:
                self._check(event)
        if not self.is_waiting and not self._is_judged:
            self._is_judged = True
            self._judge()

    # Its events ---------------------------------------------------------------------------------------------------

    def _check(self, event: StreamEvent) -> None:
        page = self.book.pages.get(event.task_id or "")
        if page is None:
            raise self._violation("order", f"it was told of a task that nobody has begun: {event}")
        if event.offset is None:
            self._check_whole(event.item, page)
        elif not 1 <= event.offset <= len(page.log):
            raise self._violation("order", f"it was told of entry {event.offset} of {len(page.log)}")
        elif isinstance(event.item, Task):
            self._check_snapshot(event.item, event.offset, page)
        else:
            self._check_entry(event, event.offset, page)

    def _check_whole(self, item: object, page: Page) -> None:
        """An item without a number: the whole task, which was asked for since the stream could not tell it."""
        self._is_seamless = False
        known = page.folds[max(0, (self.after or 0) - 1) :]
        if item not in known:
            raise self._violation("fold", f"it was given {item}, and that was never the task; it is {page.task}")

    def _check_snapshot(self, task: Task, offset: int, page: Page) -> None:
        if task != page.folds[offset - 1]:
            raise self._violation("fold", f"at {offset} it was given {task}, and the task was {page.folds[offset - 1]}")
        is_back = self.after is not None and offset <= self.after and self.events > 1
        if is_back and not (self.is_over_http and offset == len(page.log)):  # who resumes may be given it once more
            raise self._violation("exactly-once", f"a snapshot at {offset} came after entry {self.after}")
        if self._first is None:
            self._first = offset
        elif offset != self.after:
            self._is_seamless = False
        self.after = offset

    def _check_entry(self, event: StreamEvent, offset: int, page: Page) -> None:
        after = self.after or 0
        if self.after is not None and offset <= after:
            raise self._violation("exactly-once", f"entry {offset} came after entry {after}")
        missing = [number for number in range(after + 1, offset) if not isinstance(page.log[number - 1], Message)]
        if missing:
            raise self._violation("order", f"entry {offset} came after entry {after}, without {missing}")
        if event.item != page.log[offset - 1]:
            raise self._violation("order", f"entry {offset} is {page.log[offset - 1]}, and it was given {event.item}")
        self.after = offset

    # Its end ------------------------------------------------------------------------------------------------------

    def _judge(self) -> None:
        call = self.call
        if not call.is_streaming:
            if (call.answer is None) == (call.error is None):
                raise self._violation(
                    "every-call-ends", f"it has {call.answer} for an answer and {call.error} as error"
                )
            if call.error is not None:
                self._judge_error(call.error)
            else:
                self._judge_answer(call.answer)
            return
        if not self._is_done:
            raise self._violation("one-terminal", f"it is {call.outcome}, and no event has said so")
        match call.outcome:
            case Outcome.SETTLED:
                self._judge_settled()
            case Outcome.CUT if not self.is_disturbed and not self._has_nothing_to_read:
                raise self._violation("ended-not-cut", "it was cut, and nothing has broken")
            case Outcome.FAILED:
                self._judge_error(self._error)

    @property
    def _has_nothing_to_read(self) -> bool:
        """Whether it went on from the very end of a log: then no item tells a pipe's client how the task stands."""
        page = self.page
        return self.events == 1 and page is not None and page.is_over and self.after == len(page.log)

    def _judge_settled(self) -> None:
        page = self.page
        if page is None:
            raise self._violation("ended-not-cut", "it has settled, and there was no task")
        if self.after is None:
            return  # one answer for a stream
        state = page.folds[self.after - 1].state
        if self._is_seamless and state not in (*FINAL, *QUESTIONS):
            raise self._violation(
                "ended-not-cut", f"it has settled at entry {self.after}, where the task is {state.value}"
            )
        if state in FINAL and self.after != len(page.log):
            raise self._violation("ended-not-cut", f"it has settled at entry {self.after} of {len(page.log)}")
        self._judge_text(page, self.after)

    def _judge_text(self, page: Page, after: int) -> None:
        """What was told folds to the task, and its text is the text of the log."""
        task = self.call.reader.task if self._first is not None else None
        if self._is_seamless and task is not None and _without_history(task) != _without_history(page.folds[after - 1]):
            raise self._violation("fold", f"it makes {task} of the stream, and the task is {page.folds[after - 1]}")
        if self._is_seamless and self._first is not None and not self.call.is_follow_up:
            due = page.folds[self._first - 1]
            if not due.artifacts and len(due.history) == 1 and due.status.message is None:
                text, wanted = "".join(event.text for event in self._told), told(page.log[self._first : after])
                if text != wanted:
                    raise self._violation("fold", f"its text is {text!r}, and the agent has said {wanted!r}")

    def _judge_answer(self, answer: object) -> None:
        page = self.book.pages.get(answer.id) if isinstance(answer, Task) else None
        if self.call.operation is Operation.LIST:
            return
        if page is None or answer not in page.folds:
            raise self._violation("fold", f"the answer was never the task: {answer}")
        assert isinstance(answer, Task)
        match self.call.operation:
            case Operation.CANCEL if answer.state is not TaskState.CANCELED:
                raise self._violation("ended-not-cut", f"it was canceled, and is {answer.state.value}")
            case Operation.SEND if answer.state not in (*FINAL, *QUESTIONS):
                raise self._violation("ended-not-cut", f"it was answered, and is {answer.state.value}")

    def _judge_error(self, error: HocketError | None) -> None:
        """An error has its reason."""
        page = self.page
        if not isinstance(error, RpcError):
            if not self.is_disturbed:
                raise self._violation("ended-not-cut", f"it has failed, and nothing has broken: {error}")
            return
        code = error.error.code
        if code in _NEVER:
            raise self._violation("refusal", f"it was refused as malformed: {error}")
        if code == Code.TASK_NOT_FOUND and page is not None and not page.is_lost:
            raise self._violation("refusal", f"the task is there, and it was told: {error}")
        if code == Code.TASK_NOT_CANCELABLE and page is not None and not page.is_over and not page.is_ahead:
            raise self._violation("refusal", f"the task is {page.state.value}, and it was told: {error}")
        if code == Code.UNSUPPORTED_OPERATION and self._is_again and self._is_taken and not self.is_disturbed:
            raise self._violation("refusal", f"the message was taken before, and now it was told: {error}")
        subscribes = self.call.operation is Operation.SUBSCRIBE
        if code == Code.UNSUPPORTED_OPERATION and subscribes and page is not None and not page.is_over:
            raise self._violation("refusal", f"the task is {page.state.value}, and it was told: {error}")

    def _violation(self, invariant: str, detail: str) -> Violation:
        return Violation(invariant, f"{self.name}: {detail}")


def _without_history(task: Task) -> Task:
    """The messages of others are not streamed."""
    return evolve(task, history=())
