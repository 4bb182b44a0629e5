"""The encoder of server-sent events, byte for byte."""

import pytest

from hocket.errors import LocalProtocolError
from hocket.framing import encode_comment, encode_event, encode_events


@pytest.mark.parametrize(
    ("options", "wire"),
    [
        ({}, b"data: {}\n\n"),
        ({"id": "7"}, b"id: 7\ndata: {}\n\n"),
        ({"id": ""}, b"id: \ndata: {}\n\n"),
        ({"event": "done"}, b"event: done\ndata: {}\n\n"),
        ({"retry": 0}, b"retry: 0\ndata: {}\n\n"),
        ({"id": "é", "event": " x", "retry": 3000}, b"id: \xc3\xa9\nevent:  x\nretry: 3000\ndata: {}\n\n"),
    ],
)
def test_fields(options, wire):
    assert encode_event(b"{}", **options) == wire


@pytest.mark.parametrize(
    ("data", "wire"),
    [
        (b"", b"data: \n\n"),
        (b" a", b"data:  a\n\n"),
        (b"a\nb", b"data: a\ndata: b\n\n"),
        (b"a\rb\r\nc\n\rd", b"data: a\ndata: b\ndata: c\ndata: \ndata: d\n\n"),
        (b"a\n", b"data: a\ndata: \n\n"),
    ],
)
def test_each_line_of_the_data_is_a_field(data, wire):
    assert encode_event(data) == wire
    assert encode_events([(1, data), (20, data)]) == b"id: 1\n" + wire + b"id: 20\n" + wire


def test_comments():
    assert encode_comment() == b":\n\n"
    assert encode_comment("ping") == b": ping\n\n"


def test_no_events_are_no_bytes():
    assert encode_events([]) == b""


@pytest.mark.parametrize("text", ["a\nb", "a\r", "\0", "\ud800"])
def test_text_that_would_break_out_of_its_line_is_refused(text):
    for refused in [
        lambda: encode_event(b"", event=text),
        lambda: encode_event(b"", id=text),
        lambda: encode_comment(text),
    ]:
        with pytest.raises(LocalProtocolError):
            refused()


@pytest.mark.parametrize("options", [{"event": ""}, {"retry": -1}])
def test_fields_that_mean_nothing_are_refused(options):
    with pytest.raises(LocalProtocolError):
        encode_event(b"", **options)
