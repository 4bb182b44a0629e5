"""Server-sent events in all the ways that servers write them, with the events that they mean."""

from __future__ import annotations

from attrs import evolve, field, frozen
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from hocket.framing import ServerSentEvent

__all__ = ["SseStream", "sse_streams"]


@frozen(kw_only=True)
class SseStream:
    """A whole `text/event-stream`.

    Attributes:
        data: The bytes.
        events: What they mean, by the WHATWG standard (section 9.2.6).
        last_event_id: Where a client resumes.
        retry: What the server last asked clients to wait, in seconds.
        cut: Whether it ends in the middle of an event.
    """

    data: bytes
    events: tuple[ServerSentEvent, ...] = ()
    last_event_id: str = ""
    retry: float | None = None
    cut: bool = False


@frozen(kw_only=True)
class _Line:
    """A line of an event, and what it adds to what the event means."""

    text: bytes
    data: bytes | None = None
    event: str | None = None
    id: str | None = None
    retry: int | None = None
    counts: bool = True


@frozen
class _Open:
    """The event that is being written."""

    data: tuple[bytes, ...] = ()
    event: str = ""
    id: str | None = None
    is_begun: bool = False

    def with_line(self, line: _Line) -> _Open:
        return _Open(
            data=self.data if line.data is None else (*self.data, line.data),
            event=self.event if line.event is None else line.event,
            id=self.id if line.id is None else line.id,
            is_begun=self.is_begun or line.counts,
        )


_LINE_ENDS = (b"\n", b"\r\n", b"\r")
_WORDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n\0"), max_size=6)
_PAYLOADS = _WORDS | st.sampled_from(["{}", "data: 1", " two spaces", ":", "\u2028", "\x85", "\x0b\x0c"])
_NAMES = st.sampled_from(["ping", "message", " padded", "täsk"])


def _spelled(name: str) -> SearchStrategy[tuple[bytes, str]]:
    """A field as it is written, with a space or without one, and the value that it has."""
    with_space = _PAYLOADS.map(lambda value: (f"{name}: {value}".encode(), value))
    without = _PAYLOADS.filter(lambda value: value[:1] != " ").map(lambda value: (f"{name}:{value}".encode(), value))
    return with_space | without | st.just((name.encode(), ""))


_WITHOUT_MEANING = [
    *[b"retry: soon", b"retry: -1", b"retry:", b"retry: 1.5", b"id: a\0b", b"id:\0"],
    *[b"unknown: 1", b"unknown", b"Data: 1", b" data: 1", b"dataa: 1", b"data : 1"],
]


def _lines() -> SearchStrategy[_Line]:
    return st.one_of(
        _spelled("data").map(lambda it: _Line(text=it[0], data=it[1].encode())),
        _spelled("id").map(lambda it: _Line(text=it[0], id=it[1])),
        _NAMES.map(lambda name: _Line(text=f"event: {name}".encode(), event=name)),
        st.just(_Line(text=b"event", event="")),
        st.integers(0, 10**6).map(lambda number: _Line(text=b"retry: %d" % number, retry=number)),
        st.sampled_from(_WITHOUT_MEANING).map(lambda text: _Line(text=text)),
        _PAYLOADS.map(lambda said: _Line(text=f":{said}".encode(), counts=False)),
    )


@frozen
class _Writing:
    """A stream that is being written: what is there, and what it means."""

    stream: SseStream = field(factory=lambda: SseStream(data=b""))
    open: _Open = _Open()

    def line(self, line: _Line, end: bytes) -> _Writing:
        retry = self.stream.retry if line.retry is None else line.retry / 1000
        stream = evolve(self.stream, data=self.stream.data + line.text + end, retry=retry)
        return _Writing(stream, self.open.with_line(line))

    def blank(self, end: bytes) -> _Writing:
        last_id = self.stream.last_event_id if self.open.id is None else self.open.id
        events = self.stream.events
        if self.open.data:
            data = b"\n".join(self.open.data)
            events = (*events, ServerSentEvent(data=data, event=self.open.event or "message", id=last_id))
        stream = evolve(
            self.stream,
            data=self.stream.data + _blank_line(self.stream.data, end),
            events=events,
            last_event_id=last_id,
        )
        return _Writing(stream)


def _blank_line(before: bytes, end: bytes) -> bytes:
    """The end of an empty line. An LF after a CR would be the rest of a CRLF, and no line of its own."""
    return b"\r" if end == b"\n" and before.endswith(b"\r") else end


_LINES = _lines()


@st.composite
def sse_streams(draw: DrawFn, *, max_events: int = 4) -> SseStream:
    r"""Streams as they are allowed to be, and mostly are not.

    There may be a byte order mark first. Lines end in LF, CRLF or CR, all three in one stream. There are comments,
    fields without a colon, fields that nobody knows, ids with a NUL in them, waiting times that are no numbers, events
    without data, events in several lines, and an event that is cut off.

    Args:
        draw: Given by Hypothesis.
        max_events: The most events that are written on purpose.

    >>> from hypothesis import find
    >>> find(sse_streams(), lambda stream: len(stream.events) == 1).data
    b'data: \n\n'
    """
    mark = draw(st.sampled_from([b"", b"\xef\xbb\xbf"]))
    ends = st.sampled_from(draw(st.sampled_from([_LINE_ENDS[:1], _LINE_ENDS[1:2], _LINE_ENDS[2:], _LINE_ENDS])))
    writing = _Writing(SseStream(data=mark))
    for lines in draw(st.lists(st.lists(_LINES, max_size=4), max_size=max_events)):
        for line in lines:
            writing = writing.line(line, draw(ends))
        writing = writing.blank(draw(ends))
    for line in draw(st.lists(_LINES, max_size=2)):
        writing = writing.line(line, draw(ends))
    return evolve(writing.stream, cut=writing.open.is_begun)
