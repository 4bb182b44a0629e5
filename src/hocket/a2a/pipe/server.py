"""PipeServer: one connection to an A2A server. An Endpoint; see the package for the binding."""

from __future__ import annotations

from collections.abc import Iterable

from attrs import define, field

from hocket.a2a.pipe.wire import STREAM_METHOD, read_meta
from hocket.a2a.ports import Answered, Delivery, Ended, Items, Link, Refused
from hocket.a2a.server import Server
from hocket.codec import Raw, dumps
from hocket.connection import Connection
from hocket.errors import Code, ErrorObject, HocketError, LocalProtocolError
from hocket.framing import Framing
from hocket.jsonrpc import LSP, CancelReceived, ConnectionClosed, Id, PeerLimits, RequestReceived

__all__ = ["PipeServer"]


@define(eq=False)
class PipeServer:
    """The server's side of one connection. An Endpoint without events: what comes in goes to the server.

    Args:
        server: The server that answers.
        link: The name under which the connection is known to it.
        framing: How messages are cut out of the bytes.
        principal: Who calls, where the transport has asked; "" where nobody is asked.
        base_url: The address under which the caller reached the agent; "" if unknown.

    Attributes:
        error: Why nothing more could be read, if the bytes that came cannot be cut into messages.
    """

    server: Server
    link: Link
    framing: Framing
    principal: str = field(default="", kw_only=True)
    base_url: str = field(default="", kw_only=True)
    connection: Connection = field(init=False)
    error: HocketError | None = field(default=None, init=False)
    _too_large: dict[Id, ErrorObject] = field(factory=dict, init=False)
    _has_ended: bool = field(default=False, init=False)
    _is_over: bool = field(default=False, init=False)

    def __attrs_post_init__(self) -> None:
        limits = PeerLimits(message=self.framing.limits.frame)
        self.connection = Connection(self.framing, limits=limits, cancellation=LSP)

    @property
    def is_closed(self) -> bool:
        """True once the connection is over: the client says nothing more, and has every answer."""
        return self.connection.is_closed

    def receive_data(self, data: bytes, now: float) -> None:
        """Bytes from the client."""
        self.connection.receive_data(data, now)
        self._pass_on(now)

    def receive_eof(self, now: float) -> None:
        """The client will say nothing more. What it has asked for is still answered, as in `echo … | agent`."""
        self.connection.receive_eof(now)
        self._pass_on(now)

    def handle_timeout(self, now: float) -> None:
        """The time that `next_timeout` named has come."""
        self.connection.handle_timeout(now)
        self._pass_on(now)

    def next_timeout(self) -> float | None:
        """When `handle_timeout` wants to be called, or None."""
        return self.connection.next_timeout()

    def next_event(self) -> None:
        """There are none: requests go straight to the server."""

    def data_to_send(self) -> list[bytes]:
        """Bytes for the client."""
        return self.connection.data_to_send()

    def deliver(self, deliveries: Iterable[Delivery], now: float) -> None:
        """Take what the server has for this link."""
        if self._is_over:
            return
        for delivery in deliveries:
            call = delivery.request_id
            match delivery:
                case Items():
                    self._send_items(delivery, now)
                case Answered(result=result):
                    self._send_answer(call, Raw(result), now)
                case Refused(error=error):
                    self.connection.send_error(call, self._too_large.pop(call, error), now=now)
                case Ended(offset=offset, state=state) if call not in self._too_large:
                    self.connection.send_result(call, {"state": state.value, "offset": offset}, now=now)
                case Ended():
                    self.connection.send_error(call, self._too_large.pop(call), now=now)
                case _:
                    pass  # Opened: the first item says it
        self._end_if_answered(now)

    def _send_items(self, items: Items, now: float) -> None:
        call = items.request_id
        if call in self._too_large:
            return
        head = b'{"id":%b,"offset":' % dumps(call)
        run = [
            Raw(b'%b%d,"result":%b}' % (head, offset, result))
            for offset, result in zip(items.offsets, items.results, strict=True)
        ]
        try:
            self._send_run(run, now)
        except LocalProtocolError as refusal:  # a stream with a hole in it is none: the call ends with the reason
            self._too_large[call] = ErrorObject.of(Code.INTERNAL_ERROR, str(refusal))
            self.server.cancel_call(self.link, call, now)

    def _send_run(self, run: list[Raw], now: float) -> None:
        """Send all of it; or, if one cannot be sent, what comes before that, and raise LocalProtocolError."""
        try:
            self.connection.send_notifications(STREAM_METHOD, run, now=now)
        except LocalProtocolError:
            for each in run:
                self.connection.send_notification(STREAM_METHOD, each, now=now)

    def _send_answer(self, call: Id, result: Raw, now: float) -> None:
        try:
            self.connection.send_result(call, result, now=now)
        except LocalProtocolError as refusal:
            self.connection.send_error(call, ErrorObject.of(Code.INTERNAL_ERROR, str(refusal)), now=now)

    def _pass_on(self, now: float) -> None:
        while (event := self.connection.next_event()) is not None:
            match event:
                case RequestReceived():
                    service = read_meta(event.params, principal=self.principal, base_url=self.base_url)
                    self.server.receive(self.link, event.id, event.method, event.params, service, now)
                case CancelReceived():
                    self.server.cancel_call(self.link, event.id, now)
                case ConnectionClosed(error=error):
                    self._has_ended, self.error = True, error
                case _:
                    pass  # notifications ask for nothing here; what was malformed is answered already
        self._end_if_answered(now)

    def _end_if_answered(self, now: float) -> None:
        if self._has_ended and not self._is_over and not self.connection.unanswered:
            self._is_over = True
            self.server.disconnect(self.link, now)
