"""End: an endpoint at one end of a link, and the transport between it and the wires."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from attrs import define, field

from hocket.endpoint import Endpoint
from hocket.errors import ConnectionFailed
from hocket.testing.network.medium import Medium
from hocket.testing.network.node import Fallible
from hocket.testing.network.place import Place
from hocket.testing.network.reader import Reader
from hocket.testing.network.wire import Mark, Wire

if TYPE_CHECKING:
    from hocket.testing.network.link import Link

__all__ = ["End"]

_REASONS: Final = {Mark.REFUSED: "nobody is there", Mark.BROKEN: "the connection broke"}


@define(eq=False)
class End:
    """An endpoint at one end of a link.

    Attributes:
        name: The link's.
        link: The link.
        way: How the trace names what arrives here, as `ada→hub`.
        out: The wire that begins here.
        endpoint: The protocol; None as long as the connection is not open.
        peer: The other end. The wire that begins there ends here.
        reader: Takes from that wire.
        is_over: Nothing goes in or out here any more.
    """

    name: str
    way: str
    place: Place
    medium: Medium
    out: Wire
    endpoint: Endpoint[object] | None
    link: Link = field(init=False)
    peer: End = field(init=False)
    reader: Reader = field(init=False)
    is_over: bool = field(default=False, init=False)
    _was_accepted: bool = field(default=False, init=False)
    _armed: float | None = field(default=None, init=False)

    def __attrs_post_init__(self) -> None:
        self.reader = Reader(self.medium.agenda, self)
        if self.endpoint is not None:
            self.place.ends[self.name] = self

    def meet(self, peer: End) -> None:
        """Become the other end of a link."""
        self.peer, peer.peer = peer, self
        self.out.receiver, peer.out.receiver = peer.reader, self.reader

    # --- what comes

    def arrive(self, what: bytes | Mark) -> None:
        """Something was read from the wire."""
        match what:
            case Mark.OPENED:
                self._accept()
            case Mark.ENDED:
                self._end()
            case Mark.REFUSED | Mark.BROKEN:
                self._fail(what)
            case _:
                self._take(what)

    def _take(self, data: bytes) -> None:
        medium, into = self.medium, self.peer.out
        if not self.is_over and self.endpoint is not None:
            medium.trace.carried(medium.agenda.now, self.way, data)
            self.endpoint.receive_data(data, self.place.now)
            medium.called[self] = None
        had_room = into.has_room
        into.read(len(data))
        self.place.poll(self)
        if not had_room and into.has_room:
            self.peer.place.poll(self.peer)

    def _accept(self) -> None:
        node = self.place.node if self.place.is_up else None
        endpoint = None if node is None or self.is_over else node.accept(self.name, self.place.now)
        if endpoint is None:
            self.is_over = True
            self.out.end(Mark.REFUSED, 0)
            return
        self.medium.note(f"{self.way} connected")
        self.endpoint, self._was_accepted = endpoint, True
        self.place.ends[self.name] = self
        self.place.poll(self)

    def _end(self) -> None:
        if self.is_over or self.endpoint is None:
            return
        self.medium.note(f"{self.way} end")
        self.endpoint.receive_eof(self.place.now)
        self.medium.called[self] = None
        self.place.poll(self)

    def _fail(self, mark: Mark) -> None:
        if self.is_over:
            return
        self.medium.note(f"{self.way} {_REASONS[mark]}")
        endpoint, now = self.endpoint, self.place.now
        listener: object = endpoint
        if isinstance(listener, Fallible):
            listener.receive_failure(ConnectionFailed(f"{self.way}: {_REASONS[mark]}"), now)
        elif endpoint is not None:
            endpoint.receive_eof(now)
        self.medium.called[self] = None
        self.leave()

    # --- what goes

    def poll(self) -> None:
        """Take what the endpoint wants to send, as much as there is room for; set its timer; see whether it is over."""
        endpoint, out = self.endpoint, self.out
        if self.is_over or endpoint is None:
            return
        if out.is_finished:
            endpoint.data_to_send()  # nobody listens
        else:
            while out.has_room and (pieces := endpoint.data_to_send()):
                out.write(pieces)
        at = endpoint.next_timeout()
        if at != self._armed:
            self._armed = at
            if at is None:
                self.medium.agenda.clear(self)
            else:
                self.medium.agenda.set(self, at - self.place.offset)
        if endpoint.is_closed:
            self.leave()

    def ring(self) -> None:
        """The endpoint's time has come."""
        armed, self._armed = self._armed, None
        if not self.is_over and self.endpoint is not None and armed is not None:
            self.endpoint.handle_timeout(self.place.reach(armed))
            self.medium.called[self] = None
            self.place.poll(self)

    def forget_timer(self) -> None:
        """Its clock has jumped: set the timer anew."""
        self._armed = None

    def leave(self) -> None:
        """The transport closes: what was written still arrives, and what comes is for nobody."""
        if self.is_over:
            return
        self.is_over = True
        self.out.finish()
        self.place.ends.pop(self.name, None)
        self.medium.agenda.clear(self)
        if self._was_accepted and self.place.node is not None:
            self.place.node.gone(self.name, self.place.now)
            self.place.poll()

    def die(self) -> None:
        """The place has crashed: nobody here is told anything."""
        self.is_over = True
        self.medium.agenda.clear(self)
        self.medium.called.pop(self, None)
