"""Params: from the JSON of a call to what a method takes, or to the refusal that says where it is wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from hocket.acp.limits import StreamLimits
from hocket.acp.model import Encoding, Message, Part, PartType, StreamObject
from hocket.acp.refusals import invalid, over_limit
from hocket.acp.wire import ACP, PARAMS, ChunkParams, GetParams, JoinParams, MessageParams, Params, StartParams
from hocket.codec.text import dumps
from hocket.errors import Code, CodecError, ErrorObject

__all__ = ["event_id_of", "read_params", "size_refusal", "start_refusal"]

_LARGEST_EVENT_ID = 18
"""Digits. No log is longer, and int() of a long text is slow."""

_NESTING = 48
"""Levels. What is passed on is read by others inside of more containers than it came in, of which JSON may have 64."""

_AROUND = 1_024
"""Bytes that the hub puts around what it passes on."""

_LONGEST_ESCAPE = 6
"""Bytes that one byte of text can become in JSON."""

_OF_PART: dict[PartType, str] = {
    PartType.TEXT: "text",
    PartType.IMAGE: "image",
    PartType.AUDIO: "audio",
    PartType.FILE: "file",
}


def read_params(method: str, value: Any, limits: StreamLimits) -> Params | ErrorObject:
    """What a call asks for.

    Args:
        method: What is called.
        value: Its params, as `loads` gave them, or read already (`wire.usual_calls`).
        limits: How long ids may be, and how large parts.

    Returns:
        The params, or the error to answer with: -32601 for no method of a hub, -32602 with the path of the bad member,
        -40012 for an id that is too long. (Whether the content is too large is asked later, by `size_refusal`.)
    """
    if method not in PARAMS:
        reason = f"there is no method {method[:64]!r} here"
        return ErrorObject.of(Code.METHOD_NOT_FOUND, reason, {"methods": list(PARAMS)})
    params = value if type(value) is PARAMS[method] else _read(method, value)
    if isinstance(params, ErrorObject):
        return params
    if params.__class__ is ChunkParams:  # as nearly all are
        return _id_refusal(params, limits) or _message_refusal("chunk", params.chunk) or params
    return _id_refusal(params, limits) or _reason_refusal(params, limits) or _content_refusal(params) or params


def _read(method: str, value: Any) -> Params | ErrorObject:
    if method == "stream.chunk" and isinstance(value, dict) and isinstance(value.get("sequence"), str):
        return invalid(
            "params.sequence: must be an integer, got a text"
        )  # the codec reads digits in a text as a number
    try:
        params: Params = ACP.reader(PARAMS[method]).from_value({} if value is None else value, "params")
    except CodecError as error:
        return invalid(str(error))
    return params


def event_id_of(text: str | None) -> int | ErrorObject | None:
    """The place in a stream's log that a `lastEventId` names; None where it names none."""
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= _LARGEST_EVENT_ID):
        return invalid(f"params.lastEventId: must be an eventId that this hub gave, got {text[:32]!r}")
    return int(text)


def _id_refusal(params: Params, limits: StreamLimits) -> ErrorObject | None:
    names = _NAMES.get(type(params), _caller)(params)
    for name in names:
        if name is None:
            continue
        if not name:
            return invalid("an id of an agent or a stream must not be empty")
        if len(name) > limits.id or (not name.isascii() and len(name.encode("utf-8", "replace")) > limits.id):
            return over_limit("id", limits.id, f"an id of an agent or a stream has at most {limits.id} bytes")
    return None


_Names: TypeAlias = tuple[str | None, ...]


def _caller(params: Params) -> _Names:
    return params.agent_id, params.stream_id


def _of_message(params: MessageParams) -> _Names:
    return params.agent_id, params.stream_id, params.message.agent_id


def _of_chunk(params: ChunkParams) -> _Names:
    return params.agent_id, params.stream_id, params.chunk.agent_id


def _of_start(params: StartParams) -> _Names:
    return params.agent_id, *params.participants, params.stream_id


_NAMES: dict[type, Callable[[Any], _Names]] = {
    MessageParams: _of_message,
    ChunkParams: _of_chunk,
    StartParams: _of_start,
}


def _reason_refusal(params: Params, limits: StreamLimits) -> ErrorObject | None:
    reason: str | None = getattr(params, "reason", None)
    if reason is None or len(reason) * 4 <= limits.reason or len(reason.encode("utf-8", "replace")) <= limits.reason:
        return None
    return over_limit("reason", limits.reason, f"params.reason: a reason has at most {limits.reason} bytes")


def _content_refusal(params: Params) -> ErrorObject | None:
    match params:
        case StartParams(metadata=metadata):
            return _nested("metadata") if _is_deeper(metadata, _NESTING) else None
        case MessageParams(message=message):
            return _message_refusal("message", message)
        case GetParams(last_event_id=text) | JoinParams(last_event_id=text):
            read = event_id_of(text)
            return read if isinstance(read, ErrorObject) else None
        case _:
            return None


def _message_refusal(name: str, message: Message) -> ErrorObject | None:
    if not message.parts:
        return invalid(f"params.{name}.parts: must have at least one part")
    for place, part in enumerate(message.parts):
        if _is_deeper(part.content, _NESTING) or (part.extra and _is_deeper(part.extra, _NESTING)):
            return _nested(f"{name}.parts[{place}]")
    return _nested(name) if message.extra and _is_deeper(message.extra, _NESTING) else None


def _nested(name: str) -> ErrorObject:
    return invalid(f"params.{name}: must not be nested deeper than {_NESTING} levels")


def _is_deeper(value: Any, levels: int) -> bool:
    """Whether there are containers in containers, more than `levels` of them."""
    if type(value) is str:
        return False  # most of what is said: the look at Mapping costs more
    if isinstance(value, Mapping):
        value = value.values()
    elif not isinstance(value, list | tuple):
        return False
    return levels == 0 or any(_is_deeper(item, levels - 1) for item in value)


def size_refusal(name: str, message: Message, total: int, limits: StreamLimits) -> ErrorObject | None:
    """Why a message is too large for a stream; None if it is not (spec section 2, "inline limits").

    Args:
        name: What it is called in the params: `message` or `chunk`.
        message: The message.
        total: What it weighs.
        limits: Of the stream.
    """
    smallest = min(limits.text, limits.image, limits.audio, limits.file)
    if total <= smallest and total * _LONGEST_ESCAPE <= limits.relayed - _AROUND:
        return None  # no part of it can be larger than all of it: as for nearly everything
    for place, part in enumerate(message.parts):
        limit = _OF_PART.get(part.type)
        if limit is None:
            continue
        maximum: int = getattr(limits, limit)
        if _size(part) > maximum:
            where = f"params.{name}.parts[{place}].content"
            return over_limit(limit, maximum, f"{where}: a {part.type.value} has at most {maximum} bytes; send chunks")
    if total * _LONGEST_ESCAPE <= limits.relayed - _AROUND:
        return None
    return _relay_refusal(f"params.{name}", len(ACP.writer(Message).to_json(message)), limits)


def start_refusal(stream: StreamObject, limits: StreamLimits) -> ErrorObject | None:
    """Why a stream cannot be told to those who take part in it; None if it can.

    Args:
        stream: The stream. Its purpose is told twice.
        limits: Its own.
    """
    return _relay_refusal("params", 2 * len(ACP.writer(StreamObject).to_json(stream)), limits)


def _relay_refusal(where: str, size: int, limits: StreamLimits) -> ErrorObject | None:
    if size <= limits.relayed - _AROUND:
        return None
    reason = f"{where}: it would have more than {limits.relayed} bytes when it is sent to the others; say it in pieces"
    return over_limit("relayed", limits.relayed, reason)


def _size(part: Part) -> int:
    """Bytes of the content: of text in UTF-8, of base64 when decoded."""
    content = part.content
    if not isinstance(content, str):
        return 0 if content is None else len(dumps(content))
    if part.type is PartType.TEXT or part.encoding is Encoding.UTF8:
        return len(content) if content.isascii() else len(content.encode("utf-8", "surrogatepass"))
    return len(content) * 3 // 4
