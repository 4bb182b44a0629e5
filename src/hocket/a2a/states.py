"""The life of a task as tables: state × input → what happens. Read by the server, the fold and the client.

A2A gives no transition table (section 4.1.3 and the notes on it): whatever is not terminal may become anything,
a terminal state is final. What each request meets in each state is spelled out here.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType

from hocket.a2a.model import TaskState
from hocket.errors import Code

__all__ = ["ON_CANCEL", "ON_MESSAGE", "ON_SUBSCRIBE", "PHASES", "Answer", "Phase", "is_terminal", "settles"]


class Phase(Enum):
    """What kind of state it is."""

    ACTIVE = "active"
    INTERRUPTED = "interrupted"
    TERMINAL = "terminal"


PHASES: Mapping[TaskState, Phase] = MappingProxyType(
    {
        TaskState.SUBMITTED: Phase.ACTIVE,
        TaskState.WORKING: Phase.ACTIVE,
        TaskState.UNKNOWN: Phase.ACTIVE,
        TaskState.INPUT_REQUIRED: Phase.INTERRUPTED,
        TaskState.AUTH_REQUIRED: Phase.INTERRUPTED,
        TaskState.COMPLETED: Phase.TERMINAL,
        TaskState.FAILED: Phase.TERMINAL,
        TaskState.CANCELED: Phase.TERMINAL,
        TaskState.REJECTED: Phase.TERMINAL,
    }
)
"""The phase of each state."""


class Answer(Enum):
    """What a request does to a task in a state that allows it."""

    START_TURN = "the message starts a turn of the agent"
    INTERRUPT = "the running agent is interrupted, then the task is canceled"
    CANCEL_NOW = "nothing runs: the task is canceled at once"
    TASK_AGAIN = "nothing changes: the task is answered as it is"
    STREAM = "the task is streamed: a snapshot, then what follows"


ON_MESSAGE: Mapping[TaskState, Answer | Code] = MappingProxyType(
    {
        TaskState.SUBMITTED: Code.UNSUPPORTED_OPERATION,
        TaskState.WORKING: Code.UNSUPPORTED_OPERATION,
        TaskState.UNKNOWN: Code.UNSUPPORTED_OPERATION,
        TaskState.INPUT_REQUIRED: Answer.START_TURN,
        TaskState.AUTH_REQUIRED: Answer.START_TURN,
        TaskState.COMPLETED: Code.UNSUPPORTED_OPERATION,
        TaskState.FAILED: Code.UNSUPPORTED_OPERATION,
        TaskState.CANCELED: Code.UNSUPPORTED_OPERATION,
        TaskState.REJECTED: Code.UNSUPPORTED_OPERATION,
    }
)
"""A message that names the task: a follow-up. (A terminal task never restarts; a working one asked for nothing.)"""

ON_CANCEL: Mapping[TaskState, Answer | Code] = MappingProxyType(
    {
        TaskState.SUBMITTED: Answer.INTERRUPT,
        TaskState.WORKING: Answer.INTERRUPT,
        TaskState.UNKNOWN: Answer.INTERRUPT,
        TaskState.INPUT_REQUIRED: Answer.CANCEL_NOW,
        TaskState.AUTH_REQUIRED: Answer.CANCEL_NOW,
        TaskState.COMPLETED: Code.TASK_NOT_CANCELABLE,
        TaskState.FAILED: Code.TASK_NOT_CANCELABLE,
        TaskState.CANCELED: Answer.TASK_AGAIN,
        TaskState.REJECTED: Code.TASK_NOT_CANCELABLE,
    }
)
"""A cancel. A second one is answered with the Task again (A2A 1.0 section 3.3.1)."""

ON_SUBSCRIBE: Mapping[TaskState, Answer | Code] = MappingProxyType(
    {
        TaskState.SUBMITTED: Answer.STREAM,
        TaskState.WORKING: Answer.STREAM,
        TaskState.UNKNOWN: Answer.STREAM,
        TaskState.INPUT_REQUIRED: Answer.STREAM,
        TaskState.AUTH_REQUIRED: Answer.STREAM,
        TaskState.COMPLETED: Code.UNSUPPORTED_OPERATION,
        TaskState.FAILED: Code.UNSUPPORTED_OPERATION,
        TaskState.CANCELED: Code.UNSUPPORTED_OPERATION,
        TaskState.REJECTED: Code.UNSUPPORTED_OPERATION,
    }
)
"""A subscription without a place to go on from (A2A 1.0 section 3.1.6). A reader that brings the last offset it
has seen is served its rest also from a task that has ended; 0.3 callers get the finished Task, then the end."""


def is_terminal(state: TaskState) -> bool:
    """Whether the state is final: no status may follow it, no artifact, no message."""
    return PHASES[state] is Phase.TERMINAL


def settles(state: TaskState) -> bool:
    """Whether a stream that ends in this state has ended, rather than been cut (terminal or interrupted)."""
    return PHASES[state] is not Phase.ACTIVE
