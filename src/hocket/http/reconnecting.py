"""ReconnectingClient: a client's calls over WebSockets, of which one after the other may break. No I/O.

On one connection it is a `PipeClient`, and each call is a `ResumingCall`: a stream that lost its connection waits for a
while, then asks on the next one for what it has not seen. All the streams of a connection wait for the same time, and
share the next one.
"""

from __future__ import annotations

from collections.abc import Mapping

from attrs import define, field

from hocket.a2a import V1_0, ClientCall, ClientLimits, Operation, Params, PipeClient
from hocket.backoff import Backoff
from hocket.entropy import Entropy
from hocket.errors import ConnectionFailed, HocketError, LocalProtocolError
from hocket.framing import Ndjson
from hocket.http.messages import Headers
from hocket.http.resuming import ResumingCall
from hocket.timers import Timers, soonest

__all__ = ["ReconnectingClient"]


@define(eq=False)
class _Question:
    """One question on a connection, as a `Carrier`: what is answered goes to its call without coming by here."""

    call: ClientCall
    retry: None = field(default=None, init=False)
    _is_asked: bool = field(default=False, init=False)

    def next_request(self) -> ClientCall | None:
        """What to ask, once."""
        is_new, self._is_asked = not self._is_asked, True
        return self.call if is_new else None

    def receive_head(self, status: int, headers: Headers, now: float) -> None:
        """There are no heads."""

    def receive_data(self, data: bytes, now: float) -> None:
        """Something came, and is in the call."""

    def receive_eof(self, now: float) -> None:
        """There are no bodies."""

    def receive_failure(self, error: HocketError, now: float) -> None:
        """There is no connection to ask on."""
        self.call.fail(error)


@define(eq=False)
class _Open:
    """A call that somebody waits for, and what is asked on its behalf at present."""

    machine: ResumingCall[ClientCall]
    question: ClientCall


@define(eq=False)
class ReconnectingClient:
    """Any number of calls of one client. Its events are the calls to which something happened.

    Whenever it `wants_connection`, make one, and say with `connect` that it is there, or with `receive_end` why not.
    While there is one, hand in what it gives, a message in each line, send what there is for it, and say with
    `receive_end` how it ended.

    Args:
        limits: Of what comes back.
        backoff: When to resume a stream that was cut; None for never.
        entropy: Where the jitter comes from.
        headers: Service parameters of each call, beside the version.
        timeout: Seconds in which something has to come in answer to a question; None for no end.
        peer: What the server is called in errors.
    """

    limits: ClientLimits
    backoff: Backoff | None
    entropy: Entropy
    headers: Mapping[str, str] = field(factory=dict)
    timeout: float | None = None
    peer: str = "the agent"
    _pipe: PipeClient | None = field(default=None, init=False)
    _open: dict[ClientCall, _Open] = field(factory=dict, init=False)
    _askers: dict[ClientCall, ClientCall] = field(factory=dict, init=False)
    _unasked: dict[ClientCall, None] = field(factory=dict, init=False)
    _touched: dict[ClientCall, None] = field(factory=dict, init=False)
    _pauses: Timers[ClientCall] = field(factory=lambda: Timers(), init=False)
    _jitter: float = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._jitter = self.entropy.random()

    @property
    def is_idle(self) -> bool:
        """Whether nobody waits for anything."""
        return not self._open

    @property
    def wants_connection(self) -> bool:
        """Whether something is to be asked, and there is no connection."""
        return self._pipe is None and bool(self._unasked)

    @property
    def unread(self) -> int:
        """Events that came and were not taken yet, over all open calls."""
        return sum(call.reader.unread for call in self._open)

    def call(self, operation: Operation, params: Params, now: float, last_event_id: int | None = None) -> ClientCall:
        """Ask for something: now, or as soon as there is a connection. In the end, `drop` the call.

        Args:
            operation: What.
            params: Its parameters.
            now: Seconds on the caller's monotonic clock.
            last_event_id: Of a subscription: offset of the last event that was seen.

        Raises:
            LocalProtocolError: Too much is in flight, or the request is too long. Nothing was sent.
        """
        call = ClientCall(operation, params, V1_0, "", last_event_id, self.limits, is_resumable=True)
        if self._pipe is None:
            self._unasked[call] = None
        else:
            self._pipe.ask(call, now, self._headers_of(call))
        machine = ResumingCall(call, _Question, self.backoff, Entropy(self.entropy.new_id, lambda: self._jitter))
        machine.next_request()
        self._open[call], self._askers[call] = _Open(machine, call), call
        return call

    def refusal(self, call: ClientCall) -> HocketError | None:
        """Why a call was never asked, and its stream not begun; None where it was, or may be yet."""
        return self._open[call].machine.refusal

    def listen(self, call: ClientCall, now: float) -> None:
        """Somebody waits for what comes next to this call, and not for ever: see `PipeClient.listen`.

        A stream that goes on may be silent for as long as the agent is: whether the connection lives, pings tell.
        """
        if self._pipe is not None and (call.reader.is_waiting or not call.reader.news):
            self._pipe.listen(self._open[call].question, now)

    def is_over(self, call: ClientCall) -> bool:
        """Whether the answer to a call, or the end of its stream, is known."""
        return self._open[call].machine.is_closed

    def drop(self, call: ClientCall, now: float) -> None:
        """The caller wants nothing more of this call: the server is told, the task goes on."""
        opened = self._open.pop(call, None)
        if opened is None:
            return
        self._pauses.clear(call)
        self._touched.pop(call, None)
        self._askers.pop(opened.question, None)
        self._unasked.pop(opened.question, None)
        if self._pipe is not None:
            self._pipe.drop(opened.question, now)

    def leave(self, now: float) -> None:
        """The client goes, and the connection with it: every open call ends, and none is asked again."""
        self._pipe = None
        self._unasked.clear()
        for call, opened in self._open.items():
            opened.machine.leave(now)
            self._pauses.clear(call)
            self._touched[call] = None

    def connect(self, now: float) -> None:
        """There is a new connection: what waited for it is asked."""
        framing = Ndjson(self.limits.framing)
        self._pipe = PipeClient(framing, V1_0, self.limits, timeout=self.timeout, peer=self.peer)
        unasked, self._unasked = self._unasked, {}
        for question in unasked:
            self._touched[self._askers[question]] = None  # it may `listen` now
            self._ask(question, now)

    def receive_data(self, data: bytes, now: float) -> None:
        """Bytes from the server."""
        if self._pipe is not None:
            self._pipe.receive_data(data, now)
            self._route(self._pipe, now)

    def receive_end(self, error: HocketError, now: float) -> None:
        """The connection broke, or there is none to be had.

        Args:
            error: Why. After a ConnectionFailed, streams are resumed; anything else would be the same the next time.
            now: The time in seconds.
        """
        pipe, self._pipe = self._pipe, None
        unasked, self._unasked = self._unasked, {}
        for question in unasked:
            call = self._askers.pop(question)
            self._open[call].machine.receive_failure(error, now)
            self._go_on(call, now)
        if pipe is not None:
            if not isinstance(error, ConnectionFailed):
                for question in self._askers:
                    question.fail(error)
            pipe.fail(error)
            self._route(pipe, now)

    def handle_timeout(self, now: float) -> None:
        """The time that `next_timeout` named has come."""
        if self._pipe is not None:
            self._pipe.handle_timeout(now)
            self._route(self._pipe, now)
        self._jitter = self.entropy.random()
        for call in self._pauses.due(now):
            self._open[call].machine.handle_timeout(now)
            self._go_on(call, now)

    def next_timeout(self) -> float | None:
        """When `handle_timeout` wants to be called, or None."""
        return soonest(self._pauses.next_timeout(), None if self._pipe is None else self._pipe.next_timeout())

    def data_to_send(self) -> list[bytes]:
        """Bytes for the server."""
        return [] if self._pipe is None else self._pipe.data_to_send()

    def next_event(self) -> ClientCall | None:
        """A call to which something happened since it was last given, or None."""
        for call in self._touched:
            del self._touched[call]
            return call
        return None

    def _headers_of(self, question: ClientCall) -> Mapping[str, str]:
        seen = question.last_event_id
        return self.headers if seen is None else {**self.headers, "Last-Event-ID": str(seen)}

    def _ask(self, question: ClientCall, now: float) -> None:
        if self._pipe is None:
            self._unasked[question] = None
            return
        try:
            self._pipe.ask(question, now, self._headers_of(question))
        except LocalProtocolError as error:  # too much is in flight; nobody is there who could be told otherwise
            question.fail(error)
            self._look(question, now)

    def _route(self, pipe: PipeClient, now: float) -> None:
        while (question := pipe.next_event()) is not None:
            self._look(question, now)

    def _look(self, question: ClientCall, now: float) -> None:
        """Something happened to a question."""
        call = self._askers.get(question)
        if call is None:
            return  # its call was dropped
        if question.is_closed:
            del self._askers[question]
        self._open[call].machine.receive_data(b"", now)
        self._go_on(call, now)

    def _go_on(self, call: ClientCall, now: float) -> None:
        """Ask what is to be asked next on behalf of a call, or wait until it is time to."""
        self._touched[call] = None
        opened = self._open[call]
        question = opened.machine.next_request()
        if question is not None:
            opened.question, self._askers[question] = question, call
            self._ask(question, now)
        elif (at := opened.machine.next_timeout()) is not None:
            self._pauses.set(call, at)
