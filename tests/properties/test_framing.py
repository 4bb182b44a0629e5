"""Laws of the framings, each against a second implementation that sees the whole stream at once.

The second implementations are in `support.by_the_book`.
"""

import re

from hypothesis import assume, example, given
from hypothesis import strategies as st

from hocket.errors import FramingError, LimitExceeded, LocalProtocolError
from hocket.framing import (
    ContentLength,
    FrameRejected,
    FramingLimits,
    Ndjson,
    ServerSentEvent,
    SseParser,
    Whole,
    encode_comment,
    encode_event,
    encode_events,
)
from hocket.testing.strategies.cuts import cuts
from support.by_the_book import SseByTheBook, content_length_by_the_book, ndjson_by_the_book, shown, told

LIMITS = FramingLimits(frame=12, header=48, sse_event=24, sse_id=3)


# Streams.


def joined(*pieces, most=40):
    return st.lists(st.one_of(st.sampled_from(pieces), st.binary(max_size=6)), max_size=most).map(b"".join)


NDJSON_STREAMS = joined(b"\n", b"\r\n", b"\r", b"{}", b" ", b"\t", b"1234567890", "\u2028".encode(), b"\x85")

HEADER_LINES = st.sampled_from(
    [
        b"Content-Length: 2\r\n",
        b"content-length:2\n",
        b"Content-Length: 12\r\n",
        b"Content-Length: 13\r\n",
        b"Content-Length: 0\r\n",
        b"Content-Length: 20\r\n",
        b"Content-Length: x\r\n",
        b"Content-Type: a; charset=utf-8\r\n",
        b"Content-Type: a; charset=x\r\n",
        b"X: y\r\n",
        b"X\r\n",
        b"\xff: 1\r\n",
        b"Content-Length: 99999999999999999999\n",
    ]
)
HEADER_BLOCKS = st.lists(HEADER_LINES, min_size=1, max_size=3).map(lambda lines: b"".join([*lines, b"\r\n"]))
GOOD_FRAMES = st.binary(min_size=1, max_size=16).map(ContentLength(FramingLimits(frame=16)).encode)
CONTENT_LENGTH_STREAMS = st.lists(
    st.one_of(GOOD_FRAMES, GOOD_FRAMES, HEADER_BLOCKS, HEADER_LINES, st.binary(max_size=30)), max_size=8
).map(b"".join)

SSE_LINES = joined(
    *[
        b"data",
        b"data: ",
        b"data:",
        b"event: ",
        b"event",
        b"id: ",
        b"id",
        b"retry: ",
        b"foo",
        b":",
        b" ",
        b"1",
    ],
    *[b"\n", b"\n", b"\n\n", b"\n\n", b"\r", b"\r\n", b"\0", b"\xef\xbb\xbf", b"\xef\xbb", b"\xc3", b"x" * 9],
    "\u2028".encode(),
)
SSE_EVENTS = st.lists(
    st.builds(
        lambda number, data, end: b"id: %d\ndata: %b" % (number, data) + end,
        st.integers(0, 2000),
        st.binary(max_size=20),
        st.sampled_from([b"\n\n", b"\n\n", b"\n\n", b"\n", b"\r\n\r\n", b"\n\n\n"]),
    ),
    max_size=8,
).map(b"".join)
WHOLE_LINES = (
    b"||data: 1|data:12345|data|data: 123456789012|event: a|id: 1|id: 2345|id|retry: 9"
    b"|: 1|:id: 9|:data: 9|unknown|this line is over the limit"
).split(b"|")
SSE_WHOLE_LINES = st.lists(st.sampled_from(WHOLE_LINES), max_size=20).map(
    lambda lines: b"\n".join([*lines, b"", b"data: last\n\n"])
)
SSE_STREAMS = st.one_of(
    SSE_LINES, SSE_WHOLE_LINES, SSE_EVENTS, st.tuples(SSE_EVENTS, SSE_LINES, SSE_EVENTS).map(b"".join)
)


# However a stream is cut, what is read is what the book says, and little is held.


def read(framing, pieces, most_held):
    """All frames of a stream; after each read the frames are taken and what is still held is measured."""
    frames = []
    for piece in pieces:
        framing.receive_data(piece)
        frames += iter(framing.next_frame, None)
        assert framing.held <= most_held
    framing.receive_eof()
    frames += iter(framing.next_frame, None)
    assert framing.held == 0
    return frames


@given(cuts(NDJSON_STREAMS))
def test_ndjson_however_it_is_cut(pieces):
    stream = b"".join(pieces)
    assert read(Ndjson(LIMITS), pieces, LIMITS.frame + 1) == ndjson_by_the_book(stream, LIMITS)


@given(cuts(CONTENT_LENGTH_STREAMS))
@example([b"Content-Length: 13\r\n\r\n", b"1234567890123Content-Length: 1\r\n\r\n1"])
@example([b"\x00Content-Length: 2\r\nContent-Length: 1\r\n\r\n\x00"])
def test_content_length_however_it_is_cut(pieces):
    stream = b"".join(pieces)
    whole = read(ContentLength(LIMITS), [stream], LIMITS.header)
    assert read(ContentLength(LIMITS), pieces, LIMITS.header) == whole
    assert [told(frame) for frame in whole] == content_length_by_the_book(stream, LIMITS)


@given(cuts(SSE_STREAMS))
@example([b"id: 1\ndata: 1\n\n\xef\xbb\xbfdata: 2\r", b"", b"\n\r\n"])
@example([b"data: 1\r", b"\ndata: 2\r\n\r\n"])
@example([b"data: 1\n", b"data: 2\n\n"])
@example([b"data: 1", b"\ndata: 2\n\n"])
@example([b"data: 1\n:", b"\ndata: 2\n\n"])
@example([b":", b"data: 1\n\n"])
@example([b"id: 2345\n", b"data: 1\n\n"])
@example([b"id: 1\nid: 2\nid: 3\nid: 4\ndata: 123\n\n", b"id: 1\ndata: 12345678\n\n"])
@example([b"id: 12\ndata: 1\ndata: 2\n\ndata: 1\nevent: a\n\nid: 1\n\ndata: 1\n\n"])
def test_sse_however_it_is_cut(pieces):
    stream = b"".join(pieces)
    book = SseByTheBook(stream, LIMITS)
    parser = SseParser(LIMITS)
    events = []
    for piece in pieces:
        parser.receive_data(piece)
        events += parser.next_events() if len(piece) % 2 else iter(parser.next_event, None)
        assert parser.held <= LIMITS.sse_event
    parser.receive_eof()
    assert parser.next_event() is None
    assert events == book.outcomes
    assert parser.last_event_id == shown(book.last_event_id)
    assert parser.retry == book.retry
    assert parser.cut == book.cut


@given(st.lists(st.binary(max_size=20)))
def test_whole_keeps_each_piece_apart(pieces):
    frames = read(Whole(LIMITS), pieces, 0)
    assert [told(frame) for frame in frames] == [
        "frame" if len(piece) > LIMITS.frame else piece or "" for piece in pieces
    ]


@given(st.sampled_from([Ndjson, ContentLength, Whole]), st.lists(st.binary(max_size=60), max_size=20))
def test_no_bytes_make_a_framing_raise(framing, pieces):
    for frame in read(framing(LIMITS), pieces, LIMITS.header):
        assert isinstance(frame, bytes | FrameRejected)
        if isinstance(frame, FrameRejected):
            assert isinstance(frame.error, FramingError | LimitExceeded)


# What is written is what is read.

JSON_LIKE = st.one_of(st.binary(min_size=1, max_size=12), st.text(min_size=1, max_size=3).map(str.encode))


@given(st.sampled_from([Ndjson, ContentLength]), st.lists(JSON_LIKE), st.data())
def test_what_a_framing_writes_it_reads_back(framing, messages, data):
    written, sent = [], []
    for message in messages:
        try:
            written.append(framing(LIMITS).encode(message))
        except LocalProtocolError:
            refused = b"\n" in message or message.endswith(b"\r") or not message.strip(b" \t\r")
            assert framing is Ndjson
            assert refused
        else:
            sent.append(message)
    pieces = data.draw(cuts(st.just(b"".join(written))))
    assert read(framing(LIMITS), pieces, LIMITS.header) == sent


@given(JSON_LIKE)
def test_whole_writes_the_message_itself(message):
    assert Whole(LIMITS).encode(message) == message


ONE_LINE = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n\0"), max_size=20)
WRITTEN_EVENTS = st.fixed_dictionaries(
    {"data": st.one_of(st.binary(max_size=30), joined(b"\r", b"\n", b"\r\n", b" ", b"data: "))},
    optional={
        "event": ONE_LINE.filter(bool),
        "id": ONE_LINE,
        "retry": st.integers(0, 10**6),
        "comment": ONE_LINE,
    },
)


@given(st.lists(WRITTEN_EVENTS, max_size=5), st.data())
def test_events_that_are_written_are_read_back_with_lf_for_every_line_end(events, data):
    wire, expected, last_id, retry = b"", [], "", None
    for fields in events:
        comment = fields.pop("comment", None)
        if comment is not None:
            wire += encode_comment(comment)
        wire += encode_event(**fields)
        last_id = fields.get("id", last_id)
        retry = fields.get("retry", retry)
        lines = re.sub(rb"\r\n|\r", b"\n", fields["data"])
        expected.append(ServerSentEvent(data=lines, event=fields.get("event", "message"), id=last_id))
    parser = SseParser()
    for piece in data.draw(cuts(st.just(wire))):
        parser.receive_data(piece)
    parser.receive_eof()
    assert list(iter(parser.next_event, None)) == expected
    assert (parser.retry, parser.cut) == (retry if retry is None else retry / 1000, False)


@given(st.lists(st.tuples(st.integers(0, 10**20), st.one_of(st.binary(), joined(b"\n", b"\r", b"a")))))
def test_events_written_together_are_the_events_written_one_by_one(events):
    assert encode_events(events) == b"".join(encode_event(data, id=str(number)) for number, data in events)


# After a rejection that is not fatal the next frame is read.


@given(st.binary(min_size=13, max_size=200), st.binary(min_size=1, max_size=12), st.data())
def test_after_a_frame_that_is_too_long_the_next_is_read(long, good, data):
    roomy = FramingLimits(frame=1000)
    for framing in [Ndjson, ContentLength]:
        try:
            stream = framing(roomy).encode(long) + framing(roomy).encode(good)
        except LocalProtocolError:
            assume(framing is not Ndjson)
        rejected, *rest = read(framing(LIMITS), data.draw(cuts(st.just(stream))), LIMITS.header)
        assert isinstance(rejected, FrameRejected)
        assert not rejected.fatal
        assert rest == [good]


@given(cuts(SSE_LINES), st.binary(max_size=18).filter(lambda data: not re.search(rb"[\r\n]", data)))
def test_whatever_came_before_an_event_after_a_blank_line_is_read(pieces, good):
    parser = SseParser(LIMITS)
    for piece in [*pieces, b"\n\n", b"data: " + good + b"\n\n"]:
        parser.receive_data(piece)
    *_, last = iter(parser.next_event, None)
    assert last == ServerSentEvent(data=good, id=parser.last_event_id)
