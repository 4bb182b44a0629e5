"""LiveRun and Turn: an agent's function at work on a task, and the messages that it answers."""

from __future__ import annotations

from attrs import define, field

from hocket.a2a.model import Message, Task
from hocket.a2a.ports import Link
from hocket.a2a.states import Activity
from hocket.a2a.subscription import Call

__all__ = ["LiveRun", "Turn"]


@define(eq=False)
class Turn:
    """A message for the agent, and the call that brought it.

    Attributes:
        at: The offset that the log has once the message is in it, with the status that goes with it.
        message: What the agent is told.
        call: The call that brought it.
        link: Where that call came from, and is to be answered; None if it wants nothing (more).
        is_again: Whether it was in the log before, and a run has ended without asking for it.
        task: The task as it was when the message was in the log; None before.
        offset: Where the log ended then.
    """

    at: int
    message: Message
    call: Call
    link: Link | None
    is_again: bool = False
    task: Task | None = None
    offset: int = 0


@define(eq=False)
class LiveRun:
    """A run of the agent's function that has not ended. It answers one message, or several if it asks for more.

    Attributes:
        number: The offset of the log with the message that started it. What comes from any other run is refused,
            also when the task was loaded anew in between.
        turn: The message that it was given last, and who sent it.
        is_announced: Whether the runner was asked for it; it is, once the message is in the log.
        is_waiting: Whether it waits for an answer.
        is_awaited: Whether an answer waits for it: its task is INPUT_REQUIRED, but it does not wait yet.
        is_interrupted: Whether it was asked to stop, since its task is to be canceled.
        is_released: Whether it was asked to stop, since nobody has answered it.
        unread: Messages that it was sent and has not asked for yet.
    """

    number: int
    turn: Turn
    is_announced: bool = field(default=False, init=False)
    is_waiting: bool = field(default=False, init=False)
    is_awaited: bool = field(default=False, init=False)
    is_interrupted: bool = field(default=False, init=False)
    is_released: bool = field(default=False, init=False)
    unread: list[Turn] = field(factory=list, init=False)  # an empty deque would be 760 bytes

    @property
    def activity(self) -> Activity:
        """What the function is doing."""
        if self.is_interrupted or self.is_released:
            return Activity.STOPPING
        return Activity.WAITING if self.is_waiting else Activity.WORKING
