"""Limits of the A2A server and client, all finite by default."""

from __future__ import annotations

from attrs import frozen

from hocket.framing import FramingLimits
from hocket.log import LogLimits

__all__ = ["ClientLimits", "ServerLimits"]


@frozen
class ServerLimits:
    """What one A2A server holds at the most.

    Attributes:
        tasks: Tasks held in memory; idle ones beyond it are dropped (the store has them), new ones refused.
        idle_size: Bytes of the idle tasks held in memory, never less than one task; those that were idle longest are
            dropped (the store has them). Also of the finished tasks that a link which watches has not read to their
            end: a watch that keeps more of them in memory is ended.
        task_size: Bytes of artifacts and messages one task may produce; its agent fails beyond that.
        calls: Unanswered calls of one link; finished tasks that a link which watches has not read to their end.
        answers: Bytes of answers that one link has not taken; beyond it what can be asked for again (tasks, lists) is
            refused until it has.
        id: Bytes of a task, context or message id.
        cancel_grace: Seconds an agent may take to stop once it is canceled; then the task is CANCELED without it.
        answer_grace: Seconds an agent that has said INPUT_REQUIRED may go on without asking or ending once an answer is
            there; then it is let go, and the answer starts a run of its own.
        patience: Seconds a run may wait for an answer to what it asked; then it is let go, and the task stays
            INPUT_REQUIRED: a later answer starts a run of its own.
        push_configs: Configurations of push notifications that one task may have.
        push_configs_in_all: Configurations that all tasks together may have.
        log: What is kept of each task's events for readers that come back.
    """

    tasks: int = 10_000
    idle_size: int = 64 * 1024 * 1024
    task_size: int = 32 * 1024 * 1024
    calls: int = 1_024
    answers: int = 16 * 1024 * 1024
    id: int = 256
    cancel_grace: float = 5.0
    answer_grace: float = 30.0
    patience: float = 3_600.0
    push_configs: int = 16
    push_configs_in_all: int = 1_000
    log: LogLimits = LogLimits()


@frozen
class ClientLimits:
    """What a client holds of one answer at the most; a call whose answer is larger fails.

    Attributes:
        task_size: Bytes of artifacts and messages of one stream.
        unread: Events of one stream that wait to be read, where they come in unasked for (on a pipe).
        framing: Of the bytes: how long an event, a line or a body may be.
        rejected: Messages in a row that cannot be read; whatever writes more of them on a pipe is no agent.
    """

    task_size: int = 64 * 1024 * 1024
    unread: int = 100_000
    framing: FramingLimits = FramingLimits()
    rejected: int = 1_000
