"""Hub: many streams × many connections, without I/O. Messages in, messages out.

    receive(link, message) ──> params ──> Stream: table · lanes · log ──> take(link) / next_send
                                             └──> next_event: what happened, and Ready(link)

One hub serves connections of any kind at once; what it has to know of each is said in `connect`. After any call drain
`next_event`. Every method takes `now`, seconds on the caller's monotonic clock.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterable
from typing import TypeAlias

from attrs import define, field

from hocket.acp.events import FrameRejected, StreamEvent
from hocket.acp.hub.compat import without_null_ids
from hocket.acp.hub.delivery import Delivery, Ready
from hocket.acp.hub.links import HubLink, Link, Send
from hocket.acp.hub.methods import METHODS, Call, event_id, stream_result, stream_to_resume
from hocket.acp.hub.principal import declared, speaker, speakers_of_unread
from hocket.acp.hub.registry import Registry
from hocket.acp.hub.replies import Sessions, fingerprint
from hocket.acp.limits import HubLimits
from hocket.acp.params import read_params
from hocket.acp.refusals import denied, invalid, over_limit, unknown_stream
from hocket.acp.stream import Stream
from hocket.acp.wire import DECLARE, JoinParams, Params, StartParams
from hocket.codec import JsonValue
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
    _sessions: Sessions = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.registry = Registry(self.limits, self.epoch)
        self._delivery = Delivery(self._events)
        self._sessions = Sessions(self.limits.replies, self.limits.replies_size)

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
            replies=self._sessions.replies(session),
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
        stream = self.registry.get(stream_id)
        if stream is None:
            return unknown_stream(stream_id)
        if not any(voice in stream.roster for voice in held.voices):
            reason = "only participants can read a stream: say who you are, and join it or ask to be invited"
            return denied("not_a_participant", reason, streamId=stream_id)
        if only:
            held.feed = stream_id
            self._delivery.narrow(held)
        self._delivery.read(held, stream, last_event_id)
        return None

    def disconnect(self, link: Link, now: float) -> None:
        """A connection is gone. Its agents stay members; what they were saying on it is lost."""
        held = self._delivery.links.get(link)
        if held is None:
            return
        read = [reading.stream for reading in held.readings.values()]
        self._delivery.drop(held)
        self._lose(held.lost(), now)
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
        return 0 if held is None else held.mail.size

    def is_over(self, link: Link) -> bool:
        """Whether this connection was for one stream, which is over for it: it has ended, or its agents have left it.

        What there was to take has been taken.
        """
        held = self._delivery.links.get(link)
        only = None if held is None else held.only
        if held is None or only is None or held.has_mail:
            return False
        stream = self.registry.get(only)
        return stream is None or stream.is_closed or (held.feed is not None and only not in held.readings)

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
                    self._lose(link.lost(), now)  # it may have been one, whose sender cannot tell from the answer
                case _:
                    pass  # answers to questions that nobody asked
        for message in link.peer.messages_to_send():
            link.mail.answer(message)
        self._delivery.ring(link)

    def _request(self, link: HubLink, request: RequestReceived, now: float) -> None:
        mark = fingerprint(request.method, request.params)
        known = link.replies.get(request.id)
        try:
            if known is None:
                result = self._perform(link, request.method, request.params, now, is_request=True)
                link.replies.add(request.id, mark, result)
            elif known[0] == mark:
                result = known[1]
            else:
                reason = f"the id {request.id!r} was used for another request on this connection: use a new one"
                raise self._refused(StreamRefused(ErrorObject.of(Code.INVALID_REQUEST, reason)), request.method)
            link.answer(request.id, result, now)
        except StreamRefused as refusal:
            link.answer(request.id, refusal.error, now)

    def _notification(self, link: HubLink, told: NotificationReceived, now: float) -> None:
        try:
            if told.method == DECLARE:
                self._declare(link, told.params)
            else:
                self._perform(link, told.method, told.params, now, is_request=False)
        except StreamRefused:
            pass  # told as an event: a notification is never answered

    def _declare(self, link: HubLink, params: JsonValue) -> None:
        """A connection says who it speaks for.

        Raises:
            StreamRefused: It speaks for somebody else already, or the name is none.
        """
        try:
            name = declared(params, link.principal, self.limits.stream.id)
        except StreamRefused as refusal:
            raise self._refused(refusal, DECLARE, answered=False) from None
        link.principal = name
        self._hear(link, name)

    def _perform(self, link: HubLink, method: str, value: JsonValue, now: float, *, is_request: bool) -> bytes:
        """Do what a call asks for and give its result as JSON text.

        Raises:
            StreamRefused: It cannot be done. That is told as an event, too.
        """
        try:
            params, stream_id = self._read(link, method, value)
        except StreamRefused as refusal:
            if method == "stream.chunk" and not is_request:
                self._lose_chunk(link, value, now)
            raise self._refused(refusal, method, answered=is_request) from None
        agent = ""
        try:
            agent = speaker(params, link.principal, self._voices(link, stream_id), self.may_speak_for)
            call = Call(agent=agent, params=params, now=now, ordered=link.ordered, is_request=is_request)
            if stream_id is None:
                stream = self._start(call)
                result = stream_result(stream.object())
            else:
                stream = self._stream(stream_id)
                result = self._do(link, method, call, stream)
        except StreamRefused as refusal:
            raise self._refused(refusal, method, stream_id, agent, answered=is_request) from None
        self._hear(link, agent)
        if isinstance(params, JoinParams) and link.listens:
            self._delivery.read(link, stream, event_id(params.last_event_id))
        return result

    def _read(self, link: HubLink, method: str, value: JsonValue) -> tuple[Params, str | None]:
        """What a call asks for, and of which stream; of none where it wants a new one."""
        params = read_params(method, value, self.limits.stream)
        if isinstance(params, ErrorObject):
            raise StreamRefused(params)
        stream_id = stream_to_resume(params) if isinstance(params, StartParams) else params.stream_id
        if link.bound is not None and stream_id != link.bound:
            raise StreamRefused(invalid(f"params.streamId: this connection is for the stream {link.bound!r} only"))
        return params, stream_id

    def _refused(
        self,
        refusal: StreamRefused,
        method: str,
        stream_id: str | None = None,
        agent: str = "",
        *,
        answered: bool = True,
    ) -> StreamRefused:
        """Tell that something was refused."""
        self._events.append(
            FrameRejected(
                stream_id=stream_id or "", agent_id=agent, method=method, error=refusal.error, answered=answered
            )
        )
        return refusal

    def _stream(self, stream_id: str) -> Stream:
        stream = self.registry.get(stream_id)
        if stream is None:
            raise StreamRefused(unknown_stream(stream_id))
        return stream

    def _voices(self, link: HubLink, stream_id: str | None) -> list[str]:
        """Whom a call that names nobody is from: the first that its connection spoke for.

        A POST has no past: there it is whoever started the stream. (Foreign clients end a stream like that.)
        """
        if link.principal is not None or link.listens or stream_id is None:
            return list(link.voices)
        return [*link.voices, self._stream(stream_id).roster.initiator]

    def _start(self, call: Call) -> Stream:
        params: StartParams = call.params
        participants = list(dict.fromkeys([call.agent, *params.participants]))
        name = f"stream-{self.entropy.new_id()}"
        forgotten = self.registry.make_room()
        if forgotten is not None:
            self._delivery.forget(forgotten)
        stream = self.registry.start(name, participants, params.metadata, call.now)
        self._settle(stream, call.now)
        return stream

    def _do(self, link: HubLink, method: str, call: Call, stream: Stream) -> bytes:
        if method == "stream.chunk" and link.ordered and call.agent in stream.roster:
            link.fed.setdefault(stream.stream_id, {})[call.agent] = None
        try:
            return METHODS[method](call, stream)
        finally:
            self._settle(stream, call.now)

    def _hear(self, link: HubLink, agent: str) -> None:
        """A connection that declared nobody is given what happens to the agents it has spoken for."""
        if agent not in link.voices and link.may_add_voice:
            link.voices[agent] = None
            self._delivery.listen(link, agent, self.registry.of(agent))

    def _lose_chunk(self, link: HubLink, value: JsonValue, now: float) -> None:
        """A chunk came that no stream will see, and its sender is not told: it is lost to the message it was of."""
        stream_id = value.get("streamId") if isinstance(value, dict) else None
        if not isinstance(value, dict) or not isinstance(stream_id, str) or self.registry.get(stream_id) is None:
            self._lose(link.lost(), now)
            return
        agents = speakers_of_unread(
            value, link.principal, self._voices(link, stream_id), link.fed.get(stream_id, ()), self.may_speak_for
        )
        self._lose([(stream_id, agent) for agent in agents], now)

    def _lose(self, lost: Iterable[tuple[str, str]], now: float) -> None:
        """Chunks are lost of these agents in these streams."""
        for stream_id, agent in lost:
            stream = self.registry.get(stream_id)
            if stream is not None:
                stream.resync(agent, now=now)
                self._settle(stream, now)

    def _settle(self, stream: Stream, now: float) -> None:
        """Tell what a stream has to tell, and note when it wants to be looked at again."""
        while (event := stream.next_event()) is not None:
            self.registry.note(event)
            self._delivery.spread(event, stream)
            self._events.append(event)
        self.registry.settle(stream, now)
