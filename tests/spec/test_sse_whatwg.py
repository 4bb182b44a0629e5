"""The WHATWG HTML standard on server-sent events (9.2.5 to 9.2.6), as a table written by hand from its rules.

Every row is read whole, byte by byte, and with each of the three line ends.
"""

import pytest

from hocket.framing import ServerSentEvent, SseParser

BOM = b"\xef\xbb\xbf"


def event(data, id="", event="message"):
    return ServerSentEvent(data=data, event=event, id=id)


TABLE = [
    # The examples of the standard.
    ("first example", b"data: YHOO\ndata: +2\ndata: 10\n\n", [event(b"YHOO\n+2\n10")]),
    (
        "four blocks: comment, id, bare id, two spaces",
        b": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n",
        [event(b"first event", "1"), event(b"second event"), event(b" third event")],
    ),
    ("two events, third has no blank line", b"data\n\ndata\ndata\n\ndata:", [event(b""), event(b"\n")]),
    ("one leading space is dropped", b"data:test\n\ndata: test\n\n", [event(b"test"), event(b"test")]),
    # "One leading U+FEFF BYTE ORDER MARK character must be ignored if any are present."
    ("one leading BOM", BOM + b"data: 1\n\n", [event(b"1")]),
    ("only one BOM", BOM + BOM + b"data: 1\n\ndata: 2\n\n", [event(b"2")]),
    ("no BOM later", b"data: 1\n\n" + BOM + b"data: 2\n\n", [event(b"1")]),
    ("a BOM in data is data", b"data: " + BOM + b"\n\n", [event(BOM)]),
    ("what begins like a BOM is not one", b"\xef\xbbdata: 1\n\ndata: 2\n\n", [event(b"2")]),
    # Lines.
    ("blank lines alone do nothing", b"\n\n\n\n", []),
    ("more blank lines than needed", b"\n\ndata: 1\n\n\n\n\ndata: 2\n\n\n", [event(b"1"), event(b"2")]),
    ("comments", b":\n: data: 0\n:x\ndata: 1\n:\n\n: 2\n\n", [event(b"1")]),
    ("a comment does not end an event", b"data: 1\n:\ndata: 2\n\n", [event(b"1\n2")]),
    ("a field without colon has an empty value", b"data\nevent\nid\n\n", [event(b"")]),
    ("only the first colon counts", b"data: a: b:c\n\n", [event(b"a: b:c")]),
    ("a tab is no space", b"data:\t1\n\n", [event(b"\t1")]),
    ("trailing space is data", b"data: 1 \n\n", [event(b"1 ")]),
    ("field names are compared with case", b"Data: 1\nDATA: 2\n\n", []),
    ("a space before the name makes another name", b" data: 1\n\n", []),
    ("a space after the name makes another name", b"data : 1\n\n", []),
    ("an unknown field is ignored", b"foo: 1\ndata: 2\nfoo\n\n", [event(b"2")]),
    (
        "other line ends of Unicode are text",
        "data: a\u2028b\u2029c\u0085d\x0be\x0cf\x1cg\n\n".encode(),
        [event("a\u2028b\u2029c\u0085d\x0be\x0cf\x1cg".encode())],
    ),
    # "If the field name is 'event'".
    ("event", b"event: add\ndata: 1\n\n", [event(b"1", event="add")]),
    ("the last event type wins", b"event: a\nevent: b\ndata: 1\n\n", [event(b"1", event="b")]),
    ("an empty event type is message", b"event: a\nevent:\ndata: 1\n\n", [event(b"1")]),
    ("the type is for one event", b"event: a\ndata: 1\n\ndata: 2\n\n", [event(b"1", event="a"), event(b"2")]),
    ("the type goes with an event that has no data", b"event: a\n\ndata: 2\n\n", [event(b"2")]),
    # "If the field name is 'data'": append the value and a LF; drop one LF at dispatch.
    ("data lines are joined by LF", b"data: 1\ndata:\ndata: 3\n\n", [event(b"1\n\n3")]),
    ("a last empty data line is a LF", b"data: 1\ndata\n\n", [event(b"1\n")]),
    ("an event without data is not dispatched", b"event: a\nid: 1\n\n", []),
    ("empty data are dispatched", b"data: \n\ndata:\n\ndata\n\n", [event(b""), event(b""), event(b"")]),
    ("NUL in data is data", b"data: a\0b\n\n", [event(b"a\0b")]),
    # "If the field name is 'id'".
    ("id", b"id: 1\ndata: 1\n\n", [event(b"1", "1")]),
    ("the id stays", b"id: 1\ndata: 1\n\ndata: 2\n\n", [event(b"1", "1"), event(b"2", "1")]),
    ("the last id wins", b"id: 1\ndata: 1\nid: 2\n\n", [event(b"1", "2")]),
    ("an empty id resets", b"id: 1\ndata: 1\n\nid:\ndata: 2\n\n", [event(b"1", "1"), event(b"2")]),
    ("an id with NUL is ignored", b"id: 1\nid: 2\0\ndata: 1\n\n", [event(b"1", "1")]),
    ("an id with NUL is ignored, short form", b"id: 2\0\ndata: 1\n\n", [event(b"1")]),
    ("an id counts without data", b"id: 1\n\ndata: 2\n\n", [event(b"2", "1")]),
    ("an id is any text", "id:  é 1:2\ndata: 1\n\n".encode(), [event(b"1", " é 1:2")]),
    (
        "an id is decoded with replacement",
        b"id: \xff\ndata: 1\n\n",
        [event(b"1", "\N{REPLACEMENT CHARACTER}")],
    ),
    # "Once the end of the file is reached, any pending data must be discarded."
    ("an event without blank line is discarded", b"data: 1\n\ndata: 2\n", [event(b"1")]),
    ("an unfinished line is discarded", b"data: 1\n\ndata: 2", [event(b"1")]),
]


def parse(stream, size):
    parser = SseParser()
    for start in range(0, len(stream), size):
        parser.receive_data(stream[start : start + size])
    parser.receive_eof()
    return list(iter(parser.next_event, None)), parser


@pytest.mark.parametrize("size", [1, 2, 3, 10_000])
@pytest.mark.parametrize("line_end", [b"\n", b"\r", b"\r\n"], ids=["LF", "CR", "CRLF"])
@pytest.mark.parametrize(("stream", "events"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_event_stream_interpretation(stream, events, line_end, size):
    assert parse(stream.replace(b"\n", line_end), size)[0] == events


@pytest.mark.parametrize("size", [1, 2, 3, 10_000])
def test_the_three_line_ends_may_be_mixed(size):
    stream = b"data: 1\r\ndata: 2\rdata: 3\ndata: 4\n\r\n"
    stream += b"data: 5\r\r\ndata: 6\r\n\rdata: 7\n\n\r\r\n\rdata: 8\r\n\n"
    assert parse(stream, size)[0] == [event(b"1\n2\n3\n4"), *map(event, [b"5", b"6", b"7", b"8"])]


@pytest.mark.parametrize(
    ("stream", "retry"),
    [
        (b"retry: 3000\n", 3.0),
        (b"retry:0\n", 0.0),
        (b"retry: 007\n\n", 0.007),
        (b"retry: 1\nretry: 2\n", 0.002),
        (b"retry: 10\nretry\nretry: \nretry: 1.5\nretry: -1\nretry: +1\nretry: 1s\n", 0.01),
        (b"retry: 10\nretry: 1_0\nretry:  5\nretry: 5 \nretry: 0x5\n", 0.01),
        ("retry: \u0663\n".encode(), None),
        (b"retry: 1", None),
        (b"Retry: 1\n", None),
    ],
)
@pytest.mark.parametrize("size", [1, 10_000])
def test_retry_is_set_by_a_line_of_ascii_digits_and_nothing_else(stream, retry, size):
    assert parse(stream, size)[1].retry == retry


@pytest.mark.parametrize(
    ("stream", "last_event_id"),
    [
        (b"id: 1\ndata: 1\n\n", "1"),
        (b"id: 1\n\n", "1"),
        (b"id: 1\n", ""),
        (b"id: 1", ""),
        (b"id: 1\n\nid: 2\ndata: 2\n", "1"),
        (b"id: 1\n\nid\n\n", ""),
    ],
)
@pytest.mark.parametrize("size", [1, 10_000])
def test_the_last_event_id_is_set_by_the_blank_line(stream, last_event_id, size):
    assert parse(stream, size)[1].last_event_id == last_event_id
