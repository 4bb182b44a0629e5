"""The HTTP face of a hub of ACP streams: which path answers what. Values in, values out (spec sections 1 and 5).

POST /jsonrpc       JSON-RPC; errors come with HTTP 200, what is only a notification gets 202
GET  /streams/ID    text/event-stream: what happens there, after Last-Event-ID; application/json: the StreamObject
GET  /health        {"status": "ok"}; `X-JSONRPC-Batch` says how many calls one POST may have, in an array
WebSocket /jsonrpc, WebSocket /streams/ID

`X-Agent-Id` or `?agent=` says who speaks, `X-Connection-Id` makes several POSTs one connection, and
`X-Correlation-ID` comes back with the answer.
"""

from __future__ import annotations

from re import compile as regex

from attrs import define, evolve

from hocket.acp.hub import Hub
from hocket.acp.hub.links import Link
from hocket.codec import dumps, loads
from hocket.errors import Code, ErrorObject
from hocket.http.cors import Cors
from hocket.http.event_body import KEEP_ALIVE
from hocket.http.feed import Feed
from hocket.http.hub_socket import Close, HubSocket, close_for
from hocket.http.messages import Headers, Request, Response, json_response, text_response
from hocket.http.principal import Authenticate, principal_of
from hocket.jsonrpc import Peer, PeerLimits, RequestReceived
from hocket.jsonrpc.messages import encode_error

__all__ = ["HubRoutes"]

_RPC = "/jsonrpc"
_STREAMS = "/streams/"
_FEED, _OBJECT = "text/event-stream", "application/json"
_QUALITY = regex(r"0(\.\d{0,3})?|1(\.0{0,3})?")
_ONLY_POST: Headers = (("allow", "POST"),)
_ONLY_GET: Headers = (("allow", "GET, HEAD"),)

_TAKES_BATCHES: Headers = (("x-jsonrpc-batch", str(PeerLimits().batch)),)
_BATCH = 64 * 1024
"""Bytes that calls have which share a POST, at the most: a hub that takes less wants each by itself."""

_STATUS: dict[int, int] = {
    Code.AUTHENTICATION_FAILED: 401,
    Code.TOKEN_EXPIRED: 401,
    Code.PERMISSION_DENIED: 403,
    Code.INSUFFICIENT_SCOPE: 403,
    Code.STREAM_NOT_FOUND: 404,
    Code.STREAM_CLOSED: 410,
    Code.LIMIT_EXCEEDED: 429,
}
"""The HTTP status that says what a JSON-RPC error says, where a GET is refused; any other error is 400."""


@define(eq=False, repr=False)
class HubRoutes:
    """A hub over HTTP and WebSocket.

    Args:
        hub: The hub.
        authenticate: Says for whom header fields vouch; None takes the word of whoever comes.
        keep_alive: Seconds between comments on silent feeds; None for none.
        acp_compat: Whether `"id": null` in a POST makes a notification, as in the ACP SDK, and not a request.
        cors: The web pages from elsewhere whose word is taken, too.
    """

    hub: Hub
    authenticate: Authenticate | None = None
    keep_alive: float | None = KEEP_ALIVE
    acp_compat: bool = True
    cors: Cors = Cors()

    def receive(self, link: Link, request: Request, now: float) -> Response | Feed:
        """Answer a request: at once with a Response, or with a Feed through which the hub goes on to speak.

        Args:
            link: A name that the hub does not know yet. The transport disconnects it once the answer is over.
            request: What is asked.
            now: The time in seconds.
        """
        answer = self._answer(link, request, now)
        return evolve(answer, headers=(*answer.headers, *correlation(request)))

    def open_socket(self, link: Link, request: Request, now: float) -> HubSocket | Close:
        """A WebSocket to `/jsonrpc` or to one stream; or how to close it again at once.

        Args:
            link: As for `receive`.
            request: What the handshake asked for.
            now: The time in seconds.
        """
        stream_id = _stream_id(request)
        if stream_id is None and request.path != _RPC:
            return Close(4004, f"there is nothing at {request.path}; a hub is at {_RPC}")
        principal = principal_of(request, self.authenticate, self.cors)
        if isinstance(principal, ErrorObject):
            return close_for(principal)
        listens = stream_id is None  # else it is given that stream only
        error = self.hub.connect(link, now, principal=principal, listens=listens, stream_id=stream_id)
        if error is None and stream_id is not None:
            try:
                last_event_id = _last_event_id(request)
            except ValueError as problem:
                return Close(4003, str(problem))
            error = self.hub.attach(link, stream_id, now, last_event_id=last_event_id, only=True)
        return HubSocket(self.hub, link, self.hub.limits.message) if error is None else close_for(error)

    def too_large(self, request: Request) -> Response:
        """The answer to a body over the limit `message` of the hub. `request` comes without its body."""
        limit = self.hub.limits.message
        reason = f"the body is larger than {limit} bytes; send less, or raise the limit message on the hub"
        error = ErrorObject.of(Code.LIMIT_EXCEEDED, reason, {"limit": "message", "max": limit})
        return json_response(encode_error(None, error), status=413, headers=correlation(request))

    def _answer(self, link: Link, request: Request, now: float) -> Response | Feed:
        if request.path == _RPC:
            if request.method != "POST":
                return text_response(405, f"this is a hub of ACP streams: POST JSON-RPC to {_RPC}", _ONLY_POST)
            return self._rpc(link, request, now)
        stream_id = _stream_id(request)
        if stream_id is None and request.path != "/health":
            return text_response(404, f"there is nothing at {request.path}; a hub is at {_RPC} and {_STREAMS}ID")
        if request.method not in ("GET", "HEAD"):
            return text_response(405, f"{request.path} can only be read", _ONLY_GET)
        if stream_id is None:
            takes_batches = self.hub.limits.message >= _BATCH
            return json_response(b'{"status":"ok"}', headers=_TAKES_BATCHES if takes_batches else ())
        return self._stream(link, stream_id, request, now)

    def _rpc(self, link: Link, request: Request, now: float) -> Response:
        principal = principal_of(request, self.authenticate, self.cors)
        if isinstance(principal, ErrorObject):
            return self._turned_away(request, principal)
        connection = request.header("x-connection-id")
        error = self.hub.connect(
            link,
            now,
            principal=principal,
            ordered=False,
            listens=False,
            session=None if connection is None else (principal, connection),
            null_id_is_notification=self.acp_compat,
        )
        if error is not None:
            return _answered(_refusals(request.body, error))
        self.hub.receive(link, request.body, now)
        return _answered([send.message for send in self.hub.take(link)])

    def _turned_away(self, request: Request, error: ErrorObject) -> Response:
        answers = _refusals(request.body, error)
        if _STATUS.get(error.code) != 401:
            return _answered(answers)
        body = answers[0] if answers else encode_error(None, error)
        return json_response(body, status=401, headers=_challenge(request))

    def _stream(self, link: Link, stream_id: str, request: Request, now: float) -> Response | Feed:
        wanted = _choice(request.header("accept"))
        if wanted is None:
            return text_response(406, f"{request.path} can be read as {_FEED} or as {_OBJECT}")
        try:
            last_event_id = _last_event_id(request)
        except ValueError as problem:
            return text_response(400, str(problem))
        principal = principal_of(request, self.authenticate, self.cors)
        if isinstance(principal, ErrorObject):
            return _refused(request, principal)
        if wanted == _OBJECT or request.method == "HEAD":
            return self._object(link, stream_id, principal, request, now)
        error = self.hub.connect(link, now, principal=principal, ordered=False, listens=False, stream_id=stream_id)
        if error is None:
            error = self.hub.attach(link, stream_id, now, last_event_id=last_event_id, only=True)
        if error is not None:
            return _refused(request, error)
        if self.hub.is_over(link):
            return Response(status=204)  # an EventSource that comes back after the end is so told to stay away
        return Feed(self.hub, link, self.keep_alive)

    def _object(self, link: Link, stream_id: str, principal: str | None, request: Request, now: float) -> Response:
        """The StreamObject, by asking for it as anybody would: who may see it is decided in one place."""
        error = self.hub.connect(link, now, principal=principal, ordered=False, listens=False)
        if error is not None:
            return _refused(request, error)
        asked = {"jsonrpc": "2.0", "id": "get", "method": "stream.get", "params": {"streamId": stream_id}}
        self.hub.receive(link, dumps(asked), now)
        (send,) = self.hub.take(link)
        reply = loads(send.message)
        if "error" in reply:
            return _refused(request, ErrorObject(**reply["error"]))
        return json_response(dumps(reply["result"]["stream"]))


def correlation(request: Request) -> Headers:
    """The header field that lets a client find its answer in a log, if it sent one."""
    name = request.header("x-correlation-id")
    return () if name is None else (("x-correlation-id", name),)


def _stream_id(request: Request) -> str | None:
    return request.path.removeprefix(_STREAMS) or None if request.path.startswith(_STREAMS) else None


def _last_event_id(request: Request) -> int | None:
    """Where a reader wants to go on.

    Raises:
        ValueError: That is no event id of ours.
    """
    text = request.header("last-event-id") or request.parameter("lastEventId")
    if not text:
        return None
    if not (text.isascii() and text.isdigit()) or len(text) > 18:
        raise ValueError("Last-Event-ID is the eventId of an event: a number")
    return int(text)


def _choice(accept: str | None) -> str | None:
    """The form in which a stream is read, by RFC 9110 section 12.5.1; as a feed only by those who name that form."""
    weights: dict[str, float] = {}
    for each in (accept or "*/*").lower().split(","):
        kind, *parameters = [part.strip() for part in each.split(";")]
        quality = next((text[2:] for text in parameters if text.startswith("q=")), "1")
        weights[kind] = float(quality) if _QUALITY.fullmatch(quality) else 0.0
    feed = weights.get(_FEED, weights.get("text/*", 0.0))
    plain = weights.get(_OBJECT, weights.get("application/*", weights.get("*/*", 0.0)))
    if max(feed, plain) <= 0.0:
        return None
    return _FEED if feed >= plain else _OBJECT


def _answered(messages: list[bytes]) -> Response:
    """The response to a POST: what the hub has to say to it; 202 where that is nothing."""
    return json_response(messages[0]) if messages else Response(status=202)


def _refusals(body: bytes, error: ErrorObject) -> list[bytes]:
    """The same error for every request in a body."""
    peer = Peer()
    peer.receive_message(body, 0.0)
    while (event := peer.next_event()) is not None:
        if isinstance(event, RequestReceived):
            peer.send_error(event.id, error, now=0.0)
    return peer.messages_to_send()


def _refused(request: Request, error: ErrorObject) -> Response:
    """A GET that is refused."""
    status = _STATUS.get(error.code, 400)
    headers = _challenge(request) if status == 401 else ()
    return json_response(encode_error(None, error), status=status, headers=headers)


def _challenge(request: Request) -> Headers:
    """How to ask for credentials, or for better ones (RFC 6750 section 3)."""
    invalid = ' error="invalid_token"' if request.header("authorization") else ""
    return (("www-authenticate", f"Bearer{invalid}"),)
