"""Strategies for what is on the wire: each gives only what it says, and all that it names."""

import json

import pytest
from hypothesis import find, given, settings
from hypothesis import strategies as st

from hocket.codec import MSGSPEC, STDLIB
from hocket.errors import CodecError
from hocket.framing import ContentLength, Ndjson, ServerSentEvent, SseParser
from hocket.testing.strategies import cuts, frames, hostile_json, sse_streams
from hocket.testing.strategies.hostile_json import FLAWS
from support.reach import unreached

ENGINES = [engine for engine in (STDLIB, MSGSPEC) if engine is not None]


# JSON.


HOSTILE = {envelope: hostile_json(envelope=envelope) for envelope in (False, True)}


@pytest.mark.parametrize("envelope", [False, True])
@given(data=st.data())
def test_hostile_json_is_refused_or_read_as_it_says(envelope, data):
    hostile = data.draw(HOSTILE[envelope])
    for engine in ENGINES:
        try:
            engine.loads(hostile.text, envelope=envelope)
        except CodecError:
            assert hostile.refused, hostile.flaw
        else:
            assert not hostile.refused, hostile.flaw


@pytest.mark.parametrize("flaw", [flaw for flaw, refused, _ in FLAWS if not refused])
def test_what_is_only_odd_is_json_to_others_as_well(flaw):
    @settings(max_examples=5, database=None)
    @given(hostile_json(flaws=[flaw]))
    def look(hostile):
        json.loads(hostile.text)

    look()


def test_every_flaw_is_drawn_and_only_those_that_are_asked_for():
    flaws = {flaw: lambda it, flaw=flaw: it.flaw == flaw for flaw, _, _ in FLAWS}
    assert len(unreached(hostile_json(), flaws, examples=200)) < 0.3 * len(flaws)
    assert set(flaws) - set(unreached(hostile_json(flaws=["deep", "a NUL"]), flaws, examples=20)) == {"deep", "a NUL"}
    assert find(hostile_json(flaws=["deep"]), lambda it: True).text == b"[" * 65 + b"]" * 65


# Frames.

READERS = {"ndjson": Ndjson, "content-length": ContentLength}


def read(framing, pieces):
    reader = READERS[framing]() if framing in READERS else SseParser()
    take = reader.next_frame if framing in READERS else reader.next_event
    for piece in pieces:
        reader.receive_data(piece)
    reader.receive_eof()
    taken = list(iter(take, None))
    return [each.data if isinstance(each, ServerSentEvent) else each for each in taken]


@pytest.mark.parametrize("framing", ["ndjson", "content-length", "sse"])
@given(data=st.data())
def test_frames_are_read_as_the_messages_that_they_say(framing, data):
    framed = data.draw(frames(framing))
    assert read(framing, data.draw(cuts(framed.data))) == list(framed.messages)


def test_the_liberties_of_peers_are_taken():
    lines = {
        "blank lines": lambda framed: b"\n\n" in framed.data,
        "CRLF": lambda framed: b"}\r\n" in framed.data,
        "no last line end": lambda framed: framed.data.endswith(b"}"),
        "nothing": lambda framed: framed.data == b"",
    }
    headers = {
        "bare LF": lambda framed: b"\n\n{" in framed.data and b"\r" not in framed.data.replace(b"\\r", b""),
        "small letters": lambda framed: b"content-length:" in framed.data,
        "zeros": lambda framed: b"00" in framed.data,
        "another field": lambda framed: b"X-Y: z" in framed.data,
        "a charset": lambda framed: b"charset" in framed.data,
    }
    assert unreached(frames("ndjson"), lines) == []
    assert unreached(frames("content-length"), headers) == []


# Server-sent events.


@given(st.data())
def test_a_stream_of_events_means_what_it_says(data):
    stream = data.draw(sse_streams())
    parser = SseParser()
    for piece in data.draw(cuts(stream.data)):
        parser.receive_data(piece)
    parser.receive_eof()
    assert tuple(iter(parser.next_event, None)) == stream.events
    assert (parser.last_event_id, parser.retry, parser.cut) == (stream.last_event_id, stream.retry, stream.cut)


def test_streams_of_events_have_everything_that_servers_write():
    names = {
        "a byte order mark": lambda stream: stream.data.startswith(b"\xef\xbb\xbf"),
        "CR alone": lambda stream: b"\r\r" in stream.data and b"\n" not in stream.data,
        "all line ends": lambda stream: b"\r\n" in stream.data and stream.data.replace(b"\r\n", b"").count(b"\r") > 0,
        "a comment": lambda stream: b"\n:" in stream.data,
        "a NUL in an id": lambda stream: b"id: a\0b" in stream.data,
        "a field without a colon": lambda stream: b"data\n" in stream.data,
        "no data": lambda stream: stream.data != b"" and not stream.events and not stream.cut,
        "several lines": lambda stream: any(b"\n" in event.data for event in stream.events),
        "a type": lambda stream: any(event.event == "täsk" for event in stream.events),
        "an id that lasts": lambda stream: len({event.id for event in stream.events}) < len(stream.events) > 1,
        "a waiting time": lambda stream: stream.retry is not None,
        "a cut": lambda stream: stream.cut,
        "a line end of Unicode": lambda stream: any("\u2028" in event.text for event in stream.events),
    }
    assert unreached(sse_streams(), names) == []


# Cuts.


@given(st.data())
def test_cuts_are_the_same_bytes(data):
    stream = data.draw(st.binary(max_size=40))
    assert b"".join(data.draw(cuts(stream))) == stream


def test_cuts_are_of_every_kind_and_shrink_to_few():
    line = 'data: "å"\r\n'.encode()
    names = {
        "whole": lambda pieces: pieces == [line],
        "byte by byte": lambda pieces: [piece for piece in pieces if piece] == [line[at : at + 1] for at in range(12)],
        "within a line end": lambda pieces: any(piece.endswith(b"\r") for piece in pieces),
        "within a character": lambda pieces: any(piece.endswith(b"\xc3") for piece in pieces),
        "an empty piece": lambda pieces: b"" in pieces,
        "in two": lambda pieces: len(pieces) == 2,
    }
    assert unreached(cuts(line), names) == []
    assert find(cuts(b"x" * 30), lambda pieces: len(pieces) > 2) == [b"", b"", b"x" * 30]
