"""The frames of the benchmarks of codecs: one of each shape, as it goes over the wire. Only the standard library here.

What an A2A answer looks like depends on the version; `OLD` has those of 0.3, which some peers speak alone.
"""

import json
from typing import Any

__all__ = ["A2A", "ACP", "OLD_A2A", "RPC", "VALUES", "text"]

_TASK, _CONTEXT = "132b59b6-5851-4d41-8f9a-8ed6fc8439d9", "3fbe8750-69b8-4230-8cdf-8d9f9bb0ec05"
_NOW = "2026-01-01T00:00:00.000Z"
_IDS = {"taskId": _TASK, "contextId": _CONTEXT}
_SAID = "chunk number 12 of the answer "


def text(value: Any) -> bytes:
    """A value as peers write it that write no spaces."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def _said(words: str) -> dict[str, Any]:
    part = {"type": "TextPart", "content": words, "encoding": "utf8"}
    return {"role": "agent", "parts": [part], "timestamp": _NOW, "agentId": "analyst"}


def _call(method: str, params: Any, **more: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", **more, "method": method, "params": params}


def _answer(result: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": "7", "result": result}


_STREAM = "stream-0146fbf0-5851-4d41-8f9a-8ed6fc8439d9"
_CHUNK = {"streamId": _STREAM, "chunk": _said(_SAID), "sequence": 1234}
_MESSAGE = {"streamId": _STREAM, "message": _said("Found a data anomaly in the third quarter. " * 8)}
_HISTORY = [
    {"messageId": f"m-{number}", "role": "ROLE_USER", "parts": [{"text": "What happened in the third quarter?"}]}
    for number in range(3)
]
_ARTIFACT = {"artifactId": "text-1", "parts": [{"text": _SAID}]}
_WORKING = {"state": "TASK_STATE_WORKING", "timestamp": _NOW}
_RESULTS = {
    "chunk": {"artifactUpdate": {"taskId": _TASK, "artifact": _ARTIFACT, "contextId": _CONTEXT, "append": True}},
    "status": {"statusUpdate": {"taskId": _TASK, "status": _WORKING, "contextId": _CONTEXT}},
    "task": {
        "task": {
            "id": _TASK,
            "status": _WORKING,
            "contextId": _CONTEXT,
            "artifacts": [{"artifactId": f"text-{number}", "parts": [{"text": _SAID}] * 5} for number in range(2)],
            "history": _HISTORY,
        }
    },
}
_OLD_PARTS = [{"kind": "text", "text": _SAID}]
_OLD_RESULTS = {
    "chunk": {
        "kind": "artifact-update",
        **_IDS,
        "artifact": {"artifactId": "text-1", "parts": _OLD_PARTS},
        "append": True,
        "lastChunk": False,
    },
    "status": {"kind": "status-update", **_IDS, "status": {"state": "working", "timestamp": _NOW}, "final": False},
    "task": {
        "kind": "task",
        "id": _TASK,
        "contextId": _CONTEXT,
        "status": {"state": "working", "timestamp": _NOW},
        "artifacts": [{"artifactId": f"text-{number}", "parts": _OLD_PARTS * 5} for number in range(2)],
        "history": [
            {**message, "kind": "message", "role": "user", "parts": [{"kind": "text", **message["parts"][0]}]}
            for message in _HISTORY
        ],
    },
}

ACP = {"chunk": text(_call("stream.chunk", _CHUNK)), "message": text(_call("stream.message", _MESSAGE))}
"""Notifications of ACP streams."""

A2A = {name: text(_answer(result)) for name, result in _RESULTS.items()}
"""Events of a stream of A2A 1.0: JSON-RPC responses."""

OLD_A2A = {name: text(_answer(result)) for name, result in _OLD_RESULTS.items()}
"""The same events in A2A 0.3."""

RPC = {
    "call": text(_call("add", {"summands": [1, 2], "label": "a sum"})),
    "error": text({"jsonrpc": "2.0", "id": "7", "error": {"code": -32001, "message": "Task not found"}}),
    "batch of 10": text([_call("add", {"summands": [number, 2]}) for number in range(10)]),
}
"""JSON-RPC that says nothing in particular."""

VALUES: dict[str, dict[str, Any]] = {
    "ACP": {"chunk": _CHUNK, "message": _MESSAGE},
    "A2A": _RESULTS,
    "A2A 0.3": _OLD_RESULTS,
}
"""What is written: the params or the result, without what is around them."""
