"""Ways: how a client of a world can ask, and what a stranger may say to a server."""

from __future__ import annotations

from attrs import field, frozen

from hocket.a2a import V0_3, V1_0, Dialect
from hocket.codec import dumps
from hocket.http import Request
from hocket.http.bindings import Binding
from hocket.http.rest_binding import RestBinding
from hocket.http.rpc_binding import RpcBinding
from hocket.testing.worlds.a2a.http import request_bytes

__all__ = ["WAYS", "Way", "strange_bytes"]


@frozen
class Way:
    """How to ask.

    Attributes:
        name: What people call it.
        dialect: The version of A2A.
        is_http: Over HTTP, where a stream that was cut is resumed; else on a pipe, where it is not.
        streams: Whether a message is answered with a stream.
        binding: How it looks over HTTP.
    """

    name: str
    dialect: Dialect
    is_http: bool
    streams: bool
    binding: Binding = field(factory=RpcBinding)


WAYS = (
    Way("stream over HTTP", V1_0, is_http=True, streams=True),
    Way("stream on a pipe", V1_0, is_http=False, streams=True),
    Way("stream over HTTP (0.3)", V0_3, is_http=True, streams=True),
    Way("send over HTTP", V1_0, is_http=True, streams=False),
    Way("send on a pipe", V1_0, is_http=False, streams=False),
    Way("send over HTTP (0.3)", V0_3, is_http=True, streams=False),
    Way("stream over REST", V1_0, is_http=True, streams=True, binding=RestBinding()),
    Way("send over REST", V1_0, is_http=True, streams=False, binding=RestBinding()),
)
"""All of them. A number chooses one, and 0 is the one to begin with."""

_CALLS: tuple[object, ...] = (
    {"jsonrpc": "2.0", "id": 1, "method": "SendStreamingMessage", "params": {"message": {"parts": "none"}}},
    {"jsonrpc": "2.0", "id": 2, "method": "SubscribeToTask", "params": {"id": "nobody's"}},
    {"jsonrpc": "2.0", "id": 3, "method": "CancelTask", "params": {"id": "x" * 1_000}},
    {"jsonrpc": "2.0", "id": 4, "method": "GetTask", "params": ["positional"]},
    {"jsonrpc": "2.0", "id": {"no": "id"}, "method": "GetTask"},
    {"jsonrpc": "2.0", "method": "$/cancelRequest", "params": {"id": 99}},
    {"jsonrpc": "2.0", "id": 5, "result": {"nobody": "asked"}},
    {"jsonrpc": "1.0", "id": 6, "method": 7},
    [{"jsonrpc": "2.0", "id": 7, "method": "GetTask", "params": {}}, 8, []],
    [],
    "text",
)
_TEXTS = (b"", b"{", b"\xff\xfe{}", b'{"id":1,"id":2}', b"[" * 200, b'"\xe2\x80\xa8', b"\x00" * 64, b"NaN")


def strange_bytes(number: int, *, is_http: bool) -> bytes:
    """What no one should say; the number chooses what."""
    bodies = [*[dumps(call) for call in _CALLS], *_TEXTS]
    body = bodies[number % len(bodies)]
    if not is_http:
        return body + b"\n"
    fields = (("content-type", "application/json"), ("a2a-version", "1.0"), ("last-event-id", "9" * (number % 40)))
    return request_bytes(Request(method="POST", path="/", headers=fields, body=body))
