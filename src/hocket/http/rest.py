"""The HTTP+JSON binding of A2A 1.0 on the server's side (section 11).

What JSON-RPC says in its envelope is said by HTTP: the operation by path and method, an error by the status, an id by
nothing at all. Bodies are bare objects, and so are the events of a stream, whose `id:` is the offset in the task's log.
"""

from __future__ import annotations

from attrs import frozen

from hocket.a2a import (
    V1_0,
    Answered,
    Items,
    Link,
    Opened,
    Operation,
    Params,
    Refused,
    Server,
    ServiceParameters,
    dialect_for,
)
from hocket.a2a.capabilities import undeclared
from hocket.a2a.subscription import Call
from hocket.codec import dumps
from hocket.errors import Code, ErrorObject
from hocket.http.event_body import EVENT_STREAM, KEEP_ALIVE, events_of
from hocket.http.exchange import Exchange
from hocket.http.media import answer_type, unsupported_media_type
from hocket.http.messages import Headers, Request, Response
from hocket.http.rest_errors import error_response, rest_error
from hocket.http.rest_params import read_parameters
from hocket.http.rest_paths import Place, read_path
from hocket.http.service import activated_extensions, service_parameters
from hocket.jsonrpc import PeerLimits

__all__ = ["RestEnvelope", "receive_rest", "refuse_rest"]

_STREAMED = (Operation.STREAM, Operation.SUBSCRIBE)


@frozen
class RestEnvelope:
    """The answer to one call, bare.

    Args:
        media_type: What the answer is labelled as.
        headers: Of the response.
        limit: Bytes of an answer that is no stream.
    """

    media_type: str
    headers: Headers = ()
    limit: int = PeerLimits().message

    def answer(self, delivery: Answered | Refused, now: float) -> Response | None:
        """The result, or the error. A result that is null is an empty object here."""
        if isinstance(delivery, Refused):
            return error_response(delivery.error, self.media_type, headers=self.headers)
        size = len(delivery.result)
        if size > self.limit:
            reason = f"the answer has {size} bytes, and the limit message is {self.limit}; ask for less, or raise it"
            error = ErrorObject.of(Code.INTERNAL_ERROR, reason, {"limit": "message", "max": self.limit})
            return error_response(error, self.media_type, headers=self.headers)
        fields = (("content-type", self.media_type), *self.headers)
        return Response(status=200, headers=fields, body=b"{}" if delivery.result == b"null" else delivery.result)

    def opened(self, opened: Opened) -> Response:
        """The head of a stream."""
        return Response(status=200, headers=(*EVENT_STREAM, *self.headers), body=None)

    def items(self, items: Items) -> bytes:
        """The items."""
        return events_of(b"id: %d\ndata: %b\n\n", items)

    def broken(self, refused: Refused) -> bytes:
        """The error, in an event of its own type, as the official SDK has it."""
        return b"event: error\ndata: %b\n\n" % dumps(rest_error(refused.error))

    def stopped(self) -> Response:
        """503, and whoever asked may ask again."""
        error = ErrorObject.of(Code.INTERNAL_ERROR, "the server is shutting down: ask again", {"retryable": True})
        return error_response(error, self.media_type, (503, "UNAVAILABLE"))


def receive_rest(
    link: Link,
    request: Request,
    server: Server,
    now: float,
    *,
    keep_alive: float | None = KEEP_ALIVE,
    limits: PeerLimits = PeerLimits(),
) -> Response | Exchange | None:
    """Answer a request to one of the binding's paths; None if it is to another one."""
    place = read_path(request.raw_path)
    if place is None:
        return None
    operation = _operation(request.method, place)
    if operation is None:
        return _wrong_verb(request, place)
    service = service_parameters(request)
    params = _params(request, place, operation, service, server)
    if isinstance(params, ErrorObject):
        return refuse_rest(request, params)
    envelope = RestEnvelope(answer_type(request), activated_extensions(service, server, V1_0), limits.message)
    call = Call(request_id=0, dialect=V1_0, operation=operation, params=params, service=service)
    server.perform(link, call, now)
    return Exchange(envelope, keep_alive)


def refuse_rest(
    request: Request, error: ErrorObject, status: tuple[int, str] | None = None, headers: Headers = ()
) -> Response:
    """The response to a request that does not get as far as the server."""
    return error_response(error, answer_type(request), status, headers)


def _operation(method: str, place: Place) -> Operation | None:
    """What a method asks for at a place. HEAD is GET without the body, so not for a stream, which is all body."""
    if method != "HEAD":
        return place.verbs.get(method)
    operation = place.verbs.get("GET")
    return None if operation in _STREAMED else operation


def _params(
    request: Request, place: Place, operation: Operation, service: ServiceParameters, server: Server
) -> Params | ErrorObject:
    if dialect_for(service.version or "0.3") is not V1_0:
        return _unsupported_version(service.version)
    problem = undeclared(server.capabilities, operation, service)
    if problem is None and request.body:
        problem = unsupported_media_type(request)
    params = problem or read_parameters(request, place.ids)
    return params if isinstance(params, ErrorObject) else V1_0.read_params(operation, params, server.limits.id)


def _unsupported_version(version: str | None) -> ErrorObject:
    asked = f"A2A-Version {version[:32]}" if version else "a request without A2A-Version counts as 0.3, which"
    reason = f"{asked} is not spoken over HTTP+JSON; send the header A2A-Version: {V1_0.version}"
    return ErrorObject.of(Code.VERSION_NOT_SUPPORTED, reason, {"supportedVersions": V1_0.version})


def _wrong_verb(request: Request, place: Place) -> Response:
    if not place.verbs:
        error = ErrorObject.of(Code.METHOD_NOT_FOUND, f"there is nothing of A2A at {request.path[:256]}")
        return refuse_rest(request, error)
    verbs = [*place.verbs]
    if "GET" in verbs and place.verbs["GET"] not in _STREAMED:
        verbs.append("HEAD")
    allowed = ", ".join(sorted(verbs))
    error = ErrorObject.of(
        Code.METHOD_NOT_FOUND, f"{request.method[:32]} does nothing at {request.path[:256]}: use {allowed}"
    )
    return refuse_rest(request, error, (405, "UNIMPLEMENTED"), (("allow", allowed),))
