"""`hocket decode`: bytes on stdin, one JSON line per message or event on stdout."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

import click
from attrs import define, field

from hocket.codec import JsonValue, dumps, loads
from hocket.errors import CodecError
from hocket.framing import ContentLength, FrameRejected, Ndjson, ServerSentEvent, SseParser
from hocket_io.cli.exits import Exit
from hocket_io.cli.output import leave_quietly, write

__all__ = ["Decoder", "decode"]

_CHUNK = 65_536
_CUTTERS: dict[str, type[SseParser | Ndjson | ContentLength]] = {
    "sse": SseParser,
    "ndjson": Ndjson,
    "content-length": ContentLength,
}


@define(eq=False)
class Decoder:
    r"""Bytes in, JSON lines out. However the bytes were cut, the lines are the same.

    Args:
        framing: "sse", "ndjson" or "content-length".

    Attributes:
        has_errors: Whether anything could not be read.
        is_broken: Whether nothing more can be read.

    >>> Decoder("sse").receive_data(b'id: 7\ndata: {"n": 1}\n\n')
    [b'{"event":"message","id":"7","data":{"n":1}}\n']
    """

    framing: str
    has_errors: bool = field(default=False, init=False)
    is_broken: bool = field(default=False, init=False)
    _cutter: SseParser | Ndjson | ContentLength = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._cutter = _CUTTERS[self.framing]()

    def receive_data(self, data: bytes) -> list[bytes]:
        """The lines that these bytes complete."""
        self._cutter.receive_data(data)
        return list(self._lines())

    def receive_eof(self) -> list[bytes]:
        """The lines that the end completes."""
        self._cutter.receive_eof()
        lines = list(self._lines())
        if isinstance(self._cutter, SseParser) and self._cutter.cut:
            lines.append(self._error("the stream ended inside an event"))
        return lines

    def _lines(self) -> Iterator[bytes]:
        while (found := self._next()) is not None:
            match found:
                case ServerSentEvent():
                    yield _line({"event": found.event, "id": found.id or None, "data": _data(found)})
                case FrameRejected():
                    self.is_broken = found.fatal
                    yield self._error(str(found.error))
                case _:
                    yield self._message(found)

    def _next(self) -> ServerSentEvent | bytes | FrameRejected | None:
        if isinstance(self._cutter, SseParser):
            return self._cutter.next_event()
        return self._cutter.next_frame()

    def _message(self, frame: bytes) -> bytes:
        try:
            return _line({"message": loads(frame)})
        except CodecError as error:
            return self._error(str(error), frame=frame.decode("utf-8", "replace"))

    def _error(self, reason: str, **more: JsonValue) -> bytes:
        self.has_errors = True
        return _line({"error": reason, **more})


def _data(event: ServerSentEvent) -> JsonValue:
    try:
        return loads(event.data)
    except CodecError:
        return event.text


def _line(value: JsonValue) -> bytes:
    return dumps(value) + b"\n"


@click.command()
@click.option("--framing", type=click.Choice(list(_CUTTERS)), required=True, help="How the bytes are cut.")
def decode(framing: str) -> None:
    """Decode a stream: bytes on stdin, one line of JSON per message or event on stdout, each as soon as it is complete.

    \b
    sse                      {"event": …, "id": … or null, "data": …}   data is text where it is not JSON
    ndjson, content-length   {"message": …}
    what cannot be read      {"error": …}, with "frame" where a frame is not JSON; the exit code is then 1
    """  # noqa: D301  -- \b is click's mark for a paragraph that is not to be wrapped
    decoder = Decoder(framing)
    try:
        while not decoder.is_broken and (data := os.read(0, _CHUNK)):
            write(b"".join(decoder.receive_data(data)))
        write(b"".join(decoder.receive_eof()))
    except BrokenPipeError:
        leave_quietly()
    except KeyboardInterrupt:
        sys.exit(Exit.INTERRUPTED)
    sys.exit(Exit.FAILURE if decoder.has_errors else Exit.OK)
