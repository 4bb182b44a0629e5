"""Agent: one that takes part. What it says is scripted, what it is told is held against the truth."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final, Literal, TypeAlias

from attrs import define, field, frozen

from hocket.acp.assembly import MESSAGE_ID
from hocket.acp.client import Client
from hocket.acp.client.events import (
    Answered,
    BatchFailed,
    ClientEvent,
    Failed,
    Listen,
    Poll,
    Reconnect,
    Reconnected,
    ReconnectExhausted,
    Reconnecting,
    Unlisten,
)
from hocket.acp.events import FrameRejected, Invited, StreamEnded
from hocket.acp.model import text_part
from hocket.acp.states import ClientState
from hocket.errors import HocketError, RpcError
from hocket.testing.network import Link
from hocket.testing.violation import Violation
from hocket.testing.worlds.acp.ear import Ear
from hocket.testing.worlds.acp.entries import Entry
from hocket.testing.worlds.acp.lines import FeedEnd, PipeEnd, PostEnd
from hocket.testing.worlds.acp.mouth import Mouth, Opened
from hocket.testing.worlds.acp.roads import Road
from hocket.testing.worlds.acp.spoken import Spoken, Utterance
from hocket.testing.worlds.acp.witness import Witness

__all__ = ["Agent", "Dial", "Kind"]

Kind: TypeAlias = Literal["known", "declared", "nameless", "posts"]
"""How the hub knows whose a connection is: somebody has vouched for it; its first frame says so; every frame does. Or
there are no connections that last: every message is posted by itself, and every stream is heard on a feed."""

Dial: TypeAlias = Callable[["Agent", PipeEnd | PostEnd | FeedEnd, Road], Link]
"""Makes a connection of an agent. The road says of what kind; its name is not yet known."""

_PATIENCE: Final = 20.0
"""Seconds that a message in pieces may take, and be sure to arrive."""
_RETRY: Final = 10.0
"""Seconds after which a client asks again."""
_TRANSPORT: Final = (Reconnecting, Reconnected, ReconnectExhausted)


@frozen
class _Wish:
    """What a request was for."""

    kind: str
    stream_id: str | None = None
    said: Utterance | None = None
    place: int = 0


@define(eq=False, repr=False)
class Agent:
    """One that takes part. It is a node of the network, where its clock is.

    Args:
        name: Its name.
        kind: How the hub knows it.
        client: Its client, the machine that is tested.
        spoken: What was said, by anybody.
        dial: Makes connections.

    Attributes:
        pipe: Its end of the connection that lasts; None if there is none.
        ears: What it was told, by stream; one for each stay.
        mouths: What it is about to say, by stream.
        invited: The streams that it has heard of.
        events: How many events its application was told.
    """

    name: str
    kind: Kind
    client: Client
    spoken: Spoken
    dial: Dial
    pipe: PipeEnd | None = field(default=None, init=False)
    link: Link | None = field(default=None, init=False)
    ears: dict[str, list[Ear]] = field(factory=dict, init=False)
    mouths: dict[str, Mouth] = field(factory=dict, init=False)
    invited: dict[str, None] = field(factory=dict, init=False)
    events: int = field(default=0, init=False)
    wishes: dict[str, _Wish] = field(factory=dict, init=False)
    _feeds: dict[str, FeedEnd] = field(factory=dict, init=False)
    _is_due: bool = field(default=False, init=False)

    # What it is doing

    def streams(self, *states: ClientState) -> list[str]:
        """The streams that are in one of these states for it, in the order in which it came to them."""
        return [stream_id for stream_id in self.ears if self.client.state(stream_id) in states]

    def may_join(self, stream_id: str) -> bool:
        """Whether it is not in a stream, and not about to be."""
        asked = any(wish.stream_id == stream_id and wish.kind == "join" for wish in self.wishes.values())
        stays = self.ears.get(stream_id)
        is_out = stays is None or stays[-1].end is not None  # its last words may be under way
        return is_out and not asked and self.client.state(stream_id) in (ClientState.IDLE, ClientState.CLOSED)

    def is_leaving(self, stream_id: str) -> bool:
        """Whether it has asked to end a stream, or to leave it, and has no answer yet."""
        return any(wish.stream_id == stream_id and wish.kind in ("end", "leave") for wish in self.wishes.values())

    def check_ears(self, witness: Witness) -> None:
        """Hold what it was told against what has happened.

        Raises:
            Violation: It was not told all of it.
        """
        for stream_id, stays in self.ears.items():
            for ear in stays:
                to_the_end = isinstance(ear.end, StreamEnded) and ear.end.reason != "not_found"  # that says it all
                to_the_end = to_the_end and stream_id not in witness.crashed_streams
                to_the_end = to_the_end and self.is_ordered  # the posts that ask for the rest may all be lost
                ear.check_complete(witness.logs.get(stream_id, {}), to_the_end=to_the_end)

    def check_heard(self, known: Mapping[str, Mapping[int, Entry]], witness: Witness) -> None:
        """Raise a Violation for what was `known` of any stream before a quiet time, and is not told after it."""
        for stream_id in self.streams(ClientState.ACTIVE) if self.is_ordered else ():
            ear, stream = self.ears[stream_id][-1], witness.rules.stream(stream_id)
            if ear.end is None and stream is not None and self.name in stream.members:
                ear.check_complete(known.get(stream_id, {}), to_the_end=True)

    # What it says

    def start(self, others: list[str], metadata: dict[str, Any], now: float) -> None:
        """Start a stream."""
        self._wish(self.client.start(others, metadata, now=now), _Wish("start"), now)

    def join(self, stream_id: str, now: float) -> None:
        """Join a stream; if it was in it before, anew."""
        if self.client.state(stream_id) is ClientState.CLOSED:
            self.client.forget(stream_id)
        self._wish(self.client.join(stream_id, now=now), _Wish("join", stream_id), now)

    def control(self, what: str, stream_id: str, now: float, *args: str) -> None:
        """Do what needs no more than a name: `pause`, `resume`, `leave`, `end`, `get`, `invite`, `remove`."""
        if what in ("leave", "end"):
            self.doubt(stream_id)
        self._wish(getattr(self.client, what)(stream_id, *args, now=now), _Wish(what, stream_id), now)

    def say(self, stream_id: str, now: float) -> None:
        """Say something in one piece."""
        said = self.spoken.new(self.name, stream_id, is_ranked=self.is_ordered)
        said.began = now
        self.spoken.end(said)
        self._wish(self.client.message(stream_id, said.text, now=now), _Wish("say", stream_id, said), now)

    def post(self, stream_id: str, now: float) -> None:
        """Say something in passing."""
        said = self.spoken.new(self.name, stream_id, is_posted=True, is_ranked=self.is_ordered)
        self.spoken.end(said)
        self.client.post(stream_id, said.text, now=now)
        self.work_off(now)

    def flush(self, stream_id: str, now: float) -> None:
        """Let nothing wait that was said in passing."""
        self.client.flush(stream_id, now=now)
        self.work_off(now)

    def chunk(self, stream_id: str, opened: Opened, now: float, *, is_told: bool = False) -> None:
        """Say the next piece of something.

        Args:
            stream_id: Where.
            opened: Of what.
            now: The time in seconds.
            is_told: Whether the hub is told, and not asked: then it says nothing of a refusal.
        """
        said, place = opened.said, opened.said.said
        said.said += 1
        is_last = said.said == len(said.pieces)
        part = text_part(said.pieces[place], **({MESSAGE_ID: opened.message_id} if opened.message_id else {}))
        if is_last:
            self.mouths[stream_id].close(opened)
            self.spoken.end(said)
        if is_told and self.pipe is not None:
            said.is_doubtful, said.is_ranked = True, False  # it overtakes what waits in the client
            self.pipe.inject(_told_chunk(self.name, stream_id, part.content, opened, place, is_last=is_last))
            return
        asked = self.client.chunk(stream_id, part, opened.first + place, is_last, now=now)
        self._wish(asked, _Wish("chunk", stream_id, said, place), now)

    def leave_a_gap(self, stream_id: str, now: float) -> None:
        """Say the first piece of something and the third, and never the second."""
        opened = self.mouth(stream_id).begin(stream_id, 4, now, numbering=0, with_id=True)
        self.chunk(stream_id, opened, now)
        opened.said.said, opened.said.is_doubtful = 2, True
        self.chunk(stream_id, opened, now)

    def say_again(self, stream_id: str, opened: Opened, now: float) -> None:
        """Say the last piece that was said once more: it has the same number, and is asked for anew."""
        place = opened.said.said - 1
        part = text_part(opened.said.pieces[place], **{MESSAGE_ID: opened.message_id})
        asked = self.client.chunk(stream_id, part, opened.first + place, now=now)
        self._wish(asked, _Wish("again", stream_id), now)

    def mouth(self, stream_id: str) -> Mouth:
        """What it is about to say in a stream."""
        return self.mouths.setdefault(stream_id, Mouth(self.spoken, self.name, needs_ids=not self.is_ordered))

    def doubt(self, stream_id: str | None = None) -> None:
        """Something has happened that may have cost pieces of what it is saying: here, or in all streams."""
        for named, mouth in self.mouths.items():
            if stream_id in (None, named):
                mouth.doubt()
        for wish in self.wishes.values():
            if wish.said is not None and stream_id in (None, wish.stream_id):
                wish.said.is_doubtful = True

    @property
    def is_ordered(self) -> bool:
        """Whether what it says arrives in its order."""
        return self.kind != "posts"

    # Its connections

    def connect(self, now: float) -> None:
        """Connect to the hub."""
        self._is_due = False
        if self.kind == "posts":
            self.client.connected(now, same_session=True)
        elif self.pipe is None:
            hello = b"" if self.kind != "declared" else _hello(self.name)
            self.pipe = PipeEnd(self, self._lost, hello=hello)
            self.link = self.dial(self, self.pipe, Road(name="", agent=self.name if self.kind == "known" else None))
            self.client.connected(now)
        self.work_off(now)

    def hang_up(self) -> None:
        """End all its connections; it does not come back."""
        for end in (self.pipe, *self._feeds.values()):
            if end is not None:
                end.hang_up()

    def _lost(self, error: HocketError | None, now: float) -> None:
        self.pipe = self.link = None
        self.doubt()
        self.client.connection_lost(now, error)
        self.work_off(now)

    def _listen(self, stream_id: str, after: int | None) -> None:
        self._unlisten(stream_id)
        feed = FeedEnd(
            self,
            lambda error, now: self._feed_lost(stream_id, feed, error, now),
            opened=lambda now: self._feed_opened(stream_id, now),
        )
        self._feeds[stream_id] = feed
        self.dial(self, feed, Road(name="", agent=self.name, kind="feed", stream_id=stream_id, after=after))

    def _unlisten(self, stream_id: str) -> None:
        if (feed := self._feeds.pop(stream_id, None)) is not None:
            feed.hang_up()

    def _feed_opened(self, stream_id: str, now: float) -> None:
        self.client.feed_opened(stream_id, now)
        self.work_off(now)

    def _feed_lost(self, stream_id: str, feed: FeedEnd, error: HocketError | None, now: float) -> None:
        if self._feeds.get(stream_id) is feed:
            del self._feeds[stream_id]
            self.client.feed_lost(stream_id, now, error)
            self.work_off(now)

    # As a node, and for its connections

    def accept(self, link: str, now: float) -> None:
        """Nobody connects to an agent."""

    def gone(self, link: str, now: float) -> None:
        """See `accept`."""

    def next_timeout(self) -> float | None:
        """When its client wants to be called."""
        return self.client.next_timeout()

    def handle_timeout(self, now: float) -> None:
        """Let its client do what is due."""
        self.client.handle_timeout(now)
        self.work_off(now)

    def restarted(self, keep_log: bool, now: float) -> Agent:
        """Agents do not crash here."""
        return self

    def messages_to_send(self) -> list[bytes]:
        """What its pipe carries."""
        return self.client.messages_to_send()

    def receive_message(self, message: bytes, now: float) -> None:
        """Something has come, by a pipe, a feed, or as the answer to a post."""
        self.client.receive_message(message, now)
        self.work_off(now)

    # What it is told

    def work_off(self, now: float) -> None:
        """Take what the client tells, and do what it asks for.

        Raises:
            Violation: It is wrong.
        """
        while (event := self.client.next_event()) is not None:
            self._hear(event, now)
        if self.kind == "posts":
            for message in self.client.messages_to_send():
                road = Road(name="", agent=self.name, kind="post")
                self.dial(self, PostEnd(self, lambda error, now: None, message=message), road)
        if self._is_due:
            self.connect(now)

    def _hear(self, event: ClientEvent, now: float) -> None:
        self.events += 1
        match event:
            case Answered() | Failed():
                self._settle(event, now)
            case Listen(stream_id=stream_id) | Reconnect(stream_id=str(stream_id)):
                self._listen(stream_id, event.last_event_id)
            case Unlisten(stream_id=stream_id):
                self._unlisten(stream_id)
            case Reconnect() | Poll():
                self._is_due = self._is_due or not self.client.is_connected
            case Invited(stream_id=stream_id):
                self.invited[stream_id] = None
            case BatchFailed(messages=messages):
                for message in messages:
                    said = self.spoken.whole(message.text)
                    if said is None or said.sender != self.name or not said.is_posted:
                        raise Violation("no-corrupt-message", f"{self.name} has never posted {message.text!r}")
                    said.is_doubtful = True
            case _ if isinstance(event, _TRANSPORT):
                pass
            case FrameRejected():
                pass  # what the hub says of frames that the client has not written
            case _:
                self._hear_in_stream(event)

    def _hear_in_stream(self, event: Any) -> None:
        ears = self.ears.get(event.stream_id)
        if not ears:
            raise Violation("one-end", f"{self.name} was told {event}, and is in no such stream")
        ears[-1].hear(event)

    def _settle(self, event: Answered | Failed, now: float) -> None:
        wish = self.wishes.pop(event.request_id, None)
        if wish is None:
            raise Violation("exactly-once", f"{self.name} was told {event}, and waits for no such answer")
        match event:
            case Answered(stream_id=str(stream_id)) if wish.kind in ("start", "join"):
                if stream_id in self.ears and self.ears[stream_id][-1].end is None:
                    return  # it has joined what it had started, and knew nothing of yet
                since = 0 if wish.kind == "start" else self.client.last_event_id(stream_id)
                self.doubt(stream_id)
                self.mouths.pop(stream_id, None)  # what it had begun in an earlier stay is over
                self.ears.setdefault(stream_id, []).append(Ear(self.name, stream_id, self.spoken, since))
            case Answered() if wish.said is not None:
                wish.said.taken.add(wish.place)
                wish.said.is_doubtful = wish.said.is_doubtful or now > wish.said.began + _PATIENCE
            case Failed(error=error) if wish.said is not None and wish.stream_id is not None:
                wish.said.is_doubtful = True
                is_first = now < wish.said.began + _RETRY  # else it was sent again, and taken then, it may be
                wish.said.is_false = wish.kind == "say" and self.is_ordered and isinstance(error, RpcError) and is_first
                if wish.kind == "chunk":
                    self.mouth(wish.stream_id).failed(wish.said)

    def _wish(self, request_id: str, wish: _Wish, now: float) -> None:
        if request_id in self.wishes:
            raise Violation("exactly-once", f"{self.name} was given the id {request_id} twice")
        self.wishes[request_id] = wish
        self.work_off(now)


def _hello(name: str) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "method": "$/agent", "params": {"agentId": name}}).encode()


def _told_chunk(agent: str, stream_id: str, text: Any, opened: Opened, place: int, *, is_last: bool) -> bytes:
    part = {"type": "TextPart", "content": text, **({MESSAGE_ID: opened.message_id} if opened.message_id else {})}
    chunk = {"role": "agent", "parts": [part], "agentId": agent}
    params = {"streamId": stream_id, "chunk": chunk, "sequence": opened.first + place, "isLast": is_last}
    return json.dumps({"jsonrpc": "2.0", "method": "stream.chunk", "params": params}).encode()
