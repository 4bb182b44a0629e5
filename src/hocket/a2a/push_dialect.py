"""PushDialect: what the sender of push notifications reads; each item is the body of one request."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2b

from attrs import define, field

from hocket.a2a.dialects import Dialect, Operation, Result
from hocket.a2a.model import StreamItem, Task
from hocket.errors import ErrorObject
from hocket.log import Entry

__all__ = ["PushDialect"]


@define(eq=False)
class PushDialect:
    """A `CallDialect` that writes notifications in the version in which they were asked for, for one configuration.

    Where that is the Task as it is now, a sender that comes late would be given the same one for each of the events
    that it has missed: it is given it once.
    """

    dialect: Dialect
    _told: bytes = field(default=b"", init=False)

    @property
    def name(self) -> str:
        """What to call it; where its bodies are what streams carry, they are kept under the same name."""
        return f"push {self.dialect.name}" if self.dialect.pushes_tasks else self.dialect.name

    @property
    def is_shared(self) -> bool:
        """Whether the bodies are those of a stream, and not the Task as it was when one sender came by."""
        return not self.dialect.pushes_tasks

    @property
    def streams_finished_tasks(self) -> bool:
        """A sender that comes late gets the Task."""
        return True

    def write_entry(self, entry: Entry[StreamItem], task: Callable[[], Task], is_last: bool) -> bytes | None:
        """The body for one event; None for what is not told in this version."""
        if not self.dialect.pushes_tasks:
            return self.dialect.write_entry(entry, task, is_last)
        return self._write_changed(entry.event, task)

    def item_writer(self, task: Callable[[], Task]) -> Callable[[StreamItem], bytes | None]:
        """What `write_entry` writes of an item, for the items of one log."""
        if not self.dialect.pushes_tasks:
            return self.dialect.item_writer(task)
        return lambda item: self._write_changed(item, task)

    def _write_changed(self, item: StreamItem, task: Callable[[], Task]) -> bytes | None:
        """The body for what has happened; None for what is not told, or was told by the last one."""
        body = self.dialect.write_push(item, task)
        if body is None:
            return None
        before, self._told = self._told, blake2b(body, digest_size=16).digest()
        return None if before == self._told else body

    def write_result(self, operation: Operation, result: Result) -> bytes:
        """As the version writes it."""
        return self.dialect.write_result(operation, result)

    def write_error(self, error: ErrorObject) -> ErrorObject:
        """As the version writes it."""
        return self.dialect.write_error(error)
