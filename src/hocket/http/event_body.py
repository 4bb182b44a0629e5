"""EventBody: the body of a stream of server-sent events, and the comments that keep a silent one alive."""

from __future__ import annotations

from attrs import define, field

from hocket.a2a.ports import Items
from hocket.framing import encode_comment
from hocket.http.messages import Headers

__all__ = ["EVENT_STREAM", "KEEP_ALIVE", "EventBody", "events_of"]

KEEP_ALIVE = 15.0
"""Seconds of silence after which a comment is written: proxies cut what is silent for a minute."""

EVENT_STREAM: Headers = (
    ("content-type", "text/event-stream; charset=utf-8"),
    ("cache-control", "no-cache, no-transform"),
    ("x-accel-buffering", "no"),
)
"""The header fields of a response with such a body."""


def events_of(form: bytes, items: Items) -> bytes:
    r"""The items as server-sent events, by one form for all of them: 0.12 µs for each, and 0.27 one by one.

    Args:
        form: How one looks, with `%d` for its offset and then `%b` for its result.
        items: Of one stream.

    >>> events_of(b"%d: %b\n", Items(request_id=1, offsets=[7, 8], results=[b"{}", b"[]"]))
    b'7: {}\n8: []\n'
    """
    values: list[int | bytes] = [b""] * (2 * len(items))
    values[::2] = items.offsets
    values[1::2] = items.results
    return (form * len(items)) % tuple(values)


@define(eq=False)
class EventBody:
    r"""What is to be written, piece by piece.

    Args:
        keep_alive: Seconds of silence after which a comment is written; None for never.
        first: What it begins with.

    >>> body = EventBody(keep_alive=15.0)
    >>> body.write([b"data: 1\n\n"], now=0.0)
    >>> body.data_to_send(), body.next_timeout()
    ([b'data: 1\n\n'], 15.0)
    >>> body.handle_timeout(15.0)
    >>> body.data_to_send()
    [b': keep-alive\n\n']
    """

    keep_alive: float | None = KEEP_ALIVE
    first: tuple[bytes, ...] = ()
    _pieces: list[bytes] = field(init=False)
    _silent_until: float | None = field(default=None, init=False)

    def __attrs_post_init__(self) -> None:
        self._pieces = [*self.first]

    def write(self, pieces: list[bytes], now: float) -> None:
        """Add pieces. Silence is counted from the last of them; where there are none yet, from the first call."""
        self._pieces += pieces
        if self.keep_alive is not None and (pieces or self._silent_until is None):
            self._silent_until = now + self.keep_alive

    def data_to_send(self) -> list[bytes]:
        """What is to be written at once; it is handed out once."""
        pieces, self._pieces = self._pieces, []
        return pieces

    def next_timeout(self) -> float | None:
        """When it wants its next comment; None for never, and before anything was written."""
        return self._silent_until

    def handle_timeout(self, now: float) -> None:
        """Write a comment, if it was silent for `keep_alive` seconds."""
        if self._silent_until is not None and now >= self._silent_until:
            self.write([encode_comment("keep-alive")], now)
