"""Two ends of a connection in memory, as a transport sees them, and WebSocket peers that speak over one."""

from collections import deque

import anyio
from attrs import define, field
from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.server import ServerProtocol


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

    def __attrs_post_init__(self):
        self.may_send.set()

    async def receive(self, max_bytes=65_536):
        await anyio.lowlevel.checkpoint()
        while not self.inbox.pieces:
            if self.is_closed:
                raise anyio.ClosedResourceError
            if self.inbox.is_ended:
                raise anyio.EndOfStream
            await self.inbox.change()
        piece, size = self.inbox.pieces.popleft(), min(max_bytes, self.largest)
        if piece[size:]:
            self.inbox.pieces.appendleft(piece[size:])
        self.inbox.tell()
        return piece[:size]

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


@define(eq=False)
class WebSocketPeer:
    """The server's side of a WebSocket over one end of a connection; the test says what it does."""

    end: StreamEnd
    protocol: ServerProtocol = field(factory=lambda: ServerProtocol(max_size=None))
    request: object = None
    frames: list = field(factory=list)

    async def accept(self):
        """Read the handshake and say yes."""
        await self.read_request()
        self.protocol.send_response(self.protocol.accept(self.request))
        await self.flush()

    async def reject(self, status, text):
        await self.read_request()
        self.protocol.send_response(self.protocol.reject(status, text))
        await self.flush()

    async def read_request(self):
        while self.request is None:
            self.protocol.receive_data(await self.end.receive())
            for event in self.protocol.events_received():
                self.request = event

    async def read(self):
        """The next frame that is no continuation, or None at the end."""
        while not self.frames:
            try:
                data = await self.end.receive()
            except (anyio.EndOfStream, anyio.ClosedResourceError, anyio.BrokenResourceError):
                return None
            self.protocol.receive_data(data)
            self.frames += [event for event in self.protocol.events_received() if isinstance(event, Frame)]
            await self.flush()
        return self.frames.pop(0)

    async def read_text(self):
        """The next text message; what comes before is not looked at."""
        while (frame := await self.read()) is not None:
            if frame.opcode is Opcode.TEXT:
                return bytes(frame.data)
        return None

    async def say(self, *texts):
        for text in texts:
            self.protocol.send_text(text)
        await self.flush()

    async def close(self, code, reason=""):
        """Say farewell, wait for the answer, hang up."""
        self.protocol.send_close(code, reason)
        await self.flush()
        while self.protocol.state is not State.CLOSED and await self.read() is not None:
            pass
        await self.end.aclose()

    async def flush(self):
        pieces = self.protocol.data_to_send()
        try:
            if data := b"".join(pieces):
                await self.end.send(data)
            if b"" in pieces:
                await self.end.aclose()
        except (anyio.BrokenResourceError, anyio.ClosedResourceError):
            pass  # the client has left
