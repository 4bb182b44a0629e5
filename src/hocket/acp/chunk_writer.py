"""ChunkWriter: writes the chunks of one speaker, and remembers what is around their text.

What is said in a stream is mostly text, and one chunk differs from the one before it in its text, its number and its
time. The rest was written already.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from attrs import define, evolve, field

from hocket.acp.model import MESSAGE_ID, Encoding, Message, Part, PartType, Role
from hocket.acp.wire import ACP, ChunkParams
from hocket.codec import default

__all__ = ["ChunkWriter", "ChunkWriters"]

_escape = default.escape
_TEXT: Final = "\x00text"  # stand for what differs, in a frame; nobody's name is like that
_TIME: Final = "\x00time"
_MANY: Final = 64
_LONGEST: Final = 256
"""Characters of the id of a message in a frame, which is held as long as the stream goes on and counts nowhere."""


@define(eq=False)
class ChunkWriter:
    """Writes the params of `stream.chunk`: the same bytes as the dialect, and those of the next chunk for less.

    A chunk of ten characters: 3.3 µs by the dialect, 0.9 µs by its frame (CPython 3.11).
    """

    _stream_id: str = field(default="", init=False)
    _agent_id: str | None = field(default=None, init=False)
    _role: Role | None = field(default=None, init=False)
    _encoding: Encoding | None = field(default=None, init=False)
    _extra: Mapping[str, Any] = field(factory=dict, init=False)
    _has_time: bool = field(default=False, init=False)
    _before: bytes = field(default=b"", init=False)
    _between: bytes = field(default=b"", init=False)
    _after: bytes = field(default=b"", init=False)

    # _role is None while there is no frame.

    def write(
        self,
        stream_id: str,
        chunk: Message,
        sequence: int,
        is_last: bool,
        event_id: int | None = None,
        first_event_id: int = 0,
    ) -> bytes:
        """The params of a chunk, as JSON text.

        Raises:
            LocalProtocolError: It holds something that JSON cannot say.
        """
        part = chunk.parts[0] if len(chunk.parts) == 1 else None
        if (
            part is None
            or part.type is not PartType.TEXT
            or part.content.__class__ is not str
            or (part.extra and not _has_only_an_id(part.extra))
            or part.mime_type is not None
            or part.filename is not None
            or part.size is not None
            or chunk.extra
            or (chunk.timestamp is not None and chunk.timestamp.__class__ is not str)
            or not (self._is_framed(stream_id, chunk, part) or self._frame(stream_id, chunk))
        ):
            return _written(stream_id, chunk, sequence, is_last, event_id, first_event_id)
        text = self._before + _escape(part.content) + self._between
        if chunk.timestamp is not None:
            text += _escape(chunk.timestamp) + self._after
        last = b',"isLast":true' if is_last else b""
        if event_id is None:
            return b"%b%d%b}" % (text, sequence, last)
        return b'%b%d%b,"eventId":"%d","firstEventId":"%d"}' % (text, sequence, last, event_id, first_event_id)

    def _is_framed(self, stream_id: str, chunk: Message, part: Part) -> bool:
        """Whether the frame is that of this chunk."""
        return (
            chunk.agent_id == self._agent_id
            and chunk.role is self._role
            and part.encoding is self._encoding
            and part.extra == self._extra
            and (chunk.timestamp is not None) is self._has_time
            and stream_id == self._stream_id
        )

    def _frame(self, stream_id: str, chunk: Message) -> bool:
        """Write what is around such a chunk, once. False if there is doubt where in it the text and the time stand."""
        (part,) = chunk.parts
        time = None if chunk.timestamp is None else _TIME
        marked = evolve(chunk, parts=(evolve(part, content=_TEXT),), timestamp=time)
        written = _written(stream_id, marked, 0, is_last=False)
        marks = [_escape(_TEXT), *([] if time is None else [_escape(_TIME)])]
        if any(written.count(mark) != 1 for mark in marks):
            return False
        self._before, _, rest = written.removesuffix(b"0}").partition(marks[0])
        self._has_time = time is not None
        self._between, _, self._after = rest.partition(marks[-1]) if self._has_time else (rest, b"", b"")
        self._stream_id, self._agent_id = stream_id, chunk.agent_id
        self._role, self._encoding, self._extra = chunk.role, part.encoding, part.extra
        return True


def _has_only_an_id(extra: Mapping[str, Any]) -> bool:
    """Whether all that a Part has beside its text is the id of the message (that is a text itself, and no long one)."""
    name = extra.get(MESSAGE_ID)
    return type(name) is str and len(extra) == 1 and len(name) <= _LONGEST


@define(eq=False)
class ChunkWriters:
    """A writer for each of those who speak at the same time, whoever they are: the agents of a stream, say."""

    _by_name: dict[str, ChunkWriter] = field(factory=dict, init=False)

    def of(self, name: str) -> ChunkWriter:
        """The writer for whoever is called so."""
        writer = self._by_name.get(name)
        if writer is None:
            if len(self._by_name) >= _MANY:
                self._by_name.clear()
            writer = self._by_name[name] = ChunkWriter()
        return writer


def _written(
    stream_id: str,
    chunk: Message,
    sequence: int,
    is_last: bool,
    event_id: int | None = None,
    first_event_id: int = 0,
) -> bytes:
    params = ChunkParams(
        stream_id=stream_id,
        chunk=chunk,
        sequence=sequence,
        is_last=is_last,
        event_id=None if event_id is None else str(event_id),
        first_event_id=None if event_id is None else str(first_event_id),
    )
    return ACP.writer(ChunkParams).to_json(params)
