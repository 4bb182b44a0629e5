"""The JSON-RPC binding of A2A on the server's side (A2A 1.0 section 9, 0.3 section 3.2).

The body is a request or a batch; a streaming method is answered with `text/event-stream`, each event a JSON-RPC
response with the request's id. The event's `id:` is its offset in the task's log, so that a reader can come back
with Last-Event-ID.
"""

from __future__ import annotations

from attrs import define, field

from hocket.a2a import V0_3, Answered, Items, Link, Opened, Refused, Server, ServiceParameters, is_streaming, negotiate
from hocket.codec import Raw, dumps
from hocket.errors import Code, ErrorObject, LocalProtocolError
from hocket.http.event_body import EVENT_STREAM, KEEP_ALIVE, events_of
from hocket.http.exchange import Exchange
from hocket.http.media import unsupported_media_type
from hocket.http.messages import Headers, Request, Response, json_response
from hocket.http.service import activated_extensions, service_parameters
from hocket.jsonrpc import Peer, PeerLimits, RequestReceived
from hocket.jsonrpc.messages import encode_error

__all__ = ["RpcEnvelope", "receive_rpc"]


@define(eq=False)
class RpcEnvelope:
    """The answers to one body of JSON-RPC.

    Args:
        link: The name under which the call is known to the server.
        limits: Of the messages in the body, and of the answers.
    """

    link: Link
    limits: PeerLimits = PeerLimits()
    _peer: Peer | None = field(init=False)
    _open: int = field(default=0, init=False)
    _fields: Headers = field(default=(), init=False)
    _event: bytes = field(default=b"", init=False)
    """The form of an event, for its offset and its result."""
    _only_streams: bool = field(default=False, init=False)

    def __attrs_post_init__(self) -> None:
        self._peer = Peer(limits=self.limits)

    def receive_body(self, body: bytes, service: ServiceParameters, server: Server, now: float) -> Response | None:
        """Take the whole body and pass the calls in it to the server; the response, where there is no call in it."""
        peer = self._peer_of_body()
        peer.receive_message(body, now)
        in_batch = body.lstrip()[:1] == b"["
        while (event := peer.next_event()) is not None:
            if not isinstance(event, RequestReceived):
                continue  # a notification asks for nothing; what was malformed is answered already
            if in_batch and is_streaming(event.method):
                reason = "a streaming method cannot be part of a batch: send it alone"
                peer.send_error(event.id, ErrorObject.of(Code.INVALID_REQUEST, reason), now=now)
                continue
            self._open += 1
            dialect, _ = negotiate(event.method, service.version)
            self._fields = activated_extensions(service, server, dialect)
            self._only_streams = dialect is V0_3 and is_streaming(event.method)
            server.receive(self.link, event.id, event.method, event.params, service, now)
        return self._response_if_complete()

    def answer(self, delivery: Answered | Refused, now: float) -> Response | None:
        """The response, when all the calls of the body are answered."""
        self._open -= 1
        if isinstance(delivery, Refused):
            if self._only_streams:  # clients of 0.3 read nothing else where they asked for a stream
                return Response(status=200, headers=(*EVENT_STREAM, *self._fields), body=self.broken(delivery))
            self._peer_of_body().send_error(delivery.request_id, delivery.error, now=now)
        else:
            self._send_result(delivery, now)
        return self._response_if_complete()

    def opened(self, opened: Opened) -> Response:
        """The head of a stream. It is alone in its body, so nothing else is to be answered there."""
        self._peer = None  # 2 KiB, for as long as the stream is open
        request_id = dumps(opened.request_id).replace(b"%", b"%%")
        self._event = b'id: %%d\ndata: {"jsonrpc":"2.0","id":%b,"result":%%b}\n\n' % request_id
        return Response(status=200, headers=(*EVENT_STREAM, *self._fields), body=None)

    def items(self, items: Items) -> bytes:
        """A response with each of the items."""
        return events_of(self._event, items)

    def broken(self, refused: Refused) -> bytes:
        """A response with the error."""
        return b"data: %b\n\n" % encode_error(refused.request_id, refused.error)

    def stopped(self) -> Response:
        """A response without an id, since it may have to speak for several calls."""
        reason = "the server is shutting down: ask again"
        error = ErrorObject.of(Code.INTERNAL_ERROR, reason, {"retryable": True})
        return json_response(encode_error(None, error), status=503)

    def _send_result(self, answered: Answered, now: float) -> None:
        peer = self._peer_of_body()
        try:
            peer.send_result(answered.request_id, Raw(answered.result), now=now)
        except LocalProtocolError as refusal:  # larger than the limit: that is the answer then
            error = ErrorObject.of(Code.INTERNAL_ERROR, str(refusal))
            peer.send_error(answered.request_id, error, now=now)

    def _peer_of_body(self) -> Peer:
        assert self._peer is not None, "there is no stream"
        return self._peer

    def _response_if_complete(self) -> Response | None:
        if self._open:
            return None
        messages = self._peer_of_body().messages_to_send()
        return json_response(messages[0], headers=self._fields) if messages else Response(status=202)


def receive_rpc(
    link: Link,
    request: Request,
    server: Server,
    now: float,
    *,
    keep_alive: float | None = KEEP_ALIVE,
    limits: PeerLimits = PeerLimits(),
) -> Response | Exchange:
    """Answer a POST whose body is JSON-RPC."""
    problem = unsupported_media_type(request)
    if problem is not None:
        return json_response(encode_error(None, problem), status=415)
    envelope = RpcEnvelope(link, limits)
    exchange = Exchange(envelope, keep_alive)
    exchange.respond(envelope.receive_body(request.body, service_parameters(request), server, now))
    return exchange
