"""JSON-RPC 2.0 without I/O: whole messages in, events out, and back.

`Peer` is the machine; the events are what it tells; `Request` and `Notification` are what a batch is made of.
"""

from hocket.jsonrpc.cancellation import LSP, MCP, Cancellation
from hocket.jsonrpc.events import (
    CancelReceived,
    ConnectionClosed,
    ErrorReceived,
    Event,
    MessageRejected,
    NotificationReceived,
    RequestReceived,
    RequestTimedOut,
    ResultReceived,
    UnexpectedResponse,
)
from hocket.jsonrpc.ids import Id
from hocket.jsonrpc.limits import PeerLimits
from hocket.jsonrpc.messages import Notification, Params, Request
from hocket.jsonrpc.peer import Peer
from hocket.jsonrpc.usual import UsualCalls

__all__ = [
    "LSP",
    "MCP",
    "CancelReceived",
    "Cancellation",
    "ConnectionClosed",
    "ErrorReceived",
    "Event",
    "Id",
    "MessageRejected",
    "Notification",
    "NotificationReceived",
    "Params",
    "Peer",
    "PeerLimits",
    "Request",
    "RequestReceived",
    "RequestTimedOut",
    "ResultReceived",
    "UnexpectedResponse",
    "UsualCalls",
]
