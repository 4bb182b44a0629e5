"""Answers: the results of a hub that hold a stream (spec section 2, "Results")."""

from __future__ import annotations

from typing import Any

from attrs import frozen

from hocket.acp.client.inbox import event_number
from hocket.acp.model import StreamObject
from hocket.acp.wire import ACP
from hocket.codec import JsonValue
from hocket.errors import CodecError

__all__ = ["StreamAnswer", "read_answer"]


@frozen(kw_only=True, weakref_slot=False)
class _Gap:
    first: str
    last: str


@frozen(kw_only=True, weakref_slot=False)
class _Notification:
    method: str
    params: Any = None


@frozen(kw_only=True, weakref_slot=False)
class _Answer:
    stream: StreamObject
    last_event_id: str | None = None
    events: tuple[_Notification, ...] = ()
    replay_gap: _Gap | None = None


@frozen(kw_only=True)
class StreamAnswer:
    """What start, join, resume and get are answered with.

    Attributes:
        stream: The stream, as it stands.
        last_event_id: Where to go on reading.
        events: What has happened: methods and params of notifications.
        gap: The first and the last of the events that are no longer kept.
    """

    stream: StreamObject
    last_event_id: str | None = None
    events: tuple[tuple[str, Any], ...] = ()
    gap: tuple[int, int] | None = None


def read_answer(result: JsonValue) -> StreamAnswer:
    """Read a result that holds a stream.

    Raises:
        CodecError: It is something else; with the path of the first bad member.
    """
    read: _Answer = ACP.reader(_Answer).from_value(result, "result")
    gap = None
    if read.replay_gap is not None:
        first, last = event_number(read.replay_gap.first), event_number(read.replay_gap.last)
        if first is None or last is None:
            raise CodecError("must name two events of a log", "result.replayGap")
        gap = (first, last)
    return StreamAnswer(
        stream=read.stream,
        last_event_id=read.last_event_id,
        events=tuple([(event.method, event.params) for event in read.events]),
        gap=gap,
    )
