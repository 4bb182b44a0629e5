"""RestCall: one A2A call of a client over HTTP+JSON. It says what to ask, then reads the answer, without I/O.

It is used as `HttpCall` is, which speaks JSON-RPC: `next_request`, then `receive_head`, `receive_data` …,
`receive_eof`; what came is in the call's events or its result.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import define, field

from hocket.a2a import ClientCall, Operation, StreamItem
from hocket.codec import dumps, loads
from hocket.errors import CodecError, HocketError
from hocket.framing import ServerSentEvent
from hocket.http.media import A2A_JSON, JSON
from hocket.http.messages import Headers, Request
from hocket.http.response_body import ResponseBody
from hocket.http.rest_errors import read_error
from hocket.http.rest_params import write_query
from hocket.http.rest_paths import write_path

__all__ = ["RestCall", "rest_request"]

_VERBS: Mapping[Operation, str] = {
    Operation.GET: "GET",
    Operation.LIST: "GET",
    Operation.PUSH_GET: "GET",
    Operation.PUSH_LIST: "GET",
    Operation.PUSH_DELETE: "DELETE",
    Operation.EXTENDED_CARD: "GET",
}
"""The HTTP method of each operation; of the others it is POST. (To subscribe, the specification has GET and POST in
different places; POST is what other clients use, so what every server knows.)"""

_ACCEPT = f"{A2A_JSON}, {JSON}"


def rest_request(operation: Operation, params: Mapping[str, Any], url: str, headers: Headers = ()) -> Request:
    """What to ask: method, URL, and body or query.

    Args:
        operation: What is asked for.
        params: Its parameters, as the dialect writes them.
        url: The address of the agent's HTTP+JSON interface.
        headers: Header fields to send along.

    Raises:
        LocalProtocolError: The parameters cannot be said over this binding.

    >>> asked = rest_request(Operation.GET, {"id": "T", "historyLength": 0}, "http://agent/")
    >>> asked.method, asked.path
    ('GET', 'http://agent/tasks/T?historyLength=0')
    """
    path, rest = write_path(operation, params)
    address, _, given = url.partition("?")  # some keep a key there
    accept = f"text/event-stream, {_ACCEPT}" if operation in (Operation.STREAM, Operation.SUBSCRIBE) else _ACCEPT
    fields: Headers = (("accept", accept), ("accept-encoding", "identity"), *headers)
    verb = _VERBS.get(operation, "POST")
    if verb == "POST":
        query, body = given, dumps(rest)
        fields = (("content-type", JSON), *fields)  # servers of 1.0.0 know no other; those of 1.0.1 take it too
    else:
        query, body = "&".join(filter(None, [given, write_query(rest)])), b""
    where = f"{address.rstrip('/')}{path}"
    return Request(method=verb, path=f"{where}?{query}" if query else where, headers=fields, body=body)


@define(eq=False)
class RestCall:
    """One call, an Endpoint for its answer.

    Args:
        call: What is asked, and where the answer goes.
        url: The address of the agent's HTTP+JSON interface.
        headers: Header fields to send beside those of the binding.
        last_event_id: Offset to go on after, for a subscription that resumes.
    """

    call: ClientCall
    url: str
    headers: Headers = ()
    last_event_id: int | None = None
    _is_asked: bool = field(default=False, init=False)
    _body: ResponseBody = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._body = ResponseBody(self.url, self.call.limits.framing)

    @property
    def is_closed(self) -> bool:
        """True once the end of the answer is known: the transport may close the response."""
        return self.call.is_closed

    @property
    def is_answered(self) -> bool:
        """True once the head of a response came: whatever happens then, happened to a stream."""
        return self._body.status != 0

    @property
    def retry(self) -> float | None:
        """Seconds that the stream wants its readers to wait before they come back, if it said so."""
        return self._body.retry

    def next_request(self) -> Request | None:
        """What to ask, once; None when there is nothing (more) to ask. `path` is the whole URL.

        Raises:
            LocalProtocolError: The parameters cannot be said over this binding.
        """
        if self._is_asked:
            return None
        fields = [("a2a-version", self.call.dialect.version)]
        if self.last_event_id is not None:
            fields.append(("last-event-id", str(self.last_event_id)))
        params = self.call.write_params()
        request = rest_request(self.call.operation, params, self.url, (*fields, *self.headers))
        self._is_asked = True
        return request

    def receive_head(self, status: int, headers: Headers, now: float) -> None:
        """The status and header fields (names in lower case) of the response."""
        self._body.receive_head(status, headers)
        self._look()

    def receive_data(self, data: bytes, now: float) -> None:
        """Bytes of the body."""
        if not self.is_closed:
            self._body.receive_data(data)
            self._look()

    def receive_eof(self, now: float) -> None:
        """The body is complete."""
        if self.is_closed:
            return
        self._body.receive_eof()
        self._look()
        if self._body.is_stream:
            self.call.receive_end()
        elif not self.is_closed:
            self._read_answer(self._body.whole)

    def receive_failure(self, error: HocketError, now: float) -> None:
        """The connection broke."""
        if self.is_answered:
            self.call.receive_end(error)
        else:
            self.call.fail(error)

    def _look(self) -> None:
        """Take what can be read by now."""
        while not self.is_closed and (event := self._body.next_event()) is not None:
            self._read_event(event)
        if self._body.refusal is not None and not self.is_closed:
            self.call.fail(self._body.refusal)

    def _read_event(self, event: ServerSentEvent) -> None:
        try:
            item: StreamItem = self.call.dialect.wire.reader(StreamItem).from_json(event.data, "event")
        except CodecError as problem:
            self._read_error_event(event, problem)
        else:
            offset = int(event.id) if event.id.isascii() and event.id.isdigit() else None
            self.call.receive_item(item, offset)

    def _read_error_event(self, event: ServerSentEvent, problem: CodecError) -> None:
        try:
            error = read_error(loads(event.data))
        except CodecError as unreadable:
            self.call.fail(unreadable)
            return
        if error is None:
            self.call.fail(problem)
        else:
            self.call.receive_error(error)

    def _read_answer(self, body: bytes) -> None:
        try:
            value = loads(body) if body.strip() else None  # DELETE may be answered with 204 and nothing
        except CodecError as problem:
            self.call.fail(self._not_an_answer(str(problem)))
            return
        if 200 <= self._body.status < 300:
            self.call.receive_result(value)
        elif (error := read_error(value)) is not None:
            self.call.receive_error(error)
        else:
            self.call.fail(self._not_an_answer("there is no error object of A2A in it"))

    def _not_an_answer(self, reason: str) -> HocketError:
        return self._body.unreadable("answer of A2A", reason)
