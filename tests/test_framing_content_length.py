"""ContentLength by example; the properties are in properties/test_framing.py."""

import pytest

from hocket.errors import FramingError, LimitExceeded, LocalProtocolError
from hocket.framing import ContentLength, FrameRejected, FramingLimits
from support.drain import drain_frames

GOOD = b"Content-Length: 2\r\n\r\nOK"


@pytest.mark.parametrize(
    "stream",
    [
        GOOD,
        b"content-length:2\r\n\r\nOK",
        b"CONTENT-LENGTH: \t 2 \t\r\n\r\nOK",
        b"Content-Length: 002\r\n\r\nOK",
        b"Content-Length: 2\n\nOK",
        b"Content-Length: 2\n\r\nOK",
        b"Content-Length: 2\r\n\nOK",
        b"Content-Length: 2\r\nContent-Length: 02\r\n\r\nOK",
        b"X-Other: a:b\r\nContent-Length: 2\r\nX-Empty:\r\n\r\nOK",
        b"Content-Type: application/vscode-jsonrpc\r\nContent-Length: 2\r\n\r\nOK",
        b"Content-Type: application/vscode-jsonrpc; charset=utf-8\r\nContent-Length: 2\r\n\r\nOK",
        b'Content-Length: 2\r\ncontent-type: a/b;x=1; Charset="UTF8" \r\n\r\nOK',
    ],
)
@pytest.mark.parametrize("size", [1, 1000])
def test_headers_that_are_understood(stream, size):
    frames = ContentLength()
    twice = stream + stream
    for start in range(0, len(twice), size):
        frames.receive_data(twice[start : start + size])
    assert drain_frames(frames) == [b"OK", b"OK"]
    assert frames.held == 0


@pytest.mark.parametrize(
    ("stream", "reason"),
    [
        (b"\r\n", "without Content-Length"),
        (b"X: 1\r\n\r\n", "without Content-Length"),
        (b"Content-Length : 2\r\n\r\nOK", "no field name"),
        (b": 2\r\n", "no field name"),
        (b'{"jsonrpc":"2.0","id":1}\n', "does the peer write one message per line?"),
        (b"Content-Length: -1\r\n", "not a number"),
        (b"Content-Length: +1\r\n", "not a number"),
        (b"Content-Length: 1_0\r\n", "not a number"),
        (b"Content-Length: 1 0\r\n", "not a number"),
        (b"Content-Length: 0x2\r\n", "not a number"),
        (b"Content-Length:\r\n", "not a number"),
        (b"Content-Length: 2\r\nContent-Length: 3\r\n", "differ"),
        (b"Content-Length: 0\r\nContent-Length: 3\r\n", "differ"),
        (b"Content-Length: " + b"9" * 19 + b"\r\n", "beyond all bounds"),
        (b"Content-Length: " + b"9" * 5000 + b"\r\n", "beyond all bounds"),
        (b"Content-Length: \xb2\r\n", "not ASCII"),
        (b"X: \xff\r\n", "not ASCII"),
        (b"print() from the agent\n", "without a colon"),
        (b"X" * 8193, "header = 8192"),
        (b"X:\n" * 2731 + b"\r\n\r\n", "header = 8192"),
    ],
)
@pytest.mark.parametrize("size", [1, 10_000])
def test_headers_that_are_fatal(stream, reason, size):
    frames = ContentLength()
    stream = stream + GOOD * 500
    for start in range(0, len(stream), size):
        frames.receive_data(stream[start : start + size])
    frames.receive_eof()
    rejected, *rest = drain_frames(frames)
    assert isinstance(rejected, FrameRejected)
    assert rejected.fatal
    assert reason in str(rejected.error)
    assert rest == []
    assert frames.held == 0


def test_a_header_block_of_exactly_the_limit_is_read():
    block = b"Content-Length: 2\r\n\r\n"
    frames = ContentLength(FramingLimits(header=len(block)))
    frames.receive_data(GOOD + GOOD)
    assert drain_frames(frames) == [b"OK", b"OK"]
    frames = ContentLength(FramingLimits(header=len(block) - 1))
    frames.receive_data(GOOD)
    assert drain_frames(frames) == [FrameRejected(LimitExceeded("header", len(block) - 1), fatal=True)]


@pytest.mark.parametrize(
    ("stream", "error"),
    [
        (b"Content-Length: 5\r\n\r\n12345", LimitExceeded("frame", 4, 5)),
        (b"Content-Length: 50\r\n\r\n" + GOOD + b"-" * (50 - len(GOOD)), LimitExceeded("frame", 4, 50)),
        (b"Content-Length: 0\r\n\r\n", FramingError("an empty frame")),
        (
            b"Content-Length: 2\r\nContent-Type: a/b; charset=Latin-1\r\n\r\nNO",
            FramingError("a body in charset 'latin-1'; only utf-8 is understood"),
        ),
        (
            b"Content-Type: a/b; charset=x\r\nContent-Type: a/b\r\nContent-Length: 2\r\n\r\nNO",
            FramingError("a body in charset 'x'; only utf-8 is understood"),
        ),
    ],
)
@pytest.mark.parametrize("size", [1, 1000])
def test_bodies_that_are_skipped_exactly_and_rejected_once(stream, error, size):
    frames = ContentLength(FramingLimits(frame=4))
    stream = GOOD + stream + GOOD
    for start in range(0, len(stream), size):
        frames.receive_data(stream[start : start + size])
    assert drain_frames(frames) == [b"OK", FrameRejected(error), b"OK"]


def test_a_body_is_rejected_before_it_arrives():
    frames = ContentLength(FramingLimits(frame=4))
    frames.receive_data(b"Content-Length: 999999999999999999\r\n\r\n")
    assert drain_frames(frames) == [FrameRejected(LimitExceeded("frame", 4, 999999999999999999))]


@pytest.mark.parametrize(
    ("stream", "reason"),
    [
        (GOOD[:-1], "1 bytes before the end of a body"),
        (GOOD[:-2], "2 bytes before the end of a body"),
        (b"Content-Length: 99\r\n\r\nskipped", "92 bytes before the end of a body"),
        (b"Content-Length: 2\r\n", "inside a header block, 19 bytes into it"),
        (b"Content-Length: 2\r\n\r", "inside a header block, 20 bytes into it"),
        (b"C", "inside a header block, 1 bytes into it"),
    ],
)
def test_the_end_inside_a_frame_is_fatal(stream, reason):
    frames = ContentLength(FramingLimits(frame=50))
    frames.receive_data(stream)
    assert all(not rejected.fatal for rejected in drain_frames(frames))
    frames.receive_eof()
    frames.receive_eof()
    [rejected] = drain_frames(frames)
    assert isinstance(rejected, FrameRejected)
    assert rejected.fatal
    assert reason in str(rejected.error)


@pytest.mark.parametrize("stream", [b"", GOOD, b"Content-Length: 0\r\n\r\n"])
def test_the_end_between_frames_is_silent_and_final(stream):
    frames = ContentLength()
    frames.receive_data(stream)
    drain_frames(frames)
    frames.receive_eof()
    frames.receive_data(GOOD)
    assert drain_frames(frames) == []


@pytest.mark.parametrize("message", [b"", b"12345"])
def test_what_the_reader_would_reject_is_refused(message):
    with pytest.raises(LocalProtocolError):
        ContentLength(FramingLimits(frame=4)).encode(message)
