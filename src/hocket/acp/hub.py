"""Hub: many streams × many connections, without I/O. Messages in, messages out.

    receive(link, message) ──> params ──> Stream: table · lanes · log ──> take(link) / next_send
                                             └──> next_event: what happened, and Ready(link)

One hub serves connections of any kind at once; what it has to know of each is said in `connect`. After any call drain
`next_event`. Every method takes `now`, seconds on the caller's monotonic clock.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Hashable
from typing import TypeAlias

from attrs import define, field

from hocket.acp.compat import without_null_ids
from hocket.acp.delivery import Delivery, Ready
from hocket.acp.events import FrameRejected, StreamEvent
from hocket.acp.limits import HubLimits
from hocket.acp.links import HubLink, Link, Send
from hocket.acp.methods import METHODS, Call, event_id, stream_result, stream_to_resume
from hocket.acp.params import read_params
from hocket.acp.refusals import denied, invalid, over_limit, unknown_stream
from hocket.acp.registry import Registry
from hocket.acp.replies import Replies, fingerprint
from hocket.acp.stream import Stream
from hocket.acp.wire import PARAMS, ChunkParams, JoinParams, MemberParams, MessageParams, Params, StartParams
from hocket.codec import JsonValue, Raw
from hocket.entropy import Entropy
from hocket.errors import (
    Code,
    CodecError,
    ErrorObject,
    FramingError,
    LimitExceeded,
    LocalProtocolError,
    StreamRefused,
)
from hocket.jsonrpc import MessageRejected, NotificationReceived, Peer, PeerLimits, RequestReceived

__all__ = ["Hub", "HubEvent"]

HubEvent: TypeAlias = StreamEvent | Ready
"""What a hub tells: everything that happens in its streams, and which connection has something to take."""

_SESSIONS = 10_000
"""Sessions whose replies are kept; the one that was quiet longest is forgotten first."""


def _itself(principal: str, agent_id: str) -> bool:
    return principal == agent_id


@define(eq=False, kw_only=True)
class Hub:
    """Streams of agents, and the connections of these agents.

    Args:
        entropy: Where the names of streams come from.
        epoch: Unix time, in seconds, at which `now` was 0: turns `now` into the timestamps that go on the wire.
        limits: What is held at the most.
        may_speak_for: Whether a principal may speak for an agent of another name. A pure function.
    """

    entropy: Entropy
    epoch: float = 0.0
    limits: HubLimits = HubLimits()
    may_speak_for: Callable[[str, str], bool] = _itself
    registry: Registry = field(init=False)
    _events: deque[HubEvent] = field(factory=deque, init=False)
    _delivery: Delivery = field(init=False)
    _sessions: OrderedDict[Hashable, Replies] = field(factory=OrderedDict, init=False)

    def __attrs_post_init__(self) -> None:
        self.registry = Registry(self.limits, self.epoch)
        self._delivery = Delivery(self._events)

    # Connections --------------------------------------------------------------------------------------------------

    def connect(
        self,
        link: Link,
        now: float,
        *,
        principal: str | None = None,
        ordered: bool = True,
        listens: bool = True,
        session: Hashable | None = None,
        null_id_is_notification: bool = False,
        stream_id: str | None = None,
    ) -> ErrorObject | None:
        """A connection was made.

        Args:
            link: What the transport calls it.
            now: The time in seconds.
            principal: Who it speaks for, authenticated or declared; None if it declared nothing: then each frame says
                it with its `agentId`.
            ordered: Whether its frames arrive in the order in which they were sent. Not so for parallel POSTs.
            listens: Whether it is given what happens to its agents. Not so for a POST.
            session: Connections of one session share the memory of what requests were answered; None for a session of
                its own.
            null_id_is_notification: Whether a request with the id null is a notification, as some peers mean it.
            stream_id: The only stream its frames may be about; None for any.

        Returns:
            Why it cannot be served; None if it is.

        Raises:
            LocalProtocolError: There is a connection of this name.
        """
        if link in self._delivery.links:
            raise LocalProtocolError(f"there is a connection {link!r} already")
        if len(self._delivery.links) >= self.limits.links:
            reason = "this hub has all the connections it can hold: try again later"
            return over_limit("links", self.limits.links, reason, retry_after=1.0)
        held = self._delivery.links[link] = HubLink(
            name=link,
            peer=Peer(limits=PeerLimits(message=self.limits.message)),
            replies=self._replies(session),
            principal=principal,
            ordered=ordered,
            listens=listens,
            null_id_is_notification=null_id_is_notification,
            bound=stream_id,
        )
        if principal is not None:
            self._delivery.listen(held, principal, self.registry.of(principal))
        return None

    def attach(
        self, link: Link, stream_id: str, now: float, *, last_event_id: int | None = None, only: bool = False
    ) -> ErrorObject | None:
        """Let a connection read a stream.

        Args:
            link: The connection; its principal must be a member.
            stream_id: The stream.
            now: The time in seconds.
            last_event_id: The last event it has; None to go on after what was given to its agent before.
            only: Whether this is the only stream it reads (`is_over` says when that is over).

        Returns:
            Why it may not; None if it does.
        """
        held = self._link(link)
        if only:
            held.feed = stream_id
        stream = self.registry.get(stream_id)
        if stream is None:
            return unknown_stream(stream_id)
        if not any(voice in stream.roster for voice in held.voices):
            reason = "only participants can read a stream: say who you are, and join it or ask to be invited"
            return denied("not_a_participant", reason, streamId=stream_id)
        self._delivery.read(held, stream, last_event_id)
        return None

    def disconnect(self, link: Link, now: float) -> None:
        """A connection is gone. Its agents stay members; what they were saying on it is lost."""
        held = self._delivery.links.get(link)
        if held is None:
            return
        read = [reading.stream for reading in held.readings.values()]
        self._delivery.drop(held)
        if held.ordered:
            self._lose_chunks(held, now)
        for stream in read:
            for agent_id in held.voices:
                if not self._delivery.is_read_for(agent_id, stream):
                    stream.lost(agent_id, now=now)
            self._settle(stream, now)

    # Messages -----------------------------------------------------------------------------------------------------

    def receive(self, link: Link, message: bytes, now: float) -> None:
        """Take one message, or one batch of them. Nothing that is in it raises.

        Args:
            link: Where it came from.
            message: JSON text, as the framing gave it.
            now: The time in seconds.
        """
        held = self._link(link)
        held.peer.receive_message(without_null_ids(message) if held.null_id_is_notification else message, now)
        self._work_off(held, now)

    def refuse(self, link: Link, error: CodecError | FramingError | LimitExceeded, now: float) -> None:
        """Something came that is no message; it is answered with an error."""
        held = self._link(link)
        held.peer.refuse_frame(error, now=now)
        self._work_off(held, now)

    def take(self, link: Link, limit: int = 256) -> list[Send]:
        """What a connection may be given now, about `limit` messages; [] when it has all (a `Ready` will follow)."""
        held = self._delivery.links.get(link)
        return [] if held is None else self._delivery.take(held, limit)

    def next_send(self) -> Send | None:
        """The next message for any connection, for a caller that can write to all of them at any time."""
        return self._delivery.next_send()

    def unread(self, link: Link) -> int:
        """Bytes of answers that wait for a connection. Over `limits.unread` nothing more should be read from it."""
        held = self._delivery.links.get(link)
        return 0 if held is None else held.unread

    def is_over(self, link: Link) -> bool:
        """Whether this connection was for one stream, which has ended, and has taken all."""
        held = self._delivery.links.get(link)
        only = None if held is None else held.feed or held.bound
        if held is None or only is None or held.has_mail:
            return False
        stream = self.registry.get(only)
        return stream is None or stream.is_closed or only not in held.readings

    def stream(self, stream_id: str) -> Stream | None:
        """The stream of that name, if it is known (still). To look at, not to change."""
        return self.registry.get(stream_id)

    def next_event(self) -> HubEvent | None:
        """The next thing that happened, or None when all has been told."""
        return self._events.popleft() if self._events else None

    def next_timeout(self) -> float | None:
        """When `handle_timeout` wants to be called, or None."""
        return self.registry.next_timeout()

    def handle_timeout(self, now: float) -> None:
        """Do what was to be done by now: deadlines of streams and lanes; closed streams are forgotten."""
        for stream in self.registry.due(now):
            if stream.is_closed:
                self._delivery.forget(stream)
            else:
                stream.handle_timeout(now)
                self._settle(stream, now)

    # Within -------------------------------------------------------------------------------------------------------

    def _link(self, link: Link) -> HubLink:
        held = self._delivery.links.get(link)
        if held is None:
            raise LocalProtocolError(f"there is no connection {link!r}: connect it first")
        return held

    def _replies(self, session: Hashable | None) -> Replies:
        if session is None:
            return Replies(self.limits.replies, self.limits.replies_size)
        replies = self._sessions.pop(session, None) or Replies(self.limits.replies, self.limits.replies_size)
        self._sessions[session] = replies
        if len(self._sessions) > _SESSIONS:
            self._sessions.popitem(last=False)
        return replies

    def _work_off(self, link: HubLink, now: float) -> None:
        """Do what the messages on a connection say, in their order."""
        while (event := link.peer.next_event()) is not None:
            match event:
                case RequestReceived():
                    self._request(link, event, now)
                case NotificationReceived():
                    self._notification(link, event, now)
                case MessageRejected():
                    self._events.append(FrameRejected(error=event.error, answered=event.answered))
                    if not event.answered and link.ordered:  # it may have been a chunk
                        self._lose_chunks(link, now)
                case _:
                    pass  # answers to questions that nobody asked
        for message in link.peer.messages_to_send():
            link.post(message)
        self._delivery.ring(link)

    def _request(self, link: HubLink, request: RequestReceived, now: float) -> None:
        mark = fingerprint(request.method, request.params)
        known = link.replies.get(request.id)
        if known is not None and known[0] == mark:
            link.peer.send_result(request.id, Raw(known[1]), now=now)
            return
        try:
            if known is not None:
                reason = f"the id {request.id!r} was used for another request on this connection: use a new one"
                raise StreamRefused(ErrorObject.of(Code.INVALID_REQUEST, reason))
            result = self._perform(link, request.method, request.params, now, is_request=True)
            link.peer.send_result(request.id, Raw(result), now=now)
            link.replies.add(request.id, mark, result)
        except StreamRefused as refusal:
            link.peer.send_error(request.id, refusal.error, now=now)

    def _notification(self, link: HubLink, told: NotificationReceived, now: float) -> None:
        try:
            self._perform(link, told.method, told.params, now, is_request=False)
        except StreamRefused:
            pass  # told as an event: a notification is never answered

    def _perform(self, link: HubLink, method: str, value: JsonValue, now: float, *, is_request: bool) -> bytes:
        """Do what a call asks for and give its result as JSON text.

        Raises:
            StreamRefused: It cannot be done. That is told as an event, too.
        """
        agent, stream = "", None
        try:
            params = self._params(link, method, value, now, is_request=is_request)
            agent = self._speaker(link, params)
            call = Call(agent=agent, params=params, now=now, ordered=link.ordered, is_request=is_request)
            stream_id = stream_to_resume(params) if isinstance(params, StartParams) else params.stream_id
            if stream_id is None:
                stream = self._start(call)
                result = stream_result(stream.object())
            else:
                stream = self._stream(link, stream_id)
                result = self._do(link, method, call, stream)
            self._hear(link, agent)
            if isinstance(params, JoinParams) and link.listens:
                self._delivery.read(link, stream, event_id(params.last_event_id))
        except StreamRefused as refusal:
            named = "" if stream is None else stream.stream_id
            self._events.append(
                FrameRejected(stream_id=named, agent_id=agent, method=method, error=refusal.error, answered=is_request)
            )
            raise
        return result

    def _params(self, link: HubLink, method: str, value: JsonValue, now: float, *, is_request: bool) -> Params:
        if method not in PARAMS:
            reason = f"there is no method {method[:64]!r} here"
            raise StreamRefused(ErrorObject.of(Code.METHOD_NOT_FOUND, reason, {"methods": list(PARAMS)}))
        params = read_params(method, value, self.limits.stream)
        if isinstance(params, ErrorObject):
            if method == "stream.chunk" and not is_request and link.ordered:
                self._lose_chunks(link, now)
            raise StreamRefused(params)
        return params

    def _speaker(self, link: HubLink, params: Params) -> str:
        """Who a call is from (spec section 1, "Principal")."""
        claimed = _claimed(params)
        if link.principal is not None:
            if claimed is None or claimed == link.principal or self.may_speak_for(link.principal, claimed):
                return claimed or link.principal
            reason = f"this connection speaks for {link.principal}, and not for {claimed}"
            raise StreamRefused(denied("not_yours", reason, principal=link.principal))
        if claimed is None and isinstance(params, StartParams):
            claimed = next(iter(params.participants), None)
        claimed = claimed or next(iter(link.voices), None)
        if claimed is None:
            reason = "nobody has said who this is from: put agentId into the call, or declare an agent when you connect"
            raise StreamRefused(denied("nobody", reason))
        return claimed

    def _stream(self, link: HubLink, stream_id: str) -> Stream:
        if link.bound is not None and stream_id != link.bound:
            raise StreamRefused(invalid(f"params.streamId: this connection is for the stream {link.bound!r} only"))
        stream = self.registry.get(stream_id)
        if stream is None:
            raise StreamRefused(unknown_stream(stream_id))
        return stream

    def _start(self, call: Call) -> Stream:
        params: StartParams = call.params
        participants = list(dict.fromkeys([call.agent, *params.participants]))
        name = f"stream-{self.entropy.new_id()}"
        stream = self.registry.start(name, participants, params.metadata, call.now)
        self._settle(stream, call.now)
        return stream

    def _do(self, link: HubLink, method: str, call: Call, stream: Stream) -> bytes:
        if method == "stream.chunk" and link.ordered:
            link.fed[stream.stream_id, call.agent] = None
        try:
            return METHODS[method](call, stream)
        finally:
            self._settle(stream, call.now)

    def _hear(self, link: HubLink, agent: str) -> None:
        """A connection that declared nobody is given what happens to the agents it has spoken for."""
        if agent not in link.voices and link.may_add_voice:
            link.voices[agent] = None
            self._delivery.listen(link, agent, self.registry.of(agent))

    def _lose_chunks(self, link: HubLink, now: float) -> None:
        """Something that this connection said is lost, and may have been a chunk."""
        for stream_id, agent in link.fed:
            stream = self.registry.get(stream_id)
            if stream is not None:
                stream.resync(agent, now=now)
                self._settle(stream, now)
        link.fed.clear()

    def _settle(self, stream: Stream, now: float) -> None:
        """Tell what a stream has to tell, and note when it wants to be looked at again."""
        while (event := stream.next_event()) is not None:
            self.registry.note(event)
            self._delivery.spread(event, stream)
            self._events.append(event)
        self.registry.settle(stream, now)


def _claimed(params: Params) -> str | None:
    """Who a call says it is from."""
    match params:
        case MessageParams(message=message):
            return message.agent_id or params.agent_id
        case ChunkParams(chunk=chunk):
            return chunk.agent_id or params.agent_id
        case MemberParams():
            return None
        case _:
            return params.agent_id
