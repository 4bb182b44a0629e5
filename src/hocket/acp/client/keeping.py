"""Keeping: the line to the hub and the feeds of the streams. Lost, tried again, given up for polling, resumed."""

from __future__ import annotations

from typing import Final

from attrs import define, evolve, field

from hocket.acp.client.answers import StreamAnswer
from hocket.acp.client.events import (
    Listen,
    Poll,
    Reconnect,
    Reconnected,
    ReconnectExhausted,
    Reconnecting,
)
from hocket.acp.client.inbox import Heard, event_number
from hocket.acp.client.replica import Replica
from hocket.acp.client.replicas import Replicas
from hocket.acp.client.requests import Purpose, Requests
from hocket.acp.events import ParticipantLeft, ReplayGap, StreamEnded
from hocket.acp.model import StreamStatus
from hocket.acp.reconnect import Plan, Retry, Schedule, Turn
from hocket.acp.states import ClientState
from hocket.acp.wire import ACP, GetParams, JoinParams
from hocket.backoff import Backoff
from hocket.entropy import Entropy
from hocket.errors import Code, HocketError, RpcError

__all__ = ["Keeping"]

_OURS: Final = (Purpose.POLL, Purpose.ATTACH)
"""Questions of our own, which are asked anew on the next line."""
_FAREWELLS: Final = (Purpose.END, Purpose.LEAVE)
"""Where one of these is asked, a feed that ends is what was wanted."""


@define(eq=False, repr=False)
class Keeping:
    """What keeps the streams of a client connected to the hub.

    Args:
        agent: Who we are, as frames say it; None to say nothing.
        entropy: Where the jitter comes from.
        backoff: How often, and after how long, a lost connection is tried again.
        replicas: The streams.
        requests: What was asked.

    Attributes:
        line: What becomes of the line.
        may_have_lost: Whether a line has broken that may have carried, without our knowing, what was said in a stream
            that we have not joined yet: the hub counts that as given to us, so joining asks for all that is ours.
    """

    agent: str | None
    entropy: Entropy
    backoff: Backoff
    replicas: Replicas
    requests: Requests
    line: Schedule = field(init=False)
    may_have_lost: bool = field(default=False, init=False)
    _was_lost: bool = field(default=False, init=False)

    def __attrs_post_init__(self) -> None:
        self.line = Schedule(self.backoff)

    # The line

    def connected(self, now: float, *, same_session: bool) -> None:
        """The line is there."""
        if self.requests.is_up:
            return
        self.requests.drop(*_OURS)
        unanswered = self.requests.up()
        self.line.opened(now)
        if self._was_lost:
            self._was_lost = False
            self.replicas.tell([Reconnected()])
        waiting: set[str] = set()
        for replica in self.replicas:
            waiting.update(asked.id for asked in replica.posting.behind)
            if replica.feed is not None and replica.state is not ClientState.CLOSED:
                self.attend(replica, now)
        self.requests.resume([asked for asked in unanswered if asked.id not in waiting], now, same_session=same_session)

    def connection_lost(self, now: float, error: HocketError | None) -> None:
        """The line is gone, or could not be made."""
        if self.requests.is_up and not self.replicas.listens_apart:
            self.may_have_lost = True
        self.requests.down(error)
        self.requests.drop(*_OURS)
        for replica in self.replicas:
            self.replicas.tell(replica.lose(now))
            self.replicas.touch(replica)
        self._was_lost = True
        plan = self.line.lost(now, self.entropy.random())
        self._announce(None, plan, error)
        if self.line.is_exhausted and plan is not None:
            self.requests.give_up(error)

    def next_timeout(self) -> float | None:
        """When `handle_timeout` wants to be called for the line; the replicas have their own."""
        return self.line.next_timeout()

    def handle_timeout(self, now: float) -> None:
        """Try the line again, or poll without it."""
        match self.line.due(now):
            case Turn.TRY:
                self.replicas.tell([Reconnect()])
            case Turn.POLL:
                polled = [replica for replica in self.replicas if replica.state is ClientState.LOST and replica.feed]
                for replica in polled:
                    self.poll(replica, now)
                if not polled:
                    self.replicas.tell([Reconnect()])  # nothing to ask for: only a connection is missing
            case None:
                pass

    # One stream

    def attend(self, replica: Replica, now: float) -> None:
        """Let us hear what happens in a stream, which has just admitted us or whose line is back."""
        replica.feed = Schedule(self.backoff)
        if not self.replicas.listens_apart:
            self._attach(replica, now)
            return
        if replica.state is ClientState.LOST and replica.object is not None:
            replica.admit(replica.object, now)  # what is sent does not need the feed
        replica.is_attached = True
        self.replicas.tell([Listen(stream_id=replica.stream_id, last_event_id=replica.last)])
        self.replicas.touch(replica)

    def attached(self, replica: Replica, now: float) -> None:
        """The line reads the stream."""
        replica.feed = replica.feed or Schedule(self.backoff)
        replica.feed.opened(now)
        replica.is_attached = True
        self.replicas.touch(replica)

    def readmitted(self, replica: Replica, answer: StreamAnswer, now: float) -> None:
        """The line is let in again. Where the hub goes on later than we asked, we were no member in between: say so."""
        last = event_number(answer.last_event_id)
        if last is not None and replica.last is not None and last > replica.last:
            self._miss(replica, replica.last + 1, last, now)

    def feed_opened(self, replica: Replica, now: float) -> None:
        """The feed of a stream is there."""
        if replica.feed is None or replica.feed.is_open:
            return
        is_new = replica.feed.is_fresh
        replica.feed.opened(now)
        if not is_new:
            self.replicas.tell([Reconnected(stream_id=replica.stream_id)])
        self.replicas.touch(replica)

    def feed_lost(self, replica: Replica, now: float, error: HocketError | None) -> None:
        """The feed of a stream broke, or could not be opened; or the hub did not let the line read it."""
        if replica.feed is None or replica.farewell is not None or self.learn(replica, error, now):
            return  # it is over, or its last words are being asked for
        plan = replica.feed.lost(now, self.entropy.random())
        if error is not None or not self.requests.is_asked(replica.stream_id, *_FAREWELLS):
            self._announce(replica.stream_id, plan, error)
        self.replicas.touch(replica)

    def feed_due(self, replica: Replica, now: float) -> None:
        """Open the feed of a stream again, or poll without it, if it is time."""
        if replica.feed is None or replica.farewell is not None or not self.requests.is_up:
            return
        match replica.feed.due(now):
            case Turn.TRY:
                self._try(replica, now)
            case Turn.POLL:
                self.poll(replica, now)
            case None:
                pass

    def poll(self, replica: Replica, now: float) -> None:
        """Ask what has happened in a stream; at most one such question is open."""
        if not self.requests.is_asked(replica.stream_id, Purpose.POLL):
            self._get(Purpose.POLL, replica, now)
        self.replicas.tell([Poll(stream_id=replica.stream_id)])

    def polled(self, replica: Replica, answer: StreamAnswer | None, now: float) -> None:
        """A poll was answered; None if it failed."""
        if answer is None or not self._catch_up(replica, answer, now) or replica.feed is None:
            return
        replica.object = answer.stream
        if answer.events:
            self.poll(replica, now)  # there may be more
        elif answer.stream.status is StreamStatus.CLOSED:
            ended = self._ended(replica, None, None, answer.stream.closed_at)
            self.replicas.conclude(replica, ended, "stream_closed")
        elif self.requests.is_up and replica.feed.polled(now):
            self._try(replica, now)
        elif not self.requests.is_up and self.line.polled(now):
            self.replicas.tell([Reconnect()])

    def _try(self, replica: Replica, now: float) -> None:
        if self.replicas.listens_apart:
            self.replicas.tell([Reconnect(stream_id=replica.stream_id, last_event_id=replica.last)])
        else:
            self._attach(replica, now)

    def _attach(self, replica: Replica, now: float) -> None:
        params = JoinParams(
            stream_id=replica.stream_id,
            last_event_id=None if replica.last is None else str(replica.last),
            agent_id=self.agent,
        )
        text = ACP.writer(JoinParams).to_json(params)
        asked = self.requests.add(Purpose.ATTACH, "stream.join", text, replica.stream_id)
        self.requests.transmit([asked], now)

    def _get(self, purpose: Purpose, replica: Replica, now: float) -> None:
        params = GetParams(
            stream_id=replica.stream_id,
            last_event_id=None if replica.last is None else str(replica.last),
            agent_id=self.agent,
        )
        asked = self.requests.add(purpose, "stream.get", ACP.writer(GetParams).to_json(params), replica.stream_id)
        self.requests.transmit([asked], now, anyway=True)

    # Its end

    def learn(self, replica: Replica, error: HocketError | None, now: float) -> bool:
        """What a refusal says about a stream: whether it is over, for us at least."""
        if not isinstance(error, RpcError) or replica.state is ClientState.IDLE:
            return replica.is_over
        data = error.error.data if isinstance(error.error.data, dict) else {}
        match error.code:
            case Code.STREAM_CLOSED:
                closed_at = data.get("closedAt")
                at = closed_at if isinstance(closed_at, str) else None
                self.finish(replica, self._ended(replica, None, None, at), now)
            case Code.STREAM_NOT_FOUND:
                self.replicas.conclude(replica, self._ended(replica, None, "not_found", None), "stream_closed")
            case Code.PERMISSION_DENIED if data.get("reason") == "not_a_participant":
                left = ParticipantLeft(
                    stream_id=replica.stream_id, agent_id=self.agent or "", reason="not_a_participant"
                )
                self.replicas.conclude(replica, left, "left")
            case _:
                return False
        return True

    def closed(self, replica: Replica, now: float) -> None:
        """The hub says that the stream is closed."""
        at = None if replica.object is None else replica.object.closed_at
        self.finish(replica, self._ended(replica, None, None, at), now)

    def ended_by_us(self, replica: Replica, reason: str | None, now: float) -> None:
        """We have ended the stream. The hub does not tell us what we do ourselves."""
        self.finish(replica, self._ended(replica, self.agent, reason, None), now)

    def left_by_us(self, replica: Replica, reason: str | None) -> None:
        """We have left the stream."""
        left = ParticipantLeft(stream_id=replica.stream_id, agent_id=self.agent or "", reason=reason)
        self.replicas.conclude(replica, left, "left")

    def finish(self, replica: Replica, farewell: StreamEnded, now: float) -> None:
        """The stream is closed. What was said in it to the last is asked for first, then its end is told."""
        if replica.is_over or replica.farewell is not None:
            return
        replica.set_status(StreamStatus.CLOSED, now, farewell.timestamp)
        replica.farewell = farewell
        if replica.last is None or not self.requests.is_up:
            self.finished(replica, None, now)
        else:
            self._get(Purpose.LAST, replica, now)

    def finished(self, replica: Replica, answer: StreamAnswer | None, now: float) -> None:
        """What was said in a closed stream, or a part of it; None if it cannot be had."""
        if replica.is_over or replica.farewell is None:
            return
        if answer is not None:
            before = replica.last
            if not self._catch_up(replica, answer, now):
                return
            if answer.events and replica.last != before:
                self._get(Purpose.LAST, replica, now)
                return
        farewell = replica.farewell
        if answer is not None and isinstance(farewell, StreamEnded) and farewell.timestamp is None:
            farewell = evolve(farewell, timestamp=answer.stream.closed_at)
        self.replicas.conclude(replica, farewell, "stream_closed")

    def _ended(self, replica: Replica, agent: str | None, reason: str | None, at: str | None) -> StreamEnded:
        return StreamEnded(stream_id=replica.stream_id, agent_id=agent, reason=reason, timestamp=at)

    def _catch_up(self, replica: Replica, answer: StreamAnswer, now: float) -> bool:
        """Tell what has happened, out of the answer to a question. Whether the stream's end is still to be told."""
        if answer.gap is not None and replica.last is not None:
            self._miss(replica, *answer.gap, now)
        for method, params in answer.events:
            self.replicas.read(method, params, now, is_asked_for=True)
        last = event_number(answer.last_event_id)
        if last is not None and replica.last is not None:
            replica.last = max(replica.last, last)
        return not replica.is_over

    # Within

    def _miss(self, replica: Replica, first: int, last: int, now: float) -> None:
        """What has happened from one event to another will never be told."""
        gap = ReplayGap(stream_id=replica.stream_id, agent_id=self.agent or "", first=first, last=last)
        self.replicas.hear(Heard(event_id=last, event=gap), now, is_asked_for=True)

    def _announce(self, stream_id: str | None, plan: Plan | None, error: HocketError | None) -> None:
        match plan:
            case Retry(attempt=attempt, delay=delay):
                self.replicas.tell([Reconnecting(stream_id=stream_id, attempt=attempt, delay=delay, error=error)])
            case None:
                pass
            case _:
                self.replicas.tell([ReconnectExhausted(stream_id=stream_id, error=error)])
