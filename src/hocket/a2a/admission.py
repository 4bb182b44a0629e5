"""Admission: what a call may do to a task as it stands. Pure decisions, from the tables in `states`."""

from __future__ import annotations

from hocket.a2a import states
from hocket.a2a.dialects.invalid import invalid_params
from hocket.a2a.live import LiveTask
from hocket.a2a.model import Message, TaskState
from hocket.a2a.requests import GetTaskRequest, SendMessageRequest
from hocket.a2a.states import Answer
from hocket.a2a.subscription import Call
from hocket.errors import Code, ErrorObject

__all__ = ["admit_cancel", "admit_message", "admit_subscription", "history_length"]


def admit_message(message: Message, live: LiveTask) -> Answer | ErrorObject:
    """A follow-up: starts or continues a run, or is one that was sent before (TASK_AGAIN), or is refused."""
    state = live.tail.state
    if message.context_id is not None and message.context_id != live.fold.context_id:
        reason = f"must be that of task {live.id}: leave it out, or send the task's own"
        return invalid_params(("message.contextId", reason))
    if live.is_arriving(message.message_id):
        return Answer.LATER  # once more, while the first is on its way into the log
    if live.fold.has_message(message.message_id):
        return Answer.TASK_AGAIN
    outcome = states.ON_MESSAGE[state]
    if isinstance(outcome, Code):
        advice = "start a new task" if states.is_terminal(state) else "wait until it asks for input"
        return ErrorObject.of(outcome, f"the task is {state.value} and takes no message now; {advice}")
    return outcome if live.run is None else states.ON_MESSAGE_TO_RUN[state, live.run.activity]


def admit_cancel(live: LiveTask) -> Answer | ErrorObject:
    """A cancel: of what runs, of what waits for input, once more, or too late."""
    outcome = states.ON_CANCEL[live.tail.state]
    if isinstance(outcome, Code):
        return ErrorObject.of(outcome, f"the task is {live.tail.state.value} already")
    if outcome is Answer.TASK_AGAIN and live.fold.state is not TaskState.CANCELED:
        return Answer.INTERRUPT  # canceled, but the log does not say so yet: wait until it does
    return outcome


def admit_subscription(call: Call, live: LiveTask) -> Answer | ErrorObject:
    """A subscription: a stream, or an error for a task that is over where the dialect has it so."""
    outcome = states.ON_SUBSCRIBE[live.fold.state]
    if isinstance(outcome, Answer) or call.dialect.streams_finished_tasks:
        return Answer.STREAM
    return ErrorObject.of(
        outcome, f"the task is {live.fold.state.value}: there is nothing to subscribe to; get it instead"
    )


def history_length(call: Call) -> int | None:
    """How many messages of its history the caller wants with a task; None for all."""
    match call.params:
        case SendMessageRequest(configuration=configuration):
            return configuration.history_length if configuration else None
        case GetTaskRequest(history_length=length):
            return length
        case _:
            return None
