"""The limits of SseParser, and its state after an event; the WHATWG rules are in spec/test_sse_whatwg.py."""

import pytest

from hocket.errors import LimitExceeded
from hocket.framing import FrameRejected, FramingLimits, ServerSentEvent, SseParser
from support.drain import drain

LIMITS = FramingLimits(sse_event=20, sse_id=3)
EVENT_TOO_LONG = FrameRejected(LimitExceeded("sse_event", 20))
GOOD = ServerSentEvent(data=b"OK", id="1")


def parse(parser, stream, size):
    for start in range(0, len(stream), size):
        parser.receive_data(stream[start : start + size])
    return drain(parser)


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (b"data: 12345678901234", [ServerSentEvent(data=b"12345678901234", id="1")]),
        (b"data: 123456789012345", [EVENT_TOO_LONG]),
        (b"data:1234\ndata:567890", [ServerSentEvent(data=b"1234\n567890", id="1")]),
        (b"data:1234\ndata:5678901", [EVENT_TOO_LONG]),
        (b"data:1\nxxxxxxxxxxxxxxx", [EVENT_TOO_LONG]),
        (b"id: 2\ndata: 123456789", [ServerSentEvent(data=b"123456789", id="2")]),
        (b"id: 2\ndata: 1234567890", [EVENT_TOO_LONG]),
        (b"id: 2\n" + b"data: 1234567890\n" * 9 + b"id: 3", [EVENT_TOO_LONG]),
        (b":" + b"x" * 99 + b"\ndata:1\n:" + b"y" * 99, [ServerSentEvent(data=b"1", id="1")]),
        (b"id: 234\ndata:1", [ServerSentEvent(data=b"1", id="234")]),
        (b"id: 2345\ndata:1", [FrameRejected(LimitExceeded("sse_id", 3, 4))]),
        (b"id: 2345\ndata: 1", [FrameRejected(LimitExceeded("sse_id", 3, 4))]),
        (b"data:1\nid: 2345\nid: 6789\nid: 3", [FrameRejected(LimitExceeded("sse_id", 3, 4))]),
        (b"id: 2345", [FrameRejected(LimitExceeded("sse_id", 3, 4))]),
        (b"id: 23\x0045\ndata:1", [ServerSentEvent(data=b"1", id="1")]),
    ],
)
@pytest.mark.parametrize("size", [1, 7, 1000])
def test_limits_and_what_follows_them(event, expected, size):
    stream = b"id: 1\ndata: OK\n\n" + event + b"\n\ndata: last\n\n"
    parser = SseParser(LIMITS)
    [last_good] = [one for one in expected if isinstance(one, ServerSentEvent)] or [GOOD]
    assert parse(parser, stream, size) == [GOOD, *expected, ServerSentEvent(data=b"last", id=last_good.id)]
    assert parser.last_event_id == last_good.id


@pytest.mark.parametrize(("ids", "is_too_long"), [(b"id: 5678", False), (b"id: 56789", True), (b"id: 1\nid: 2", True)])
@pytest.mark.parametrize("size", [1, 1000])
def test_ids_count_as_part_of_their_event_also_where_each_may_be_longer_than_that(ids, is_too_long, size):
    told = parse(SseParser(FramingLimits(sse_event=8, sse_id=10)), ids + b"\n\ndata\n\n", size)
    assert told[:-1] == [FrameRejected(LimitExceeded("sse_event", 8))] * is_too_long
    assert told[-1].data == b""


def test_an_event_is_rejected_as_soon_as_it_is_too_long_and_nothing_of_it_is_held():
    parser = SseParser(LIMITS)
    parser.receive_data(b"data: 1\nevent: x\ndata:")
    assert drain(parser) == []
    parser.receive_data(b"x")
    assert drain(parser) == [EVENT_TOO_LONG]
    parser.receive_data(b"x" * 1000 + b"\ndata: more\nid: 9")
    assert drain(parser) == []
    assert parser.held == 0


def test_the_type_of_a_rejected_event_does_not_leak_into_the_next():
    parser = SseParser(LIMITS)
    assert parse(parser, b"event: x\ndata: 12345678901234567890\n\ndata: 1\n\n", 1000) == [
        EVENT_TOO_LONG,
        ServerSentEvent(data=b"1"),
    ]


@pytest.mark.parametrize(
    ("end", "cut"),
    [
        (b"", False),
        (b"\n", False),
        (b"data: 1", True),
        (b"data: 1\n", True),
        (b"data: 1\r", True),
        (b"id: 9\n", True),
        (b"x", True),
        (b": comment", False),
        (b": comment\n", False),
        (b"data: 1\n: comment", True),
        (b"data: 1\n: comment\n", True),
        (b"data: 123456789012345", True),
        (b"data: 123456789012345\n", True),
        (b"data: 123456789012345\n:", True),
        (b"data: 123456789012345\n\n", False),
        (b"data: 1\r\n\r", False),
    ],
)
@pytest.mark.parametrize("size", [1, 1000])
def test_cut_says_whether_the_end_came_inside_an_event(end, cut, size):
    parser = SseParser(LIMITS)
    parse(parser, b"id: 1\ndata: OK\n\n" + end, size)
    assert not parser.cut
    parser.receive_eof()
    parser.receive_eof()
    assert parser.cut is cut
    assert parser.last_event_id == "1"
    assert parser.held == 0
    assert parser.next_event() is None


@pytest.mark.parametrize(("stream", "cut"), [(b"\xef", True), (b"\xef\xbb", True), (b"\xef\xbb\xbf", False)])
def test_a_stream_of_nothing_but_a_byte_order_mark(stream, cut):
    parser = SseParser()
    assert parse(parser, stream, 1) == []
    parser.receive_eof()
    assert parser.cut is cut


def test_after_the_end_data_are_ignored():
    parser = SseParser()
    parser.receive_data(b"data: 1")
    parser.receive_eof()
    parser.receive_data(b"\n\ndata: 2\n\n")
    assert parser.next_event() is None
    assert parser.cut


def test_retry_is_kept_in_seconds_and_stays_finite():
    parser = SseParser()
    assert parser.retry is None
    parser.receive_data(b"retry: 1500\n")
    assert parser.retry == 1.5
    parser.receive_data(b"retry: " + b"9" * 5000 + b"\n\n")
    assert parser.retry == 2**53 / 1000


def test_events_come_out_when_their_blank_line_is_there_and_not_later():
    parser = SseParser()
    parser.receive_data(b"data: 1\r")
    assert drain(parser) == []
    parser.receive_data(b"\r")
    assert drain(parser) == [ServerSentEvent(data=b"1")]
    parser.receive_data(b"\ndata: 2\r\n\r")
    assert drain(parser) == [ServerSentEvent(data=b"2")]


def test_held_counts_what_is_in_memory():
    parser = SseParser()
    parser.receive_data(b"\xef\xbb")
    assert parser.held == 2
    parser.receive_data(b"\xbfdata: 1\n\n")
    assert parser.held == 1
    drain(parser)
    parser.receive_data(b"event: abc\nid: 12\ndata: 1234\nda")
    assert parser.held == len(b"abc" + b"1234\n" + b"da")


def test_text_replaces_what_is_not_utf8():
    assert ServerSentEvent(data=b"a\xffb\xe2\x82").text == "a\N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}"
