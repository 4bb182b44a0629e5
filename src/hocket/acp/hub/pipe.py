"""HubPipe: one connection to a hub over a stream of bytes, such as a child process, a socket or our own stdio."""

from __future__ import annotations

from collections.abc import Hashable

from attrs import define, field

from hocket.acp.hub import Hub
from hocket.framing import FrameRejected, Framing
from hocket.heartbeat import Beat, Heartbeat, Pulse
from hocket.jsonrpc.ids import PING_ID
from hocket.jsonrpc.messages import encode_ping

__all__ = ["HubPipe"]

_BATCH = 256
"""Messages that are taken from the hub at a time."""


@define(eq=False)
class HubPipe:
    """The hub's side of one connection. An Endpoint without events: what comes in goes to the hub.

    What goes out is taken from the hub only when `data_to_send` is called. A transport that calls it when its last
    write is through goes at the pace of whoever reads, and nothing piles up on the way.

    Args:
        hub: The hub. It knows the link already, and the transport disconnects it in the end.
        link: The name of the connection there.
        framing: How messages are cut out of the bytes; it belongs to this connection.
        heartbeat: When to ask a silent agent for a sign of life, and when to give it up; None for never.
    """

    hub: Hub
    link: Hashable
    framing: Framing
    heartbeat: Heartbeat | None = None
    _pulse: Pulse | None = field(init=False)
    _pings: int = field(default=0, init=False)
    _unsent_ping: bytes | None = field(default=None, init=False)
    _has_ended: bool = field(default=False, init=False)
    _is_over: bool = field(default=False, init=False)

    def __attrs_post_init__(self) -> None:
        self._pulse = None if self.heartbeat is None else Pulse(self.heartbeat)

    @property
    def is_closed(self) -> bool:
        """True once the connection is over: the agent says nothing more and has every answer, or it is dead."""
        return self._is_over

    def receive_data(self, data: bytes, now: float) -> None:
        """Bytes from the agent, cut anywhere; ignored after the end."""
        if self._has_ended:
            return
        if self._pulse is not None and data:
            self._pulse.heard(now)
        self.framing.receive_data(data)
        self._pass_on(now)

    def receive_eof(self, now: float) -> None:
        """The agent will say nothing more. What it has asked for is still answered."""
        if self._has_ended:
            return
        self.framing.receive_eof()
        self._pass_on(now)
        self._has_ended = True

    def handle_timeout(self, now: float) -> None:
        """Ping an agent that is silent, give up one that does not answer."""
        if self._pulse is None or self._has_ended:
            return
        match self._pulse.check(now):
            case Beat.PING:
                self._pings += 1
                self._unsent_ping = encode_ping(f"{PING_ID}{self._pings}")
            case Beat.DEAD:
                self._has_ended = self._is_over = True

    def next_timeout(self) -> float | None:
        """When `handle_timeout` wants to be called; None for never."""
        return None if self._pulse is None or self._has_ended else self._pulse.next_timeout()

    def next_event(self) -> None:
        """There are none: what happens is told by the hub."""

    def data_to_send(self) -> list[bytes]:
        """What the hub has for the agent, and a ping if one is due. Call it again until it is empty."""
        if self._is_over:
            return []
        pieces = [self.framing.encode(send.message) for send in self.hub.take(self.link, _BATCH)]
        if self._unsent_ping is not None:
            pieces.append(self.framing.encode(self._unsent_ping))
            self._unsent_ping = None
        if self._has_ended and not pieces:
            self._is_over = True
        return pieces

    def _pass_on(self, now: float) -> None:
        while (frame := self.framing.next_frame()) is not None:
            if isinstance(frame, FrameRejected):
                self.hub.refuse(self.link, frame.error, now)
                self._has_ended = self._has_ended or frame.fatal
            else:
                self.hub.receive(self.link, frame, now)
