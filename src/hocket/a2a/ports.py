"""What the A2A server asks of the world (outputs) and what it hands to a link (deliveries).

The server core does no I/O: it asks a store to append and load, a runner to run and interrupt, and tells a
transport which link has something to take.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from typing import TypeAlias

from attrs import field, frozen

from hocket.a2a.model import Message, Metadata, StreamItem, Task, TaskState
from hocket.a2a.requests import TaskPushNotificationConfig
from hocket.errors import ErrorObject
from hocket.jsonrpc import Id
from hocket.log import Entry

__all__ = [
    "Answered",
    "Append",
    "Checkpoint",
    "Delivery",
    "Ended",
    "Find",
    "Interrupt",
    "Item",
    "Items",
    "Link",
    "Load",
    "Opened",
    "Output",
    "Owner",
    "PushLink",
    "Ready",
    "Refused",
    "Release",
    "Reply",
    "Run",
    "StartPush",
    "StopPush",
    "Stored",
    "TaskPage",
    "TaskQuery",
    "Terms",
    "amount",
]

Link: TypeAlias = Hashable
"""Who is called: one HTTP request, one pipe, one WebSocket. Chosen by the transport, never reused while open."""


@frozen
class Owner:
    """Who may see a task. To everybody else it does not exist.

    Attributes:
        principal: Who started it; "" where nobody is asked who they are.
        tenant: The tenant it was started for; "" without one.
    """

    principal: str = ""
    tenant: str = ""


@frozen
class PushLink:
    """The link by which the sender of push notifications reads a task, for one configuration.

    Attributes:
        task_id: The task.
        config_id: The configuration, among those of its task.
        serial: Tells a configuration from the one that it replaced.
    """

    task_id: str
    config_id: str
    serial: int


# What the server asks for.


@frozen(kw_only=True)
class Append:
    """Store: append these to the task's log if it ends at `expect`; then `Server.feed`, or `Server.append_refused`.

    What is asked for one task is to be carried out, and answered, in the order in which it was asked. `owner` is the
    same in all appends to a task. `weights` says of each item what `weigh` says.
    """

    task_id: str
    expect: int
    items: tuple[StreamItem, ...]
    owner: Owner = Owner()
    weights: tuple[int, ...] = ()


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
class Terms:
    """What a caller has sent beside a message, for whoever answers it.

    Attributes:
        extensions: URIs of the extensions that are in use: asked for by the caller, and declared by the agent.
        accepted_output_modes: Media types that the caller can take; () if it does not say.
        metadata: Whatever else.
    """

    extensions: tuple[str, ...] = ()
    accepted_output_modes: tuple[str, ...] = ()
    metadata: Metadata | None = None


@frozen(kw_only=True)
class Run:
    """Runner: run the agent's function on `message`; then `Server.started`, `emit` …, `ended`, all with `run`.

    Attributes:
        task: The task as it stands with the message.
        run: Number of the run.
        message: What the agent is asked.
        terms: What came beside the message.
    """

    task: Task
    run: int
    message: Message
    terms: Terms = Terms()


@frozen(kw_only=True)
class Interrupt:
    """Runner: close the agent's function and report `Server.ended`."""

    task_id: str
    run: int


@frozen(kw_only=True)
class Reply:
    """Runner: this run waits for an answer (`Server.asked`), and here it is.

    Attributes:
        task_id: The task.
        run: Number of the run.
        message: The answer.
        task: The task as it stands with it.
        terms: What came beside the answer.
    """

    task_id: str
    run: int
    message: Message
    task: Task
    terms: Terms = Terms()


@frozen(kw_only=True)
class Release:
    """Runner: nobody has answered this run in time, or it has not asked in time: close it and report `Server.ended`.

    Its task stays as it is. A later answer starts a run of its own.
    """

    task_id: str
    run: int


@frozen(kw_only=True)
class TaskQuery:
    """Which tasks, and which page of them (A2A 1.0 section 3.1.4).

    Attributes:
        owner: Only tasks of this owner.
        context_id: Only tasks of this conversation.
        status: Only tasks in this state.
        status_timestamp_after: Only tasks whose status is of this time (RFC 3339) or later.
        page_size: How many at the most.
        page_token: Where to go on, as the store has said it; "" for the first page.
    """

    owner: Owner
    context_id: str | None = None
    status: TaskState | None = None
    status_timestamp_after: str | None = None
    page_size: int = 50
    page_token: str = ""


@frozen(kw_only=True)
class TaskPage:
    """What a store has found.

    Attributes:
        tasks: The tasks, whole; the one whose status is newest first.
        next_page_token: Where the next page begins; "" after the last one.
        total_size: How many tasks there are on all pages.
    """

    tasks: tuple[Task, ...]
    next_page_token: str = ""
    total_size: int = 0


@frozen(kw_only=True)
class Find:
    """Store: find tasks; then `Server.found` with the page, or with None if the page token is not the store's."""

    ticket: int
    query: TaskQuery


@frozen(kw_only=True)
class StartPush:
    """Sender: post what `link` has to take (`Server.take`: Items, at last `Ended`) to the URL of `config`.

    After `Ended`, or when it gives up, the sender says `Server.disconnect(link)`.

    Attributes:
        link: Where to take the bodies from.
        config: Where they go, and how the sender shows who it is.
        dialect: "1.0" or "0.3": what the bodies are written in, and so the header fields.
    """

    link: PushLink
    config: TaskPushNotificationConfig
    dialect: str


@frozen(kw_only=True)
class StopPush:
    """Sender: the configuration was deleted or replaced; nothing more is to be posted for this link."""

    link: PushLink


@frozen(kw_only=True)
class Ready:
    """Transport: this link has something to `Server.take`."""

    link: Link


Output: TypeAlias = Append | Checkpoint | Find | Interrupt | Load | Ready | Release | Reply | Run | StartPush | StopPush


@frozen(kw_only=True)
class Stored:
    """What a store has of a task: a snapshot, the entries after it, and whose it is."""

    offset: int
    task: Task
    entries: tuple[Entry[StreamItem], ...] = field(default=())
    owner: Owner = Owner()


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
class Items:
    """A run of items of a stream, oldest first: what has come since the last time, as far as it was asked for.

    It is iterated over as so many `Item`; who writes whole runs takes the two lists, which are as long as each other.

    Attributes:
        request_id: The call that they belong to.
        offsets: The offset of each in the task's log.
        results: Each as JSON text in the caller's dialect.
    """

    request_id: Id
    offsets: Sequence[int]
    results: Sequence[bytes]

    def __len__(self) -> int:
        return len(self.offsets)

    def __iter__(self) -> Iterator[Item]:
        for offset, result in zip(self.offsets, self.results, strict=True):
            yield Item(request_id=self.request_id, offset=offset, result=result)


@frozen(kw_only=True)
class Ended:
    """A stream is over, in this state; `offset` is the last one it was given."""

    request_id: Id
    offset: int
    state: TaskState


Delivery: TypeAlias = Answered | Refused | Opened | Items | Ended


def amount(deliveries: Iterable[object]) -> int:
    """How much was delivered: a run counts for its items, anything else for one."""
    return sum([len(each) if isinstance(each, Items) else 1 for each in deliveries])
