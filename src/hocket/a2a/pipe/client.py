"""PipeClient: a client's calls on one connection. An Endpoint; see the package for the binding."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import define, field

from hocket.a2a.call import ClientCall
from hocket.a2a.dialects import Dialect, Operation, Params
from hocket.a2a.limits import ClientLimits
from hocket.a2a.pipe.streamed import Streamed, StreamedItems
from hocket.a2a.pipe.wire import STREAM_METHOD, write_meta
from hocket.connection import Connection
from hocket.errors import (
    Code,
    CodecError,
    ConnectionFailed,
    ErrorObject,
    HocketError,
    LimitExceeded,
    LocalProtocolError,
    RequestTimeout,
)
from hocket.framing import Framing
from hocket.jsonrpc import (
    LSP,
    ConnectionClosed,
    ErrorReceived,
    Id,
    MessageRejected,
    NotificationReceived,
    PeerLimits,
    ResultReceived,
    UnexpectedResponse,
)
from hocket.timers import Timers, soonest

__all__ = ["PipeClient"]


@define(eq=False)
class PipeClient:
    """The client's side of one connection. An Endpoint; its events are the calls to which something happened.

    There is no card on a pipe: that an agent does not stream is known once it refuses to. The message is then sent
    for one answer, which is told as the one event.

    Args:
        framing: How messages are cut out of the bytes.
        dialect: How calls are written.
        limits: Of what comes back.
        timeout: Seconds of silence after which a call is given up that somebody listens to; None for never.
        peer: What the server is called in errors.

    Attributes:
        failure: Why there can be no more calls; None while there can.
    """

    framing: Framing
    dialect: Dialect
    limits: ClientLimits = ClientLimits()
    timeout: float | None = field(default=None, kw_only=True)
    peer: str = field(default="the agent", kw_only=True)
    failure: HocketError | None = field(default=None, init=False)
    connection: Connection = field(init=False)
    _calls: dict[Id, ClientCall] = field(factory=dict, init=False)
    _headers: dict[Id, Mapping[str, str]] = field(factory=dict, init=False)
    _touched: dict[Id, ClientCall] = field(factory=dict, init=False)
    _silences: Timers[Id] = field(factory=lambda: Timers(), init=False)
    _rejected: int = field(default=0, init=False)
    _streamed: StreamedItems = field(init=False)

    def __attrs_post_init__(self) -> None:
        limits = PeerLimits(message=self.framing.limits.frame)
        self._streamed = StreamedItems(self.dialect)
        usual = self._streamed.usual()
        self.connection = Connection(self.framing, limits=limits, cancellation=LSP, usual=usual)

    @property
    def is_closed(self) -> bool:
        """True once the connection is over."""
        return self.connection.is_closed

    @property
    def unread(self) -> int:
        """Events that came and were not taken yet, over all open calls."""
        return sum(call.reader.unread for call in self._calls.values())

    def call(
        self, operation: Operation, params: Params, now: float, headers: Mapping[str, str] | None = None
    ) -> ClientCall:
        """Ask for something.

        Args:
            operation: What.
            params: Its parameters.
            now: Seconds on the caller's monotonic clock.
            headers: Service parameters beyond the version.

        Raises:
            LocalProtocolError: The connection is closed, or too much is in flight. Nothing was sent.
        """
        call = ClientCall(operation, params, self.dialect, "", limits=self.limits)
        self.ask(call, now, headers)
        return call

    def ask(self, call: ClientCall, now: float, headers: Mapping[str, str] | None = None) -> None:
        """Ask what a call says, which nobody has asked before. Its request is known by an id of this connection.

        Args:
            call: What; its answer goes there.
            now: Seconds on the caller's monotonic clock.
            headers: Service parameters beyond the version.

        Raises:
            LocalProtocolError: The connection is closed, or too much is in flight. Nothing was sent.
        """
        headers = headers or {}
        params = write_meta(call.write_params(), {"A2A-Version": self.dialect.version, **headers})
        call.request_id = self.connection.send_request(call.method, params, now=now)
        self._calls[call.request_id], self._headers[call.request_id] = call, headers
        self._streamed.begin(call.request_id)

    def drop(self, call: ClientCall, now: float) -> None:
        """The caller wants nothing more of this call: the server is told, the task goes on."""
        if self._pop(call.request_id) is None or self.connection.is_closed:
            return
        if call.request_id in self.connection.pending:
            self.connection.cancel(call.request_id, now=now)

    def listen(self, call: ClientCall, now: float) -> None:
        """Somebody waits for what comes next to this call: from now on its silence counts, until something has come.

        While nobody listens it does not: whoever leaves bytes unread cannot know that there are none. Twice is
        harmless.
        """
        call_id = call.request_id
        if self.timeout is not None and call_id in self._calls and call_id not in self._silences:
            self._silences.set(call_id, now + self.timeout)

    def leave(self, now: float) -> None:
        """The client goes: every open call ends, and the server is told that nobody wants them. The tasks go on."""
        self._cancel_open(now)
        self.fail(ConnectionFailed("the client was closed"))

    def receive_data(self, data: bytes, now: float) -> None:
        """Bytes from the server."""
        self.connection.receive_data(data, now)
        self._route(now)

    def receive_eof(self, now: float) -> None:
        """The server will say nothing more: every open call is over."""
        self.connection.receive_eof(now)
        self._route(now)

    def handle_timeout(self, now: float) -> None:
        """The time that `next_timeout` named has come."""
        self.connection.handle_timeout(now)
        self._route(now)
        for call_id in self._silences.due(now):
            self._give_up_waiting(self._touched_call(call_id), now)

    def next_timeout(self) -> float | None:
        """When `handle_timeout` wants to be called, or None."""
        return soonest(self.connection.next_timeout(), self._silences.next_timeout())

    def data_to_send(self) -> list[bytes]:
        """Bytes for the server."""
        return self.connection.data_to_send()

    def next_event(self) -> ClientCall | None:
        """A call to which something happened since it was last given, or None."""
        for request_id in self._touched:
            return self._touched.pop(request_id)
        return None

    def fail(self, error: HocketError) -> None:
        """The connection broke, for a reason that only the transport may know: every open call ends with it."""
        self.failure = self.failure or error
        self._end_calls(error)

    def _route(self, now: float) -> None:
        while (event := self.connection.next_event()) is not None:
            if type(event) is NotificationReceived and event.method == STREAM_METHOD:  # nearly all are
                self._receive_item(event.params)
                continue
            match event:
                case ResultReceived(id=request_id, result=result):
                    self._receive_result(request_id, result)
                case ErrorReceived(id=request_id, error=error) if request_id in self._calls:
                    self._refuse(request_id, error, now)
                case UnexpectedResponse(id=request_id) if request_id in self._calls:
                    self._receive_repeated(event)
                case ErrorReceived(id=None, error=error):
                    self._receive_nameless(error)
                case MessageRejected(
                    error=ErrorObject(data={"limit": "frame" | "batch" as option, "max": int(maximum)})
                ):
                    self._give_up(LimitExceeded(option, maximum), now)
                case MessageRejected():
                    self._count_rejected(now)
                case ConnectionClosed(error=error):
                    ended = ConnectionFailed(f"the connection to {self.peer} ended{f': {error}' if error else ''}")
                    ended.__cause__ = error
                    self.fail(ended)
                case _:
                    pass  # a peer that calls us, or says something nobody asked for

    def _receive_item(self, params: Any) -> None:
        if type(params) is Streamed:
            known = self._calls.get(params.request_id)
            if known is not None:
                self._touched_call(params.request_id)
                known.receive_item(params.item, params.offset)
                if known.is_closed:
                    self._pop(params.request_id)
            return
        request_id = params.get("id") if isinstance(params, dict) else None
        call = self._calls.get(request_id) if isinstance(request_id, str) else None
        if call is None:
            return  # of a call that was dropped, or never made
        self._touched_call(call.request_id)
        offset = params.get("offset")
        self._give(call, params.get("result"), offset if isinstance(offset, int) else None)

    def _receive_result(self, request_id: Id, result: Any) -> None:
        if request_id not in self._calls:
            return
        call = self._touched_call(request_id)
        if call.as_stream or not call.is_streaming:
            self._finish(request_id).receive_result(result)
        elif isinstance(result, dict) and "state" in result and "offset" in result:
            self._finish(request_id).receive_end()
        else:  # a peer that repeats responses with one id instead of sending notifications
            self._give(call, result)

    def _refuse(self, request_id: Id, error: ErrorObject, now: float) -> None:
        headers = self._headers[request_id]
        call = self._finish(request_id)
        if error.code != Code.UNSUPPORTED_OPERATION or call.operation is not Operation.STREAM or call.reader.news:
            call.receive_error(error)
            return
        call.operation, call.as_stream = Operation.SEND, True
        try:
            self.ask(call, now, headers)
        except LocalProtocolError:  # too much is in flight, say: then the refusal is the answer
            call.receive_error(error)

    def _receive_repeated(self, event: UnexpectedResponse) -> None:
        call = self._touched_call(event.id)
        if event.error is not None:
            self._finish(event.id).receive_error(event.error)
        else:
            self._give(call, event.result)

    def _receive_nameless(self, error: ErrorObject) -> None:
        """The server could not read a request (it was too long for it, say), and so cannot say which.

        Nobody would ever answer that one, so whatever has no answer so far ends; mostly that is the one call.
        """
        for call in [each for each in self._calls.values() if not each.reader.news]:
            self._finish(call.request_id).receive_error(error)

    def _give_up(self, error: LimitExceeded, now: float) -> None:
        """Something was too long to be read, and so nobody knows which call has lost it: all of them end."""
        self._cancel_open(now)
        self._end_calls(error)

    def _give_up_waiting(self, call: ClientCall, now: float) -> None:
        """The server was silent for too long. What there is of a stream by now is the beginning of an answer."""
        error = RequestTimeout(f"{self.peer} was silent for {self.timeout:g} seconds (timeout=, its read phase)")
        has_begun = bool(call.reader.news)
        self.drop(call, now)
        if has_begun:
            call.receive_end(error)
        else:
            call.fail(error)

    def _count_rejected(self, now: float) -> None:
        """Something came that is no message. Now and then it may be a slip; each is answered, so there is an end."""
        self._rejected += 1
        if self._rejected > self.limits.rejected and not self.failure:
            said = "what it writes is no message"
            self.connection.close(now, LimitExceeded("rejected", self.limits.rejected, what=said))

    def _cancel_open(self, now: float) -> None:
        for request_id in [each for each in self.connection.pending if each in self._calls]:
            self.connection.cancel(request_id, now=now)

    def _end_calls(self, error: HocketError) -> None:
        for call in list(self._calls.values()):
            self._finish(call.request_id).receive_end(error)

    def _give(self, call: ClientCall, result: Any, offset: int | None = None) -> None:
        try:
            call.receive_item(self.dialect.read_item(result), offset)
        except CodecError as error:
            call.fail(error)
        if call.is_closed:
            self._pop(call.request_id)

    def _touched_call(self, request_id: Id) -> ClientCall:
        """An open call to which something has happened."""
        self._rejected = 0
        self._silences.clear(request_id)
        call = self._touched[request_id] = self._calls[request_id]
        return call

    def _finish(self, request_id: Id) -> ClientCall:
        call = self._touched_call(request_id)
        self._pop(request_id)
        return call

    def _pop(self, request_id: Id) -> ClientCall | None:
        self._silences.clear(request_id)
        self._headers.pop(request_id, None)
        self._streamed.end(request_id)
        return self._calls.pop(request_id, None)
