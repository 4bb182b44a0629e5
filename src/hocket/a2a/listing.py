"""Listing: `ListTasks` (A2A 1.0 section 3.1.4). The store finds the tasks; this asks it, and answers who asked."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from attrs import define, evolve, field

from hocket.a2a.dialects.invalid import invalid_params
from hocket.a2a.fold import trim_history
from hocket.a2a.mailboxes import Mailboxes
from hocket.a2a.model import Task, TaskState
from hocket.a2a.ports import Find, Link, Output, TaskPage, TaskQuery
from hocket.a2a.requests import ListTasksRequest, ListTasksResponse
from hocket.a2a.subscription import Call
from hocket.errors import Code
from hocket.jsonrpc import Id

__all__ = ["PAGE", "Listing"]

PAGE = 50
"""Tasks on a page, where the caller does not say how many."""


@define(eq=False)
class Listing:
    """Lists that were asked for, and that the store has not found yet.

    Args:
        mailboxes: What each link is to get.
        outputs: What the world is asked to do.
    """

    mailboxes: Mailboxes
    outputs: deque[Output]
    _asked: dict[int, tuple[Link, Call]] = field(factory=dict, init=False)
    _last: int = field(default=0, init=False)

    def ask(self, link: Link, call: Call) -> None:
        """Have the store find what the call wants."""
        assert isinstance(call.params, ListTasksRequest), "the parameters of a list"
        self._last += 1
        self._asked[self._last] = (link, call)
        self.outputs.append(Find(ticket=self._last, query=_query(call, call.params)))

    def found(self, ticket: int, page: TaskPage | None) -> None:
        """The store has answered; a list that nobody waits for any more is dropped."""
        link, call = self._asked.pop(ticket, (None, None))
        if call is None:
            return
        if page is None:
            reason = "is none of ours, or belongs to another list: begin again without it"
            error = invalid_params(("pageToken", reason))
            self.mailboxes.refuse(link, call, Code.INVALID_PARAMS, error.message, error.data)
            return
        assert isinstance(call.params, ListTasksRequest), "the parameters of a list"
        answer = ListTasksResponse(
            tasks=tuple([_shown(task, call.params) for task in page.tasks]),
            next_page_token=page.next_page_token,
            page_size=call.params.page_size or PAGE,
            total_size=page.total_size,
        )
        self.mailboxes.give(link, call, answer)

    def withdraw(self, link: Link, request_id: Id) -> None:
        """The caller wants no answer any more."""
        for call in self._drop(lambda asker, call: asker == link and call.request_id == request_id):
            self.mailboxes.refuse(link, call, Code.REQUEST_CANCELLED)

    def leave(self, link: Link) -> None:
        """The link is gone."""
        self._drop(lambda asker, call: asker == link)

    def _drop(self, is_over: Callable[[Link, Call], bool]) -> list[Call]:
        over = {ticket: call for ticket, (link, call) in self._asked.items() if is_over(link, call)}
        for ticket in over:
            del self._asked[ticket]
        return list(over.values())


def _query(call: Call, params: ListTasksRequest) -> TaskQuery:
    """What the store is asked; a state that is unspecified is no filter (ProtoJSON)."""
    return TaskQuery(
        owner=call.owner,
        context_id=params.context_id,
        status=None if params.status is TaskState.UNKNOWN else params.status,
        status_timestamp_after=params.status_timestamp_after,
        page_size=params.page_size or PAGE,
        page_token=params.page_token or "",
    )


def _shown(task: Task, params: ListTasksRequest) -> Task:
    """As much of a task as the caller wants to see."""
    task = trim_history(task, params.history_length)
    return task if params.include_artifacts else evolve(task, artifacts=())
