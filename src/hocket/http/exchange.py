"""Exchange: one HTTP call to an A2A server. A request comes in; a response, or a stream of events, goes out.

The JSON-RPC binding of A2A (1.0 section 9, 0.3 section 3.2): the body is a request or a batch; a streaming method
is answered with `text/event-stream`, each event a JSON-RPC response with the request's id. The event's `id:` is
its offset in the task's log, so that a reader can come back with Last-Event-ID.
"""

from __future__ import annotations

from collections.abc import Iterable

from attrs import define, field

from hocket.a2a import (
    Answered,
    Delivery,
    Ended,
    Item,
    Link,
    Opened,
    Refused,
    Server,
    ServiceParameters,
    is_streaming,
)
from hocket.codec import Raw, dumps
from hocket.errors import Code, ErrorObject, LocalProtocolError
from hocket.http.event_body import EVENT_STREAM, KEEP_ALIVE, EventBody
from hocket.http.messages import Response, json_response
from hocket.jsonrpc import Peer, PeerLimits, RequestReceived
from hocket.jsonrpc.messages import encode_error

__all__ = ["Exchange"]


@define(eq=False)
class Exchange:
    """The server's side of one HTTP call. Drain `next_response` and `data_to_send` after every method.

    Args:
        link: The name under which the call is known to the server.
        keep_alive: Seconds between comments on a silent stream; None for no comments.
        limits: Of the JSON-RPC messages in the body.
    """

    link: Link
    keep_alive: float | None = KEEP_ALIVE
    limits: PeerLimits = PeerLimits()
    is_closed: bool = field(default=False, init=False)
    is_cut: bool = field(default=False, init=False)
    _peer: Peer = field(init=False)
    _response: Response | None = field(default=None, init=False)
    _body: EventBody = field(init=False)
    _open: int = field(default=0, init=False)
    _envelope: tuple[bytes, bytes] | None = field(default=None, init=False)

    def __attrs_post_init__(self) -> None:
        self._peer = Peer(limits=self.limits)
        self._body = EventBody(self.keep_alive)

    def receive_body(self, body: bytes, service: ServiceParameters, server: Server, now: float) -> None:
        """Take the whole body of the request and pass the calls in it to the server."""
        self._peer.receive_message(body, now)
        in_batch = body.lstrip()[:1] == b"["
        while (event := self._peer.next_event()) is not None:
            if not isinstance(event, RequestReceived):
                continue  # a notification asks for nothing; what was malformed is answered already
            if in_batch and is_streaming(event.method):
                reason = "a streaming method cannot be part of a batch: send it alone"
                self._peer.send_error(event.id, ErrorObject.of(Code.INVALID_REQUEST, reason), now=now)
                continue
            self._open += 1
            server.receive(self.link, event.id, event.method, event.params, service, now)
        self._answer_if_complete()

    def deliver(self, deliveries: Iterable[Delivery], now: float) -> None:
        """Take what the server has for this link."""
        written: list[bytes] = []
        for delivery in deliveries:
            match delivery:
                case Item():
                    assert self._envelope is not None, "items follow Opened"
                    head, tail = self._envelope
                    written.append(b"id: %d\ndata: %b%b%b" % (delivery.offset, head, delivery.result, tail))
                case Opened():
                    self._open_stream(dumps(delivery.request_id))
                case Answered():
                    self._send_answer(delivery, now)
                    self._open -= 1
                case Refused() if self._envelope is not None:
                    written.append(self._error_event(delivery))
                    self.is_closed = True
                case Refused():
                    self._peer.send_error(delivery.request_id, delivery.error, now=now)
                    self._open -= 1
                case Ended():
                    self.is_closed = True
        if self._envelope is None:
            self._answer_if_complete()
        else:
            self._body.write([b"".join(written)] if written else [], now)

    def cut(self) -> None:
        """The server is about to stop: end without an end.

        The body of a stream stays incomplete, which every client can tell from a finished one; who has no answer
        yet is told to come back.
        """
        if self.is_closed:
            return
        self.is_closed = self.is_cut = True
        if self._envelope is None:
            reason = "the server is shutting down: ask again"
            error = ErrorObject.of(Code.INTERNAL_ERROR, reason, {"retryable": True})
            self._response = json_response(encode_error(None, error), status=503)

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

    def _send_answer(self, answered: Answered, now: float) -> None:
        try:
            self._peer.send_result(answered.request_id, Raw(answered.result), now=now)
        except LocalProtocolError as refusal:  # larger than the limit: that is the answer then
            error = ErrorObject.of(Code.INTERNAL_ERROR, str(refusal))
            self._peer.send_error(answered.request_id, error, now=now)

    def _open_stream(self, request_id: bytes) -> None:
        self._envelope = (b'{"jsonrpc":"2.0","id":%b,"result":' % request_id, b"}\n\n")
        self._response = Response(status=200, headers=EVENT_STREAM, body=None)

    def _error_event(self, refused: Refused) -> bytes:
        error = {"code": refused.error.code, "message": refused.error.message, "data": refused.error.data}
        if refused.error.data is None:
            del error["data"]
        return b"data: %b\n\n" % dumps({"jsonrpc": "2.0", "id": refused.request_id, "error": error})

    def _answer_if_complete(self) -> None:
        if self._open or self.is_closed:
            return
        messages = self._peer.messages_to_send()
        self._response = json_response(messages[0]) if messages else Response(status=202)
        self.is_closed = True
