"""What the A2A server asks of the world (outputs) and what it hands to a link (deliveries).

The server core does no I/O: it asks a store to append and load, a runner to run and interrupt, and tells a
transport which link has something to take.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import TypeAlias

from attrs import field, frozen

from hocket.a2a.model import Message, StreamItem, Task, TaskState
from hocket.errors import ErrorObject
from hocket.jsonrpc import Id
from hocket.log import Entry

__all__ = [
    "Answered",
    "Append",
    "Checkpoint",
    "Delivery",
    "Ended",
    "Interrupt",
    "Item",
    "Link",
    "Load",
    "Opened",
    "Output",
    "Ready",
    "Refused",
    "Run",
    "Stored",
]

Link: TypeAlias = Hashable
"""Who is called: one HTTP request, one pipe, one WebSocket. Chosen by the transport, never reused while open."""


# What the server asks for.


@frozen(kw_only=True)
class Append:
    """Store: append these to the task's log if it ends at `expect`; then `Server.feed`, or `Server.append_refused`."""

    task_id: str
    expect: int
    items: tuple[StreamItem, ...]


@frozen(kw_only=True)
class Checkpoint:
    """Store: at `offset` the task's log amounts to `task`; entries up to there may be dropped.

    `is_final`: the task is over, nothing will be appended any more.
    """

    task_id: str
    offset: int
    task: Task
    is_final: bool


@frozen(kw_only=True)
class Load:
    """Store: read the task; then `Server.loaded`."""

    task_id: str


@frozen(kw_only=True)
class Run:
    """Runner: run the agent's function on `message`; then `Server.started`, `emit` …, `ended`, all with `run`."""

    task: Task
    run: int
    message: Message


@frozen(kw_only=True)
class Interrupt:
    """Runner: close the agent's function and report `Server.ended`."""

    task_id: str
    run: int


@frozen(kw_only=True)
class Ready:
    """Transport: this link has something to `Server.take`."""

    link: Link


Output: TypeAlias = Append | Checkpoint | Load | Run | Interrupt | Ready


@frozen(kw_only=True)
class Stored:
    """What a store has of a task: a snapshot and the entries after it."""

    offset: int
    task: Task
    entries: tuple[Entry[StreamItem], ...] = field(default=())


# What a link is given.


@frozen(kw_only=True)
class Answered:
    """The result of a call, as JSON text in the caller's dialect."""

    request_id: Id
    result: bytes


@frozen(kw_only=True)
class Refused:
    """The error of a call."""

    request_id: Id
    error: ErrorObject


@frozen(kw_only=True)
class Opened:
    """A streaming call was accepted: items follow, then `Ended`."""

    request_id: Id
    task_id: str


@frozen(kw_only=True)
class Item:
    """One item of a stream, as JSON text in the caller's dialect, with its offset in the task's log."""

    request_id: Id
    offset: int
    result: bytes


@frozen(kw_only=True)
class Ended:
    """A stream is over, in this state; `offset` is the last one it was given."""

    request_id: Id
    offset: int
    state: TaskState


Delivery: TypeAlias = Answered | Refused | Opened | Item | Ended
