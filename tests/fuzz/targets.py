"""What is fuzzed: for each framing and for the JSON-RPC connection one function that takes bytes and fails if it must.

Each asserts what has to hold for all bytes: the frames are those of a second, plain implementation and the same however
the bytes are cut; what was read is written and read again as it was; the limits hold; and nothing raises. The limits
are small, so that they are reached.
"""

import json

from hocket.codec import MSGSPEC, STDLIB
from hocket.connection import Connection
from hocket.errors import CodecError, FramingError, LimitExceeded, LocalProtocolError
from hocket.framing import ContentLength, FrameRejected, FramingLimits, Ndjson, SseParser, Whole, encode_event
from hocket.heartbeat import Heartbeat
from hocket.jsonrpc import LSP, ConnectionClosed, MessageRejected
from support.by_the_book import SseByTheBook, content_length_by_the_book, ndjson_by_the_book, shown, told

LIMITS = FramingLimits(frame=24, header=64, sse_event=32, sse_id=5)
ROOMY = FramingLimits(frame=16_384, header=100, sse_event=300, sse_id=16)
SIZES = (1, 2, 3, 7)


def in_pieces(data):
    """The bytes in pieces of several sizes, with nothing in between now and then."""
    for size in SIZES:
        yield [data[at : at + size] for at in range(0, len(data), size)]
    half = len(data) // 2
    yield [b"", data[:half], b"", data[half:], b""]


def frames_of(framing, pieces, most_held):
    frames = []
    for piece in pieces:
        framing.receive_data(piece)
        frames += iter(framing.next_frame, None)
        assert framing.held <= most_held
    framing.receive_eof()
    frames += iter(framing.next_frame, None)
    assert framing.held == 0
    for frame in frames:
        if isinstance(frame, FrameRejected):
            assert isinstance(frame.error, FramingError | LimitExceeded)
        else:
            assert 0 < len(frame) <= framing.limits.frame
    return frames


def reads_back(framing, frame):
    """What was read can be written, and is then read as it was."""
    try:
        written = framing(LIMITS).encode(frame)
    except LocalProtocolError:
        assert framing is Ndjson
        assert frame.endswith(b"\r")  # it was followed by another one: nobody can write it
        return
    assert frames_of(framing(LIMITS), [written], LIMITS.header) == [frame]


def ndjson(data):
    """Lines."""
    frames = frames_of(Ndjson(LIMITS), [data], LIMITS.frame + 1)
    if not any(isinstance(frame, FrameRejected) and frame.fatal for frame in frames):
        assert frames == ndjson_by_the_book(data, LIMITS)
    for pieces in in_pieces(data):
        assert frames_of(Ndjson(LIMITS), pieces, LIMITS.frame + 1) == frames
    for frame in frames:
        if isinstance(frame, bytes):
            reads_back(Ndjson, frame)


def content_length(data):
    """Header and body."""
    frames = frames_of(ContentLength(LIMITS), [data], LIMITS.header)
    assert [told(frame) for frame in frames] == content_length_by_the_book(data, LIMITS)
    for pieces in in_pieces(data):
        assert frames_of(ContentLength(LIMITS), pieces, LIMITS.header) == frames
    for frame in frames:
        if isinstance(frame, bytes):
            reads_back(ContentLength, frame)


def sse(data):
    """Server-sent events."""
    book = SseByTheBook(data, LIMITS)
    for pieces in ([data], *in_pieces(data)):
        parser = SseParser(LIMITS)
        events = []
        for piece in pieces:
            parser.receive_data(piece)
            events += iter(parser.next_event, None)
            assert parser.held <= LIMITS.sse_event
        parser.receive_eof()
        assert parser.next_event() is None
        assert events == book.outcomes
        assert (parser.last_event_id, parser.cut) == (shown(book.last_event_id), book.cut)
        # A waiting time that no clock can measure is the longest that there is.
        assert parser.retry == (book.retry if book.retry is None else min(book.retry, 2.0**53 / 1000))
    for event in events:
        if not isinstance(event, FrameRejected):
            again = SseParser(ROOMY)
            again.receive_data(encode_event(event.data, event=event.event.replace("\0", ""), id=event.id))
            assert again.next_event().data == event.data


def whole(data):
    """Messages that keep their boundaries: a NUL is the boundary here."""
    pieces = data.split(b"\0")
    frames = frames_of(Whole(LIMITS), pieces, len(data))
    assert [told(frame) for frame in frames] == [
        "frame" if len(piece) > LIMITS.frame else piece or "" for piece in pieces
    ]
    for piece in pieces:
        if 0 < len(piece) <= LIMITS.frame:
            assert Whole(LIMITS).encode(piece) == piece


def seen_by(framing, pieces):
    """The events of a connection that has asked something, and what it sends."""
    connection = Connection(framing(ROOMY), cancellation=LSP, heartbeat=Heartbeat())
    connection.send_request("asked", now=0.0)
    events, sent = [], []
    for piece in pieces:
        connection.receive_data(piece, now=1.0)
        events += iter(connection.next_event, None)
        sent += connection.data_to_send()
    connection.receive_eof(now=2.0)
    events += iter(connection.next_event, None)
    for request_id in connection.unanswered:
        connection.send_result(request_id, None, now=3.0)
    sent += connection.data_to_send()
    assert connection.is_closed
    assert [type(event) for event in events].count(ConnectionClosed) == 1
    assert type(events[-1]) is ConnectionClosed
    return events, sent


def answers_of(framing, sent):
    """The messages that were sent, which must be JSON-RPC that others can read."""
    reader = framing(FramingLimits())
    reader.receive_data(b"".join(sent))
    reader.receive_eof()
    for frame in iter(reader.next_frame, None):
        assert isinstance(frame, bytes)
        answer = json.loads(frame)
        for each in answer if isinstance(answer, list) else [answer]:
            assert each["jsonrpc"] == "2.0"
            yield each


def jsonrpc(data):
    """A connection: JSON-RPC over lines, and over frames with a header."""
    for framing in (Ndjson, ContentLength):
        events, sent = seen_by(framing, [data])
        for pieces in in_pieces(data):
            others, also_sent = seen_by(framing, pieces)
            assert others == events
            assert b"".join(also_sent) == b"".join(sent)
        assert len(events) <= len(data) + 1
        assert len(b"".join(sent)) <= 200 * (len(data) + 1)
        answers = list(answers_of(framing, sent))
        if any(isinstance(event, MessageRejected) and not event.raw for event in events):
            continue  # the framing is lost, and with it the answers that waited for the rest of their batch
        refused = [event for event in events if isinstance(event, MessageRejected) and event.answered]
        assert len([answer for answer in answers if "error" in answer]) >= len(refused)


def outcome(codec, data):
    try:
        return repr(codec.loads(data, envelope=True))
    except CodecError as error:
        return error.path, error.reason


def codec(data):
    """JSON text: both engines, and the standard library where they take it."""
    read = outcome(STDLIB, data)
    assert MSGSPEC is None or outcome(MSGSPEC, data) == read
    if isinstance(read, str):
        assert repr(json.loads(data)) == read
        again = STDLIB.dumps(STDLIB.loads(data))
        assert MSGSPEC is None or MSGSPEC.dumps(STDLIB.loads(data)) == again
        assert repr(STDLIB.loads(again)) == read
        assert len(again.decode().splitlines()) == 1


TARGETS = {target.__name__: target for target in (ndjson, content_length, sse, whole, jsonrpc, codec)}
