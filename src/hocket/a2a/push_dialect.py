"""PushDialect: what the sender of push notifications reads; each item is the body of one request."""

from __future__ import annotations

from collections.abc import Callable

from attrs import frozen

from hocket.a2a.dialects import Dialect, Operation, Result
from hocket.a2a.model import StreamItem, Task
from hocket.errors import ErrorObject
from hocket.log import Entry

__all__ = ["PushDialect"]


@frozen
class PushDialect:
    """A `CallDialect` that writes notifications in the version in which they were asked for."""

    dialect: Dialect

    @property
    def name(self) -> str:
        """What to call it."""
        return f"push {self.dialect.name}"

    @property
    def streams_finished_tasks(self) -> bool:
        """A sender that comes late gets the Task."""
        return True

    def write_entry(self, entry: Entry[StreamItem], task: Callable[[], Task], is_last: bool) -> bytes | None:
        """The body for one event; None for what is not told in this version."""
        if self.dialect.pushes_tasks:
            return self.dialect.write_push(entry.event, task)
        return self.dialect.write_entry(entry, task, is_last)

    def write_result(self, operation: Operation, result: Result) -> bytes:
        """As the version writes it."""
        return self.dialect.write_result(operation, result)

    def write_error(self, error: ErrorObject) -> ErrorObject:
        """As the version writes it."""
        return self.dialect.write_error(error)
