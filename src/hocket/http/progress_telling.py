"""TaskProgress: the progress events of some tasks, of any agents, in one stream.

The id of an event says how far each of the tasks was read: their offsets, in the order in which the request names them,
as in `4.0.7`. An EventSource repeats the request with the last id, and so goes on where it was, in all of them.
"""

from __future__ import annotations

from collections.abc import Sequence

from attrs import define, field

from hocket.a2a import Delivery, Ended, Item, Items, Opened, Refused
from hocket.a2a.dialects.gateway_errors import GatewayCode
from hocket.errors import ErrorObject
from hocket.framing import encode_event
from hocket.http.gateway_stream import GatewayStream

__all__ = ["TaskProgress", "places_of"]


def places_of(task_ids: Sequence[str], event_id: str | None) -> dict[str, int]:
    """How far each task was read, by the id of the last event; from the beginning where it is none of ours.

    >>> places_of(["a", "b"], "4.0")
    {'a': 4, 'b': 0}
    """
    numbers = (event_id or "").split(".")
    is_ours = len(numbers) == len(task_ids) and all(
        each.isascii() and each.isdigit() and len(each) <= 18 for each in numbers
    )
    return dict(zip(task_ids, map(int, numbers), strict=True)) if is_ours else dict.fromkeys(task_ids, 0)


@define(eq=False)
class TaskProgress:
    """Some tasks, to the end of the last of them.

    Args:
        places: How far each task was read.
        agents: How many agents were asked for each of them.
    """

    places: dict[str, int]
    agents: int
    _refused_by: dict[str, int] = field(init=False)
    _refusals: list[tuple[str, ErrorObject]] = field(factory=list, init=False)

    def __attrs_post_init__(self) -> None:
        self._refused_by = dict.fromkeys(self.places, 0)  # of those that are not over

    def tell(self, deliveries: Sequence[Delivery], stream: GatewayStream, now: float) -> None:
        """Write what the agents have for this stream."""
        is_open = False
        for delivery in deliveries:
            task_id = str(delivery.request_id)
            match delivery:
                case Opened():
                    is_open = True
                case Items():
                    self._begin(stream, now)
                    stream.body.write([self._numbered(task_id, item) for item in delivery], now)
                case Ended():
                    self._leave(task_id)
                case Refused(error=error):
                    self._refuse(task_id, error, stream, now)
        if not self._refused_by and not stream.is_over:
            stream.end(self._refusals[0][1] if self._refusals else None)
        elif is_open:
            self._begin(stream, now)

    def _numbered(self, task_id: str, item: Item) -> bytes:
        self.places[task_id] = item.offset
        return encode_event(item.result, id=".".join([str(offset) for offset in self.places.values()]))

    def _refuse(self, task_id: str, error: ErrorObject, stream: GatewayStream, now: float) -> None:
        """One agent does not know a task. It is unknown when all of them have said so; any other refusal counts."""
        if task_id not in self._refused_by:
            return
        self._refused_by[task_id] += 1
        if error.code == GatewayCode.TASK_NOT_FOUND and self._refused_by[task_id] < self.agents:
            return
        self._leave(task_id)
        if stream.is_streaming:
            stream.body.fail(error, task_id, now)
        else:
            self._refusals.append((task_id, error))

    def _leave(self, task_id: str) -> None:
        self._refused_by.pop(task_id, None)

    def _begin(self, stream: GatewayStream, now: float) -> None:
        if stream.is_streaming:
            return
        stream.begin(now)
        for task_id, error in self._refusals:
            stream.body.fail(error, task_id, now)
