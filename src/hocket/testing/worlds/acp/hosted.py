"""Hosted: our hub, as a node of this world."""

from __future__ import annotations

from typing import Final

from attrs import define, field

from hocket.acp.events import StreamStarted
from hocket.acp.hub import Hub, HubPipe
from hocket.acp.limits import HubLimits, StreamLimits
from hocket.codec import dumps
from hocket.endpoint import Endpoint
from hocket.entropy import Entropy
from hocket.errors import ErrorObject
from hocket.framing import Ndjson
from hocket.heartbeat import Heartbeat
from hocket.testing.worlds.acp.roads import Road

__all__ = ["Hosted", "hosted"]

_EPOCH: Final = 1_700_000_000.0
_HISTORY_SIZE: Final = 256 * 1024
_SLACK: Final = 64 * 1024
"""What the largest message and an answer may have, over a limit that counts what was there before them."""


def hosted(entropy: Entropy, history: int = 1_000) -> Hosted:
    """Our hub.

    Args:
        entropy: Where the names of its streams come from.
        history: How many messages of each stream it keeps.
    """
    limits = HubLimits(stream=StreamLimits(history=history, history_size=_HISTORY_SIZE))
    return Hosted(Hub(entropy=entropy, epoch=_EPOCH, limits=limits), Heartbeat(interval=45.0))


@define(eq=False, repr=False)
class Hosted:
    """A Hub and its connections.

    Args:
        hub: The hub.
        heartbeat: When agents on pipes are asked for a sign of life; None for never.
    """

    hub: Hub
    heartbeat: Heartbeat | None = None
    _links: dict[str, None] = field(factory=dict, init=False)
    _streams: dict[str, None] = field(factory=dict, init=False)

    def accept(self, road: Road, now: float) -> Endpoint[object] | None:
        """Connect an agent. A feed that the hub does not give is told why."""
        hub, is_pipe = self.hub, road.kind == "pipe"
        refusal = hub.connect(
            road.name,
            now,
            principal=road.agent,
            ordered=is_pipe,
            listens=road.kind != "post",
            session=None if is_pipe else road.agent,
        )
        if refusal is not None:
            return None
        self._links[road.name] = None
        pipe = HubPipe(hub, road.name, Ndjson(), self.heartbeat if is_pipe else None)
        if road.kind == "post":
            return _Post(pipe)
        if road.kind == "pipe" or road.stream_id is None:
            return pipe
        refusal = hub.attach(road.name, road.stream_id, now, last_event_id=road.after, only=True)
        return _Feed(self.hub, road.name, refusal)

    def gone(self, road: Road, now: float) -> None:
        """Disconnect it."""
        if road.name in self._links:
            del self._links[road.name]
            self.hub.disconnect(road.name, now)

    def next_timeout(self) -> float | None:
        """When a deadline of the hub comes."""
        return self.hub.next_timeout()

    def handle_timeout(self, now: float) -> None:
        """Do what is due in the hub."""
        self.hub.handle_timeout(now)

    def load(self) -> dict[str, tuple[float, float]]:
        """What the hub holds: pieces that wait for others, each stream's log, the answers for each connection."""
        while (event := self.hub.next_event()) is not None:
            if isinstance(event, StreamStarted):
                self._streams[event.stream_id] = None
        load: dict[str, tuple[float, float]] = {"pieces that wait": (self.hub.registry.held, self.hub.limits.held)}
        for stream_id in list(self._streams):
            stream = self.hub.stream(stream_id)
            if stream is None:
                del self._streams[stream_id]
            else:
                load[f"the log of {stream_id}"] = (stream.events.held, _HISTORY_SIZE + _SLACK)
        for name in self._links:
            load[f"answers to {name}"] = (self.hub.unread(name), self.hub.limits.unread + _SLACK)
        return load


@define(eq=False, repr=False)
class _Post:
    """The hub's end of a POST: when the message is there, nothing more is read, and the answer is the end."""

    pipe: HubPipe

    @property
    def is_closed(self) -> bool:
        return self.pipe.is_closed

    def receive_data(self, data: bytes, now: float) -> None:
        self.pipe.receive_data(data, now)
        if b"\n" in data:
            self.pipe.receive_eof(now)

    def receive_eof(self, now: float) -> None:
        self.pipe.receive_eof(now)

    def handle_timeout(self, now: float) -> None:
        self.pipe.handle_timeout(now)

    def next_event(self) -> None:
        return None

    def next_timeout(self) -> float | None:
        return self.pipe.next_timeout()

    def data_to_send(self) -> list[bytes]:
        return self.pipe.data_to_send()


@define(eq=False, repr=False)
class _Feed:
    """The hub's end of a feed: a blank line for a head, then what happens in one stream; or why that is not given."""

    hub: Hub
    name: str
    refusal: ErrorObject | None
    _framing: Ndjson = field(factory=Ndjson, init=False)
    _is_begun: bool = field(default=False, init=False)
    _is_left: bool = field(default=False, init=False)

    @property
    def is_closed(self) -> bool:
        return self._is_left or (self._is_begun and (self.refusal is not None or self.hub.is_over(self.name)))

    def receive_data(self, data: bytes, now: float) -> None:
        """Nobody says anything here."""

    def receive_eof(self, now: float) -> None:
        self._is_left = True

    def handle_timeout(self, now: float) -> None:
        """It waits for nothing."""

    def next_event(self) -> None:
        return None

    def next_timeout(self) -> None:
        return None

    def data_to_send(self) -> list[bytes]:
        head, self._is_begun = [] if self._is_begun else [b"\n"], True
        if self.refusal is not None:
            why = {"code": self.refusal.code, "message": self.refusal.message, "data": self.refusal.data}
            return [self._framing.encode(dumps({"jsonrpc": "2.0", "id": None, "error": why}))] if head else []
        return head + [self._framing.encode(send.message) for send in self.hub.take(self.name)]
