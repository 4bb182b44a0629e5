"""Exchange: one HTTP request and what answers it, as a tap is told of them. Seen from either side."""

from __future__ import annotations

from attrs import define, field

from hocket.framing import FrameRejected, SseParser
from hocket_io.tap.point import TapPoint
from hocket_io.tap.tapped import Direction, End, other_way

__all__ = ["Exchange"]


@define(eq=False)
class Exchange:
    """A request is told with its body, once that is whole; so is an answer, unless it is a stream of events.

    Then its head is told, and each event as it comes. Comments, the signs of life of such a stream, are left out.

    Args:
        point: Whom to tell.
        asks: The way of the request.
        limit: Bytes of a body that are kept to be told at once; a longer one is told in pieces.
    """

    point: TapPoint
    asks: Direction
    limit: int = 16 * 1024 * 1024
    _body: bytearray = field(factory=bytearray, init=False)
    _events: SseParser | None = field(default=None, init=False)
    _asked: str | None = field(default=None, init=False)
    _note: str = field(default="", init=False)

    @property
    def is_over(self) -> bool:
        """Whether the answer is whole, or there will be no more of it."""
        return self.point.has_ended(self.answers)

    @property
    def answers(self) -> Direction:
        """The way of the answer."""
        return other_way(self.asks)

    def request(self, method: str, path: str) -> None:
        """What is asked; its body is to come."""
        self._asked = f"{method} {path}"

    def request_data(self, data: bytes) -> None:
        """A part of the request's body."""
        self._gather(self.asks, data, self._asked or "")

    def request_end(self) -> None:
        """The request is whole, or no more of it is looked at. Only the first one counts."""
        if self._asked is not None:
            self.point.tell(self.asks, self._taken(), self._asked)
            self._asked = None

    def head(self, status: int, media_type: str) -> None:
        """The head of the answer."""
        self.request_end()
        self._note = str(status)
        if media_type.partition(";")[0].strip().lower() == "text/event-stream":
            self._events = SseParser()
            self.point.tell(self.answers, note=f"{status} text/event-stream")

    def data(self, data: bytes) -> None:
        """A part of the answer's body. Nothing is told of what comes after the end."""
        if self.is_over:
            return
        if self._events is None:
            self._gather(self.answers, data, self._note)
        else:
            self._events.receive_data(data)
            self._tell_events(self._events)

    def end(self) -> None:
        """The answer is whole."""
        if self.is_over:
            return
        if self._events is None:
            self.point.end(self.answers, self._note, self._taken())
        else:
            self._events.receive_eof()
            self._tell_events(self._events)
            if self._events.cut:
                self.point.end(self.answers, "the stream ended inside an event", how="broken")
            else:
                self.point.end(self.answers, "end")

    def break_off(self, why: str, *, how: End = "broken") -> None:
        """There will be no more of the answer, and perhaps nothing of it. Does nothing after the end."""
        if not self.is_over:
            self.request_end()
            head = self._note if self._events is None else ""  # that of a stream was told already
            self.point.end(self.answers, f"{head}, {why}" if head else why, self._taken(), how=how)

    def _gather(self, direction: Direction, data: bytes, note: str) -> None:
        self._body += data
        if len(self._body) > self.limit:
            self.point.tell(direction, self._taken(), f"{note}, a piece")

    def _taken(self) -> bytes:
        body = bytes(self._body)
        self._body.clear()
        return body

    def _tell_events(self, events: SseParser) -> None:
        while (event := events.next_event()) is not None:
            if isinstance(event, FrameRejected):
                self.point.tell(self.answers, note=f"no event: {event.error}")
            else:
                kind = "" if event.event == "message" else event.event
                number = f"id {event.id}" if event.id else ""
                self.point.tell(self.answers, event.data, " ".join(filter(None, [kind, number])))
