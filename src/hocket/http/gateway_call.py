"""GatewayCall: the answer to a POST at a gateway that streams nothing: JSON-RPC, one response or a batch."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import define, field

from hocket.a2a import Answered, Delivery, Refused
from hocket.a2a.dialects.gateway_errors import GatewayCode
from hocket.codec import Raw
from hocket.errors import Code, ErrorObject, LocalProtocolError
from hocket.http.gateway_stream import SHUTTING_DOWN
from hocket.http.messages import Response, json_response
from hocket.jsonrpc import Id, Peer
from hocket.jsonrpc.messages import encode_error

__all__ = ["GatewayCall", "refused", "status_of"]

_STATUSES: dict[int, int] = {
    GatewayCode.TASK_NOT_FOUND: 404,
    GatewayCode.AGENT_NOT_AVAILABLE: 503,
    GatewayCode.UNSUPPORTED_PART: 415,
    GatewayCode.MESSAGE_TOO_LARGE: 413,
    GatewayCode.EXECUTION_FAILED: 500,
    Code.METHOD_NOT_FOUND: 404,
    Code.TASK_NOT_CANCELABLE: 409,
}


def status_of(error: ErrorObject) -> int:
    """The HTTP status that says what an error of a gateway says; 400 for what has none of its own.

    (The clients of the source look at the status alone, before they read on.)
    """
    return _STATUSES.get(error.code, 400)


def refused(request_id: Id, error: ErrorObject, *, status: int | None = None) -> Response:
    """The response to a call that is refused; its status is that of the error, if no other is given."""
    return json_response(encode_error(request_id, error), status=status or status_of(error))


@define(eq=False)
class GatewayCall:
    """The calls in one body, and their answers as they come. Drain `next_response` after every method.

    Args:
        peer: Has read the body.
        is_batch: Whether the body was a list: then the status of the response is that of the whole, 200.
    """

    peer: Peer
    is_batch: bool
    is_closed: bool = field(default=False, init=False)
    is_cut: bool = field(default=False, init=False)
    _open: int = field(default=0, init=False)
    _status: int = field(default=400, init=False)  # of a body in which nothing could be read
    _response: Response | None = field(default=None, init=False)

    def expect(self) -> None:
        """A call was passed on, and will be answered."""
        self._open += 1
        self._status = 200

    def refuse(self, request_id: Id, error: ErrorObject, now: float) -> None:
        """Answer a call that is not passed on."""
        self.peer.send_error(request_id, error, now=now)
        self._status = 200 if self.is_batch else status_of(error)

    def deliver(self, deliveries: Sequence[Delivery], now: float) -> None:
        """Take what the server has for these calls; with the last of them the response is whole."""
        for delivery in deliveries:
            match delivery:
                case Answered():
                    self._answer(delivery, now)
                    self._open -= 1
                case Refused():
                    self.refuse(delivery.request_id, delivery.error, now)
                    self._open -= 1
        if not self._open and not self.is_closed:
            messages = self.peer.messages_to_send()
            self._response = json_response(messages[0], status=self._status) if messages else Response(status=202)
            self.is_closed = True

    def cut(self) -> None:
        """The gateway is about to stop: who has no answer yet is told to come back."""
        if not self.is_closed:
            self.is_closed = self.is_cut = True
            self._response = json_response(encode_error(None, SHUTTING_DOWN), status=503)

    def next_response(self) -> Response | None:
        """The response, once, as soon as it is known."""
        response, self._response = self._response, None
        return response

    def data_to_send(self) -> list[bytes]:
        """Nothing: the response is whole."""
        return []

    def next_timeout(self) -> float | None:
        """Never: it waits for the server alone."""
        return None

    def handle_timeout(self, now: float) -> None:
        """Nothing is due."""

    def _answer(self, answered: Answered, now: float) -> None:
        try:
            self.peer.send_result(answered.request_id, Raw(answered.result), now=now)
        except LocalProtocolError as refusal:  # larger than the limit: that is the answer then
            self.refuse(answered.request_id, ErrorObject(int(GatewayCode.EXECUTION_FAILED), str(refusal)), now)
