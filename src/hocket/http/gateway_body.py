"""GatewayBody: the body of a stream of a gateway's events, and what keeps a silent one alive.

The id of an event is its offset in the log of its task. Where one entry of the log is several events, all but the last
have a second number: `7.1`, `7.2`, `7`. So a reader that was cut off between them comes back to the right place.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from attrs import define, field

from hocket.a2a import Item, Items
from hocket.codec import dumps
from hocket.errors import ErrorObject
from hocket.framing import encode_comment, encode_event
from hocket.http.event_body import KEEP_ALIVE
from hocket.http.gateway_config import StreamConfig
from hocket.timers import Timers
from hocket.timestamps import timestamp

__all__ = ["GatewayBody", "Place", "failure_json", "numbered_events", "numbered_run"]

_BEGINNING = b'{"type":"task.created"'
_DIGITS = 18


@define(frozen=True)
class Place:
    """Where a reader is: it has seen everything up to an offset, and some events of the entry after that.

    >>> Place.of("7"), Place.of("7.2")
    (Place(offset=7, events=0), Place(offset=6, events=2))
    """

    offset: int = 0
    events: int = 0

    @classmethod
    def of(cls, event_id: str | None) -> Place:
        """The place after the event with this id; the beginning where it is none of ours."""
        numbers = (event_id or "").split(".")
        if len(numbers) > 2 or not all(_is_number(each) for each in numbers):
            return cls()
        offset, *events = [int(each) for each in numbers]
        return cls(max(0, offset - 1), events[0]) if events else cls(offset)


def numbered_events(item: Item, seen: Place) -> Iterable[bytes]:
    """The events of an entry that were not seen yet, each with its id.

    A task that is told from its beginning, because the log has its first entries no more, is told whole or not at all:
    only the last of these events has an id.
    """
    if b"\n" not in item.result:
        return [b"id: %d\ndata: %b\n\n" % (item.offset, item.result)]
    *events, last = item.result.split(b"\n")
    is_whole = item.result.startswith(_BEGINNING)
    skipped = seen.events if item.offset == seen.offset + 1 and not is_whole else 0
    written = [
        encode_event(event, id=None if is_whole else f"{item.offset}.{number}")
        for number, event in enumerate(events, 1)
        if number > skipped
    ]
    return [*written, encode_event(last, id=str(item.offset))]


def numbered_run(items: Items, seen: Place) -> list[bytes]:
    """The events of a run of entries, as `numbered_events` has them; nearly all of them are one for each entry."""
    if b"\n" not in b"".join(items.results):
        return [b"id: %d\ndata: %b\n\n" % each for each in zip(items.offsets, items.results, strict=True)]
    return [event for item in items for event in numbered_events(item, seen)]


def failure_json(error: ErrorObject, task_id: str | None, now: float) -> bytes:
    """What went wrong, as an object of its own.

    Args:
        error: In the numbers of the gateway.
        task_id: The task it is about, if it is about one.
        now: Unix time in seconds.
    """
    shown: dict[str, object] = {"code": error.code, "message": error.message}
    if task_id is not None:
        shown["taskId"] = task_id
    if isinstance(error.data, dict):
        shown["data"] = error.data
    return dumps({**shown, "timestamp": timestamp(now)})


@define(eq=False)
class GatewayBody:
    r"""What is to be written, one write at a time.

    Args:
        epoch: Unix time, in seconds, at which `now` was 0.
        config: How often a heartbeat is wanted, and how much in one write.
        keep_alive: Seconds of silence after which a comment is written; None for never.

    >>> body = GatewayBody(1_720_017_000.0, StreamConfig(heartbeat=10), keep_alive=None)
    >>> body.write([encode_comment()], now=0.0)
    >>> body.data_to_send(), body.next_timeout()
    ([b':\n\n'], 10.0)
    >>> body.handle_timeout(10.0)
    >>> body.data_to_send()
    [b'data: {"type":"heartbeat","timestamp":"2024-07-03T14:30:10.000Z"}\n\n']
    """

    epoch: float
    config: StreamConfig = field(default=StreamConfig())
    keep_alive: float | None = KEEP_ALIVE
    _pieces: deque[bytes] = field(factory=deque, init=False)
    _timers: Timers[str] = field(factory=Timers, init=False)

    @property
    def is_empty(self) -> bool:
        """Whether everything was handed out."""
        return not self._pieces

    def write(self, pieces: Iterable[bytes], now: float) -> None:
        """Add events. Silence is counted from here, also where there are none."""
        self._pieces.extend(pieces)
        if self.keep_alive is not None:
            self._timers.set("comment", now + self.keep_alive)
        if self.config.heartbeat:
            self._timers.set("heartbeat", now + self.config.heartbeat)

    def fail(self, error: ErrorObject, task_id: str | None, now: float) -> None:
        """Add `event: error`."""
        self.write([encode_event(failure_json(error, task_id, self.epoch + now), event="error")], now)

    def data_to_send(self) -> list[bytes]:
        """What goes into the next write: as many events as `buffer_size` allows, at least one; [] if none is left."""
        out: list[bytes] = []
        room = self.config.buffer_size
        while self._pieces and (not out or len(self._pieces[0]) <= room):
            piece = self._pieces.popleft()
            room -= len(piece)
            out.append(piece)
        return out

    def next_timeout(self) -> float | None:
        """When a silent stream wants its next sign of life."""
        return self._timers.next_timeout()

    def handle_timeout(self, now: float) -> None:
        """Write a heartbeat, or a comment, if it was silent for so long."""
        due = self._timers.due(now)
        if "heartbeat" in due:
            beat = dumps({"type": "heartbeat", "timestamp": timestamp(self.epoch + now)})
            self.write([encode_event(beat)], now)
        elif "comment" in due:
            self._pieces.append(encode_comment("keep-alive"))
            self._timers.set("comment", now + (self.keep_alive or 0.0))


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= _DIGITS
