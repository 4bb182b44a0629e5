"""Appends: what goes into the logs of tasks. The store is asked, one append of a task at a time."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from attrs import define

from hocket.a2a.live import LiveTask
from hocket.a2a.model import Message, StreamItem, TaskState, TaskStatus, TaskStatusUpdateEvent
from hocket.a2a.ports import Append, Output
from hocket.codec.making import changer
from hocket.timestamps import timestamp

__all__ = ["Appends"]

_at_time = changer(TaskStatus, "timestamp")
_with_status = changer(TaskStatusUpdateEvent, "status")


@define(eq=False)
class Appends:
    """Writes to the ends of logs, and knows what time it is there.

    Args:
        epoch: Unix time, in seconds, at which `now` was 0.
        outputs: What the world is asked to do.
    """

    epoch: float
    outputs: deque[Output]

    def add(self, live: LiveTask, items: Sequence[StreamItem], weights: Sequence[int] | None = None) -> None:
        """These come next in the task's log; `weights` if they were weighed already."""
        live.tail.append(items, weights)
        self.ask_store(live)

    def ask_store(self, live: LiveTask) -> None:
        """Ask for the next append, if there is one and the last one is done."""
        items, weights = live.tail.next_append()
        if items:
            self.outputs.append(
                Append(task_id=live.id, expect=live.log.last, items=items, weights=weights, owner=live.owner)
            )

    def timestamp(self, now: float) -> str:
        """The time, as it goes on the wire."""
        return timestamp(self.epoch + now)

    def status(
        self, live: LiveTask, state: TaskState, now: float, message: Message | None = None
    ) -> TaskStatusUpdateEvent:
        """The event that gives the task a new state."""
        status = TaskStatus(state=state, message=message, timestamp=self.timestamp(now))
        return TaskStatusUpdateEvent(task_id=live.id, context_id=live.fold.context_id, status=status)

    def stamped(self, items: Sequence[StreamItem], now: float) -> list[StreamItem]:
        """The events; the statuses among them that have no time are given one."""
        return [self._stamped(item, now) if isinstance(item, TaskStatusUpdateEvent) else item for item in items]

    def _stamped(self, event: TaskStatusUpdateEvent, now: float) -> TaskStatusUpdateEvent:
        if event.status.timestamp is not None:
            return event
        return _with_status(event, _at_time(event.status, self.timestamp(now)))
