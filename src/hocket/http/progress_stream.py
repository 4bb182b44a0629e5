"""ProgressStream: the progress events of some tasks, of any agents, in one stream.

The id of an event says how far each of the tasks was read: their offsets, in the order in which the request names them,
as in `4.0.7`. An EventSource repeats the request with the last id, and so goes on where it was, in all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from attrs import define, field

from hocket.a2a import Delivery, Ended, Item, Opened, Refused
from hocket.a2a.dialects.gateway_errors import GatewayCode
from hocket.errors import ErrorObject
from hocket.framing import encode_event
from hocket.http.event_body import EVENT_STREAM
from hocket.http.gateway_body import GatewayBody
from hocket.http.gateway_stream import SHUTTING_DOWN
from hocket.http.messages import Response

__all__ = ["ProgressStream", "places_of"]


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
class ProgressStream:
    """The answer to a GET that follows some tasks. It ends with the last of them.

    Args:
        body: What is written.
        places: How far each task was read.
        agents: How many agents were asked for each of them.
        refusal: Makes the response where none of the tasks is known.
    """

    body: GatewayBody
    places: dict[str, int]
    agents: int
    refusal: Callable[[ErrorObject], Response]
    is_cut: bool = field(default=False, init=False)
    _refused_by: dict[str, int] = field(init=False)
    _refusals: list[tuple[str, ErrorObject]] = field(factory=list, init=False)
    _response: Response | None = field(default=None, init=False)
    _is_streaming: bool = field(default=False, init=False)
    _is_over: bool = field(default=False, init=False)

    def __attrs_post_init__(self) -> None:
        self._refused_by = dict.fromkeys(self.places, 0)  # of those that are not over

    @property
    def is_closed(self) -> bool:
        """Whether nothing more will come."""
        return self._is_over and self.body.is_empty

    def deliver(self, deliveries: Sequence[Delivery], now: float) -> None:
        """Take what the agents have for this stream."""
        is_open = False
        for delivery in deliveries:
            task_id = str(delivery.request_id)
            match delivery:
                case Opened():
                    is_open = True
                case Item():
                    self._begin(now)
                    self.body.write(self._numbered(task_id, delivery), now)
                case Ended():
                    self._leave(task_id)
                case Refused(error=error):
                    self._refuse(task_id, error, now)
        if not self._refused_by and not self._is_over:
            self._end()
        elif is_open:
            self._begin(now)

    def cut(self) -> None:
        """The gateway is about to stop: end without an end, so that the client comes back."""
        if self._is_over:
            return
        self._is_over = self.is_cut = True
        if not self._is_streaming:
            self._response = self.refusal(SHUTTING_DOWN)

    def next_response(self) -> Response | None:
        """The response, once, as soon as it is known; for a stream its head, with `body` None."""
        response, self._response = self._response, None
        return response

    def data_to_send(self) -> list[bytes]:
        """What goes into the next write; ask again until it is empty."""
        return self.body.data_to_send()

    def next_timeout(self) -> float | None:
        """When a silent stream wants its next sign of life."""
        return None if self._is_over else self.body.next_timeout()

    def handle_timeout(self, now: float) -> None:
        """Write that sign of life."""
        if not self._is_over:
            self.body.handle_timeout(now)

    def _numbered(self, task_id: str, item: Item) -> Iterable[bytes]:
        self.places[task_id] = item.offset
        yield encode_event(item.result, id=".".join([str(offset) for offset in self.places.values()]))

    def _refuse(self, task_id: str, error: ErrorObject, now: float) -> None:
        """One agent does not know a task. It is unknown when all of them have said so; any other refusal counts."""
        if task_id not in self._refused_by:
            return
        self._refused_by[task_id] += 1
        if error.code == GatewayCode.TASK_NOT_FOUND and self._refused_by[task_id] < self.agents:
            return
        self._leave(task_id)
        if self._is_streaming:
            self.body.fail(error, task_id, now)
        else:
            self._refusals.append((task_id, error))

    def _leave(self, task_id: str) -> None:
        self._refused_by.pop(task_id, None)

    def _begin(self, now: float) -> None:
        if self._is_streaming:
            return
        self._is_streaming = True
        self._response = Response(status=200, headers=EVENT_STREAM, body=None)
        self.body.write((), now)  # silence is counted from here
        for task_id, error in self._refusals:
            self.body.fail(error, task_id, now)

    def _end(self) -> None:
        """All of them are over. An EventSource that has seen it all is told to stay away: else it always comes back."""
        self._is_over = True
        if not self._is_streaming:
            refused = self._refusals[0][1] if self._refusals else None
            self._response = Response(status=204) if refused is None else self.refusal(refused)
