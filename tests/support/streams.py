"""Two ends of a connection in memory, as a transport sees them."""

from collections import deque

import anyio
from attrs import define, field


@define(eq=False)
class Wire:
    """One direction of a connection."""

    capacity: int
    """Writes that it takes before the writer waits; 0: until the reader has taken what was written."""
    pieces: deque = field(factory=deque)
    is_ended: bool = False
    """The writer has hung up."""
    is_broken: bool = False
    """The reader has."""
    news: anyio.Event = field(factory=anyio.Event)

    async def change(self):
        await self.news.wait()

    def tell(self):
        self.news.set()
        self.news = anyio.Event()


@define(eq=False)
class StreamEnd:
    """One end of a connection. `may_send` holds its writes back; it receives at most `largest` bytes at a time."""

    inbox: Wire
    outbox: Wire
    may_send: anyio.Event = field(factory=anyio.Event)
    largest: int = 65_536
    is_closed: bool = False
    is_receiving: bool = False

    def __attrs_post_init__(self):
        self.may_send.set()

    async def receive(self, max_bytes=65_536):
        if self.is_receiving:  # as sockets do
            raise anyio.BusyResourceError("reading from")
        self.is_receiving = True
        try:
            await self._wait_for_bytes()
        finally:
            self.is_receiving = False
        piece, size = self.inbox.pieces.popleft(), min(max_bytes, self.largest)
        if piece[size:]:
            self.inbox.pieces.appendleft(piece[size:])
        self.inbox.tell()
        return piece[:size]

    async def _wait_for_bytes(self):
        await anyio.lowlevel.checkpoint()
        while not self.inbox.pieces:
            if self.is_closed:
                raise anyio.ClosedResourceError
            if self.inbox.is_ended:
                raise anyio.EndOfStream
            await self.inbox.change()

    async def send(self, data):
        await anyio.lowlevel.checkpoint()
        await self.may_send.wait()
        if self.is_closed:
            raise anyio.ClosedResourceError
        self.outbox.pieces.append(data)
        self.outbox.tell()
        while len(self.outbox.pieces) > self.outbox.capacity and not self.outbox.is_broken:
            await self.outbox.change()
        if self.outbox.is_broken:
            raise anyio.BrokenResourceError

    async def aclose(self):
        self.is_closed = self.outbox.is_ended = self.inbox.is_broken = True
        self.inbox.tell()
        self.outbox.tell()
        await anyio.lowlevel.checkpoint()


def stream_pair(buffered=1_000):
    """Two ends; each direction takes `buffered` writes before the writer waits for the reader."""
    there, back = Wire(buffered), Wire(buffered)
    return StreamEnd(back, there), StreamEnd(there, back)
