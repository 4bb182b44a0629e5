"""GatewayStream: one task as a stream of a gateway's events. GatewayWatch: all that begin from now on."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from attrs import define, field

from hocket.a2a import Answered, Delivery, Ended, Item, Opened, Refused
from hocket.a2a.dialects.gateway_errors import GatewayCode
from hocket.errors import ErrorObject
from hocket.framing import encode_comment, encode_event
from hocket.http.event_body import EVENT_STREAM
from hocket.http.gateway_body import GatewayBody, Place, numbered_events
from hocket.http.messages import Headers, Response

__all__ = ["SHUTTING_DOWN", "GatewayStream", "GatewayWatch"]

SHUTTING_DOWN = ErrorObject(int(GatewayCode.AGENT_NOT_AVAILABLE), "the gateway is shutting down: come back in a moment")


@define(eq=False)
class GatewayStream:
    """The answer to a call that streams one task. Drain `next_response` and `data_to_send` after every method.

    Args:
        body: What is written.
        refusal: Makes the response to a call that is refused before it streams.
        seen: What the reader has seen already.
        is_event_source: Whether a reader that has seen everything is told to stay away (204), since it would come
            back for ever.
    """

    body: GatewayBody
    refusal: Callable[[ErrorObject], Response]
    seen: Place = field(default=Place())
    is_event_source: bool = False
    is_cut: bool = field(default=False, init=False)
    _task_id: str | None = field(default=None, init=False)
    _response: Response | None = field(default=None, init=False)
    _is_streaming: bool = field(default=False, init=False)
    _is_over: bool = field(default=False, init=False)

    @property
    def is_closed(self) -> bool:
        """Whether nothing more will come."""
        return self._is_over and self.body.is_empty

    def deliver(self, deliveries: Sequence[Delivery], now: float) -> None:
        """Take what the server has for this call."""
        pieces: list[bytes] = []
        for delivery in deliveries:
            match delivery:
                case Opened(task_id=task_id):
                    self._task_id = task_id
                case Item():
                    self._begin(now)
                    pieces += numbered_events(delivery, self.seen)
                case Refused(error=error) if self._is_streaming:
                    self.body.write(pieces, now)
                    pieces = []
                    self.body.fail(error, self._task_id, now)
                    self._is_over = True
                case Refused(error=error):
                    self._answer(self.refusal(error))
                case Ended() if self.is_event_source and not self._is_streaming:
                    self._answer(Response(status=204))
                case Ended():
                    self._begin(now)
                    self._is_over = True
                case Answered():
                    raise AssertionError("a call that streams gets no other answer")
        if self._task_id is not None and not self._is_over:
            self._begin(now)
        if pieces:
            self.body.write(pieces, now)

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

    def _begin(self, now: float) -> None:
        if not self._is_streaming:
            self._is_streaming = True
            self.body.write((), now)  # silence is counted from here
            named: Headers = (("x-task-id", self._task_id),) if self._task_id is not None else ()
            self._response = Response(status=200, headers=(*EVENT_STREAM, *named), body=None)

    def _answer(self, response: Response) -> None:
        self._response, self._is_over = response, True


@define(eq=False)
class GatewayWatch:
    """All tasks that begin from now on, at one agent or at several, in one stream that has no end of its own.

    Its events have no ids: an offset says nothing here, and whoever comes back begins at "now" again. It ends, with an
    error, for a reader that leaves too much unread.

    Args:
        body: What is written.
    """

    body: GatewayBody
    is_cut: bool = field(default=False, init=False)
    _head: Response | None = field(init=False)
    _is_over: bool = field(default=False, init=False)

    def __attrs_post_init__(self) -> None:
        self._head = Response(status=200, headers=EVENT_STREAM, body=None)

    @property
    def is_closed(self) -> bool:
        """Whether nothing more will come."""
        return self._is_over and self.body.is_empty

    def deliver(self, deliveries: Sequence[Delivery], now: float) -> None:
        """Take what the servers have for this stream."""
        if self._head is not None and self.body.is_empty:
            self.body.write([encode_comment()], now)  # some servers keep the head until there is a body
        for delivery in deliveries:
            match delivery:
                case Item(result=result):
                    self.body.write([encode_event(event) for event in result.split(b"\n")], now)
                case Refused(error=error, request_id=None):  # too much was left unread
                    self.body.fail(error, None, now)
                    self._is_over = True
                    return
                case Refused(error=error, request_id=task_id):  # one of the tasks is gone
                    self.body.fail(error, str(task_id), now)

    def cut(self) -> None:
        """The gateway is about to stop."""
        if not self._is_over:
            self._is_over = self.is_cut = True

    def next_response(self) -> Response | None:
        """The head of the response, once; its `body` is None."""
        head, self._head = self._head, None
        return head

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
