"""Peer: both ends of a JSON-RPC 2.0 conversation at once, in whole messages.

It matches answers with requests, keeps deadlines, takes batches apart and puts their answers together, and
refuses what is malformed. It knows nothing about bytes on a wire (see `hocket.connection`) and nothing about
what the methods mean.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from itertools import count
from math import isfinite

from attrs import define, field

from hocket.codec import JsonValue, Raw
from hocket.errors import (
    CodecError,
    ErrorObject,
    FramingError,
    HocketError,
    LimitExceeded,
    LocalProtocolError,
)
from hocket.jsonrpc.cancellation import Cancellation
from hocket.jsonrpc.events import (
    ConnectionClosed,
    ErrorReceived,
    Event,
    RequestTimedOut,
)
from hocket.jsonrpc.ids import Id
from hocket.jsonrpc.incoming import Incoming
from hocket.jsonrpc.limits import PeerLimits
from hocket.jsonrpc.messages import (
    Notification,
    Params,
    Request,
    encode_array,
    encode_call,
    encode_error,
    encode_notification,
    encode_notifications,
    encode_ping,
    encode_request,
    encode_result,
)
from hocket.jsonrpc.ours import OurRequests
from hocket.jsonrpc.outbox import Outbox
from hocket.jsonrpc.theirs import Owed, TheirRequests
from hocket.jsonrpc.usual import LONGEST, UsualCalls

__all__ = ["Peer"]


_VALUES = UsualCalls({})


def _counted() -> Callable[[], str]:
    numbers = count(1)
    return lambda: str(next(numbers))


def _deadline(now: float, timeout: float | None) -> float | None:
    if timeout is None:
        return None
    if not (isfinite(timeout) and timeout >= 0):
        raise LocalProtocolError(f"a timeout is a number of seconds, 0 or more, or None; not {timeout!r}")
    return now + timeout


@define(eq=False, kw_only=True)
class Peer:
    """One side of a conversation. Both sides may ask; both may send batches.

    After any call, drain `next_event`, send `messages_to_send`, and call `handle_timeout` when `next_timeout`
    has come. A command that is refused raises LocalProtocolError and changes nothing; nothing that the peer
    sends raises. Heartbeat requests of the peer (`$/ping`) are answered here and are no events.

    Args:
        limits: How much may be asked and held.
        cancellation: How requests are cancelled, both ways; None if the peers have no way to.
        new_id: Gives the ids of requests that name none, each once. By default "1", "2", …
        wrap: What the transport does to each message before it is written, where that can be refused. A pure
            function that raises LocalProtocolError.
        usual: What reads the calls that are written in the usual way, so that the `params` of their events are objects
            of our caller's; None for nothing. It is a short cut that not every call takes: be ready for values, too.

    >>> client, server = Peer(), Peer()
    >>> asked = client.send_request("add", [1, 2], now=0.0, timeout=5.0)
    >>> for message in client.messages_to_send():
    ...     server.receive_message(message, now=0.1)
    >>> server.next_event()
    RequestReceived(id='1', method='add', params=[1, 2])
    >>> server.send_result(asked, 3, now=0.2)
    >>> for message in server.messages_to_send():
    ...     client.receive_message(message, now=0.3)
    >>> client.next_event()
    ResultReceived(id='1', method='add', result=3)
    """

    limits: PeerLimits = field(factory=PeerLimits)
    cancellation: Cancellation | None = None
    new_id: Callable[[], str] | None = None
    wrap: Callable[[bytes], bytes] = bytes
    usual: UsualCalls | None = None
    _ours: OurRequests = field(init=False)
    _theirs: TheirRequests = field(factory=TheirRequests, init=False)
    _events: deque[Event] = field(factory=deque, init=False)
    _outbox: Outbox = field(init=False)
    _incoming: Incoming = field(init=False)
    _ended: bool = field(default=False, init=False)
    _closed: bool = field(default=False, init=False)

    def __attrs_post_init__(self) -> None:
        if self.cancellation is not None:  # timeouts send it later, where nothing may raise
            _cancel_text(self.cancellation, None, self.limits)
        self._ours = OurRequests(self.limits, self.new_id or _counted())
        self._outbox = Outbox(self.limits.message, self.wrap)
        usual = (self.usual or _VALUES) if min(self.limits.id, self.limits.method) >= LONGEST else None
        self._incoming = Incoming(
            self.limits, self.cancellation, self._ours, self._theirs, self._outbox, self._events, usual
        )

    # --- what comes out

    @property
    def is_closed(self) -> bool:
        """True once nothing more will come out: it is closed, and its events and messages were taken."""
        return self._closed and not self._events and not self._outbox

    @property
    def pending(self) -> tuple[Id, ...]:
        """The ids of our requests that have no answer yet, oldest first."""
        return self._ours.ids

    @property
    def unanswered(self) -> tuple[Id, ...]:
        """The ids of the peer's requests that we have not answered yet, oldest first."""
        return self._theirs.ids

    def next_event(self) -> Event | None:
        """The next thing that happened, or None when all has been told."""
        return self._events.popleft() if self._events else None

    def messages_to_send(self) -> list[bytes]:
        """Messages to send now, in order and wrapped by `wrap`; they are handed out once."""
        return self._outbox.take()

    def next_timeout(self) -> float | None:
        """When `handle_timeout` wants to be called: the earliest deadline of a request, or None."""
        return self._ours.next_timeout()

    # --- commands

    def send_request(
        self,
        method: str,
        params: Params = None,
        *,
        now: float,
        timeout: float | None = None,
        id: Id = None,  # noqa: A002  # the name JSON-RPC gives it
    ) -> Id:
        """Ask the peer. Ends in exactly one of: a result, an error, a timeout, the close of the connection.

        Args:
            method: What to ask.
            params: An array, an object, or None for no params.
            now: The time in seconds.
            timeout: Seconds to wait for the answer, None for as long as the connection lasts.
            id: The id to use, None for a new one.

        Returns:
            The id, as the events about this request will have it.

        Raises:
            LocalProtocolError: The id is pending already, a value is malformed or over a limit, or nothing
                more can be received.
        """
        self._check_receiving()
        deadline = _deadline(now, timeout)
        call = encode_call(method, params, self.limits)
        (asked,) = self._ours.choose([id])
        self._outbox.send(encode_request(asked, call))
        self._ours.add(asked, method, deadline)
        return asked

    def send_notification(self, method: str, params: Params = None, *, now: float) -> None:
        """Tell the peer something that has no answer.

        Args:
            method: What to tell.
            params: An array, an object, or None for no params.
            now: The time in seconds.

        Raises:
            LocalProtocolError: A value is malformed or over a limit, or the connection is closed.
        """
        self._check_open()
        call = encode_call(method, params, self.limits)
        self._outbox.send(encode_notification(call))

    def send_notifications(self, method: str, params: Sequence[Raw], *, now: float) -> None:
        """`send_notification` of each of several params; where one is refused, none is sent."""
        self._check_open()
        self._outbox.send_all(encode_notifications(method, params, self.limits))

    def send_batch(
        self, calls: Sequence[Request | Notification], *, now: float, timeout: float | None = None
    ) -> list[Id]:
        """Send several requests and notifications as one message. Their answers come as if sent alone.

        Args:
            calls: What to send, at least one.
            now: The time in seconds.
            timeout: Seconds to wait for each answer, None for as long as the connection lasts.

        Returns:
            The ids of the requests, in their order.

        Raises:
            LocalProtocolError: As for `send_request`; or there are no calls, or more than `limits.batch`.
        """
        self._check_receiving()
        if not calls:
            raise LocalProtocolError("a batch has at least one message")
        if len(calls) > self.limits.batch:
            raise LocalProtocolError(str(LimitExceeded("batch", self.limits.batch, len(calls))))
        deadline = _deadline(now, timeout)
        texts = [encode_call(call.method, call.params, self.limits, in_batch=True) for call in calls]
        requests = [call for call in calls if isinstance(call, Request)]
        ids = self._ours.choose([call.id for call in requests])
        unused = iter(ids)
        parts = [
            encode_request(next(unused), text) if isinstance(call, Request) else encode_notification(text)
            for call, text in zip(calls, texts, strict=True)
        ]
        self._outbox.send(encode_array(parts))
        for request_id, call in zip(ids, requests, strict=True):
            self._ours.add(request_id, call.method, deadline)
        return ids

    def send_result(self, id: Id, result: JsonValue | Raw, *, now: float) -> None:  # noqa: A002  -- JSON-RPC names it so
        """Answer a request of the peer.

        Args:
            id: The id of its RequestReceived.
            result: Any JSON value, or `hocket.codec.Raw` for text that is JSON already.
            now: The time in seconds.

        Raises:
            LocalProtocolError: No such request waits for an answer, or the result cannot be written as JSON
                or is over a limit; then the request still waits.
        """
        owed = self._owed(id)
        self._answer(owed, encode_result(owed.id, result, in_batch=owed.batch is not None))

    def send_error(self, id: Id, error: ErrorObject, *, now: float) -> None:  # noqa: A002  -- JSON-RPC names it so
        """Answer a request of the peer with an error.

        Args:
            id: The id of its RequestReceived.
            error: What went wrong.
            now: The time in seconds.

        Raises:
            LocalProtocolError: As for `send_result`.
        """
        owed = self._owed(id)
        self._answer(owed, encode_error(owed.id, error, in_batch=owed.batch is not None))

    def cancel(self, id: Id, *, now: float) -> None:  # noqa: A002  -- JSON-RPC names it so
        """Tell the peer that the answer to a request of ours is no longer wanted.

        The request goes on until it is answered, or until its timeout; with a convention whose cancelled
        requests are not answered it ends now, in an ErrorReceived that has the code of the convention.

        Args:
            id: The id of a request of ours that has no answer yet.
            now: The time in seconds.

        Raises:
            LocalProtocolError: There is no such request, or no convention for cancelling.
        """
        self._check_receiving()
        if self.cancellation is None:
            raise LocalProtocolError("this peer was given no convention for cancelling requests")
        asked = self._ours.get(id)
        if asked is None:
            raise LocalProtocolError(f"no request with the id {id!r} waits for an answer")
        self._outbox.send(_cancel_text(self.cancellation, asked.id, self.limits))
        if not self.cancellation.answered:
            self._ours.end(asked.id)
            error = ErrorObject(self.cancellation.code, "Request cancelled")
            self._events.append(ErrorReceived(id=asked.id, method=asked.method, error=error))

    def send_ping(self, *, now: float) -> None:
        """Ask the peer for a sign of life. Its answer, if any, is no event. Does nothing after the end.

        Args:
            now: The time in seconds.
        """
        if not self._ended:
            self._outbox.reply(encode_ping(self._ours.next_ping()))

    def refuse_frame(self, error: CodecError | FramingError | LimitExceeded, *, now: float) -> None:
        """The transport received something that is no message: answer with an error and report it.

        Args:
            error: What was wrong. A LimitExceeded is answered with -32600 and the limit, the others with -32700
                (JSON-RPC 2.0 section 5.1).
            now: The time in seconds.
        """
        if not self._ended:
            self._incoming.refuse(error)

    def receive_end(self, *, now: float, error: HocketError | None = None) -> None:
        """The peer will send nothing more: our pending requests end in a ConnectionClosed.

        What the peer has asked can still be answered (it may have closed one direction only, as the shell
        does in `echo … | agent`); after the last answer this side is closed too.

        Args:
            now: The time in seconds.
            error: Why, or None if this is an orderly end.
        """
        if self._ended:
            return
        self._ended = True
        self._events.append(ConnectionClosed(error=error, pending=self._ours.end_all()))
        self._closed = not self._theirs

    def close(self, now: float, error: HocketError | None = None) -> None:
        """End the conversation in both directions: no command is taken after this. Twice is harmless.

        Messages not yet taken from `messages_to_send` can still be taken.

        Args:
            now: The time in seconds.
            error: Why, or None if this is an orderly end.
        """
        self.receive_end(now=now, error=error)
        self._closed = True
        self._theirs.end_all()

    # --- input

    def receive_message(self, data: bytes, now: float) -> CodecError | None:
        """Take one message from the peer: a request, a notification, a response, or a batch of them.

        Args:
            data: The JSON text. After the end of the conversation it is ignored.
            now: The time in seconds.

        Returns:
            Why the text is no JSON, None if it is. The peer was answered and the event is there already; a
            transport can tell by it that a stream broke off in the middle of a message.
        """
        return None if self._ended else self._incoming.receive(data)

    def handle_timeout(self, now: float) -> None:
        """End the requests whose time is over, and cancel them where there is a convention for that.

        Args:
            now: The time in seconds; being early or late is harmless.
        """
        for asked in self._ours.expire(now):
            self._events.append(RequestTimedOut(id=asked.id, method=asked.method))
            if self.cancellation is not None:
                self._outbox.reply(_cancel_text(self.cancellation, asked.id, self.limits))

    def _check_open(self) -> None:
        if self._closed:
            raise LocalProtocolError("the connection is closed")

    def _check_receiving(self) -> None:
        self._check_open()
        if self._ended:
            raise LocalProtocolError("the peer sends nothing more, so nothing can be asked")

    def _owed(self, request_id: Id) -> Owed:
        self._check_open()
        owed = self._theirs.get(request_id)
        if owed is None:
            raise LocalProtocolError(f"no request of the peer with the id {request_id!r} waits for an answer")
        return owed

    def _answer(self, owed: Owed, text: bytes) -> None:
        self._outbox.answer(text, owed.batch, owed.place)
        self._theirs.end(owed.id)
        self._closed = self._ended and not self._theirs


def _cancel_text(cancellation: Cancellation, request_id: Id, limits: PeerLimits) -> bytes:
    return encode_notification(encode_call(cancellation.method, {cancellation.id_member: request_id}, limits))
