"""HttpCall: one A2A call of a client over HTTP. It says what to ask, then reads the answer, without I/O.

First `next_request`, then `receive_head`, `receive_data` …, `receive_eof`: what came is in the call's events or
its result. A stream that was cut is resumed by `ResumingCall`, with calls of this kind.
"""

from __future__ import annotations

from attrs import define, field

from hocket.a2a import ClientCall, Operation
from hocket.codec import dumps, loads
from hocket.errors import CodecError, ErrorObject, HocketError
from hocket.framing import ServerSentEvent
from hocket.http.messages import Headers, Request
from hocket.http.response_body import ResponseBody

__all__ = ["HttpCall"]


@define(eq=False)
class HttpCall:
    """One call, an Endpoint for its answer.

    Args:
        call: What is asked, and where the answer goes.
        url: The address of the agent's JSON-RPC interface.
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
        """What to ask, once; None when there is nothing (more) to ask. `path` is the whole URL."""
        if self._is_asked:
            return None
        self._is_asked = True
        accept = "text/event-stream, application/json" if self.call.is_streaming else "application/json"
        fields = [("content-type", "application/json"), ("accept", accept), ("accept-encoding", "identity")]
        if self.call.dialect.sends_version:
            fields.append(("a2a-version", self.call.dialect.version))
        if self.last_event_id is not None:
            fields.append(("last-event-id", str(self.last_event_id)))
        request = {
            "jsonrpc": "2.0",
            "id": self.call.request_id,
            "method": self.call.method,
            "params": self.call.write_params(),
        }
        return Request(method="POST", path=self.url, headers=(*fields, *self.headers), body=dumps(request))

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
            outcome = self.call.dialect.read_response(event.data)
        except CodecError as error:
            self.call.fail(error)
            return
        if isinstance(outcome, ErrorObject):
            self.call.receive_error(outcome)
        else:
            self.call.receive_item(outcome, int(event.id) if event.id.isascii() and event.id.isdigit() else None)

    def _read_answer(self, body: bytes) -> None:
        try:
            answer = loads(body, envelope=True)
        except CodecError as error:
            self.call.fail(self._not_an_answer(str(error)))
            return
        match answer:
            case {"error": {"code": int() as code, "message": str() as message, **more}}:
                self.call.receive_error(ErrorObject(code, message, more.get("data")))
            case {"result": result} if 200 <= self._body.status < 300:
                self.call.receive_result(result)
            case {"jsonrpc": "2.0"} if 200 <= self._body.status < 300 and self.call.operation is Operation.PUSH_DELETE:
                self.call.receive_result(None)  # some peers leave the result out where there is nothing to say
            case _:
                self.call.fail(self._not_an_answer("there is neither a result nor an error in it"))

    def _not_an_answer(self, reason: str) -> HocketError:
        return self._body.unreadable("JSON-RPC answer", reason)
