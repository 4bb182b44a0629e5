"""GatewayStream: an answer that is a stream of a gateway's events. What is told in it is the matter of a Telling."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from attrs import define, field

from hocket.a2a import Delivery
from hocket.a2a.dialects.gateway_errors import GatewayCode
from hocket.errors import ErrorObject
from hocket.http.event_body import EVENT_STREAM
from hocket.http.gateway_body import GatewayBody
from hocket.http.messages import Headers, Response

__all__ = ["SHUTTING_DOWN", "GatewayStream", "Telling"]

SHUTTING_DOWN = ErrorObject(int(GatewayCode.AGENT_NOT_AVAILABLE), "the gateway is shutting down: come back in a moment")


class Telling(Protocol):
    """What a stream tells: one task, some, or all that begin."""

    def tell(self, deliveries: Sequence[Delivery], stream: GatewayStream, now: float) -> None:
        """Write what the agents have: `begin` the stream before its first event, and `end` it after its last."""


@define(eq=False)
class GatewayStream:
    """The answer to a request for events. Drain `next_response` and `data_to_send` after every method.

    Args:
        body: What is written.
        telling: What is told; it alone calls `begin` and `end`.
        refusal: Makes the response to a request that is refused before it streams.
    """

    body: GatewayBody
    telling: Telling
    refusal: Callable[[ErrorObject], Response]
    is_streaming: bool = field(default=False, init=False)
    is_over: bool = field(default=False, init=False)
    is_cut: bool = field(default=False, init=False)
    _response: Response | None = field(default=None, init=False)

    @property
    def is_closed(self) -> bool:
        """Whether nothing more will come."""
        return self.is_over and self.body.is_empty

    def begin(self, now: float, headers: Headers = ()) -> None:
        """Send the head of the stream, with these header fields beside its own. Silence is counted from here."""
        self.is_streaming = True
        self.body.write((), now)
        self._response = Response(status=200, headers=(*EVENT_STREAM, *headers), body=None)

    def end(self, error: ErrorObject | None = None) -> None:
        """Nothing more will be told. If nothing was, the response is what remains to say.

        Args:
            error: Why nothing was told. None where there is nothing (more) to tell: an EventSource is told to stay
                away (204) then, since it would come back for ever.
        """
        self.is_over = True
        if not self.is_streaming:
            self._response = Response(status=204) if error is None else self.refusal(error)

    def deliver(self, deliveries: Sequence[Delivery], now: float) -> None:
        """Take what the agents have for this stream."""
        self.telling.tell(deliveries, self, now)

    def cut(self) -> None:
        """The gateway is about to stop: end without an end, so that the client comes back."""
        if not self.is_over:
            self.is_cut = True
            self.end(SHUTTING_DOWN)

    def next_response(self) -> Response | None:
        """The response, once, as soon as it is known; for a stream its head, with `body` None."""
        response, self._response = self._response, None
        return response

    def data_to_send(self) -> list[bytes]:
        """What goes into the next write; ask again until it is empty."""
        return self.body.data_to_send()

    def next_timeout(self) -> float | None:
        """When a silent stream wants its next sign of life."""
        return None if self.is_over else self.body.next_timeout()

    def handle_timeout(self, now: float) -> None:
        """Write that sign of life."""
        if not self.is_over:
            self.body.handle_timeout(now)
