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

__all__ = [
    "ON_CANCEL",
    "ON_MESSAGE",
    "ON_MESSAGE_TO_RUN",
    "ON_SUBSCRIBE",
    "PHASES",
    "Activity",
    "Answer",
    "Phase",
    "is_terminal",
    "settles",
]


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


class Activity(Enum):
    """What the agent's function is doing for a task."""

    WORKING = "is at work"
    WAITING = "waits for an answer"
    STOPPING = "was asked to stop"


class Answer(Enum):
    """What a request does to a task in a state that allows it."""

    START_RUN = "the message starts a run of the agent"
    REPLY = "its run goes on with the message"
    KEEP = "the message is kept until the agent asks for one"
    LATER = "the message is judged when it has asked, or ended"
    INTERRUPT = "the running agent is interrupted, then the task is canceled"
    CANCEL_NOW = "the task is canceled: at once, or when what runs has stopped"
    TASK_AGAIN = "nothing changes: the task is answered as it is"
    STREAM = "the task is streamed: a snapshot, then what follows"


ON_MESSAGE: Mapping[TaskState, Answer | Code] = MappingProxyType(
    {
        TaskState.SUBMITTED: Code.UNSUPPORTED_OPERATION,
        TaskState.WORKING: Code.UNSUPPORTED_OPERATION,
        TaskState.UNKNOWN: Code.UNSUPPORTED_OPERATION,
        TaskState.INPUT_REQUIRED: Answer.START_RUN,
        TaskState.AUTH_REQUIRED: Answer.START_RUN,
        TaskState.COMPLETED: Code.UNSUPPORTED_OPERATION,
        TaskState.FAILED: Code.UNSUPPORTED_OPERATION,
        TaskState.CANCELED: Code.UNSUPPORTED_OPERATION,
        TaskState.REJECTED: Code.UNSUPPORTED_OPERATION,
    }
)
"""A message that names the task: a follow-up. (A terminal task never restarts; a working one asked for nothing.)"""

ON_MESSAGE_TO_RUN: Mapping[tuple[TaskState, Activity], Answer] = MappingProxyType(
    {
        (TaskState.INPUT_REQUIRED, Activity.WORKING): Answer.LATER,
        (TaskState.INPUT_REQUIRED, Activity.WAITING): Answer.REPLY,
        (TaskState.INPUT_REQUIRED, Activity.STOPPING): Answer.LATER,
        (TaskState.AUTH_REQUIRED, Activity.WORKING): Answer.KEEP,
        (TaskState.AUTH_REQUIRED, Activity.WAITING): Answer.REPLY,
        (TaskState.AUTH_REQUIRED, Activity.STOPPING): Answer.LATER,
    }
)
"""A message that would start a run (`ON_MESSAGE`), but the agent's function has not ended yet."""

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
