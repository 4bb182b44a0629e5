"""TappedEndpoint: an Endpoint with a tap on its bytes, for whatever driver runs it."""

from __future__ import annotations

from typing import Generic, TypeVar

from attrs import define, field

from hocket.endpoint import Endpoint
from hocket.framing import FramingLimits, MakeFraming, Ndjson
from hocket_io.tap.framed import Frames
from hocket_io.tap.point import TapPoint
from hocket_io.tap.tapped import Tap

__all__ = ["TappedEndpoint"]

EventT = TypeVar("EventT")


@define(eq=False)
class TappedEndpoint(Generic[EventT]):
    r"""An Endpoint that tells a tap what goes in and out. Give it to a driver; commands go to the endpoint itself.

    Args:
        endpoint: The endpoint.
        tap: Who is told.
        framing: What cuts its bytes into messages.
        transport: What to say that carries them.
        peer: Who to say is at the other end.

    >>> from hocket import Connection
    >>> seen = []
    >>> client = Connection(Ndjson())
    >>> tapped = TappedEndpoint(client, seen.append, transport="tcp", peer="10.0.0.1:7000")
    >>> _ = client.send_request("add", [1, 2], now=0.0)
    >>> b"".join(tapped.data_to_send())
    b'{"jsonrpc":"2.0","id":"1","method":"add","params":[1,2]}\n'
    >>> tapped.receive_data(b'{"jsonrpc":"2.0","id":"1","result":3}\n{"jso', now=0.1)
    >>> for each in seen:
    ...     print(each.direction, each.frame)
    out b'{"jsonrpc":"2.0","id":"1","method":"add","params":[1,2]}'
    in b'{"jsonrpc":"2.0","id":"1","result":3}'
    """

    endpoint: Endpoint[EventT]
    tap: Tap
    framing: MakeFraming = Ndjson
    transport: str = field(default="bytes", kw_only=True)
    peer: str = field(default="", kw_only=True)
    _in: Frames = field(init=False)
    _out: Frames = field(init=False)

    def __attrs_post_init__(self) -> None:
        point = TapPoint(self.tap, self.transport, self.peer)
        self._in = Frames(point, "in", self.framing(FramingLimits()))
        self._out = Frames(point, "out", self.framing(FramingLimits()))

    @property
    def is_closed(self) -> bool:
        """As the endpoint has it."""
        return self.endpoint.is_closed

    def receive_data(self, data: bytes, now: float) -> None:
        """Bytes that arrived."""
        self._in.data(data)
        self.endpoint.receive_data(data, now)

    def receive_eof(self, now: float) -> None:
        """The peer sends nothing more."""
        self._in.end("end")
        self.endpoint.receive_eof(now)

    def handle_timeout(self, now: float) -> None:
        """As the endpoint does."""
        self.endpoint.handle_timeout(now)

    def next_event(self) -> EventT | None:
        """As the endpoint does."""
        return self.endpoint.next_event()

    def data_to_send(self) -> list[bytes]:
        """Bytes to write; what is in them is told here."""
        pieces = self.endpoint.data_to_send()
        for piece in pieces:
            self._out.data(piece)
        if self.endpoint.is_closed:
            self._out.end("closed")
        return pieces

    def next_timeout(self) -> float | None:
        """As the endpoint does."""
        return self.endpoint.next_timeout()
