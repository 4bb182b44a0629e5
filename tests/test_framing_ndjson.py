"""Ndjson by example; the properties are in properties/test_framing.py."""

import pytest

from hocket.errors import LimitExceeded, LocalProtocolError, WrongFraming
from hocket.framing import FrameRejected, FramingLimits, Ndjson
from support.drain import drain_frames

TOO_LONG = FrameRejected(LimitExceeded("frame", 4))


@pytest.mark.parametrize(
    ("stream", "frames"),
    [
        (b"{}\n", [b"{}"]),
        (b"{}\r\n[]\n", [b"{}", b"[]"]),
        (b"a\r\r\n", [b"a\r"]),
        (b"a\rb\n", [b"a\rb"]),
        (b"\n\r\n  \n\t\r\n\r\r\n1\n", [b"1"]),
        (b" 1 \n", [b" 1 "]),
        (b"\x0b\n\x0c\n", [b"\x0b", b"\x0c"]),
        ("\u2028\n\u2029\n\u0085\n".encode(), ["\u2028".encode(), "\u2029".encode(), "\u0085".encode()]),
        ('"a\u2028b\u0085c\x1cd"\n'.encode(), ['"a\u2028b\u0085c\x1cd"'.encode()]),
        (b"\xff\x00\n", [b"\xff\x00"]),
    ],
)
def test_lines(stream, frames):
    lines = Ndjson()
    lines.receive_data(stream)
    assert drain_frames(lines) == frames
    assert lines.held == 0


@pytest.mark.parametrize(
    ("stream", "frames"),
    [
        (b"1234\n", [b"1234"]),
        (b"1234\r\n", [b"1234"]),
        (b"12345\n1\n", [TOO_LONG, b"1"]),
        (b"1234\r\r\n1\n", [TOO_LONG, b"1"]),
        (b"     \n1\n", [TOO_LONG, b"1"]),
        (b"123456789\r\n\r\n1\n", [TOO_LONG, b"1"]),
    ],
)
@pytest.mark.parametrize("size", [1, 100])
def test_the_limit_counts_the_line_without_its_end_and_only_that_line_is_lost(stream, frames, size):
    lines = Ndjson(FramingLimits(frame=4))
    for start in range(0, len(stream), size):
        lines.receive_data(stream[start : start + size])
    assert drain_frames(lines) == frames


def test_a_line_is_rejected_as_soon_as_it_is_too_long_and_only_once():
    lines = Ndjson(FramingLimits(frame=4))
    lines.receive_data(b"12345")
    assert drain_frames(lines) == [TOO_LONG]
    lines.receive_data(b"6789" * 10)
    assert drain_frames(lines) == []
    assert lines.held == 0


@pytest.mark.parametrize("header", [b"Content-Length: 14", b"content-length:14 \r", b"CONTENT-LENGTH \t:\t14"])
def test_a_peer_that_writes_headers_is_found_out_and_nothing_more_is_read(header):
    lines = Ndjson()
    lines.receive_data(b"1\n" + header + b"\n2\n\r\n3")
    first, rejected, *rest = drain_frames(lines)
    assert (first, rest) == (b"1", [])
    assert rejected.fatal
    assert isinstance(rejected.error, WrongFraming)
    assert "does the peer write headers before its messages?" in str(rejected.error)
    lines.receive_data(b"4\n")
    lines.receive_eof()
    assert drain_frames(lines) == []
    assert lines.held == 0


@pytest.mark.parametrize(
    "line", [b'"Content-Length: 14"', b"Content-Length: x", b"Content-Length: 14;", b"Content-Type: 1"]
)
def test_what_only_looks_like_a_header_is_a_line(line):
    lines = Ndjson()
    lines.receive_data(line + b"\n2\n")
    assert drain_frames(lines) == [line, b"2"]


def test_the_rejection_names_the_limit_and_is_not_fatal():
    lines = Ndjson(FramingLimits(frame=4))
    lines.receive_data(b"12345")
    rejected = lines.next_frame()
    assert isinstance(rejected, FrameRejected)
    assert isinstance(rejected.error, LimitExceeded)
    assert (rejected.error.option, rejected.error.maximum, rejected.fatal) == ("frame", 4, False)


@pytest.mark.parametrize(
    ("stream", "frames"),
    [
        (b"1\n2", [b"1", b"2"]),
        (b"1\r", [b"1"]),
        (b" \t", []),
        (b"", []),
        (b"12345", [TOO_LONG]),
        (b"1234\r", [b"1234"]),
    ],
)
def test_an_unfinished_last_line_is_a_line(stream, frames):
    lines = Ndjson(FramingLimits(frame=4))
    lines.receive_data(stream)
    lines.receive_eof()
    lines.receive_eof()
    assert drain_frames(lines) == frames
    assert lines.held == 0


def test_after_the_end_data_are_ignored():
    lines = Ndjson()
    lines.receive_eof()
    lines.receive_data(b"1\n")
    assert lines.next_frame() is None


@pytest.mark.parametrize("message", [b"", b" ", b"\t \r", b"{}\r", b"{\n}", b"\n", b"12345"])
def test_what_the_reader_would_not_give_back_is_refused(message):
    with pytest.raises(LocalProtocolError):
        Ndjson(FramingLimits(frame=4)).encode(message)


def test_the_refusal_of_a_long_message_names_the_limit():
    with pytest.raises(LocalProtocolError, match=r"frame = 4 allows \(got 5\)"):
        Ndjson(FramingLimits(frame=4)).encode(b"12345")
