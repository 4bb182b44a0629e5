"""Exchange: one HTTP call to an A2A server. What the server delivers becomes a response, or a stream of events."""

from __future__ import annotations

from collections.abc import Iterable

from attrs import define, field

from hocket.a2a import Answered, Delivery, Ended, Items, Opened, Refused
from hocket.http.envelopes import Envelope
from hocket.http.event_body import KEEP_ALIVE, EventBody
from hocket.http.messages import Response

__all__ = ["Exchange"]


@define(eq=False)
class Exchange:
    """The server's side of one HTTP call. Drain `next_response` and `data_to_send` after every method.

    Args:
        envelope: How the answer is wrapped: what differs from binding to binding.
        keep_alive: Seconds between comments on a silent stream; None for no comments.
    """

    envelope: Envelope
    keep_alive: float | None = KEEP_ALIVE
    is_closed: bool = field(default=False, init=False)
    is_cut: bool = field(default=False, init=False)
    _response: Response | None = field(default=None, init=False)
    _body: EventBody = field(init=False)
    _is_stream: bool = field(default=False, init=False)

    def __attrs_post_init__(self) -> None:
        self._body = EventBody(self.keep_alive)

    def deliver(self, deliveries: Iterable[Delivery], now: float) -> None:
        """Take what the server has for this link."""
        written: list[bytes] = []
        for delivery in deliveries:
            match delivery:
                case Items():
                    written.append(self.envelope.items(delivery))
                case Opened():
                    self._response, self._is_stream = self.envelope.opened(delivery), True
                case Refused() if self._is_stream:
                    written.append(self.envelope.broken(delivery))
                    self.is_closed = True
                case Answered() | Refused():
                    self.respond(self.envelope.answer(delivery, now))
                case Ended():
                    self.is_closed = True
        if self._is_stream:
            self._body.write([b"".join(written)] if written else [], now)

    def respond(self, response: Response | None) -> None:
        """This is the whole answer; None where it is not known yet."""
        if response is not None:
            self._response, self.is_closed = response, True

    def cut(self) -> None:
        """The server is about to stop: end without an end.

        The body of a stream stays incomplete, which every client can tell from a finished one; who has no answer
        yet is told to come back.
        """
        if self.is_closed:
            return
        self.is_closed = self.is_cut = True
        if not self._is_stream:
            self._response = self.envelope.stopped()

    def next_response(self) -> Response | None:
        """The response, once, as soon as it is known; for a stream its head, with `body` None."""
        response, self._response = self._response, None
        return response

    def data_to_send(self) -> list[bytes]:
        """Pieces of a stream's body, to be written at once."""
        return self._body.data_to_send()

    def next_timeout(self) -> float | None:
        """When a silent stream wants its next comment."""
        return None if self.is_closed else self._body.next_timeout()

    def handle_timeout(self, now: float) -> None:
        """Write a comment if the stream was silent for `keep_alive` seconds."""
        if not self.is_closed:
            self._body.handle_timeout(now)
