"""The server's side of a WebSocket over a connection in memory, and clients that meet it."""

from contextlib import asynccontextmanager

import anyio
from attrs import define, field
from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.server import ServerProtocol

from hocket_io.websocket.connection import speak_websocket
from support.streams import StreamEnd, stream_pair

URL = "ws://hub.example/jsonrpc"


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


@asynccontextmanager
async def joined(script, *, buffered=1_000, largest=65_536, **options):
    """A client that is open, and its peer, which follows the script in a task of its own, and is polite at the end."""
    near, far = stream_pair(buffered)
    near.largest = largest
    peer = WebSocketPeer(far)

    async def follow():
        await peer.accept()
        await script(peer)
        while await peer.read() is not None:
            pass

    async with anyio.create_task_group() as group:
        group.start_soon(follow)
        async with await speak_websocket(near, URL, **options) as socket:
            yield socket
        group.cancel_scope.cancel()
    assert near.is_closed


async def nothing(peer):
    pass


async def never(peer):
    await anyio.sleep_forever()


async def echo(peer):
    while (text := await peer.read_text()) is not None:
        await peer.say(text)
