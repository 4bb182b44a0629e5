"""Client: one agent's line to a hub, without I/O. Many streams; commands in, messages out, events back.

    commands ──> table ──> messages_to_send          receive_message ──> next_event
    connected, connection_lost, feed_opened, feed_lost, handle_timeout: what the transport has to say

After any call drain `next_event`, send `messages_to_send`, and call `handle_timeout` when `next_timeout` has come. All
methods that change something take `now`, seconds on the caller's monotonic clock.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from attrs import define, field

from hocket.acp.client.events import ClientEvent
from hocket.acp.client.keeping import Keeping
from hocket.acp.client.outcomes import Outcomes
from hocket.acp.client.replica import Replica
from hocket.acp.client.replicas import Replicas
from hocket.acp.client.requests import Outcome, Purpose, Rejected, Requests
from hocket.acp.client.saying import Saying
from hocket.acp.events import FrameRejected
from hocket.acp.limits import ClientLimits
from hocket.acp.model import Content, StreamObject, names_of
from hocket.acp.reconnect import RECONNECT
from hocket.acp.states import ClientInput, ClientState
from hocket.acp.wire import (
    ACP,
    EndParams,
    GetParams,
    JoinParams,
    MemberParams,
    StartParams,
    StreamParams,
)
from hocket.backoff import Backoff
from hocket.entropy import Entropy
from hocket.errors import HocketError, LocalProtocolError
from hocket.timers import soonest

__all__ = ["Client"]

_WHY_NOT: Final[Mapping[ClientState, str]] = MappingProxyType(
    {
        ClientState.IDLE: "it was neither started nor joined here",
        ClientState.STARTING: "the hub has not answered yet",
        ClientState.ACTIVE: "we are in it already",
        ClientState.PAUSED: "resume it, or wait until somebody does",
        ClientState.LOST: "wait until the connection is back",
        ClientState.CLOSED: "nothing more can be said or done in it",
    }
)
"""What to say where a command is refused; none but a start or a join is refused in an ACTIVE stream."""


@define(eq=False)
class Client:
    """The machine of one agent's connection to a hub.

    A command that the state of its stream does not allow (`states.CLIENT`) raises LocalProtocolError, and nothing is
    sent. Every other command returns the id of a request, which ends in exactly one Answered or Failed; it is sent
    again, with the same id, where no answer comes.

    What happens in the streams is told in order and once, across connections: an event that is no longer kept is told
    as a ReplayGap. Each stream that was entered ends in one StreamEnded, or one ParticipantLeft that names this agent,
    also where this agent has ended or left it itself.

    Args:
        agent: Who we are; None if the connection says it.
        entropy: Where the jitter comes from.
        limits: What is held, and how patient the client is.
        epoch: Unix time, in seconds, at which `now` was 0: for the timestamps of what is said.
        backoff: How often, and after how long, a lost connection is tried again.
        listens_apart: Whether each stream is heard on a feed of its own (HTTP), which `Listen` asks for.
        is_ordered: Whether messages arrive in the order in which they are sent. Not so for parallel POSTs.
        batches: Whether the hub takes JSON-RPC arrays (ours do): then posted messages go in one.

    >>> from hocket.entropy import seeded
    >>> client = Client("ada", entropy=seeded(1))
    >>> client.connected(now=0.0)
    >>> client.start(["bob"], now=0.0)
    '1'
    >>> client.messages_to_send()
    [b'{"jsonrpc":"2.0","id":"1","method":"stream.start","params":{"participants":["bob"],"agentId":"ada"}}']
    """

    agent: str | None
    entropy: Entropy = field(kw_only=True, repr=False)
    limits: ClientLimits = field(default=ClientLimits(), kw_only=True, repr=False)
    epoch: float = field(default=0.0, kw_only=True, repr=False)
    backoff: Backoff = field(default=RECONNECT, kw_only=True, repr=False)
    listens_apart: bool = field(default=False, kw_only=True, repr=False)
    is_ordered: bool = field(default=True, kw_only=True, repr=False)
    batches: bool = field(default=False, kw_only=True, repr=False)
    _requests: Requests = field(init=False, repr=False)
    _replicas: Replicas = field(init=False, repr=False)
    _keeping: Keeping = field(init=False, repr=False)
    _outcomes: Outcomes = field(init=False, repr=False)
    _saying: Saying = field(init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        self._requests = Requests(self.limits, self.batches)
        in_order = self.is_ordered or self.batches
        self._replicas = Replicas(self.agent or "", self.limits, self._requests, self.listens_apart, in_order)
        self._keeping = Keeping(self.agent, self.entropy, self.backoff, self._replicas, self._requests)
        self._outcomes = Outcomes(self.agent, self._replicas, self._requests, self._keeping)
        self._saying = Saying(self.agent, self.epoch, self._replicas, self._requests)

    # What is known ------------------------------------------------------------------------------------------------

    @property
    def is_connected(self) -> bool:
        """Whether the line to the hub is there."""
        return self._requests.is_up

    @property
    def unread(self) -> int:
        """How many events wait for `next_event`. A transport stops reading above `limits.unread`."""
        return len(self._replicas.events)

    def state(self, stream_id: str) -> ClientState:
        """Where a stream stands; IDLE if it was neither started nor joined."""
        replica = self._replicas.get(stream_id)
        return ClientState.IDLE if replica is None else replica.state

    def object(self, stream_id: str) -> StreamObject | None:
        """A stream as far as it is known."""
        replica = self._replicas.get(stream_id)
        return None if replica is None else replica.object

    def last_event_id(self, stream_id: str) -> int:
        """The last event of a stream that was told; 0 where there is none, or the hub does not number them."""
        replica = self._replicas.get(stream_id)
        return (replica.last or 0) if replica is not None else 0

    def unposted(self, stream_id: str) -> int:
        """How many posted messages of a stream have neither arrived nor been refused for good."""
        replica = self._replicas.get(stream_id)
        return 0 if replica is None else len(replica.posting)

    # Commands -----------------------------------------------------------------------------------------------------

    def start(self, participants: Sequence[str] = (), metadata: Mapping[str, Any] | None = None, *, now: float) -> str:
        """Start a stream with these agents, beside this one. Answered with its name.

        Raises:
            LocalProtocolError: The participants are no list, there are too many streams, or the line was given up.
        """
        self._check_reachable()
        params = StartParams(participants=names_of(participants), metadata=metadata, agent_id=self.agent)
        text = ACP.writer(StartParams).to_json(params)
        self._requests.check(text)
        self._replicas.check_room()
        return self._ask(Purpose.START, "stream.start", text, None, now)

    def join(self, stream_id: str, capabilities: Sequence[str] = (), *, now: float) -> str:
        """Become a member of a stream; or, as one already, hear what happens in it.

        Raises:
            LocalProtocolError: We are in it, or were, or are about to be; there are too many streams, or the line was
                given up.
        """
        self._check_reachable()
        self._check(ClientInput.START, stream_id)
        known = self._replicas.get(stream_id)
        missed = None if known is None else known.missed
        if missed is None and self._keeping.may_have_lost:
            missed = 0
        params = JoinParams(
            stream_id=stream_id,
            capabilities=names_of(capabilities),
            last_event_id=None if missed is None else str(missed),
            agent_id=self.agent,
        )
        text = ACP.writer(JoinParams).to_json(params)
        self._requests.check(text)
        if known is None:
            self._replicas.check_room()
        self._replicas.open(stream_id).learn(ClientInput.START)
        return self._ask(Purpose.JOIN, "stream.join", text, stream_id, now, note=params.last_event_id)

    def message(self, stream_id: str, message: Content, *, now: float) -> str:
        """Say something in one piece.

        Raises:
            LocalProtocolError: The stream is not ACTIVE, or the message cannot be written or is too long.
        """
        self._check(ClientInput.SEND, stream_id)
        text = self._saying.message_text(stream_id, message, now)
        return self._ask_in_order(Purpose.SAY, "stream.message", text, stream_id, now)

    def chunk(self, stream_id: str, chunk: Content, sequence: int, is_last: bool = False, *, now: float) -> str:
        """Say a piece of a message.

        Args:
            stream_id: Where.
            chunk: The piece.
            sequence: Its number, 1 for the first.
            is_last: Whether the message ends with it.
            now: The time in seconds.

        Raises:
            LocalProtocolError: As for `message`; or the number is none that a chunk can have.
        """
        self._check(ClientInput.SEND, stream_id)
        text = self._saying.chunk_text(stream_id, chunk, sequence, is_last=is_last, now=now)
        return self._ask_in_order(Purpose.SAY, "stream.chunk", text, stream_id, now)

    def post(self, stream_id: str, message: Content, *, now: float) -> None:
        """Say something in passing: it is sent with others, ten at a time or after a second.

        It is sent until the hub has it, so it can arrive twice where a connection breaks. What the hub refuses for
        good is told as BatchFailed.

        Raises:
            LocalProtocolError: As for `message`; or too much waits to be sent (`unsent`, `unsent_size`).
        """
        self._check(ClientInput.SEND, stream_id)
        replica = self._replicas.open(stream_id)
        self._saying.post(replica, message, now)
        self._settle(now, replica)

    def flush(self, stream_id: str, *, now: float) -> None:
        """Send what was posted to a stream without waiting for more of it."""
        replica = self._replicas.get(stream_id)
        if replica is not None:
            replica.posting.hurry()
            self._settle(now, replica)

    def end(self, stream_id: str, reason: str | None = None, *, now: float) -> str:
        """End a stream for all. One that has ended already is an Answered, too.

        Raises:
            LocalProtocolError: The stream is neither ACTIVE nor PAUSED.
        """
        self._check(ClientInput.END, stream_id)
        params = EndParams(stream_id=stream_id, reason=reason, agent_id=self.agent)
        text = ACP.writer(EndParams).to_json(params)
        return self._ask_in_order(Purpose.END, "stream.end", text, stream_id, now, note=reason)

    def pause(self, stream_id: str, reason: str | None = None, *, now: float) -> str:
        """Suspend a stream.

        Raises:
            LocalProtocolError: The stream is neither ACTIVE nor PAUSED. So for all commands that follow.
        """
        return self._control(Purpose.PAUSE, "stream.pause", stream_id, reason, now)

    def resume(self, stream_id: str, reason: str | None = None, *, now: float) -> str:
        """Let a paused stream go on. It is not for lost connections: those are resumed without being asked.

        A hub without stream.resume is asked by stream.start; one that then starts another stream cannot resume:
        the stray stream is ended, and the request fails with ResumeUnsupported (spec section 3, "Client side").
        """
        return self._control(Purpose.RESUME, "stream.resume", stream_id, reason, now)

    def leave(self, stream_id: str, reason: str | None = None, *, now: float) -> str:
        """Take part no longer."""
        return self._control(Purpose.LEAVE, "stream.leave", stream_id, reason, now)

    def invite(self, stream_id: str, agent_id: str, reason: str | None = None, *, now: float) -> str:
        """Ask an agent to take part."""
        return self._about(agent_id, "stream.invite", stream_id, reason, now)

    def remove(self, stream_id: str, agent_id: str, reason: str | None = None, *, now: float) -> str:
        """Send an agent away."""
        return self._about(agent_id, "stream.remove", stream_id, reason, now)

    def get(self, stream_id: str, *, now: float) -> str:
        """Ask how a stream stands. Answered with its StreamObject."""
        self._check(ClientInput.CONTROL, stream_id)
        text = ACP.writer(GetParams).to_json(GetParams(stream_id=stream_id, agent_id=self.agent))
        self._requests.check(text)
        return self._ask(Purpose.GET, "stream.get", text, stream_id, now)

    def forget(self, stream_id: str) -> None:
        """Remember a closed stream no longer, so that it can be joined again.

        Raises:
            LocalProtocolError: The stream is open, or its end was not told yet.
        """
        replica = self._replicas.get(stream_id)
        if replica is not None and not replica.is_over:
            why = f"the end of the stream {stream_id} was not told yet; it is {replica.state.value}"
            raise LocalProtocolError(f"{why}: it can neither be forgotten nor be joined anew")
        self._replicas.forget(stream_id)

    # The transport ------------------------------------------------------------------------------------------------

    def connected(self, now: float, *, same_session: bool = False) -> None:
        """There is a connection to the hub.

        Args:
            now: The time in seconds.
            same_session: Whether the hub remembers the requests of the last connection (HTTP with an
                `X-Connection-Id`): then what had no answer is sent again. Else it fails, except what was not sent yet.
        """
        self._keeping.connected(now, same_session=same_session)
        for replica in self._replicas:
            self._replicas.touch(replica)
        self._settle(now)

    def connection_lost(self, now: float, error: HocketError | None = None) -> None:
        """The connection broke, or an attempt to make one failed.

        Args:
            now: The time in seconds.
            error: Why, where that is known.
        """
        self._keeping.connection_lost(now, error)
        self._settle(now)

    def feed_opened(self, stream_id: str, now: float) -> None:
        """The feed of a stream is open: it gives what came after the `last_event_id` that was asked for."""
        replica = self._replicas.get(stream_id)
        if replica is not None:
            self._keeping.feed_opened(replica, now)
            self._settle(now)

    def feed_lost(self, stream_id: str, now: float, error: HocketError | None = None) -> None:
        """The feed of a stream broke or ended, or could not be opened.

        Args:
            stream_id: The stream.
            now: The time in seconds.
            error: Why; an RpcError where the hub does not give it to us.
        """
        replica = self._replicas.get(stream_id)
        if replica is not None:
            self._keeping.feed_lost(replica, now, error)
            self._settle(now)

    def receive_message(self, data: bytes, now: float) -> None:
        """Take one message of the hub, from the line or a feed. Nothing that is in it raises.

        Args:
            data: JSON text, as the framing gave it.
            now: The time in seconds.
        """
        self._requests.receive(data, now)
        self._settle(now)

    def messages_to_send(self) -> list[bytes]:
        """Messages to send now, in order; they are handed out once."""
        return self._requests.messages_to_send()

    def next_event(self) -> ClientEvent | None:
        """The next thing that happened, or None when all has been told."""
        events = self._replicas.events
        return events.popleft() if events else None

    def next_timeout(self) -> float | None:
        """When `handle_timeout` wants to be called, or None."""
        return soonest(self._requests.next_timeout(), self._keeping.next_timeout(), self._replicas.next_timeout())

    def handle_timeout(self, now: float) -> None:
        """Do what was to be done by now. Being early or late is harmless."""
        self._requests.handle_timeout(now)
        self._keeping.handle_timeout(now)
        for replica in self._replicas.due(now):
            self._replicas.tell(replica.handle_timeout(now))
            self._keeping.feed_due(replica, now)
        self._settle(now)

    # Within -------------------------------------------------------------------------------------------------------

    def _check(self, wanted: ClientInput, stream_id: str) -> None:
        replica = self._replicas.get(stream_id)
        state = ClientState.IDLE if replica is None else replica.state
        if not (replica.allows(wanted) if replica is not None else wanted is ClientInput.START):
            raise LocalProtocolError(f"the stream {stream_id} is {state.value}: {_WHY_NOT[state]}")

    def _check_reachable(self) -> None:
        if self._keeping.line.is_exhausted:
            raise LocalProtocolError("the hub cannot be reached: all attempts to connect have failed")

    def _control(self, purpose: Purpose, method: str, stream_id: str, reason: str | None, now: float) -> str:
        self._check(ClientInput.CONTROL, stream_id)
        params = StreamParams(stream_id=stream_id, reason=reason, agent_id=self.agent)
        text = ACP.writer(StreamParams).to_json(params)
        self._requests.check(text)
        return self._ask(purpose, method, text, stream_id, now, note=reason)

    def _about(self, agent_id: str, method: str, stream_id: str, reason: str | None, now: float) -> str:
        self._check(ClientInput.CONTROL, stream_id)
        text = ACP.writer(MemberParams).to_json(MemberParams(stream_id=stream_id, agent_id=agent_id, reason=reason))
        self._requests.check(text)
        return self._ask(Purpose.MEMBERS, method, text, stream_id, now)

    def _ask(
        self, purpose: Purpose, method: str, text: bytes, stream_id: str | None, now: float, note: str | None = None
    ) -> str:
        asked = self._requests.add(purpose, method, text, stream_id, note=note, is_told=True)
        self._requests.transmit([asked], now)
        return asked.id

    def _ask_in_order(
        self, purpose: Purpose, method: str, text: bytes, stream_id: str, now: float, note: str | None = None
    ) -> str:
        """Ask for something that comes after everything that was posted before."""
        self._requests.check(text)
        replica = self._replicas.open(stream_id)
        asked = self._requests.add(purpose, method, text, stream_id, note=note, is_told=True)
        self._saying.in_order(asked, replica, now)
        self._settle(now, replica)
        return asked.id

    def _settle(self, now: float, touched: Replica | None = None) -> None:
        """Draw the conclusions from whatever has happened."""
        if touched is not None:
            self._replicas.touch(touched)
        while True:
            self._work_off(now)
            for replica in self._replicas.touched:
                self._saying.send_posts(replica, now)
            if not self._requests.has_news:
                break
        self._replicas.settle()

    def _work_off(self, now: float) -> None:
        while (received := self._requests.next()) is not None:
            if isinstance(received, Outcome):
                self._outcomes.settle(received, now)
            elif isinstance(received, Rejected):
                self._replicas.tell([FrameRejected(error=received.error, answered=received.answered)])
            else:
                self._replicas.read(received.method, received.params, now)
