"""Assembly: what a message is, once all its chunks are there (spec section 4, "Assembled message")."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any, Final

from attrs import evolve

from hocket.acp.model import MESSAGE_ID, Encoding, Message, Part, PartType
from hocket.codec import dumps
from hocket.errors import LocalProtocolError

__all__ = ["MESSAGE_ID", "assemble", "message_id", "weight"]

_EMPTY: Final = 192  # bytes that a Message takes in memory with nothing in it, and a Part with nothing in it
_FILES: Final = (PartType.FILE, PartType.IMAGE, PartType.AUDIO)
_MISSING: Final = object()


def message_id(chunk: Message) -> str | None:
    """The id of the message that a chunk belongs to, or None if its sender gives none (or no text).

    >>> from hocket.acp.model import message_of, text_part
    >>> message_id(message_of(text_part("hello", **{"x-messageId": "m1"})))
    'm1'
    """
    extra = chunk.parts[0].extra if chunk.parts else None
    if not extra:
        return None
    name = extra.get(MESSAGE_ID)
    return name if isinstance(name, str) else None


# --- what it weighs


def weight(message: Message) -> int:
    """What a message or a chunk counts against limits, in bytes: its content in UTF-8 or JSON, and what is around it.

    A chunk without content has a weight too, since it takes memory: about 400 bytes.

    Raises:
        LocalProtocolError: The content is nothing that JSON can say. (What was read from JSON never is.)

    >>> from hocket.acp.model import message_of
    >>> weight(message_of("12345678")) - weight(message_of(""))
    8
    """
    total = _EMPTY
    for part in message.parts:
        content = part.content
        if type(content) is str and content.isascii():
            total += _EMPTY + len(content)  # as nearly all are: a call for each of three texts costs 0.3 µs
        else:
            total += _EMPTY + (_utf8(content) if type(content) is str else len(dumps(content)))
        if part.extra:
            total += _members_weight(part.extra)
        if part.filename is not None:
            total += _utf8(part.filename)
        if part.mime_type is not None:
            total += _utf8(part.mime_type)
    if message.extra:
        total += _members_weight(message.extra)
    if message.timestamp is not None:
        total += _utf8(message.timestamp)
    return total


def _members_weight(extra: Mapping[str, Any]) -> int:
    total = 0
    for name, value in extra.items():
        if type(name) is str and type(value) is str:
            is_ascii = name.isascii() and value.isascii()
            total += len(name) + len(value) if is_ascii else _utf8(name) + _utf8(value)
        else:
            total += len(dumps({name: value}))
    return total


def _utf8(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


# --- what it says


def assemble(chunks: Sequence[Message]) -> Message:
    """The message that was sent in these chunks, given in order.

    Role, agent, timestamp and further members are those of the first chunk. Parts keep their order. Neighbours that are
    pieces of one text are joined, and so are pieces of one file: each is decoded by itself, since each has its own
    padding in base64. Data is never merged, and neither is what cannot be decoded.

    Args:
        chunks: At least one.

    Raises:
        LocalProtocolError: There is no chunk.

    >>> from hocket.acp.model import file_part, message_of
    >>> assemble([message_of("Hello "), message_of("world")]).text
    'Hello world'
    >>> assemble([message_of(file_part(b"a,")), message_of(file_part(b"b"))]).parts[0].content
    'YSxi'
    """
    if not chunks:
        raise LocalProtocolError("a message has at least one chunk")
    parts: list[Part] = []
    for kind, run in groupby((part for chunk in chunks for part in chunk.parts), key=_kind):
        pieces = list(run)
        if len(pieces) == 1 or kind is PartType.DATA:
            parts += pieces
        elif kind is PartType.TEXT:
            parts += _texts(pieces)
        else:
            parts += _files(pieces)
    return evolve(chunks[0], parts=tuple(parts))


def _kind(part: Part) -> PartType:
    return part.type


def _texts(pieces: list[Part]) -> list[Part]:
    """Neighbouring TextParts: those with equal members become one."""
    parts: list[Part] = []
    run: list[Part] = []
    for piece in pieces:
        if run and not _is_more_text(run[0], piece):
            parts.append(_joined_text(run))
            run = []
        run.append(piece)
    return [*parts, _joined_text(run)]


def _is_more_text(first: Part, piece: Part) -> bool:
    return (
        first.encoding is piece.encoding
        and first.encoding is not Encoding.BASE64
        and isinstance(first.content, str)
        and isinstance(piece.content, str)
        and first.mime_type == piece.mime_type
        and first.filename == piece.filename
        and _members(first) == _members(piece)
    )


def _members(part: Part) -> Mapping[str, Any]:
    """The further members of a Part, without the one that the first Part of every chunk has for the lane."""
    extra = part.extra
    return {name: extra[name] for name in extra if name != MESSAGE_ID} if MESSAGE_ID in extra else extra


def _joined_text(run: list[Part]) -> Part:
    if len(run) == 1:
        return run[0]
    text = "".join([piece.content for piece in run])
    return evolve(run[0], content=text, size=_size(run, _utf8(text)))


def _files(pieces: list[Part]) -> list[Part]:
    """Neighbouring parts of one kind of file: those of one filename and MIME type become one."""
    parts: list[Part] = []
    for _, run in groupby(pieces, key=lambda part: (part.filename, part.mime_type)):
        parts += _joined_file(list(run))
    return parts


def _joined_file(run: list[Part]) -> list[Part]:
    if len(run) == 1:
        return run
    datas = [data for piece in run if (data := _decoded(piece)) is not None]
    if len(datas) < len(run):
        return run
    data = b"".join(datas)
    first = run[0]
    is_text = all(piece.encoding is Encoding.UTF8 for piece in run)
    return [
        evolve(
            first,
            content="".join([piece.content for piece in run]) if is_text else b64encode(data).decode("ascii"),
            encoding=Encoding.UTF8 if is_text else Encoding.BASE64,
            size=_size(run, len(data)),
            extra={name: value for name, value in first.extra.items() if _is_common(name, value, run)},
        )
    ]


def _decoded(part: Part) -> bytes | None:
    """The bytes of a file's Part; None where it does not say how they are written, or says it wrongly."""
    content = part.content
    if not isinstance(content, str):
        return None
    if part.encoding is Encoding.UTF8:
        return content.encode("utf-8", "surrogatepass")
    if part.encoding is not Encoding.BASE64:
        return None
    try:
        return b64decode(content, validate=True)
    except ValueError:
        return None


def _size(run: list[Part], size: int) -> int | None:
    """The size of what was joined, where its sender gives sizes."""
    return None if all(piece.size is None for piece in run) else size


def _is_common(name: str, value: Any, run: list[Part]) -> bool:
    """Whether a further member says something about the whole file: all its pieces have it (a checksum of one lies)."""
    return name == MESSAGE_ID or all(piece.extra.get(name, _MISSING) == value for piece in run)
