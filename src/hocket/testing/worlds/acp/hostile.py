"""Hostile: frames that no agent should send, and what a hub says to each. None of them may change anything."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

from attrs import frozen

from hocket.testing.worlds.acp.rules import Foretold

__all__ = ["HOSTILE", "Hostile"]

_PARSE, _REQUEST, _METHOD, _PARAMS, _NO_STREAM, _DENIED = -32700, -32600, -32601, -32602, -40003, -40006


@frozen
class Hostile:
    """A kind of hostile frame.

    Attributes:
        name: What it is called.
        frame: Makes it: from the stream it is about, an agent that is not its sender, and an id.
        codes: What it may be answered; empty for no answer.
        needs_name: Whether it is hostile only where a connection has said who it speaks for.
    """

    name: str
    frame: Callable[[str, str, str], bytes]
    codes: Foretold
    needs_name: bool = False


def _request(method: str, name: Any, params: Any) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "id": name, "method": method, "params": params}).encode()


def _told(method: str, params: Any) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "method": method, "params": params}).encode()


def _said(text: str, agent: str | None = None) -> dict[str, Any]:
    more = {} if agent is None else {"agentId": agent}
    return {"role": "agent", "parts": [{"type": "TextPart", "content": text}], **more}


def _chunk(stream: str, sequence: Any) -> dict[str, Any]:
    return {"streamId": stream, "chunk": _said("forged"), "sequence": sequence}


HOSTILE: Final[tuple[Hostile, ...]] = (
    Hostile("no UTF-8", lambda stream, other, name: b'{"jsonrpc":"2.0","id":"\xff"}', frozenset({_PARSE})),
    Hostile("no JSON", lambda stream, other, name: b'{"jsonrpc":"2.0",', frozenset({_PARSE})),
    Hostile("no call", lambda stream, other, name: b'{"jsonrpc":"2.0","id":"x","method":7}', frozenset({_REQUEST})),
    Hostile("too deep", lambda stream, other, name: b"[" * 100 + b"]" * 100, frozenset({_PARSE, _REQUEST})),
    Hostile("an empty batch", lambda stream, other, name: b"[]", frozenset({_REQUEST})),
    Hostile("an answer to nothing", lambda stream, other, name: b'{"jsonrpc":"2.0","id":77,"result":{}}', frozenset()),
    Hostile(
        "no method",
        lambda stream, other, name: _request("stream.steal", name, {"streamId": stream}),
        frozenset({_METHOD}),
    ),
    Hostile(
        "no message",
        lambda stream, other, name: _request("stream.message", name, {"streamId": stream}),
        frozenset({_PARAMS}),
    ),
    Hostile(
        "a sequence that is a text",
        lambda stream, other, name: _request("stream.chunk", name, _chunk(stream, "1")),
        frozenset({_PARAMS}),
    ),
    Hostile("a negative sequence", lambda stream, other, name: _told("stream.chunk", _chunk(stream, -1)), frozenset()),
    Hostile(
        "no stream",
        lambda stream, other, name: _request("stream.end", name, {"streamId": f"{stream}x"}),
        frozenset({_NO_STREAM, _DENIED}),
    ),
    Hostile(
        "another's message",
        lambda stream, other, name: _request(
            "stream.message", name, {"streamId": stream, "message": _said("forged", other)}
        ),
        frozenset({_DENIED, _NO_STREAM}),
        needs_name=True,
    ),
    Hostile(
        "another's end",
        lambda stream, other, name: _request("stream.end", name, {"streamId": stream, "agentId": other}),
        frozenset({_DENIED, _NO_STREAM}),
        needs_name=True,
    ),
    Hostile(
        "another's chunk, told",
        lambda stream, other, name: _told(
            "stream.chunk", {"streamId": stream, "chunk": _said("forged", other), "sequence": 1, "isLast": True}
        ),
        frozenset(),
        needs_name=True,
    ),
    Hostile(
        "a batch of two",
        lambda stream, other, name: b"[%b,7]" % _request("stream.end", name, {"streamId": f"{stream}y"}),
        frozenset({_NO_STREAM, _DENIED, _REQUEST}),
    ),
)
"""All of them."""
