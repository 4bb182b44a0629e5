"""Messages: what the frame of a tap says, as far as JSON-RPC goes; and which request an answer is for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Generic, TypeVar

from attrs import define, field, frozen

from hocket.codec import loads
from hocket.errors import CodecError
from hocket_io.tap.tapped import Direction, Tapped, other_way

__all__ = ["STREAM", "Answer", "Notice", "OpenCalls", "Question", "read_frame"]

T = TypeVar("T")

STREAM = "$/stream"
"""The notification that carries one item of a stream, over pipes and WebSockets; its params have the request's id."""

_LONGEST = 256
"""Characters of an id that count; as many as the core lets through."""


@frozen
class Question:
    """A request."""

    method: str
    id: Any
    params: Any


@frozen
class Notice:
    """A notification."""

    method: str
    params: Any


@frozen
class Answer:
    """A response, or one of those that a stream of server-sent events gives to the same request."""

    id: Any
    result: Any
    error: Any


def read_frame(frame: bytes) -> list[Question | Notice | Answer]:
    """The JSON-RPC messages of a frame: one, those of a batch, or none where it is something else.

    >>> read_frame(b'{"jsonrpc":"2.0","id":7,"method":"add","params":[1,2]}')
    [Question(method='add', id=7, params=[1, 2])]
    >>> read_frame(b"Hello")
    []
    """
    try:
        value = loads(frame)
    except CodecError:
        return []
    return [message for each in (value if isinstance(value, list) else [value]) for message in _read(each)]


def _read(value: Any) -> Iterator[Question | Notice | Answer]:
    match value:
        case {"jsonrpc": "2.0", "method": str() as method, "id": id_}:
            yield Question(method, id_, value.get("params"))
        case {"jsonrpc": "2.0", "method": str() as method}:
            yield Notice(method, value.get("params"))
        case {"jsonrpc": "2.0", "error": error}:
            yield Answer(value.get("id"), None, error)
        case {"jsonrpc": "2.0", "result": result}:
            yield Answer(value.get("id"), result, None)


@define(eq=False)
class OpenCalls(Generic[T]):
    """Something to remember for each request until it is answered, or its channel ends.

    Args:
        limit: Requests that are remembered; beyond it the oldest is given up.
    """

    limit: int = 10_000
    _channels: dict[Any, dict[tuple[Direction, str], T]] = field(factory=dict, init=False)
    _size: int = field(default=0, init=False)

    def __len__(self) -> int:
        return self._size

    def begin(self, tapped: Tapped, question: Question, value: T, process: int = 0) -> T | None:
        """A request passes. Gives what was remembered for another one that is given up for it."""
        given_up = self._pop((process, tapped.channel), (tapped.direction, _key(question.id)))
        if given_up is None and self._size >= self.limit:
            channel = next(iter(self._channels))
            given_up = self._pop(channel, next(iter(self._channels[channel])))
        calls = self._channels.setdefault((process, tapped.channel), {})
        calls[tapped.direction, _key(question.id)] = value
        self._size += 1
        return given_up

    def find(self, tapped: Tapped, id_: Any, process: int = 0) -> T | None:
        """What was remembered for the request that this answers, or belongs to."""
        calls = self._channels.get((process, tapped.channel), {})
        return calls.get((other_way(tapped.direction), _key(id_)))

    def end(self, tapped: Tapped, id_: Any, process: int = 0) -> T | None:
        """The same, for the last time."""
        return self._pop((process, tapped.channel), (other_way(tapped.direction), _key(id_)))

    def end_all(self, tapped: Tapped, process: int = 0) -> list[T]:
        """What was remembered for the requests that nothing will answer any more, now that this direction ends."""
        channel = (process, tapped.channel)
        asked = other_way(tapped.direction)
        over = [key for key in self._channels.get(channel, {}) if key[0] == asked]
        return [value for key in over if (value := self._pop(channel, key)) is not None]

    def _pop(self, channel: Any, key: tuple[Direction, str]) -> T | None:
        calls = self._channels.get(channel)
        if calls is None or key not in calls:
            return None
        value = calls.pop(key)
        self._size -= 1
        if not calls:
            del self._channels[channel]
        return value


def _key(id_: Any) -> str:
    """Ids of different types are different, and 1 and 1.0 are the same; whatever a peer sends has a short key."""
    return json.dumps(int(id_) if isinstance(id_, float) and id_.is_integer() else id_)[:_LONGEST]
