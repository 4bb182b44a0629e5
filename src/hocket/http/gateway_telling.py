"""What a gateway's streams tell. OneTask: a task, event by event. NewTasks: all that begin from now on."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import define, field

from hocket.a2a import Answered, Delivery, Ended, Items, Opened, Refused
from hocket.framing import encode_comment, encode_event
from hocket.http.gateway_body import Place, numbered_run
from hocket.http.gateway_stream import GatewayStream
from hocket.http.messages import Headers

__all__ = ["NewTasks", "OneTask"]


@define(eq=False)
class OneTask:
    """One task, to its end.

    Args:
        seen: What the reader has seen already.
        is_event_source: Whether a reader that has seen everything is told to stay away. Any other gets a stream
            without events.
    """

    seen: Place = field(default=Place())
    is_event_source: bool = False
    _task_id: str | None = field(default=None, init=False)

    def tell(self, deliveries: Sequence[Delivery], stream: GatewayStream, now: float) -> None:
        """Write what the server has for this call."""
        pieces: list[bytes] = []
        for delivery in deliveries:
            match delivery:
                case Opened(task_id=task_id):
                    self._task_id = task_id
                case Items():
                    self._begin(stream, now)
                    pieces += numbered_run(delivery, self.seen)
                case Refused(error=error):
                    if stream.is_streaming:
                        stream.body.write(pieces, now)
                        pieces = []
                        stream.body.fail(error, self._task_id, now)
                    stream.end(error)
                case Ended():
                    if not self.is_event_source:
                        self._begin(stream, now)
                    stream.end()
                case Answered():
                    raise AssertionError("a call that streams gets no other answer")
        if self._task_id is not None and not stream.is_over:
            self._begin(stream, now)
        if pieces:
            stream.body.write(pieces, now)

    def _begin(self, stream: GatewayStream, now: float) -> None:
        if not stream.is_streaming:
            named: Headers = (("x-task-id", self._task_id),) if self._task_id is not None else ()
            stream.begin(now, named)


@define(eq=False)
class NewTasks:
    """All tasks that begin from now on, at one agent or at several, in one stream that has no end of its own.

    Its events have no ids: an offset says nothing here, and whoever comes back begins at "now" again. It ends, with an
    error, for a reader that leaves too much unread.
    """

    def tell(self, deliveries: Sequence[Delivery], stream: GatewayStream, now: float) -> None:
        """Write what the servers have for this stream, which begins at once."""
        if not stream.is_streaming:
            stream.begin(now)
            stream.body.write([encode_comment()], now)  # some servers keep the head until there is a body
        for delivery in deliveries:
            match delivery:
                case Items(results=results):
                    stream.body.write([encode_event(event) for each in results for event in each.split(b"\n")], now)
                case Refused(error=error, request_id=None):  # too much was left unread
                    stream.body.fail(error, None, now)
                    stream.end(error)
                    return
                case Refused(error=error, request_id=task_id):  # one of the tasks is gone
                    stream.body.fail(error, str(task_id), now)
