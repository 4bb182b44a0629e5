"""`held` does not lie: memory is measured from outside, with the reads that are dearest to hold."""

import tracemalloc

import pytest

from hocket.framing import ContentLength, FramingLimits, Ndjson, SseParser


@pytest.mark.parametrize(
    ("parser", "start"),
    [
        (Ndjson(FramingLimits(frame=50_000)), b""),
        (ContentLength(FramingLimits(frame=50_000)), b"Content-Length: 50000\r\n\r\n"),
        (ContentLength(FramingLimits(frame=50_000)), b"Content-Length: 999999\r\n\r\n"),
        (ContentLength(FramingLimits(header=50_000)), b"X: "),
        (SseParser(FramingLimits(sse_event=50_000)), b"data: "),
        (SseParser(FramingLimits(sse_event=50_000)), b": "),
        (SseParser(FramingLimits(sse_event=50_000)), b"event: "),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, bytes) else value.decode().strip() or "line",
)
def test_an_endless_frame_in_tiny_reads_costs_little_more_than_its_limit(parser, start):
    tracemalloc.start()
    try:
        parser.receive_data(start)
        for at in range(30_000):
            parser.receive_data(b"%02x" % (at & 0xFF))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 180_000


@pytest.mark.parametrize("line", [b"data\n", b"data:x\n", b"x\n", b": x\n", b"event: x\n", b"id: x\n"])
def test_endless_short_lines_cost_little_more_than_the_limit(line):
    parser = SseParser(FramingLimits(sse_event=50_000))
    tracemalloc.start()
    try:
        for _ in range(30_000):
            parser.receive_data(line)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 180_000
