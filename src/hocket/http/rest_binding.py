"""The HTTP+JSON binding of A2A 1.0 on the client's side (section 11)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import frozen

from hocket.a2a import ClientCall, Operation, StreamItem
from hocket.codec import dumps, loads
from hocket.errors import CodecError, ErrorObject
from hocket.http.media import A2A_JSON, JSON
from hocket.http.messages import Headers, Request
from hocket.http.response_body import ResponseBody
from hocket.http.rest_errors import read_error
from hocket.http.rest_params import write_query
from hocket.http.rest_paths import write_path

__all__ = ["RestBinding", "rest_request"]

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
    fields: Headers = (("accept", accept), *headers)
    verb = _VERBS.get(operation, "POST")
    if verb == "POST":
        query, body = given, dumps(rest)
        fields = (("content-type", JSON), *fields)  # servers of 1.0.0 know no other; those of 1.0.1 take it too
    else:
        query, body = "&".join(filter(None, [given, write_query(rest)])), b""
    where = f"{address.rstrip('/')}{path}"
    return Request(method=verb, path=f"{where}?{query}" if query else where, headers=fields, body=body)


@frozen
class RestBinding:
    """A call is a method and a path; its answer, and each event of a stream, a bare object."""

    def request(self, call: ClientCall, url: str, headers: Headers) -> Request:
        """What `rest_request` has of the call."""
        return rest_request(call.operation, call.write_params(), url, headers)

    def read_event(self, call: ClientCall, data: bytes) -> StreamItem | ErrorObject:
        """The item, or the error."""
        try:
            item: StreamItem = call.dialect.wire.reader(StreamItem).from_json(data, "event")
        except CodecError:
            error = read_error(loads(data))
            if error is None:
                raise
            return error
        return item

    def read_answer(self, call: ClientCall, body: ResponseBody) -> Any | ErrorObject:
        """The result where the status is 2xx, else the error."""
        whole = body.whole
        try:
            value = loads(whole) if whole.strip() else None  # DELETE may be answered with 204 and nothing
        except CodecError as problem:
            raise body.unreadable("answer of A2A", str(problem)) from problem
        if body.is_success:
            return value
        error = read_error(value)
        if error is None:
            raise body.unreadable("answer of A2A", "there is no error object of A2A in it")
        return error
