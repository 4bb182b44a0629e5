"""The JSON-RPC binding of A2A on the client's side (A2A 1.0 section 9, 0.3 section 3.2)."""

from __future__ import annotations

from typing import Any

from attrs import frozen

from hocket.a2a import ClientCall, Operation, StreamItem
from hocket.codec import dumps, loads
from hocket.errors import CodecError, ErrorObject
from hocket.http.media import JSON
from hocket.http.messages import Headers, Request
from hocket.http.response_body import ResponseBody

__all__ = ["RpcBinding"]


@frozen
class RpcBinding:
    """A call is a JSON-RPC request, and so are its answer and each event of a stream a JSON-RPC response."""

    def request(self, call: ClientCall, url: str, headers: Headers) -> Request:
        """A POST of the JSON-RPC request."""
        accept = f"text/event-stream, {JSON}" if call.is_streaming else JSON
        body = {"jsonrpc": "2.0", "id": call.request_id, "method": call.method, "params": call.write_params()}
        fields = (("content-type", JSON), ("accept", accept), *headers)
        return Request(method="POST", path=url, headers=fields, body=dumps(body))

    def read_event(self, call: ClientCall, data: bytes) -> StreamItem | ErrorObject:
        """The result of a response, or its error."""
        return call.dialect.read_response(data)

    def read_answer(self, call: ClientCall, body: ResponseBody) -> Any | ErrorObject:
        """The result of the response, or its error, whatever the status. A result counts only with a status of 2xx."""
        try:
            answer = loads(body.whole, envelope=True)
        except CodecError as problem:
            raise body.unreadable("JSON-RPC answer", str(problem)) from problem
        match answer:
            case {"error": {"code": int() as code, "message": str() as message, **more}}:
                return ErrorObject(code, message, more.get("data"))
            case {"result": result} if body.is_success:
                return result
            case {"jsonrpc": "2.0"} if body.is_success and call.operation is Operation.PUSH_DELETE:
                return None  # some peers leave the result out where there is nothing to say
        raise body.unreadable("JSON-RPC answer", "there is neither a result nor an error in it")
