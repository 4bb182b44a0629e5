"""HttpCall: one A2A call of a client over HTTP. It says what to ask, then reads the answer, without I/O.

First `next_request`, then `receive_head`, `receive_data` …, `receive_eof`: what came is in the call's events or
its result. How both look as bytes is the business of the binding. A stream that was cut is resumed by `ResumingCall`,
with calls of this kind.
"""

from __future__ import annotations

from functools import partial

from attrs import define, field

from hocket.a2a import ClientCall, TaskArtifactUpdateEvent
from hocket.a2a.dialects.item_reader import ItemReader
from hocket.errors import CodecError, ErrorObject, HocketError
from hocket.http.bindings import Binding
from hocket.http.messages import Headers, Request
from hocket.http.response_body import ResponseBody
from hocket.http.rpc_binding import RpcBinding

__all__ = ["HttpCall"]


@define(eq=False)
class HttpCall:
    """One call, an Endpoint for its answer.

    Args:
        call: What is asked, and where the answer goes.
        url: The address of the agent's interface.
        headers: Header fields to send beside those of the binding.
        last_event_id: Offset to go on after, for a subscription that resumes.
        binding: How the call is put on HTTP, and its answer read: what differs from binding to binding.
    """

    call: ClientCall
    url: str
    headers: Headers = ()
    last_event_id: int | None = None
    binding: Binding = field(factory=RpcBinding)
    _is_asked: bool = field(default=False, init=False)
    _body: ResponseBody = field(init=False)
    _items: ItemReader = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._body = ResponseBody(self.url, self.call.limits.framing)
        self._items = ItemReader(partial(self.binding.read_event, self.call))

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
        request = self.binding.request(self.call, self.url, self._fields())
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
            self._read_answer()

    def receive_failure(self, error: HocketError, now: float) -> None:
        """The connection broke."""
        if self.is_answered:
            self.call.receive_end(error)
        else:
            self.call.fail(error)

    def _fields(self) -> Headers:
        """The header fields that are the same in each binding."""
        fields = [("accept-encoding", "identity")]
        if self.call.dialect.sends_version:
            fields.append(("a2a-version", self.call.dialect.version))
        if self.last_event_id is not None:
            fields.append(("last-event-id", str(self.last_event_id)))
        return (*fields, *self.headers)

    def _look(self) -> None:
        """Take what can be read by now. With an update no stream ends, so that nobody asks whether it has."""
        call, read, receive = self.call, self._items.read, self.call.reader.receive
        for event in self._body.next_events():
            try:
                outcome = read(event.data)
            except CodecError as error:
                call.fail(error)
                return
            if isinstance(outcome, TaskArtifactUpdateEvent):
                receive(outcome, _number(event.id))
                continue
            if isinstance(outcome, ErrorObject):
                call.receive_error(outcome)
            else:
                receive(outcome, _number(event.id))
            if call.is_closed:
                return
        if self._body.refusal is not None and not call.is_closed:
            call.fail(self._body.refusal)

    def _read_answer(self) -> None:
        try:
            answer = self.binding.read_answer(self.call, self._body)
        except HocketError as error:
            self.call.fail(error)
            return
        if isinstance(answer, ErrorObject):
            self.call.receive_error(answer)
        else:
            self.call.receive_result(answer)


def _number(event_id: str) -> int | None:
    """An event's place in the log of its task, if its server numbers them."""
    return int(event_id) if event_id.isdigit() and event_id.isascii() else None
