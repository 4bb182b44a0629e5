"""`hocket decode`: bytes on stdin, JSON lines on stdout, each at once."""

import json
import subprocess
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hocket.framing import ContentLength, Ndjson, encode_event
from hocket.testing.strategies.cuts import cut_at
from hocket.testing.strategies.values import json_values
from hocket_io.cli.decode import Decoder
from support.commands import execute, running

VALUES = json_values(st.text(max_size=8), st.integers(-(2**63), 2**63))


def encode(framing: str, number: int, value: object) -> bytes:
    data = json.dumps(value).encode()
    match framing:
        case "sse":
            return encode_event(data, id=str(number))
        case "ndjson":
            return Ndjson().encode(data)
    return ContentLength().encode(data)


def lines_of(decoder: Decoder, pieces: Sequence[bytes]) -> list[object]:
    lines = [line for piece in pieces for line in decoder.receive_data(piece)] + decoder.receive_eof()
    assert all(line.count(b"\n") == 1 and line.endswith(b"\n") for line in lines), "one line each"
    return [json.loads(line) for line in lines]


@given(framing=st.sampled_from(["sse", "ndjson", "content-length"]), values=st.lists(VALUES, max_size=5))
def test_what_was_encoded_is_decoded(framing: str, values: list[object]) -> None:
    data = b"".join(encode(framing, number, value) for number, value in enumerate(values))
    expected = [
        {"event": "message", "id": str(number), "data": value} if framing == "sse" else {"message": value}
        for number, value in enumerate(values)
    ]
    decoder = Decoder(framing)
    assert lines_of(decoder, [data]) == expected
    assert not decoder.has_errors


@given(
    framing=st.sampled_from(["sse", "ndjson", "content-length"]),
    data=st.lists(
        st.sampled_from(
            [b"data: 1\n", b"id: 2\n", b"\n", b"\r", b'{"a":', b"1}", b"Content-Length: 2\r\n\r\n", b"\xff"]
        )
    ).map(b"".join),
    places=st.lists(st.integers(0, 60)),
)
def test_how_the_bytes_were_cut_does_not_matter(framing: str, data: bytes, places: list[int]) -> None:
    whole, cut = Decoder(framing), Decoder(framing)
    assert lines_of(whole, [data]) == lines_of(cut, cut_at(data, places))
    assert whole.has_errors is cut.has_errors
    assert whole.is_broken is cut.is_broken


@pytest.mark.parametrize(
    ("framing", "data", "expected"),
    [
        ("sse", b"data: plain\ndata: text\n\n", [{"event": "message", "id": None, "data": "plain\ntext"}]),
        ("sse", b"event: tick\nid: 7\ndata: NaN\n\n", [{"event": "tick", "id": "7", "data": "NaN"}]),
        ("sse", "data: \u2028\n\n".encode(), [{"event": "message", "id": None, "data": "\u2028"}]),
        ("sse", b": comment\n\ndata: 1\n", [{"error": "the stream ended inside an event"}]),
        (
            "ndjson",
            b"{}\nnot json\n",
            [{"message": {}}, {"error": "not JSON: Expecting value at character 0", "frame": "not json"}],
        ),
        ("ndjson", b"1", [{"message": 1}]),
        (
            "content-length",
            b"Content-Length: 0\r\n\r\nContent-Length: 2\r\n\r\n[]",
            [{"error": "an empty frame"}, {"message": []}],
        ),
        (
            "content-length",
            b"Content-Length: 9\r\n\r\n{}",
            [{"error": "the stream ended 7 bytes before the end of a body"}],
        ),
    ],
)  # fmt: skip
def test_what_a_line_looks_like(framing: str, data: bytes, expected: list[dict[str, object]]) -> None:
    decoder = Decoder(framing)
    assert lines_of(decoder, [data]) == expected
    assert decoder.has_errors is any("error" in line for line in expected)


def test_it_sits_in_a_pipe_and_holds_nothing_back() -> None:
    with running("decode", "--framing", "sse", stdin=subprocess.PIPE) as process:
        for number in (1, 2):
            for byte in b'id: %d\ndata: {"n":%d}\n\n' % (number, number):
                process.stdin.write(bytes([byte]))
                process.stdin.flush()
            # stdin is still open: the line comes now or never
            assert json.loads(process.stdout.readline())["data"] == {"n": number}
        process.stdin.close()
        assert process.stdout.read() == b""
        assert process.stderr.read() == b""
        assert process.wait() == 0


def test_an_error_shows_in_the_exit_code_and_ends_nothing_that_can_be_read() -> None:
    done = execute("decode", "--framing", "ndjson", input=b"1\n?\n2\n")
    assert [list(json.loads(line)) for line in done.stdout.splitlines()] == [
        ["message"],
        ["error", "frame"],
        ["message"],
    ]
    assert (done.returncode, done.stderr) == (1, b"")


def test_it_stops_where_nothing_more_can_be_read() -> None:
    with running("decode", "--framing", "content-length", stdin=subprocess.PIPE) as process:
        process.stdin.write(b"no header\r\n")
        process.stdin.flush()  # and it stays open
        assert json.loads(process.stdout.read()) == {"error": "a header line without a colon"}
        assert process.wait() == 1


def test_a_reader_that_leaves_ends_it_quietly() -> None:
    with running("decode", "--framing", "ndjson", stdin=subprocess.PIPE) as process:
        process.stdin.write(b"1\n")
        process.stdin.flush()
        process.stdout.readline()
        process.stdout.close()
        process.stdin.write(b"2\n")
        process.stdin.flush()
        assert process.wait() == 0
        assert process.stderr.read() == b""
