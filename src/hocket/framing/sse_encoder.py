r"""Server-sent events, written. Lines end in LF, and every event in a blank line.

The data of an event are bytes and go out as they are. JSON that may meet clients which split lines on U+2028,
U+2029 or U+0085 must have them escaped by whoever wrote the JSON.
"""

from __future__ import annotations

from collections.abc import Iterable

from hocket.errors import LocalProtocolError

__all__ = ["encode_comment", "encode_event", "encode_events"]


def encode_event(
    data: bytes,
    *,
    event: str | None = None,
    id: str | None = None,  # noqa: A002 - the name of the field
    retry: int | None = None,
) -> bytes:
    r"""One event. CR, LF and CRLF in `data` all arrive as LF, because the format knows only lines.

    Args:
        data: UTF-8 text, usually JSON.
        event: The type; None leaves it to be "message".
        id: What the client repeats as Last-Event-ID to resume after this event; "" makes it forget the last.
        retry: How long clients should wait before they reconnect, in milliseconds.

    Raises:
        LocalProtocolError: `event` or `id` has CR, LF, NUL or a lone surrogate in it, `event` is empty, or
            `retry` is negative.

    >>> encode_event(b'{"n": 1}', id="7")
    b'id: 7\ndata: {"n": 1}\n\n'
    """
    lines = b"" if id is None else b"id: %b\n" % _field_value("id", id)
    if event is not None:
        if not event:
            raise LocalProtocolError("an empty SSE event type means none: leave it out")
        lines += b"event: %b\n" % _field_value("event", event)
    if retry is not None:
        if retry < 0:
            raise LocalProtocolError(f"an SSE retry cannot be negative (got {retry})")
        lines += b"retry: %d\n" % retry
    return b"%bdata: %b\n\n" % (lines, _data_lines(data))


def encode_events(events: Iterable[tuple[int, bytes]]) -> bytes:
    r"""Several numbered events as one piece of bytes, to be written together.

    Args:
        events: Pairs of (number, data); the number is sent as the id.

    >>> encode_events([(1, b"a"), (2, b"b")])
    b'id: 1\ndata: a\n\nid: 2\ndata: b\n\n'
    """
    return b"".join([b"id: %d\ndata: %b\n\n" % (number, _data_lines(data)) for number, data in events])


def encode_comment(text: str = "") -> bytes:
    r"""A comment, which clients skip: it keeps an idle connection from being cut by a proxy.

    Raises:
        LocalProtocolError: `text` has CR, LF, NUL or a lone surrogate in it.

    >>> encode_comment("still here")
    b': still here\n\n'
    """
    return b": %b\n\n" % _field_value("comment", text) if text else b":\n\n"


def _data_lines(data: bytes) -> bytes:
    if data.find(b"\r") >= 0:  # quicker than `in`: 0.40 µs -> 0.31 for an event of 300 bytes
        data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if data.find(b"\n") < 0:
        return data
    return data.replace(b"\n", b"\ndata: ")


def _field_value(name: str, text: str) -> bytes:
    if "\n" in text or "\r" in text or "\0" in text:
        raise LocalProtocolError(f"an SSE {name} cannot have CR, LF or NUL in it")
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise LocalProtocolError(f"an SSE {name} cannot have a lone surrogate in it") from error
