"""Replicas: all streams that a client knows, what they tell, and when each wants to be looked at."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator

from attrs import define, field

from hocket.acp.batch import Batcher
from hocket.acp.budget import Budget
from hocket.acp.client.events import BatchFailed, ClientEvent, Unlisten
from hocket.acp.client.inbox import NOTIFICATIONS, Heard, read_notification
from hocket.acp.client.posting import Posting
from hocket.acp.client.replica import Replica
from hocket.acp.client.requests import Requests
from hocket.acp.events import FrameRejected, Invited, ParticipantLeft, StreamEnded, StreamStarted
from hocket.acp.limits import ClientLimits
from hocket.acp.states import ClientInput, ClientState
from hocket.codec import JsonValue
from hocket.errors import Code, CodecError, ErrorObject, LimitExceeded, LocalProtocolError, RpcError
from hocket.timers import Timers, soonest

__all__ = ["Replicas"]

_BATCH, _ROOM = 10, 1024 * 1024
"""Messages that are sent together (spec section 5, "batching"), and bytes."""


@define(eq=False, repr=False)
class Replicas:
    """The streams of one client.

    Args:
        agent: Who we are, "" if the client was not told.
        limits: Of the client.
        requests: What was asked of the hub.
        listens_apart: Whether each stream has a feed of its own.
        in_order: Whether what is sent arrives in order: then several posted messages may be under way.

    Attributes:
        events: What is to be told.
    """

    agent: str
    limits: ClientLimits
    requests: Requests
    listens_apart: bool
    in_order: bool
    events: deque[ClientEvent] = field(factory=deque, init=False)
    _budget: Budget = field(init=False)
    _replicas: dict[str, Replica] = field(factory=dict, init=False)
    _touched: dict[str, None] = field(factory=dict, init=False)
    _timers: Timers[str] = field(factory=Timers, init=False)

    def __attrs_post_init__(self) -> None:
        self._budget = Budget(self.limits.held)

    def __iter__(self) -> Iterator[Replica]:
        return iter(list(self._replicas.values()))

    def get(self, stream_id: str) -> Replica | None:
        """The stream of that name, if it is known."""
        return self._replicas.get(stream_id)

    def check_room(self) -> None:
        """Refuse one stream more where there is no room for it.

        Raises:
            LocalProtocolError: As many streams are open as the limit `streams` allows.
        """
        if len(self._replicas) >= self.limits.streams and not self._forget_one():
            raise LocalProtocolError(str(LimitExceeded("streams", self.limits.streams, len(self._replicas) + 1)))

    def open(self, stream_id: str) -> Replica:
        """The stream of that name, known from now on. Whoever opens one on a whim calls `check_room` first."""
        replica = self._replicas.get(stream_id)
        if replica is None:
            batcher = Batcher(
                count=_BATCH,
                room=min(_ROOM, self.limits.message - 2),
                unsent=self.limits.unsent,
                unsent_size=self.limits.unsent_size,
            )
            posting = Posting(batcher, _BATCH if self.in_order else 1)
            replica = Replica(stream_id, self.agent, self.limits, self._budget, posting)
            self._replicas[stream_id] = replica
        return replica

    def forget(self, stream_id: str) -> None:
        """The stream is no longer known."""
        if self._replicas.pop(stream_id, None) is not None:
            self.requests.forget(stream_id)
        self._touched.pop(stream_id, None)
        self._timers.clear(stream_id)

    # What they tell

    def tell(self, events: Iterable[ClientEvent]) -> None:
        """Something happened."""
        self.events.extend(events)

    def read(self, method: str, params: JsonValue, now: float, *, is_asked_for: bool = False) -> None:
        """Take a notification of the hub, from the line or out of an answer. What cannot be read is told as an event.

        Args:
            method: Its method.
            params: Its params, as values or read already.
            now: The time in seconds.
            is_asked_for: As for `Replica.hear`.
        """
        if method in NOTIFICATIONS:
            try:
                heard = read_notification(method, params)
            except CodecError as error:
                refusal = ErrorObject.of(Code.INVALID_PARAMS, str(error))
            else:
                self.hear(heard, now, is_asked_for=is_asked_for)
                return
        else:
            refusal = ErrorObject.of(Code.METHOD_NOT_FOUND, f"an agent is not told of {method[:64]!r}")
        named = params.get("streamId") if isinstance(params, dict) else getattr(params, "stream_id", None)
        stream_id = named if isinstance(named, str) else ""
        self.events.append(FrameRejected(stream_id=stream_id, method=method, error=refusal, answered=False))

    def hear(self, heard: Heard, now: float, *, is_asked_for: bool = False) -> None:
        """The hub tells something."""
        if isinstance(heard.event, Invited):
            self.events.append(heard.event)
        stream_id = heard.event.stream_id
        replica = self._replicas.get(stream_id)
        if replica is None:
            if len(self._replicas) >= self.limits.streams and not self._forget_one():
                return  # it is none of ours: nothing is lost that was wanted
            replica = self.open(stream_id)
        if isinstance(heard.event, Invited):
            replica.is_invited = True
            return
        if isinstance(heard.event, StreamStarted) and replica.state is ClientState.IDLE and not replica.is_invited:
            replica.is_invited = True
            self.events.append(_invitation(heard.event, self.agent))  # it was started before we were here
        was_over = replica.is_over  # by this name, since hearing may change it
        if was_over:
            return
        self.events.extend(replica.hear(heard, now, is_asked_for=is_asked_for))
        if not self.requests.is_up:
            replica.learn(ClientInput.TRANSPORT_LOST)  # a poll tells what happened; it does not bring the line back
        if replica.is_over:
            self._retire(replica)
        self._touched[stream_id] = None

    def conclude(self, replica: Replica, farewell: StreamEnded | ParticipantLeft, reason: str) -> None:
        """The stream is over, for us at least, and the hub will not say so: tell it now. Said once.

        Args:
            replica: The stream.
            farewell: How it ended.
            reason: Why messages that are still open will not be complete.
        """
        if not replica.is_over:
            replica.learn(ClientInput.ENDED)
            self.events.extend([*replica.close(reason), farewell])
            self._retire(replica)

    def refuse(self, replica: Replica) -> None:
        """The hub does not let us in."""
        replica.learn(ClientInput.REFUSED)
        replica.close("left")
        self._retire(replica)

    # Time

    def touch(self, replica: Replica) -> None:
        """Something was done with the stream that may change when it wants to be looked at."""
        self._touched[replica.stream_id] = None

    @property
    def touched(self) -> list[Replica]:
        """The streams that something was done with."""
        return [self._replicas[stream_id] for stream_id in self._touched]

    def settle(self) -> None:
        """Note when the streams that something was done with want to be looked at next."""
        for stream_id in self._touched:
            replica = self._replicas[stream_id]
            at = self._next_timeout(replica)
            if at is None:
                self._timers.clear(stream_id)
            else:
                self._timers.set(stream_id, at)
        self._touched.clear()

    def next_timeout(self) -> float | None:
        """When `due` will have something."""
        return self._timers.next_timeout()

    def due(self, now: float) -> list[Replica]:
        """The streams whose time has come."""
        replicas = [self._replicas[stream_id] for stream_id in self._timers.due(now)]
        for replica in replicas:
            self.touch(replica)
        return replicas

    def _next_timeout(self, replica: Replica) -> float | None:
        if replica.is_over or not self.requests.is_up:
            return None
        feed = None if replica.feed is None or replica.farewell else replica.feed.next_timeout()
        is_active = replica.state is ClientState.ACTIVE and not replica.posting.is_quiet
        posts = replica.posting.next_timeout() if is_active else None
        return soonest(replica.next_timeout(), feed, posts)

    # Within

    def _retire(self, replica: Replica) -> None:
        """The stream is over: what was still to be said in it will not be said."""
        error = RpcError(ErrorObject.of(Code.STREAM_CLOSED, data={"streamId": replica.stream_id}))
        for asked in replica.posting.release():
            self.requests.end(asked, error)
        unsaid = tuple([posted.message for posted in replica.posting.drain()])
        if unsaid:
            self.events.append(BatchFailed(stream_id=replica.stream_id, messages=unsaid, error=error))
        if self.listens_apart and replica.feed is not None:
            self.events.append(Unlisten(stream_id=replica.stream_id))
        replica.feed = None
        self.touch(replica)

    def _forget_one(self) -> bool:
        """Make room for one stream more: forget the oldest that is over, or that was never ours."""
        for stream_id, replica in self._replicas.items():
            if replica.is_over or replica.state is ClientState.IDLE:
                self.forget(stream_id)
                return True
        return False


def _invitation(started: StreamStarted, agent: str) -> Invited:
    """What a stream that was started with us in it amounts to."""
    return Invited(
        stream_id=started.stream_id,
        agent_id=agent,
        invited_by=started.agent_id,
        timestamp=started.timestamp,
        reason=started.reason,
        current_participants=started.stream.participants,
    )
