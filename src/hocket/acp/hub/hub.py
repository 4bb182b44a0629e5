"""Hub: many streams × many connections, without I/O. Messages in, messages out.

    receive(link, message) ──> params ──> Stream: table · lanes · log ──> take(link) / next_send
                                             └──> next_event: what happened, and Ready(link)

One hub serves connections of any kind at once; what it has to know of each is said in `connect`. After any call drain
`next_event`. Every method takes `now`, seconds on the caller's monotonic clock.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable

from attrs import define, field

from hocket.acp.hub.compat import without_null_ids
from hocket.acp.hub.delivery import Delivery
from hocket.acp.hub.links import HubLink, Link, Send
from hocket.acp.hub.reception import HubEvent, Reception
from hocket.acp.hub.registry import Registry
from hocket.acp.hub.replies import Sessions
from hocket.acp.limits import HubLimits
from hocket.acp.refusals import denied, over_limit, unknown_stream
from hocket.acp.stream import Stream
from hocket.acp.wire import PARAMS, usual_calls
from hocket.entropy import Entropy
from hocket.errors import CodecError, ErrorObject, FramingError, LimitExceeded, LocalProtocolError
from hocket.jsonrpc import Peer, PeerLimits, UsualCalls

__all__ = ["Hub"]


def _itself(principal: str, agent_id: str) -> bool:
    return principal == agent_id


@define(eq=False, repr=False, kw_only=True)
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
    _reception: Reception = field(init=False)
    _sessions: Sessions = field(init=False)
    _usual: UsualCalls | None = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.registry = Registry(self.limits, self.epoch)
        self._delivery = Delivery(self._events)
        self._reception = Reception(
            entropy=self.entropy,
            limits=self.limits,
            may_speak_for=self.may_speak_for,
            registry=self.registry,
            delivery=self._delivery,
            events=self._events,
        )
        self._sessions = Sessions(self.limits.replies, self.limits.replies_size)
        self._usual = usual_calls(PARAMS)

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
            peer=Peer(limits=PeerLimits(message=self.limits.message), usual=self._usual),
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
        self._reception.lose(held.lost(), now)
        for stream in read:
            for agent_id in held.voices:
                if not self._delivery.is_read_for(agent_id, stream):
                    stream.lost(agent_id, now=now)
            self._reception.settle(stream, now)

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
        self._reception.work_off(held, now)

    def refuse(self, link: Link, error: CodecError | FramingError | LimitExceeded, now: float) -> None:
        """Something came that is no message; it is answered with an error."""
        held = self._link(link)
        held.peer.refuse_frame(error, now=now)
        self._reception.work_off(held, now)

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
                self._reception.settle(stream, now)

    # Within -------------------------------------------------------------------------------------------------------

    def _link(self, link: Link) -> HubLink:
        held = self._delivery.links.get(link)
        if held is None:
            raise LocalProtocolError(f"there is no connection {link!r}: connect it first")
        return held
