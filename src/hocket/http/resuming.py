"""ResumingCall: a call over HTTP that asks again where its stream was cut, until it has the whole answer. No I/O.

How one question and its answer look as bytes is the business of `HttpCall` and its binding; here is what to ask next
(A2A 1.0 section 3.1.6, 0.3 section 7.9, and our decisions where they are silent):

    stream ──cut──> wait ──> subscribe ──settled──> its last event
                     ^           │ refused: it may be over by now
                     └─ not yet ─┴─> get the task ──> the task is the last event

A stream is resumed once its task is known, never before: the message may be at work already, and is not sent twice.
A subscription has its task from the start, so that its first attempt is one like the others.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto
from typing import Generic, Protocol, TypeVar

from attrs import define, evolve, field

from hocket.a2a import (
    V0_3,
    ClientCall,
    Ending,
    GetTaskRequest,
    Operation,
    StreamEvent,
    StreamReader,
    SubscribeToTaskRequest,
    Task,
)
from hocket.a2a.states import settles
from hocket.backoff import Backoff
from hocket.entropy import Entropy
from hocket.errors import AuthenticationError, ConnectionFailed, HocketError, RequestTimeout, RpcError
from hocket.http.messages import Headers
from hocket.http.retry_after import seconds_to_wait

__all__ = ["Carrier", "ResumingCall"]

Asked_co = TypeVar("Asked_co", covariant=True)
"""What a question looks like to the transport: a `Request`, over HTTP."""

_PASSING = (408, 425, 429, 502, 503, 504)
"""Statuses of a server, or of what stands before it, that says: not now."""

_SHORTEST = 0.001
"""Seconds that a first delay has at the least: a server may ask for none at all with `retry: 0`."""


class Carrier(Protocol[Asked_co]):
    """One question and its answer: what `HttpCall` and the questions on a WebSocket have in common."""

    call: ClientCall

    @property
    def retry(self) -> float | None:
        """Seconds that the stream wants its readers to wait before they come back (`retry`), if it said so."""

    def next_request(self) -> Asked_co | None:
        """What to ask, once."""

    def receive_head(self, status: int, headers: Headers, now: float) -> None:
        """The status and header fields (names in lower case) of the response."""

    def receive_data(self, data: bytes, now: float) -> None:
        """Bytes of the body."""

    def receive_eof(self, now: float) -> None:
        """The body is complete."""

    def receive_failure(self, error: HocketError, now: float) -> None:
        """The connection broke."""


class _Step(Enum):
    FIRST = auto()
    SUBSCRIBE = auto()
    GET = auto()


@define(eq=False)
class _Pause:
    """How long to wait between two questions, by ourselves and by what the server has said."""

    until: float | None = None
    _retry: float | None = None
    _retry_after: float = 0.0

    def note_retry(self, seconds: float | None) -> None:
        self._retry = self._retry if seconds is None else max(seconds, _SHORTEST)

    def note_retry_after(self, seconds: float) -> None:
        """What the server wants before the next question, and only before that one."""
        self._retry_after = seconds

    def begin(self, backoff: Backoff, attempt: int, random: float, now: float) -> None:
        asked_for = backoff if self._retry is None else evolve(backoff, base=self._retry)
        delay = asked_for.delay(attempt, random)
        self.until = now + min(max(delay, self._retry_after), backoff.maximum)
        self._retry_after = 0.0


@define(eq=False)
class ResumingCall(Generic[Asked_co]):
    """One call and all that is asked on its behalf. A call that does not stream is asked once.

    As long as it is not `is_closed`: send what `next_request` gives and hand in the response until `is_reading` is
    False; where it gives None, wait until `next_timeout` and call `handle_timeout`. Drain `next_event` after each call.

    Args:
        call: What is asked. If it streams, it must be `is_resumable`.
        carry: Puts a call on HTTP: the binding, the address and the header fields are its own.
        backoff: How long to wait before each attempt, and after how many in a row without any news a stream is given
            up; None to resume nothing. A `retry` in the stream replaces its base, and `Retry-After` is waited for,
            up to its maximum.
        entropy: Where the jitter comes from.

    Attributes:
        refusal: Why there is no answer at all, if the first question failed before a body came.
        is_reading: Whether (more of) the response to the last request is wanted.
    """

    call: ClientCall
    carry: Callable[[ClientCall], Carrier[Asked_co]]
    backoff: Backoff | None
    entropy: Entropy
    refusal: HocketError | None = field(default=None, init=False)
    is_reading: bool = field(default=False, init=False)
    _carrier: Carrier[Asked_co] = field(init=False)
    _step: _Step = field(default=_Step.FIRST, init=False)
    _status: int = field(default=0, init=False)
    _asked: int = field(default=0, init=False)
    _attempts: int = field(default=0, init=False)
    _news: int = field(default=0, init=False)
    _reason: HocketError | None = field(default=None, init=False)
    _pause: _Pause = field(factory=_Pause, init=False)

    def __attrs_post_init__(self) -> None:
        self._carrier = self.carry(self.call)

    @property
    def is_closed(self) -> bool:
        """True once the answer, or the end of the stream, is known."""
        return self._reader.is_closed if self.call.is_streaming else self.call.is_closed

    def next_event(self) -> StreamEvent | None:
        """The next event of a stream, or None when all has been told."""
        return self.call.next_event()

    def next_request(self) -> Asked_co | None:
        """What to ask now, once; None where there is nothing to ask (yet). The `path` of a Request is the whole URL."""
        request = None if self.is_closed else self._carrier.next_request()
        self.is_reading = self.is_reading or request is not None
        return request

    def next_timeout(self) -> float | None:
        """When `handle_timeout` wants to be called, or None."""
        return None if self.is_closed else self._pause.until

    def handle_timeout(self, now: float) -> None:
        """Ask again, if it is time to."""
        until = self._pause.until
        if until is not None and now >= until and not self.is_closed:
            self._pause.until = None
            self._ask(self._next_step())

    def receive_head(self, status: int, headers: Headers, now: float) -> None:
        """The status and header fields (names in lower case) of the response."""
        if not self.is_reading:
            return
        fields = dict(headers)
        self._status = status
        self._pause.note_retry_after(seconds_to_wait(fields))
        self._carrier.receive_head(status, headers, now)
        is_stream = status == 200 and _is_event_stream(fields)
        can_refuse = self.call.dialect is V0_3  # by a stream: whether it goes on, its first item will tell
        if is_stream and self._step is _Step.SUBSCRIBE and not can_refuse:
            self._reader.resume()
        self._judge(now)
        self._note_refusal()

    def receive_data(self, data: bytes, now: float) -> None:
        """Bytes of the body."""
        if self.is_reading:
            self._carrier.receive_data(data, now)
            self._judge(now)

    def receive_eof(self, now: float) -> None:
        """The body is complete."""
        if self.is_reading:
            self._carrier.receive_eof(now)
            self._judge(now)

    def receive_failure(self, error: HocketError, now: float) -> None:
        """The server cannot be reached, or the connection broke."""
        if self.is_reading:
            self._carrier.receive_failure(error, now)
            self._judge(now)
            if not self._status:
                self._note_refusal()

    def leave(self, now: float) -> None:
        """The client goes: nothing more is asked, and what has come by now is all there is. The task goes on."""
        if self.is_closed:
            return
        self.is_reading = False
        error = ConnectionFailed("the client was closed")
        if self.call.is_streaming:
            self._reader.receive_end(error)
        else:
            self.call.fail(error)

    @property
    def _reader(self) -> StreamReader:
        return self.call.reader

    def _note_refusal(self) -> None:
        is_put_off = self._pause.until is not None
        if self._step is _Step.FIRST and self.call.ending is not None and not is_put_off:
            self.refusal = self.call.ending.reason

    def _judge(self, now: float) -> None:
        """The answer to one question has ended: is that the end?"""
        carried = self._carrier.call
        if not carried.is_closed:
            return
        self.is_reading = False
        self._pause.note_retry(self._carrier.retry)
        if self.is_closed:
            return
        if self._step is _Step.GET:
            self._judge_task(carried, now)
        elif self._reader.wants_task:
            self._ask(_Step.GET)
        else:
            assert carried.ending is not None, "a stream that is resumable keeps how it ended"
            self._judge_end(carried.ending, now)

    def _judge_end(self, ending: Ending, now: float) -> None:
        reader = self._reader
        if ending.how == "ended" and reader.is_settled:
            if reader.is_patchy:
                self._look_at_task(ending.reason or ConnectionFailed("the stream ended, and the task goes on"))
            else:
                ending.tell(reader)
        elif self.backoff is None or reader.task_id is None or self._is_refused(ending):
            self._give_up(ending)
        elif self.call.as_stream and self._step is _Step.FIRST:
            self._lose(ConnectionFailed("the agent does not stream, and answered before it was done"), now)
        elif ending == Ending("ended") and self._is_untold:
            self._look_at_task(ConnectionFailed("the server ends the stream without a word"))
        elif ending.how == "ended" or self._is_passing(ending.reason):
            self._lose(ending.reason, now)
        elif isinstance(ending.reason, RpcError) and reader.is_waiting:
            self._look_at_task(ending.reason)
        elif isinstance(ending.reason, AuthenticationError):
            reader.receive_end(ending.reason)
        else:
            ending.tell(reader)

    def _look_at_task(self, reason: HocketError) -> None:
        """Get the task: it may be over. If it is not, the stream was lost for that reason."""
        self._reason = reason
        self._ask(_Step.GET)

    def _judge_task(self, carried: ClientCall, now: float) -> None:
        reader, reason = self._reader, self._reason
        self._reason = None
        if self._is_passing(carried.error):
            self._lose(carried.error, now)
        elif not isinstance(carried.answer, Task):
            reader.receive_end(carried.error)
        elif reader.wants_task or settles(carried.answer.state):
            reader.conclude(carried.answer)
        else:
            # What follows the last number is in the task as well: it is asked for once more, or counts as read.
            if carried.answer != reader.task and (reader.offset is None or isinstance(reason, RpcError)):
                reader.receive(carried.answer)
                reader.offset = None
            if reason is None and not self.call.as_stream:
                self._ask(_Step.SUBSCRIBE)
            else:
                self._lose(reason, now)

    def _lose(self, reason: HocketError | None, now: float) -> None:
        """The stream was cut, or an attempt to resume it failed: once more, after a while."""
        reader, backoff = self._reader, self.backoff
        if reader.is_closed or backoff is None:
            return
        if reader.news != self._news:
            self._attempts, self._news = 0, reader.news
        if backoff.allows(self._attempts):
            reader.interrupt(reason)
            self._pause.begin(backoff, self._attempts, self.entropy.random(), now)
            self._attempts += 1
        else:
            why = "" if reason is None else f"{reason}; "
            reader.receive_end(f"{why}it could not be resumed in {backoff.attempts} attempts")

    def _give_up(self, ending: Ending) -> None:
        """The end of a stream that cannot be resumed."""
        reader = self._reader
        if ending.how != "ended" or reader.task_id is not None:
            ending.tell(reader)
            return
        why = "" if ending.reason is None else f"{ending.reason}; "
        reader.receive_end(f"{why}the agent may be at work on the message all the same")

    def _next_step(self) -> _Step:
        """0.3 has no snapshot at the start of a subscription: unless offsets close the gap, the task must be got."""
        reader = self._reader
        if reader.wants_task or self.call.as_stream:
            return _Step.GET
        return _Step.GET if self.call.dialect is V0_3 and reader.offset is None else _Step.SUBSCRIBE

    def _ask(self, step: _Step) -> None:
        """Have one more question ready."""
        reader, tenant = self._reader, self.call.params.tenant
        assert reader.task_id is not None, "nothing is asked before the task is known"
        self._asked += 1
        self._step = step
        request_id = f"{self.call.request_id}.{self._asked}"
        dialect, limits = self.call.dialect, self.call.limits
        if step is _Step.GET:
            get = GetTaskRequest(id=reader.task_id, tenant=tenant)
            call = ClientCall(Operation.GET, get, dialect, request_id, limits=limits)
        else:
            subscribe = SubscribeToTaskRequest(id=reader.task_id, tenant=tenant)
            seen = reader.offset
            call = ClientCall(
                Operation.SUBSCRIBE, subscribe, dialect, request_id, seen, limits, is_resumable=True, reader=reader
            )
        self._carrier = self.carry(call)

    @property
    def _is_untold(self) -> bool:
        """Whether the last answer told nothing: all there is may have been seen before."""
        return self._reader.is_waiting or not self._reader.news

    def _is_refused(self, ending: Ending) -> bool:
        """Whether there is no stream at all, and none to be expected.

        A task that is to be read on is there before its stream is: nobody may be at the door for the moment.
        """
        if self._step is not _Step.FIRST or ending.how == "ended":
            return False
        is_moment = (not self._status or self._status in _PASSING) and self._is_passing(ending.reason)
        return self.call.operation is not Operation.SUBSCRIBE or not is_moment

    def _is_passing(self, reason: HocketError | None) -> bool:
        """Whether it may be otherwise in a moment."""
        return isinstance(reason, ConnectionFailed | RequestTimeout) or (
            isinstance(reason, RpcError) and self._status in _PASSING
        )


def _is_event_stream(fields: dict[str, str]) -> bool:
    return fields.get("content-type", "").partition(";")[0].strip().lower() == "text/event-stream"
