"""Outcomes: what follows from the answers of the hub, for our caller and for the streams."""

from __future__ import annotations

from collections.abc import Callable
from math import isfinite
from types import MappingProxyType
from typing import ClassVar, Final

from attrs import define

from hocket.acp.client.answers import StreamAnswer, read_answer
from hocket.acp.client.events import Answered, BatchFailed, Failed
from hocket.acp.client.inbox import event_number
from hocket.acp.client.keeping import Keeping
from hocket.acp.client.replica import Replica
from hocket.acp.client.replicas import Replicas
from hocket.acp.client.requests import Asked, Outcome, Purpose, Requests
from hocket.acp.model import StreamStatus
from hocket.acp.states import ClientInput
from hocket.acp.wire import ACP, EndParams, StartParams
from hocket.codec import JsonValue
from hocket.errors import (
    Code,
    CodecError,
    ConnectionFailed,
    HocketError,
    NotSupported,
    RequestTimeout,
    ResumeUnsupported,
    RpcError,
)

__all__ = ["Outcomes"]

_LONGEST_WAIT: Final = 3_600.0
"""Seconds of `retryAfter` that we believe a hub."""

_FOR_THE_MOMENT: Final = frozenset({int(Code.STREAM_PAUSED), int(Code.OVERLOADED)})


@define(eq=False, repr=False)
class Outcomes:
    """What is done with results and errors, by the purpose of the request.

    Args:
        agent: Who we are, as frames say it; None to say nothing.
        replicas: The streams.
        requests: What was asked.
        keeping: What keeps the streams connected.
    """

    agent: str | None
    replicas: Replicas
    requests: Requests
    keeping: Keeping

    def settle(self, outcome: Outcome, now: float) -> None:
        """A request has ended."""
        asked, error = outcome.asked, outcome.error
        if error is None:
            try:
                self._RESULTS[asked.purpose](self, asked, outcome.result, now)
            except CodecError as unreadable:
                error = unreadable
        if error is not None:
            self._FAILURES.get(asked.purpose, Outcomes._failed)(self, asked, error, now)
        replica = self._replica(asked)
        if replica is not None:
            self.replicas.touch(replica)

    # Results

    def _started(self, asked: Asked, result: JsonValue, now: float) -> None:
        answer = read_answer(result)
        stream_id = answer.stream.stream_id
        known = self.replicas.get(stream_id)
        if known is not None and known.is_over:
            self.replicas.forget(stream_id)
        replica = self.replicas.open(stream_id)
        replica.learn(ClientInput.START)
        missed = replica.missed is not None
        if replica.feed is None:
            replica.last = 0  # all that the others do in it is ours to hear
        self._answer(asked, answer.stream, stream_id)
        self._enter(replica, answer, now, anew=missed)

    def _joined(self, asked: Asked, result: JsonValue, now: float) -> None:
        replica, answer = self._replica(asked), read_answer(result)
        if replica is None:
            return
        anew = replica.missed is not None and asked.note is None  # it came while the join was on its way
        if replica.last is None:
            replica.last = replica.missed if anew else event_number(answer.last_event_id)
        self._answer(asked, answer.stream)
        self._enter(replica, answer, now, anew=anew)

    def _enter(self, replica: Replica, answer: StreamAnswer, now: float, *, anew: bool) -> None:
        """We are in: let us hear what happens. `anew`: some of it came already, before we could tell it."""
        self.replicas.touch(replica)
        if not self._admit(replica, answer, now) or replica.feed is not None:
            return
        if anew or self.replicas.listens_apart:
            self.keeping.attend(replica, now)
        else:
            self.keeping.attached(replica, now)

    def _attached(self, asked: Asked, result: JsonValue, now: float) -> None:
        replica, answer = self._replica(asked), read_answer(result)
        if replica is not None and self._admit(replica, answer, now):
            self.keeping.readmitted(replica, answer, now)
            self.keeping.attached(replica, now)

    def _resumed(self, asked: Asked, result: JsonValue, now: float) -> None:
        replica, answer = self._replica(asked), read_answer(result)
        stray = answer.stream.stream_id
        if stray != asked.stream_id:
            params = EndParams(stream_id=stray, reason="this stream was not asked for", agent_id=self.agent)
            ending = self.requests.add(Purpose.STRAY, "stream.end", ACP.writer(EndParams).to_json(params))
            self.requests.transmit([ending], now)
            reason = f"the hub cannot resume {asked.stream_id}: it started {stray} instead, which was ended"
            self._failed(asked, ResumeUnsupported(reason), now)
            return
        self._answer(asked, answer.stream)
        if replica is not None:
            self._admit(replica, answer, now)

    def _got(self, asked: Asked, result: JsonValue, now: float) -> None:
        replica, answer = self._replica(asked), read_answer(result)
        self._answer(asked, answer.stream)
        if replica is not None:
            self._admit(replica, answer, now)

    def _done(self, asked: Asked, result: JsonValue, now: float) -> None:
        self._answer(asked, result)

    def _ended(self, asked: Asked, result: JsonValue, now: float) -> None:
        self._answer(asked, result)
        if (replica := self._replica(asked)) is not None:
            self.keeping.ended_by_us(replica, asked.note, now)

    def _left(self, asked: Asked, result: JsonValue, now: float) -> None:
        self._answer(asked, result)
        if (replica := self._replica(asked)) is not None:
            self.keeping.left_by_us(replica, asked.note)

    def _paused(self, asked: Asked, result: JsonValue, now: float) -> None:
        self._answer(asked, result)
        if (replica := self._replica(asked)) is not None:
            replica.set_status(StreamStatus.PAUSED, now)

    def _posted(self, asked: Asked, result: JsonValue, now: float) -> None:
        if (replica := self._replica(asked)) is not None:
            replica.posting.arrive(asked.id)

    def _polled(self, asked: Asked, result: JsonValue, now: float) -> None:
        if (replica := self._replica(asked)) is not None:
            self.keeping.polled(replica, read_answer(result), now)

    def _last(self, asked: Asked, result: JsonValue, now: float) -> None:
        if (replica := self._replica(asked)) is not None:
            self.keeping.finished(replica, read_answer(result), now)

    def _nothing(self, asked: Asked, result: JsonValue, now: float) -> None:
        """Nobody waits for this."""

    # Failures

    def _failed(self, asked: Asked, error: HocketError, now: float) -> None:
        self._refuse(asked, error)
        if (replica := self._replica(asked)) is not None:
            self.keeping.learn(replica, error, now)

    def _not_joined(self, asked: Asked, error: HocketError, now: float) -> None:
        self._refuse(asked, error)
        if (replica := self._replica(asked)) is not None and replica.feed is None:  # else a start has let us in
            self.replicas.refuse(replica)

    def _not_attached(self, asked: Asked, error: HocketError, now: float) -> None:
        replica = self._replica(asked)
        if replica is None:
            return
        if isinstance(error, NotSupported) and replica.object is not None:  # it gives its events to every line
            replica.admit(replica.object, now)
            self.keeping.attached(replica, now)
        else:
            self.keeping.feed_lost(replica, now, error)

    def _not_ended(self, asked: Asked, error: HocketError, now: float) -> None:
        if isinstance(error, RpcError) and error.code == Code.STREAM_CLOSED:
            self._answer(asked, None)
            if (replica := self._replica(asked)) is not None:
                self.keeping.learn(replica, error, now)
        else:
            self._failed(asked, error, now)

    def _not_resumed(self, asked: Asked, error: HocketError, now: float) -> None:
        """A hub without stream.resume may still resume what a stream.start names (the source document says so)."""
        replica = self._replica(asked)
        if not isinstance(error, NotSupported) or replica is None or replica.object is None:
            self._failed(asked, error, now)
            return
        params = StartParams(participants=replica.object.participants, stream_id=replica.stream_id, agent_id=self.agent)
        text = ACP.writer(StartParams).to_json(params)
        again = self.requests.add(Purpose.RESTART, "stream.start", text, replica.stream_id, told=asked.told)
        self.requests.transmit([again], now)

    def _not_posted(self, asked: Asked, error: HocketError, now: float) -> None:
        replica = self._replica(asked)
        if replica is None or asked.posted is None:
            return
        delay = _delay(error)
        if delay is not None:
            replica.posting.fail(asked.id, now=now, delay=delay)
            return
        replica.posting.arrive(asked.id)
        failed = BatchFailed(stream_id=replica.stream_id, messages=(asked.posted.message,), error=error)
        self.replicas.tell([failed])
        self.keeping.learn(replica, error, now)

    def _not_polled(self, asked: Asked, error: HocketError, now: float) -> None:
        if (replica := self._replica(asked)) is not None:
            self.keeping.polled(replica, None, now)
            self.keeping.learn(replica, error, now)

    def _not_last(self, asked: Asked, error: HocketError, now: float) -> None:
        if (replica := self._replica(asked)) is None:
            return
        if isinstance(error, RpcError) and error.code == Code.PERMISSION_DENIED:
            self.keeping.learn(replica, error, now)  # sent away before the end: what came in between is not for us
        self.keeping.finished(replica, None, now)

    # Within

    def _replica(self, asked: Asked) -> Replica | None:
        return None if asked.stream_id is None or asked.is_past else self.replicas.get(asked.stream_id)

    def _answer(self, asked: Asked, result: JsonValue, stream_id: str | None = None) -> None:
        if asked.told is not None:
            self.replicas.tell([Answered(request_id=asked.told, stream_id=stream_id or asked.stream_id, result=result)])

    def _refuse(self, asked: Asked, error: HocketError) -> None:
        if asked.told is not None:
            self.replicas.tell([Failed(request_id=asked.told, stream_id=asked.stream_id, error=error)])

    def _admit(self, replica: Replica, answer: StreamAnswer, now: float) -> bool:
        """The hub says how a stream stands. Whether it is open."""
        if replica.is_over:
            return False
        if answer.stream.status is StreamStatus.CLOSED:
            replica.object = answer.stream
            self.keeping.closed(replica, now)
            return False
        replica.admit(answer.stream, now)
        return True

    _RESULTS: ClassVar[MappingProxyType[Purpose, Callable[[Outcomes, Asked, JsonValue, float], None]]] = (
        MappingProxyType(
            {
                Purpose.START: _started,
                Purpose.JOIN: _joined,
                Purpose.SAY: _done,
                Purpose.END: _ended,
                Purpose.PAUSE: _paused,
                Purpose.RESUME: _resumed,
                Purpose.RESTART: _resumed,
                Purpose.LEAVE: _left,
                Purpose.MEMBERS: _done,
                Purpose.GET: _got,
                Purpose.POST: _posted,
                Purpose.ATTACH: _attached,
                Purpose.POLL: _polled,
                Purpose.LAST: _last,
                Purpose.STRAY: _nothing,
            }
        )
    )
    _FAILURES: ClassVar[MappingProxyType[Purpose, Callable[[Outcomes, Asked, HocketError, float], None]]] = (
        MappingProxyType(
            {
                Purpose.JOIN: _not_joined,
                Purpose.END: _not_ended,
                Purpose.RESUME: _not_resumed,
                Purpose.POST: _not_posted,
                Purpose.ATTACH: _not_attached,
                Purpose.POLL: _not_polled,
                Purpose.LAST: _not_last,
            }
        )
    )


def _delay(error: HocketError) -> float | None:
    """After how many seconds, at least, a posted message that failed is to be sent again; None for never."""
    if isinstance(error, ConnectionFailed | RequestTimeout):
        return 0.0
    if not isinstance(error, RpcError):
        return None
    data = error.error.data if isinstance(error.error.data, dict) else {}
    after = data.get("retryAfter")
    if isinstance(after, int | float) and not isinstance(after, bool) and isfinite(after):
        return min(max(0.0, after), _LONGEST_WAIT)
    return 0.0 if error.code in _FOR_THE_MOMENT or data.get("retryable") is True else None
