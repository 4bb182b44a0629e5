"""HubSocket: a WebSocket to a hub. Text frames are JSON-RPC messages, both ways (spec section 5).

The frame of the source document, `{"type": "stream.message", "streamId": …, "message": …}`, is understood too. It
has no id, so it is a notification: it is not answered, and a refusal is told by the hub as a `FrameRejected` only.
"""

from __future__ import annotations

from attrs import define, field

from hocket.acp.hub import Hub
from hocket.acp.hub.links import Link
from hocket.codec import dumps, loads
from hocket.errors import Code, CodecError, ErrorObject, LocalProtocolError
from hocket.http.close import Close

__all__ = ["Close", "HubSocket", "close_for"]

_BATCH = 256
"""Messages that are taken from the hub at a time."""

_SEED_TYPE = "stream.message"

_CODES: dict[int, int] = {
    Code.AUTHENTICATION_FAILED: 4001,
    Code.TOKEN_EXPIRED: 4001,
    Code.PERMISSION_DENIED: 4003,
    Code.INSUFFICIENT_SCOPE: 4003,
    Code.STREAM_NOT_FOUND: 4004,
    Code.STREAM_CLOSED: 1000,
    Code.LIMIT_EXCEEDED: 1013,
}


def close_for(error: ErrorObject) -> Close:
    """The close that says what an error says."""
    return Close(_CODES.get(error.code, 4003), error.message)


@define(eq=False, repr=False)
class HubSocket:
    """One WebSocket. Drain `messages_to_send` after every method and every time the hub has something for the link.

    Args:
        hub: The hub. It knows the link already, and the transport disconnects it in the end.
        link: The name of the connection there.
        limit: Bytes of one message that is received.

    Attributes:
        close: How to end the connection, once it is to end and `messages_to_send` was empty.
    """

    hub: Hub
    link: Link
    limit: int
    close: Close | None = field(default=None, init=False)

    def receive_text(self, text: str, now: float) -> None:
        """A text frame."""
        if self.close is not None:
            return
        message = text.encode("utf-8", "surrogatepass")
        if len(message) > self.limit:
            self.close = Close(1009, f"a message has at most {self.limit} bytes; raise the limit message on the hub")
            return
        self.hub.receive(self.link, _as_json_rpc(message), now)

    def receive_bytes(self, now: float) -> None:
        """A binary frame, which nobody here can read."""
        if self.close is None:
            self.close = Close(1003, "messages are JSON-RPC in text frames")

    def cut(self) -> None:
        """The hub is about to stop."""
        if self.close is None:
            self.close = Close(1012, "the hub is shutting down: come back in a moment")

    def messages_to_send(self) -> list[str]:
        """What the hub has for this link, at most 256 messages. Ask again until it is empty."""
        if self.close is not None:
            return []
        sends = self.hub.take(self.link, _BATCH)
        if not sends and self.hub.is_over(self.link):
            self.close = Close(1000, "the stream has ended, or you are no longer in it")
        return [send.message.decode() for send in sends]


def _as_json_rpc(message: bytes) -> bytes:
    """The message; a frame of the source document as the notification that it amounts to."""
    if message.startswith(b'{"jsonrpc"') or b'"type"' not in message:
        return message
    try:
        frame = loads(message, envelope=True)
    except CodecError:
        return message  # the hub says what is wrong with it
    if type(frame) is not dict or "jsonrpc" in frame or "method" in frame or frame.get("type") != _SEED_TYPE:
        return message
    params = {name: value for name, value in frame.items() if name != "type"}
    try:
        return dumps({"jsonrpc": "2.0", "method": _SEED_TYPE, "params": params})
    except LocalProtocolError:
        return message  # one level deeper it could not be read
