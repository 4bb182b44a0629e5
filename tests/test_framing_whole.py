"""Whole, FrameRejected and FramingLimits."""

import pytest

from hocket.errors import FramingError, LimitExceeded, LocalProtocolError
from hocket.framing import ContentLength, FrameRejected, FramingLimits, Ndjson, Whole
from support.drain import drain_frames


def test_each_call_is_a_frame():
    whole = Whole(FramingLimits(frame=4))
    for data in [b"1\n2", b"", b"12345", b"1234", b"\xff"]:
        whole.receive_data(data)
    assert whole.held == 8
    assert drain_frames(whole) == [
        b"1\n2",
        FrameRejected(FramingError("an empty frame")),
        FrameRejected(LimitExceeded("frame", 4, 5)),
        b"1234",
        b"\xff",
    ]
    assert whole.held == 0


def test_after_the_end_data_are_ignored_and_what_came_before_is_kept():
    whole = Whole()
    whole.receive_data(b"1")
    whole.receive_eof()
    whole.receive_data(b"2")
    assert drain_frames(whole) == [b"1"]


@pytest.mark.parametrize("message", [b"", b"12345"])
def test_what_the_reader_would_reject_is_refused(message):
    with pytest.raises(LocalProtocolError):
        Whole(FramingLimits(frame=4)).encode(message)


def test_rejections_are_equal_if_they_say_the_same():
    one = FrameRejected(FramingError("a"))
    assert one == FrameRejected(FramingError("a"))
    assert hash(one) == hash(FrameRejected(FramingError("a")))
    assert one != FrameRejected(FramingError("b"))
    assert one != FrameRejected(FramingError("a"), fatal=True)


def test_the_default_limits_are_those_of_the_design():
    limits = FramingLimits()
    assert (limits.frame, limits.header, limits.sse_event, limits.sse_id) == (
        16 << 20,
        8 << 10,
        16 << 20,
        256,
    )


@pytest.mark.parametrize("framing", [Ndjson, ContentLength, Whole])
def test_the_default_limit_admits_a_frame_of_sixteen_mebibytes_and_no_more(framing):
    sender, receiver = framing(FramingLimits(frame=17 << 20)), framing()
    largest = b"x" * (16 << 20)
    receiver.receive_data(sender.encode(largest))
    receiver.receive_data(sender.encode(largest + b"x"))
    receiver.receive_data(sender.encode(b"y"))
    first, second, third = drain_frames(receiver)
    assert first == largest
    assert isinstance(second, FrameRejected)
    assert third == b"y"
