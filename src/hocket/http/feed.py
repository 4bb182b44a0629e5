"""Feed: one ACP stream as server-sent events. The data of an event is a JSON-RPC notification, its id the eventId."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import define, field

from hocket.acp.hub import Hub
from hocket.acp.hub.links import Link, Send
from hocket.framing import encode_comment, encode_event
from hocket.http.event_body import EVENT_STREAM, KEEP_ALIVE, EventBody
from hocket.http.messages import Headers, Response

__all__ = ["Feed"]


@define(eq=False, repr=False)
class Feed:
    """The answer to a GET that listens to a stream. Drain `next_response` and `data_to_send` after every method.

    Args:
        hub: The hub; the link is attached to its stream.
        link: The name of the link there.
        keep_alive: Seconds between comments on a silent stream; None for no comments.
        headers: Header fields of the response, beside those of a feed.
    """

    hub: Hub
    link: Link
    keep_alive: float | None = KEEP_ALIVE
    headers: Headers = ()
    is_closed: bool = field(default=False, init=False)
    is_cut: bool = field(default=False, init=False)
    _head: Response | None = field(init=False)
    _body: EventBody = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._head = Response(status=200, headers=(*EVENT_STREAM, *self.headers), body=None)
        # Some servers and proxies keep the head until there is a body.
        self._body = EventBody(self.keep_alive, first=(encode_comment(),))

    def deliver(self, deliveries: Sequence[Send], now: float) -> None:
        """Take what the hub has for this link; with the stream's last event the feed ends."""
        if self.is_closed:
            return
        pieces = [encode_event(send.message, id=_text(send.event_id)) for send in deliveries]
        self._body.write(pieces, now)
        self.is_closed = self.hub.is_over(self.link)

    def cut(self) -> None:
        """The hub is about to stop. The body stays incomplete, so that a client can tell this from the stream's end."""
        if not self.is_closed:
            self.is_closed = self.is_cut = True

    def next_response(self) -> Response | None:
        """The head of the response, once; its `body` is None."""
        head, self._head = self._head, None
        return head

    def data_to_send(self) -> list[bytes]:
        """Pieces of the body, to be written at once."""
        return self._body.data_to_send()

    def next_timeout(self) -> float | None:
        """When a silent stream wants its next comment."""
        return None if self.is_closed else self._body.next_timeout()

    def handle_timeout(self, now: float) -> None:
        """Write a comment if the stream was silent for `keep_alive` seconds."""
        if not self.is_closed:
            self._body.handle_timeout(now)


def _text(event_id: int | None) -> str | None:
    return None if event_id is None else str(event_id)
