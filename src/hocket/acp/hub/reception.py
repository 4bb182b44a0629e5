"""Reception: does what the messages on a hub's connections ask for: whose each is, and in which stream it belongs."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import TypeAlias

from attrs import define

from hocket.acp.events import FrameRejected, StreamEvent
from hocket.acp.hub.delivery import Delivery, Ready
from hocket.acp.hub.links import HubLink
from hocket.acp.hub.methods import METHODS, Call, event_id, stream_result, stream_to_resume
from hocket.acp.hub.principal import declared, speaker, speakers_of_unread
from hocket.acp.hub.registry import Registry
from hocket.acp.hub.replies import fingerprint
from hocket.acp.limits import HubLimits
from hocket.acp.params import read_params
from hocket.acp.refusals import invalid, unknown_stream
from hocket.acp.stream import Stream
from hocket.acp.wire import ACP, DECLARE, ChunkParams, JoinParams, Params, StartParams
from hocket.codec import JsonValue
from hocket.codec.making import maker
from hocket.entropy import Entropy
from hocket.errors import Code, ErrorObject, StreamRefused
from hocket.jsonrpc import MessageRejected, NotificationReceived, RequestReceived

__all__ = ["HubEvent", "Reception"]

_call = maker(Call, "agent", "params", "now", "line", "ordered", "is_request")

HubEvent: TypeAlias = StreamEvent | Ready
"""What a hub tells: everything that happens in its streams, and which connection has something to take."""


@define(eq=False, kw_only=True)
class Reception:
    """Where the messages of all connections of one hub are worked off.

    Args:
        entropy: Where the names of streams come from.
        limits: Those of the hub.
        may_speak_for: Whether a principal may speak for an agent of another name.
        registry: The streams.
        delivery: The connections.
        events: Where it is told what has happened.
    """

    entropy: Entropy
    limits: HubLimits
    may_speak_for: Callable[[str, str], bool]
    registry: Registry
    delivery: Delivery
    events: deque[HubEvent]

    def work_off(self, link: HubLink, now: float) -> None:
        """Do what the messages on a connection say, in their order."""
        while (event := link.peer.next_event()) is not None:
            if type(event) is RequestReceived:
                self._request(link, event, now)
            elif type(event) is NotificationReceived:
                self._notification(link, event, now)
            elif type(event) is MessageRejected:
                self.events.append(FrameRejected(error=event.error, answered=event.answered))
                self.lose(link.lost(), now)  # it may have been one, whose sender cannot tell from the answer
            # The others are answers to questions that nobody asked.
        for message in link.peer.messages_to_send():
            link.mail.answer(message)
        self.delivery.ring(link)

    def lose(self, lost: Iterable[tuple[str, str]], now: float) -> None:
        """Chunks are lost of these agents in these streams."""
        for stream_id, agent in lost:
            stream = self.registry.get(stream_id)
            if stream is not None:
                stream.resync(agent, now=now)
                self.settle(stream, now)

    def settle(self, stream: Stream, now: float) -> None:
        """Tell what a stream has to tell, and note when it wants to be looked at again."""
        has_news = False
        while (event := stream.next_event()) is not None:
            has_news = True
            self.registry.note(event)
            self.delivery.spread(event, stream)
            self.events.append(event)
        if has_news:
            self.delivery.wake(stream)
        self.registry.settle(stream, now)

    def _request(self, link: HubLink, request: RequestReceived, now: float) -> None:
        method = request.method
        params = self._read(request)
        mark = 0 if isinstance(params, ErrorObject) else fingerprint(method, params)
        known = link.replies.get(request.id)
        try:
            if known is None:
                result = self._perform(link, method, params, now)
                link.replies.add(request.id, mark, result)
            elif known[0] == mark:
                result = known[1]
            else:
                reason = f"the id {request.id!r} was used for another request on this connection: use a new one"
                raise self._refused(StreamRefused(ErrorObject.of(Code.INVALID_REQUEST, reason)), method)
            link.answer(request.id, result, now)
        except StreamRefused as refusal:
            link.answer(request.id, refusal.error, now)

    def _notification(self, link: HubLink, told: NotificationReceived, now: float) -> None:
        try:
            if told.method == DECLARE:
                self._declare(link, told.params)
            else:
                self._perform(link, told.method, self._read(told), now, told)
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

    def _perform(
        self,
        link: HubLink,
        method: str,
        params: Params | ErrorObject,
        now: float,
        told: NotificationReceived | None = None,
    ) -> bytes:
        """Do what a call asks for and give its result as JSON text.

        Args:
            link: Where it came from.
            method: What it wants.
            params: Of what exactly; or why they cannot be read.
            now: The time in seconds.
            told: The call, if it was no request.

        Raises:
            StreamRefused: It cannot be done. That is told as an event, too.
        """
        is_request = told is None
        try:
            stream_id = self._check(link, params)
        except StreamRefused as refusal:
            if told is not None and method == "stream.chunk":
                self._lose_chunk(link, told.params, now)
            raise self._refused(refusal, method, answered=is_request) from None
        assert not isinstance(params, ErrorObject), "that was refused"
        agent = ""
        try:
            agent = speaker(params, link.principal, self._voices(link, stream_id), self.may_speak_for)
            if stream_id is None:
                assert isinstance(params, StartParams), "only a start names no stream"
                stream = self._start(agent, params, now)
                result = stream_result(stream.object())
            else:
                stream = self._stream(stream_id)
                call = _call(agent, params, now, link.name, link.ordered, is_request)
                result = self._do(link, method, call, stream)
        except StreamRefused as refusal:
            raise self._refused(refusal, method, stream_id, agent, answered=is_request) from None
        self._hear(link, agent)
        if isinstance(params, JoinParams) and link.listens:
            self.delivery.read(link, stream, event_id(params.last_event_id))
        return result

    def _read(self, call: RequestReceived | NotificationReceived) -> Params | ErrorObject:
        """What a call asks for."""
        return read_params(call.method, call.params, self.limits.stream)

    def _check(self, link: HubLink, params: Params | ErrorObject) -> str | None:
        """Which stream a call is about, as far as it names one; None where it wants a new one.

        Raises:
            StreamRefused: It cannot be read, or not on this connection.
        """
        if isinstance(params, ErrorObject):
            raise StreamRefused(params)
        stream_id = stream_to_resume(params) if isinstance(params, StartParams) else params.stream_id
        if link.bound is not None and stream_id != link.bound:
            raise StreamRefused(invalid(f"params.streamId: this connection is for the stream {link.bound!r} only"))
        return stream_id

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
        self.events.append(
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

    def _start(self, agent: str, params: StartParams, now: float) -> Stream:
        participants = list(dict.fromkeys([agent, *params.participants]))
        stream = self.registry.start(f"stream-{self.entropy.new_id()}", participants, params.metadata, now)
        forgotten = self.registry.make_room()
        if forgotten is not None:
            self.delivery.forget(forgotten)
        self.settle(stream, now)
        return stream

    def _do(self, link: HubLink, method: str, call: Call[Params], stream: Stream) -> bytes:
        """Let a stream do what a call asks for."""
        if method == "stream.chunk" and link.ordered and call.agent in stream.roster:
            link.fed.setdefault(stream.stream_id, {})[call.agent] = None
        try:
            return METHODS[method](call, stream)
        finally:
            self.settle(stream, call.now)

    def _hear(self, link: HubLink, agent: str) -> None:
        """A connection that declared nobody is given what happens to the agents it has spoken for."""
        if agent not in link.voices and link.may_add_voice:
            link.voices[agent] = None
            self.delivery.listen(link, agent, self.registry.of(agent))

    def _lose_chunk(self, link: HubLink, value: JsonValue, now: float) -> None:
        """A chunk came that no stream will see, and its sender is not told: it is lost to the message it was of."""
        if isinstance(value, ChunkParams):
            value = ACP.writer(ChunkParams).to_value(value)  # as it was said
        stream_id = value.get("streamId") if isinstance(value, dict) else None
        if not isinstance(value, dict) or not isinstance(stream_id, str) or self.registry.get(stream_id) is None:
            self.lose(link.lost(), now)
            return
        agents = speakers_of_unread(
            value, link.principal, self._voices(link, stream_id), link.fed.get(stream_id, ()), self.may_speak_for
        )
        self.lose([(stream_id, agent) for agent in agents], now)
